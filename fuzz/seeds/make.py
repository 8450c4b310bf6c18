#!/usr/bin/env python3
"""Writes the named seeds, TARGET/NAME, some of them from the fixtures. `regression_*` failed once and stays as it is."""

import base64
import json
import pathlib
import struct

SEEDS = pathlib.Path(__file__).resolve().parent
FIXTURES = SEEDS.parents[1] / "fixtures"
API = FIXTURES / "api"
TINY = FIXTURES / "tiny"
# Between the parts of an input.
SEPARATOR = b"\xff"


def write(target, name, data):
    (SEEDS / target).mkdir(exist_ok=True)
    (SEEDS / target / name).write_bytes(data)


def parts(*texts):
    return SEPARATOR.join(text if isinstance(text, bytes) else text.encode() for text in texts)


def tiny(name):
    return (TINY / name).read_bytes()


def form_json():
    for name in ("aws-sdk-js", "boto3", "canvas-recipe", "dataset-image", "model-asset"):
        data = (API / f"{name}.json").read_bytes()
        write("form_json", f"{name.replace('-', '_')}_form.json", data)
    url = '"https://bucket.example.com/"'
    shapes = {
        "fields_in_a_string": f'{{"url":{url},"fields":"{{\\"key\\":\\"a\\",\\"X-Amz-Signature\\":\\"SECRET\\"}}"}}',
        "field_twice": f'{{"fields":{{"key":"a","key":"b","Key":"c"}},"url":{url}}}',
        "names_of_a_model": f'{{"modelUrl":{url},"modelFields":{{"a":"b"}},"modelKey":"k.png","modelId":"1"}}',
        "form_is_null": '{"uploadInitImage":null}',
        "canvas_is_null": '{"uploadCanvasInitImage":null}',
        "field_named_file": f'{{"url":{url},"fields":{{"File":"SECRET"}}}}',
        "line_break_in_a_name": f'{{"url":{url},"fields":{{"a\\r\\nb":"SECRET"}}}}',
        "terminal_escape_in_a_name": f'{{"url":{url},"fields":{{"\\u001b[2J":"\\ud83d\\ude00"}}}}',
        "url_on_loopback": '{"url":"http://[::1]:9000/b?x=SECRET","fields":{"key":""}}',
        "url_is_http": '{"url":"http://example.com/?X-Amz-Signature=SECRET","fields":{"key":"SECRET"}}',
        "url_with_password": '{"url":"https://a:SECRET@example.com/","fields":{"key":"a"}}',
        "fields_in_a_list": f'{{"url":{url},"fields":["SECRET"]}}',
        "truncated": '{"url":"SECRET',
        "escapes": f'{{"url":{url},"fields":{{"\\b\\f\\n\\r\\t\\/\\\\\\"":"","a\\u00e9\\u20ac\\ud83d\\ude00":"\\b\\f\\n\\r\\t\\/\\\\\\"é€\U0001f600"}}}}',
        "fields_in_a_string_with_escapes": f'{{"url":{url},"fields":"{{\\"a\\\\u00e9\\":\\"\\\\n\\\\\\"\\"}}"}}',
        "half_a_surrogate_pair": f'{{"url":{url},"fields":{{"a":"\\ud83d"}}}}',
        "control_character": f'{{"url":{url},"fields":{{"a":"\n"}}}}',
        "numbers": f'{{"url":{url},"fields":{{"a":-0,"b":0.1e-5,"c":1E+300,"d":123456789012345678901234567890,"e":-9223372036854775808,"f":0.{"3" * 400},"g":2.5e-310,"h":1e-400}}}}',
        "number_too_large": f'{{"url":{url},"fields":{{"a":{"9" * 310}.0e99}}}}',
        "number_without_digits": f'{{"url":{url},"fields":{{"a":-}}}}',
        "number_without_exponent": f'{{"url":{url},"fields":{{"a":1e}}}}',
        "literals_as_values": f'{{"url":{url},"fields":{{"a":true,"b":false,"c":null}}}}',
        "text_behind_the_end": f'{{"url":{url},"fields":{{"a":"b"}}}} {{}}',
        "two_forms": f'{{"uploadInitImage":{{"url":{url},"fields":{{"a":"b"}}}},"uploadMedia":{{"url":{url},"fields":{{}}}}}}',
        "url_is_a_number": '{"url":1,"fields":{"a":"SECRET"}}',
        "fields_in_a_string_that_is_no_json": f'{{"url":{url},"fields":"SECRET"}}',
        "mask_without_fields": f'{{"uploadCanvasInitImage":{{"initUrl":{url},"initFields":"{{}}","masksUrl":{url}}}}}',
        "wrapper_is_a_list": '{"uploadInitImage":[1,{"url":2}]}',
        "deep": "[" * 200,
        "too_many_bytes": f'{{"url":{url},"fields":{{"a":"{"b" * 21000}"}}}}',
    }
    for name, text in shapes.items():
        write("form_json", f"{name}.json", text.encode())
    write("form_json", "not_utf8.json", b'{"url":"\xff","fields":{}}')


