//! Posts an image with a presigned form.

mod attempt;

use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;

use crate::cancel::CancelToken;
use crate::error::Error;
use crate::multipart::{Content, FileContent};
use crate::prepare::PreparedImage;
use crate::presigned::{PresignedPost, PresignedPostError};
use crate::s3::PostResponse;
use crate::text::ascii_file_name;
use crate::transport::{Response, Transport, UreqTransport};
pub(crate) use attempt::UploadError;

/// Posts `image` with `form`: every field in the given order, then the file.
///
/// ```no_run
/// # let answer = "";
/// let image = imgpost::PrepareOptions::default().open("photo.jpg")?;
/// let form = imgpost::PresignedPost::from_json(&answer)?;
/// let receipt = imgpost::upload(&form, &image)?;
/// println!("{} bytes stored", receipt.bytes);
/// # Ok::<(), imgpost::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::PresignedPost`] when the form's own policy forbids the post, [`Error::Storage`] with S3's own words when
/// the storage refuses, [`Error::Transport`] when no answer comes.
pub fn upload(form: &PresignedPost, image: &PreparedImage) -> Result<Receipt, Error> {
    Uploader::default().upload(form, image)
}

/// How far a post has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes of the body handed to the connection in this attempt.
    pub sent: u64,
    /// Bytes of the body.
    pub total: u64,
    /// The attempt, counted from 1.
    pub attempt: u32,
}

type OnProgress = Arc<dyn Fn(Progress) -> ControlFlow<()> + Send + Sync>;

/// Posts images with presigned forms; keeps the connections for the next one.
///
/// Transient failures (the connection was refused or broke, time ran out, the storage is busy) are retried with growing
/// pauses, until the form expires: a form with a fixed key can be posted again without harm. If the storage asks to wait
/// (`Retry-After`) longer than the form lives, longer than 10 minutes, or without an expiry longer than 60 s, its error is
/// returned.
///
/// An upload has succeeded once the whole body was sent and the storage sent a success of its own: 200, 201 or 204
/// without an error document or a web page, or the 303 that the form asks for with `success_action_redirect`.
#[derive(Clone)]
pub struct Uploader {
    transport: Arc<dyn Transport>,
    timeout: Duration,
    idle_timeout: Duration,
    retries: u32,
    validate_policy: bool,
    on_progress: Option<OnProgress>,
    cancel_token: CancelToken,
}

