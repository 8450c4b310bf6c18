//! Promise: a form is read from JSON in full and in order, however it is wrapped; the error for anything else is a line
//! that repeats no value, and `Debug` shows none.

#![no_main]

use imgpost::leonardo::UploadResponse;
use imgpost::{PresignedPost, PresignedPostError, PresignedUpload};
use imgpost_fuzz::{assert_printable, is_public};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// The members of the API's responses that hold one form.
const WRAPPERS: [&str; 4] = [
    "uploadInitImage",
    "uploadDatasetImage",
    "uploadModelAsset",
    "uploadMedia",
];

fuzz_target!(|data: &[u8]| {
    match PresignedUpload::parse(data) {
        Ok(PresignedUpload::Post(form)) => check(&form),
        Ok(PresignedUpload::Put(put)) => assert!(!format!("{put:?}").contains(char::is_control)),
        Ok(_) => {}
        // It repeats the message of the API.
        Err(error @ PresignedPostError::Api { .. }) => assert_printable(&error),
        Err(error) => check_error(&error, data),
    }
    match UploadResponse::from_json(data) {
        Ok(Some(UploadResponse::Form(upload))) => check(&upload.form),
        Ok(Some(UploadResponse::Canvas(canvas))) => {
            check(&canvas.init.form);
            check(&canvas.mask.form);
        }
        Ok(_) => {}
        Err(error) => check_error(&error, data),
    }
});

fn check_error(error: &(dyn std::error::Error + 'static), data: &[u8]) {
    assert_printable(error);
    // The seeds have this word where the secrets are. Messages contain names and hosts, which must not have it.
    if let Ok(value) = serde_json::from_slice(data)
        && !is_named(&value, "SECRET")
    {
        let message = format!("{error} {error:?}");
        assert!(!message.contains("SECRET"), "{message}");
    }
}

/// Whether `word` is in a name, in a text that may hold names, or in an address in front of its query.
fn is_named(value: &Value, word: &str) -> bool {
    match value {
        Value::Object(object) => object.iter().any(|(name, value)| {
            let before_query = || value.as_str().and_then(|url| url.split('?').next());
            name.contains(word)
                || is_named(value, word)
                || before_query().is_some_and(|url| url.contains("://") && url.contains(word))
        }),
        Value::Array(items) => items.iter().any(|value| is_named(value, word)),
        Value::String(text) => serde_json::from_str(text)
            .is_ok_and(|inner: Value| inner.is_object() && is_named(&inner, word)),
        _ => false,
    }
}

fn check(form: &PresignedPost) {
    let url = form.url();
    let fields: Vec<_> = form.fields().collect();
    assert!(!fields.is_empty());
    for (name, _) in &fields {
        assert!(!name.eq_ignore_ascii_case("file"), "{name:?}");
        assert!(!name.contains(['\r', '\n', '\0']), "{name:?}");
    }
    let before_file: usize = fields
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    assert!(before_file < 20 * 1024);

    // Written out again, it is the same form in every wrapping, whether its fields are an object or a string.
    let entries: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{}:{}", json!(name), json!(value)))
        .collect();
    let object = format!("{{{}}}", entries.join(","));
    for fields_json in [object.clone(), json!(object).to_string()] {
        let bare = format!(r#"{{"fields":{fields_json},"url":{}}}"#, json!(url));
        let wrapped = WRAPPERS.map(|name| format!(r#"{{"{name}":{bare}}}"#));
        for text in [&bare].into_iter().chain(&wrapped) {
            let again = PresignedPost::from_json(text).unwrap_or_else(|e| panic!("{e}: {text}"));
            assert_eq!(again.url(), url);
            assert!(again.fields().eq(fields.iter().copied()), "{text}");
        }
    }

    // `Debug` is the same with other secrets.
    let shown = |secret: Option<&str>| {
        let fields = fields.iter().map(|(name, value)| {
            let value = match (secret, is_public(name)) {
                (Some(other), false) => other,
                _ => value,
            };
            (name.to_string(), value.to_owned())
        });
        format!("{:?}", PresignedPost::new(url, fields).unwrap())
    };
    assert_eq!(shown(None), shown(Some("")));
    assert!(!format!("{form:?}").contains(char::is_control));
}
