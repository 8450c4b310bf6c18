//! The client: sends one call at a time, and makes attempts where they may help and cannot harm.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::builder::ClientBuilder;
use super::call::{Call, CallKind, CallRequest};
use super::error::{ApiError, Error, UnconfirmedCall};
use super::rate_limiter::RateLimiter;
use crate::cancel::CancelToken;
use crate::redact::Redactor;
use crate::retry::{self, Failure, RetryPolicy};
use crate::transport::{Request, Response, Transport, TransportError};
use crate::upload::{Progress, Uploader};

const MAX_RESPONSE_BYTES: u64 = 16 * 1024 * 1024;

/// If `Retry-After` is longer than this, the call fails with the API's error.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(90);

/// A client of the Leonardo.Ai API. Cheap to clone, and to share between threads: clones share the connections and the
/// rate_limiter of calls.
///
/// Calls that change nothing or can be made twice without harm, and those for a form, are made again when they fail
/// for a reason that passes. A generation costs money, so it is sent a second time only if nothing of the first was
/// sent; when its response is lost, the error is [`Error::Unconfirmed`].
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
    pub generations: Mutex<RateLimiter>,
}

impl Client {
    /// A client with the key in `LEONARDO_API_KEY`, with the base URL in `LEONARDO_BASE_URL` and the certificate
    /// authorities in the file `SSL_CERT_FILE` where those are set.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when there is no key, or when key or base URL cannot be used.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// Begins a client with this key.
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

    /// Makes a call, and reads its answer.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the call is not as the API wants it, and nothing was sent; [`Error::Api`] when the API
    /// refuses, whatever the status; [`Error::Transport`] when no answer comes; [`Error::Cancelled`];
    /// [`Error::Unconfirmed`] instead of the last three when the call was sent and may have been carried out, and must
    /// not be sent twice ([`CallKind`]).
    pub fn call<C: Call>(&self, call: &C) -> Result<C::Response, Error> {
        let request = call.request()?;
        let response = self.exchange(&request)?;
        let parsed = call.parse(&response.body);
        let mut answer = parsed.map_err(|error| {
            let error = match error {
                Error::Api(error) => error.of(&response, |text| self.redact(text)).into(),
                other => other,
            };
            UnconfirmedCall::from_success(error, &request)
        })?;
        if let Some(api) = response.date() {
            call.received(&mut answer, api, SystemTime::now());
        }
        Ok(answer)
    }

    fn exchange(&self, request: &CallRequest) -> Result<Response, Error> {
        let body = request.json.as_ref().map(|json| json.to_string());
        let policy = RetryPolicy {
            name: "API call",
            retries: self.inner.retries,
            max_retry_after: MAX_RETRY_AFTER,
            remaining: &|| None,
            cancel_token: &self.cancel_token,
        };
        let result = retry::run(&policy, |_| self.attempt(request, body.as_deref()));
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
        if self.cancel_token.wait(self.reserve(request.kind)) {
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
                Some(error) => (error.into(), response.retry_after(SystemTime::now())),
            },
        };
        Err(Failure {
            is_retryable: may_be_repeated(request.kind, &error),
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

    /// How long it is until the call may be made.
    fn reserve(&self, kind: CallKind) -> Duration {
        // Times in a list that a panic left alone are as good as before.
        let wait = |rate_limiter: &Mutex<RateLimiter>| {
            let mut rate_limiter = rate_limiter.lock().unwrap_or_else(PoisonError::into_inner);
            rate_limiter.reserve(Instant::now())
        };
        let pause = match kind {
            CallKind::Generation => wait(&self.inner.generations).max(wait(&self.inner.calls)),
            CallKind::Repeatable | CallKind::Once => wait(&self.inner.calls),
        };
        if !pause.is_zero() {
            log::info!(
                "so many calls were made in the last minute that the next one is in {pause:?}"
            );
        }
        pause
    }

    pub(super) fn redact(&self, text: &str) -> String {
        Redactor::new([self.inner.api_key.as_str()]).redact(text)
    }
}

/// A call that is not to be made twice is made again only where it cannot have been carried out.
fn may_be_repeated(kind: CallKind, error: &Error) -> bool {
    let is_unsent = error.transport().is_some_and(TransportError::is_unsent);
    error.is_retryable() && (kind == CallKind::Repeatable || is_unsent)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.inner.base_url)
            .finish_non_exhaustive()
    }
}
