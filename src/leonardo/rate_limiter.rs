//! Limits the number of calls per minute.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);

/// Spaces calls so that no window of a minute contains more than a maximum.
#[derive(Debug)]
pub(super) struct RateLimiter {
    per_minute: usize,
    /// The times of past and scheduled calls, oldest first.
    calls: VecDeque<Instant>,
}

impl RateLimiter {
    /// Permits `per_minute` calls in any minute, and at least one.
    pub fn new(per_minute: u32) -> Self {
        Self {
            per_minute: per_minute.max(1) as usize,
            calls: VecDeque::new(),
        }
    }

    /// Schedules a call, and returns how long to wait before it is made.
    pub fn acquire(&mut self, now: Instant) -> Duration {
        let is_past = |call: &Instant| *call + WINDOW <= now;
        while self.calls.front().is_some_and(is_past) {
            self.calls.pop_front();
        }
        // A minute after the call that was made `per_minute` calls ago, another one is permitted.
        let limiting = self.calls.len().checked_sub(self.per_minute);
        let at = limiting.map_or(now, |index| (self.calls[index] + WINDOW).max(now));
        self.calls.push_back(at);
        at.duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_has_more_calls_than_permitted() {
        for (limit, step) in [(1, 0), (3, 0), (3, 100), (100, 7), (10, 7000)] {
            let mut rate_limiter = RateLimiter::new(limit);
            let start = Instant::now();
            let mut calls = Vec::new();
            for number in 0..500 {
                let now = start + Duration::from_millis(number * step);
                calls.push(now + rate_limiter.acquire(now));
            }
            assert!(calls.is_sorted());
            for window in calls.windows(limit as usize + 1) {
                let span = window[limit as usize] - window[0];
                assert!(span >= WINDOW, "{limit} calls every {step} ms: {span:?}");
            }
        }
    }

    #[test]
    fn calls_within_the_limit_do_not_wait() {
        let mut rate_limiter = RateLimiter::new(2);
        let start = Instant::now();
        assert_eq!(rate_limiter.acquire(start), Duration::ZERO);
        assert_eq!(rate_limiter.acquire(start), Duration::ZERO);
        let later = start + Duration::from_secs(20);
        assert_eq!(rate_limiter.acquire(later), Duration::from_secs(40));
        let next_hour = start + Duration::from_secs(3600);
        assert_eq!(rate_limiter.acquire(next_hour), Duration::ZERO);
        assert_eq!(rate_limiter.calls.len(), 1);
    }
}
