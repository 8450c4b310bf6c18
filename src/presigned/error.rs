//! What can be wrong with a presigned form.

use std::fmt;

use super::policy_error::PolicyError;
use super::put_error::PresignedPutError;
use crate::multipart::FormError;
use crate::text::one_line;
use crate::url::UrlError;

/// A presigned form or URL that cannot be used. Nothing was sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum PresignedPostError {
    /// The text is not JSON. It is not repeated, because it may contain secrets.
    NotJson {
        /// The line in which reading failed, counted from 1.
        line: usize,
        /// The column at which reading failed, counted from 1.
        column: usize,
    },
    /// The text is how a programming language prints an object, which is not JSON.
    Printed {
        /// The language.
        language: &'static str,
        /// How the language prints JSON.
        remedy: &'static str,
    },
    /// The text is longer than [`PresignedPost::MAX_JSON_BYTES`](super::PresignedPost::MAX_JSON_BYTES), so it was not
    /// parsed. Give the form alone.
    JsonTooLong {
        /// The most bytes that are read.
        max_bytes: usize,
    },
    /// The text contains neither an address nor fields.
    NoForm {
        /// The names that were found.
        found: Vec<String>,
    },
    /// The text is the error of the API that was to return the form.
    Api {
        /// The API's message.
        message: String,
    },
    /// The text contains several forms, or none at the given index. Read one of them with
    /// [`nth_from_json`](super::PresignedPost::nth_from_json).
    Several {
        /// How many forms there are.
        count: usize,
    },
    /// There are two addresses, or two sets of fields, that differ. Remove the one that is not meant.
    Differing {
        /// Addresses, or sets of fields.
        what: &'static str,
        /// Where they are.
        names: [String; 2],
    },
    /// There are fields without an address. Add it as `url`.
    NoAddress {
        /// Where the fields are.
        fields: String,
    },
    /// There is an address without fields. Add them as `fields`.
    NoFields {
        /// Where the address is.
        address: String,
    },
    /// The form has no `url`, or no `fields`.
    Missing(&'static str),
    /// The fields are not names with one value each.
    Fields {
        /// Where they are.
        name: String,
    },
    /// The text is a presigned PUT: read it with [`PresignedUpload::parse`](super::PresignedUpload::parse).
    IsPut,
    /// Secrets may not be sent to the address of the form.
    Url {
        /// Its host and port, or a question mark: the rest may contain secrets.
        host: String,
        /// What is wrong with it.
        error: UrlError,
    },
    /// A field is named `file`, which is the name of the file itself.
    FieldNamedFile,
    /// Its policy forbids the post.
    Policy(PolicyError),
    /// A presigned PUT cannot be sent.
    Put(PresignedPutError),
    /// A name that cannot be in the header of a part.
    Name(FormError),
    /// The fields with their headers are larger than S3 accepts.
    TooLarge {
        /// Their size in bytes.
        bytes: usize,
        /// The most bytes that S3 accepts.
        max_bytes: usize,
    },
}

impl PresignedPostError {
    /// Whether the form or the URL has expired, so that another one is needed.
    pub fn is_expired(&self) -> bool {
        matches!(
            self,
            Self::Policy(PolicyError::Expired { .. })
                | Self::Put(PresignedPutError::Expired { .. })
        )
    }
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

/// What a form looks like.
const EXAMPLE: &str = "{\"url\": …, \"fields\": …}";

impl fmt::Display for PresignedPostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Put(error) = self {
            return error.fmt(f);
        }
        f.write_str("the presigned form ")?;
        match self {
            Self::NotJson { line, column } => write!(
                f,
                "is not JSON (line {line}, column {column}); give the whole response of the API, or {EXAMPLE}"
            ),
            Self::Printed { language, remedy } => write!(
                f,
                "is not JSON but printed by {language}; print it with {remedy}"
            ),
            Self::JsonTooLong { max_bytes } => write!(
                f,
                "has more than {max_bytes} bytes; give the response of the API alone, or {EXAMPLE}"
            ),
            Self::NoForm { found } if found.is_empty() => {
                write!(
                    f,
                    "is missing; give the whole response of the API, or {EXAMPLE}"
                )
            }
            Self::NoForm { found } => write!(
                f,
                "is missing: found only {}; give the whole response of the API, or {EXAMPLE}",
                one_line(&found.join(", "))
            ),
            Self::Api { message } => write!(
                f,
                "is missing: the API reports {}; correct the request and send it again",
                one_line(&format!("{message:?}"))
            ),
            Self::Several { count: 1 } => {
                f.write_str("is the only one in this response; choose it with the index 0")
            }
            Self::Several { count } => write!(
                f,
                "is one of {count} in this response; choose one by its index, 0 to {}",
                count.saturating_sub(1)
            ),
            Self::Differing {
                what,
                names: [one, other],
            } => write!(
                f,
                "has two {what} that differ, {} and {}; remove the one that is not meant",
                one_line(one),
                one_line(other)
            ),
            Self::NoAddress { fields } => write!(
                f,
                "has no url, only fields ({}); give both as {EXAMPLE}",
                one_line(fields)
            ),
            Self::NoFields { address } => write!(
                f,
                "has no fields, only an address ({}) that is not signed; give both as {EXAMPLE}",
                one_line(address)
            ),
            Self::Missing(name) => write!(f, "has no {name}; give the whole response of the API"),
            Self::Fields { name } => write!(
                f,
                "has fields ({}) that are not names with one value each; give them as an object",
                one_line(name)
            ),
            Self::IsPut => f.write_str("is a presigned PUT; send the file to its URL with PUT"),
            Self::Url { host, error } if host == "?" => write!(f, "has an address that {error}"),
            Self::Url { host, error } => write!(f, "points to {}, which {error}", one_line(host)),
            Self::FieldNamedFile => {
                f.write_str("has a field named file, the name of the file itself")
            }
            Self::Policy(error) => error.fmt(f),
            Self::Put(_) => Ok(()),
            Self::Name(_) => f.write_str("cannot be sent"),
            Self::TooLarge { bytes, max_bytes } => {
                write!(
                    f,
                    "takes {bytes} bytes before the file, but S3 accepts only {max_bytes}"
                )
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
