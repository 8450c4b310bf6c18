#!/usr/bin/env python3
"""Reads forms with werkzeug, for tests/ci/other_readers.rs.

Standard input: [[content type, body in base64], ...] as JSON. Prints a list of parts for each:
[name, file name, content type, content in base64], null where there is none.
"""

import base64
import json
import sys

from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder


def read(content_type, body):
    boundary = parse_options_header(content_type)[1]["boundary"].encode()
    decoder = MultipartDecoder(boundary)
    decoder.receive_data(base64.b64decode(body))
    decoder.receive_data(None)
    parts = []
    event = None
    while not isinstance(event, Epilogue):
        event = decoder.next_event()
        if isinstance(event, (Field, File)):
            file_name = event.filename if isinstance(event, File) else None
            parts.append([event.name, file_name, event.headers.get("content-type"), b""])
        elif isinstance(event, Data):
            parts[-1][3] += event.data
    return [[*head, base64.b64encode(content).decode()] for *head, content in parts]


json.dump([read(*form) for form in json.load(sys.stdin)], sys.stdout)
