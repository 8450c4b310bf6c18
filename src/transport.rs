//! One HTTP exchange: the door through which everything leaves, and the only file that knows ureq.

use std::fmt;
use std::io::{self, Read};
use std::time::{Duration, SystemTime};

use ureq::http;

use crate::url;

/// Something that sends one HTTP request and brings back the answer.
///
/// An implementation follows no redirect, treats no status as an error, adds no `Authorization` and no cookies, and
/// sends the body with the `Content-Length` it is given, never chunked.
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
    /// How long the whole exchange may take.
    pub timeout: Duration,
    /// How many bytes of the answer's body are read; the rest is left.
    pub max_response_bytes: u64,
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
        let date = jiff::fmt::rfc2822::parse(self.header("date")?).ok()?;
        Some(date.timestamp().into())
    }
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
            source: source.into(),
        }
    }

    /// How far the exchange came.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the same request may get through a moment later.
    pub fn is_retryable(&self) -> bool {
        self.kind != TransportErrorKind::Tls
    }

    /// The host, and the port where it was given.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
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

/// The [`Transport`] used unless another one is given: ureq, with the TLS chosen by the crate's features.
pub struct UreqTransport {
    agent: ureq::Agent,
}

impl UreqTransport {
    /// A transport with its own connections. `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are respected.
    pub fn new() -> Self {
        let config = config();
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        let config = config.tls_config(tls_config(root_certs()));
        Self {
            agent: config.build().into(),
        }
    }

    /// A transport that trusts the certificate authorities in `pem`, and no others.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] when `pem` holds no certificate, or one that cannot be read.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn with_root_certificates(pem: &[u8]) -> io::Result<Self> {
        use ureq::tls::{PemItem, RootCerts, parse_pem};
        let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
        let mut certificates = Vec::new();
        for item in parse_pem(pem) {
            if let PemItem::Certificate(certificate) = item.map_err(|e| invalid(e.to_string()))? {
                certificates.push(certificate);
            }
        }
        if certificates.is_empty() {
            return Err(invalid("there is no certificate in PEM format".into()));
        }
        let roots = RootCerts::new_with_certs(&certificates);
        Ok(Self {
            agent: config().tls_config(tls_config(roots)).build().into(),
        })
    }

    /// A transport that trusts the certificate authorities in the file that `SSL_CERT_FILE` names, and no others; the
    /// usual ones where that is not set.
    ///
    /// # Errors
    ///
    /// As `with_root_certificates`, and when the file cannot be read. The variable is named.
    pub fn from_env() -> io::Result<Self> {
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        if let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) {
            let pem = std::fs::read(&path);
            let made = pem.and_then(|pem| Self::with_root_certificates(&pem));
            return made.map_err(|error| {
                let path = std::path::Path::new(&path).display();
                io::Error::new(error.kind(), format!("SSL_CERT_FILE, {path}: {error}"))
            });
        }
        Ok(Self::new())
    }
}

fn config() -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    ureq::Agent::config_builder()
        // An error status would be an error without its body, and the body says what is wrong.
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(Duration::from_secs(10)))
        .user_agent(concat!("imgpost/", env!("CARGO_PKG_VERSION")))
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn tls_config(roots: ureq::tls::RootCerts) -> ureq::tls::TlsConfig {
    use ureq::tls::{TlsConfig, TlsProvider};
    let provider = match cfg!(feature = "native-tls") {
        true => TlsProvider::NativeTls,
        false => TlsProvider::Rustls,
    };
    TlsConfig::builder()
        .provider(provider)
        .root_certs(roots)
        .build()
}

/// The platform's own TLS is asked for in order to use the platform's own certificates.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn root_certs() -> ureq::tls::RootCerts {
    match cfg!(any(feature = "native-tls", feature = "platform-verifier")) {
        true => ureq::tls::RootCerts::PlatformVerifier,
        false => ureq::tls::RootCerts::WebPki,
    }
}

impl Default for UreqTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for UreqTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UreqTransport")
    }
}

impl Transport for UreqTransport {
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let url = request.url;
        // Whatever happens before the first byte of the body is asked for, the request was not carried out.
        let mut begun = request.body.is_none();
        exchange(&self.agent, request, &mut begun)
            .map_err(|error| TransportError::new(kind_of(&error, begun), url, error))
    }
}

