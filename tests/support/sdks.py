#!/usr/bin/env python3
"""Forms and URLs as the Python SDKs of the clouds sign them, for tests/ci/real_s3/sdks.rs.

sdks.py boto3 ENDPOINT BUCKET       signs with the credentials of the environment
sdks.py google ENDPOINT BUCKET      signs with the private key that standard input has in PEM

Prints [{"name": …, "key": …, "given": what the SDK returns}, …] as JSON. A URL is given with its method and headers.
"""

import datetime
import json
import os
import sys

LIFE = datetime.timedelta(minutes=10)


def put(url, headers):
    return {"url": url, "method": "PUT", "headers": headers}


def boto3(endpoint, bucket):
    import boto3
    from botocore.config import Config

    for version, name in [("v2", "s3"), ("v4", "s3v4")]:
        client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            config=Config(signature_version=name, s3={"addressing_style": "path"}),
        )
        for kind, headers in [("plain", {}), ("jpeg", {"Content-Type": "image/jpeg"})]:
            key = f"boto3/{version}/{kind}.jpg"
            parameters = {"Bucket": bucket, "Key": key}
            if headers:
                parameters["ContentType"] = headers["Content-Type"]
            url = client.generate_presigned_url("put_object", Params=parameters)
            yield f"boto3 PUT {version}, {kind}", key, put(url, headers)


def google(endpoint, bucket):
    # The SDK signs for this address only if the variable is set before it is loaded.
    os.environ["API_ENDPOINT_OVERRIDE"] = endpoint
    from google.cloud import storage
    from google.oauth2 import service_account

    account = {
        "type": "service_account",
        "client_email": "signer@project.iam.gserviceaccount.com",
        "private_key": sys.stdin.read(),
        "token_uri": "http://127.0.0.1:9/",
    }
    credentials = service_account.Credentials.from_service_account_info(account)
    client = storage.Client(project="project", credentials=credentials)
    for name, fields, conditions in [
        ("plain", {}, []),
        ("jpeg", {"Content-Type": "image/jpeg", "x-goog-meta-owner": "somebody"}, []),
        ("any image", {}, [["starts-with", "$Content-Type", "image/"], ["content-length-range", 1, 1000000]]),
    ]:
        key = f"google-python/{name}.jpg"
        form = client.generate_signed_post_policy_v4(
            bucket, key, expiration=LIFE, fields=dict(fields), conditions=list(conditions)
        )
        yield f"google-cloud-storage POST v4, {name}", key, form
    for version in ["v2", "v4"]:
        for kind, headers in [("plain", {}), ("jpeg", {"Content-Type": "image/jpeg", "x-goog-meta-owner": "somebody"})]:
            key = f"google-python/{version}/{kind}.jpg"
            own = {name: value for name, value in headers.items() if name != "Content-Type"}
            url = client.bucket(bucket).blob(key).generate_signed_url(
                version=version,
                expiration=LIFE,
                method="PUT",
                content_type=headers.get("Content-Type"),
                headers=own,
                api_access_endpoint=endpoint,
            )
            yield f"google-cloud-storage PUT {version}, {kind}", key, put(url, headers)


def main(sdk, endpoint, bucket):
    signed = {"boto3": boto3, "google": google}[sdk](endpoint, bucket)
    print(json.dumps([{"name": name, "key": key, "given": given} for name, key, given in signed]))


main(*sys.argv[1:])
