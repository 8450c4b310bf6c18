//! How long a connection waits for its next request.

use std::time::{Duration, SystemTime};

/// Less than most servers wait before they close it.
pub(super) const MAX_IDLE: Duration = Duration::from_secs(15);

/// How long a connection has been idle by the wall clock. The clock by which ureq measures [`MAX_IDLE`] stops while some
/// systems are suspended, and what the server sent meanwhile, such as the end of the connection, never arrived. A paid call
/// would be lost on it, and must not be sent again
/// ([golang/go#29308](https://github.com/golang/go/issues/29308)).
#[derive(Debug, Default)]
pub(super) struct Idle {
    since: Option<SystemTime>,
}

impl Idle {
    /// A request begins.
    pub fn end(&mut self) {
        self.since = None;
    }

    /// Whether the connection may be used at `now`. The first call after a request begins the idle time.
    pub fn is_short(&mut self, now: SystemTime) -> bool {
        let since = *self.since.get_or_insert(now);
        // A clock that was set back does not tell.
        now.duration_since(since).is_ok_and(|idle| idle <= MAX_IDLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_begins_after_a_request_and_ends_with_the_next() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 30);
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut idle = Idle::default();
        assert!(idle.is_short(start) && idle.is_short(after(15)));
        assert!(!idle.is_short(after(16)));
        assert!(!idle.is_short(start - Duration::from_secs(1)));
        idle.end();
        assert!(idle.is_short(after(3600)) && !idle.is_short(after(3616)));
    }
}
