//! ureq, which no file but this one, its builder, `early_answer.rs` and `proxy` knows.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ureq::http;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::Connector;

use super::early_answer::EarlyAnswers;
use super::proxy::{self, ProxySettings};
use super::ureq_builder::UreqTransportBuilder;
use super::{Request, Response, Transport, TransportError, TransportErrorKind};
use crate::cancel::CancelToken;

/// Connections beyond this number are not kept for the next request.
const MAX_IDLE_AGENTS: usize = 8;

/// The [`Transport`] used unless another one is given: ureq, with the TLS chosen by the crate's features.
pub struct UreqTransport {
    pub(super) config: ureq::config::Config,
    pub(super) proxy: ProxySettings,
    /// An agent can only be shut down as a whole, so each carries one exchange at a time: the one that is cancelled.
    pub(super) idle: Mutex<Vec<ureq::Agent>>,
}

impl UreqTransport {
    /// A transport with its own connections.
    ///
    /// As for curl, the first of `https_proxy`, `HTTPS_PROXY`, `all_proxy` and `ALL_PROXY` that is set names the proxy
    /// for https, `http://[user:password@]host:port`, and `no_proxy` or `NO_PROXY` lists the hosts that are reached
    /// without it: names with their subdomains, addresses, CIDR ranges, each with a port or without, or `*`. If that
    /// variable names no proxy that can be used, such as a SOCKS proxy, requests fail with
    /// [`TransportErrorKind::Proxy`] instead of going to the host directly.
    ///
    /// Requests by plain http, which go to this machine only, are never sent through a proxy: it would read the secrets
    /// in them.
    pub fn new() -> Self {
        UreqTransportBuilder::default().build()
    }

    /// Begins a transport with other settings.
    pub fn builder() -> UreqTransportBuilder {
        UreqTransportBuilder::default()
    }

    /// A transport that trusts the certificate authorities in the file that `SSL_CERT_FILE` names, and no others; the
    /// usual ones where that is not set.
    ///
    /// # Errors
    ///
    /// As [`UreqTransportBuilder::root_certificates`], when the file cannot be read, and
    /// [`io::ErrorKind::InvalidInput`] when the environment names a proxy that cannot be used. The variable is named.
    pub fn from_env() -> io::Result<Self> {
        let builder = Self::builder();
        builder.check_proxy()?;
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        if let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) {
            let pem = std::fs::read(&path);
            let made = pem.and_then(|pem| builder.root_certificates(&pem));
            return made.map(UreqTransportBuilder::build).map_err(|error| {
                let path = std::path::Path::new(&path).display();
                io::Error::new(error.kind(), format!("SSL_CERT_FILE, {path}: {error}"))
            });
        }
        Ok(builder.build())
    }

    /// A list of agents cannot be left half changed, so a thread that panicked has done it no harm.
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<ureq::Agent>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn agent(config: ureq::config::Config) -> ureq::Agent {
    let connector = proxy::connector().chain(EarlyAnswers);
    ureq::Agent::with_parts(config, connector, DefaultResolver::default())
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
        let proxy = self.proxy.for_url(url)?;
        let kept = self.idle().pop();
        let agent = kept.unwrap_or_else(|| agent(self.config.clone()));
        let of_the_hook = agent.clone();
        let hook = cancel_token.map(|token| token.on_cancel(move || of_the_hook.shutdown()));
        // Whatever happens before the first byte of the body is asked for, the request was not carried out.
        let mut begun = request.body.is_none();
        let answer = exchange(&agent, request, proxy, &mut begun);
        drop(hook);
        // Once the hook is off, only a token that is cancelled can have shut the agent down.
        let is_usable = !cancel_token.is_some_and(CancelToken::is_cancelled);
        let mut idle = self.idle();
        if is_usable && idle.len() < MAX_IDLE_AGENTS {
            idle.push(agent);
        }
        drop(idle);
        answer.map_err(|error| match proxy::failure(error, proxy) {
            Ok(error) => error,
            Err(error) => TransportError::new(kind_of(&error, begun), url, error),
        })
    }
}

fn exchange(
    agent: &ureq::Agent,
    request: Request<'_>,
    proxy: Option<&ureq::Proxy>,
    begun: &mut bool,
) -> Result<Response, ureq::Error> {
    let limits = [request.timeout, request.idle_timeout];
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
                proxy,
                limits,
            )?
        }
        None => run(agent, builder.body(())?, proxy, limits)?,
    };
    let (parts, body) = answer.into_parts();
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

fn run<B: ureq::AsSendBody>(
    agent: &ureq::Agent,
    request: http::Request<B>,
    proxy: Option<&ureq::Proxy>,
    [timeout, idle_timeout]: [Duration; 2],
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    let request = agent
        .configure_request(request)
        .proxy(proxy.cloned())
        .timeout_global(Some(timeout))
        .timeout_per_read(Some(idle_timeout))
        .timeout_per_write(Some(idle_timeout));
    agent.run(request.build())
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

pub(super) fn kind_of(error: &ureq::Error, begun: bool) -> TransportErrorKind {
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
}
