//! How many calls may be made in a minute.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);

/// The calls of the last minute, of which there may be so many.
#[derive(Debug)]
pub(super) struct RateLimiter {
    per_minute: usize,
    /// When calls were or will be made, the oldest first.
    calls: VecDeque<Instant>,
}

impl RateLimiter {
    /// At most `per_minute` calls in any minute, and at least one.
    pub fn new(per_minute: u32) -> Self {
        Self {
            per_minute: per_minute.max(1) as usize,
            calls: VecDeque::new(),
        }
    }

    /// Takes the next free place, and says how long it is until then.
    pub fn reserve(&mut self, now: Instant) -> Duration {
        while self
            .calls
            .front()
            .is_some_and(|first| *first + WINDOW <= now)
        {
            self.calls.pop_front();
        }
        // The place of the call that was made so many calls ago is free a minute after it.
        let before = self.calls.len().checked_sub(self.per_minute);
        let at = before.map_or(now, |index| (self.calls[index] + WINDOW).max(now));
        self.calls.push_back(at);
        at.duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_holds_more_calls_than_there_may_be() {
        for (limit, step) in [(1, 0), (3, 0), (3, 100), (100, 7), (10, 7000)] {
            let mut rate_limiter = RateLimiter::new(limit);
            let start = Instant::now();
            let mut made = Vec::new();
            for number in 0..500 {
                let now = start + Duration::from_millis(number * step);
                made.push(now + rate_limiter.reserve(now));
            }
            assert!(made.is_sorted());
            for window in made.windows(limit as usize + 1) {
                assert!(window[limit as usize] - window[0] >= WINDOW);
            }
        }
    }

    #[test]
    fn what_is_within_the_limit_does_not_wait() {
        let mut rate_limiter = RateLimiter::new(2);
        let start = Instant::now();
        assert_eq!(rate_limiter.reserve(start), Duration::ZERO);
        assert_eq!(rate_limiter.reserve(start), Duration::ZERO);
        let later = start + Duration::from_secs(20);
        assert_eq!(rate_limiter.reserve(later), Duration::from_secs(40));
        let next_hour = start + Duration::from_secs(3600);
        assert_eq!(rate_limiter.reserve(next_hour), Duration::ZERO);
        assert_eq!(rate_limiter.calls.len(), 1);
    }
}
