//! Why no response arrived.

use std::error::Error;
use std::fmt;

use crate::url;

/// How far an exchange came before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host is unknown. Nothing was sent.
    Resolve,
    /// No connection could be established. Nothing was sent.
    Connect,
    /// No secure connection could be established, for example because the certificate is not trusted. Nothing was sent.
    Tls,
    /// The address has the wrong scheme: https, but the server does not speak TLS; or http, but the server redirects to
    /// https. The request was not carried out.
    Scheme,
    /// The proxy rejects the request, or the configured proxy is unusable. Nothing was sent.
    Proxy,
    /// The exchange took too long. The request may have been carried out.
    Timeout,
    /// The connection broke, or the response is not HTTP. The request may have been carried out.
    Broken,
}

/// No response arrived.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    host: String,
    /// Replaces the general message of `kind`.
    message: Option<Box<str>>,
    source: Box<dyn Error + Send + Sync>,
}

impl TransportError {
    /// The exchange with the host of `url` failed because of `source`.
    pub fn new(
        kind: TransportErrorKind,
        url: &str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            host: url::host(url),
            message: None,
            source: source.into(),
        }
    }

    /// The error with a message that names the cause and the remedy.
    pub(super) fn with_message(mut self, message: impl Into<Box<str>>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// The error of a request to `url` over http that the server redirects to https.
    pub(crate) fn https_required(url: &str) -> Self {
        let error = Self::new(
            TransportErrorKind::Scheme,
            url,
            "the server redirects http to https",
        );
        let message = format!(
            "{} redirects http to https; use https:// in the address",
            error.host
        );
        error.with_message(message)
    }

    /// The error without the secrets that `redact` removes: a server may redirect to a host that contains one, and a
    /// transport may repeat the request.
    pub(crate) fn redacted(mut self, redact: impl Fn(&str) -> String) -> Self {
        self.host = redact(&self.host);
        self.message = self.message.map(|message| redact(&message).into());
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

    /// Whether the same request may succeed a moment later.
    pub fn is_retryable(&self) -> bool {
        use TransportErrorKind::{Proxy, Scheme, Tls};
        !matches!(self.kind, Tls | Scheme | Proxy)
    }

    /// Whether the request was certainly not carried out, in most cases because it was not sent.
    pub fn is_unsent(&self) -> bool {
        use TransportErrorKind::{Connect, Proxy, Resolve, Scheme, Tls};
        matches!(self.kind, Resolve | Connect | Tls | Scheme | Proxy)
    }

    /// The host that the exchange failed with, which may be the proxy, and its port if the address names one.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use TransportErrorKind::{Broken, Connect, Proxy, Resolve, Scheme, Timeout, Tls};
        if let Some(message) = &self.message {
            return f.write_str(message);
        }
        let host = &self.host;
        match self.kind {
            Resolve => write!(
                f,
                "the host {host} is unknown; check the address and the network"
            ),
            Connect => write!(
                f,
                "cannot connect to {host}; check the address and the network"
            ),
            Tls => write!(
                f,
                "no secure connection to {host}; check its certificate and this machine's clock"
            ),
            Scheme => write!(
                f,
                "the address of {host} has the wrong scheme; check whether the server uses http or https"
            ),
            Proxy => write!(
                f,
                "cannot connect to {host} through the proxy; check the proxy's URL"
            ),
            Timeout => write!(f, "{host} took too long to respond; try again"),
            Broken => write!(f, "the connection to {host} broke; try again"),
        }
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_transient_failures_are_retryable() {
        for (kind, is_retryable, is_unsent) in [
            (TransportErrorKind::Resolve, true, true),
            (TransportErrorKind::Connect, true, true),
            (TransportErrorKind::Timeout, true, false),
            (TransportErrorKind::Broken, true, false),
            (TransportErrorKind::Tls, false, true),
            (TransportErrorKind::Scheme, false, true),
            (TransportErrorKind::Proxy, false, true),
        ] {
            let error = TransportError::new(kind, "http://127.0.0.1/", "why");
            let found = (error.is_retryable(), error.is_unsent());
            assert_eq!(found, (is_retryable, is_unsent), "{kind:?}");
        }
    }

    #[test]
    fn secrets_in_host_message_and_causes_are_redacted() {
        struct Repeats(&'static str, std::io::Error);
        impl fmt::Debug for Repeats {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }
        impl fmt::Display for Repeats {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("no response")
            }
        }
        impl Error for Repeats {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&self.1)
            }
        }
        let redact = |text: &str| text.replace("SECRET", "-");
        let error = |debug, display| {
            let source = Repeats(debug, std::io::Error::other(display));
            TransportError::new(TransportErrorKind::Broken, "https://SECRET.example", source)
        };
        for error in [error("SECRET", "x"), error("x", "the URL is SECRET")] {
            let error = error.redacted(redact);
            let source = error.source().unwrap();
            let shown = format!("{error} {error:?} {source} {source:?}");
            assert!(!shown.contains("SECRET"), "{shown}");
            assert!(shown.contains("no response: "), "{shown}");
        }
        let clean = error("x", "y").redacted(redact);
        assert!(clean.source().unwrap().is::<Repeats>());
        let error = error("x", "y").with_message("SECRET is wrong");
        assert_eq!(error.redacted(redact).to_string(), "- is wrong");
    }
}
