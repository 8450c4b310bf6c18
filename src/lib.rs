//! Prepares an image for a presigned S3 POST, and posts it.
#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]

mod error;
mod extension;
pub mod geometry;
pub mod leonardo;
pub mod multipart;
mod prepare;
mod presigned;
mod random;
mod s3;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod transport;
mod upload;
mod url;

pub use error::Error;
pub use extension::{Extension, ParseExtensionError};
pub use geometry::{AspectRatio, Bounds, Fit, Size, Target};
pub use prepare::{Prepare, PrepareError, PrepareErrorKind, PreparedImage};
pub use presigned::{PresignedPost, PresignedPostError};
pub use s3::S3Error;
pub use upload::{Receipt, Uploader, upload};
pub use url::UrlError;