fn exchange(
    agent: &ureq::Agent,
    request: Request<'_>,
    begun: &mut bool,
) -> Result<Response, ureq::Error> {
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(request.url);
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    let answer = match request.body {
        Some((reader, length)) => {
            // Without a length the body would go out chunked, which S3 refuses.
            let builder = builder.header(http::header::CONTENT_LENGTH, length);
            let mut reader = Exactly {
                reader,
                left: length,
                begun,
            };
            run(
                agent,
                builder.body(ureq::SendBody::from_reader(&mut reader))?,
                request.timeout,
            )?
        }
        None => run(agent, builder.body(())?, request.timeout)?,
    };
    let (parts, body) = answer.into_parts();
    let mut bytes = Vec::new();
    body.into_reader()
        .take(request.max_response_bytes)
        .read_to_end(&mut bytes)?;
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    Ok(Response {
        status: parts.status.as_u16(),
        headers: parts.headers.iter().filter_map(text).collect(),
        body: bytes,
    })
}

fn run<B: ureq::AsSendBody>(
    agent: &ureq::Agent,
    request: http::Request<B>,
    timeout: Duration,
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    let request = agent.configure_request(request);
    agent.run(request.timeout_global(Some(timeout)).build())
}

/// A body that ends before its declared length would make the client wait at full speed for the rest.
struct Exactly<'a> {
    reader: &'a mut dyn Read,
    left: u64,
    begun: &'a mut bool,
}

impl Read for Exactly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        *self.begun = true;
        let limit = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.reader.read(&mut buffer[..limit])?;
        if read == 0 && limit > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

fn kind_of(error: &ureq::Error, begun: bool) -> TransportErrorKind {
    use ureq::{Error, Timeout};
    match error {
        Error::HostNotFound | Error::Timeout(Timeout::Resolve) => TransportErrorKind::Resolve,
        Error::ConnectionFailed
        | Error::ConnectProxyFailed(_)
        | Error::InvalidProxyUrl
        | Error::BadUri(_)
        | Error::Http(_)
        | Error::Timeout(Timeout::Connect) => TransportErrorKind::Connect,
        Error::Tls(_) | Error::TlsRequired => TransportErrorKind::Tls,
        #[cfg(feature = "native-tls")]
        Error::NativeTls(_) => TransportErrorKind::Tls,
        #[cfg(feature = "rustls")]
        Error::Rustls(_) => TransportErrorKind::Tls,
        // A certificate that is refused comes as invalid data from within the handshake.
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData && !begun => {
            TransportErrorKind::Tls
        }
        Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            TransportErrorKind::Connect
        }
        // A name that is not known comes as an I/O error too, of no kind that could be told.
        Error::Io(_) if !begun => TransportErrorKind::Connect,
        Error::Timeout(_) => TransportErrorKind::Timeout,
        _ => TransportErrorKind::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_ends_early_is_an_error_and_a_longer_one_is_cut() {
        let mut begun = false;
        let mut short = b"abc".as_slice();
        let mut reader = Exactly {
            reader: &mut short,
            left: 4,
            begun: &mut begun,
        };
        let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        let mut long = b"abcdef".as_slice();
        let mut bytes = Vec::new();
        let mut reader = Exactly {
            reader: &mut long,
            left: 4,
            begun: &mut begun,
        };
        reader.read_to_end(&mut bytes).unwrap();
        assert!(begun);
        assert_eq!(bytes, b"abcd");
    }

    #[test]
    fn what_fails_before_the_body_is_asked_for_was_not_sent() {
        let lookup = || ureq::Error::Io(io::Error::other("Name or service not known"));
        assert_eq!(kind_of(&lookup(), false), TransportErrorKind::Connect);
        assert_eq!(kind_of(&lookup(), true), TransportErrorKind::Broken);
        let refused = ureq::Error::Io(io::ErrorKind::ConnectionRefused.into());
        assert_eq!(kind_of(&refused, true), TransportErrorKind::Connect);
    }

    #[test]
    fn the_date_of_the_http_specification() {
        let response = |date: &str| Response {
            status: 200,
            headers: vec![("date".into(), date.into())],
            body: vec![],
        };
        // RFC 9110, 5.6.7.
        let date = response("Sun, 06 Nov 1994 08:49:37 GMT").date();
        assert_eq!(
            date,
            Some(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777))
        );
        assert_eq!(response("yesterday").date(), None);
    }

    #[test]
    fn debug_shows_no_header_value_and_no_query() {
        let request = Request {
            method: Method::Post,
            url: "https://example.com/a?X-Amz-Signature=SECRET",
            headers: vec![("authorization", "Bearer SECRET".into())],
            body: None,
            timeout: Duration::from_secs(1),
            max_response_bytes: 1,
        };
        assert!(!format!("{request:?}").contains("SECRET"));
    }
}
