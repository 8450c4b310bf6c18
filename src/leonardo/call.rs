//! The calls of the API as values: the request and how to read the response.
//!
//! They do no I/O. [`Client::call`](super::Client::call) sends them, and any other HTTP client can:
//!
//! ```
//! use imgpost::Extension;
//! use imgpost::leonardo::call::{Call, CreateInitImage};
//!
//! let call = CreateInitImage::new(Extension::Jpg);
//! let request = call.request()?;
//! assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/init-image"));
//! assert_eq!(request.json.unwrap().to_string(), r#"{"extension":"jpg"}"#);
//!
//! let response = br#"{"uploadInitImage": {"id": "1", "url": "https://bucket.s3.amazonaws.com/",
//!                     "fields": "{\"key\": \"photo.jpg\"}", "key": "photo.jpg"}}"#;
//! let upload = call.parse(response)?;
//! assert_eq!((upload.id.as_str(), upload.form.key()), ("1", Some("photo.jpg")));
//! # Ok::<(), imgpost::leonardo::Error>(())
//! ```

use std::time::SystemTime;

use serde_json::Value;

use super::error::{Error, ParameterError};
use crate::transport::Method;

pub use super::account::GetMe;
pub use super::canvas::CreateCanvasInitImage;
pub use super::dataset::{
    AddGeneratedImage, CreateDataset, CreateDatasetImage, DeleteDataset, GetDataset,
};
pub use super::generation::{DeleteGeneration, GetGeneration};
pub use super::init_image::{CreateInitImage, DeleteInitImage, GetInitImage};
pub use super::media::{CreateMedia, CreateModelAsset, DeleteMedia, GetMedia};
pub use super::model::ListModels;
pub use super::pricing::CalculatePrice;
pub use super::response::Deleted;
pub use super::variation::GetVariation;

/// A call of the API.
pub trait Call {
    /// The result of the call.
    type Response;

    /// The request to send.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if a parameter is missing or outside the API's limits.
    fn request(&self) -> Result<CallRequest, Error>;

    /// Reads the body of a response that does not report an error.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] if the body lacks the result, and [`Error::Core`] if it contains a form that cannot be posted.
    fn parse(&self, body: &[u8]) -> Result<Self::Response, Error>;

    /// Corrects the expiration of the forms in a response for the difference between the API's clock and the local one.
    /// `server` is the time that the response reports, `local` the time when it arrived. Default: does nothing.
    fn correct_clock_skew(
        &self,
        response: &mut Self::Response,
        server: SystemTime,
        local: SystemTime,
    ) {
        let _ = (response, server, local);
    }

    /// The call that calculates the price of this one, if the API's calculator knows the model and the parameters.
    /// Default: `None`, the price is unknown.
    fn price(&self) -> Option<CalculatePrice> {
        None
    }

    /// The result of a call that deletes a resource, if the API reports that the resource does not exist, but only after
    /// the call was sent before and its response was lost: then the first attempt deleted it. Default: `None`, so that
    /// a missing resource is an error.
    fn already_deleted(&self) -> Option<Self::Response> {
        None
    }
}

/// The request of a [`Call`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CallRequest {
    /// The method.
    pub method: Method,
    /// The path after the base URL: `/v1/init-image`.
    pub path: String,
    /// The JSON of the body, if the request has one.
    pub json: Option<Value>,
    /// Whether the request may be sent again, and which rate limit applies.
    pub kind: CallKind,
}

/// Whether a call may be sent again after a transient failure, and which rate limit applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallKind {
    /// It is safe to repeat: it changes nothing, has the same effect a second time, or makes a form, which costs nothing.
    Idempotent,
    /// It would create a second resource, so it is sent again only if nothing was sent before. If it was sent and no
    /// usable response came, [`Client::call`](super::Client::call) returns [`Error::Unconfirmed`].
    NonIdempotent,
    /// Like [`NonIdempotent`](Self::NonIdempotent), and it starts a job that costs credits. The API limits the number of
    /// these per minute.
    Job,
}

impl CallRequest {
    pub(super) fn get(path: String) -> Self {
        Self::new(Method::Get, path, None, CallKind::Idempotent)
    }

    pub(super) fn delete(path: String) -> Self {
        Self::new(Method::Delete, path, None, CallKind::Idempotent)
    }

    pub(super) fn post(path: impl Into<String>, json: Value, kind: CallKind) -> Self {
        Self::new(Method::Post, path.into(), Some(json), kind)
    }

    fn new(method: Method, path: String, json: Option<Value>, kind: CallKind) -> Self {
        Self {
            method,
            path,
            json,
            kind,
        }
    }
}

/// Checks that an id can be a segment of a path.
pub(super) fn path_segment(id: &str) -> Result<&str, Error> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !id.is_empty() && id.bytes().all(is_plain) {
        Ok(id)
    } else {
        Err(ParameterError::Id { id: id.into() }.into())
    }
}

/// Calls that read or delete the resource with an id.
macro_rules! calls_by_id {
    ($($(#[$doc:meta])* $name:ident: $method:ident $path:literal, $wrapper:literal => $response:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            id: String,
        }

        impl $name {
            /// The call for the resource with this id.
            pub fn new(id: impl Into<String>) -> Self {
                Self { id: id.into() }
            }
        }

        impl $crate::leonardo::call::Call for $name {
            type Response = $response;

            fn request(&self) -> Result<$crate::leonardo::call::CallRequest, $crate::leonardo::Error> {
                let id = $crate::leonardo::call::path_segment(&self.id)?;
                Ok($crate::leonardo::call::CallRequest::$method(format!(concat!($path, "/{}"), id)))
            }

            fn parse(&self, body: &[u8]) -> Result<$response, $crate::leonardo::Error> {
                $crate::leonardo::response::wrapped(body, $wrapper)
            }

            $crate::leonardo::call::calls_by_id!(@$method self);
        }
    )*};
    (@get $self:ident) => {};
    (@delete $self:ident) => {
        fn already_deleted(&self) -> Option<$crate::leonardo::call::Deleted> {
            Some($crate::leonardo::call::Deleted::new(&self.id))
        }
    };
}

pub(super) use calls_by_id;
