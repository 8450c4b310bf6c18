#!/usr/bin/env python3
"""Posts forms with requests, for tests/ci/other_writers.rs.

Standard input: [{"url", "fields": [[name, value], ...], "file": {"name", "type", "content": in base64}}, ...] as JSON.
"""

import base64
import json
import sys

import requests

session = requests.Session()
# No proxy stands between this and the test.
session.trust_env = False
for form in json.load(sys.stdin):
    file = form["file"]
    content = base64.b64decode(file["content"])
    file = (file["name"], content, file["type"] or None)
    session.post(form["url"], data=form["fields"], files=[("file", file)]).raise_for_status()
