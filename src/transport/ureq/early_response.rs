//! Reads the response while the request is still being sent, skips interim responses, and closes a connection after a
//! rejected body.
//!
//! A server that rejects a request by its head or its first fields responds at once. Some then close the connection, so
//! that the rest of the body meets a broken pipe; others keep it open and read nothing more, so that sending stalls.
//! Either way, the response says why, and ureq would read it only after the whole body was sent.

use std::io::ErrorKind;
use std::time::Duration;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use super::exchange::{self, SharedExchange};

/// More headers than any response has.
const MAX_HEADERS: usize = 128;

/// Makes connections on which an early response is read.
#[derive(Debug)]
pub(super) struct EarlyResponseConnector(pub SharedExchange);

impl<In: Transport> Connector<In> for EarlyResponseConnector {
    type Out = EarlyResponse<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| EarlyResponse {
            inner,
            exchange: SharedExchange::clone(&self.0),
            // Through a proxy, there is a connection to it and, inside, one to the host. The request goes to the host.
            is_to_host: self.0.goes_to(&exchange::origin(details.uri)),
            has_final_response: false,
            has_new_input: false,
            must_close: false,
        }))
    }
}

#[derive(Debug)]
pub(super) struct EarlyResponse<T> {
    inner: T,
    exchange: SharedExchange,
    is_to_host: bool,
    /// The head of the final response has arrived.
    has_final_response: bool,
    /// Input was read during sending that ureq has not seen yet, so it must not wait for more.
    has_new_input: bool,
    /// A body was not sent completely, or the server rejected it and may close the connection instead of reading it.
    must_close: bool,
}

impl<T: Transport> EarlyResponse<T> {
    /// Reads what has arrived, without waiting.
    fn poll(&mut self) {
        while !self.has_final_response && !self.inner.buffers().input_append_buf().is_empty() {
            self.exchange.set_polling(true);
            let timeout = NextTimeout {
                after: Duration::from_secs(1).into(),
                ..NextTimeout::default()
            };
            let arrived = self.inner.await_input(timeout);
            self.exchange.set_polling(false);
            // Nothing has arrived, or the connection fails, which sending will show.
            if !matches!(arrived, Ok(true)) {
                return;
            }
            self.inspect_input();
            self.has_new_input = true;
        }
    }

    /// Removes interim responses (RFC 9110, 15.2) from the input, and notes where the final one begins. ureq-proto 0.7
    /// rejects a 100 with headers, as hypercorn sends it.
    fn inspect_input(&mut self) {
        let input = self.inner.buffers();
        loop {
            match next_response(input.input()) {
                Next::Interim(length) => input.input_consume(length),
                Next::Incomplete => return,
                Next::Final(status) => {
                    self.has_final_response = true;
                    self.must_close |= self.exchange.has_body() && status >= Some(400);
                    return;
                }
            }
        }
    }
}

impl<T: Transport> Transport for EarlyResponse<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if !self.is_to_host {
            return self.inner.transmit_output(amount, timeout);
        }
        if self.exchange.has_early_response() {
            return Ok(());
        }
        self.exchange.set_connected();
        // The response was that of an earlier request on this connection.
        self.has_final_response = false;
        let mut sent = self.inner.transmit_output(amount, timeout);
        // TLS may keep the error of a write to itself.
        if sent.is_ok() && self.exchange.is_disconnected() {
            sent = Err(Error::Io(ErrorKind::BrokenPipe.into()));
        }
        // A response to the whole request is read in its turn.
        if self.exchange.is_disconnected() || !self.exchange.has_read_body() {
            self.poll();
        }
        if self.has_final_response {
            self.exchange.set_early_response();
            self.must_close = true;
            return Ok(());
        }
        sent
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if std::mem::take(&mut self.has_new_input) && !self.buffers().input().is_empty() {
            return Ok(true);
        }
        let arrived = self.inner.await_input(timeout)?;
        if arrived && self.is_to_host && !self.has_final_response {
            self.inspect_input();
        }
        Ok(arrived)
    }

    fn is_open(&mut self) -> bool {
        !self.must_close && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// The beginning of the input.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// An interim response of this length.
    Interim(usize),
    /// The final response and its status, or something that is not a response.
    Final(Option<u16>),
    /// Too short to decide.
    Incomplete,
}

fn next_response(input: &[u8]) -> Next {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(input) {
        Ok(httparse::Status::Complete(length)) => match response.code {
            // 101 ends HTTP on this connection.
            Some(100 | 102..=199) => Next::Interim(length),
            status => Next::Final(status),
        },
        Ok(httparse::Status::Partial) => Next::Incomplete,
        Err(_) => Next::Final(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interim_and_final_responses_are_distinguished() {
        let hypercorn = "HTTP/1.1 100 \r\ndate: Wed, 25 Nov 2026 13:40:46 GMT\r\nserver: h\r\n\r\n";
        for interim in [
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 100\r\n\r\n",
            "HTTP/1.0 100 Continue\r\n\r\n",
            "HTTP/1.1 102 Processing\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
            hypercorn,
        ] {
            let all = format!("{interim}HTTP/1.1 204 No Content\r\n\r\n");
            let length = interim.len();
            assert_eq!(
                next_response(all.as_bytes()),
                Next::Interim(length),
                "{interim}"
            );
            for cut in 0..length {
                let input = &interim.as_bytes()[..cut];
                assert_eq!(next_response(input), Next::Incomplete, "{interim} {cut}");
            }
        }
        for (last, status) in [
            ("HTTP/1.1 204 No Content\r\n\r\n", Some(204)),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", Some(101)),
            ("HTTP/1.0 200 OK\r\n\r\nbody", Some(200)),
            ("SSH-2.0-OpenSSH_9.2\r\n", None),
        ] {
            let found = next_response(last.as_bytes());
            assert_eq!(found, Next::Final(status), "{last}");
        }
    }
}