impl Default for Uploader {
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
            on_progress: None,
            cancel_token: CancelToken::new(),
        }
    }

    /// How long one attempt may take. Default: one hour; [`idle_timeout`](Self::idle_timeout) ends those that stall. An
    /// attempt that has started may outlive its form: S3 evaluates the policy when the fields arrive.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long an attempt goes on without a byte being sent or received. Default: 30 s.
    #[must_use]
    pub fn idle_timeout(mut self, idle_timeout: Duration) -> Self {
        self.idle_timeout = idle_timeout;
        self
    }

    /// How many more attempts are made after one that failed for a reason that passes. Default: 4.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Whether the policy of a form is checked before anything is sent. Default: true. Without it, the storage is
    /// the one to refuse.
    #[must_use]
    pub fn validate_policy(mut self, check: bool) -> Self {
        self.validate_policy = check;
        self
    }

    /// Calls `on_progress` on the posting thread whenever a part of the body has been handed to the connection, and
    /// once at the end of it. `ControlFlow::Break` ends the upload with [`Error::Cancelled`].
    #[must_use]
    pub fn on_progress(
        mut self,
        on_progress: impl Fn(Progress) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.on_progress = Some(Arc::new(on_progress));
        self
    }

    /// Ends uploads with [`Error::Cancelled`] when `token` is cancelled, from any thread: while data flows, while
    /// nothing moves, and while waiting between attempts.
    #[must_use]
    pub fn cancel_token(mut self, token: CancelToken) -> Self {
        self.cancel_token = token;
        self
    }

    /// Posts `image` with `form`, as the function [`upload`].
    ///
    /// # Errors
    ///
    /// As the function [`upload`].
    pub fn upload(&self, form: &PresignedPost, image: &PreparedImage) -> Result<Receipt, Error> {
        self.post_image(form, image).map_err(|failed| failed.error)
    }

    /// As [`upload`](Self::upload), and tells whether another form is all it would take.
    pub(crate) fn post_image(
        &self,
        form: &PresignedPost,
        image: &PreparedImage,
    ) -> Result<Receipt, UploadError> {
        let content_type = image.extension().content_type();
        let plain_name = format!("image.{}", image.extension());
        let names = [image.file_name(), plain_name];
        if self.validate_policy {
            let checked = form.validate_checksums(image.bytes());
            checked.map_err(PresignedPostError::from)?;
        }
        self.post_content(form, names, content_type, image.bytes())
    }

    /// Posts the file at `path` as it is: a video, a 3D model, an image that is right already. It is read while it is
    /// sent, and never in memory as a whole. `content_type` is the form's own where none is given.
    ///
    /// # Errors
    ///
    /// As the function [`upload`], and [`Error::File`] when the file cannot be read, or is changed or replaced meanwhile.
    pub fn upload_file(
        &self,
        form: &PresignedPost,
        path: impl AsRef<Path>,
        content_type: Option<&str>,
    ) -> Result<Receipt, Error> {
        self.post_file(form, path.as_ref(), content_type)
            .map_err(|failed| failed.error)
    }

    /// As [`upload_file`](Self::upload_file), and tells whether another form is all it would take.
    pub(crate) fn post_file(
        &self,
        form: &PresignedPost,
        path: &Path,
        content_type: Option<&str>,
    ) -> Result<Receipt, UploadError> {
        let file_error = |error: io::Error| {
            let message = format!("{}: {error}", path.display());
            Error::File(io::Error::new(error.kind(), message))
        };
        let metadata = std::fs::metadata(path).map_err(file_error)?;
        if !metadata.is_file() {
            return Err(file_error(io::Error::other("is not a file")).into());
        }
        let declared = content_type.or_else(|| form.value_of("Content-Type"));
        let content_type = declared.unwrap_or("application/octet-stream");
        let names = [ascii_file_name(path), String::from("file")];
        let content = Content::File(FileContent::new(path, &metadata));
        self.post_content(form, names, content_type, content)
    }

    /// Of the names, the first is what the file has on this machine and the second tells nothing of it.
    fn post_content<'a>(
        &self,
        form: &PresignedPost,
        [own_name, plain_name]: [String; 2],
        content_type: &str,
        content: impl Into<Content<'a>>,
    ) -> Result<Receipt, UploadError> {
        let started = Instant::now();
        let content = content.into();
        let bytes = content.length();
        if self.validate_policy {
            let checked = form.validate(bytes, content_type, SystemTime::now());
            checked.map_err(PresignedPostError::from)?;
        }
        // Only a key that asks for it needs the name the file has on this machine.
        let wants_name = form
            .fields()
            .any(|(_, value)| value.contains("${filename}"));
        let file_name = if wants_name { own_name } else { plain_name };
        let body = form.body(&file_name, content_type, content)?;
        log::info!("posting {bytes} bytes to {}", form.host());
        let (response, attempts) = self.post(form, &body)?;
        let receipt = Receipt {
            bytes,
            attempts,
            elapsed: started.elapsed(),
            ..stored(form, &file_name, &response)
        };
        log::info!("posted {} bytes in {:?}", receipt.bytes, receipt.elapsed);
        Ok(receipt)
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

/// What an answer says of the stored file.
fn stored(form: &PresignedPost, file_name: &str, response: &Response) -> Receipt {
    let told = PostResponse::parse(&response.body);
    let header = |name| response.header(name).map(str::to_owned);
    let named = |key: &str| key.replace("${filename}", file_name);
    let etag = header("etag").or(told.etag);
    Receipt {
        key: told.key.or_else(|| form.key().map(named)),
        etag: etag.map(|etag| etag.trim_matches('"').to_owned()),
        location: header("location").or(told.location),
        bytes: 0,
        attempts: 0,
        elapsed: Duration::ZERO,
        form_renewed: false,
    }
}

/// What the storage answered to a post that succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The key the file is stored under.
    pub key: Option<String>,
    /// The entity tag of what is stored, without quotes: for most storages the MD5 of the bytes.
    pub etag: Option<String>,
    /// Where the storage says the file is. With a redirect, where the form wants a browser to go next.
    pub location: Option<String>,
    /// How many bytes the file has.
    pub bytes: u64,
    /// How many times the form was posted, the last time with success.
    pub attempts: u32,
    /// How long it took, all attempts together. Serialized as seconds.
    #[serde(serialize_with = "in_seconds")]
    pub elapsed: Duration,
    /// Whether the first form expired while there was work to do, and another one was asked for.
    pub form_renewed: bool,
}

fn in_seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}
