//! Promise: a form is read from any answer it comes in, in order, and one that cannot be posted is told why.

use imgpost::{Extension, PresignedPost, PresignedPostError};

use crate::support::fixture;

fn read(name: &str) -> String {
    std::fs::read_to_string(fixture(&format!("api/{name}"))).unwrap()
}

fn names(form: &PresignedPost) -> Vec<&str> {
    form.fields().map(|(name, _)| name).collect()
}

const AWS_SDK_JS_V3: [&str; 9] = [
    "Content-Type",
    "bucket",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "key",
    "Policy",
    "X-Amz-Signature",
];

#[test]
fn every_answer_with_one_form() {
    for (name, id, extension) in [
        ("init-image.json", Some('1'), Some(Extension::Jpg)),
        ("dataset-image.json", Some('2'), Some(Extension::Png)),
        ("model-asset.json", Some('5'), None),
        ("media.json", Some('6'), None),
        ("aws-sdk-js.json", None, Some(Extension::Webp)),
        ("boto3.json", None, Some(Extension::Jpg)),
    ] {
        let form = PresignedPost::from_json(read(name)).unwrap();
        assert_eq!(form.id().and_then(|id| id.chars().last()), id, "{name}");
        assert_eq!(form.extension(), extension, "{name}");
        assert!(
            form.url().starts_with("https://example-bucket.s3"),
            "{name}"
        );
        assert!(form.key().is_some_and(|key| key.contains('/')), "{name}");
        if !matches!(name, "aws-sdk-js.json" | "boto3.json") {
            assert_eq!(names(&form), AWS_SDK_JS_V3, "{name}");
        }
    }
    let boto3 = PresignedPost::from_json(read("boto3.json")).unwrap();
    let expected =
        "Content-Type key x-amz-algorithm x-amz-credential x-amz-date policy x-amz-signature";
    assert_eq!(names(&boto3).join(" "), expected);
    let sdk = PresignedPost::from_json(read("aws-sdk-js.json")).unwrap();
    assert_eq!(sdk.fields().last(), Some(("success_action_status", "201")));
}

#[test]
fn both_halves_of_a_canvas_in_both_spellings() {
    for name in ["canvas.json", "canvas-recipe.json"] {
        let (init, mask) = PresignedPost::canvas_from_json(read(name)).unwrap();
        assert!(init.id().unwrap().ends_with('3') && mask.id().unwrap().ends_with('4'));
        assert_eq!(names(&init), AWS_SDK_JS_V3);
        assert_eq!(mask.extension(), Some(Extension::Png));
        let error = PresignedPost::from_json(read(name)).unwrap_err();
        assert!(matches!(error, PresignedPostError::TwoForms), "{error:?}");
    }
    let error = PresignedPost::canvas_from_json(read("init-image.json")).unwrap_err();
    assert!(
        matches!(error, PresignedPostError::NoForm { .. }),
        "{error:?}"
    );
}

#[test]
fn what_cannot_be_posted_is_told_without_a_secret() {
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
            "is null: the API refused uploadInitImage",
        ),
        (r#"{"uploadInitImage":{"id":"1"}}"#.into(), "has no url"),
        (r#"{"url":"https://example.com/"}"#.into(), "has no fields"),
        (r#"{"fields":{"key":"SECRET"}}"#.into(), "has no url"),
        (
            r#"{"url":"https://example.com/","fields":{}}"#.into(),
            "has no fields",
        ),
        (
            r#"{"url":"https://example.com/","fields":"SECRET"}"#.into(),
            "not an object of texts",
        ),
        (
            r#"{"url":"https://example.com/","fields":["SECRET"]}"#.into(),
            "not an object of texts",
        ),
        (
            r#"{"url":"https://example.com/","fields":{"key":["SECRET"]}}"#.into(),
            "not an object of texts",
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
            "S3 accepts 20480",
        ),
        (
            with_url("http://example.com/?X-Amz-Signature=SECRET"),
            "points to example.com, which is not https",
        ),
        (with_url("example.com"), "not an absolute URL"),
        (with_url(""), "not an absolute URL"),
    ] {
        let error = PresignedPost::from_json(&json).unwrap_err();
        let told = error.to_string();
        assert!(told.contains(words), "{words}: {told}");
        assert!(!format!("{told} {error:?}").contains("SECRET"), "{error:?}");
    }
    assert!(PresignedPost::from_json(with_url("http://127.0.0.1:9000/bucket")).is_ok());
}

#[test]
fn json_of_more_than_a_mebibyte_is_refused() {
    let mut json = read("init-image.json");
    json.extend(std::iter::repeat_n(
        ' ',
        PresignedPost::MAX_JSON_BYTES - json.len(),
    ));
    assert!(PresignedPost::from_json(&json).is_ok());
    json.push(' ');
    let errors = [
        PresignedPost::from_json(&json).unwrap_err(),
        PresignedPost::canvas_from_json(&json).unwrap_err(),
    ];
    for error in errors {
        assert!(
            matches!(
                error,
                PresignedPostError::JsonTooLong {
                    max_bytes: 1_048_576
                }
            ),
            "{error:?}"
        );
    }
}

#[test]
fn debug_shows_names_and_no_values() {
    let form = PresignedPost::from_json(read("init-image.json")).unwrap();
    let shown = format!("{form:?}");
    assert!(shown.contains("X-Amz-Signature"));
    for (name, value) in form.fields() {
        let public = matches!(name, "key" | "bucket");
        assert!(public || !shown.contains(value), "{name} in {shown}");
    }
}
