//! Promise: a recorded response of the API yields the id and the form, with all fields in order.

use imgpost::leonardo::{CanvasForms, Error, UploadForm, UploadResponse};
use imgpost::{Extension, PresignedPost};

use crate::support::{AWS_SDK_FIELDS, fixture};

fn read(name: &str) -> String {
    std::fs::read_to_string(fixture(&format!("api/{name}"))).unwrap()
}

fn one_form(name: &str) -> UploadForm {
    match UploadResponse::from_json(read(name)) {
        Ok(Some(UploadResponse::Form(upload))) => upload,
        other => panic!("{name}: {other:?}"),
    }
}

fn two_forms(name: &str) -> CanvasForms {
    match UploadResponse::from_json(read(name)) {
        Ok(Some(UploadResponse::Canvas(canvas))) => *canvas,
        other => panic!("{name}: {other:?}"),
    }
}

fn names(form: &PresignedPost) -> Vec<&str> {
    form.fields().map(|(name, _)| name).collect()
}

#[test]
fn responses_with_one_form_are_read() {
    for (name, id, extension) in [
        ("init-image.json", '1', Some(Extension::Jpg)),
        ("dataset-image.json", '2', Some(Extension::Png)),
        ("model-asset.json", '5', None),
        ("media.json", '6', None),
    ] {
        let UploadForm {
            id: found, form, ..
        } = one_form(name);
        assert!(found.ends_with(id), "{name}: {found}");
        assert_eq!(form.extension(), extension, "{name}");
        let is_s3 = form.url().starts_with("https://example-bucket.s3");
        assert!(is_s3, "{name}: {}", form.url());
        assert!(form.key().is_some_and(|key| key.contains('/')), "{name}");
        assert_eq!(names(&form), AWS_SDK_FIELDS, "{name}");
    }
}

#[test]
fn canvas_responses_are_read_in_both_spellings() {
    for name in ["canvas.json", "canvas-recipe.json"] {
        let canvas = two_forms(name);
        let ids = (&canvas.init.id, &canvas.mask.id);
        assert!(
            ids.0.ends_with('3') && ids.1.ends_with('4'),
            "{name}: {ids:?}"
        );
        assert_eq!(names(&canvas.init.form), AWS_SDK_FIELDS, "{name}");
        assert_eq!(canvas.mask.form.extension(), Some(Extension::Png), "{name}");
    }
}

#[test]
fn forms_of_other_tools_are_not_responses_of_the_api() {
    for name in ["boto3.json", "aws-sdk-js.json"] {
        assert_eq!(
            UploadResponse::from_json(read(name)).unwrap(),
            None,
            "{name}"
        );
        assert!(PresignedPost::from_json(read(name)).is_ok(), "{name}");
    }
}

#[test]
fn response_of_more_than_a_mebibyte_is_rejected() {
    let mut json = read("init-image.json");
    let padding = PresignedPost::MAX_JSON_BYTES - json.len();
    json.extend(std::iter::repeat_n(' ', padding));
    assert!(UploadResponse::from_json(&json).unwrap().is_some());
    json.push(' ');
    let error = UploadResponse::from_json(&json).unwrap_err();
    assert!(matches!(error, Error::Api(_)), "{error:?}");
    assert!(error.to_string().contains("1048576 bytes"), "{error}");
}
