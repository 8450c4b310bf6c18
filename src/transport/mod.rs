//! One HTTP exchange: the trait that every request goes through, and its implementation with ureq.
//!
//! ```
//! use imgpost::transport::{Request, Response, Transport, TransportError};
//!
//! /// Responds to everything with 204, for tests.
//! #[derive(Debug)]
//! struct NoContent;
//!
//! impl Transport for NoContent {
//!     fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
//!         if let Some((body, _)) = request.body {
//!             std::io::copy(body, &mut std::io::sink()).expect("the body can be read");
//!         }
//!         Ok(Response::new(204, "").with_header("server", "none"))
//!     }
//! }
//! ```

mod error;
mod request;
mod response;
mod ureq;

use std::fmt;

pub use self::ureq::{UreqTransport, UreqTransportBuilder};
pub use error::{TransportError, TransportErrorKind};
pub use request::{Method, Request};
pub use response::Response;
pub(crate) use response::is_transient;

/// Sends HTTP requests.
///
/// An implementation follows no redirect, returns a response whatever its status, adds neither `Authorization` nor
/// cookies, and sends the body with the given `Content-Length`, never chunked and without `Expect: 100-continue`. It
/// skips interim responses, and reads a final response that arrives before the whole body was sent. An upload fails
/// unless the whole body was read.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends `request` and returns the response.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if no response arrives. A response with a status of 400 or more is not an error.
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError>;
}
