//! The state that the layers of one connection share about their exchange.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ureq::Error;
use ureq::unversioned::transport::NextTimeout;

/// The exchange that an agent carries. ureq stacks its layers (socket, proxy, TLS, response) in boxes that cannot see
/// into each other, and an agent carries one exchange at a time, so they meet here.
#[derive(Default)]
pub(super) struct Exchange {
    /// The origin that the request goes to, without a proxy on the way: `https://host:port`.
    origin: Mutex<String>,
    has_body: AtomicBool,
    is_connected: AtomicBool,
    is_polling: AtomicBool,
    has_begun_body: AtomicBool,
    has_read_body: AtomicBool,
    has_unsent: AtomicBool,
    is_disconnected: AtomicBool,
    has_early_response: AtomicBool,
    is_plain_http: AtomicBool,
    interrupt: Mutex<Interrupt>,
}

#[derive(Default)]
struct Interrupt {
    is_cancelled: bool,
    /// Wakes the thread that is waiting for a lookup or a connection.
    wake: Option<Box<dyn Fn() + Send>>,
}

impl Exchange {
    /// Starts the next exchange of the agent.
    pub fn start(&self, origin: String, has_body: bool) {
        *self.origin.lock().unwrap_or_else(PoisonError::into_inner) = origin;
        self.has_body.store(has_body, Ordering::Relaxed);
        self.is_connected.store(false, Ordering::Relaxed);
        self.has_begun_body.store(!has_body, Ordering::Relaxed);
        self.has_read_body.store(!has_body, Ordering::Relaxed);
        self.has_unsent.store(false, Ordering::Relaxed);
        self.is_disconnected.store(false, Ordering::Relaxed);
        self.has_early_response.store(false, Ordering::Relaxed);
        self.is_plain_http.store(false, Ordering::Relaxed);
    }

    /// Whether `origin` is where the request goes to; with a proxy, the first connection goes elsewhere.
    pub fn goes_to(&self, origin: &str) -> bool {
        *self.origin.lock().unwrap_or_else(PoisonError::into_inner) == origin
    }

    /// Whether the request has a body of at least one byte.
    pub fn has_body(&self) -> bool {
        self.has_body.load(Ordering::Relaxed)
    }

    /// Whether the request may have been carried out: not before it has a connection, new or kept, and secure where it has
    /// to be, nor before the first byte of its body.
    pub fn may_be_carried_out(&self) -> bool {
        self.is_connected.load(Ordering::Relaxed) && self.has_begun_body.load(Ordering::Relaxed)
    }

    pub fn set_connected(&self) {
        self.is_connected.store(true, Ordering::Relaxed);
    }

    /// Whether the socket is to be read without waiting for bytes to arrive.
    pub fn is_polling(&self) -> bool {
        self.is_polling.load(Ordering::Relaxed)
    }

    pub fn set_polling(&self, is_polling: bool) {
        self.is_polling.store(is_polling, Ordering::Relaxed);
    }

    pub fn set_body_begun(&self) {
        self.has_begun_body.store(true, Ordering::Relaxed);
    }

    /// Whether the whole body has been handed to the connection.
    pub fn has_read_body(&self) -> bool {
        self.has_read_body.load(Ordering::Relaxed)
    }

    pub fn set_body_read(&self) {
        self.has_read_body.store(true, Ordering::Relaxed);
    }

    /// Whether the socket holds back a part of the request.
    pub fn set_unsent(&self, has_unsent: bool) {
        self.has_unsent.store(has_unsent, Ordering::Relaxed);
    }

    /// Whether the other side has closed the connection for sending.
    pub fn is_disconnected(&self) -> bool {
        self.is_disconnected.load(Ordering::Relaxed)
    }

    pub fn set_disconnected(&self) {
        self.is_disconnected.store(true, Ordering::Relaxed);
    }

    /// Whether a part of the request was never sent.
    pub fn is_incomplete(&self) -> bool {
        self.has_early_response() || self.has_unsent.load(Ordering::Relaxed)
    }

    /// Whether the final response arrived before the whole request was sent. The rest of it is not sent.
    pub fn has_early_response(&self) -> bool {
        self.has_early_response.load(Ordering::Relaxed)
    }

