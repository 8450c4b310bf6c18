//! Presigned POST forms, read from whatever handed them out.

mod error;
pub(crate) mod fields;
pub(crate) mod policy;
mod shapes;
mod validate;

use std::fmt;
use std::time::SystemTime;

use crate::extension::Extension;
use crate::multipart::{Body, Content, Form};
use crate::redact::Redactor;
use crate::time::Timestamp;
use crate::url;

pub use error::PresignedPostError;
pub use validate::PolicyError;

/// What S3 allows before the file's content
/// ([POST object](https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html)).
const MAX_BYTES_BEFORE_FILE: usize = 20 * 1024;

/// A form that allows one file to be posted to S3 or a service like it, until it expires.
///
/// Every field is sent, in the order it was given. Values that are not known to be public, such as the key's or the
/// metadata's, are secrets: they appear in no `Debug` output and in no error.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedPost {
    id: Option<String>,
    url: String,
    key: Option<String>,
    fields: Vec<(String, String)>,
    /// By how many milliseconds the clock of whoever signed it is ahead of this machine's, as far as that is known.
    clock_offset: i64,
}

impl PresignedPost {
    /// The longest JSON that [`from_json`](Self::from_json) and [`canvas_from_json`](Self::canvas_from_json) read, in
    /// bytes: 1 MiB. A form has some two thousand, and S3 accepts 20 KB of fields.
    pub const MAX_JSON_BYTES: usize = 1 << 20;

    /// A form made of its address and its fields.
    ///
    /// # Errors
    ///
    /// [`PresignedPostError`] when the address is neither https nor on the loopback interface, or when the fields
    /// cannot be sent as they are: none at all, one named `file`, a name with a line break, more than 20 KB.
    pub fn new(
        url: impl Into<String>,
        fields: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, PresignedPostError> {
        let url = url.into();
        let fields: Vec<_> = fields.into_iter().collect();
        url::parse(&url).map_err(|error| PresignedPostError::Url {
            host: url::host(&url),
            error,
        })?;
        if fields.is_empty() {
            return Err(PresignedPostError::Missing("fields"));
        }
        if fields
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("file"))
        {
            return Err(PresignedPostError::FieldNamedFile);
        }
        let form = Self {
            id: None,
            key: None,
            url,
            fields,
            clock_offset: 0,
        };
        form.body("", "", b"".as_slice())?;
        Ok(form)
    }

    /// Reads a form from JSON: one of the Leonardo.Ai API's answers (`uploadInitImage`, `uploadDatasetImage`,
    /// `uploadModelAsset`, `uploadMedia`), or a bare `{"url": …, "fields": …}` as boto3 and aws-sdk-js give it.
    /// The fields may be an object or, as in the API's answers, a string that holds one.
    ///
    /// ```
    /// let answer = r#"{"url": "https://bucket.s3.amazonaws.com/", "fields": {"key": "photo.jpg", "policy": "…"}}"#;
    /// let form = imgpost::PresignedPost::from_json(answer)?;
    /// assert_eq!(form.key(), Some("photo.jpg"));
    /// # Ok::<(), imgpost::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PresignedPostError`] when `json` is not JSON, holds no form or is longer than
    /// [`MAX_JSON_BYTES`](Self::MAX_JSON_BYTES), and as [`new`](Self::new). An answer with
    /// two forms is for [`canvas_from_json`](Self::canvas_from_json).
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, PresignedPostError> {
        shapes::read_one(json.as_ref())
    }

    /// Reads both forms of a `uploadCanvasInitImage` answer: the init image's, then the mask's.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json).
    pub fn canvas_from_json(json: impl AsRef<[u8]>) -> Result<(Self, Self), PresignedPostError> {
        shapes::read_canvas(json.as_ref())
    }

    /// The id the API gave the image, where it gave one: what a generation is asked for with.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Where the form is posted to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The host the form is posted to, and the port where it names one.
    pub fn host(&self) -> String {
        url::host(&self.url)
    }

