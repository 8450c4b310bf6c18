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

const DEFAULT_BASE_URL: &str = "https://cloud.leonardo.ai/api/rest";

/// What the documentation of the API allows in a minute.
const CALLS_PER_MINUTE: u32 = 2000;
const GENERATIONS_PER_MINUTE: u32 = 100;

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
            per_minute: [CALLS_PER_MINUTE, GENERATIONS_PER_MINUTE],
        }
    }

    /// Begins a client as [`Client::from_env`] makes it.
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

    /// Where the API is, without the version: `/v1/…` is added. Default: `https://cloud.leonardo.ai/api/rest`.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// What the calls say they come from. Default: `imgpost/` and the version of this crate.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// What carries the calls and the posts. Default: [`UreqTransport`], one for the API and one for the storage.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// What posts the images: with its own retries and timeouts. Default: an [`Uploader`] with the same transport.
    #[must_use]
    pub fn uploader(mut self, uploader: Uploader) -> Self {
        self.uploader = Some(uploader);
        self
    }

    /// Goes through this proxy (`http://[user:password@]host:port`) instead of the environment's. For a
    /// [`transport`](Self::transport) and an [`uploader`](Self::uploader) that are given, it has to be set there.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// How long one call may take. Default: 60 s. Posts to the storage have a time of their own: see
    /// [`Uploader`].
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many more times a call is made that failed for a reason that passes, where it may be made again. Default: 4.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// How many calls, and how many generations among them, are made in any minute; the next one waits. Default: 2000
    /// and 100, the API's own limits.
    #[must_use]
    pub fn calls_per_minute(mut self, calls: u32, generations: u32) -> Self {
        self.per_minute = [calls, generations];
        self
    }

    /// How many bytes a [download](Client::download) may have. Default: 512 MiB.
    #[must_use]
    pub fn max_download_bytes(mut self, max_bytes: u64) -> Self {
        self.max_download_bytes = max_bytes;
        self
    }

    /// Makes the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the key cannot stand in a header, when the base URL is neither https nor on the
    /// loopback interface, or when the proxy's address is none.
    pub fn build(self) -> Result<Client, Error> {
        let api_key = self.api_key.trim();
        if api_key.is_empty() || !api_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::InvalidApiKey);
        }
        url::check(&self.base_url).map_err(|error| Error::InvalidBaseUrl {
            host: url::host(&self.base_url),
            error,
        })?;
        // The documentation gives the address with its version, so that is what people paste.
        let base_url = self.base_url.trim_end_matches('/');
        let base_url = base_url.strip_suffix("/v1").unwrap_or(base_url);
        let new_transport = || -> Result<Arc<dyn Transport>, Error> {
            let builder = UreqTransport::builder();
            let builder = match &self.proxy {
                Some(proxy) => builder.proxy(proxy),
                None => Ok(builder),
            };
            let builder = builder.map_err(Error::InvalidConnectionSettings)?;
            Ok(Arc::new(builder.build()))
        };
        let uploader = match (self.uploader, &self.transport) {
            (Some(uploader), _) => uploader,
            (None, Some(transport)) => Uploader::new(Arc::clone(transport)),
            (None, None) => Uploader::new(new_transport()?),
        };
        let transport = self.transport.map_or_else(new_transport, Ok)?;
        let [calls, generations] = self
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
                generations,
            }),
            uploader,
            cancel_token: CancelToken::new(),
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("base_url", &url::host(&self.base_url))
            .finish_non_exhaustive()
    }
}
