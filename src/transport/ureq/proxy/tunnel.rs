//! The connection through a proxy, and the errors when it cannot be made.

use std::fmt;

use ureq::Error;
use ureq::unversioned::transport::{
    ConnectProxyConnector, ConnectionDetails, Connector, Transport,
};

use super::FORM;
use crate::transport::ureq::kind_of;
use crate::transport::{TransportError, TransportErrorKind, is_transient};
use crate::url;

/// ureq's connection through a proxy. Its errors do not say whether the proxy or the server cannot be reached, so those of
/// the proxy are marked here.
#[derive(Debug, Default)]
pub(in crate::transport::ureq) struct Tunnel(ConnectProxyConnector);

impl<In: Transport> Connector<In> for Tunnel {
    type Out = <ConnectProxyConnector as Connector<In>>::Out;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        self.0.connect(details, chained).map_err(|error| {
            let host = url::host(&details.uri.to_string());
            Error::Other(Box::new(TunnelError { host, error }))
        })
    }
}

/// No tunnel to `host`.
#[derive(Debug)]
struct TunnelError {
    host: String,
    error: Error,
}

impl fmt::Display for TunnelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no tunnel to {}: ", self.host)?;
        match &self.error {
            Error::ConnectProxyFailed(why) => f.write_str(why),
            error => error.fmt(f),
        }
    }
}

impl std::error::Error for TunnelError {}

/// The failure of the proxy, if `error` is one; otherwise `error`.
pub(in crate::transport::ureq) fn failure(
    error: Error,
    proxy: Option<&ureq::Proxy>,
) -> Result<TransportError, Error> {
    let (error, proxy) = match (error, proxy) {
        (Error::Other(error), Some(proxy)) => {
            let error = error.downcast::<TunnelError>();
            (error.map_err(Error::Other)?, proxy)
        }
        (error, _) => return Err(error),
    };
    let (kind, failure) = match &error.error {
        Error::ConnectProxyFailed(why) => match status(why) {
            Some(status) if is_transient(status) => {
                (TransportErrorKind::Connect, ProxyFailure::Status(status))
            }
            Some(status) => (TransportErrorKind::Proxy, ProxyFailure::Status(status)),
            // It closed the connection without a response.
            None => (TransportErrorKind::Connect, ProxyFailure::Connection),
        },
        Error::Protocol(_) => (TransportErrorKind::Proxy, ProxyFailure::Connection),
        error => match kind_of(error, false) {
            kind @ (TransportErrorKind::Resolve | TransportErrorKind::Tls) => {
                (kind, ProxyFailure::Connection)
            }
            // Whatever went wrong, the request was not sent.
            _ => (TransportErrorKind::Connect, ProxyFailure::Connection),
        },
    };
    let url = proxy.uri().to_string();
    let message = failure.message(kind, &url::host(&url));
    Ok(TransportError::new(kind, &url, error).with_message(message))
}

/// The status in ureq's words: `proxy server responded 407/407`.
fn status(why: &str) -> Option<u16> {
    let status = why.strip_prefix("proxy server responded ")?;
    status.split('/').next()?.parse().ok()
}

/// How a proxy failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProxyFailure {
    /// The proxy responded with this status.
    Status(u16),
    /// There is no connection to the proxy, or it is not a proxy.
    Connection,
}

impl ProxyFailure {
    fn message(self, kind: TransportErrorKind, host: &str) -> String {
        match (self, kind) {
            (Self::Status(407), _) => format!(
                "the proxy {host} requires a valid user name and password (407); add them to its URL, {FORM}"
            ),
            (Self::Status(403), _) => format!(
                "the proxy {host} does not allow this connection (403); ask whoever runs it, or list the host in \
                 NO_PROXY if it can be reached without the proxy"
            ),
            (Self::Status(status), TransportErrorKind::Connect) => {
                format!("the proxy {host} cannot reach the server ({status}); try again")
            }
            (Self::Status(status), _) => format!(
                "the proxy {host} refused to connect ({status}); check that it is a proxy for https"
            ),
            (Self::Connection, TransportErrorKind::Tls) => format!(
                "no secure connection to the proxy {host}; check its certificate and this machine's clock"
            ),
            (Self::Connection, TransportErrorKind::Proxy) => {
                format!("the proxy {host} does not speak HTTP; check its URL")
            }
            (Self::Connection, _) => {
                format!("cannot connect to the proxy {host}; check its URL and the network")
            }
        }
    }
}
