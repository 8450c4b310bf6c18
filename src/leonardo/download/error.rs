//! Why a download failed.

use std::fmt;

use crate::transport::is_transient;

/// Why an image or a video was not downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DownloadError {
    /// The URL is neither https nor on the loopback interface.
    Url,
    /// The server responded with this status instead of 200.
    Status(u16),
    /// The server redirected too often.
    Redirects,
    /// The file is longer than [permitted](crate::leonardo::ClientBuilder::max_download_bytes).
    TooLarge {
        /// The maximum length in bytes.
        max_bytes: u64,
    },
    /// The file is neither an image nor a video.
    ContentType,
    /// The connection closed before the whole file arrived, in every attempt.
    Incomplete,
}

impl DownloadError {
    /// Whether another attempt may succeed.
    pub(in crate::leonardo) fn is_retryable(&self) -> bool {
        match self {
            Self::Status(status) => is_transient(*status),
            Self::Incomplete => true,
            _ => false,
        }
    }
}

impl fmt::Display for DownloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => {
                f.write_str("the URL of the file is not https; use the one that the API returned")
            }
            Self::Status(403 | 404 | 410) => f.write_str(
                "the file is no longer there; get the generation again for its current URL",
            ),
            Self::Status(status) => {
                write!(f, "the server of the file responded with status {status}")
            }
            Self::Redirects => f.write_str("the server of the file redirected too often"),
            Self::TooLarge { max_bytes } => write!(
                f,
                "the file has more than {max_bytes} bytes; raise the limit if that is expected"
            ),
            Self::ContentType => f.write_str("the file is neither an image nor a video"),
            Self::Incomplete => {
                f.write_str("the connection closed before the whole file arrived; try again")
            }
        }
    }
}

impl std::error::Error for DownloadError {}
