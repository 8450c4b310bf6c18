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
use crate::random;
use crate::redact::Redactor;
use crate::retry::{self, Failure, Next};
use crate::transport::{Request, Response, Transport, TransportError};
use crate::upload::{Progress, Uploader};

const MAX_RESPONSE_BYTES: u64 = 16 * 1024 * 1024;

/// A server that asks to be left alone for longer is believed, and its answer is the caller's.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(90);

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

    /// The same client, whose calls, uploads and waits end with [`Error::Cancelled`] when `token` is cancelled. A call
    /// that must not be sent twice and was sent already ends with [`Error::Unconfirmed`] instead.
    #[must_use]
    pub fn with_cancel_token(&self, token: &CancelToken) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            uploader: self.uploader.clone().cancel_token(token.clone()),
            cancel_token: token.clone(),
        }
    }

    /// The same client, which tells how far its uploads are: see [`Uploader::on_progress`].
    #[must_use]
    pub fn with_progress(
        &self,
        on_progress: impl Fn(Progress) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        Self {
            uploader: self.uploader.clone().on_progress(on_progress),
            ..self.clone()
        }
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
        let mut attempt = 1;
        loop {
            if self.cancel_token.wait(self.reserve(request.kind)) {
                return Err(Error::Cancelled);
            }
            let (error, retry_after) = match self.attempt(request, body.as_deref()) {
                Err(error) if self.cancel_token.is_cancelled() => {
                    if error.is_unsent() {
                        return Err(Error::Cancelled);
                    }
                    return Err(UnconfirmedCall::from_failure(Error::Cancelled, request));
                }
                Err(error) => (error.redacted(|text| self.redact(text)).into(), None),
                Ok(response) => match ApiError::find(&response, |text| self.redact(text)) {
                    None => return Ok(response),
                    Some(error) => (error.into(), response.retry_after(SystemTime::now())),
                },
            };
            let failure = Failure {
                is_retryable: may_be_repeated(request.kind, &error),
                retry_after,
            };
            let random = random::draw() as u64;
            let remaining = Some(LONGEST_RETRY_AFTER);
            match retry::decide(attempt, self.inner.retries, failure, remaining, random) {
                Next::Attempt(pause) => {
                    log::info!("call {attempt} failed, the next one is in {pause:?}: {error}");
                    if self.cancel_token.wait(pause) {
                        return Err(Error::Cancelled);
                    }
                    attempt += 1;
                }
                Next::GiveUp | Next::TooLate => {
                    return Err(UnconfirmedCall::from_failure(error, request));
                }
            }
        }
    }

    fn attempt(
        &self,
        request: &CallRequest,
        body: Option<&str>,
    ) -> Result<Response, TransportError> {
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
