//! The client: key, base URL, and one call at a time.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;

use super::error::ApiError;
use crate::error::Error;
use crate::prepare::PreparedImage;
use crate::presigned::PresignedPost;
use crate::transport::{Method, Request, Response, Transport, UreqTransport};
use crate::upload::{NotStored, Receipt, Uploader};
use crate::url;

const DEFAULT_BASE_URL: &str = "https://cloud.leonardo.ai/api/rest";
const MAX_RESPONSE_BYTES: u64 = 16 * 1024 * 1024;

/// A client of the Leonardo.Ai API. Cheap to clone, and to share between threads.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    api_key: String,
    base_url: String,
    transport: Arc<dyn Transport>,
    uploader: Uploader,
    timeout: Duration,
    wait_timeout: Duration,
}

impl Client {
    /// A client with the key in `LEONARDO_API_KEY`, with the base URL in `LEONARDO_BASE_URL` and the certificate
    /// authorities in the file `SSL_CERT_FILE` where those are set.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when there is no key, or when key or base URL cannot be used.
    pub fn from_env() -> Result<Self, Error> {
        let variable = |name| {
            std::env::var(name)
                .ok()
                .filter(|value| !value.trim().is_empty())
        };
        let api_key = variable("LEONARDO_API_KEY").ok_or_else(|| {
            Error::Invalid("there is no API key; set LEONARDO_API_KEY to yours".into())
        })?;
        let transport = || {
            let transport = UreqTransport::from_env();
            transport.map_err(|error| Error::Invalid(error.to_string()))
        };
        let mut builder = Self::builder(api_key)
            .uploader(Uploader::new(Arc::new(transport()?)))
            .transport(Arc::new(transport()?));
        if let Some(base_url) = variable("LEONARDO_BASE_URL") {
            builder = builder.base_url(base_url);
        }
        builder.build()
    }

    /// Begins a client with this key.
    pub fn builder(api_key: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            api_key: api_key.into(),
            base_url: DEFAULT_BASE_URL.into(),
            transport: None,
            uploader: None,
            timeout: Duration::from_secs(60),
            wait_timeout: Duration::from_secs(600),
        }
    }

    pub(super) fn wait_timeout(&self) -> Duration {
        self.inner.wait_timeout
    }

    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.json(&self.exchange(Method::Get, path, None)?.body)
    }

    pub(super) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<T, Error> {
        let response = self.exchange(Method::Post, path, Some(&to_json(body)?))?;
        self.json(&response.body)
    }

    /// Asks for a presigned form, and learns from the answer by how much the clocks differ.
    pub(super) fn post_for_form(
        &self,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<PresignedPost, Error> {
        let response = self.exchange(Method::Post, path, Some(&to_json(body)?))?;
        let mut form = PresignedPost::from_json(&response.body)?;
        if let Some(server) = response.date() {
            form.set_server_time(server, SystemTime::now());
        }
        Ok(form)
    }

    /// Posts `image` with a form that `ask` gets; when that expires while there is work to do, with another one, once.
    /// Gives the id of the image and what the storage answered.
    pub(super) fn upload_with(
        &self,
        image: &PreparedImage,
        ask: impl Fn() -> Result<PresignedPost, Error>,
    ) -> Result<(String, Receipt), Error> {
        let form = ask()?;
        let id = form_id(&form)?;
        match self.inner.uploader.post_image(&form, image) {
            Ok(receipt) => Ok((id, receipt)),
            Err(NotStored {
                error,
                form_expired,
            }) if form_expired => {
                log::info!(
                    "the form expires before the image is stored, asking for another: {error}"
                );
                let form = ask()?;
                let id = form_id(&form)?;
                let mut receipt = self.inner.uploader.upload(&form, image)?;
                receipt.resigned = true;
                Ok((id, receipt))
            }
            Err(NotStored { error, .. }) => Err(error),
        }
    }

    fn json<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(body).map_err(|error| {
            let message = format!("an answer that cannot be read: {error}");
            ApiError::new(200, self.redact(&message)).into()
        })
    }

    fn exchange(&self, method: Method, path: &str, body: Option<&[u8]>) -> Result<Response, Error> {
        let inner = &self.inner;
        let mut headers = vec![
            ("accept", "application/json".into()),
            ("authorization", format!("Bearer {}", inner.api_key)),
        ];
        if body.is_some() {
            headers.push(("content-type", "application/json".into()));
        }
        let mut reader = body.unwrap_or_default();
        let response = inner.transport.send(Request {
            method,
            url: &format!("{}{path}", inner.base_url),
            headers,
            body: body.map(|body| (&mut reader as _, body.len() as u64)),
            timeout: inner.timeout,
            idle_timeout: inner.timeout,
            cancel_token: None,
            max_response_bytes: MAX_RESPONSE_BYTES,
        })?;
        log::debug!("{} {path}: {}", method.as_str(), response.status);
        match ApiError::find(response.status, &response.body, |text| self.redact(text)) {
            Some(error) => Err(error.into()),
            None => Ok(response),
        }
    }

    fn redact(&self, text: &str) -> String {
        text.replace(&self.inner.api_key, "[redacted]")
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.inner.base_url)
            .finish_non_exhaustive()
    }
}

