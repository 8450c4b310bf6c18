//! Uploads a file with a presigned POST or a presigned PUT.

mod attempt;
mod clock;
mod detect;
mod presigned;
mod progress;
mod receipt;
mod source;
mod validate;

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::cancel::CancelToken;
use crate::error::Error;
use crate::prepare::PreparedImage;
use crate::transport::{Transport, UreqTransport};
use crate::url::{self, UrlError};
use presigned::{FileRequest, PresignedRef};

pub(crate) use attempt::UploadError;
pub use presigned::Presigned;
use progress::OnProgress;
pub use progress::Progress;
pub use receipt::Receipt;
use source::Source;
pub use validate::Validated;

/// Uploads `image` with the default settings of [`Uploader`].
///
/// ```no_run
/// # let json = "";
/// let image = imgpost::PrepareOptions::default().open("photo.jpg")?;
/// let form = imgpost::PresignedPost::from_json(json)?;
/// let receipt = imgpost::upload(&form, &image)?;
/// println!("stored {} bytes", receipt.bytes);
/// # Ok::<(), imgpost::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::PresignedPost`] if the form's policy or the presigned URL does not permit the upload, [`Error::Storage`] if
/// storage rejects it, and [`Error::Transport`] if no response arrives.
pub fn upload(presigned: &impl Presigned, image: &PreparedImage) -> Result<Receipt, Error> {
    Uploader::default().upload(presigned, image)
}

/// Uploads files with presigned POST forms and presigned PUT URLs. Connections are kept for the next upload; clones share
/// them.
///
/// Transient failures are retried with growing pauses, until the form or URL expires: sending a file twice does no harm,
/// because its key is fixed. If `Retry-After` is longer than the form or URL is valid, longer than 10 minutes or, without
/// an expiration, longer than 60 s, the error of the storage is returned.
///
/// An upload succeeds if the whole body was sent and storage responded with a success of its own: 200, 201 or 204
/// without an error document or a web page, or the 303 that a form requests with `success_action_redirect`.
///
/// If a form or URL seems to have expired, this machine's clock is compared with that of the storage, which a request
/// without secrets returns, before the upload fails.
///
/// ```no_run
/// use std::{ops::ControlFlow, time::Duration};
/// use imgpost::{PrepareOptions, PresignedPost, Uploader};
///
/// let uploader = Uploader::default()
///     .timeout(Duration::from_secs(120))
///     .retries(2)
///     .on_progress(|progress| {
///         eprint!("\r{} of {} bytes", progress.sent, progress.total);
///         ControlFlow::Continue(())
///     });
/// # let forms: Vec<String> = vec![];
/// for (json, path) in forms.iter().zip(["1.jpg", "2.jpg"]) {
///     let image = PrepareOptions::default().open(path)?;
///     let receipt = uploader.upload(&PresignedPost::from_json(json)?, &image)?;
///     println!("{path}: {:?}", receipt.key);
/// }
/// # Ok::<(), imgpost::Error>(())
/// ```
#[derive(Clone)]
pub struct Uploader {
    transport: Arc<dyn Transport>,
    timeout: Duration,
    idle_timeout: Duration,
    retries: u32,
    validate_policy: bool,
    allow_http: bool,
    on_progress: Option<OnProgress>,
    cancel_token: CancelToken,
}

impl Default for Uploader {
    /// An uploader with a [`UreqTransport`] that the environment configures: see [`UreqTransport::new`].
    fn default() -> Self {
        Self::new(Arc::new(UreqTransport::new()))
    }
}

