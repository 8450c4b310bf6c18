//! The attempts of one upload.

use std::time::{Duration, SystemTime};

use super::Uploader;
use super::presigned::{FileRequest, PresignedRef};
use super::progress::ProgressReader;
use crate::error::Error;
use crate::retry::{self, Failure, RetryError, RetryPolicy};
use crate::s3::{self, S3Error};
use crate::transport::{Request, Response, TransportError, TransportErrorKind};
use crate::url;

/// More than any error document of S3 has.
const MAX_RESPONSE_BYTES: u64 = 64 * 1024;

/// S3 redirects once, to the region of the bucket.
const MAX_REDIRECTS: usize = 3;

/// Longest `Retry-After` to wait for, without and with an expiration.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);
const MAX_RETRY_AFTER_WITH_DEADLINE: Duration = Duration::from_secs(600);

impl Uploader {
    /// Sends `request` until an attempt succeeds or the retry policy permits no other. Returns the response and the number
    /// of attempts.
    pub(super) fn send(
        &self,
        presigned: PresignedRef<'_>,
        request: &FileRequest<'_>,
    ) -> Result<(Response, u32), UploadError> {
        let remaining = || self.remaining(presigned);
        let policy = RetryPolicy {
            name: "upload",
            retries: self.retries,
            max_retry_after: if remaining().is_some() {
                MAX_RETRY_AFTER_WITH_DEADLINE
            } else {
                MAX_RETRY_AFTER
            },
            remaining: &remaining,
            cancel_token: &self.cancel_token,
        };
        let result = retry::run(&policy, |attempt| {
            let response = self
                .attempt(presigned, request, attempt)
                .map_err(|error| Failure {
                    is_retryable: error.is_retryable(),
                    retry_after: match &error {
                        Error::Storage(error) => error.retry_after,
                        _ => None,
                    },
                    error,
                })?;
            Ok((response, attempt))
        });
        result.map_err(|error| {
            let is_too_late = matches!(error, RetryError::TooLate(_));
            let error = error.into_error(Error::Cancelled);
            UploadError {
                is_form_expired: is_too_late || error.is_expired(),
                error,
            }
        })
    }

    /// Sends the whole body once, and once more to each address that storage redirects to.
    fn attempt(
        &self,
        presigned: PresignedRef<'_>,
        request: &FileRequest<'_>,
        attempt: u32,
    ) -> Result<Response, Error> {
        let mut url = presigned.url().to_owned();
        let mut redirects = 0;
        let response = loop {
            let response = self.exchange(presigned, &url, request, attempt)?;
            match redirect(&url, &response) {
                Some(location) if redirects < MAX_REDIRECTS => url = location,
                _ if requires_https(&url, &response) => {
                    let error = TransportError::https_required(&url);
                    return Err(error.redacted(|text| presigned.redact(text)).into());
                }
                _ => break response,
            }
            redirects += 1;
            log::info!(
                "storage redirects to {}",
                presigned.redact(&url::host(&url))
            );
        };
        if s3::is_success(&response, presigned.success_redirect()) {
            return Ok(response);
        }
        let redactor = presigned.redactor();
        let redact = |text: &str| redactor.redact(text);
        let mut error = S3Error::from_response(&response, redact);
        error.retry_after = response.retry_after(SystemTime::now());
        Err(error.into())
    }

    /// Sends one request to `url`. A success that is reported before the whole body was sent is an error.
    fn exchange(
        &self,
        presigned: PresignedRef<'_>,
        url: &str,
        request: &FileRequest<'_>,
        attempt: u32,
    ) -> Result<Response, Error> {
        let body = &request.body;
        let length = body.content_length();
        let headers = request.headers.iter();
        let on_progress = self.on_progress.as_ref();
        let token = &self.cancel_token;
        let mut reader = ProgressReader::new(body.reader(), length, attempt, on_progress, token);
        let sent = self.transport.send(Request {
            method: request.method,
            url,
            headers: headers
                .map(|(name, value)| (name.as_str(), value.clone()))
                .collect(),
            body: Some((&mut reader, length)),
            timeout: self.timeout,
            idle_timeout: self.idle_timeout,
            cancel_token: Some(token),
            max_response_bytes: MAX_RESPONSE_BYTES,
            sink: None,
        });
        let is_complete = reader.is_complete();
        let error = match sent {
            Ok(response) if is_complete || !response.is_success() => return Ok(response),
            Ok(_) => {
                let why = "the server responded before the whole body was sent";
                TransportError::new(TransportErrorKind::Broken, url, why)
            }
            Err(_) if token.is_cancelled() => return Err(Error::Cancelled),
            Err(error) => match reader.into_error() {
                Some(error) => return Err(error),
                None => error,
            },
        };
        Err(error.redacted(|text| presigned.redact(text)).into())
    }

    /// Time within which an attempt has to start, if there is an expiration and it is validated.
    fn remaining(&self, presigned: PresignedRef<'_>) -> Option<Duration> {
        let remaining = presigned.remaining(SystemTime::now());
        remaining.filter(|_| self.validate_policy)
    }
}

/// Why the file was not uploaded.
pub(crate) struct UploadError {
    pub error: Error,
    /// Whether the upload may succeed with a new form: the form has expired, by this machine's clock or the storage's.
    pub is_form_expired: bool,
}

impl<E: Into<Error>> From<E> for UploadError {
    fn from(error: E) -> Self {
        let error = error.into();
        Self {
            is_form_expired: error.is_expired(),
            error,
        }
    }
}

/// Whether the server redirects a request over http to https in a way that loses its body.
fn requires_https(url: &str, response: &Response) -> bool {
    let is_https = |url: &str| url::parse(url).is_ok_and(|uri| url::is_https(&uri));
    matches!(response.status, 301 | 302)
        && !is_https(url)
        && response.header("location").is_some_and(is_https)
}

/// The address to send the whole request to again: S3 redirects so if a bucket is new or in another region.
fn redirect(from: &str, response: &Response) -> Option<String> {
    let location = response.header("location")?;
    matches!(response.status, 307 | 308)
        .then(|| url::redirect(from, location))
        .flatten()
}
