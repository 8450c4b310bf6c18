//! Promise: the response to a request is the same whenever its bytes arrive, while the request is being sent or after it,
//! in pieces of every size; interim responses before it are skipped.

#![no_main]

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

use early_response::EarlyResponseConnector;
use exchange::SharedExchange;
use libfuzzer_sys::fuzz_target;
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Error, SendBody};

#[path = "../../src/transport/ureq/early_response.rs"]
mod early_response;
#[path = "../../src/transport/ureq/exchange.rs"]
#[allow(dead_code, reason = "the layers of a real connection use the rest")]
mod exchange;

const URL: &str = "http://storage.example/";

/// The request is sent in several pieces: more than fits into a buffer.
const BODY_BYTES: u64 = 4 * BUFFER as u64;
const BUFFER: usize = 2048;

// How many interim responses come first, the size of the pieces, after how many writes they begin to arrive, and the
// status, in a byte each; then the headers of the interim responses, and what follows them.
fuzz_target!(|data: &[u8]| {
    let Some((&[interim, piece, writes, status], rest)) = data.split_first_chunk() else {
        return;
    };
    let (headers, rest) = rest.split_at(rest.len().min(usize::from(status)));
    let mut input = Vec::new();
    for number in 0..interim % 4 {
        let status = [100, 102, 103, 199][usize::from(interim / 4 + number) % 4];
        input.extend(format!("HTTP/1.1 {status} Wait\r\n").as_bytes());
        input.extend(header(headers));
        input.extend(b"\r\n");
    }
    let status = [200, 204, 303, 400, 403, 503][usize::from(status) % 6];
    let is_well_formed = interim & 0x80 == 0;
    if is_well_formed {
        let body = if status == 204 { &[] } else { rest };
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Done\r\nContent-Length: {length}\r\n\r\n");
        input.extend(head.as_bytes());
        input.extend(body);
        let expected = Some((status, body.to_vec()));
        assert_eq!(exchange(&input, usize::MAX, usize::MAX), expected);
    } else {
        input.extend(rest);
    }
    let late = exchange(&input, usize::MAX, usize::MAX);
    let piece = usize::from(piece) + 1;
    assert_eq!(exchange(&input, piece, usize::MAX), late);
    assert_eq!(exchange(&input, piece, writes.into()), late);
});

/// A header of an interim response.
fn header(bytes: &[u8]) -> Vec<u8> {
    let name = bytes.first().filter(|byte| byte.is_ascii_alphabetic());
    let Some(name) = name else { return Vec::new() };
    let value = bytes.iter().filter(|byte| (0x20..0x7F).contains(*byte));
    let value = value.copied().take(60);
    [
        &[*name, b':'],
        value.collect::<Vec<_>>().as_slice(),
        b"\r\n",
    ]
    .concat()
}

/// The status and the body of the response to a request; `None` is an error.
fn exchange(input: &[u8], piece: usize, writes: usize) -> Option<(u16, Vec<u8>)> {
    let shared = SharedExchange::default();
    shared.start(exchange::origin(&URL.parse().unwrap()), true);
    let server = Server {
        input: input.to_vec(),
        piece,
        writes,
        exchange: Arc::clone(&shared),
    };
    let config = Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .input_buffer_size(BUFFER)
        .output_buffer_size(BUFFER)
        .proxy(None)
        .build();
    let connector = server.chain(EarlyResponseConnector(Arc::clone(&shared)));
    let agent = Agent::with_parts(config, connector, Nowhere);
    let mut body = RequestBody {
        left: BODY_BYTES,
        exchange: shared,
    };
    let request = http::Request::post(URL)
        .header("content-length", BODY_BYTES)
        .body(SendBody::from_reader(&mut body))
        .unwrap();
    let mut response = agent.run(request).ok()?;
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().read_to_vec().ok()?;
    Some((status, body))
}

struct RequestBody {
    left: u64,
    exchange: SharedExchange,
}

impl Read for RequestBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.left as usize);
        buffer[..length].fill(b'x');
        self.left -= length as u64;
        if self.left == 0 {
            self.exchange.set_body_read();
        }
        Ok(length)
    }
}

/// Connects to a server whose response begins to arrive after a number of writes, one piece per read.
#[derive(Debug)]
struct Server {
    input: Vec<u8>,
    piece: usize,
    writes: usize,
    exchange: SharedExchange,
}

impl<In: Transport> Connector<In> for Server {
    type Out = Connection;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        _: Option<In>,
    ) -> Result<Option<Connection>, Error> {
        Ok(Some(Connection {
            buffers: LazyBuffers::new(BUFFER, BUFFER),
            input: self.input.iter().copied().collect(),
            piece: self.piece,
            writes: self.writes,
            exchange: Arc::clone(&self.exchange),
        }))
    }
}

struct Connection {
    buffers: LazyBuffers,
    input: VecDeque<u8>,
    piece: usize,
    writes: usize,
    exchange: SharedExchange,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, _: usize, _: NextTimeout) -> Result<(), Error> {
        self.writes = self.writes.saturating_sub(1);
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        let is_silent = self.writes > 0 || self.input.is_empty();
        if self.exchange.is_polling() && is_silent {
            return Err(Error::Io(io::ErrorKind::WouldBlock.into()));
        }
        let buffer = self.buffers.input_append_buf();
        let length = self.piece.min(buffer.len());
        let read = self.input.read(&mut buffer[..length]).unwrap();
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    fn is_open(&mut self) -> bool {
        true
    }
}

/// The server needs no address.
#[derive(Debug)]
struct Nowhere;

impl Resolver for Nowhere {
    fn resolve(
        &self,
        _: &http::Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        addresses.push(([127, 0, 0, 1], 80).into());
        Ok(addresses)
    }
}
