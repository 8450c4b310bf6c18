//! Downloads results.

mod error;
mod format;
mod sink;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::client::Client;
use super::error::{Error, ParameterError};
use crate::retry::{self, Failure, RetryPolicy};
use crate::transport::{Method, Request, Response, TransportError};
use crate::url;

pub use error::DownloadError;
use sink::{Sink, Target, Written};

const MAX_REDIRECTS: usize = 3;

/// Limits of the duration of an attempt, and of the time without a byte.
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
    /// Its media type, for example `image/jpeg`, recognized by the first bytes.
    pub content_type: &'static str,
}

/// Downloads.
impl Client {
    /// Downloads the file at `url`, for example a generated image, to `path`. The extension of `path` does not matter.
    ///
    /// The content is written to a temporary file in the same folder first, so `path` keeps its old content until the new
    /// one is complete and on the disk. Symbolic links are followed, and an existing file keeps its mode. A device or a
    /// FIFO is written to directly: it may receive a part of the content, and then there is no second attempt.
    ///
    /// The API key is not sent. Only JPEG, PNG, WebP, GIF and MP4 files are accepted. If the response does not state its
    /// length, the format of the file determines whether it is complete.
    ///
    /// # Errors
    ///
    /// [`Error::Download`] if the server sends no such file; [`Error::Core`] with a file error if `path` cannot be written,
    /// and with a transport error if the server does not respond; [`Error::Cancelled`].
    pub fn download(&self, url: &str, path: impl AsRef<Path>) -> Result<Downloaded, Error> {
        self.download_to(url, Target::File(path.as_ref()))
    }

    /// Like [`download`](Self::download), to a file in `folder` with this name and the extension of its format: `jpg`,
    /// `png`, `webp`, `gif` or `mp4`. [`Downloaded::path`] is the path of the file.
    ///
    /// # Errors
    ///
    /// As [`download`](Self::download), and [`Error::InvalidParameter`] if `name` is empty, starts with a dot or contains a
    /// separator of folders.
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

/// Whether the response states the length of its body, so that the transport reports a truncated one as an error.
/// Otherwise the end of the connection is the end of the body, whatever closed it.
fn is_length_known(response: &Response) -> bool {
    let encoding = response.header("transfer-encoding").unwrap_or_default();
    response.header("content-length").is_some() || encoding.to_ascii_lowercase().contains("chunked")
}

/// A failed attempt.
struct Failed {
    error: Error,
    /// Whether no attempt may follow, whatever the error.
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
