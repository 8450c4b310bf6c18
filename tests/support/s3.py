#!/usr/bin/env python3
"""An S3 client that is not ours: boto3, for tests/real_s3.rs.

s3.py create ENDPOINT BUCKET           makes a bucket
s3.py presign ENDPOINT BUCKET KEY      prints a presigned POST; options as JSON on standard input:
                                       {"fields": {...}, "conditions": [...], "expires": seconds}
s3.py get ENDPOINT BUCKET KEY          writes an object to standard output

Credentials are read from the environment.
"""

import json
import sys


def client(endpoint):
    import boto3
    from botocore.config import Config

    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=config)


def main(command, *arguments):
    if command == "create":
        client(arguments[0]).create_bucket(Bucket=arguments[1])
    elif command == "presign":
        endpoint, bucket, key = arguments
        options = json.load(sys.stdin)
        form = client(endpoint).generate_presigned_post(
            bucket,
            key,
            Fields=options.get("fields"),
            Conditions=options.get("conditions"),
            ExpiresIn=options.get("expires", 120),
        )
        print(json.dumps(form))
    elif command == "get":
        endpoint, bucket, key = arguments
        sys.stdout.buffer.write(client(endpoint).get_object(Bucket=bucket, Key=key)["Body"].read())
    else:
        sys.exit(__doc__)


main(*sys.argv[1:])
