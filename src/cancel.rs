//! Ending a job from another thread.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

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
    cancelled: Mutex<bool>,
    changed: Condvar,
}

impl CancelToken {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the jobs that have this token, and those that get it later.
    pub fn cancel(&self) {
        *self.lock() = true;
        self.inner.changed.notify_all();
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        *self.lock()
    }

    /// Waits for `pause`, or until it is cancelled, and says whether it was.
    pub(crate) fn wait(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        let mut cancelled = self.lock();
        while !*cancelled {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.inner.changed.wait_timeout(cancelled, left);
            cancelled = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *cancelled
    }

    /// A flag cannot be left half changed, so a thread that panicked has done it no harm.
    fn lock(&self) -> std::sync::MutexGuard<'_, bool> {
        self.inner
            .cancelled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
