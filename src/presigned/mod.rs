//! Presigned POST forms, read from whatever their producer prints.

mod checksum;
mod cloud;
mod condition;
pub(crate) mod content_type;
mod contradiction;
mod error;
pub(crate) mod fields;
mod policy;
mod policy_error;
mod put;
mod put_error;
mod shapes;
mod upload;
mod validate;

use std::fmt;
use std::time::SystemTime;

use crate::extension::Extension;
use crate::multipart::{Body, Content, Form, check_header};
use crate::redact::Redactor;
use crate::time::Timestamp;
use crate::url;

pub use error::PresignedPostError;
use policy::Policy;
pub use policy_error::PolicyError;
pub use put::PresignedPut;
pub use put_error::PresignedPutError;
pub use upload::PresignedUpload;

/// What S3 allows before the file's content
/// ([POST object](https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html)).
const MAX_BYTES_BEFORE_FILE: usize = 20 * 1024;

/// What a field takes besides its name and value, at least.
const HEADER_BYTES: usize = 80;

/// A form that allows one file to be posted to S3 or a compatible service, until it expires.
///
/// Every field is sent, in the given order. Values that are not known to be public, such as the key's or the
/// metadata's, are secrets: they appear in no `Debug` output and in no error.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedPost {
    url: String,
    fields: Vec<(String, String)>,
    policy: Option<Policy>,
    /// How many milliseconds the signer's clock is ahead of this machine's, as far as that is known.
    clock_skew: i64,
}

impl PresignedPost {
    /// The longest text that [`from_json`](Self::from_json) reads, in bytes: 1 MiB. A form has about two thousand, and
    /// S3 accepts 20 KB of fields.
    pub const MAX_JSON_BYTES: usize = 1 << 20;

