//! Promise: a text without exactly one form is refused with a reason that repeats no value.

use serde_json::json;

use super::{URL, object};
use crate::presigned::shapes::{self, Shape};
use crate::presigned::{PresignedPost, PresignedPostError};

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
        (r#"{"detail":"Not found."}"#.into(), r#"the API reports "Not found.""#),
        (r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#.into(), r#"the API reports "field required""#),
        (
            r#"{"type":"about:blank","title":"Forbidden","status":403,"detail":"No credit"}"#.into(),
            r#"the API reports "No credit""#,
        ),
        (r#"{"title":"Forbidden","status":403}"#.into(), r#"the API reports "Forbidden""#),
        (r#"{"title":"A photo","id":"SECRET"}"#.into(), "found only title, id"),
        (
            "<html><head><TITLE>502 Bad\nGateway</TITLE></head>SECRET</html>".into(),
            "found only an HTML page (502 Bad Gateway)",
        ),
        ("<html><title></title>SECRET</html>".into(), "found only an HTML or XML document"),
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
            let _ = shapes::read(&text.as_bytes()[..end]).map(|shapes| shapes.len());
            let mut changed = text.as_bytes().to_vec();
            changed[end] = b'<';
            let _ = shapes::read(&changed).map(|shapes: Vec<Shape>| shapes.len());
        }
    }
    for start in ["[", "{\"a\":", "{\"url\":"] {
        assert!(shapes::read(start.repeat(100_000).as_bytes()).is_err());
    }
}
