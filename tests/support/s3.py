#!/usr/bin/env python3
"""An S3 client and a form reader that are not ours: boto3 and werkzeug, for tests/real_s3.rs.

s3.py create ENDPOINT BUCKET           makes a bucket
s3.py presign ENDPOINT BUCKET KEY      prints a presigned POST; options as JSON on standard input:
                                       {"fields": {...}, "conditions": [...], "expires": seconds}
s3.py get ENDPOINT BUCKET KEY          writes an object to standard output
s3.py parts CONTENT_TYPE               reads a body from standard input, prints its parts as JSON

Credentials are read from the environment.
"""

import io
import json
import sys


def client(endpoint):
    import boto3
    from botocore.config import Config

    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=config)


def parts(content_type, body):
    from werkzeug.formparser import MultiPartParser
    from werkzeug.http import parse_options_header

    boundary = parse_options_header(content_type)[1]["boundary"].encode()
    fields, files = MultiPartParser().parse(io.BytesIO(body), boundary, len(body))
    read = [[name, None, None, value.encode().hex()] for name, value in fields.items(multi=True)]
    for name, file in files.items(multi=True):
        read.append([name, file.filename, file.content_type, file.stream.read().hex()])
    return read


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
    elif command == "parts":
        print(json.dumps(parts(arguments[0], sys.stdin.buffer.read())))
    else:
        sys.exit(__doc__)


main(*sys.argv[1:])
