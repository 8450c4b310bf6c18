//! Presigned PUT: a URL whose query is signed, for storage without presigned POST.

mod query;

use std::fmt;
use std::time::{Duration, SystemTime};

use self::query::{Query, Scheme, decode};
use super::content_type::{covers, normal};
use super::fields;
use super::put_error::PresignedPutError;
use super::validate::MARGIN;
use crate::extension::Extension;
use crate::redact::Redactor;
use crate::time::Timestamp;
use crate::url;

/// A URL that allows one file to be stored with `PUT` on S3, Google Cloud Storage, Azure Blob Storage or a service like
/// them, until it expires.
///
/// Its query and the values of its headers are secrets: they appear in no `Debug` output and in no error.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedPut {
    url: String,
    headers: Vec<(String, String)>,
    expires_at: Option<SystemTime>,
    /// How many milliseconds the signer's clock is ahead of this machine's, as far as that is known.
    clock_skew: i64,
}

impl PresignedPut {
    /// A presigned PUT made of its URL and the headers that its producer gave along with it.
    ///
    /// # Errors
    ///
    /// [`PresignedPutError`] if the address is not an http or https URL without user name and password, or if a header
    /// cannot be sent.
    pub fn new(
        url: impl Into<String>,
        headers: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, PresignedPutError> {
        let url = url.into();
        url::parse(&url).map_err(|error| PresignedPutError::Url {
            host: url::host(&url),
            error,
        })?;
        let headers: Vec<_> = headers.into_iter().collect();
        for (name, value) in &headers {
            let is_name = name.parse::<http::HeaderName>().is_ok();
            if !is_name || value.parse::<http::HeaderValue>().is_err() {
                return Err(PresignedPutError::Header { name: name.clone() });
            }
        }
        Ok(Self {
            expires_at: Query::new(&url).expires_at(),
            url,
            headers,
            clock_skew: 0,
        })
    }

    /// The address to send the file to. Its query is a secret.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The host of the address, with its port if there is one.
    pub fn host(&self) -> String {
        url::host(&self.url)
    }

    /// The path of the address, decoded and without the first slash: the key the file is stored under, behind the name
    /// of the bucket if the host does not contain it.
    pub fn path(&self) -> String {
        let address = self.url.split(['?', '#']).next().unwrap_or_default();
        let path = address
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('/'));
        path.map(|(_, path)| decode(path)).unwrap_or_default()
    }

