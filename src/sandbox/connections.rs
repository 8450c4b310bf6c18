//! Accepts connections: only so many at once, and more slowly while that fails.

use std::io;
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// As many are served at once, each on a thread of its own. The others wait until one is closed.
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

/// Closes its connection's place when it is dropped, also by a panic.
struct Place(Arc<Connections>);

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

    /// Accepts no more connections. Those that are open are served to their end.
    pub fn stop(&self) {
        self.state().stopped = true;
        self.changed.notify_all();
    }

    fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// Waits for a free place; `None` when stopped.
    fn place(self: &Arc<Self>) -> Option<Place> {
        let full = |open: &mut Open| open.number >= self.max && !open.stopped;
        let open = self.changed.wait_while(self.state(), full);
        let mut open = open.unwrap_or_else(PoisonError::into_inner);
        if open.stopped {
            return None;
        }
        open.number += 1;
        Some(Place(Arc::clone(self)))
    }

    /// Waits for so long, or until stopped.
    fn pause(&self, pause: Duration) {
        let running = |open: &mut Open| !open.stopped;
        let _ = self
            .changed
            .wait_timeout_while(self.state(), pause, running);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.state().number -= 1;
        self.0.changed.notify_all();
    }
}

/// Accepts connections until stopped, and lets `serve` have each on a thread of its own.
pub(super) fn run(
    mut accept: impl FnMut() -> io::Result<TcpStream>,
    connections: &Arc<Connections>,
    serve: impl Fn(&TcpStream) + Clone + Send + 'static,
) {
    let mut failures: u32 = 0;
    while let Some(place) = connections.place() {
        let accepted = accept();
        // Stopping wakes accept() with a connection of its own.
        if connections.is_stopped() {
            return;
        }
        let serve = serve.clone();
        let served = accepted.and_then(|stream| {
            let thread = std::thread::Builder::new().name("imgpost-sandbox".into());
            thread.spawn(move || {
                serve(&stream);
                // Not before the connection is closed.
                drop((stream, place));
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

/// How long to wait after so many failures in a row. Where the process has no more files or threads, the next attempt
/// fails as well, and again without waiting for anything.
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
    fn pauses_grow_to_a_second_where_accepting_keeps_failing() {
        let pauses: Vec<_> = (1..10).map(|n| pause_after(n).as_millis()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        assert_eq!(pause_after(u32::MAX), LONGEST_PAUSE);
    }

    #[test]
    fn failing_to_accept_is_waited_out_and_then_served() {
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
                    // EMFILE of Linux and macOS.
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
    fn only_so_many_are_served_at_once() {
        let connections = Connections::with_max(2);
        let first = connections.place().unwrap();
        let second = connections.place().unwrap();
        let (send, receive) = mpsc::channel();
        let waiting = {
            let connections = Arc::clone(&connections);
            std::thread::spawn(move || {
                let place = connections.place();
                send.send(()).unwrap();
                place.is_some()
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
        let place = connections.place().unwrap();
        let waiting: Vec<_> = (0..2)
            .map(|number| {
                let connections = Arc::clone(&connections);
                std::thread::spawn(move || match number {
                    0 => drop(connections.place()),
                    _ => connections.pause(Duration::from_secs(3600)),
                })
            })
            .collect();
        connections.stop();
        for thread in waiting {
            thread.join().unwrap();
        }
        drop(place);
        assert!(connections.place().is_none());
    }

    #[test]
    fn connection_is_served_after_one_whose_thread_panicked() {
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
                    panic!("as this test asks for");
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