impl Uploader {
    /// An uploader that sends through `transport`.
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            timeout: Duration::from_secs(3600),
            idle_timeout: Duration::from_secs(30),
            retries: 4,
            validate_policy: true,
            allow_http: false,
            on_progress: None,
            cancel_token: CancelToken::new(),
        }
    }

    /// Maximum duration of one attempt. Default: 1 hour; [`idle_timeout`](Self::idle_timeout) ends attempts that stall.
    /// An attempt that has started may end after its form expires: S3 evaluates the policy when the fields arrive.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Maximum time without a byte sent or received. Default: 30 s.
    #[must_use]
    pub fn idle_timeout(mut self, idle_timeout: Duration) -> Self {
        self.idle_timeout = idle_timeout;
        self
    }

    /// Maximum number of attempts after the first. Default: 4.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Whether to validate the upload before anything is sent: against the policy and expiration of a form, or the signed
    /// headers and expiration of a URL. Default: true. Without validation, the decision is left to storage.
    #[must_use]
    pub fn validate_policy(mut self, validate: bool) -> Self {
        self.validate_policy = validate;
        self
    }

    /// Whether to upload over plain http to other machines, for example to MinIO at `http://minio:9000`. Everyone on the
    /// network can then read the form or URL and the file, so a warning is logged. Default: false; http is accepted on the
    /// loopback interface only, which includes `*.localhost`.
    #[must_use]
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// Calls `on_progress` on the uploading thread whenever a part of the body has been passed to the connection, and
    /// once at its end. `ControlFlow::Break` ends the upload with [`Error::Cancelled`].
    #[must_use]
    pub fn on_progress(
        mut self,
        on_progress: impl Fn(Progress) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.on_progress = Some(Arc::new(on_progress));
        self
    }

    /// Ends uploads with [`Error::Cancelled`] when any thread cancels `token`, also while the connection is idle and
    /// between attempts.
    #[must_use]
    pub fn cancel_token(mut self, token: &CancelToken) -> Self {
        self.cancel_token = token.clone();
        self
    }

    /// Uploads `image`, like the function [`upload`].
    ///
    /// # Errors
    ///
    /// Those of the function [`upload`], and [`Error::Cancelled`].
    pub fn upload(
        &self,
        presigned: &impl Presigned,
        image: &PreparedImage,
    ) -> Result<Receipt, Error> {
        self.correcting_clock(presigned.presigned(), |presigned| {
            self.upload_source(presigned, Source::from_image(image))
        })
    }

    /// Like [`upload`](Self::upload). The error says whether a new form would help.
    pub(crate) fn try_upload(
        &self,
        presigned: &impl Presigned,
        image: &PreparedImage,
    ) -> Result<Receipt, UploadError> {
        self.upload_source(presigned.presigned(), Source::from_image(image))
    }

    /// Uploads the file at `path` unchanged, for example a video, a 3D model or an image that needs no preparation. The
    /// file is read while it is sent; it is never in memory as a whole.
    ///
    /// `content_type` defaults to the `Content-Type` of the form or of the URL's headers, then to what the file's first
    /// bytes or its extension say, then to `application/octet-stream`.
    ///
    /// # Errors
    ///
    /// Those of [`upload`](Self::upload), and [`Error::File`] if the file cannot be read, or if it is changed or
    /// replaced during the upload.
    pub fn upload_file(
        &self,
        presigned: &impl Presigned,
        path: impl AsRef<Path>,
        content_type: Option<&str>,
    ) -> Result<Receipt, Error> {
        let path = path.as_ref();
        self.correcting_clock(presigned.presigned(), |presigned| {
            let source = Source::from_file(presigned, path, content_type)?;
            self.upload_source(presigned, source)
        })
    }

    /// Like [`upload_file`](Self::upload_file). The error says whether a new form would help.
    pub(crate) fn try_upload_file(
        &self,
        presigned: &impl Presigned,
        path: &Path,
        content_type: Option<&str>,
    ) -> Result<Receipt, UploadError> {
        let presigned = presigned.presigned();
        let source = Source::from_file(presigned, path, content_type)?;
        self.upload_source(presigned, source)
    }

    /// Uploads `bytes` unchanged.
    ///
    /// `content_type` defaults as in [`upload_file`](Self::upload_file), with the extension of `file_name`. Storage learns
    /// `file_name` only if the form's key contains `${filename}`; characters other than ASCII letters, digits, `.`, `-`
    /// and `_` are replaced by `_`.
    ///
    /// ```no_run
    /// # let form = imgpost::PresignedPost::from_json("")?;
    /// let uploader = imgpost::Uploader::default();
    /// uploader.upload_bytes(&form, b"a,b\n1,2\n", "table.csv", Some("text/csv"))?;
    /// # Ok::<(), imgpost::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`upload`](Self::upload).
    pub fn upload_bytes(
        &self,
        presigned: &impl Presigned,
        bytes: &[u8],
        file_name: &str,
        content_type: Option<&str>,
    ) -> Result<Receipt, Error> {
        self.correcting_clock(presigned.presigned(), |presigned| {
            let source = Source::from_bytes(presigned, bytes, file_name.as_ref(), content_type);
            self.upload_source(presigned, source)
        })
    }

    fn upload_source(
        &self,
        presigned: PresignedRef<'_>,
        source: Source<'_>,
    ) -> Result<Receipt, UploadError> {
        let started = Instant::now();
        let bytes = source.content.length();
        let request = self.request(presigned, source)?;
        log::info!("uploading {bytes} bytes to {}", presigned.host());
        let (response, attempts) = self.send(presigned, &request)?;
        let receipt = Receipt {
            bytes,
            attempts,
            elapsed: started.elapsed(),
            ..Receipt::from_response(&request, &response)
        };
        log::info!("uploaded {bytes} bytes in {:?}", receipt.elapsed);
        Ok(receipt)
    }

    /// The request that uploads `source`, after everything that can be validated without sending it.
    fn request<'a>(
        &self,
        presigned: PresignedRef<'_>,
        source: Source<'a>,
    ) -> Result<FileRequest<'a>, Error> {
        self.check_url(presigned)?;
        if self.validate_policy {
            presigned.validate(&source.content, &source.content_type, SystemTime::now())?;
        }
        presigned.request(source)
    }

    /// Refuses plain http to other machines unless it is allowed.
    fn check_url(&self, presigned: PresignedRef<'_>) -> Result<(), Error> {
        match url::check(presigned.url()) {
            Ok(_) => Ok(()),
            Err(UrlError::NotHttps) if self.allow_http && url::parse(presigned.url()).is_ok() => {
                log::warn!(
                    "the address of {} is plain http: everyone on the network can read what is sent",
                    presigned.host()
                );
                Ok(())
            }
            Err(error) => Err(presigned.url_error(error)),
        }
    }
}

impl fmt::Debug for Uploader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploader")
            .field("transport", &self.transport)
            .field("timeout", &self.timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}
