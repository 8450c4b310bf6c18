//! Promise: the same form is read from every shape that a producer gives it, and nothing is guessed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Shape;
use crate::presigned::{PresignedPost, PresignedPostError, PresignedUpload};

const URL: &str = "https://bucket.example.com/";
const POLICY: &str = "eyJleHBpcmF0aW9uIjoiMjAyNi0xMS0yMlQxNTowMzo0N1oiLCJjb25kaXRpb25zIjpbXX0=";

/// The fields that most shapes carry.
fn fields() -> Vec<(String, String)> {
    let fields = [
        ("key", "up/photo.jpg"),
        ("acl", "private"),
        ("success_action_status", "201"),
        ("policy", POLICY),
        ("x-amz-signature", "SECRET"),
    ];
    fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

/// JSON of the fields, in order: `serde_json` would sort them.
fn object() -> String {
    let members = fields();
    let members = members
        .iter()
        .map(|(name, value)| format!("{}:{}", json!(name), json!(value)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn list(item: impl Fn(&str, &str) -> Value) -> String {
    let items: Vec<_> = fields()
        .iter()
        .map(|(name, value)| item(name, value))
        .collect();
    json!(items).to_string()
}

fn expect(text: &str, source: &str) {
    let form =
        PresignedPost::from_json(text).unwrap_or_else(|error| panic!("{source}: {error}: {text}"));
    let expected = PresignedPost::new(URL, fields()).unwrap();
    let names = |form: &PresignedPost| {
        form.fields()
            .map(|(n, v)| format!("{n}={v}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (form.url(), names(&form)),
        (URL, names(&expected)),
        "{source}"
    );
}

#[test]
fn the_names_of_every_producer_are_read() {
    let object = object();
    let pairs = list(|name, value| json!({"name": name, "value": value}));
    let url = json!(URL).to_string();
    for (source, text) in [
        (
            "boto3, aws-sdk-js",
            format!(r#"{{"url":{url},"fields":{object}}}"#),
        ),
        (
            "Shrine, Uppy",
            format!(r#"{{"method":"post","url":{url},"fields":{object},"headers":{{}}}}"#),
        ),
        (
            "minio-js",
            format!(r#"{{"postURL":{url},"formData":{object}}}"#),
        ),
        (
            "Shopify",
            format!(r#"{{"url":{url},"resourceUrl":"https://cdn.example/","parameters":{pairs}}}"#),
        ),
        (
            "Shopify GraphQL",
            format!(
                r#"{{"data":{{"stagedUploadsCreate":{{"stagedTargets":[{{"url":{url},"parameters":{pairs}}}],"userErrors":[]}}}}}}"#
            ),
        ),
        (
            "Storyblok",
            format!(
                r#"{{"pretty_url":"//a.example/","public_url":"https://b.example/","fields":{object},"post_url":{url},"id":1}}"#
            ),
        ),
        (
            "Webflow",
            format!(
                r#"{{"uploadUrl":{url},"uploadDetails":{object},"assetUrl":"https://a.example","contentType":"image/jpeg"}}"#
            ),
        ),
        (
            "CloudConvert",
            format!(
                r#"{{"data":{{"id":"1","result":{{"form":{{"url":{url},"parameters":{object}}}}}}}}}"#
            ),
        ),
        (
            "Runway",
            format!(r#"{{"id":"1","uploadUrl":{url},"fields":{object},"runwayUri":"runway://x"}}"#),
        ),
        (
            "Canvas LMS",
            format!(r#"{{"upload_url":{url},"upload_params":{object},"file_param":"file"}}"#),
        ),
        (
            "AWS PHP",
            format!(
                r#"{{"formAttributes":{{"action":{url},"method":"POST"}},"formInputs":{object}}}"#
            ),
        ),
        (
            "GitHub",
            format!(
                r#"{{"upload_url":{url},"header":{{}},"asset":{{"href":"https://a.example"}},"form":{object},"asset_upload_url":"/u/1"}}"#
            ),
        ),
        (
            "EAS",
            format!(
                r#"{{"data":{{"uploadSession":{{"createUploadSession":{{"url":{url},"fields":{object}}}}}}}}}"#
            ),
        ),
        (
            "Plupload",
            format!(r#"{{"url":{url},"multipart_params":{object}}}"#),
        ),
        (
            "JSON:API",
            format!(r#"{{"data":{{"id":"1","attributes":{{"url":{url},"fields":{object}}}}}}}"#),
        ),
        (
            "web applications",
            format!(r#"{{"presigned":{{"signed_url":{url},"data":{object}}}}}"#),
        ),
        (
            "a host",
            format!(r#"{{"host":"bucket.example.com/","params":{object}}}"#),
        ),
        (
            "a host beside the address",
            format!(r#"{{"url":{url},"host":"bucket.example.com","fields":{object}}}"#),
        ),
        (
            "an address like that of the page",
            format!(r#"{{"action":"//bucket.example.com/","inputs":{object}}}"#),
        ),
        (
            "repeated",
            format!(r#"{{"url":{url},"url":{url},"fields":{object}}}"#),
        ),
        (
            "parameters of something else",
            format!(r#"{{"url":{url},"fields":{object},"params":{{"size":"1"}}}}"#),
        ),
    ] {
        expect(&text, source);
    }
}

#[test]
fn fields_are_read_in_every_form() {
    let object = object();
    for (source, fields) in [
        ("a string", json!(object).to_string()),
        (
            "name and value",
            list(|name, value| json!({"name": name, "value": value})),
        ),
        (
            "key and value",
            list(|name, value| json!({"key": name, "value": value, "type": "hidden"})),
        ),
        (
            "Java",
            list(|name, value| json!({"Name": name, "Value": value})),
        ),
        ("entries", list(|name, value| json!([name, value]))),
        ("single members", list(|name, value| json!({name: value}))),
        (
            "a string of entries",
            json!(list(|name, value| json!([name, value]))).to_string(),
        ),
        (
            "null",
            object.replace(r#""acl""#, r#""x":null,"y":[],"z":[null],"acl""#),
        ),
        ("number", object.replace(r#""201""#, "201")),
        (
            "lists",
            object
                .replace(r#""private""#, r#"["private"]"#)
                .replace(r#""201""#, "[201]"),
        ),
    ] {
        expect(
            &format!(r#"{{"url":{},"fields":{fields}}}"#, json!(URL)),
            source,
        );
    }
    let form = PresignedPost::from_json(
        r#"{"url":"https://example.com/","fields":{"a":true,"b":1.5,"c":-1}}"#,
    );
    let values: Vec<_> = form.as_ref().unwrap().fields().collect();
    assert_eq!(values, [("a", "true"), ("b", "1.5"), ("c", "-1")]);
}

/// Pseudorandom numbers, the same every time.
fn numbers() -> impl FnMut(usize) -> usize {
    let mut state = 1_u64;
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    }
}

#[test]
fn a_form_in_any_envelope_is_the_same_form() {
    let mut number = numbers();
    for round in 0..100 {
        let mut text = format!(r#"{{"url":{},"fields":{}}}"#, json!(URL), object());
        let mut strings = 0;
        for _ in 0..number(5) {
            text = match number(6) {
                0 => format!(r#"{{"data":{text}}}"#),
                1 => format!(r#"{{"success":true,"errors":[],"result":{text},"message":""}}"#),
                2 => format!("[{text}]"),
                3 => format!(
                    r#"{{"expires":60,"a":[{{"url":"https://x.example"}}],"upload":[{text}]}}"#
                ),
                4 if strings < 2 => {
                    strings += 1;
                    format!(
                        r#"{{"statusCode":200,"headers":{{"a":"b"}},"body":{}}}"#,
                        json!(text)
                    )
                }
                5 if strings < 2 => {
                    strings += 1;
                    let body = STANDARD.encode(&text);
                    format!(r#"{{"isBase64Encoded":true,"body":{}}}"#, json!(body))
                }
                _ => format!(r#"{{"presigned_post":{text},"null":null}}"#),
            };
        }
        if strings == 0 && number(2) == 0 {
            text = json!(text).to_string();
        }
        if number(2) == 0 {
            text = format!("\r\n {}\n", text.replace(",\"", ",\n  \""));
        }
        expect(&text, &format!("round {round}"));
        let utf16 = |unit: fn(u16) -> [u8; 2]| {
            "\u{feff}"
                .encode_utf16()
                .chain(text.encode_utf16())
                .flat_map(unit)
                .collect::<Vec<_>>()
        };
        for bytes in [
            format!("\u{feff}{text}").into_bytes(),
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
        ] {
            let form = PresignedPost::from_json(bytes).unwrap();
            assert_eq!(form, PresignedPost::from_json(&text).unwrap());
        }
    }
}

#[test]
fn a_form_is_found_four_levels_deep_and_no_deeper() {
    let mut text = format!(r#"{{"url":{},"fields":{}}}"#, json!(URL), object());
    for depth in 0..=4 {
        expect(&text, &format!("{depth} levels"));
        text = format!(r#"{{"a{depth}":{text}}}"#);
    }
    let error = PresignedPost::from_json(&text).unwrap_err();
    assert!(
        matches!(error, PresignedPostError::NoForm { .. }),
        "{error:?}"
    );
}

fn flat(text: &str) -> String {
    let form = PresignedPost::from_json(text).unwrap();
    let fields: Vec<_> = form
        .fields()
        .map(|(name, value)| format!("{name}={}", value.replace(POLICY, "P")))
        .collect();
    format!("{} {}", form.url(), fields.join(" "))
}

#[test]
fn renamed_fields_beside_the_address_are_read() {
    let oss_v1 = json!({"accessid": "id", "host": "https://b.oss.example", "policy": POLICY, "signature": "s", "expire": 1, "dir": "up/"});
    assert_eq!(
        flat(&oss_v1.to_string()),
        "https://b.oss.example OSSAccessKeyId=id policy=P signature=s key=up/${filename}"
    );
    let oss_v4 = json!({
        "dir": "up/", "host": "b.oss.example", "policy": POLICY, "security_token": "t", "signature": "s",
        "x_oss_credential": "c", "x_oss_date": "d", "x_oss_signature_version": "v",
    });
    assert_eq!(
        flat(&oss_v4.to_string()),
        "https://b.oss.example policy=P x-oss-security-token=t x-oss-signature=s x-oss-credential=c x-oss-date=d \
         x-oss-signature-version=v key=up/${filename}"
    );
    let cos = json!({"code": 0, "data": {
        "cosHost": "b.cos.example", "cosKey": "k.jpg", "policy": POLICY, "qAk": "a", "qKeyTime": "1;2",
        "qSignAlgorithm": "sha1", "qSignature": "s", "securityToken": "t",
    }});
    assert_eq!(
        flat(&cos.to_string()),
        "https://b.cos.example key=k.jpg policy=P q-ak=a q-key-time=1;2 q-sign-algorithm=sha1 q-signature=s \
         x-cos-security-token=t"
    );
    let hygraph = json!({"data": {"createAsset": {"url": "", "upload": {"error": null, "requestPostData": {
        "algorithm": "AWS4-HMAC-SHA256", "credential": "c", "date": "d", "key": "k", "policy": POLICY,
        "securityToken": "t", "signature": "s", "url": URL,
    }}}}});
    assert_eq!(
        flat(&hygraph.to_string()),
        "https://bucket.example.com/ x-amz-algorithm=AWS4-HMAC-SHA256 x-amz-credential=c x-amz-date=d key=k policy=P \
         x-amz-security-token=t x-amz-signature=s"
    );
    let own_names = json!({
        "Policy": POLICY, "X-Amz-Signature": "s", "contentType": "image/png", "expiresIn": 60, "key": "k", "url": URL,
        "x-amz-meta-a": "b",
    });
    assert_eq!(
        flat(&own_names.to_string()),
        "https://bucket.example.com/ Policy=P X-Amz-Signature=s key=k x-amz-meta-a=b"
    );
    let status = STANDARD.encode(
        r#"{"expiration":"2026-11-22T15:03:47Z","conditions":[["eq","$success_action_status","200"],{"b":"1"}]}"#,
    );
    let with_conditions = json!({"a": "0", "b": "1", "host": "b.example", "key": "k", "policy": status, "signature": "s"});
    let form = PresignedPost::from_json(with_conditions.to_string()).unwrap();
    let names: Vec<_> = form.fields().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["b", "key", "policy", "signature", "success_action_status"]
    );
}

#[test]
fn the_address_of_a_bucket_at_aws_follows_from_its_name_and_region() {
    let url = |bucket: &str, region: &str| {
        let text = format!(
            r#"{{"bucket":"{bucket}","region":"{region}","keyStart":"up/","params":{}}}"#,
            object()
        );
        PresignedPost::from_json(text)
            .map(|form| form.url().to_owned())
            .unwrap_or_default()
    };
    for (bucket, region, expected) in [
        ("b", "us-east-1", "https://b.s3.us-east-1.amazonaws.com/"),
        ("b", "s3", "https://b.s3.us-east-1.amazonaws.com/"),
        ("b", "s3-eu-west-1", "https://b.s3.eu-west-1.amazonaws.com/"),
        ("a.b", "eu-west-1", "https://s3.eu-west-1.amazonaws.com/a.b"),
        (
            "b",
            "cn-north-1",
            "https://b.s3.cn-north-1.amazonaws.com.cn/",
        ),
        ("b", "evil.example/", ""),
        ("b/", "us-east-1", ""),
        ("", "us-east-1", ""),
    ] {
        assert_eq!(url(bucket, region), expected);
    }
}

#[test]
fn a_curl_line_an_html_form_and_their_envelopes_are_read() {
    let options: String = fields()
        .iter()
        .map(|(name, value)| format!(" -F {name}={value}"))
        .collect();
    let line = format!("curl {URL}{options} -F file=@<FILE>");
    let inputs = fields();
    let inputs = inputs
        .iter()
        .map(|(name, value)| format!("<input type=hidden name='{name}' value=\"{value}\">"));
    let html = format!(
        "<form action=\"{URL}\" method=\"post\">{}<input type=\"file\" name=\"file\"></form>",
        inputs.collect::<String>()
    );
    for (source, text) in [
        ("mc share upload", line.clone()),
        (
            "mc share upload, all of it",
            format!("URL: {URL}\nExpire: 7 days 0 hours\nShare: {line}\n\n"),
        ),
        (
            "mc --json",
            json!({"status": "success", "url": URL, "share": line}).to_string(),
        ),
        ("HTML", html.clone()),
        (
            "a page",
            format!("<!DOCTYPE html>\n<html><body>{html}</body></html>"),
        ),
        ("HTML in JSON", json!({"html": html}).to_string()),
    ] {
        expect(&text, source);
    }
}

#[test]
fn a_put_is_told_from_a_post() {
    let signed = "https://bucket.example.com/k?X-Amz-Signature=SECRET";
    let header = json!({"content-type": "image/jpeg"});
    let go = json!({"Method": "PUT", "SignedHeader": {"Content-Type": ["image/jpeg"], "Host": []}, "URL": signed});
    for (source, text, has_header) in [
        ("a URL", format!(" {signed}\n"), false),
        ("a string", json!(signed).to_string(), false),
        ("Uppy", json!({"method": "PUT", "url": signed, "fields": {}, "headers": header}).to_string(), true),
        ("Go", go.to_string(), true),
        ("Rails", json!({"signed_id": "1", "direct_upload": {"url": signed, "headers": header}}).to_string(), true),
        ("an API", json!({"data": {"uploadUrl": signed, "key": "k", "expiresIn": 60}}).to_string(), false),
        (
            "with a download",
            json!({"upload": {"url": signed, "method": "PUT"}, "download": {"url": format!("{signed}0")}}).to_string(),
            false,
        ),
        ("curl", format!("curl -X PUT -T a.jpg -H 'Content-Type: image/jpeg' '{signed}'"), true),
    ] {
        let upload = PresignedUpload::parse(&text).unwrap_or_else(|error| panic!("{source}: {error}"));
        let PresignedUpload::Put(put) = upload else {
            panic!("{source}");
        };
        assert_eq!(put.url(), signed, "{source}");
        assert_eq!(put.header("content-type").is_some(), has_header, "{source}");
        let error = PresignedPost::from_json(&text).unwrap_err();
        assert!(matches!(error, PresignedPostError::IsPut), "{source}: {error:?}");
    }
    let get = json!({"method": "GET", "url": signed}).to_string();
    assert!(PresignedUpload::parse(get).is_err());
}

#[test]
fn nothing_is_guessed() {
    let object = object();
    let other = object.replace("photo.jpg", "other.jpg");
    for (text, words) in [
        (
            format!(r#"{{"url":"https://a.example","uploadUrl":"https://b.example","fields":{object}}}"#),
            "two addresses that differ, url and uploadUrl",
        ),
        (
            format!(r#"{{"data":{{"url":"https://a.example","url":"https://b.example","fields":{object}}}}}"#),
            "two addresses that differ, data.url and data.url",
        ),
        (
            format!(r#"{{"url":"https://a.example","fields":{object},"params":{other}}}"#),
            "two sets of fields that differ, fields and params",
        ),
        (
            format!(r#"[{{"url":"{URL}","fields":{object}}},{{"url":"{URL}","fields":{other}}}]"#),
            "one of 2 in this response; choose one by its index, 0 to 1",
        ),
        (format!(r#"{{"multipart_params":{object},"s3_filename":"x"}}"#), "has no url, only fields (multipart_params)"),
        (object.clone(), "has no url, only fields (policy)"),
        (r#"{"result":{"uploadURL":"https://a.example"}}"#.into(), "has no fields, only an address (result.uploadURL)"),
        (r#"{"url":"https://a.example","fields":{}}"#.into(), "has no fields, only an address (url)"),
        (r#"{"url":"https://a.example","fields":"SECRET"}"#.into(), "fields (fields) that are not names"),
        (r#"{"id":"SECRET","data":{"x":1},"y":null}"#.into(), "found only id, data, y (null)"),
        (r#"{"data":{"upload":{"id":"SECRET"}}}"#.into(), "found only data.upload.id"),
        (r#"{"error":"SECRETLESS"}"#.into(), r#"the API reports "SECRETLESS""#),
        (
            r#"{"data":null,"errors":[{"message":"Access denied for p","path":["a"]}]}"#.into(),
            r#"the API reports "Access denied for p""#,
        ),
        (
            r#"{"error":{"code":401,"message":"Unauthorized: see https://a.example/x?token=SECRET now"}}"#.into(),
            r#"the API reports "Unauthorized: see https://a.example/x now""#,
        ),
        (r#"{"error":true,"message":"No such user"}"#.into(), r#"the API reports "No such user""#),
        (
            r#"{"data":{"c":{"targets":[],"userErrors":[{"field":["x"],"message":"Too big"}]}}}"#.into(),
            r#"the API reports "Too big""#,
        ),
        (r#"{"message":"Forbidden"}"#.into(), r#"the API reports "Forbidden""#),
        (
            r#"{"statusCode":500,"body":"{\"error\":\"invalid_grant\",\"error_description\":\"expired\"}"}"#.into(),
            r#"the API reports "invalid_grant: expired""#,
        ),
    ] {
        let error = PresignedPost::from_json(&text).unwrap_err();
        let shown = error.to_string();
        assert!(shown.contains(words), "{words}: {shown}");
        let shown = format!("{shown} {error:?}").replace("SECRETLESS", "");
        assert!(!shown.contains("SECRET"), "{shown}");
    }
}

#[test]
fn one_of_several_is_chosen_by_its_index() {
    let form = |key: &str| json!({"url": URL, "fields": {"key": key}});
    let text = json!({"targets": [form("a"), form("b"), form("a"), form("c")]}).to_string();
    for (index, key) in ["a", "b", "c"].into_iter().enumerate() {
        let form = PresignedPost::nth_from_json(&text, index).unwrap();
        assert_eq!(form.key(), Some(key));
    }
    for error in [
        PresignedPost::nth_from_json(&text, 3).unwrap_err(),
        PresignedPost::from_json(&text).unwrap_err(),
    ] {
        assert!(
            matches!(error, PresignedPostError::Several { count: 3 }),
            "{error:?}"
        );
    }
    assert!(PresignedPost::nth_from_json(form("a").to_string(), 0).is_ok());
}

#[test]
fn what_a_language_prints_is_recognized() {
    for (text, remedy) in [
        (
            "{'url': 'https://a.example', 'fields': {'key': 'SECRET'}}",
            "json.dumps",
        ),
        ("[{'url': 'SECRET'}]", "json.dumps"),
        (
            "{ url: 'https://a.example', fields: { key: 'SECRET' } }",
            "JSON.stringify",
        ),
        (
            "{\n  url: 'https://a.example',\n  fields: {\n    'Content-Type': 'SECRET' } }",
            "JSON.stringify",
        ),
        ("{ 'Content-Type': 'SECRET' }", "JSON.stringify"),
        (
            r#"{"url"=>"https://a.example", "fields"=>{"key"=>"SECRET"}}"#,
            "to_json",
        ),
        (r#"{:url=>"SECRET"}"#, "to_json"),
        ("Array\n(\n    [url] => SECRET\n)", "json_encode"),
        (
            "map[fields:map[key:SECRET] url:https://a.example]",
            "json.Marshal",
        ),
    ] {
        let error = PresignedPost::from_json(text).unwrap_err();
        let shown = error.to_string();
        assert!(shown.contains(remedy), "{shown}");
        assert!(
            !format!("{shown} {error:?}").contains("SECRET"),
            "{error:?}"
        );
    }
    for (text, position) in [
        ("", (1, 0)),
        ("SECRET", (1, 1)),
        ("{\n\"a\": \u{e9}}", (2, 6)),
    ] {
        let error = PresignedPost::from_json(text).unwrap_err();
        let PresignedPostError::NotJson { line, column } = error else {
            panic!("{error:?}");
        };
        assert_eq!((line, column), position, "{text}");
    }
    let error = PresignedPost::from_json(b"{\n \xff}").unwrap_err();
    assert!(
        matches!(error, PresignedPostError::NotJson { line: 2, column: 2 }),
        "{error:?}"
    );
}

#[test]
fn shapes_without_a_form_never_panic() {
    let text = format!(
        r#"{{"a":[{{"url":"{URL}","fields":{}}}],"body":"{{\"b\":1}}"}}"#,
        object()
    );
    let html = "<form action='https://a.example/'><input name=a value='&#x41;&amp;&#99999999;'/><!--x--></form>";
    let curl = "Share: curl -sSF 'a=b' --form c=@d \"https://a.example\" \\\n -H 'e: f'";
    for text in [text.as_str(), html, curl] {
        for (end, _) in text.char_indices() {
            let _ = super::read(&text.as_bytes()[..end]).map(|shapes| shapes.len());
            let mut changed = text.as_bytes().to_vec();
            changed[end] = b'<';
            let _ = super::read(&changed).map(|shapes: Vec<Shape>| shapes.len());
        }
    }
    for start in ["[", "{\"a\":", "{\"url\":"] {
        assert!(super::read(start.repeat(100_000).as_bytes()).is_err());
    }
}