    /// The headers that the producer gave along with the URL.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        super::pairs(&self.headers)
    }

    /// When the URL expires, by the clock of whoever signed it; none if it does not say.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// The extension the URL was made for, by its path or the given `Content-Type`.
    pub fn extension(&self) -> Option<Extension> {
        let path = self.path();
        let suffix = path.rsplit_once('.').map(|(_, suffix)| suffix);
        let declared = self.header("content-type").map(normal);
        let mut all = Extension::ALL.iter().copied();
        suffix
            .and_then(|suffix| suffix.parse().ok())
            .or_else(|| all.find(|e| Some(e.content_type()) == declared.as_deref()))
    }

    /// The headers to send with a file of type `content_type`: those that were given, and those that the storage
    /// requires. `Host` and `Content-Length` are not among them, because every request has them.
    pub fn headers_for(&self, content_type: &str) -> Vec<(String, String)> {
        let by_transport =
            |name: &str| matches!(name, "host" | "content-length" | "transfer-encoding");
        let given = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        let mut headers: Vec<_> = given.filter(|(name, _)| !by_transport(name)).collect();
        let query = Query::new(&self.url);
        let mut add = |name: &str, value: &str| {
            if !headers.iter().any(|(n, _)| n == name) {
                headers.push((name.into(), value.into()));
            }
        };
        // Where each Content-Type is signed, one that the producer did not give would break the signature.
        if query.scheme() != Scheme::ContentType && !content_type.is_empty() {
            add("content-type", content_type);
        }
        if query.scheme() == Scheme::Azure {
            add("x-ms-blob-type", "BlockBlob");
        }
        for name in query.signed_headers() {
            if name.ends_with("-content-sha256") {
                add(&name, "UNSIGNED-PAYLOAD");
            }
        }
        headers
    }

    /// Checks what storage would check: whether a file of `bytes` bytes and this `content_type` may be stored at `now`.
    ///
    /// # Errors
    ///
    /// [`PresignedPutError`] with the first reason for which storage would reject the file.
    pub fn validate(
        &self,
        bytes: u64,
        content_type: &str,
        now: SystemTime,
    ) -> Result<(), PresignedPutError> {
        self.validate_for(content_type, now)?;
        if let Some(signed) = self.header("content-type")
            && signed.starts_with("image/")
            && content_type.starts_with("image/")
            && !covers(signed, content_type)
        {
            return Err(PresignedPutError::ContentType {
                signed: signed.into(),
                file: content_type.into(),
            });
        }
        match self
            .header("content-length")
            .and_then(|length| length.trim().parse().ok())
        {
            Some(signed) if signed != bytes => {
                Err(PresignedPutError::ContentLength { signed, bytes })
            }
            _ => Ok(()),
        }
    }

    /// Checks what can be checked without a file: as [`validate`](Self::validate), except for its size and type.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate).
    pub fn validate_headers(&self, now: SystemTime) -> Result<(), PresignedPutError> {
        // The type is not known before the file is, but every file has one.
        self.validate_for("application/octet-stream", now)
    }

    fn validate_for(&self, content_type: &str, now: SystemTime) -> Result<(), PresignedPutError> {
        if let Some(left) = self.time_left(now)
            && left <= MARGIN
        {
            let ago = Duration::from_millis(left.min(0).unsigned_abs());
            return Err(PresignedPutError::Expired { ago });
        }
        let sent = self.headers_for(content_type);
        for name in Query::new(&self.url).signed_headers() {
            let is_sent = sent.iter().any(|(n, _)| *n == name);
            if !is_sent && !matches!(name.as_str(), "host" | "content-length") {
                return Err(PresignedPutError::MissingHeader { name });
            }
        }
        Ok(())
    }

    /// The given `Content-Type`: one type, or a range of types.
    pub(crate) fn declared_content_type(&self) -> Option<&str> {
        self.header("content-type")
    }

    /// The value of a header that the producer gave.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        fields::value(self.headers(), name)
    }

    /// How long the URL may still be used, with time for the storage to read it; none if that is not known.
    pub(crate) fn remaining(&self, now: SystemTime) -> Option<Duration> {
        let left = self.time_left(now)?.saturating_sub(MARGIN).max(0);
        Some(Duration::from_millis(left.unsigned_abs()))
    }

    fn time_left(&self, now: SystemTime) -> Option<i64> {
        let left = Timestamp::from(self.expires_at?).millis_since(now.into());
        Some(left.saturating_sub(self.clock_skew))
    }

    /// Corrects for clock skew: the signer's clock was at `server` when this machine's was at `local`.
    pub(crate) fn set_server_time(&mut self, server: SystemTime, local: SystemTime) {
        self.clock_skew = Timestamp::from(server).millis_since(local.into());
    }

    /// Whether a URL is signed, so that it can be a presigned PUT.
    pub(super) fn is_signed(url: &str) -> bool {
        Query::new(url).is_signed()
    }

    /// Finds the secrets of this URL and its headers, as storage may repeat them.
    pub(crate) fn redactor(&self) -> Redactor {
        let query = fields::query(&self.url);
        let whole = self.url.split_once('?').map(|(_, query)| ("query", query));
        let secrets = query.chain(self.headers()).chain(whole);
        fields::redactor(secrets, |name| fields::is_public(name) || is_public(name))
    }

    /// `text` without the secrets of this URL.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.redactor().redact(text)
    }
}

/// Whether the value of a parameter says only how and for how long a URL is signed.
fn is_public(name: &str) -> bool {
    const PUBLIC: [&str; 12] = [
        "se",
        "x-amz-content-sha256",
        "x-amz-expires",
        "x-amz-signedheaders",
        "x-goog-expires",
        "x-goog-signedheaders",
        "x-id",
        "x-ms-blob-type",
        "x-ms-version",
        "x-oss-expires",
        "x-tos-expires",
        "x-tos-signedheaders",
    ];
    PUBLIC.contains(&name.to_ascii_lowercase().as_str())
}

impl fmt::Debug for PresignedPut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers().map(|(name, _)| name).collect();
        f.debug_struct("PresignedPut")
            .field("host", &self.host())
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
