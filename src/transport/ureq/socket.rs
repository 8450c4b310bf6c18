//! The TCP connection: connects, and sends while watching for what arrives meanwhile.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, ShutdownHandle,
    Transport,
};
use ureq::{Error, Timeout};

use super::exchange::SharedExchange;
use super::idle::Idle;
use crate::deadline::Deadline;

/// Maximum number of bytes held back while the other side sends and does not read. Beyond it, sending waits.
const MAX_UNSENT: usize = 1 << 20;

/// The pauses between two polls of a connection that can neither send nor receive grow from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_micros(200);
const LONGEST_PAUSE: Duration = Duration::from_millis(16);

/// Opens the connections of one agent.
#[derive(Debug)]
pub(super) struct SocketConnector(pub SharedExchange);

impl<In: Transport> Connector<In> for SocketConnector {
    type Out = Either<In, Socket>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        if let Some(tunnel) = chained {
            return Ok(Some(Either::A(tunnel)));
        }
        let addresses = details.addrs.to_vec();
        let limit = *details.timeout.after;
        let connected = self.0.run_interruptibly(details.timeout, move || {
            connect(&addresses, Deadline::after(limit))
        })?;
        let stream = connected.map_err(|error| Error::Other(Box::new(ConnectError(error))))?;
        stream.set_nodelay(true)?;
        let config = details.config;
        let socket = Socket {
            stream: Arc::new(SharedStream(stream)),
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
            unsent: Vec::new(),
            is_nonblocking: false,
            read_timeout: None,
            idle: Idle::default(),
            exchange: Arc::clone(&self.0),
        };
        (details.register_shutdown)(socket.shutdown_handle())?;
        Ok(Some(Either::B(socket)))
    }
}

/// Tries one address after the other. Each gets half of the remaining time and the last one all of it, so that an address
/// that never responds leaves time for the next.
fn connect(addresses: &[SocketAddr], deadline: Deadline) -> io::Result<TcpStream> {
    let mut result = Err(ErrorKind::NotFound.into());
    for (index, address) in addresses.iter().enumerate() {
        let left = deadline.remaining();
        let is_last = index + 1 == addresses.len();
        let limit = if is_last { left } else { left / 2 };
        result = TcpStream::connect_timeout(address, limit.max(Duration::from_millis(1)));
        if result.is_ok() {
            break;
        }
    }
    result
}

/// No connection could be made.
#[derive(Debug)]
pub(super) struct ConnectError(io::Error);

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ConnectError {}

/// One connection.
pub(super) struct Socket {
    stream: Arc<SharedStream>,
    buffers: LazyBuffers,
    /// Output that is not sent yet because the other side sends instead of reading.
    unsent: Vec<u8>,
    /// The mode the stream is in.
    is_nonblocking: bool,
    /// The timeout that is set for blocking reads.
    read_timeout: Option<Duration>,
    idle: Idle,
    exchange: SharedExchange,
}

#[derive(Debug)]
struct SharedStream(TcpStream);

