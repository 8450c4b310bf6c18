//! What the responses of a storage mean: its errors, and the receipt of an upload.

mod advice;
mod code;
mod error;
mod expired;
mod json;
mod post_response;
mod success;
mod xml;

pub use code::S3ErrorCode;
pub use error::S3Error;
pub(crate) use post_response::PostResponse;
pub(crate) use success::is_success;
