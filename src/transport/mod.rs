//! One HTTP exchange: the door through which everything leaves.

mod early_response;
mod exchange;
mod proxy;
mod resolver;
mod socket;
mod ureq_builder;
mod ureq_transport;

use std::fmt;
use std::io::{Read, Write};
use std::time::{Duration, SystemTime};

use crate::cancel::CancelToken;
use crate::timestamp::Timestamp;
use crate::url;

use proxy::ProxyFailure;
pub use ureq_builder::UreqTransportBuilder;
pub use ureq_transport::UreqTransport;

/// Something that sends one HTTP request and brings back the answer.
///
/// An implementation follows no redirect, treats no status as an error, adds no `Authorization` and no cookies, and
/// sends the body with the `Content-Length` it is given, never chunked and without `Expect: 100-continue`. It skips
/// interim responses, and reads a final response that arrives while the body is still being sent. An upload has failed
/// unless the whole body was read.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends `request` and reads the answer.
    ///
    /// # Errors
    ///
    /// [`TransportError`] when no answer came. An answer with a status of 400 or more is an answer.
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError>;
}

/// The methods that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The method as it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A request on its way to a [`Transport`].
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// The absolute URL.
    pub url: &'a str,
    /// Headers to send besides `Host` and `Content-Length`. Their values may be secrets.
    pub headers: Vec<(&'static str, String)>,
    /// The body and its length in bytes.
    pub body: Option<(&'a mut dyn Read, u64)>,
    /// How long the whole exchange may take. It can be [`Duration::MAX`], which cannot be added to the present.
    pub timeout: Duration,
    /// How long the connection may take to move a single byte.
    pub idle_timeout: Duration,
    /// Ends the exchange when it is cancelled. A transport that cannot interrupt an exchange may leave it alone: it is
    /// looked at whenever a part of the body is read.
    pub cancel_token: Option<&'a CancelToken>,
    /// How many bytes of the answer's body are read; the rest is left.
    pub max_response_bytes: u64,
    /// Where the body of an answer of success goes, while it is read, instead of into [`Response::body`].
    pub sink: Option<&'a mut dyn Write>,
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &url::host(self.url))
            .field("headers", &names)
            .field(
                "content_length",
                &self.body.as_ref().map(|(_, length)| length),
            )
            .finish_non_exhaustive()
    }
}

/// An answer.
#[derive(Clone)]
pub struct Response {
    /// The status, 100 to 999.
    pub status: u16,
    /// The headers with their names in lower case; those that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
}

impl Response {
    /// The value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find_map(|(n, value)| (n == name).then_some(value.as_str()))
    }

    /// When the server says it answered (RFC 9110, 6.6.1).
    pub fn date(&self) -> Option<SystemTime> {
        Timestamp::parse_http_date(self.header("date")?).map(SystemTime::from)
    }

    /// Whether the status says that the request was carried out, 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// How long the server asks to be left alone, in seconds or until a date (RFC 9110, 10.2.3). A date is seen from
    /// the server's own clock, or from `now` where it does not tell its time.
    pub fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        let value = self.header("retry-after")?.trim();
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            // More digits than fit mean for ever.
            return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
        }
        let then = SystemTime::from(Timestamp::parse_http_date(value)?);
        let now = self.date().unwrap_or(now);
        Some(then.duration_since(now).unwrap_or_default())
    }
}

/// Whether an answer with this status may be another one a moment later, as far as the status tells.
pub(crate) fn is_passing(status: u16) -> bool {
    // From 520 on they are Cloudflare's; 525 and 526 are about certificates, which stay as they are.
    matches!(status, 408 | 425 | 429 | 500 | 502..=504 | 520..=524)
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// How far an exchange came before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host's name is not known. Nothing was sent.
    Resolve,
    /// No connection could be made. Nothing was sent.
    Connect,
    /// No secure connection could be made, for example because the certificate is not trusted. Nothing was sent.
    Tls,
    /// The proxy refuses, or the one that is configured cannot be used. Nothing was sent.
    Proxy,
    /// Time ran out. The request may have been carried out.
    Timeout,
    /// The connection broke or the answer is no HTTP. The request may have been carried out.
    Broken,
}

