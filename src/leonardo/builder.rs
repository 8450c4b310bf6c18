//! The settings of a client.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::client::{Client, Inner};
use super::error::Error;
use super::rate_limiter::RateLimiter;
use crate::cancel::CancelToken;
use crate::transport::{Transport, UreqTransport};
use crate::upload::Uploader;
use crate::url;

pub(super) const DEFAULT_BASE_URL: &str = "https://cloud.leonardo.ai/api/rest";

/// The limits that the documentation of the API states.
const CALLS_PER_MINUTE: u32 = 2000;
const JOBS_PER_MINUTE: u32 = 100;

/// The settings of a [`Client`].
pub struct ClientBuilder {
    api_key: String,
    base_url: String,
    user_agent: Option<String>,
    transport: Option<Arc<dyn Transport>>,
    uploader: Option<Uploader>,
    proxy: Option<String>,
    timeout: Duration,
    retries: u32,
    max_download_bytes: u64,
    per_minute: [u32; 2],
}

impl ClientBuilder {
    pub(super) fn new(api_key: String) -> Self {
        Self {
            api_key,
            base_url: DEFAULT_BASE_URL.into(),
            user_agent: None,
            transport: None,
            uploader: None,
            proxy: None,
            timeout: Duration::from_secs(60),
            retries: 4,
            max_download_bytes: 512 << 20,
            per_minute: [CALLS_PER_MINUTE, JOBS_PER_MINUTE],
        }
    }

    /// The settings of [`Client::from_env`].
    ///
    /// # Errors
    ///
    /// As [`Client::from_env`].
    pub fn from_env() -> Result<Self, Error> {
        let variable = |name| {
            let value = std::env::var(name).ok();
            value.filter(|value| !value.trim().is_empty())
        };
        let api_key = variable("LEONARDO_API_KEY").ok_or(Error::MissingApiKey)?;
        let builder = Self::new(api_key);
        Ok(match variable("LEONARDO_BASE_URL") {
            Some(base_url) => builder.base_url(base_url),
            None => builder,
        })
    }

    /// The base URL of the API, without the version. Default: `https://cloud.leonardo.ai/api/rest`.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// The `User-Agent` of the calls. Default: `imgpost/` and the version of this crate.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Sends calls, uploads and downloads. Default: [`UreqTransport`], one for the API and one for the storage.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Uploads the files, with its own retries and timeouts. Default: an [`Uploader`] with the same transport.
    #[must_use]
    pub fn uploader(mut self, uploader: Uploader) -> Self {
        self.uploader = Some(uploader);
        self
    }

    /// The proxy: `http://[user:password@]host:port`. A [`transport`](Self::transport) or an
    /// [`uploader`](Self::uploader) of your own needs its own. Default: the proxy of the environment.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Maximum duration of one attempt of a call. Uploads have their own: [`Uploader::timeout`]. Default: 60 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Maximum number of attempts after the first, for calls that are safe to repeat and for downloads. Default: 4.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Maximum number of calls in any minute, and of jobs that these start. Further calls wait. Default: 2000 and 100, the
    /// limits of the API.
    #[must_use]
    pub fn calls_per_minute(mut self, calls: u32, jobs: u32) -> Self {
        self.per_minute = [calls, jobs];
        self
    }

    /// Maximum length of a [download](Client::download) in bytes. Default: 512 MiB.
    #[must_use]
    pub fn max_download_bytes(mut self, max_bytes: u64) -> Self {
        self.max_download_bytes = max_bytes;
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidApiKey`], [`Error::InvalidBaseUrl`], and [`Error::InvalidProxy`] if the URL of the
    /// proxy cannot be used.
    pub fn build(self) -> Result<Client, Error> {
        let api_key = self.api_key.trim();
        if api_key.is_empty() || !api_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::InvalidApiKey);
        }
        url::check(&self.base_url).map_err(|error| Error::InvalidBaseUrl {
            host: url::host(&self.base_url),
            error,
        })?;
        let base_url = without_version(&self.base_url);
        let new_transport = || -> Result<Arc<dyn Transport>, Error> {
            let builder = UreqTransport::builder();
            let builder = match &self.proxy {
                Some(proxy) => builder.proxy(proxy),
                None => Ok(builder),
            };
            let builder = builder.map_err(Error::InvalidProxy)?;
            Ok(Arc::new(builder.build()))
        };
        let uploader = match (self.uploader, &self.transport) {
            (Some(uploader), _) => uploader,
            (None, Some(transport)) => Uploader::new(Arc::clone(transport)),
            (None, None) => Uploader::new(new_transport()?),
        };
        let transport = self.transport.map_or_else(new_transport, Ok)?;
        let [calls, jobs] = self
            .per_minute
            .map(|limit| Mutex::new(RateLimiter::new(limit)));
        Ok(Client {
            inner: Arc::new(Inner {
                api_key: api_key.into(),
                base_url: base_url.into(),
                user_agent: self.user_agent,
                transport,
                timeout: self.timeout,
                retries: self.retries,
                max_download_bytes: self.max_download_bytes,
                calls,
                jobs,
            }),
            uploader,
            cancel_token: CancelToken::new(),
        })
    }
}

/// The documentation states the base URL with its version, so users paste it like that.
pub(super) fn without_version(base_url: &str) -> &str {
    let base_url = base_url.trim_end_matches('/');
    base_url.strip_suffix("/v1").unwrap_or(base_url)
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("base_url", &url::host(&self.base_url))
            .finish_non_exhaustive()
    }
}
