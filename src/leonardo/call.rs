//! The calls of the API as values: what is sent, and what the answer means.
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
//! let answer = br#"{"uploadInitImage": {"id": "1", "url": "https://bucket.s3.amazonaws.com/",
//!                   "fields": "{\"key\": \"photo.jpg\"}", "key": "photo.jpg"}}"#;
//! assert_eq!(call.parse(answer)?.id(), Some("1"));
//! # Ok::<(), imgpost::leonardo::Error>(())
//! ```

use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{ApiError, Error, ParameterError};
use crate::presigned::PresignedPost;
use crate::transport::Method;

pub use super::account::GetMe;
pub use super::canvas::CreateCanvasInitImage;
pub use super::dataset::{
    AddGeneratedImage, CreateDataset, CreateDatasetImage, DeleteDataset, GetDataset,
};
pub use super::generation::{DeleteGeneration, GetGeneration};
pub use super::init_image::{CreateInitImage, DeleteInitImage, GetInitImage};
pub use super::media::{CreateMedia, CreateModelAsset};
pub use super::variation::GetVariation;

/// One call of the API.
pub trait Call {
    /// What the API answers.
    type Response;

    /// What is sent.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when something is missing or out of range: the API would refuse it.
    fn request(&self) -> Result<CallRequest, Error>;

    /// Reads the body of an answer that is no refusal.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] when the answer lacks what it should hold, and [`Error::PresignedPost`] when a form in it cannot
    /// be posted.
    fn parse(&self, body: &[u8]) -> Result<Self::Response, Error>;

    /// Told once what time it was for the API and for this machine when the answer came, where the API said so. A form
    /// makes up for a wrong clock with it; any other answer does not care.
    fn received(&self, answer: &mut Self::Response, api: SystemTime, local: SystemTime) {
        let _ = (answer, api, local);
    }
}

/// What is sent for a [`Call`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CallRequest {
    /// The method.
    pub method: Method,
    /// The path, to be added to the base URL: `/v1/init-image`.
    pub path: String,
    /// The JSON of the body, where there is one.
    pub json: Option<Value>,
    /// When it may be sent again, and what it counts as.
    pub kind: CallKind,
}

/// When a call may be sent again after a failure that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallKind {
    /// At any time: it changes nothing, or the same a second time, or makes a form that costs nothing.
    Repeatable,
    /// Only when nothing was sent: a second time it would make a second thing. When it was sent and no usable response
    /// came, [`Client::call`](super::Client::call) returns [`Error::Unconfirmed`].
    Once,
    /// As [`Once`](Self::Once), and it costs credits. There is a limit of its own on how many of these are made in a
    /// minute.
    Generation,
}

impl CallRequest {
    pub(super) fn get(path: String) -> Self {
        Self::new(Method::Get, path, None, CallKind::Repeatable)
    }

    pub(super) fn delete(path: String) -> Self {
        Self::new(Method::Delete, path, None, CallKind::Repeatable)
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

/// An id as it may stand in a path.
pub(super) fn path_segment(id: &str) -> Result<&str, Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !id.is_empty() && id.bytes().all(plain) {
        Ok(id)
    } else {
        Err(ParameterError::Id { id: id.into() }.into())
    }
}

/// What the answer holds under `name`. Null there means that the API refused without a word, or that there is no such
/// thing.
pub(super) fn wrapped<T: DeserializeOwned>(body: &[u8], name: &str) -> Result<T, Error> {
    let mut answer: Value = serde_json::from_slice(body).map_err(ApiError::unreadable)?;
    match answer.get_mut(name).map(Value::take) {
        None => Err(ApiError::lacks(name).into()),
        Some(Value::Null) => Err(ApiError::null(name).into()),
        Some(value) => Ok(serde_json::from_value(value).map_err(ApiError::unreadable)?),
    }
}

/// The id in an answer; null there means that nothing was made.
pub(super) fn id(id: Option<String>, of: &str) -> Result<String, Error> {
    id.ok_or_else(|| ApiError::null(&format!("the id of {of}")).into())
}

pub(super) fn learn_time(form: &mut PresignedPost, api: SystemTime, local: SystemTime) {
    form.set_server_time(api, local);
}

/// Calls that ask for one thing by its id, or delete it.
macro_rules! calls_by_id {
    ($($(#[$doc:meta])* $name:ident: $method:ident $path:literal, $wrapper:literal => $answer:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            id: String,
        }

        impl $name {
            #[doc = concat!("The call for the thing with this id.")]
            pub fn new(id: impl Into<String>) -> Self {
                Self { id: id.into() }
            }
        }

        impl $crate::leonardo::call::Call for $name {
            type Response = $answer;

            fn request(&self) -> Result<$crate::leonardo::call::CallRequest, $crate::leonardo::Error> {
                let id = $crate::leonardo::call::path_segment(&self.id)?;
                Ok($crate::leonardo::call::CallRequest::$method(format!(concat!($path, "/{}"), id)))
            }

            fn parse(&self, body: &[u8]) -> Result<$answer, $crate::leonardo::Error> {
                $crate::leonardo::call::wrapped(body, $wrapper)
            }
        }
    )*};
}

pub(super) use calls_by_id;

/// What calls have in common that are answered with one form.
macro_rules! answered_with_a_form {
    () => {
        type Response = $crate::PresignedPost;

        fn parse(&self, body: &[u8]) -> Result<$crate::PresignedPost, $crate::leonardo::Error> {
            Ok($crate::PresignedPost::from_json(body)?)
        }

        fn received(
            &self,
            form: &mut $crate::PresignedPost,
            api: std::time::SystemTime,
            local: std::time::SystemTime,
        ) {
            $crate::leonardo::call::learn_time(form, api, local);
        }
    };
}

pub(super) use answered_with_a_form;

/// What the API says of a thing that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[non_exhaustive]
pub struct Deleted {
    /// Its id, where the API repeats it.
    pub id: Option<String>,
}
