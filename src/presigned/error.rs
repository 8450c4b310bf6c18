//! What can be wrong with a presigned form.

use std::fmt;

use super::validate::PolicyError;
use crate::multipart::FormError;
use crate::text::one_line;
use crate::url::UrlError;

/// A presigned form that cannot be posted. Nothing was sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum PresignedPostError {
    /// The text is not JSON. The position counts from 1; the text is not repeated, for it may hold secrets.
    NotJson {
        /// The line the reader stopped in.
        line: usize,
        /// The column it stopped at.
        column: usize,
    },
    /// The JSON is longer than [`PresignedPost::MAX_JSON_BYTES`](super::PresignedPost::MAX_JSON_BYTES), so it was not
    /// parsed. Pass the form alone.
    JsonTooLong {
        /// The most bytes that are read.
        max_bytes: usize,
    },
    /// The JSON holds no form: none of the API's answers and no `{"url": …, "fields": …}`.
    NoForm,
    /// The API answered with a form that is null: it refused to make one.
    Null(&'static str),
    /// The answer holds the two forms of a canvas: read it with
    /// [`canvas_from_json`](super::PresignedPost::canvas_from_json).
    TwoForms,
    /// The form has no `url`, or no `fields`.
    Missing(&'static str),
    /// The fields are neither an object of texts nor a string that holds one.
    Fields,
    /// The form is to be posted to an address that secrets may not be sent to.
    Url {
        /// Its host and port, or a question mark: the rest may hold secrets.
        host: String,
        /// What is wrong with it.
        error: UrlError,
    },
    /// One of the fields is named `file`, which is the name of the file itself.
    FieldNamedFile,
    /// Its policy forbids the post.
    Policy(PolicyError),
    /// A name that cannot stand in a part's header.
    Name(FormError),
    /// The fields with their headers are larger than S3 accepts.
    TooLarge {
        /// What they take.
        bytes: usize,
        /// What S3 accepts.
        max_bytes: usize,
    },
}

impl From<FormError> for PresignedPostError {
    fn from(error: FormError) -> Self {
        Self::Name(error)
    }
}

impl From<PolicyError> for PresignedPostError {
    fn from(error: PolicyError) -> Self {
        Self::Policy(error)
    }
}

impl fmt::Display for PresignedPostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the presigned form ")?;
        match self {
            Self::NotJson { line, column } => write!(
                f,
                "is not JSON (line {line}, column {column}); give the API's answer, or {{\"url\": …, \"fields\": …}}"
            ),
            Self::JsonTooLong { max_bytes } => write!(
                f,
                "has more than {max_bytes} bytes of JSON; give the API's answer, or {{\"url\": …, \"fields\": …}}"
            ),
            Self::NoForm => f.write_str(
                "is missing; expected the API's answer (uploadInitImage, uploadDatasetImage, uploadModelAsset, \
                 uploadMedia), or {\"url\": …, \"fields\": …}",
            ),
            Self::Null(name) => write!(f, "is null: the API refused {name}"),
            Self::TwoForms => f.write_str("is one of two in this canvas answer; say which: init or mask"),
            Self::Missing(name) => write!(f, "has no {name}; give the whole answer of the API"),
            Self::Fields => f.write_str("has fields that are not an object of texts"),
            Self::Url { host, error } => write!(f, "points to {}, which {error}", one_line(host)),
            Self::FieldNamedFile => f.write_str("has a field named file, the name of the file itself"),
            Self::Policy(error) => error.fmt(f),
            Self::Name(_) => f.write_str("cannot be sent"),
            Self::TooLarge { bytes, max_bytes } => {
                write!(f, "takes {bytes} bytes before the file, and S3 accepts {max_bytes}")
            }
        }
    }
}

impl std::error::Error for PresignedPostError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Name(error) => Some(error),
            _ => None,
        }
    }
}
