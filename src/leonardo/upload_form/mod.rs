//! The presigned forms in the API's responses.

mod raw;

use std::time::SystemTime;

use serde_json::Value;

use super::error::Error;
use crate::presigned::PresignedPost;
use raw::{RawCanvas, RawForm, check_length, form_in};

/// A presigned form and the id of the file that it uploads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadForm {
    /// The id of the file: pass it to later calls, once the file is uploaded.
    pub id: String,
    /// The form. It expires after two minutes.
    pub form: PresignedPost,
}

/// The forms for an image and its mask.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CanvasForms {
    /// The form for the image.
    pub init: UploadForm,
    /// The form for the mask.
    pub mask: UploadForm,
}

/// A response of the API that contains presigned forms, for programs that did not make the call themselves.
///
/// ```
/// use imgpost::leonardo::UploadResponse;
///
/// let json = r#"{"uploadInitImage": {"id": "1", "url": "https://bucket.s3.amazonaws.com/",
///                "fields": "{\"key\": \"photo.jpg\"}", "key": "photo.jpg"}}"#;
/// let Some(UploadResponse::Form(upload)) = UploadResponse::from_json(json)? else {
///     panic!("this is the response to POST /v1/init-image")
/// };
/// assert_eq!((upload.id.as_str(), upload.form.key()), ("1", Some("photo.jpg")));
/// # Ok::<(), imgpost::leonardo::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UploadResponse {
    /// One form: the response to the calls for an init image, an image of a dataset, a 3D model or a media file.
    Form(UploadForm),
    /// Two forms: the response to the call for a canvas.
    Canvas(Box<CanvasForms>),
}

/// The member of each response that contains one form.
pub(super) const INIT_IMAGE: &str = "uploadInitImage";
pub(super) const DATASET_IMAGE: &str = "uploadDatasetImage";
pub(super) const MODEL_ASSET: &str = "uploadModelAsset";
pub(super) const MEDIA: &str = "uploadMedia";

/// The member of the response that contains two forms.
const CANVAS: &str = "uploadCanvasInitImage";

impl UploadResponse {
    /// Reads a response. Returns `None` if `json` is none of the API's responses with a form; it may be a form of another
    /// service, which [`PresignedPost::from_json`] reads.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] if the response lacks its form, or is longer than [`PresignedPost::MAX_JSON_BYTES`], and
    /// [`Error::Core`] if the form cannot be posted.
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Option<Self>, Error> {
        let json = json.as_ref();
        check_length(json)?;
        let Ok(Value::Object(response)) = serde_json::from_slice(json) else {
            return Ok(None);
        };
        if response.contains_key(CANVAS) {
            return Ok(Some(Self::Canvas(Box::new(CanvasForms::parse(json)?))));
        }
        let wrappers = [INIT_IMAGE, DATASET_IMAGE, MODEL_ASSET, MEDIA];
        match wrappers
            .into_iter()
            .find(|name| response.contains_key(*name))
        {
            Some(name) => Ok(Some(Self::Form(UploadForm::parse(json, name)?))),
            None => Ok(None),
        }
    }
}

impl UploadForm {
    /// Reads the form in the member `name` of a response.
    pub(super) fn parse(body: &[u8], name: &str) -> Result<Self, Error> {
        form_in::<RawForm>(body, name)?.check(name)
    }

    pub(super) fn correct_clock_skew(&mut self, server: SystemTime, local: SystemTime) {
        self.form.set_server_time(server, local);
    }
}

impl CanvasForms {
    /// Reads both forms.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Error> {
        let canvas: RawCanvas = form_in(body, CANVAS)?;
        let init = RawForm {
            id: canvas.init_image_id,
            url: canvas.init_url,
            fields: canvas.init_fields,
        };
        let mask = RawForm {
            id: canvas.mask_image_id,
            url: canvas.mask_url,
            fields: canvas.mask_fields,
        };
        Ok(Self {
            init: init.check(CANVAS)?,
            mask: mask.check(CANVAS)?,
        })
    }
}

/// The calls whose response has one form.
macro_rules! responds_with_a_form {
    ($wrapper:expr) => {
        type Response = $crate::leonardo::UploadForm;

        fn parse(
            &self,
            body: &[u8],
        ) -> Result<$crate::leonardo::UploadForm, $crate::leonardo::Error> {
            $crate::leonardo::UploadForm::parse(body, $wrapper)
        }

        fn correct_clock_skew(
            &self,
            upload: &mut $crate::leonardo::UploadForm,
            server: std::time::SystemTime,
            local: std::time::SystemTime,
        ) {
            upload.correct_clock_skew(server, local);
        }
    };
}