def policy():
    expiration = "2026-11-22T15:03:47Z"
    at = 1795359827

    def seed(name, conditions, fields, seconds=at - 60, size=5, kind="image/jpeg", document=None):
        if document is None:
            document = json.dumps({"expiration": expiration, "conditions": conditions})
        texts = [kind, document] + [text for field in fields for text in field]
        write("policy", name, struct.pack(">qQ", seconds, size) + parts(*texts))

    key = ("key", "users/1.jpg")
    seed("all_conditions_met", [{"key": "users/1.jpg"}, ["content-length-range", 0, 5]], [key])
    seed("starts_with", [["starts-with", "$key", "users/"]], [key])
    seed("starts_with_list_of_types", [["starts-with", "$Content-Type", "image/"]], [("content-type", "image/jpeg, image/png")])
    seed("eq_not_met", [["eq", "$KEY", "users/2.jpg"]], [key])
    seed("bucket", [{"bucket": "b"}, ["starts-with", "$key", ""]], [key])
    seed("bucket_prefix", [["starts-with", "$bucket", "b"]], [])
    seed("field_missing", [{"acl": "private"}], [key])
    seed("extra_fields", [], [key, ("x-ignore-me", "1")])
    seed("file_too_large", [["content-length-range", 0, 4]], [])
    seed("file_too_small", [["content-length-range", 6, 2**64 - 1]], [])
    seed("secret_differs", [{"x-amz-security-token": "SECRET-1"}], [("x-amz-security-token", "SECRET-2")])
    seed("secret_prefix", [["starts-with", "$x-amz-credential", "SECRET"]], [("x-amz-credential", "secret")])
    seed("type_differs", [], [("Content-Type", "image/png")])
    seed("type_jpg", [{"Content-Type": "image/jpg"}], [("Content-Type", "image/jpg")])
    seed("terminal_escape_in_a_condition", [{"\x1b[2J": "a"}], [])
    seed("line_break_in_a_type", [], [("Content-Type", "image/\r\n\x1b")])
    seed("expired", [], [], seconds=at + 43)
    seed("expires_in_one_second", [], [], seconds=at - 1)
    seed("expires_in_two_seconds", [], [], seconds=at - 2)
    seed("clock_before_1970", [], [], seconds=-1)
    seed("clock_beyond_all_years", [], [], seconds=2**62)
    for name, document in {
        "truncated_json": "{",
        "offset_and_fraction": '{"expiration":"2026-11-22T15:03:47.5+23:59","conditions":[]}',
        "year_9999": '{"expiration":"9999-12-30T22:00:00.999Z","conditions":[]}',
        "object_of_two": f'{{"expiration":"{expiration}","conditions":[{{"a":"1","b":"2"}}]}}',
        "wrapped_base64": base64.encodebytes(f'{{"expiration":"{expiration}","conditions":[]}}'.encode()).decode(),
        "not_base64": "not a policy",
    }.items():
        seed(name, None, [key], document=document)