    /// A form made of its address and its fields.
    ///
    /// # Errors
    ///
    /// [`PresignedPostError`] if the address is not an http or https URL without user name and password, or if the
    /// fields cannot be sent: there are none, one is named `file`, a name contains a line break, or they take more than
    /// 20 KB.
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
        let is_file = |(name, _): &(String, String)| name.eq_ignore_ascii_case("file");
        if fields.iter().any(is_file) {
            return Err(PresignedPostError::FieldNamedFile);
        }
        for (name, _) in &fields {
            check_header(name)?;
        }
        let lengths = fields
            .iter()
            .map(|(name, value)| name.len() + value.len() + HEADER_BYTES);
        check_length(lengths.sum())?;
        let policy = fields::value(pairs(&fields), "Policy").and_then(Policy::decode);
        Ok(Self {
            url,
            fields,
            policy,
            clock_skew: 0,
        })
    }

    /// Reads a form from the response of whichever service made it: JSON as the SDKs, content management systems and
    /// web applications return it, the `curl` line of `mc share upload`, or an HTML form. The address and the fields
    /// are recognized by their names, up to four levels deep.
    ///
    /// ```
    /// let response = r#"{"url": "https://bucket.s3.amazonaws.com/", "fields": {"key": "photo.jpg", "policy": "…"}}"#;
    /// let form = imgpost::PresignedPost::from_json(response)?;
    /// assert_eq!(form.key(), Some("photo.jpg"));
    /// # Ok::<(), imgpost::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PresignedPostError`] if the text contains no form, several of them (see
    /// [`nth_from_json`](Self::nth_from_json)), two addresses or sets of fields that differ, or more than
    /// [`MAX_JSON_BYTES`](Self::MAX_JSON_BYTES), and as [`new`](Self::new).
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, PresignedPostError> {
        PresignedUpload::parse(json)?.into_post()
    }

    /// Reads the form at `index`, counted from 0, from a response that contains several.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json), and [`PresignedPostError::Several`] if there is no form at this index.
    pub fn nth_from_json(json: impl AsRef<[u8]>, index: usize) -> Result<Self, PresignedPostError> {
        PresignedUpload::parse_nth(json, index)?.into_post()
    }

    /// Adds a field that the producer left to the client, or replaces its value.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn field(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Self, PresignedPostError> {
        let (name, value) = (name.into(), value.into());
        let mut fields = self.fields.iter_mut();
        match fields.find(|(n, _)| n.eq_ignore_ascii_case(&name)) {
            Some((_, old)) => *old = value,
            None => self.fields.push((name, value)),
        }
        Ok(Self {
            clock_skew: self.clock_skew,
            ..Self::new(self.url, self.fields)?
        })
    }

    /// The address to post to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The host of the address, with its port if there is one.
    pub fn host(&self) -> String {
        url::host(&self.url)
    }

    /// The key the file is stored under. May contain `${filename}`, which S3 replaces.
    pub fn key(&self) -> Option<&str> {
        self.value_of("key")
    }

    /// The names and values of the fields, in order. Most of the values are secrets.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        pairs(&self.fields)
    }

    /// The names and values of the fields that are not secret: where and how the file is stored, and when and by which
    /// algorithm the form was signed.
    pub fn public_fields(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.fields().filter(|(name, _)| fields::is_public(name))
    }

    /// The extension the form was made for, by its key or its `Content-Type`.
    pub fn extension(&self) -> Option<Extension> {
        let suffix = self.key().and_then(|key| key.rsplit_once('.'));
        let with_type = |declared: &str| {
            let declared = content_type::normal(declared);
            let mut all = Extension::ALL.iter().copied();
            all.find(|e| e.content_type() == declared)
        };
        suffix
            .and_then(|(_, suffix)| suffix.parse().ok())
            .or_else(|| self.declared_content_type().and_then(with_type))
    }

    /// The address the storage sends a browser to after a success, if the form has one. `redirect` is its old name.
    pub(crate) fn success_redirect(&self) -> Option<&str> {
        self.value_of("success_action_redirect")
            .or_else(|| self.value_of("redirect"))
    }

    /// The value of the first field with this name.
    pub(crate) fn value_of(&self, name: &str) -> Option<&str> {
        fields::value(self.fields(), name)
    }

    /// Corrects for clock skew: the signer's clock was at `server` when this machine's was at `local`.
    pub(crate) fn set_server_time(&mut self, server: SystemTime, local: SystemTime) {
        self.clock_skew = Timestamp::from(server).millis_since(local.into());
    }

    /// The body that posts `content` with this form.
    pub(crate) fn body<'a>(
        &self,
        file_name: &str,
        content_type: &str,
        content: impl Into<Content<'a>>,
    ) -> Result<Body<'a>, PresignedPostError> {
        let fields = self.fields_for(content_type);
        let form = fields
            .into_iter()
            .fold(Form::new(), |form, (name, value)| form.field(name, value));
        let body = form.with_content("file", file_name, content_type, content)?;
        check_length(body.head_length())?;
        Ok(body)
    }

    /// Finds the secrets of this form: storage repeats them in some of its errors, as the form has them or as its
    /// policy requires them.
    pub(crate) fn redactor(&self) -> Redactor {
        let conditions = self.policy.iter().flat_map(Policy::values);
        // The application at the other end of a redirect may have put a token into its address.
        let urls = self.success_redirect().into_iter().chain([self.url()]);
        let query = urls.flat_map(fields::query);
        let secrets = self.fields().chain(conditions).chain(query);
        fields::redactor(secrets, fields::is_public)
    }

    /// `text` without the secrets of this form.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.redactor().redact(text)
    }
}

fn check_length(bytes: usize) -> Result<(), PresignedPostError> {
    let max_bytes = MAX_BYTES_BEFORE_FILE;
    if bytes > max_bytes {
        Err(PresignedPostError::TooLarge { bytes, max_bytes })
    } else {
        Ok(())
    }
}

fn pairs(fields: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> + Clone {
    let fields = fields.iter();
    fields.map(|(name, value)| (name.as_str(), value.as_str()))
}

impl fmt::Debug for PresignedPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.fields().map(|(name, _)| name).collect();
        f.debug_struct("PresignedPost")
            .field("host", &url::host(&self.url))
            .field("key", &self.key())
            .field("fields", &names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
