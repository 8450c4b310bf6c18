#!/usr/bin/env python3
"""Writes the seeds that are made by hand, NAME.seed in each target's folder; what fuzzing found stays as it is."""

import base64
import json
import pathlib
import struct

SEEDS = pathlib.Path(__file__).resolve().parent
FIXTURES = SEEDS.parents[1] / "fixtures"
SEPARATOR = b"\xff"


def write(target, name, data):
    folder = SEEDS / target
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.seed").write_bytes(data)


def form_json():
    for path in sorted((FIXTURES / "api").glob("*.json")):
        write("form_json", path.stem, path.read_bytes())
    url = '"https://bucket.example.com/"'
    shapes = {
        "string": f'{{"url":{url},"fields":"{{\\"key\\":\\"a\\",\\"X-Amz-Signature\\":\\"SECRET\\"}}"}}',
        "twice": f'{{"fields":{{"key":"a","key":"b","Key":"c"}},"url":{url}}}',
        "number": f'{{"url":{url},"fields":{{"success_action_status":201,"n":-1.5e3}}}}',
        "model": f'{{"modelUrl":{url},"modelFields":{{"a":"b"}},"modelKey":"k.png","modelId":"1"}}',
        "null": '{"uploadInitImage":null}',
        "canvas-null": '{"uploadCanvasInitImage":null}',
        "file": f'{{"url":{url},"fields":{{"File":"SECRET"}}}}',
        "line-break": f'{{"url":{url},"fields":{{"a\\r\\nb":"SECRET"}}}}',
        "escape": f'{{"url":{url},"fields":{{"\\u001b[2J":"\\ud83d\\ude00"}}}}',
        "loopback": '{"url":"http://[::1]:9000/b?x=SECRET","fields":{"key":""}}',
        "http": '{"url":"http://example.com/?X-Amz-Signature=SECRET","fields":{"key":"SECRET"}}',
        "user": '{"url":"https://a:SECRET@example.com/","fields":{"key":"a"}}',
        "list": f'{{"url":{url},"fields":["SECRET"]}}',
        "value": f'{{"url":{url},"fields":{{"key":{{"a":"SECRET"}}}}}}',
        "cut": '{"url":"SECRET',
    }
    for name, text in shapes.items():
        write("form_json", name, text.encode())


def policy():
    expiration = "2026-11-22T15:03:47Z"
    at = 1795359827

    def seed(name, conditions, fields, seconds=at - 60, size=5, kind="image/jpeg", document=None):
        if document is None:
            document = json.dumps({"expiration": expiration, "conditions": conditions})
        parts = [kind, document] + [text for field in fields for text in field]
        data = struct.pack(">qQ", seconds, size) + SEPARATOR.join(part.encode() for part in parts)
        write("policy", name, data)

    key = ("key", "users/1.jpg")
    seed("met", [{"key": "users/1.jpg"}, ["content-length-range", 0, 5]], [key])
    seed("prefix", [["starts-with", "$key", "users/"]], [key])
    seed("types", [["starts-with", "$Content-Type", "image/"]], [("content-type", "image/jpeg, image/png")])
    seed("eq", [["eq", "$KEY", "users/2.jpg"]], [key])
    seed("bucket", [{"bucket": "b"}, ["starts-with", "$key", ""]], [key])
    seed("missing", [{"acl": "private"}], [key])
    seed("extra", [], [key, ("x-ignore-me", "1")])
    seed("large", [["content-length-range", 0, 4]], [])
    seed("small", [["content-length-range", 6, 2**64 - 1]], [])
    seed("secret", [{"x-amz-security-token": "SECRET-1"}], [("x-amz-security-token", "SECRET-2")])
    seed("secret-prefix", [["starts-with", "$x-amz-credential", "SECRET"]], [("x-amz-credential", "secret")])
    seed("type", [], [("Content-Type", "image/png")])
    seed("jpg", [{"Content-Type": "image/jpg"}], [("Content-Type", "image/jpg")])
    seed("escape", [{"\x1b[2J": "a"}], [])
    seed("escape-field", [], [("\x1b[2J", "a")])
    seed("type-in-lines", [], [("Content-Type", "image/\r\n\x1b")])
    seed("expired", [], [], seconds=at + 43)
    seed("margin", [], [], seconds=at - 1)
    seed("last", [], [], seconds=at - 2)
    seed("before-1970", [], [], seconds=-1)
    seed("far", [], [], seconds=2**62)
    seed("near-the-end", [], [], seconds=253402207200)
    for name, document in {
        "no-json": "{",
        "offset": '{"expiration":"2026-11-22T15:03:47.5+23:59","conditions":[]}',
        "year-9999": '{"expiration":"9999-12-30T22:00:00.999Z","conditions":[]}',
        "year-minus": '{"expiration":"-009999-01-02T01:59:59Z","conditions":[]}',
        "two-names": f'{{"expiration":"{expiration}","conditions":[{{"a":"1","b":"2"}}]}}',
        "wrapped": base64.encodebytes(f'{{"expiration":"{expiration}","conditions":[]}}'.encode()).decode(),
        "no-base64": "not a policy",
    }.items():
        seed(name, None, [key], document=document)