def s3_error():
    def seed(name, status, body, location=""):
        head = struct.pack(">HB", status - 100, len(location.encode()))
        write("s3_error", name, head + location.encode() + (body if isinstance(body, bytes) else body.encode()))

    def error(code, more=""):
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>why</Message>{more}' \
            "<RequestId>4442587FB7D0A2F9</RequestId><HostId>h=</HostId></Error>"

    for name, code in {
        "access_denied": "AccessDenied",
        "expired_token": "ExpiredToken",
        "internal_error": "InternalError",
        "invalid_access_key": "InvalidAccessKeyId",
        "unknown_code": "Nobody",
        "request_timeout": "RequestTimeout",
    }.items():
        seed(name, 400, error(code))
    seed("policy_expired", 403, error("AccessDenied").replace("why", "Invalid according to Policy: Policy expired."))
    seed("too_large", 400, error("EntityTooLarge", "<ProposedSize>9</ProposedSize><MaxSizeAllowed>8</MaxSizeAllowed>"))
    seed("repeats_all_secrets", 403, error("SignatureDoesNotMatch", "<StringToSign>\3</StringToSign><SignatureProvided>\4</SignatureProvided><Token>\2</Token><AWSAccessKeyId>\1</AWSAccessKeyId>"))
    seed("secret_where_the_message_is_cut", 403, error("AccessDenied").replace("why", "x" * 490 + "\5 and \4"))
    seed("secrets_in_plain_text", 500, "\4 \3\n\2")
    seed("secrets_in_cdata_and_comment", 403, error("Other", "<a><![CDATA[\3]]></a><b>&#65;&lt;&amp;\2</b><!-- \1 -->"))
    seed("namespace", 403, '<e:Error xmlns:e="http://s3.amazonaws.com/doc/2006-03-01/"><e:Code>SlowDown</e:Code></e:Error>')
    seed("entity", 403, "<!DOCTYPE x [<!ENTITY a 'b'>]><Error><Code>&a;</Code></Error>")
    seed("web_page", 502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\x1b[2J</body></html>")
    seed("plain_text", 503, "upstream timed out\nmore")
    seed("truncated_xml", 400, "<Error><Code>Cut")
    seed("not_utf8", 403, error("AccessDenied").encode().replace(b"why", b"\xff\xc3 why \xed\xa0\x80") + b"\xe2\x82")
    seed("attributes", 403, "<?xml version='1.0'?><!-- --><?pi x?><Error a='1&lt;\n' xml:b=\"2\"><Code c=''>A</Code></Error>")
    seed("attribute_twice", 403, "<Error a='1' a='2'><Code>A</Code></Error>")
    seed("other_end_tag", 403, "<Error><Code>A</Message></Error>")
    seed("unknown_entity", 403, "<Error><Code>&nope;</Code></Error>")
    seed("unknown_prefix", 403, "<e:Error><Code>A</Code></e:Error>")
    seed("document_type", 403, "<!DOCTYPE Error PUBLIC 'a' \"b\" [<!ELEMENT Error ANY><!ATTLIST a b CDATA #IMPLIED><!-- -->]><Error/>")
    seed("text_behind_the_end", 403, "<Error><Code>A</Code></Error>more")
    seed("location_beyond_ascii", 307, error("TemporaryRedirect"), "https://\u00e9.example.com/")
    seed("many_elements", 400, "<Error>" + "<a>b</a>" * 60 + "</Error>")
    seed("deep_elements", 400, "<Error>" + "<a>" * 200 + "</a>" * 200 + "</Error>")
    seed("no_body", 413, "")
    seed("stored", 204, "")
    seed("stored_with_document", 201, '<PostResponse><Location>https://b/k</Location><Bucket>b</Bucket><Key>k</Key><ETag>"e"</ETag></PostResponse>')
    seed("see_other", 303, "", "https://example.com/done?key=a")
    seed("redirect", 307, error("TemporaryRedirect"), "https://other.example.com/")
    seed("redirect_to_http", 307, error("TemporaryRedirect"), "http://127.0.0.1/")
    seed("redirect_to_nothing", 308, error("PermanentRedirect"), "//x")


def multipart():
    def seed(name, fields, content, piece=64, file=("file", "image.jpg", "image/jpeg")):
        texts = [*file, *(text for field in fields for text in field), content]
        write("multipart", name, bytes([len(fields), piece - 1]) + parts(*texts))

    seed("three_fields", [("key", "users/a.jpg"), ("Policy", "e30="), ("X-Amz-Signature", "0123")], b"RAW\r\nBYTES")
    seed("no_field", [], b"")
    seed("empty_names_and_values", [("", ""), ("a", "")], b"", piece=1)
    seed("line_breaks_in_values", [("a", "\r\n"), ("b", "\r\n\r\n--"), ("c", "\n")], b"\r\n--imgpost-\r\n", piece=7)
    seed("boundary_in_values", [("a", "\r\n--imgpost-0"), ("b", "--imgpost-")], b"--imgpost-00000000000000000000000000000000--\r\n")
    seed("quotes_in_names", [('a"b', '"'), ('"', "'")], b'"', file=('f"', 'a"b.jpg', "image/png"))
    seed("names_beyond_ascii", [("schlüssel", "größe 写真"), ("b", "\u2028")], b"\0\xff\xfe", file=("file", "写真.webp", "image/webp"))
    seed("semicolon_in_a_name", [("a;b", "c;d")], b"")
    seed("line_break_in_a_name", [("a\r\nb", "c")], b"")
    seed("line_break_in_the_file_name", [], b"", file=("file", "a\nb", "image/png"))
    seed("line_break_in_the_type", [], b"", file=("file", "a", "image/png\r\nX: y"))
    seed("nul_in_a_name", [("a\0", "b")], b"")
    seed("long_names_and_values", [("k" * 256, "v" * 3000), ("a", "b" * 1100)], b"c" * 5000, piece=256, file=("f" * 250, "g" * 250, "application/octet-stream"))


def sandbox_form():
    def written(name, fields, file_name, content, piece=5):
        texts = [text for field in fields for text in field] + [file_name, content]
        write("sandbox_form", name, bytes([piece - 1, 0]) + parts(*texts))

    def raw(name, *blocks, piece=3):
        write("sandbox_form", name, bytes([piece - 1]) + "\r\n".join(blocks).encode())

    field = 'Content-Disposition: form-data; name="key"\r\n\r\na'
    file = 'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\nRAW'
    written("written_fields", [("key", "users/a.jpg"), ("Policy", "e30=")], "a.jpg", b"RAW\r\nBYTES")
    written("written_without_fields", [], "", b"")
    written("written_almost_boundaries", [("a", "\r\n--b"), ("b", "--b0--")], "größe.png", b"\r\n--b\r\n\r\n-\r\n--b", piece=1)
    written("written_beyond_the_limit", [("a", "b" * 11000), ("c", "d" * 11000)], "a", b"x", piece=256)
    raw("field_and_file", "--b0", field, "--b0", file, "--b0--", "")
    raw("field_after_the_file", "--b0", file, "--b0", field, "--b0--")
    raw("two_files", "--b0", file, "--b0", file, "--b0--")
    raw("no_file", "--b0", field, "--b0--")
    raw("preamble", "text", "--b0", file, "--b0--")
    raw("no_last_boundary", "--b0", file)
    raw("boundary_continues", "--b0", file, "--b0x", "--b0--")
    raw("boundary_in_the_headers", "--b0", "Content-Disposition: form-data; name=file", "--b0--: x", "", "RAW", "--b0--")
    raw("unquoted_names", "--b0", "content-disposition: form-data;name=file ; filename*=UTF-8''a", "", "RAW", "--b0--")
    raw("two_dispositions", "--b0", "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b", "", "--b0--")
    raw("bare_line_feeds", "--b0\nContent-Disposition: form-data; name=file\n\nRAW\n--b0--")


def sandbox():
    def call(name, line, body=b""):
        write("sandbox", name, b"\0" + parts(line, body))

    def raw(name, *lines):
        write("sandbox", name, "\r\n".join(lines).encode())

    root = "/api/rest/v1"
    for name, path in {
        "createGeneration": "/generations",
        "createDataset": "/datasets",
        "uploadInitImage": "/init-image",
        "uploadCanvasInitImage": "/canvas-init-image",
        "CreateUniversalUpscalerJob": "/variations/universal-upscaler",
    }.items():
        call(f"call_{name}", f"POST {root}{path}", (API / "requests" / f"{name}.json").read_bytes())
    call("call_createGenerationV2", "POST /api/rest/v2/generations", (API / "requests" / "createGenerationV2.json").read_bytes())
    call("call_me", f"GET {root}/me")
    call("delete_unknown_id", f"DELETE {root}/generations/00000000-0000-4000-8000-000000000001")
    call("truncated_json", f"POST {root}/generations", b'{"prompt":"a')
    call("page", "GET /")
    call("page_favicon", "HEAD /favicon.ico")
    raw("other_host", "GET / HTTP/1.1", "Host: other.example", "", "")
    raw("no_host", "GET / HTTP/1.1", "", "")
    raw("two_lengths", "POST / HTTP/1.1", "Host: \1", "Content-Length: 1", "Content-Length: 2", "", "a")
    raw("chunked", f"POST {root}/generations HTTP/1.1", "Host: \1", "Authorization: Bearer \2", "Transfer-Encoding: chunked", "", "0", "", "")
    raw("unknown_method", "VERY-LONG-UNKNOWN-METHOD / HTTP/1.1", "Host: \1", "", "")
    raw("waits_for_continue", "POST /imgpost-sandbox HTTP/1.1", "Host: \1", "Expect: 100-continue", "Content-Length: 3", "", "abc")
    raw("truncated_head", "GET / HTT")
    body = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na\r\n--b--\r\n"
    raw("post_without_signature", "POST /imgpost-sandbox HTTP/1.1", "Host: \1", "Content-Type: multipart/form-data; boundary=b", f"Content-Length: {len(body)}", "", body)


def redact():
    policy = "eyJjb25kaXRpb25zIjpbXX0+/abc=="
    key = "AKIAEXAMPLE0/20261122/us-east-1/s3/aws4_request"
    around = "<a href='?'>:(,)!</a>"
    for name, choices, secret, text in (
        ("raw", b"\x09", policy, around),
        ("percent_encoded", b"\x00\x09\x01", policy, around),
        ("json_escapes", b"\x03\x04\x07", key, around),
        ("hexadecimal_escapes", b"\x02", key, around),
        ("html_entities", b"\x05\x06\x08\x09", 'pass word & <"quoted"> and more than 12 characters', around),
        ("mixed", bytes(range(10)), "0123456789abcdef0123456789abcdef", around),
        ("beyond_ascii", b"\x03\x00\x05", "größe und \U0001f511 und noch mehr", around),
        ("backslash", b"\x09\x07", "with a back\\slash/es and many more characters", around),
        ("escapes_in_the_secret", b"\x09\x00", "before the escapes %41%2F and a long rest of the secret that has none", around),
        ("short_secret", b"", "k/y", "k/y k%2fy k\\/y ky"),
        ("secret_in_text", b"", "12345678", "x12345678%2512345678"),
        ("no_secret", b"", "", "50% of &lt;all&gt; \\u00e9 \\ud83d \\n %zz &nope; &#xffffffff;"),
    ):
        write("redact", name, parts(choices, secret, text))


def addresses():
    def seed(name, start="https://storage.example:9000/bucket/a?query=1", location="/b?c=d", list="example.com",
             host="www.example.com", port=443, proxy="http://user:SECRET@proxy:3128"):
        write("addresses", name, struct.pack(">H", port) + parts(start, location, list, host, proxy))

    seed("absolute_path")
    seed("other_host", location="https://other.example/b", list=".example.com:8443", port=8443, proxy="proxy")
    seed("scheme_relative", location="//other.example/b", list="*.example.com", proxy="https://proxy:8443/")
    seed("relative_path", location="b#c", list="*", proxy="[::1]:3128")
    seed("query_alone", location="?c", list="192.168.0.0/16, fe80::/10", host="192.168.1.1", proxy="socks5://a:SECRET@b:1")
    seed("to_plain_http", location="http://127.0.0.1/", list="fe80::/10", host="[febf::1]", proxy="http://a:SECRET/b@c")
    seed("from_loopback", start="http://127.0.0.1:1/", location="http://localhost/", list="[2001:db8::1]:443", host="[2001:db8::1]", proxy="http://proxy:0")
    seed("with_password", location="https://user:SECRET@other.example/", list="EXAMPLE.com.", host="example.COM", proxy="http://:3128")
    seed("backslash", location="/\\other.example", list="example.com:x,[::1,user@example.com", proxy="user:SECRET")
    seed("spaces", location="/a b", list=" \t,,a\nb", host="b", proxy=" http://pro xy ")
    seed("text_behind_an_ipv6_address", proxy="[::1]$:31a8")
    seed("everything", list="localhost, *:8443", host="10.0.0.1", port=8443, proxy="ftp://a:SECRET@b")
    seed("networks", list="0.0.0.0/0 ::/0 1.2.3.4/33", host="[::]", proxy="http://2001:db8::1:3128")


def early_response():
    def seed(name, interim, piece, writes, status, headers=b"", rest=b""):
        write("early_response", name, bytes([interim, piece - 1, writes, len(headers) or status]) + headers + rest)

    # The last two bits are the number of interim responses, the first bit that nothing is added.
    seed("stored", 0, 64, 8, 0)
    seed("rejected_at_once", 0, 7, 0, 4, rest=b"<Error><Code>AccessDenied</Code></Error>")
    seed("rejected_after_a_write", 0, 256, 1, 3, rest=b"why")
    seed("continue_then_stored", 1, 1, 0, 0, rest=b"stored")
    seed("continue_with_headers", 1, 5, 2, 0, headers=b"date: Wed, 25 Nov 2026 13:40:46 GMT", rest=b"<Error/>")
    seed("three_interim", 7, 16, 1, 2, headers=b"link: </a>; rel=preload", rest=b"x" * 90)
    for name, text in {
        "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "until_the_connection_closes": b"HTTP/1.1 400 Bad Request\r\n\r\n<html>",
        "switching_protocols": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "not_http": b"SSH-2.0-OpenSSH_9.2\r\n",
        "truncated_head": b"HTTP/1.1 403 Forbid",
        "truncated_body": b"HTTP/1.1 403 Forbidden\r\nContent-Length: 90\r\n\r\n<Error>",
        "two_responses": b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    }.items():
        seed(name, 0x80, 9, 1, 0, rest=text)


def responses():
    date, later = "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:37 GMT"

    def seed(name, call, body, status=200, date=date, retry_after=later, seconds=784111777):
        head = struct.pack(">HIB", status - 100, seconds, call)
        write("responses", name, head + parts(date, retry_after, body))

    for name, call in {
        "getUserSelf": 0,
        "getGenerationById.complete": 1,
        "getGenerationById.nulls": 1,
        "getGenerationById.null": 1,
        "getInitImageById": 2,
        "getVariationById.complete": 3,
        "getDatasetById": 4,
        "deleteGenerationById": 5,
        "createDataset": 6,
        "uploadInitImage": 7,
        "uploadCanvasInitImage": 8,
        "createGeneration": 9,
        "createGenerationV2.wrapped": 10,
        "CreateUniversalUpscalerJob": 11,
        "uploadDatasetImageFromGen": 12,
    }.items():
        seed(name.replace(".", "_"), call, (API / "responses" / f"{name}.json").read_bytes())
    for name, status in {
        "v1-validation-failed.json": 400,
        "v1-authorization-hook.json": 500,
        "v1-error-object.json": 400,
        "v2-errors-several.json": 200,
        "v2-list-with-path.json": 200,
        "v2-rate-limit.json": 200,
        "v2-unauthorized.json": 200,
        "truncated.json": 200,
        "challenge-403.html": 403,
        "proxy-502.html": 502,
    }.items():
        seed(name.replace("-", "_").split(".")[0], 1, (API / "failures" / name).read_bytes(), status)
    seed("key_repeated", 1, '{"error":"no such key \1","code":"\1","path":"$.\1"}', 401, retry_after="\1")
    seed("key_in_text", 1, "<html><b>\1</b>", 500, date="Sunday, 06-Nov-94 08:49:37 GMT", retry_after="120")
    seed("retry_after_many_digits", 0, "", 503, date="Sun Nov  6 08:49:37 1994", retry_after="9" * 30)
    seed("last_second_of_2069", 0, "{}", 429, date="Tue, 31 Dec 2069 23:59:60 GMT", retry_after="+5", seconds=3155759999)


def download():
    def seed(name, data, piece=7):
        write("download", name, data + bytes([piece - 1]))

    for name in ("baseline.jpg", "rgb.png", "lossy.webp", "palette.gif"):
        stem, suffix = name.split(".")
        seed(f"{stem}_whole.{suffix}", tiny(name))
        seed(f"{stem}_truncated.{suffix}", tiny(name)[:-3])
    seed("thumbnail_without_image.jpg", b"\xff\xd8\xff\xe1" + struct.pack(">H", len(tiny("baseline.jpg")) + 2) + tiny("baseline.jpg"))
    seed("bytes_behind_the_end.png", tiny("rgb.png") + b"\r\n\0")

    def box(kind, length):
        return struct.pack(">I", length) + kind + bytes(max(length - 8, 0))

    seed("index_first.mp4", box(b"ftyp", 16) + box(b"moov", 40) + box(b"mdat", 60))
    seed("index_last.mp4", box(b"ftyp", 16) + box(b"mdat", 60) + box(b"moov", 40))
    seed("media_without_a_length.mp4", box(b"ftyp", 16) + box(b"moov", 40) + box(b"mdat", 0) + b"x")
    seed("long_box.mp4", box(b"ftyp", 16) + box(b"moov", 9) + box(b"mdat", 1) + struct.pack(">Q", 30) + bytes(14))
    seed("truncated.mp4", box(b"ftyp", 16) + box(b"moov", 40) + box(b"mdat", 60)[:-5])
    seed("web_page", b"<html>not found</html>")


def headers():
    for path in sorted(TINY.iterdir()):
        write("headers", path.name.replace("-", "_"), path.read_bytes())
        write("headers", "truncated_" + path.name.replace("-", "_"), path.read_bytes()[:60])
    tags = [(256, 3, 1, 17), (257, 3, 1, 23), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 2**28, 8), (274, 3, 1, 6)]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<2H2I", *tag) for tag in tags) + bytes(4)
    write("headers", "too_many_strips.tiff", b"II*\0" + struct.pack("<I", 8) + directory)
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH2HIHHI", 8, 1, 274, 3, 1, 6, 0, 0)
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    write("headers", "turned_by_exif.jpg", tiny("baseline.jpg")[:2] + segment + tiny("baseline.jpg")[2:])
    animated = b"VP8X" + struct.pack("<2I2H2B", 10, 2, 16, 0, 22, 0)
    write("headers", "animated_without_frames.webp", b"RIFF" + struct.pack("<I", 4 + len(animated)) + b"WEBP" + animated)


def jpeg():
    # The target's options in bits: the reduction, the size of pieces, the quality of the encoder.
    def seed(name, data, options=0):
        write("jpeg", f"{name}.jpg", data + bytes([options]))

    baseline, restart = tiny("baseline.jpg"), tiny("restart.jpg")
    for path in sorted(TINY.glob("*.jpg")):
        seed(path.stem, path.read_bytes())
        seed(f"{path.stem}_half", path.read_bytes(), 0x55)
    for name in ("baseline", "progressive"):
        seed(f"{name}_quarter", tiny(f"{name}.jpg"), 0xAA)
        seed(f"{name}_eighth", tiny(f"{name}.jpg"), 0xFF)
    seed("without_end", baseline[:-2])
    seed("truncated_with_end", baseline[:-40] + b"\xff\xd9")
    seed("bytes_behind_the_end", baseline + b"\0\r\n")
    marker = restart.index(b"\xff\xd0")
    seed("fill_bytes", restart[:marker] + b"\xff\xff" + restart[marker:])
    seed("restart_marker_missing", restart[:marker] + restart[marker + 2 :])
    seed("restart_marker_wrong", restart[:marker] + b"\xff\xd5" + restart[marker + 2 :])
    tables = baseline.index(b"\xff\xc4")
    scan = baseline.index(b"\xff\xda")
    seed("without_tables", baseline[:tables] + baseline[scan:])
    frame = baseline.index(b"\xff\xc0")
    seed("height_of_zero", baseline[: frame + 5] + b"\0\0" + baseline[frame + 7 :])
    seed("arithmetic_coding", baseline[: frame + 1] + b"\xc9" + baseline[frame + 2 :])


def prepare():
    # The target's options in bits: undistorted; exactly 9x12, and from a file; within 12x12, padded, with a mask; 3:1 as
    # WebP; few bytes.
    def seed(name, data, *options):
        write("prepare", name, data + bytes(options))

    for path in sorted(TINY.iterdir()):
        stem = path.stem.replace("-", "_")
        seed(f"{stem}_default{path.suffix}", path.read_bytes(), 0x20, 0x00, 0, 0)
    for file, name, options in (
        ("baseline.jpg", "exact", (0x21, 0x01, 8, 11)),
        ("interlaced.png", "exact", (0x21, 0x01, 8, 11)),
        ("lossless.webp", "exact", (0x21, 0x01, 8, 11)),
        ("rgb.png", "contain", (0x46, 0x02, 11, 11)),
        ("baseline.jpg", "fill", (0x49, 0x0E, 20, 5)),
        ("baseline.jpg", "untouched", (0x21, 0x02, 17, 23)),
        ("rgb.png", "untouched", (0x21, 0x01, 17, 23)),
        ("lossless.webp", "untouched", (0x21, 0x03, 17, 23)),
        ("progressive.jpg", "inside", (0x2D, 0x02, 5, 5)),
        ("palette.gif", "aspect", (0x13, 0x03, 2, 0)),
        ("lossy-alpha.webp", "within", (0x42, 0x00, 11, 11)),
        ("rgb.bmp", "few_bytes", (0x00, 0x12, 0, 0)),
        ("lzw.tiff", "few_bytes", (0x21, 0x1D, 59, 59)),
    ):
        stem, suffix = file.replace("-", "_").split(".")
        seed(f"{stem}_{name}.{suffix}", tiny(file), *options)
    profile = (FIXTURES / "images" / "adobe-rgb.jpg").read_bytes()
    start = profile.index(b"\xff\xe2")
    end = start + 2 + struct.unpack(">H", profile[start + 2 : start + 4])[0]
    in_adobe_rgb = tiny("baseline.jpg")[:2] + profile[start:end] + tiny("baseline.jpg")[2:]
    seed("adobe_rgb_profile.jpg", in_adobe_rgb, 0x20, 0x01, 0, 0)
    scan = tiny("baseline.jpg").index(b"\xff\xda")
    seed("truncated_scan.jpg", tiny("baseline.jpg")[: scan + 60], 0x20, 0, 0, 0)
    seed("truncated_data.png", tiny("rgb.png")[:-80], 0x20, 0, 0, 0)


for target in (addresses, download, early_response, form_json, headers, jpeg, multipart, policy, prepare, redact, responses, s3_error, sandbox, sandbox_form):
    for old in (SEEDS / target.__name__).glob("*"):
        if not old.name.startswith("regression_"):
            old.unlink()
    target()