/// No answer came.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    host: String,
    /// What went wrong before the proxy had connected to the host.
    proxy: Option<ProxyFailure>,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl TransportError {
    /// The exchange with the host of `url` failed for the reason `source`.
    pub fn new(
        kind: TransportErrorKind,
        url: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            host: url::host(url),
            proxy: None,
            source: source.into(),
        }
    }

    /// The error without the secrets that `redact` removes: a server may redirect to a host that is named after one, and
    /// a transport may repeat the request.
    pub(crate) fn redacted(mut self, redact: impl Fn(&str) -> String) -> Self {
        self.host = redact(&self.host);
        let mut causes = vec![self.source.to_string()];
        let mut texts = format!("{:?}", self.source);
        let mut cause = self.source.source();
        while let Some(error) = cause {
            texts += &format!(" {error:?}");
            causes.push(error.to_string());
            cause = error.source();
        }
        let causes = causes.join(": ");
        if redact(&texts) != texts || redact(&causes) != causes {
            self.source = redact(&causes).into();
        }
        self
    }

    /// How far the exchange came.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the same request may get through a moment later.
    pub fn is_retryable(&self) -> bool {
        !matches!(
            self.kind,
            TransportErrorKind::Tls | TransportErrorKind::Proxy
        )
    }

    /// Whether the request cannot have been carried out, for it was not sent.
    pub fn is_unsent(&self) -> bool {
        use TransportErrorKind::{Connect, Proxy, Resolve, Tls};
        matches!(self.kind, Resolve | Connect | Tls | Proxy)
    }

    /// The host that failed, which may be the proxy's, and the port where it was given.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        if let Some(failure) = &self.proxy {
            return failure.explain(self.kind, host, f);
        }
        match self.kind {
            TransportErrorKind::Resolve => {
                write!(
                    f,
                    "the host {host} is not known; check the address and the network"
                )
            }
            TransportErrorKind::Connect => {
                write!(
                    f,
                    "cannot connect to {host}; check the address and the network"
                )
            }
            TransportErrorKind::Tls => write!(
                f,
                "no secure connection to {host}; check its certificate and this machine's clock"
            ),
            TransportErrorKind::Proxy => write!(
                f,
                "cannot connect to {host} through the proxy; check the proxy's URL"
            ),
            TransportErrorKind::Timeout => write!(f, "{host} took too long; try again"),
            TransportErrorKind::Broken => {
                write!(f, "the exchange with {host} broke off; try again")
            }
        }
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter();
        Response {
            status: 200,
            headers: headers.map(|(n, v)| ((*n).into(), (*v).into())).collect(),
            body: vec![],
        }
    }

    /// RFC 9110, 5.6.7.
    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn of_the_date(later: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 + later)
    }

    #[test]
    fn the_date_of_the_http_specification() {
        assert_eq!(response(&[("date", DATE)]).date(), Some(of_the_date(0)));
        assert_eq!(response(&[("date", "yesterday")]).date(), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let after = |headers: &[(&str, &str)], now| response(headers).retry_after(now);
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let now = of_the_date(0);
        assert_eq!(after(&[("retry-after", " 120")], now), seconds(120));
        let huge = "18446744073709551616";
        assert_eq!(after(&[("retry-after", huge)], now), seconds(u64::MAX));
        let later = ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT");
        assert_eq!(after(&[later], now), seconds(60));
        assert_eq!(after(&[later], of_the_date(61)), seconds(0));
        let wrong_clock = of_the_date(1_000_000);
        assert_eq!(after(&[later, ("date", DATE)], wrong_clock), seconds(60));
        for none in ["", "-1", "soon", "1.5"] {
            assert_eq!(after(&[("retry-after", none)], now), None, "{none}");
        }
        assert_eq!(after(&[], now), None);
    }

    #[test]
    fn connections_that_break_are_tried_again_and_refused_certificates_are_not() {
        for (kind, retried, unsent) in [
            (TransportErrorKind::Resolve, true, true),
            (TransportErrorKind::Connect, true, true),
            (TransportErrorKind::Timeout, true, false),
            (TransportErrorKind::Broken, true, false),
            (TransportErrorKind::Tls, false, true),
            (TransportErrorKind::Proxy, false, true),
        ] {
            let error = TransportError::new(kind, "http://127.0.0.1/", "why");
            assert_eq!((error.is_retryable(), error.is_unsent()), (retried, unsent));
        }
    }

    #[test]
    fn secrets_in_the_host_and_in_the_causes_are_redacted() {
        struct Repeats(&'static str, std::io::Error);
        impl fmt::Debug for Repeats {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }
        impl fmt::Display for Repeats {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("no answer")
            }
        }
        impl std::error::Error for Repeats {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&self.1)
            }
        }
        let redact = |text: &str| text.replace("SECRET", "-");
        let error = |debug, display| {
            let source = Repeats(debug, std::io::Error::other(display));
            TransportError::new(TransportErrorKind::Broken, "https://SECRET.example", source)
                .redacted(redact)
        };
        for error in [error("SECRET", "x"), error("x", "the URL is SECRET")] {
            let source = std::error::Error::source(&error).unwrap();
            let shown = format!("{error} {error:?} {source} {source:?}");
            assert!(!shown.contains("SECRET"), "{shown}");
            assert!(shown.contains("no answer: "), "{shown}");
        }
        let clean = error("x", "y");
        let source = std::error::Error::source(&clean).unwrap();
        assert!(source.is::<Repeats>());
    }

    #[test]
    fn debug_shows_no_header_value_and_no_query() {
        let request = Request {
            method: Method::Post,
            url: "https://example.com/a?X-Amz-Signature=SECRET",
            headers: vec![("authorization", "Bearer SECRET".into())],
            body: None,
            timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
            cancel_token: None,
            max_response_bytes: 1,
            sink: None,
        };
        assert!(!format!("{request:?}").contains("SECRET"));
    }
}
