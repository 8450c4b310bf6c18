#!/usr/bin/env python3
"""Prints a new RSA key and its public key, in PEM as JSON, for tests/ci/real_s3/sdks.rs."""

import json

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

key = rsa.generate_private_key(65537, 2048)
private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
print(json.dumps([private.decode(), public.decode()]))
