//! A request for a [`Transport`](super::Transport).

use std::fmt;
use std::io::{Read, Write};
use std::time::Duration;

use crate::cancel::CancelToken;
use crate::url;

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The method as it is sent: `GET`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A request for a [`Transport`](super::Transport).
#[non_exhaustive]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// The absolute URL. Its query may contain secrets.
    pub url: &'a str,
    /// Names and values of the headers, without `Host` and `Content-Length`. The values may be secrets.
    pub headers: Vec<(&'a str, String)>,
    /// The body and its length in bytes. Default: none.
    pub body: Option<(&'a mut dyn Read, u64)>,
    /// Maximum duration of the exchange. Default: 60 s. It can be [`Duration::MAX`], which overflows if it is added to
    /// the current time.
    pub timeout: Duration,
    /// Maximum time without a byte sent or received. Default: 30 s.
    pub idle_timeout: Duration,
    /// Ends the exchange when it is cancelled. A transport that cannot interrupt an exchange may ignore it: reading the
    /// body fails after a cancellation. Default: none.
    pub cancel_token: Option<&'a CancelToken>,
    /// Maximum number of bytes to read from the body of the response; the rest is ignored. Default: 1 MiB.
    pub max_response_bytes: u64,
    /// Receives the body of a successful response while it arrives, in place of [`Response::body`](super::Response::body).
    /// Default: none.
    pub sink: Option<&'a mut dyn Write>,
}

impl<'a> Request<'a> {
    /// A request without headers and body. To change its settings, assign to the fields.
    pub fn new(method: Method, url: &'a str) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            body: None,
            timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(30),
            cancel_token: None,
            max_response_bytes: 1 << 20,
            sink: None,
        }
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        let content_length = self.body.as_ref().map(|(_, length)| length);
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &url::host(self.url))
            .field("headers", &names)
            .field("content_length", &content_length)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_header_values_nor_the_query() {
        let url = "https://example.com/a?X-Amz-Signature=SECRET";
        let mut request = Request::new(Method::Post, url);
        request.headers = vec![("authorization", "Bearer SECRET".into())];
        assert!(!format!("{request:?}").contains("SECRET"));
    }
}