impl ShutdownHandle for SharedStream {
    fn shutdown(&self) {
        // It fails if the connection is already closed, which is the goal.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

impl Socket {
    fn shutdown_handle(&self) -> Weak<dyn ShutdownHandle> {
        Arc::downgrade(&self.stream) as Weak<dyn ShutdownHandle>
    }

    fn set_nonblocking(&mut self, nonblocking: bool) -> io::Result<()> {
        if self.is_nonblocking != nonblocking {
            self.stream.0.set_nonblocking(nonblocking)?;
            self.is_nonblocking = nonblocking;
        }
        Ok(())
    }

    /// Sends as much as the connection accepts now: first the bytes that were held back, then those of `output`. Returns how
    /// much of the output was sent; `None` if the connection accepts nothing.
    fn send_some(&mut self, output: Range<usize>) -> io::Result<Option<usize>> {
        let sent = self.try_to_send(output);
        if sent.as_ref().is_err_and(is_disconnected) {
            self.exchange.set_disconnected();
        }
        sent
    }

    fn try_to_send(&mut self, output: Range<usize>) -> io::Result<Option<usize>> {
        let mut stream = &self.stream.0;
        let mut has_sent = false;
        while !self.unsent.is_empty() {
            match stream.write(&self.unsent) {
                Ok(sent) => {
                    self.unsent.drain(..sent);
                    self.exchange.set_unsent(!self.unsent.is_empty());
                    has_sent = true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(has_sent.then_some(0));
                }
                Err(error) => return Err(error),
            }
        }
        if output.is_empty() {
            return Ok(Some(0));
        }
        match stream.write(&self.buffers.output()[output]) {
            Ok(sent) => Ok(Some(sent)),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                Ok(has_sent.then_some(0))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether unread bytes have arrived.
    fn has_input(&self) -> bool {
        matches!(self.stream.0.peek(&mut [0]), Ok(1..))
    }

    fn hold_back(&mut self, output: Range<usize>) {
        self.unsent
            .extend_from_slice(&self.buffers.output()[output]);
        self.exchange.set_unsent(!self.unsent.is_empty());
    }

    fn read_once(&mut self) -> io::Result<usize> {
        let mut stream = &self.stream.0;
        let amount = stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount)
    }

    /// Waits for input without polling.
    fn read_blocking(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.set_nonblocking(false)?;
        let limit = (!timeout.after.is_not_happening()).then_some(*timeout.after);
        let deadline = Deadline::after(*timeout.after);
        let mut left = limit;
        loop {
            if self.read_timeout != left {
                match self.stream.0.set_read_timeout(left) {
                    Ok(()) => self.read_timeout = left,
                    // macOS refuses this after the other side has closed, but what it sent can still be read.
                    Err(error)
                        if cfg!(target_os = "macos") && error.kind() == ErrorKind::InvalidInput => {
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            match self.read_once() {
                Ok(amount) => return Ok(amount > 0),
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    left = limit.map(|_| deadline.remaining());
                    if left.is_some_and(|left| left.is_zero()) {
                        return Err(Error::Timeout(timeout.reason));
                    }
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Err(Error::Timeout(timeout.reason));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits for input, and meanwhile sends the bytes that were held back.
    fn read_while_sending(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let mut pause = Pause::new(timeout);
        loop {
            self.set_nonblocking(true)?;
            let has_sent = self.send_some(0..0)?.is_some();
            if self.unsent.is_empty() {
                return self.read_blocking(timeout);
            }
            match self.read_once() {
                Ok(amount) => return Ok(amount > 0),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) => return Err(error.into()),
            }
            if has_sent {
                pause = Pause::new(timeout);
            } else {
                pause.take()?;
            }
        }
    }
}

impl Transport for Socket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    /// Returns when the output is sent, or when something arrives that may be the response: then the rest is held back, so
    /// that the layers above can read it. TLS cannot resume a write that was abandoned half-way.
    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.exchange.has_early_response() {
            return Ok(());
        }
        self.idle.end();
        let timeout = not_expired(timeout.for_write())?;
        self.set_nonblocking(true)?;
        let mut pause = Pause::new(timeout);
        let mut sent = 0;
        loop {
            if self.exchange.is_polling() {
                self.hold_back(sent..amount);
                return Ok(());
            }
            if let Some(more) = self.send_some(sent..amount)? {
                sent += more;
                if sent == amount && self.unsent.is_empty() {
                    return Ok(());
                }
                pause = Pause::new(timeout);
                continue;
            }
            if self.unsent.len() < MAX_UNSENT && self.has_input() {
                self.hold_back(sent..amount);
                return Ok(());
            }
            pause.take()?;
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if self.exchange.is_polling() {
            self.set_nonblocking(true)?;
            return Ok(self.read_once()? > 0);
        }
        let timeout = not_expired(timeout.for_read())?;
        if self.unsent.is_empty() || self.exchange.has_early_response() {
            self.read_blocking(timeout)
        } else {
            self.read_while_sending(timeout)
        }
    }

    /// A connection that waits for its next request has nothing to read.
    fn is_open(&mut self) -> bool {
        let peeked = self
            .set_nonblocking(true)
            .and_then(|()| self.stream.0.peek(&mut [0]));
        self.unsent.is_empty()
            && self.idle.is_short(SystemTime::now())
            && matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("peer", &self.stream.0.peer_addr().ok())
            .finish_non_exhaustive()
    }
}

fn is_disconnected(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset
    )
}

fn not_expired(timeout: NextTimeout) -> Result<NextTimeout, Error> {
    if timeout.after.is_zero() {
        Err(Error::Timeout(timeout.reason))
    } else {
        Ok(timeout)
    }
}

/// Growing pauses until a timeout.
struct Pause {
    next: Duration,
    deadline: Deadline,
    reason: Timeout,
}

impl Pause {
    fn new(timeout: NextTimeout) -> Self {
        Self {
            next: FIRST_PAUSE,
            deadline: Deadline::after(*timeout.after),
            reason: timeout.reason,
        }
    }

    fn take(&mut self) -> Result<(), Error> {
        let left = self.deadline.remaining();
        if left.is_zero() {
            return Err(Error::Timeout(self.reason));
        }
        std::thread::sleep(self.next.min(left));
        self.next = (self.next * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}