/// The settings of a [`Client`].
pub struct ClientBuilder {
    api_key: String,
    base_url: String,
    transport: Option<Arc<dyn Transport>>,
    uploader: Option<Uploader>,
    timeout: Duration,
    wait_timeout: Duration,
}

impl ClientBuilder {
    /// Where the API is, without the version: `/v1/…` is added. Default: `https://cloud.leonardo.ai/api/rest`.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// What carries the calls and the posts. Default: [`UreqTransport`], one for the API and one for the storage.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// What posts the images: with its own retries, progress and cancel token. Default: an [`Uploader`] with the same
    /// transport.
    #[must_use]
    pub fn uploader(mut self, uploader: Uploader) -> Self {
        self.uploader = Some(uploader);
        self
    }

    /// How long one call may take. Default: 60 s. Posts to the storage have a time of their own: see [`Uploader`].
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long [`Client::wait`] waits for a generation. Default: 10 minutes.
    #[must_use]
    pub fn wait_timeout(mut self, timeout: Duration) -> Self {
        self.wait_timeout = timeout;
        self
    }

    /// Makes the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the key cannot stand in a header, or when the base URL is neither https nor on the
    /// loopback interface.
    pub fn build(self) -> Result<Client, Error> {
        let api_key = self.api_key.trim();
        if api_key.is_empty() || !api_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::Invalid(
                "the API key is empty or holds a space, a line break or a letter that is not ASCII"
                    .into(),
            ));
        }
        url::check(&self.base_url).map_err(|e| {
            Error::Invalid(format!("the base URL {} {e}", url::host(&self.base_url)))
        })?;
        // The documentation gives the address with its version, so that is what people paste.
        let base_url = self.base_url.trim_end_matches('/');
        let base_url = base_url.strip_suffix("/v1").unwrap_or(base_url);
        Ok(Client {
            inner: Arc::new(Inner {
                api_key: api_key.into(),
                base_url: base_url.into(),
                uploader: self.uploader.unwrap_or_else(|| {
                    let transport = self.transport.clone();
                    transport.map_or_else(Uploader::default, Uploader::new)
                }),
                transport: self
                    .transport
                    .unwrap_or_else(|| Arc::new(UreqTransport::new())),
                timeout: self.timeout,
                wait_timeout: self.wait_timeout,
            }),
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

fn form_id(form: &PresignedPost) -> Result<String, Error> {
    present(form.id(), "the id of the image").map(str::to_owned)
}

fn to_json(body: &impl serde::Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(body)
        .map_err(|error| Error::Invalid(format!("the request cannot be written: {error}")))
}

/// What the API answers under `name`; null there means it refused without a word.
pub(super) fn present<T>(answer: Option<T>, name: &str) -> Result<T, Error> {
    answer.ok_or_else(|| ApiError::new(200, format!("{name} is missing or null")).into())
}

/// An id as it may stand in a path.
pub(super) fn path_segment(id: &str) -> Result<&str, Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match !id.is_empty() && id.bytes().all(plain) {
        true => Ok(id),
        false => Err(Error::Invalid(format!("{id:?} is not an id of the API"))),
    }
}
