//! The transport by ureq. No other module knows ureq.

mod builder;
mod early_response;
mod exchange;
mod idle;
mod plain_http;
mod proxy;
mod resolver;
mod socket;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tls;

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ureq::http;
use ureq::unversioned::transport::Connector;
#[cfg(feature = "native-tls")]
use ureq::unversioned::transport::NativeTlsConnector;
#[cfg(feature = "rustls")]
use ureq::unversioned::transport::RustlsConnector;

use super::{Method, Request, Response, Transport, TransportError, TransportErrorKind};
use crate::cancel::CancelToken;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use crate::url;
use early_response::EarlyResponseConnector;
use exchange::{Exchange, SharedExchange};
use plain_http::PlainHttpConnector;
use proxy::{ProxySettings, Tunnel};
use resolver::{InterruptibleResolver, LookupError};
use socket::{ConnectError, SocketConnector};

pub use builder::UreqTransportBuilder;

/// Thirty years: the clocks of some systems overflow at longer timeouts, and ureq adds them to the present.
const MAX_TIMEOUT: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// Maximum number of connections that are kept for the next request.
const MAX_IDLE_AGENTS: usize = 8;

/// The default [`Transport`]: ureq, with the TLS that the crate's features select.
pub struct UreqTransport {
    config: ureq::config::Config,
    /// Why https is not available.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    roots_error: Option<tls::RootsError>,
    proxy: ProxySettings,
    /// An agent can only be shut down as a whole, so each carries one exchange at a time: the one that is cancelled.
    idle: Mutex<Vec<Agent>>,
}

/// An agent of ureq and the state that its connectors share.
#[derive(Clone)]
struct Agent {
    agent: ureq::Agent,
    exchange: SharedExchange,
}

impl UreqTransport {
    /// A transport with connections of its own, configured by the environment.
    ///
    /// As for curl, the first of `https_proxy`, `HTTPS_PROXY`, `all_proxy` and `ALL_PROXY` that is set names the proxy
    /// for https, `http://[user:password@]host:port`, and `no_proxy` or `NO_PROXY` lists the hosts that are reached
    /// without it: names with their subdomains, addresses, CIDR ranges, each with a port or without, or `*`. If that
    /// variable names no usable proxy, for example a SOCKS proxy, requests fail with [`TransportErrorKind::Proxy`]; they do
    /// not go to the host directly.
    ///
    /// `SSL_CERT_FILE` names a file of certificates in PEM format. Then only their authorities are trusted. If the file is
    /// unusable, https requests fail with [`TransportErrorKind::Tls`].
    ///
    /// Requests over plain http are never sent through a proxy, which could read their secrets.
    pub fn new() -> Self {
        UreqTransportBuilder::default().build()
    }

    /// A builder for a transport with other settings.
    pub fn builder() -> UreqTransportBuilder {
        UreqTransportBuilder::default()
    }

