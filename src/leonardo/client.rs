//! The client: sends the calls, and repeats those that are safe to repeat.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::builder::ClientBuilder;
use super::call::{Call, CallKind, CallRequest};
use super::error::{ApiError, Error, UnconfirmedCall, may_be_carried_out};
use super::rate_limiter::RateLimiter;
use crate::cancel::CancelToken;
use crate::redact::Redactor;
use crate::retry::{self, Failure, RetryPolicy};
use crate::transport::{Request, Response, Transport, TransportError};
use crate::upload::{Progress, Uploader};

const MAX_RESPONSE_BYTES: u64 = 16 * 1024 * 1024;

/// If `Retry-After` is longer than this, the call fails with the API's error.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(90);

/// A client of the Leonardo.Ai API. It is cheap to clone and can be shared between threads: clones share the connections
/// and the rate limiter.
///
/// Transient failures are retried if the call is safe to repeat. A call that starts a job costs credits, so it is sent
/// again only if nothing was sent before. If its response is lost, the error is [`Error::Unconfirmed`]. If a call that
/// deletes a resource is sent again because its response was lost, "not found" counts as success.
#[derive(Clone)]
pub struct Client {
    pub(super) inner: Arc<Inner>,
    pub(super) uploader: Uploader,
    pub(super) cancel_token: CancelToken,
}

pub(super) struct Inner {
    pub api_key: String,
    pub base_url: String,
    pub user_agent: Option<String>,
    pub transport: Arc<dyn Transport>,
    pub timeout: Duration,
    pub retries: u32,
    pub max_download_bytes: u64,
    pub calls: Mutex<RateLimiter>,
    pub jobs: Mutex<RateLimiter>,
}

impl Client {
    /// A client for the key in `LEONARDO_API_KEY`. If they are set, it uses the base URL in `LEONARDO_BASE_URL` and the
    /// certificate authorities in the file that `SSL_CERT_FILE` names.
    ///
    /// # Errors
    ///
    /// [`Error::MissingApiKey`] if the variable is not set, and as [`ClientBuilder::build`].
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// The settings of a client for this key.
    pub fn builder(api_key: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(api_key.into())
    }

    /// Ends calls, uploads, downloads and waits with [`Error::Cancelled`] when any thread cancels `token`. A call that must
    /// not be sent twice and was already sent ends with [`Error::Unconfirmed`] instead.
    ///
    /// To cancel some of the work of a client that is shared, use a clone: `client.clone().cancel_token(&token)`.
    #[must_use]
    pub fn cancel_token(mut self, token: &CancelToken) -> Self {
        self.uploader = self.uploader.cancel_token(token);
        self.cancel_token = token.clone();
        self
    }

    /// Calls `on_progress` during uploads, like [`Uploader::on_progress`].
    #[must_use]
    pub fn on_progress(
        mut self,
        on_progress: impl Fn(Progress) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.uploader = self.uploader.on_progress(on_progress);
        self
    }

    /// Makes a call.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidParameter`] if a parameter is missing or outside the API's limits; nothing was sent.
    /// - [`Error::Api`] if the API rejects the call, whatever the HTTP status.
    /// - [`Error::Core`] with a transport error if the API does not respond, and with an error of a presigned form if
    ///   the response contains one that cannot be posted.
    /// - [`Error::Unconfirmed`] instead of these two, and instead of [`Error::Cancelled`], if the call was sent, may have
    ///   been carried out and must not be sent twice ([`CallKind`]).
    pub fn call<C: Call>(&self, call: &C) -> Result<C::Response, Error> {
        let request = call.request()?;
        let mut was_lost = false;
        let response = self.exchange(&request, &mut was_lost);
        match response.and_then(|response| self.parse(call, &request, &response)) {
            // An earlier attempt deleted it, and its response was lost.
            Err(error) if was_lost && error.is_not_found() => call.already_deleted().ok_or(error),
            result => result,
        }
    }

    fn parse<C: Call>(
        &self,
        call: &C,
        request: &CallRequest,
        response: &Response,
    ) -> Result<C::Response, Error> {
        let parsed = call.parse(&response.body);
        let mut result = parsed.map_err(|error| {
            let error = match error {
                Error::Api(error) => error.with_head(response, |text| self.redact(text)).into(),
                other => other,
            };
            UnconfirmedCall::from_success(error, request)
        })?;
        if let Some(server) = response.date() {
            call.correct_clock_skew(&mut result, server, SystemTime::now());
        }
        Ok(result)
    }