pub(super) use responds_with_a_form;

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &str =
        r#"{"key": "a.jpg", "bucket": "b", "acl": "private", "success_action_status": 201}"#;

    fn names(form: &PresignedPost) -> Vec<&str> {
        form.fields().map(|(name, _)| name).collect()
    }

    fn one(json: &str) -> UploadForm {
        match UploadResponse::from_json(json) {
            Ok(Some(UploadResponse::Form(upload))) => upload,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_wrapper_is_read_and_fields_keep_their_order() {
        let string = Value::from(FIELDS).to_string();
        for (wrapper, id, url, fields) in [
            (INIT_IMAGE, "id", "url", "fields"),
            (DATASET_IMAGE, "id", "url", "fields"),
            (MODEL_ASSET, "modelId", "modelUrl", "modelFields"),
            (MEDIA, "uploadId", "url", "fields"),
        ] {
            for written in [FIELDS, &string] {
                let json = format!(
                    r#"{{"{wrapper}": {{"{id}": "1", "{url}": "https://b.example.com/", "{fields}": {written}}}}}"#
                );
                let upload = one(&json);
                assert_eq!(upload.id, "1", "{json}");
                let expected = ["key", "bucket", "acl", "success_action_status"];
                assert_eq!(names(&upload.form), expected, "{json}");
                assert_eq!(
                    upload.form.fields().last(),
                    Some(("success_action_status", "201"))
                );
            }
        }
    }

    #[test]
    fn both_spellings_of_a_canvas_are_read() {
        for mask in ["mask", "masks"] {
            let json = format!(
                r#"{{"uploadCanvasInitImage": {{
                    "initImageId": "1", "initUrl": "https://b.example.com/", "initFields": {FIELDS},
                    "{mask}ImageId": "2", "{mask}Url": "https://b.example.com/", "{mask}Fields": {FIELDS}}}}}"#
            );
            let Ok(Some(UploadResponse::Canvas(canvas))) = UploadResponse::from_json(&json) else {
                panic!("{json}")
            };
            assert_eq!(
                (canvas.init.id.as_str(), canvas.mask.id.as_str()),
                ("1", "2")
            );
        }
    }

    #[test]
    fn unusable_responses_are_errors_that_repeat_no_value() {
        let long = format!(r#"{{"uploadInitImage": "{}"}}"#, "SECRET".repeat(200_000));
        for (json, expected) in [
            (r#"{"uploadInitImage": null}"#, "uploadInitImage is null"),
            (
                r#"{"uploadCanvasInitImage": null}"#,
                "uploadCanvasInitImage is null",
            ),
            (
                r#"{"uploadMedia": {"url": "https://b.example.com/"}}"#,
                "no fields in uploadMedia",
            ),
            (
                r#"{"uploadInitImage": {"fields": {"key": "SECRET"}}}"#,
                "no url in uploadInitImage",
            ),
            (
                r#"{"uploadInitImage": {"url": "https://b.example.com/", "fields": {"key": "SECRET"}}}"#,
                "no id in uploadInitImage",
            ),
            (
                r#"{"uploadInitImage": "SECRET"}"#,
                "uploadInitImage contains no form",
            ),
            (
                r#"{"uploadInitImage": {"fields": "SECRET"}}"#,
                "uploadInitImage contains no form",
            ),
            (
                r#"{"uploadInitImage": {"fields": {"key": ["SECRET"]}}}"#,
                "uploadInitImage contains no form",
            ),
            (
                r#"{"uploadInitImage": {"id": "1", "url": "https://SECRET@b.example.com/", "fields": {"key": "SECRET"}}}"#,
                "user name or password",
            ),
            (&long, "more than 1048576 bytes"),
        ] {
            let error = UploadResponse::from_json(json).unwrap_err();
            let message = format!("{error:#}");
            assert!(message.contains(expected), "{expected}: {message}");
            assert!(
                !format!("{message} {error:?}").contains("SECRET"),
                "{message}"
            );
        }
    }

    #[test]
    fn forms_of_other_services_are_left_to_others() {
        for json in [
            r#"{"url": "https://b.example.com/", "fields": {"key": "a"}}"#,
            "[]",
            "<html>",
            "",
        ] {
            assert_eq!(UploadResponse::from_json(json).unwrap(), None, "{json}");
        }
    }
}
