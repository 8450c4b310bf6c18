//! Why a presigned PUT cannot be sent.

use std::fmt;
use std::time::Duration;

use crate::text::one_line;
use crate::time::Rounded;
use crate::url::UrlError;

/// Why storage would reject a file that is sent with this presigned URL. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PresignedPutError {
    /// Secrets may not be sent to the address.
    Url {
        /// Its host and port, or a question mark.
        host: String,
        /// What is wrong with it.
        error: UrlError,
    },
    /// A header has a name or a value that cannot be sent.
    Header {
        /// The name of the header.
        name: String,
    },
    /// The URL has expired, or expires within a second. Request another one, and check this machine's clock.
    Expired {
        /// How long ago it expired; zero if it is about to.
        ago: Duration,
    },
    /// The URL was signed with a header whose value was not given. Give the headers along with the URL.
    MissingHeader {
        /// The name of the header.
        name: String,
    },
    /// The URL was signed for another type of file.
    ContentType {
        /// The type it was signed for.
        signed: String,
        /// The type of the file.
        file: String,
    },
    /// The headers have the checksum of another file: usually of the original, before it was prepared. Upload the
    /// original unchanged, or request a URL without the checksum.
    Checksum {
        /// The name of the header.
        header: String,
    },
    /// The URL was signed for a file of another size.
    ContentLength {
        /// The size it was signed for, in bytes.
        signed: u64,
        /// The size of the file, in bytes.
        bytes: u64,
    },
}

impl fmt::Display for PresignedPutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the presigned URL ")?;
        match self {
            Self::Url { host, error } => write!(f, "points to {}, which {error}", one_line(host)),
            Self::Header { name } => write!(
                f,
                "comes with a header {} that cannot be sent; correct its name or value",
                one_line(&format!("{name:?}"))
            ),
            Self::Expired { ago } if ago.is_zero() => {
                f.write_str("is about to expire; ask for a new one")
            }
            Self::Expired { ago } => write!(
                f,
                "expired {} ago; ask for a new one, or set this machine's clock",
                Rounded((*ago).max(Duration::from_secs(1)))
            ),
            Self::MissingHeader { name } => write!(
                f,
                "was signed with the header {}, whose value is missing; give it as {{\"url\": …, \"headers\": {{…}}}}",
                one_line(name),
            ),
            Self::ContentType { signed, file } => write!(
                f,
                "is for {}, but the file is {}; convert the file, or ask for a URL for its type",
                one_line(signed),
                one_line(file),
            ),
            Self::Checksum { header } => write!(
                f,
                "comes with a {} that does not match the file to be sent; if it belongs to the original file, send that \
                 unchanged (--raw), or ask for a URL without the checksum",
                one_line(header),
            ),
            Self::ContentLength { signed, bytes } => write!(
                f,
                "is for {signed} bytes, but the file has {bytes}; send the file it was signed for, or ask for another \
                 URL"
            ),
        }
    }
}

impl std::error::Error for PresignedPutError {}
