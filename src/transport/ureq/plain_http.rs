//! Detects servers that do not speak TLS on an https address.
//!
//! TLS rejects what such a server sends as a corrupt message, which does not say that the address is wrong.

use std::fmt;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use super::exchange::{self, SharedExchange};
use crate::transport::{TransportError, TransportErrorKind};
use crate::url;

/// Content types of TLS records: change_cipher_spec, alert, handshake, application_data (RFC 8446, B.1).
const TLS_CONTENT_TYPES: std::ops::RangeInclusive<u8> = 20..=23;

/// Connects below TLS.
#[derive(Debug)]
pub(super) struct PlainHttpConnector(pub SharedExchange);

impl<In: Transport> Connector<In> for PlainHttpConnector {
    type Out = PlainHttpDetector<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let is_to_host = self.0.goes_to(&exchange::origin(details.uri));
        let is_https = url::is_https(details.uri);
        Ok(chained.map(|inner| PlainHttpDetector {
            inner,
            exchange: SharedExchange::clone(&self.0),
            awaits_first_byte: is_to_host && is_https,
        }))
    }
}

pub(super) struct PlainHttpDetector<T> {
    inner: T,
    exchange: SharedExchange,
    awaits_first_byte: bool,
}

impl<T: Transport> Transport for PlainHttpDetector<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let has_arrived = self.inner.await_input(timeout)?;
        if self.awaits_first_byte
            && let Some(first) = self.inner.buffers().input().first()
        {
            self.awaits_first_byte = false;
            if !TLS_CONTENT_TYPES.contains(first) {
                self.exchange.set_plain_http();
            }
        }
        Ok(has_arrived)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

impl<T: Transport> fmt::Debug for PlainHttpDetector<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// The error of a request to `url` whose server does not speak TLS.
pub(super) fn error(url: &str, source: Error) -> TransportError {
    let host = url::host(url);
    let message = format!(
        "{host} speaks plain http, not https; check the scheme and the port of the address"
    );
    TransportError::new(TransportErrorKind::Scheme, url, source).with_message(message)
}
