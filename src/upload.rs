//! Posts an image with a presigned form.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::prepare::PreparedImage;
use crate::presigned::PresignedPost;
use crate::s3::{PostResponse, S3Error};
use crate::transport::{Method, Request, Response, Transport, UreqTransport};

/// Enough for any error S3 writes.
const MAX_RESPONSE_BYTES: u64 = 64 * 1024;

/// Posts `image` with `form`: every field in the given order, then the file.
///
/// ```no_run
/// # let answer = "";
/// let image = imgpost::Prepare::default().open("photo.jpg")?;
/// let form = imgpost::PresignedPost::from_json(&answer)?;
/// let receipt = imgpost::upload(&form, &image)?;
/// println!("{} bytes stored", receipt.bytes);
/// # Ok::<(), imgpost::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Storage`] with S3's own words when the storage refuses, [`Error::Transport`] when no answer comes.
pub fn upload(form: &PresignedPost, image: &PreparedImage) -> Result<Receipt, Error> {
    Uploader::default().upload(form, image)
}

/// Posts images with presigned forms; keeps the connections for the next one.
#[derive(Clone, Debug)]
pub struct Uploader {
    transport: Arc<dyn Transport>,
    timeout: Duration,
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
            timeout: Duration::from_secs(120),
        }
    }

    /// How long a post may take. Default: 120 s, the life of a form of Leonardo's.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Posts `image` with `form`, as the function [`upload`].
    ///
    /// # Errors
    ///
    /// As the function [`upload`].
    pub fn upload(&self, form: &PresignedPost, image: &PreparedImage) -> Result<Receipt, Error> {
        let started = Instant::now();
        // Only a key that asks for it needs the name the file has on this machine.
        let wants_name = form
            .fields()
            .any(|(_, value)| value.contains("${filename}"));
        let file_name = match wants_name {
            true => image.file_name(),
            false => format!("image.{}", image.extension()),
        };
        let body = form.body(&file_name, image.extension().mime_type(), image.bytes())?;
        let response = self.transport.send(Request {
            method: Method::Post,
            url: form.url(),
            headers: vec![("content-type", body.content_type())],
            body: Some((&mut body.reader(), body.content_length())),
            timeout: self.timeout,
            max_response_bytes: MAX_RESPONSE_BYTES,
        })?;
        let receipt = Receipt {
            bytes: image.bytes().len() as u64,
            attempts: 1,
            elapsed: started.elapsed(),
            ..stored(form, &file_name, &response)?
        };
        log::debug!("posted {} bytes in {:?}", receipt.bytes, receipt.elapsed);
        Ok(receipt)
    }
}

/// What an answer says of the stored file, or why it was refused.
fn stored(form: &PresignedPost, file_name: &str, response: &Response) -> Result<Receipt, Error> {
    if !matches!(response.status, 200 | 201 | 204 | 303) {
        let redact = |text: &str| form.redact(text);
        return Err(S3Error::parse(response.status, &response.body, redact).into());
    }
    let told = PostResponse::parse(&response.body);
    let header = |name| response.header(name).map(str::to_owned);
    let named = |key: &str| key.replace("${filename}", file_name);
    let etag = header("etag").or(told.etag);
    Ok(Receipt {
        key: told.key.or_else(|| form.key().map(named)),
        etag: etag.map(|etag| etag.trim_matches('"').to_owned()),
        location: header("location").or(told.location),
        bytes: 0,
        attempts: 0,
        elapsed: Duration::ZERO,
    })
}

/// What the storage answered to a post that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// How long it took, all attempts together.
    pub elapsed: Duration,
}