    pub fn set_early_response(&self) {
        self.has_early_response.store(true, Ordering::Relaxed);
    }

    /// Whether the server responded to TLS with something else.
    pub fn is_plain_http(&self) -> bool {
        self.is_plain_http.load(Ordering::Relaxed)
    }

    pub fn set_plain_http(&self) {
        self.is_plain_http.store(true, Ordering::Relaxed);
    }

    /// Ends a lookup or a connection attempt that is under way, and every later one.
    pub fn cancel(&self) {
        let mut interrupt = self.interrupt();
        interrupt.is_cancelled = true;
        if let Some(wake) = interrupt.wake.take() {
            wake();
        }
    }

    /// Runs `work` on a thread of its own, and waits for its result, the timeout or a cancellation: the standard library
    /// can interrupt neither a lookup nor a connection attempt. The thread then ends by itself.
    pub fn run_interruptibly<T: Send + 'static>(
        &self,
        timeout: NextTimeout,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = mpsc::channel();
        let cancelled = || Error::Io(io::Error::new(io::ErrorKind::Interrupted, "cancelled"));
        {
            let mut interrupt = self.interrupt();
            if interrupt.is_cancelled {
                return Err(cancelled());
            }
            let wake = sender.clone();
            // The receiver is gone when the wait is over already.
            interrupt.wake = Some(Box::new(move || drop(wake.send(None))));
        }
        std::thread::Builder::new()
            .name("imgpost-connect".into())
            .spawn(move || drop(sender.send(Some(work()))))?;
        let received = if timeout.after.is_not_happening() {
            receiver.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            receiver.recv_timeout(*timeout.after)
        };
        self.interrupt().wake = None;
        match received {
            Ok(Some(result)) => Ok(result),
            Ok(None) => Err(cancelled()),
            Err(RecvTimeoutError::Timeout) => Err(Error::Timeout(timeout.reason)),
            // The thread panicked, which the panic hook has reported.
            Err(RecvTimeoutError::Disconnected) => Err(Error::ConnectionFailed),
        }
    }

    /// Nothing is left half changed under this lock, so a panic in another thread does no harm.
    fn interrupt(&self) -> MutexGuard<'_, Interrupt> {
        self.interrupt
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exchange")
    }
}

/// The origin of a URI as [`Exchange::start`] and the connectors write it.
pub(super) fn origin(uri: &ureq::http::Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    format!("{scheme}://{authority}").to_ascii_lowercase()
}

/// Shared between an agent's connectors.
pub(super) type SharedExchange = Arc<Exchange>;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn within(after: Duration) -> NextTimeout {
        NextTimeout {
            after: after.into(),
            reason: ureq::Timeout::Connect,
            ..NextTimeout::default()
        }
    }

    #[test]
    fn work_ends_with_its_result_the_timeout_or_a_cancellation() {
        let exchange = SharedExchange::default();
        let hour = within(Duration::from_secs(3600));
        assert!(matches!(exchange.run_interruptibly(hour, || 7), Ok(7)));
        let (_kept, never) = mpsc::channel::<()>();
        let short = within(Duration::from_millis(5));
        let ended = exchange.run_interruptibly(short, move || never.recv().is_ok());
        assert!(matches!(ended, Err(Error::Timeout(_))), "{ended:?}");
        let (_kept, never) = mpsc::channel::<()>();
        let waiting = {
            let exchange = Arc::clone(&exchange);
            std::thread::spawn(move || {
                let ended = exchange.run_interruptibly(hour, move || never.recv().is_ok());
                ended.is_err()
            })
        };
        exchange.cancel();
        assert!(waiting.join().unwrap());
        assert!(exchange.run_interruptibly(hour, || 7).is_err());
    }

    #[test]
    fn an_origin_is_compared_without_case_path_and_query() {
        let parse = |text: &str| origin(&text.parse().unwrap());
        assert_eq!(parse("HTTPS://A.example:1/b?c"), "https://a.example:1");
        assert_eq!(parse("http://127.0.0.1/"), "http://127.0.0.1");
    }
}