    /// A list of agents is never left half changed, so a panic in another thread does no harm.
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Agent>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Agent {
    fn new(config: ureq::config::Config) -> Self {
        let exchange = SharedExchange::default();
        let connector = ().chain(Tunnel::default()).chain(SocketConnector(Arc::clone(&exchange)));
        let connector = connector.chain(PlainHttpConnector(Arc::clone(&exchange)));
        #[cfg(feature = "rustls")]
        let connector = connector.chain(RustlsConnector::default());
        #[cfg(feature = "native-tls")]
        let connector = connector.chain(NativeTlsConnector::default());
        let connector = connector.chain(EarlyResponseConnector(Arc::clone(&exchange)));
        let resolver = InterruptibleResolver(Arc::clone(&exchange));
        Self {
            agent: ureq::Agent::with_parts(config, connector, resolver),
            exchange,
        }
    }

    fn cancel(self) {
        self.exchange.cancel();
        self.agent.shutdown();
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
        let (url, cancel_token) = (request.url, request.cancel_token);
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        if let Some(error) = &self.roots_error
            && url::parse(url).is_ok_and(|uri| url::is_https(&uri))
        {
            return Err(error.for_request(url));
        }
        let proxy = self.proxy.for_url(url)?;
        let kept = self.idle().pop();
        let agent = kept.unwrap_or_else(|| Agent::new(self.config.clone()));
        let to_cancel = agent.clone();
        let hook = cancel_token.map(|token| token.on_cancel(move || to_cancel.cancel()));
        let response = exchange(&agent, request, proxy);
        drop(hook);
        let may_be_carried_out = agent.exchange.may_be_carried_out();
        let is_plain_http = agent.exchange.is_plain_http();
        // Once the hook is removed, only a token that is cancelled can have shut the agent down.
        let is_usable = !cancel_token.is_some_and(CancelToken::is_cancelled);
        let mut idle = self.idle();
        if is_usable && idle.len() < MAX_IDLE_AGENTS {
            idle.push(agent);
        }
        drop(idle);
        response.map_err(|error| {
            let error = match proxy::failure(error, proxy) {
                Ok(error) => return error,
                Err(error) => error,
            };
            if is_plain_http {
                return plain_http::error(url, error);
            }
            let kind = kind_of(&error, may_be_carried_out);
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            let message = tls::explain(kind, url, &error);
            #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
            let message: Option<String> = None;
            let error = match error {
                // An error of ours, which ureq's own would only wrap.
                ureq::Error::Other(source) => TransportError::new(kind, url, source),
                error => TransportError::new(kind, url, error),
            };
            match message {
                Some(message) => error.with_message(message),
                None => error,
            }
        })
    }
}

fn exchange(
    agent: &Agent,
    request: Request<'_>,
    proxy: Option<&ureq::Proxy>,
) -> Result<Response, ureq::Error> {
    let limits = [request.timeout, request.idle_timeout];
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(request.url);
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    let origin = builder.uri_ref().map(exchange::origin);
    let exchange = &*agent.exchange;
    // Without a body, ureq would send a POST in chunks, of which there are none.
    let mut empty = io::empty();
    let body = request.body.or_else(|| {
        matches!(request.method, Method::Post | Method::Put).then_some((&mut empty as _, 0))
    });
    let has_body = body.as_ref().is_some_and(|(_, length)| *length > 0);
    exchange.start(origin.unwrap_or_default(), has_body);
    let response = match body {
        Some((reader, length)) => {
            // Without a length, ureq would send the body chunked, which S3 rejects.
            let builder = builder.header(http::header::CONTENT_LENGTH, length);
            let mut reader = RequestBody {
                reader,
                left: length,
                exchange,
            };
            run(
                agent,
                builder.body(ureq::SendBody::from_reader(&mut reader))?,
                proxy,
                limits,
            )?
        }
        None => run(agent, builder.body(())?, proxy, limits)?,
    };
    let (parts, body) = response.into_parts();
    if exchange.is_incomplete() && (parts.status.is_success() || parts.status == 303) {
        return Err(ureq::Error::Other(Box::new(EarlySuccess(parts.status))));
    }
    let mut body = body.into_reader().take(request.max_response_bytes);
    let mut bytes = Vec::new();
    match request.sink.filter(|_| parts.status.is_success()) {
        Some(sink) => io::copy(&mut body, sink).map(drop)?,
        None => body.read_to_end(&mut bytes).map(drop)?,
    }
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    Ok(Response {
        status: parts.status.as_u16(),
        headers: parts.headers.iter().filter_map(text).collect(),
        body: bytes,
    })
}

/// A success that was reported before the whole request was sent: the server has not read the request.
#[derive(Debug)]
struct EarlySuccess(http::StatusCode);

impl fmt::Display for EarlySuccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.0.as_u16();
        write!(
            f,
            "the server responded {status} before the whole request was sent"
        )
    }
}

impl std::error::Error for EarlySuccess {}

fn run<B: ureq::AsSendBody>(
    Agent { agent, .. }: &Agent,
    request: http::Request<B>,
    proxy: Option<&ureq::Proxy>,
    limits: [Duration; 2],
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    let [timeout, idle_timeout] = limits.map(|limit| limit.min(MAX_TIMEOUT));
    let request = agent
        .configure_request(request)
        .proxy(proxy.cloned())
        .timeout_global(Some(timeout))
        .timeout_per_read(Some(idle_timeout))
        .timeout_per_write(Some(idle_timeout));
    agent.run(request.build())
}

/// A request body of exactly the declared length. If it ends early, ureq would wait for the rest in a busy loop.
struct RequestBody<'a> {
    reader: &'a mut dyn Read,
    left: u64,
    exchange: &'a Exchange,
}