    /// The key the file is stored under. May hold `${filename}`, which S3 replaces.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref().or_else(|| self.field("key"))
    }

    /// The names and values of the fields, in order. Most of the values are secrets.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The extension the form was made for, as far as its key or its `Content-Type` field tells.
    pub fn extension(&self) -> Option<Extension> {
        let suffix = self.key().and_then(|key| key.rsplit_once('.'));
        let of_type = |mime: &str| {
            Extension::ALL
                .iter()
                .copied()
                .find(|e| e.content_type() == mime)
        };
        suffix
            .and_then(|(_, suffix)| suffix.parse().ok())
            .or_else(|| self.field("Content-Type").and_then(of_type))
    }

    /// Where the storage sends a browser after a success, where the form asks for it. `redirect` is the name that it had
    /// first.
    pub(crate) fn success_redirect(&self) -> Option<&str> {
        self.field("success_action_redirect")
            .or_else(|| self.field("redirect"))
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        fields::value(self.fields(), name)
    }

    /// Learns the difference between the clocks: whoever signed the form said it was `server` when it was `local`
    /// here.
    pub(crate) fn set_server_time(&mut self, server: SystemTime, local: SystemTime) {
        self.clock_offset = Timestamp::from(server).millis_since(local.into());
    }

    /// The body that posts `content` with this form.
    pub(crate) fn body<'a>(
        &self,
        file_name: &str,
        content_type: &str,
        content: impl Into<Content<'a>>,
    ) -> Result<Body<'a>, PresignedPostError> {
        let form = self
            .fields()
            .fold(Form::new(), |form, (name, value)| form.field(name, value));
        let body = form.with_content("file", file_name, content_type, content)?;
        match body.head_length() {
            ..=MAX_BYTES_BEFORE_FILE => Ok(body),
            bytes => Err(PresignedPostError::TooLarge {
                bytes,
                max_bytes: MAX_BYTES_BEFORE_FILE,
            }),
        }
    }

    /// Finds the secrets of this form: storage repeats them in some of its errors, as the form has them or as its policy
    /// asks for them.
    pub(crate) fn redactor(&self) -> Redactor {
        let policy = self.policy();
        let conditions = policy.iter().flat_map(policy::Policy::fields);
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        let secrets = self.fields().chain(conditions).chain(query);
        let secrets = secrets.filter(|(name, _)| !fields::is_public(name));
        let secrets = secrets.flat_map(|(name, value)| [Some(value), access_key_id(name, value)]);
        Redactor::new(
            secrets
                .flatten()
                .filter(|secret| secret.len() >= MIN_SECRET),
        )
    }

    /// `text` without the secrets of this form.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.redactor().redact(text)
    }
}

/// What is shorter could be a part of any word.
const MIN_SECRET: usize = 8;

/// The part of a credential that names who signed. The rest is the date, the region and the service.
fn access_key_id<'a>(name: &str, value: &'a str) -> Option<&'a str> {
    let is_credential = name.to_ascii_lowercase().ends_with("-credential");
    value.split('/').next().filter(|_| is_credential)
}

impl fmt::Debug for PresignedPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.fields().map(|(name, _)| name).collect();
        f.debug_struct("PresignedPost")
            .field("id", &self.id)
            .field("host", &url::host(&self.url))
            .field("key", &self.key())
            .field("fields", &names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> PresignedPost {
        let fields = fields.iter();
        let fields = fields.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let url = "https://example.com/?token=QUERY-TOKEN&x-amz-date=20261122";
        PresignedPost::new(url, fields).unwrap()
    }

    #[test]
    fn only_secrets_are_redacted() {
        let form = form(&[
            ("key", "users/photo.jpg"),
            ("Cache-Control", "max-age=3600"),
            ("success_action_redirect", "https://app.example/done"),
            ("x-amz-meta-owner", "somebody"),
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Date", "20261122T150347Z"),
            (
                "X-Amz-Credential",
                "AKIAEXAMPLE/20261122/us-east-1/s3/aws4_request",
            ),
            ("X-Amz-Signature", "0123456789abcdef"),
            ("x-unknown", "1234567"),
        ]);
        for public in [
            "Please use AWS4-HMAC-SHA256.",
            "the region 'us-east-1' is wrong; expecting 'eu-west-1'",
            "users/photo.jpg max-age=3600 https://app.example/done somebody 20261122T150347Z",
            "1234567",
        ] {
            assert_eq!(form.redact(public), public);
        }
        for (text, redacted) in [
            ("AKIAEXAMPLE", "[redacted]"),
            (
                "AKIAEXAMPLE/20261122/us-west-2",
                "[redacted]/20261122/us-west-2",
            ),
            (
                "AKIAEXAMPLE%2F20261122%2Fus-east-1%2Fs3%2Faws4_request.",
                "[redacted].",
            ),
            ("QUERY-TOKEN 0123456789ABCDEF", "[redacted] [redacted]"),
        ] {
            assert_eq!(form.redact(text), redacted);
        }
    }
}