def s3_error():
    def seed(name, status, body, location=""):
        head = struct.pack(">HB", status - 100, len(location))
        write("s3_error", name, head + location.encode() + body.encode())

    def error(code, more=""):
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>why</Message>{more}' \
            "<RequestId>4442587FB7D0A2F9</RequestId><HostId>h=</HostId></Error>"

    for code in ("AccessDenied", "ExpiredToken", "InternalError", "InvalidAccessKeyId", "Nobody", "RequestTimeout"):
        seed(code.lower(), 400, error(code))
    seed("expired", 403, error("AccessDenied").replace("why", "Invalid according to Policy: Policy expired."))
    seed("too-large", 400, error("EntityTooLarge", "<ProposedSize>9</ProposedSize><MaxSizeAllowed>8</MaxSizeAllowed>"))
    seed("repeats", 403, error("SignatureDoesNotMatch", "<StringToSign>\3</StringToSign><SignatureProvided>\4</SignatureProvided><Token>\2</Token><AWSAccessKeyId>\1</AWSAccessKeyId>"))
    seed("in-message", 403, error("AccessDenied").replace("why", "x" * 490 + "\5 and \4"))
    seed("in-text", 500, "\4 \3\n\2")
    seed("cdata", 403, error("Other", "<a><![CDATA[\3]]></a><b>&#65;&lt;&amp;\2</b><!-- \1 -->"))
    seed("namespace", 403, '<e:Error xmlns:e="http://s3.amazonaws.com/doc/2006-03-01/"><e:Code>SlowDown</e:Code></e:Error>')
    seed("entity", 403, "<!DOCTYPE x [<!ENTITY a 'b'>]><Error><Code>&a;</Code></Error>")
    seed("html", 502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\x1b[2J</body></html>")
    seed("text", 503, "upstream timed out\nmore")
    seed("cut", 400, "<Error><Code>Cut")
    seed("many", 400, "<Error>" + "<a>b</a>" * 60 + "</Error>")
    seed("deep", 400, "<Error>" + "<a>" * 200 + "</a>" * 200 + "</Error>")
    seed("empty", 413, "")
    seed("stored", 204, "")
    seed("created", 201, '<PostResponse><Location>https://b/k</Location><Bucket>b</Bucket><Key>k</Key><ETag>"e"</ETag></PostResponse>')
    seed("see-other", 303, "", "https://example.com/done?key=a")
    seed("redirect", 307, error("TemporaryRedirect"), "https://other.example.com/")
    seed("redirect-to-http", 307, error("TemporaryRedirect"), "http://127.0.0.1/")
    seed("redirect-to-nothing", 308, error("PermanentRedirect"), "//x")


def multipart():
    def seed(name, fields, content, piece=64, file=("file", "image.jpg", "image/jpeg")):
        parts = [*file, *(text for field in fields for text in field)]
        data = bytes([len(fields), piece - 1]) + SEPARATOR.join(part.encode() for part in parts)
        write("multipart", name, data + SEPARATOR + content)

    seed("plain", [("key", "users/a.jpg"), ("Policy", "e30="), ("X-Amz-Signature", "0123")], b"RAW\r\nBYTES")
    seed("none", [], b"")
    seed("empty", [("", ""), ("a", "")], b"", piece=1)
    seed("line-breaks", [("a", "\r\n"), ("b", "\r\n\r\n--"), ("c", "\n")], b"\r\n--imgpost-\r\n", piece=7)
    seed("boundary", [("a", "\r\n--imgpost-0"), ("b", "--imgpost-")], b"--imgpost-00000000000000000000000000000000--\r\n")
    seed("quotes", [('a"b', '"'), ('"', "'")], b'"', file=('f"', 'a"b.jpg', "image/png"))
    seed("utf-8", [("schlüssel", "größe 写真"), ("b", "\u2028")], b"\0\xff\xfe", file=("file", "写真.webp", "image/webp"))
    seed("semicolon", [("a;b", "c;d")], b"")
    seed("name-breaks", [("a\r\nb", "c")], b"")
    seed("file-name-breaks", [], b"", file=("file", "a\nb", "image/png"))
    seed("type-breaks", [], b"", file=("file", "a", "image/png\r\nX: y"))
    seed("nul", [("a\0", "b")], b"")
    seed("long", [("k" * 256, "v" * 3000), ("a", "b" * 1100)], b"c" * 5000, piece=256, file=("f" * 250, "g" * 250, "application/octet-stream"))


def prepare():
    # As the bits of the target's options: undistorted; exactly 9x12, and from a file; within 12x12, padded, with a
    # mask; 3:1 as WebP; few bytes.
    for path in sorted((FIXTURES / "tiny").iterdir()):
        for name, asked in {
            "any": (0x20, 0x00, 0, 0),
            "exact": (0x21, 0x01, 8, 11),
        }.items():
            write("prepare", f"{path.stem}-{path.suffix[1:]}-{name}", bytes(asked) + path.read_bytes())
    for file, name, asked in (
        ("rgb.png", "contain", (0x46, 0x02, 11, 11)),
        ("baseline.jpg", "fill", (0x49, 0x0E, 20, 5)),
        ("baseline.jpg", "untouched", (0x21, 0x02, 17, 23)),
        ("rgb.png", "untouched", (0x21, 0x01, 17, 23)),
        ("lossless.webp", "untouched", (0x21, 0x03, 17, 23)),
        ("progressive.jpg", "inside", (0x2D, 0x02, 5, 5)),
        ("palette.gif", "aspect", (0x13, 0x03, 2, 0)),
        ("lossy-alpha.webp", "within", (0x42, 0x00, 11, 11)),
        ("rgb.bmp", "small", (0x00, 0x12, 0, 0)),
        ("lzw.tiff", "small", (0x21, 0x1D, 59, 59)),
    ):
        stem, suffix = file.split(".")
        write("prepare", f"{stem}-{suffix}-{name}", bytes(asked) + (FIXTURES / "tiny" / file).read_bytes())


for target in (form_json, policy, s3_error, multipart, prepare):
    for old in (SEEDS / target.__name__).glob("*.seed"):
        old.unlink()
    target()
