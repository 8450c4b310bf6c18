//! Promise: the same form is read from every shape that a producer gives it.

mod envelopes;
mod refusals;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

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
fn a_put_is_distinguished_from_a_post() {
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
