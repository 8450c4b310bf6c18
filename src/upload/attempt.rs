//! The attempts to post one form, and what is made of their failures.

use std::fmt;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use super::{Progress, Uploader};
use crate::error::Error;
use crate::multipart::{Body, Reader};
use crate::presigned::PresignedPost;
use crate::random;
use crate::retry::{self, Failure, Next};
use crate::s3::{self, S3Error};
use crate::transport::{Method, Request, Response, TransportError, TransportErrorKind};
use crate::url;

/// Enough for any error S3 writes.
const MAX_RESPONSE_BYTES: u64 = 64 * 1024;

/// As many as S3 itself would need, and no circle.
const MAX_REDIRECTS: usize = 3;

/// So that progress is told, and a cancel is seen, often enough on a slow connection.
const LARGEST_PART: usize = 64 * 1024;

impl Uploader {
    /// Makes attempts until one succeeds or no other is worth making; gives the answer and the number of attempts.
    pub(super) fn post(
        &self,
        form: &PresignedPost,
        body: &Body<'_>,
    ) -> Result<(Response, u32), UploadError> {
        let mut attempt = 1;
        loop {
            let error = match self.attempt(form, body, attempt) {
                Ok(response) if s3::is_success(&response, form.success_redirect()) => {
                    return Ok((response, attempt));
                }
                Ok(response) => Refusal::of(form, &response),
                Err(Stopped::Cancelled) => return Err(Error::Cancelled.into()),
                Err(Stopped::File(error)) => return Err(Error::File(error).into()),
                Err(Stopped::Failed(error)) => {
                    Refusal::Transport(error.redacted(|text| form.redact(text)))
                }
            };
            let remaining = self.remaining(form);
            let random = random::draw() as u64;
            let next = retry::decide(attempt, self.retries, error.failure(), remaining, random);
            let Next::Attempt(pause) = next else {
                return Err(UploadError {
                    error: error.into(),
                    form_expired: next == Next::TooLate,
                });
            };
            log::info!("attempt {attempt} failed, the next one is in {pause:?}: {error}");
            if self.cancel_token.wait(pause) {
                return Err(Error::Cancelled.into());
            }
            attempt += 1;
        }
    }

    /// One attempt, with the whole body at every address the storage redirects it to.
    fn attempt(
        &self,
        form: &PresignedPost,
        body: &Body<'_>,
        attempt: u32,
    ) -> Result<Response, Stopped> {
        let mut url = form.url().to_owned();
        let mut redirects = 0;
        loop {
            let mut reader = ProgressReader {
                inner: body.reader(),
                progress: Progress {
                    sent: 0,
                    total: body.content_length(),
                    attempt,
                },
                uploader: self,
                stopped: None,
            };
            let sent = self.transport.send(Request {
                method: Method::Post,
                url: &url,
                headers: vec![("content-type", body.content_type())],
                body: Some((&mut reader, body.content_length())),
                timeout: self.timeout,
                idle_timeout: self.idle_timeout,
                cancel_token: Some(&self.cancel_token),
                max_response_bytes: MAX_RESPONSE_BYTES,
                sink: None,
            });
            let (stopped, progress) = (reader.stopped, reader.progress);
            let response = match sent {
                Err(_) if self.cancel_token.is_cancelled() => return Err(Stopped::Cancelled),
                Err(error) => return Err(stopped.unwrap_or(Stopped::Failed(error))),
                Ok(response) => response,
            };
            match redirect(&url, &response) {
                Some(location) if redirects < MAX_REDIRECTS => url = location,
                _ if response.is_success() && progress.sent < progress.total => {
                    let why = "the server responded before the whole body was sent";
                    let error = TransportError::new(TransportErrorKind::Broken, &url, why);
                    return Err(Stopped::Failed(error));
                }
                _ => return Ok(response),
            }
            redirects += 1;
            let host = form.redact(&url::host(&url));
            log::info!("the storage redirects to {host}");
        }
    }

    /// The time within which an attempt has to start, where the policy is checked and has an expiration.
    fn remaining(&self, form: &PresignedPost) -> Option<Duration> {
        let remaining = form.remaining(SystemTime::now());
        remaining.filter(|_| self.validate_policy)
    }
}

/// Why the file is not stored.
pub(crate) struct UploadError {
    pub error: Error,
    /// Whether another form is all it would take.
    pub form_expired: bool,
}

impl<E: Into<Error>> From<E> for UploadError {
    fn from(error: E) -> Self {
        let error = error.into();
        let form_expired = error.is_expired();
        Self {
            error,
            form_expired,
        }
    }
}

/// Why there is no answer.
enum Stopped {
    Cancelled,
    File(io::Error),
    Failed(TransportError),
}

/// Why an attempt did not store the file.
enum Refusal {
    Transport(TransportError),
    Storage(Box<S3Error>),
}

impl Refusal {
    fn of(form: &PresignedPost, response: &Response) -> Self {
        let redactor = form.redactor();
        let redact = |text: &str| redactor.redact(text);
        let mut error = S3Error::from_response(response, redact);
        error.retry_after = response.retry_after(SystemTime::now());
        Self::Storage(error.into())
    }

    fn failure(&self) -> Failure {
        match self {
            Self::Transport(error) => Failure {
                is_retryable: error.is_retryable(),
                retry_after: None,
            },
            Self::Storage(error) => Failure {
                is_retryable: error.is_retryable(),
                retry_after: error.retry_after,
            },
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => error.fmt(f),
            Self::Storage(error) => error.fmt(f),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Transport(error) => Self::Transport(error),
            Refusal::Storage(error) => Self::Storage(error),
        }
    }
}

/// A body that tells how much of it was read, and stops when it is told to.
struct ProgressReader<'a> {
    inner: Reader<'a>,
    progress: Progress,
    uploader: &'a Uploader,
    /// Why the body was not read to its end.
    stopped: Option<Stopped>,
}

impl ProgressReader<'_> {
    /// Tells the progress, and whether to go on.
    fn tell(&mut self) -> io::Result<()> {
        let told = match &self.uploader.on_progress {
            Some(on_progress) => on_progress(self.progress),
            None => ControlFlow::Continue(()),
        };
        if told.is_break() || self.uploader.cancel_token.is_cancelled() {
            self.stopped = Some(Stopped::Cancelled);
            return Err(io::Error::other("cancelled"));
        }
        Ok(())
    }
}

impl Read for ProgressReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tell()?;
        let length = buffer.len().min(LARGEST_PART);
        let read = match self.inner.read(&mut buffer[..length]) {
            Ok(read) => read,
            Err(error) => {
                let kind = error.kind();
                self.stopped = Some(Stopped::File(error));
                return Err(kind.into());
            }
        };
        self.progress.sent += read as u64;
        if self.progress.sent == self.progress.total {
            self.tell()?;
        }
        Ok(read)
    }
}

/// Where the whole request is to be sent again: S3 responds so for a bucket that is new or in another region.
fn redirect(from: &str, response: &Response) -> Option<String> {
    let location = response.header("location")?;
    matches!(response.status, 307 | 308)
        .then(|| url::redirect(from, location))
        .flatten()
}
