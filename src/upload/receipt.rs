//! What a successful upload returns.

use std::time::Duration;

use serde::Serialize;

use super::presigned::FileRequest;
use crate::s3::PostResponse;
use crate::transport::Response;

/// Result of a successful upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Receipt {
    /// Key of the stored file. For a presigned PUT, the path of its address, which begins with the bucket if the host does
    /// not name it.
    pub key: Option<String>,
    /// Entity tag of the stored file, without quotes: the MD5 of its bytes in most storage services.
    pub etag: Option<String>,
    /// Address of the file as the storage reports it, or that of a presigned PUT without its query. For a form with
    /// `success_action_redirect`, the address that a browser would be sent to.
    pub location: Option<String>,
    /// Address that the file was sent to, without its query.
    pub url: String,
    /// HTTP status of the storage's response.
    pub status: u16,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Number of attempts, the successful one included.
    pub attempts: u32,
    /// Duration of all attempts together. Serialized as seconds.
    #[serde(serialize_with = "in_seconds")]
    pub elapsed: Duration,
    /// Whether the first form expired before the file was stored, so that a second form was requested.
    pub form_renewed: bool,
}

impl Receipt {
    /// The receipt for `request`, as far as the response describes it.
    pub(super) fn from_response(request: &FileRequest<'_>, response: &Response) -> Self {
        let document = PostResponse::parse(&response.body);
        let header = |name| response.header(name).map(str::to_owned);
        let etag = header("etag").or(document.etag);
        Self {
            key: document.key.or_else(|| request.key.clone()),
            etag: etag.map(|etag| etag.trim_matches('"').to_owned()),
            location: header("location")
                .or(document.location)
                .or_else(|| request.location.clone()),
            url: request.url.clone(),
            status: response.status,
            bytes: 0,
            attempts: 0,
            elapsed: Duration::ZERO,
            form_renewed: false,
        }
    }
}

fn in_seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}
