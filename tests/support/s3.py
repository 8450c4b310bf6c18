#!/usr/bin/env python3
"""An S3 client that is not ours: boto3, for tests/ci/real_s3.rs.

s3.py make ENDPOINT BUCKET             makes the bucket
s3.py presign ENDPOINT BUCKET          reads a list of what to presign from standard input as JSON and prints the
                                       presigned POSTs, in order:
                                       [{"key": …, "fields": {…}, "conditions": […], "expires": seconds,
                                         "credentials": [access key, secret key, session token or null]}, …]
s3.py presign-put ENDPOINT BUCKET      the same for presigned PUTs, and prints their URLs:
                                       [{"key": …, "parameters": those of PutObject, "expires": seconds,
                                         "ago": by how many seconds the signer's clock is slow, "credentials": […]}, …]
s3.py objects ENDPOINT BUCKET          prints all objects of a bucket as JSON: {key: base64, …}

Credentials are read from the environment, but for forms that have their own.
"""

import base64
import datetime
import json
import sys


def client(endpoint, credentials=(None, None, None)):
    import boto3
    from botocore.config import Config

    access_key, secret_key, session_token = credentials
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        aws_session_token=session_token,
    )


def presign(endpoint, bucket, asked):
    own = client(endpoint)
    for ask in asked:
        signer = client(endpoint, ask["credentials"]) if "credentials" in ask else own
        yield signer.generate_presigned_post(
            bucket,
            ask["key"],
            Fields=ask.get("fields"),
            Conditions=ask.get("conditions"),
            ExpiresIn=ask.get("expires", 120),
        )


def presign_put(endpoint, bucket, asked):
    import botocore.auth

    now = botocore.auth.get_current_datetime
    own = client(endpoint)
    for ask in asked:
        signer = client(endpoint, ask["credentials"]) if "credentials" in ask else own
        ago = datetime.timedelta(seconds=ask.get("ago", 0))
        botocore.auth.get_current_datetime = lambda *arguments: now(*arguments) - ago
        yield signer.generate_presigned_url(
            "put_object",
            Params={"Bucket": bucket, "Key": ask["key"], **ask.get("parameters", {})},
            ExpiresIn=ask.get("expires", 120),
        )


def objects(endpoint, bucket):
    from botocore.handlers import set_list_objects_encoding_type_url as encode_keys

    s3 = client(endpoint)
    # s3s-fs says that it encodes keys when it is asked to, and does not.
    s3.meta.events.unregister("before-parameter-build.s3.ListObjectsV2", encode_keys)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", []):
            content = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
            yield entry["Key"], base64.b64encode(content).decode()


def main(command, *arguments):
    if command == "make":
        endpoint, bucket = arguments
        client(endpoint).create_bucket(Bucket=bucket)
    elif command == "presign":
        endpoint, bucket = arguments
        print(json.dumps(list(presign(endpoint, bucket, json.load(sys.stdin)))))
    elif command == "presign-put":
        endpoint, bucket = arguments
        print(json.dumps(list(presign_put(endpoint, bucket, json.load(sys.stdin)))))
    elif command == "objects":
        endpoint, bucket = arguments
        print(json.dumps(dict(objects(endpoint, bucket))))
    else:
        sys.exit(__doc__)


main(*sys.argv[1:])
