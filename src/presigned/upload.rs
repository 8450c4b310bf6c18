//! Either presigned upload, as a producer hands it out.

use super::put_error::PresignedPutError;
use super::{PresignedPost, PresignedPostError, PresignedPut, shapes};

/// A presigned form or a presigned URL: what a service that hands out uploads may return.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PresignedUpload {
    /// Fields that are posted along with the file.
    Post(PresignedPost),
    /// A signed URL that the file is put to.
    Put(PresignedPut),
}

impl PresignedUpload {
    /// Reads a presigned upload from a URL alone, or from everything that
    /// [`PresignedPost::from_json`] reads. `{"url": …, "method": "PUT", "headers": …}` is a presigned PUT, and so is a
    /// signed URL without fields.
    ///
    /// ```
    /// let url = "https://bucket.s3.amazonaws.com/photo.jpg?X-Amz-Signature=…";
    /// let upload = imgpost::PresignedUpload::parse(url)?;
    /// assert!(matches!(upload, imgpost::PresignedUpload::Put(_)));
    /// # Ok::<(), imgpost::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`PresignedPost::from_json`], and [`PresignedPutError`] for a URL that cannot be used.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, PresignedPostError> {
        let mut all = Self::parse_all(text.as_ref())?;
        if all.len() > 1 {
            return Err(PresignedPostError::Several { count: all.len() });
        }
        Ok(all.remove(0))
    }

    /// Reads the presigned upload at `index`, counted from 0, from a response that contains several.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), and [`PresignedPostError::Several`] if there is none at this index.
    pub fn parse_nth(text: impl AsRef<[u8]>, index: usize) -> Result<Self, PresignedPostError> {
        let mut all = Self::parse_all(text.as_ref())?;
        if index >= all.len() {
            return Err(PresignedPostError::Several { count: all.len() });
        }
        Ok(all.swap_remove(index))
    }

    /// Reads all presigned uploads of a response; there is at least one.
    fn parse_all(text: &[u8]) -> Result<Vec<Self>, PresignedPostError> {
        let found = shapes::read(text)?;
        found.into_iter().map(Self::from_shape).collect()
    }

    fn from_shape(shape: shapes::Shape) -> Result<Self, PresignedPostError> {
        Ok(match shape {
            shapes::Shape::Post { url, fields } => Self::Post(PresignedPost::new(url, fields)?),
            shapes::Shape::Put { url, headers } => Self::Put(PresignedPut::new(url, headers)?),
        })
    }

    pub(super) fn into_post(self) -> Result<PresignedPost, PresignedPostError> {
        match self {
            Self::Post(form) => Ok(form),
            Self::Put(_) => Err(PresignedPostError::IsPut),
        }
    }
}

impl From<PresignedPost> for PresignedUpload {
    fn from(form: PresignedPost) -> Self {
        Self::Post(form)
    }
}

impl From<PresignedPut> for PresignedUpload {
    fn from(put: PresignedPut) -> Self {
        Self::Put(put)
    }
}

impl From<PresignedPutError> for PresignedPostError {
    fn from(error: PresignedPutError) -> Self {
        Self::Put(error)
    }
}
