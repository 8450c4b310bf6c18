//! Ending a job from another thread.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::deadline::Deadline;

/// Ends the jobs it was given to. Clones are one and the same token.
///
/// ```
/// let token = imgpost::CancelToken::new();
/// let of_the_button = token.clone();
/// std::thread::spawn(move || of_the_button.cancel()).join().unwrap();
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

    /// Ends the jobs that have this token, and those that get it later.
    pub fn cancel(&self) {
        let mut state = self.lock();
        state.cancelled = true;
        let hooks = std::mem::take(&mut state.hooks);
        // A hook may look at the token.
        drop(state);
        self.inner.changed.notify_all();
        for (_, hook) in hooks {
            hook();
        }
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    /// Runs `hook` when the token is cancelled, on the thread that does it, or now when it was already; never once
    /// the value that is returned has been dropped. For a [`Transport`](crate::transport::Transport) that can
    /// interrupt what it waits for.
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

    /// Waits for `pause`, or until it is cancelled. Returns whether it was.
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

    /// Nothing is left half changed here, so a thread that panicked has done no harm.
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

/// What is run when a [`CancelToken`] is cancelled, until this is dropped.
#[derive(Debug)]
#[must_use = "the hook is taken off when this is dropped"]
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
    fn waiting_ends_with_the_time_or_with_the_token() {
        let token = CancelToken::new();
        assert!(!token.wait(Duration::from_millis(5)));
        let other = token.clone();
        let thread = std::thread::spawn(move || other.wait(Duration::from_secs(3600)));
        token.cancel();
        assert!(thread.join().unwrap());
        assert!(token.wait(Duration::from_secs(3600)));
    }

    #[test]
    fn a_hook_runs_once_and_not_after_it_was_dropped() {
        let token = CancelToken::new();
        let runs = Arc::new(AtomicU32::new(0));
        let hook = |of: &Arc<AtomicU32>, token: &CancelToken| {
            let (runs, token) = (Arc::clone(of), token.clone());
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
