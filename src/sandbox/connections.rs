//! Accepts connections: a limited number at a time, with a backoff while accepting fails.

use std::io;
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Maximum number of connections served at a time, each on its own thread. Further connections wait.
const MAX_CONNECTIONS: usize = 256;

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The connections that are open.
pub(super) struct Connections {
    max: usize,
    state: Mutex<Open>,
    changed: Condvar,
}

#[derive(Default)]
struct Open {
    number: usize,
    stopped: bool,
}

/// A slot for one connection. Dropping it, also by a panic, frees the slot.
struct Slot(Arc<Connections>);

impl Connections {
    pub fn new() -> Arc<Self> {
        Self::with_max(MAX_CONNECTIONS)
    }

    fn with_max(max: usize) -> Arc<Self> {
        Arc::new(Self {
            max,
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, Open> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops accepting connections. Open connections are still served.
    pub fn stop(&self) {
        self.state().stopped = true;
        self.changed.notify_all();
    }

    fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// Waits for a free slot. Returns `None` once stopped.
    fn acquire(self: &Arc<Self>) -> Option<Slot> {
        let full = |open: &mut Open| open.number >= self.max && !open.stopped;
        let open = self.changed.wait_while(self.state(), full);
        let mut open = open.unwrap_or_else(PoisonError::into_inner);
        if open.stopped {
            return None;
        }
        open.number += 1;
        Some(Slot(Arc::clone(self)))
    }

    /// Waits for the duration of `pause`, or until stopped.
    fn pause(&self, pause: Duration) {
        let running = |open: &mut Open| !open.stopped;
        let _ = self
            .changed
            .wait_timeout_while(self.state(), pause, running);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.state().number -= 1;
        self.0.changed.notify_all();
    }
}

/// Accepts connections until stopped, and calls `serve` for each on its own thread.
pub(super) fn run(
    mut accept: impl FnMut() -> io::Result<TcpStream>,
    connections: &Arc<Connections>,
    serve: impl Fn(&TcpStream) + Clone + Send + 'static,
) {
    let mut failures: u32 = 0;
    while let Some(slot) = connections.acquire() {
        let accepted = accept();
        // `Sandbox::drop` connects to wake accept().
        if connections.is_stopped() {
            return;
        }
        let serve = serve.clone();
        let served = accepted.and_then(|stream| {
            let thread = std::thread::Builder::new().name("imgpost-sandbox".into());
            thread.spawn(move || {
                serve(&stream);
                // Free the slot only after the connection is closed.
                drop((stream, slot));
            })
        });
        failures = match served {
            Ok(_) => 0,
            Err(error) => {
                failures += 1;
                let pause = pause_after(failures);
                log::warn!(
                    "sandbox: cannot accept a connection: {error}; trying again in {pause:?}"
                );
                connections.pause(pause);
                failures
            }
        };
    }
}

/// The pause after this number of consecutive failures. If the process has no file descriptors or threads left, accepting
/// fails immediately every time; without a pause the loop would spin.
fn pause_after(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(10);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::mpsc;
    use std::time::Instant;

    use super::*;

    #[test]
    fn pauses_grow_to_a_second_while_accepting_fails() {
        let pauses: Vec<_> = (1..10).map(|n| pause_after(n).as_millis()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        assert_eq!(pause_after(u32::MAX), LONGEST_PAUSE);
    }

    #[test]
    fn connection_is_served_after_accepting_has_failed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Connections::new();
        let (send, receive) = mpsc::channel();
        let acceptor = {
            let connections = Arc::clone(&connections);
            let mut calls = 0;
            let accept = move || {
                calls += 1;
                match calls {
                    // EMFILE on Linux and macOS.
                    ..=4 => Err(io::Error::from_raw_os_error(24)),
                    _ => listener.accept().map(|(stream, _)| stream),
                }
            };
            std::thread::spawn(move || {
                run(accept, &connections, move |_| send.send(()).unwrap());
            })
        };
        let started = Instant::now();
        let _stream = TcpStream::connect(address).unwrap();
        receive.recv_timeout(Duration::from_secs(60)).unwrap();
        // 10, 20, 40 and 80 ms.
        assert!(
            started.elapsed() >= Duration::from_millis(150),
            "{:?}",
            started.elapsed()
        );
        connections.stop();
        let _woken = TcpStream::connect(address);
        acceptor.join().unwrap();
    }

    #[test]
    fn number_of_open_connections_is_limited() {
        let connections = Connections::with_max(2);
        let first = connections.acquire().unwrap();
        let second = connections.acquire().unwrap();
        let (send, receive) = mpsc::channel();
        let waiting = {
            let connections = Arc::clone(&connections);
            std::thread::spawn(move || {
                let slot = connections.acquire();
                send.send(()).unwrap();
                slot.is_some()
            })
        };
        assert!(receive.recv_timeout(Duration::from_millis(50)).is_err());
        drop(first);
        assert!(waiting.join().unwrap());
        drop(second);
        assert_eq!(connections.state().number, 0);
    }

    #[test]
    fn stopping_ends_every_wait() {
        let connections = Connections::with_max(1);
        let slot = connections.acquire().unwrap();
        let waiting: Vec<_> = (0..2)
            .map(|number| {
                let connections = Arc::clone(&connections);
                std::thread::spawn(move || match number {
                    0 => drop(connections.acquire()),
                    _ => connections.pause(Duration::from_secs(3600)),
                })
            })
            .collect();
        connections.stop();
        for thread in waiting {
            thread.join().unwrap();
        }
        drop(slot);
        assert!(connections.acquire().is_none());
    }

    #[test]
    fn connection_is_served_after_another_thread_panicked() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Connections::with_max(1);
        let (send, receive) = mpsc::channel();
        let acceptor = {
            let connections = Arc::clone(&connections);
            std::thread::spawn(move || {
                let accept = || listener.accept().map(|(stream, _)| stream);
                run(accept, &connections, move |_| {
                    send.send(()).unwrap();
                    panic!("deliberate panic of this test");
                });
            })
        };
        for _ in 0..3 {
            let _stream = TcpStream::connect(address).unwrap();
            receive.recv_timeout(Duration::from_secs(60)).unwrap();
        }
        connections.stop();
        let _stream = TcpStream::connect(address);
        acceptor.join().unwrap();
    }
}
