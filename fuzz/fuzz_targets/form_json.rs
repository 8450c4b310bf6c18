//! Promise: a form is read from JSON in full and in order, however it is wrapped, or refused in a line that repeats
//! nothing of it; and shown, it shows no value.

#![no_main]

use imgpost::{PresignedPost, PresignedPostError, PresignedUpload};
use imgpost::leonardo::UploadResponse;
use imgpost_fuzz::{assert_tellable, is_public};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// The answers of the API that hold one form.
const ANSWERS: [&str; 4] = [
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
        // It says what the API says.
        Err(error @ PresignedPostError::Api { .. }) => assert_tellable(&error),
        Err(error) => refuse(&error, data),
    }
    match UploadResponse::from_json(data) {
        Ok(Some(UploadResponse::Form(upload))) => check(&upload.form),
        Ok(Some(UploadResponse::Canvas(canvas))) => {
            check(&canvas.init.form);
            check(&canvas.mask.form);
        }
        Ok(_) => {}
        Err(error) => refuse(&error, data),
    }
});

fn refuse(error: &(dyn std::error::Error + 'static), data: &[u8]) {
    assert_tellable(error);
    // The seeds have this word where the secrets are. Names and hosts are told, so it may stand in none of those.
    if let Ok(value) = serde_json::from_slice(data)
        && !is_named(&value, "SECRET")
    {
        let told = format!("{error} {error:?}");
        assert!(!told.contains("SECRET"), "{told}");
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

    // Written out again it is the same form in every wrapping, whether its fields are an object or a text.
    let entries: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{}:{}", json!(name), json!(value)))
        .collect();
    let object = format!("{{{}}}", entries.join(","));
    for fields_json in [object.clone(), json!(object).to_string()] {
        let bare = format!(r#"{{"fields":{fields_json},"url":{}}}"#, json!(url));
        let wrapped = ANSWERS.map(|answer| format!(r#"{{"{answer}":{bare}}}"#));
        for text in [&bare].into_iter().chain(&wrapped) {
            let again = PresignedPost::from_json(text).unwrap_or_else(|e| panic!("{e}: {text}"));
            assert_eq!(again.url(), url);
            assert!(again.fields().eq(fields.iter().copied()), "{text}");
        }
    }

    // Shown, it is the same with other secrets.
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
