//! Why the policy of a form forbids a post.

use std::fmt;
use std::time::Duration;

use crate::text::one_line;
use crate::time::Rounded;

/// Why storage would reject a post with this form. Secret values are not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyError {
    /// The form has expired, or expires within a second. Request another one, and check this machine's clock.
    Expired {
        /// How long ago it expired; zero if it is about to.
        ago: Duration,
    },
    /// A field is missing, or is not what the policy requires.
    ConditionFailed {
        /// The name of the field.
        field: String,
        /// The condition as the policy has it.
        condition: String,
        /// The value of the field; none if the form lacks it.
        found: Option<String>,
    },
    /// The conditions for a field contradict each other, so storage rejects every post. Whoever signs the form has to
    /// correct its policy.
    Contradiction {
        /// The name of the field, or `content-length-range`.
        field: String,
    },
    /// The policy has no condition for a field, so storage rejects the field.
    ExtraField {
        /// The name of the field.
        field: String,
    },
    /// The file has more bytes than the policy allows. Limit them with
    /// [`PrepareOptions::max_bytes`](crate::PrepareOptions::max_bytes).
    TooLarge {
        /// The size of the file in bytes.
        bytes: u64,
        /// The largest size the policy allows.
        max_bytes: u64,
    },
    /// The file has fewer bytes than the policy allows.
    TooSmall {
        /// The size of the file in bytes.
        bytes: u64,
        /// The smallest size the policy allows.
        min_bytes: u64,
    },
    /// The form is for another type of file.
    ContentType {
        /// The `Content-Type` of the form.
        declared: String,
        /// The type of the file.
        file: String,
    },
    /// The form has the checksum of another file: usually of the original, before it was prepared. Upload the original
    /// unchanged, or request a form without the checksum.
    Checksum {
        /// The name of the field with the checksum.
        field: String,
    },
    /// The storage at this host does not accept POST. Request a presigned PUT instead.
    PostUnsupported {
        /// The host of the form's address.
        host: String,
    },
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { ago } if ago.is_zero() => {
                f.write_str("is about to expire; ask for a new one")
            }
            Self::Expired { ago } => write!(
                f,
                "expired {} ago; ask for a new one, or set this machine's clock",
                Rounded((*ago).max(Duration::from_secs(1)))
            ),
            Self::ConditionFailed {
                field,
                condition,
                found: Some(found),
            } => write!(
                f,
                "has the value {} for the field {}, but its policy requires {}; post every field as it was given",
                one_line(&format!("{found:?}")),
                one_line(field),
                one_line(condition),
            ),
            Self::ConditionFailed {
                field, condition, ..
            } => write!(
                f,
                "lacks the field {}, for which its policy requires {}; add the field, or post every field that was given",
                one_line(field),
                one_line(condition),
            ),
            Self::Contradiction { field } => write!(
                f,
                "has conditions for {} in its policy that contradict each other, so that every post is rejected; correct \
                 the policy where the form is signed",
                one_line(field),
            ),
            Self::ExtraField { field } => write!(
                f,
                "has a field {} that its policy does not allow; post only the fields that were given",
                one_line(field),
            ),
            Self::TooLarge { bytes, max_bytes } => write!(
                f,
                "allows at most {max_bytes} bytes, but the file has {bytes}; make it smaller"
            ),
            Self::TooSmall { bytes, min_bytes } => write!(
                f,
                "requires at least {min_bytes} bytes, but the file has {bytes}; send a larger file"
            ),
            Self::ContentType { declared, file } => write!(
                f,
                "is for {}, but the file is {}; convert the file, or ask for a form for its type",
                one_line(declared),
                one_line(file),
            ),
            Self::Checksum { field } => write!(
                f,
                "has a {} that does not match the file to be sent; if it belongs to the original file, send that \
                 unchanged (--raw), or ask for a form without the checksum",
                one_line(field),
            ),
            Self::PostUnsupported { host } => write!(
                f,
                "is for {}, which does not accept POST; ask for a presigned PUT URL",
                one_line(host),
            ),
        }
    }
}

impl std::error::Error for PolicyError {}
