//! Deadlines of any length.

use std::time::{Duration, Instant};

/// The time at which an operation gives up. A duration that is too long for the clock never ends: adding it to an
/// [`Instant`] would panic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Option<Instant>,
}

impl Deadline {
    /// `duration` from now.
    pub fn after(duration: Duration) -> Self {
        Self {
            at: Instant::now().checked_add(duration),
        }
    }

    /// The time left; zero once the deadline has passed.
    pub fn remaining(self) -> Duration {
        self.at.map_or(Duration::MAX, |at| {
            at.saturating_duration_since(Instant::now())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_any_length_are_accepted() {
        assert_eq!(Deadline::after(Duration::ZERO).remaining(), Duration::ZERO);
        assert_eq!(Deadline::after(Duration::MAX).remaining(), Duration::MAX);
        let seconds = Deadline::after(Duration::from_secs(u64::MAX)).remaining();
        assert!(seconds > Duration::from_secs(1 << 60));
        let hour = Deadline::after(Duration::from_secs(3600)).remaining();
        assert!(hour > Duration::from_secs(3500) && hour <= Duration::from_secs(3600));
    }
}