impl Read for RequestBody<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.exchange.set_body_begun();
        let limit = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        // ureq reads the response only after the body, of which nothing more is sent.
        let is_discarded = self.exchange.has_early_response();
        let read = if is_discarded {
            limit
        } else {
            self.reader.read(&mut buffer[..limit])?
        };
        if read == 0 && limit > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        if self.left == 0 {
            self.exchange.set_body_read();
        }
        Ok(read)
    }
}

/// The kind of `error`, which says that nothing was sent only where that is certain.
fn kind_of(error: &ureq::Error, may_be_carried_out: bool) -> TransportErrorKind {
    use ureq::{Error, Timeout};
    if may_be_carried_out {
        return match error {
            Error::Timeout(_) => TransportErrorKind::Timeout,
            _ => TransportErrorKind::Broken,
        };
    }
    match error {
        Error::HostNotFound | Error::Timeout(Timeout::Resolve) => TransportErrorKind::Resolve,
        Error::Other(other) if other.is::<LookupError>() => TransportErrorKind::Resolve,
        Error::ConnectionFailed
        | Error::ConnectProxyFailed(_)
        | Error::InvalidProxyUrl
        | Error::BadUri(_)
        | Error::Http(_)
        | Error::Timeout(Timeout::Connect) => TransportErrorKind::Connect,
        Error::Other(other) if other.is::<ConnectError>() => TransportErrorKind::Connect,
        Error::Tls(_) | Error::TlsRequired => TransportErrorKind::Tls,
        #[cfg(feature = "native-tls")]
        Error::NativeTls(_) => TransportErrorKind::Tls,
        #[cfg(feature = "rustls")]
        Error::Rustls(_) => TransportErrorKind::Tls,
        // The handshake reports a rejected certificate as invalid data.
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => TransportErrorKind::Tls,
        Error::Io(_) => TransportErrorKind::Connect,
        Error::Timeout(_) => TransportErrorKind::Timeout,
        _ => TransportErrorKind::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body<'a>(
        reader: &'a mut &'static [u8],
        left: u64,
        exchange: &'a Exchange,
    ) -> RequestBody<'a> {
        RequestBody {
            reader,
            left,
            exchange,
        }
    }

    #[test]
    fn body_that_ends_early_is_an_error_and_a_longer_one_is_cut() {
        let exchange = Exchange::default();
        let mut short = b"abc".as_slice();
        let mut reader = body(&mut short, 4, &exchange);
        let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(!exchange.has_read_body());
        let mut long = b"abcdef".as_slice();
        let mut bytes = Vec::new();
        let mut reader = body(&mut long, 4, &exchange);
        reader.read_to_end(&mut bytes).unwrap();
        assert!(exchange.has_read_body());
        assert_eq!(bytes, b"abcd");
    }

    #[test]
    fn rest_of_a_body_is_not_read_after_an_early_response() {
        let exchange = Exchange::default();
        let mut content = b"abcdef".as_slice();
        let mut reader = body(&mut content, 6, &exchange);
        reader.read_exact(&mut [0; 2]).unwrap();
        exchange.set_early_response();
        let rest = reader.read_to_end(&mut Vec::new()).unwrap();
        assert_eq!((rest, content), (4, b"cdef".as_slice()));
    }

    #[test]
    fn failure_counts_as_unsent_only_before_the_request_may_be_carried_out() {
        use ureq::Error;
        let io = |kind: io::ErrorKind| Error::Io(kind.into());
        for (error, unsent) in [
            (
                io(io::ErrorKind::ConnectionReset),
                TransportErrorKind::Connect,
            ),
            (io(io::ErrorKind::InvalidData), TransportErrorKind::Tls),
            (Error::Tls("alert"), TransportErrorKind::Tls),
            (Error::ConnectionFailed, TransportErrorKind::Connect),
            (Error::HostNotFound, TransportErrorKind::Resolve),
        ] {
            assert_eq!(kind_of(&error, false), unsent, "{error:?}");
            assert_eq!(
                kind_of(&error, true),
                TransportErrorKind::Broken,
                "{error:?}"
            );
        }
        let late = Error::Timeout(ureq::Timeout::Connect);
        assert_eq!(kind_of(&late, false), TransportErrorKind::Connect);
        assert_eq!(kind_of(&late, true), TransportErrorKind::Timeout);
    }
}