    /// Sends the call until it succeeds or must not be repeated. Sets `was_lost` if an attempt may have been carried out
    /// although it failed.
    fn exchange(&self, request: &CallRequest, was_lost: &mut bool) -> Result<Response, Error> {
        let body = request.json.as_ref().map(|json| json.to_string());
        let policy = RetryPolicy {
            name: "API call",
            retries: self.inner.retries,
            max_retry_after: MAX_RETRY_AFTER,
            remaining: &|| None,
            cancel_token: &self.cancel_token,
        };
        let result = retry::run(&policy, |_| {
            let result = self.attempt(request, body.as_deref());
            if let Err(failure) = &result {
                *was_lost |= may_be_carried_out(&failure.error);
            }
            result
        });
        result.map_err(|error| error.into_error(Error::Cancelled))
    }

    /// Sends the call once, as soon as the rate limiter permits it.
    fn attempt(
        &self,
        request: &CallRequest,
        body: Option<&str>,
    ) -> Result<Response, Failure<Error>> {
        let permanent = |error| Failure {
            error,
            is_retryable: false,
            retry_after: None,
        };
        if self.cancel_token.wait(self.acquire(request.kind)) {
            return Err(permanent(Error::Cancelled));
        }
        let (error, retry_after) = match self.send(request, body) {
            Err(error) if self.cancel_token.is_cancelled() => {
                return Err(permanent(if error.is_unsent() {
                    Error::Cancelled
                } else {
                    UnconfirmedCall::from_failure(Error::Cancelled, request)
                }));
            }
            Err(error) => (error.redacted(|text| self.redact(text)).into(), None),
            Ok(response) => match ApiError::find(&response, |text| self.redact(text)) {
                None => return Ok(response),
                Some(error) => (Error::from(error), response.retry_after(SystemTime::now())),
            },
        };
        let is_unsent = error.transport().is_some_and(TransportError::is_unsent);
        let is_safe = request.kind == CallKind::Idempotent || is_unsent;
        Err(Failure {
            is_retryable: error.is_retryable() && is_safe,
            error: UnconfirmedCall::from_failure(error, request),
            retry_after,
        })
    }

    fn send(&self, request: &CallRequest, body: Option<&str>) -> Result<Response, TransportError> {
        let inner = &self.inner;
        let mut headers = vec![
            ("accept", "application/json".into()),
            ("authorization", format!("Bearer {}", inner.api_key)),
        ];
        if body.is_some() {
            headers.push(("content-type", "application/json".into()));
        }
        headers.extend(inner.user_agent.clone().map(|agent| ("user-agent", agent)));
        let mut reader = body.unwrap_or_default().as_bytes();
        let response = inner.transport.send(Request {
            method: request.method,
            url: &format!("{}{}", inner.base_url, request.path),
            headers,
            body: body.map(|body| (&mut reader as _, body.len() as u64)),
            timeout: inner.timeout,
            idle_timeout: inner.timeout,
            cancel_token: Some(&self.cancel_token),
            max_response_bytes: MAX_RESPONSE_BYTES,
            sink: None,
        })?;
        let (method, path) = (request.method.as_str(), &request.path);
        log::debug!("{method} {path}: {}", response.status);
        Ok(response)
    }

    /// How long to wait before a call of this kind may be sent.
    fn acquire(&self, kind: CallKind) -> Duration {
        let acquire = |limiter: &Mutex<RateLimiter>| {
            // A panic cannot leave the list of times inconsistent.
            let mut limiter = limiter.lock().unwrap_or_else(PoisonError::into_inner);
            limiter.acquire(Instant::now())
        };
        let mut pause = acquire(&self.inner.calls);
        if kind == CallKind::Job {
            pause = pause.max(acquire(&self.inner.jobs));
        }
        if !pause.is_zero() {
            log::info!("rate limit reached, the next call is sent in {pause:?}");
        }
        pause
    }

    pub(super) fn redact(&self, text: &str) -> String {
        Redactor::new([self.inner.api_key.as_str()]).redact(text)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.inner.base_url)
            .finish_non_exhaustive()
    }
}
