//! Validates an upload without sending it.

use std::path::Path;

use super::source::Source;
use super::{Presigned, Uploader};
use crate::error::Error;
use crate::prepare::PreparedImage;

/// What an upload would send.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validated {
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Content type of the file.
    pub content_type: String,
}

impl Uploader {
    /// Checks all that [`upload`](Self::upload) checks before it sends: the address, and what storage is certain to
    /// reject, unless [`validate_policy`](Self::validate_policy) is off. Sends nothing.
    ///
    /// # Errors
    ///
    /// Those with which [`upload`](Self::upload) would fail before it sends.
    pub fn validate(
        &self,
        presigned: &impl Presigned,
        image: &PreparedImage,
    ) -> Result<Validated, Error> {
        self.validate_source(presigned, Source::from_image(image))
    }

    /// Checks all that [`upload_file`](Self::upload_file) checks before it sends. Sends nothing.
    ///
    /// # Errors
    ///
    /// Those with which [`upload_file`](Self::upload_file) would fail before it sends.
    pub fn validate_file(
        &self,
        presigned: &impl Presigned,
        path: impl AsRef<Path>,
        content_type: Option<&str>,
    ) -> Result<Validated, Error> {
        let source = Source::from_file(presigned.presigned(), path.as_ref(), content_type)?;
        self.validate_source(presigned, source)
    }

    /// Checks all that [`upload_bytes`](Self::upload_bytes) checks before it sends. Sends nothing.
    ///
    /// # Errors
    ///
    /// Those with which [`upload_bytes`](Self::upload_bytes) would fail before it sends.
    pub fn validate_bytes(
        &self,
        presigned: &impl Presigned,
        bytes: &[u8],
        file_name: &str,
        content_type: Option<&str>,
    ) -> Result<Validated, Error> {
        let name = file_name.as_ref();
        let source = Source::from_bytes(presigned.presigned(), bytes, name, content_type);
        self.validate_source(presigned, source)
    }

    fn validate_source(
        &self,
        presigned: &impl Presigned,
        source: Source<'_>,
    ) -> Result<Validated, Error> {
        let validated = Validated {
            bytes: source.content.length(),
            content_type: source.content_type.clone(),
        };
        self.request(presigned.presigned(), source)?;
        Ok(validated)
    }
}
