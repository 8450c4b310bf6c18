//! Promise: the fields of a form are read in order from the response of any service, and an invalid form is rejected
//! with the reason.

use imgpost::{Extension, PresignedPost, PresignedPostError};

use crate::support::fixture;

fn read(name: &str) -> String {
    std::fs::read_to_string(fixture(&format!("api/{name}"))).unwrap()
}

fn names(form: &PresignedPost) -> Vec<&str> {
    form.fields().map(|(name, _)| name).collect()
}

#[test]
fn forms_of_the_sdks_are_read_in_order() {
    for (name, extension) in [
        ("aws-sdk-js.json", Some(Extension::Webp)),
        ("boto3.json", Some(Extension::Jpg)),
    ] {
        let form = PresignedPost::from_json(read(name)).unwrap();
        assert_eq!(form.extension(), extension, "{name}");
        assert!(
            form.url().starts_with("https://example-bucket.s3"),
            "{name}"
        );
        assert!(form.key().is_some_and(|key| key.contains('/')), "{name}");
    }
    let boto3 = PresignedPost::from_json(read("boto3.json")).unwrap();
    let expected =
        "Content-Type key x-amz-algorithm x-amz-credential x-amz-date policy x-amz-signature";
    assert_eq!(names(&boto3).join(" "), expected);
    let sdk = PresignedPost::from_json(read("aws-sdk-js.json")).unwrap();
    assert_eq!(sdk.fields().last(), Some(("success_action_status", "201")));
}

#[test]
fn invalid_form_is_rejected_without_showing_a_secret() {
    let with_url = |url: &str| format!(r#"{{"url":"{url}","fields":{{"key":"SECRET"}}}}"#);
    let many = "x".repeat(20 * 1024);
    for (json, words) in [
        ("".to_owned(), "is not JSON (line 1, column 0)"),
        ("SECRET".into(), "is not JSON"),
        (r#"{"url": "SECRET"#.into(), "is not JSON"),
        ("{}".into(), "is missing"),
        ("[]".into(), "is missing"),
        ("null".into(), "is missing"),
        (r#""SECRET""#.into(), "is missing"),
        (
            r#"{"uploadInitImage":null}"#.into(),
            "found only uploadInitImage (null)",
        ),
        (
            r#"{"uploadInitImage":{"id":"SECRET"}}"#.into(),
            "found only uploadInitImage.id",
        ),
        (r#"{"url":"https://example.com/"}"#.into(), "has no fields"),
        (r#"{"fields":{"key":"SECRET"}}"#.into(), "has no url"),
        (
            r#"{"url":"https://example.com/","fields":{}}"#.into(),
            "has no fields",
        ),
        (
            r#"{"url":"https://example.com/","fields":"SECRET"}"#.into(),
            "not names with one value each",
        ),
        (
            r#"{"url":"https://example.com/","fields":["SECRET"]}"#.into(),
            "not names with one value each",
        ),
        (
            r#"{"url":"https://example.com/","fields":{"key":["SECRET","SECRET"]}}"#.into(),
            "not names with one value each",
        ),
        (
            r#"{"url":"https://example.com/","fields":{"File":"SECRET"}}"#.into(),
            "field named file",
        ),
        (
            r#"{"url":"https://example.com/","fields":{"a\nb":"SECRET"}}"#.into(),
            "cannot be sent",
        ),
        (
            format!(r#"{{"url":"https://example.com/","fields":{{"key":"{many}"}}}}"#),
            "S3 accepts only 20480",
        ),
        (
            with_url("ftp://example.com/?X-Amz-Signature=SECRET"),
            "points to example.com, which is not https",
        ),
        (with_url("example.com"), "not an absolute URL"),
        (with_url(""), "has no url"),
    ] {
        let error = PresignedPost::from_json(&json).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(words), "{words}: {message}");
        assert!(
            !format!("{message} {error:?}").contains("SECRET"),
            "{error:?}"
        );
    }
    assert!(PresignedPost::from_json(with_url("http://127.0.0.1:9000/bucket")).is_ok());
}

#[test]
fn json_of_more_than_a_mebibyte_is_rejected() {
    let mut json = read("boto3.json");
    json.extend(std::iter::repeat_n(
        ' ',
        PresignedPost::MAX_JSON_BYTES - json.len(),
    ));
    assert!(PresignedPost::from_json(&json).is_ok());
    json.push(' ');
    let error = PresignedPost::from_json(&json).unwrap_err();
    let max_bytes = PresignedPost::MAX_JSON_BYTES;
    assert!(
        matches!(error, PresignedPostError::JsonTooLong { max_bytes: found } if found == max_bytes),
        "{error:?}"
    );
}

#[test]
fn debug_output_shows_names_but_no_values() {
    let form = PresignedPost::from_json(read("init-image.json")).unwrap();
    let shown = format!("{form:?}");
    assert!(shown.contains("X-Amz-Signature"));
    for (name, value) in form.fields() {
        let public = matches!(name, "key" | "bucket");
        assert!(public || !shown.contains(value), "{name} in {shown}");
    }
}
