//! Fetching what was generated.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::client::Client;
use crate::cancel::CancelToken;
use crate::error::Error;
use crate::random;
use crate::retry::{self, Failure, Next};
use crate::transport::{Method, Request, Response, TransportError, is_passing};
use crate::url;

const MAX_REDIRECTS: usize = 3;

/// How long a download may take in all, and without a byte.
const TIMEOUT: Duration = Duration::from_secs(3600);
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A picture or a video that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// Where it is.
    pub path: PathBuf,
    /// How many bytes it has.
    pub bytes: u64,
    /// Its type, as its first bytes tell: for example `image/jpeg`.
    pub content_type: &'static str,
}

/// Why a picture or a video was not fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DownloadError {
    /// The address is neither https nor on this machine.
    Url,
    /// The server answered with this status.
    Status(u16),
    /// The server sent from one address to the next, again and again.
    Redirects,
    /// It has more bytes than it [may have](super::ClientBuilder::max_download_bytes).
    TooLarge {
        /// The most it may have.
        max_bytes: u64,
    },
    /// What came is no picture and no video.
    ContentType,
}

impl DownloadError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Status(status) if is_passing(*status))
    }
}

impl fmt::Display for DownloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str("the address to fetch from is not https"),
            Self::Status(403 | 404 | 410) => {
                f.write_str("it is not there any more; ask for the generation again")
            }
            Self::Status(status) => write!(f, "it cannot be fetched: the server answered {status}"),
            Self::Redirects => f.write_str("the server sends from one address to the next"),
            Self::TooLarge { max_bytes } => {
                write!(
                    f,
                    "it has more than {max_bytes} bytes; allow more if that is right"
                )
            }
            Self::ContentType => f.write_str("what was fetched is no picture and no video"),
        }
    }
}

impl std::error::Error for DownloadError {}

/// Fetching pictures.
impl Client {
    /// Fetches what is at `url`, for example a generated picture, into the file at `path`. It is written while it is
    /// read, under another name first: what is at `path` is whole, or what was there before.
    ///
    /// The API key is not sent along. What is no JPEG, PNG, WebP, GIF or MP4 is refused.
    ///
    /// # Errors
    ///
    /// [`Error::Download`], [`Error::File`] when `path` cannot be written, [`Error::Transport`] and
    /// [`Error::Cancelled`].
    pub fn download(&self, url: &str, path: impl AsRef<Path>) -> Result<Downloaded, Error> {
        let path = path.as_ref();
        let mut attempt = 1;
        loop {
            let error = match self.download_once(url, path) {
                Ok(downloaded) => return Ok(downloaded),
                Err(_) if self.cancel_token.is_cancelled() => return Err(Error::Cancelled),
                Err(error) => error,
            };
            let failure = Failure {
                is_retryable: match &error {
                    Error::Download(error) => error.is_retryable(),
                    error => error.is_retryable(),
                },
                retry_after: None,
            };
            let random = random::draw() as u64;
            match retry::decide(attempt, self.inner.retries, failure, None, random) {
                Next::Attempt(pause) if !self.cancel_token.wait(pause) => {
                    log::info!("a download failed, and is tried again after {pause:?}: {error}");
                    attempt += 1;
                }
                Next::Attempt(_) => return Err(Error::Cancelled),
                Next::GiveUp | Next::TooLate => return Err(error),
            }
        }
    }

    fn download_once(&self, url: &str, path: &Path) -> Result<Downloaded, Error> {
        let mut url = url.to_owned();
        let of_file = |error: io::Error| {
            let told = format!("{}: {error}", path.display());
            Error::File(io::Error::new(error.kind(), told))
        };
        let max_bytes = self.inner.max_download_bytes;
        for _ in 0..=MAX_REDIRECTS {
            url::check(&url).map_err(|_| DownloadError::Url)?;
            let part = Part::create(path).map_err(of_file)?;
            let mut sink = Sink {
                file: &part.file,
                cancel_token: &self.cancel_token,
                head: Vec::new(),
                bytes: 0,
                failed: None,
            };
            let sent = self.fetch(&url, max_bytes, &mut sink);
            if let Some(error) = sink.failed {
                return Err(of_file(error));
            }
            let response = sent?;
            if let Some(to) = redirect(&response) {
                url = to.to_owned();
                continue;
            }
            let (bytes, content_type) = (sink.bytes, content_type(&sink.head));
            return match (response.status, content_type) {
                (200, _) if bytes > max_bytes => Err(DownloadError::TooLarge { max_bytes }.into()),
                (200, None) => Err(DownloadError::ContentType.into()),
                (200, Some(content_type)) => {
                    part.keep_as(path).map_err(of_file)?;
                    Ok(Downloaded {
                        path: path.into(),
                        bytes,
                        content_type,
                    })
                }
                (status, _) => Err(DownloadError::Status(status).into()),
            };
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
            // One more tells that there is more.
            max_response_bytes: max_bytes.saturating_add(1),
            sink: Some(sink),
        })
    }
}

fn redirect(response: &Response) -> Option<&str> {
    let is_redirect = matches!(response.status, 301 | 302 | 303 | 307 | 308);
    response.header("location").filter(|_| is_redirect)
}

/// A file beside the one that is wanted, which goes away unless it is kept.
struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    fn create(wanted: &Path) -> io::Result<Self> {
        let name = wanted.file_name().unwrap_or_default().to_string_lossy();
        let path = wanted.with_file_name(format!(".{name}.{:08x}.part", random::draw() as u32));
        let file = File::create_new(&path)?;
        Ok(Self { path, file })
    }

    fn keep_as(self, wanted: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, wanted)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It was kept, or it is of no use to anybody.
        let _ = fs::remove_file(&self.path);
    }
}

/// Writes to a file, remembers how it begins, and why it could not be written.
struct Sink<'a> {
    file: &'a File,
    cancel_token: &'a CancelToken,
    head: Vec<u8>,
    bytes: u64,
    failed: Option<io::Error>,
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.cancel_token.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        match self.file.write_all(bytes) {
            Ok(()) => {
                let wanted = HEAD.saturating_sub(self.head.len()).min(bytes.len());
                self.head.extend_from_slice(&bytes[..wanted]);
                self.bytes += bytes.len() as u64;
                Ok(bytes.len())
            }
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(error);
                Err(kind.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// As many bytes as it takes to tell what a file is.
const HEAD: usize = 12;

fn content_type(head: &[u8]) -> Option<&'static str> {
    let at = |start: usize, magic: &[u8]| head.get(start..start + magic.len()) == Some(magic);
    Some(match () {
        () if at(0, b"\xFF\xD8\xFF") => "image/jpeg",
        () if at(0, b"\x89PNG\r\n\x1A\n") => "image/png",
        () if at(0, b"RIFF") && at(8, b"WEBP") => "image/webp",
        () if at(0, b"GIF8") => "image/gif",
        () if at(4, b"ftyp") => "video/mp4",
        () => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is() {
        for (head, expected) in [
            (&b"\xFF\xD8\xFF\xE0"[..], Some("image/jpeg")),
            (b"\x89PNG\r\n\x1A\n", Some("image/png")),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"RIFF\0\0\0\0WAVE", None),
            (b"\0\0\0\x20ftypisom", Some("video/mp4")),
            (b"<html>", None),
            (b"", None),
        ] {
            assert_eq!(content_type(head), expected, "{head:?}");
        }
    }
}
