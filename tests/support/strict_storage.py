#!/usr/bin/env python3
"""A storage on 127.0.0.1 that verifies forms and URLs as Google Cloud Storage and Alibaba OSS document it, for
tests/ci/real_s3/sdks.rs. It is not theirs: it shows that a signature arrives with all that it covers.

strict_storage.py FOLDER    reads {"id", "secret": OSS's, "public_key": Google's in PEM} from standard input as JSON, prints
                            its port, and stores each file in FOLDER under its key

Forms: https://cloud.google.com/storage/docs/xml-api/post-object-forms, https://help.aliyun.com/document_detail/31988.html
URLs: https://cloud.google.com/storage/docs/access-control/signed-urls, https://help.aliyun.com/document_detail/31952.html,
      https://www.alibabacloud.com/help/en/oss/developer-reference/add-signatures-to-urls
"""

import base64
import datetime
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder

folder = sys.argv[1]
keys = json.load(sys.stdin)
public_key = load_pem_public_key(keys["public_key"].encode())


class Rejected(Exception):
    pass


def require(holds, reason):
    if not holds:
        raise Rejected(reason)


def google_signed(text, signature):
    try:
        public_key.verify(signature, text.encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        raise Rejected("SignatureDoesNotMatch") from None


def oss_signed(text, signature):
    expected = hmac.new(keys["secret"].encode(), text.encode(), hashlib.sha1).digest()
    require(base64.b64decode(signature) == expected, "SignatureDoesNotMatch")


def oss_signature_v4(scope, text):
    key = f"aliyun_v4{keys['secret']}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def canonical_query(query):
    pairs = sorted((quote(k, safe="~"), quote(v, safe="~")) for k, v in query.items())
    return "&".join(f"{k}={v}" for k, v in pairs)


def read_form(content_type, body):
    """The fields, and the file, which has to be the last part."""
    decoder = MultipartDecoder(content_type.split("boundary=")[1].encode())
    decoder.receive_data(body)
    decoder.receive_data(None)
    fields, file, name = {}, None, None
    while not isinstance(event := decoder.next_event(), Epilogue):
        if isinstance(event, (Field, File)):
            require(file is None, "a part behind the file")
            name = event.name.lower()
            if isinstance(event, File):
                require(name == "file", "a file under another name")
                file = b""
            else:
                require(name not in fields, "a field twice")
                fields[name] = b""
        elif isinstance(event, Data) and file is not None:
            file += event.data
        elif isinstance(event, Data):
            fields[name] += event.data
    require(file is not None, "no file")
    return {name: value.decode() for name, value in fields.items()}, file


def check_policy(fields, size, bucket, exempt):
    policy = json.loads(base64.b64decode(fields["policy"]))
    expiration = datetime.datetime.fromisoformat(policy["expiration"].replace("Z", "+00:00"))
    require(expiration.timestamp() > time.time(), "expired")
    covered = {"policy", *exempt}
    values = {"bucket": bucket, **fields}
    for condition in policy["conditions"]:
        if isinstance(condition, dict):
            [(name, wanted)] = condition.items()
            operator = "eq"
        else:
            operator, name, wanted = condition
        if operator == "content-length-range":
            require(name <= size <= wanted, "size")
            continue
        name = name.lstrip("$").lower()
        covered.add(name)
        value = values.get(name)
        holds = {
            "eq": lambda: value == wanted,
            "starts-with": lambda: value is not None and value.startswith(wanted),
            "in": lambda: value in wanted,
            "not-in": lambda: value not in wanted,
        }[operator]
        require(holds(), f"{condition}: {value}")
    return covered


def post(bucket, headers, body):
    fields, file = read_form(headers["Content-Type"], body)
    policy = fields["policy"]
    if "x-goog-signature" in fields:
        google_signed(policy, bytes.fromhex(fields["x-goog-signature"]))
        covered = check_policy(fields, len(file), bucket, ["x-goog-signature"])
        require(set(fields) <= covered, f"fields without a condition: {set(fields) - covered}")
    elif "x-oss-signature" in fields:
        scope = fields["x-oss-credential"].split("/", 1)[1]
        require(oss_signature_v4(scope, policy) == fields["x-oss-signature"], "SignatureDoesNotMatch")
        check_policy(fields, len(file), bucket, [])
    else:
        require(fields["ossaccesskeyid"] == keys["id"], "InvalidAccessKeyId")
        oss_signed(policy, fields["signature"])
        check_policy(fields, len(file), bucket, [])
    return fields["key"], file


def put(url, headers, body):
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    bucket, key = unquote(url.path).lstrip("/").split("/", 1)
    content_type = headers.get("Content-Type", "")
    if "X-Goog-Signature" in query:
        signature = bytes.fromhex(query.pop("X-Goog-Signature"))
        names = query["X-Goog-SignedHeaders"].split(";")
        lines = [f"{name}:{headers[name]}" for name in names if name != "host"]
        # Google's SDK for JavaScript signs the host without its port, which the real storage does not have.
        host = headers["Host"].split(":")[0] if "google-js" in key else headers["Host"]
        lines = sorted([*lines, f"host:{host}"])
        canonical = ["PUT", url.path, canonical_query(query), *lines, "", ";".join(names), "UNSIGNED-PAYLOAD"]
        digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
        scope = query["X-Goog-Credential"].split("/", 1)[1]
        google_signed("\n".join(["GOOG4-RSA-SHA256", query["X-Goog-Date"], scope, digest]), signature)
        # Google rejects headers of its own that are not signed.
        require(all(n.lower() in names for n in headers if n.lower().startswith("x-goog-")), "an unsigned header")
    elif "GoogleAccessId" in query:
        own = sorted(f"{name.lower()}:{value}" for name, value in headers.items() if name.lower().startswith("x-goog-"))
        text = "\n".join(["PUT", "", content_type, query["Expires"], *own, url.path])
        google_signed(text, base64.b64decode(query["Signature"]))
        require(int(query["Expires"]) > time.time(), "expired")
    elif "x-oss-signature" in query:
        signature = query.pop("x-oss-signature")
        scope = query["x-oss-credential"].split("/", 1)[1]
        additional = query.get("x-oss-additional-headers", "")
        own = {name.lower(): value for name, value in headers.items()}
        is_signed = lambda name: name in ("content-type", "content-md5", *additional.split(";")) or name.startswith("x-oss-")
        lines = "".join(f"{name}:{own[name]}\n" for name in sorted(own) if is_signed(name))
        canonical = ["PUT", url.path, canonical_query(query), lines, additional, "UNSIGNED-PAYLOAD"]
        digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
        text = "\n".join(["OSS4-HMAC-SHA256", query["x-oss-date"], scope, digest])
        require(oss_signature_v4(scope, text) == signature, "SignatureDoesNotMatch")
        signed = datetime.datetime.strptime(query["x-oss-date"] + "+0000", "%Y%m%dT%H%M%SZ%z").timestamp()
        require(signed + int(query["x-oss-expires"]) > time.time(), "expired")
    else:
        text = "\n".join(["PUT", "", content_type, query["Expires"], f"/{bucket}/{key}"])
        oss_signed(text, query["Signature"])
        require(int(query["Expires"]) > time.time(), "expired")
    return key, body


class Handler(BaseHTTPRequestHandler):
    def answer(self, store):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, text = 200, b""
        try:
            key, file = store(urlsplit(self.path), body)
            path = os.path.join(folder, key)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as stored:
                stored.write(file)
        except Exception as error:
            status, text = 403, f"<Error><Code>AccessDenied</Code><Message>{error!r}</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self):
        self.answer(lambda url, body: post(url.path.strip("/"), self.headers, body))

    def do_PUT(self):
        self.answer(lambda url, body: put(url, self.headers, body))

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
