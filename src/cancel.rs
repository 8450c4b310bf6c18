//! Cancels operations from another thread.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::deadline::Deadline;

/// Cancels the operations that have this token. Clones share their state.
///
/// ```
/// let token = imgpost::CancelToken::new();
/// let button = token.clone();
/// std::thread::spawn(move || button.cancel()).join().unwrap();
/// assert!(token.is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct CancelToken {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    cancelled: bool,
    hooks: Vec<(u64, Hook)>,
    next_hook: u64,
}

type Hook = Box<dyn FnOnce() + Send>;

impl CancelToken {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels the operations that have this token, and those that get it later.
    pub fn cancel(&self) {
        let mut state = self.lock();
        state.cancelled = true;
        let hooks = std::mem::take(&mut state.hooks);
        // A hook may use the token.
        drop(state);
        self.inner.changed.notify_all();
        for (_, hook) in hooks {
            hook();
        }
    }

    /// Whether the token was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    /// Runs `hook` when the token is cancelled, on the thread that cancels it; at once if it already is. Dropping the
    /// returned value removes the hook. For a [`Transport`](crate::transport::Transport) that can interrupt an exchange.
    pub fn on_cancel(&self, hook: impl FnOnce() + Send + 'static) -> CancelHook<'_> {
        let mut state = self.lock();
        let id = state.next_hook;
        state.next_hook += 1;
        if state.cancelled {
            drop(state);
            hook();
        } else {
            state.hooks.push((id, Box::new(hook)))
        }
        CancelHook { token: self, id }
    }

    /// Waits for `pause`, or until the token is cancelled. Returns whether it was cancelled.
    pub(crate) fn wait(&self, pause: Duration) -> bool {
        let deadline = Deadline::after(pause);
        let mut state = self.lock();
        while !state.cancelled {
            let left = deadline.remaining();
            if left.is_zero() {
                break;
            }
            let waited = self.inner.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.cancelled
    }

    /// Nothing is left half changed here, so a panic in another thread does no harm.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("cancelled", &self.cancelled)
            .finish_non_exhaustive()
    }
}

/// A hook of a [`CancelToken`]. Dropping this removes it.
#[derive(Debug)]
#[must_use = "dropping this removes the hook"]
pub struct CancelHook<'a> {
    token: &'a CancelToken,
    id: u64,
}

impl Drop for CancelHook<'_> {
    fn drop(&mut self) {
        self.token.lock().hooks.retain(|(id, _)| *id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn wait_ends_with_the_pause_or_a_cancellation() {
        let token = CancelToken::new();
        assert!(!token.wait(Duration::from_millis(5)));
        let other = token.clone();
        let thread = std::thread::spawn(move || other.wait(Duration::from_secs(3600)));
        token.cancel();
        assert!(thread.join().unwrap());
        assert!(token.wait(Duration::from_secs(3600)));
    }

    #[test]
    fn hook_runs_once_and_not_after_it_was_dropped() {
        let token = CancelToken::new();
        let runs = Arc::new(AtomicU32::new(0));
        let hook = |runs: &Arc<AtomicU32>, token: &CancelToken| {
            let (runs, token) = (Arc::clone(runs), token.clone());
            move || {
                assert!(token.is_cancelled());
                runs.fetch_add(1, Ordering::Relaxed);
            }
        };
        drop(token.on_cancel(hook(&runs, &token)));
        let _first = token.on_cancel(hook(&runs, &token));
        token.cancel();
        token.cancel();
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        let _late = token.on_cancel(hook(&runs, &token));
        assert_eq!(runs.load(Ordering::Relaxed), 2);
    }
}
