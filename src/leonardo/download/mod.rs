//! Downloads of results.

mod format;
mod sink;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::client::Client;
use super::error::{Error, ParameterError};
use crate::retry::{self, Failure, RetryPolicy};
use crate::transport::{Method, Request, Response, TransportError, is_transient};
use crate::url;

use sink::{Sink, Target, Written};

const MAX_REDIRECTS: usize = 3;

/// The time limits of an attempt: in all, and without a byte.
const TIMEOUT: Duration = Duration::from_secs(3600);
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// If `Retry-After` is longer than this, the download fails.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// A downloaded image or video.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// The file.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its type, recognized by its first bytes: for example `image/jpeg`.
    pub content_type: &'static str,
}

/// Why an image or a video was not downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DownloadError {
    /// The URL is neither https nor on this machine.
    Url,
    /// The server responded with this status instead of 200.
    Status(u16),
    /// The server redirected too often.
    Redirects,
    /// The file has more bytes than [allowed](super::ClientBuilder::max_download_bytes).
    TooLarge {
        /// The limit.
        max_bytes: u64,
    },
    /// The file is neither an image nor a video.
    ContentType,
    /// The connection closed before the whole file arrived, at every attempt. Try again.
    Incomplete,
}

impl DownloadError {
    pub(super) fn is_retryable(&self) -> bool {
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
            Self::Url => f.write_str("the URL of the file is not https"),
            Self::Status(403 | 404 | 410) => f.write_str(
                "the file is no longer there; get the generation again for its present URL",
            ),
            Self::Status(status) => write!(f, "the server responded with status {status}"),
            Self::Redirects => f.write_str("the server redirected too often"),
            Self::TooLarge { max_bytes } => {
                write!(
                    f,
                    "the file has more than {max_bytes} bytes; raise the limit if that is right"
                )
            }
            Self::ContentType => f.write_str("the file is neither an image nor a video"),
            Self::Incomplete => {
                f.write_str("the connection closed before the whole file arrived; try again")
            }
        }
    }
}

impl std::error::Error for DownloadError {}

/// Downloads.
impl Client {
    /// Downloads what is at `url`, for example a generated image, into the file at `path`, with whatever extension that
    /// has. The bytes go to a temporary file in the same folder first, so that `path` has its old content until all of the
    /// new one is on the disk. A symbolic link is followed, and the mode of a file that exists stays the same. A device or
    /// a FIFO is written to directly: it may get a part of the file, and there is no second attempt then.
    ///
    /// The API key is not sent along. What is not a JPEG, PNG, WebP, GIF or MP4 file is refused. When the response does not say
    /// how long it is, a file that breaks off is detected by its format.
    ///
    /// # Errors
    ///
    /// [`Error::Download`], [`Error::File`] when `path` cannot be written, [`Error::Transport`] and
    /// [`Error::Cancelled`].
    pub fn download(&self, url: &str, path: impl AsRef<Path>) -> Result<Downloaded, Error> {
        self.download_to(url, Target::File(path.as_ref()))
    }

    /// As [`download`](Self::download), into a file in `folder` that is called `name` with the extension of what it is:
    /// `jpg`, `png`, `webp`, `gif` or `mp4`. [`Downloaded::path`] has it.
    ///
    /// # Errors
    ///
    /// As `download`, and [`Error::Invalid`] when `name` is not the plain name of a file.
    pub fn download_into(
        &self,
        url: &str,
        folder: impl AsRef<Path>,
        name: &str,
    ) -> Result<Downloaded, Error> {
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', ':', '\0']) {
            return Err(ParameterError::FileName { name: name.into() }.into());
        }
        self.download_to(url, Target::Folder(folder.as_ref(), name))
    }

    fn download_to(&self, url: &str, target: Target<'_>) -> Result<Downloaded, Error> {
        let policy = RetryPolicy {
            name: "download",
            retries: self.inner.retries,
            max_retry_after: MAX_RETRY_AFTER,
            remaining: &|| None,
            cancel_token: &self.cancel_token,
        };
        let result = retry::run(&policy, |_| self.download_once(url, target));
        let written = result.map_err(|error| error.into_error(Error::Cancelled))?;
        Ok(Downloaded {
            path: written.path,
            bytes: written.bytes,
            content_type: written.format.content_type(),
        })
    }

    fn download_once(&self, url: &str, target: Target<'_>) -> Result<Written, Failure<Error>> {
        self.follow(url, target)
            .map_err(|Failed { error, is_final }| {
                let error = if self.cancel_token.is_cancelled() {
                    Error::Cancelled
                } else {
                    error
                };
                Failure {
                    is_retryable: error.is_retryable() && !is_final,
                    error,
                    retry_after: None,
                }
            })
    }

    /// Downloads once, following redirects.
    fn follow(&self, url: &str, target: Target<'_>) -> Result<Written, Failed> {
        let mut url = url.to_owned();
        let max_bytes = self.inner.max_download_bytes;
        for _ in 0..=MAX_REDIRECTS {
            url::check(&url).map_err(|_| DownloadError::Url)?;
            let mut sink = Sink::new(target, max_bytes, &self.cancel_token);
            let sent = self.fetch(&url, max_bytes, &mut sink);
            let is_final = sink.is_final();
            let written = match (sink.failed.take(), sent) {
                (Some(error), _) => Err(error),
                (None, Err(error)) => Err(error.into()),
                (None, Ok(response)) => {
                    if let Some(location) = redirect(&response) {
                        url = url::redirect(&url, location).ok_or(DownloadError::Url)?;
                        continue;
                    }
                    match response.status {
                        200 => sink.finish(is_length_known(&response)),
                        status => Err(DownloadError::Status(status).into()),
                    }
                }
            };
            return written.map_err(|error| Failed { error, is_final });
        }
        Err(DownloadError::Redirects.into())
    }

    fn fetch(
        &self,
        url: &str,
        max_bytes: u64,
        sink: &mut Sink<'_>,
    ) -> Result<Response, TransportError> {
        self.inner.transport.send(Request {
            method: Method::Get,
            url,
            headers: vec![("accept", "image/*, video/*".into())],
            body: None,
            timeout: TIMEOUT,
            idle_timeout: IDLE_TIMEOUT,
            cancel_token: Some(&self.cancel_token),
            // One byte beyond the limit shows that there is more.
            max_response_bytes: max_bytes.saturating_add(1),
            sink: Some(sink),
        })
    }
}

fn redirect(response: &Response) -> Option<&str> {
    let is_redirect = matches!(response.status, 301 | 302 | 303 | 307 | 308);
    response.header("location").filter(|_| is_redirect)
}

/// Whether the transport knew where the body ends, and reports one that ends earlier as an error. Otherwise the body ends
/// with the connection, for whatever reason that ended.
fn is_length_known(response: &Response) -> bool {
    let encoding = response.header("transfer-encoding").unwrap_or_default();
    response.header("content-length").is_some() || encoding.to_ascii_lowercase().contains("chunked")
}

/// An attempt that failed, and whether no other may follow whatever the error was.
struct Failed {
    error: Error,
    is_final: bool,
}

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            is_final: false,
        }
    }
}
