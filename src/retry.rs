//! Whether a failed attempt is worth another one, and when.

use std::time::Duration;

/// The longest pause before the second attempt; it doubles from one attempt to the next.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// What matters of a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    /// Whether the same request may succeed a moment later.
    pub is_retryable: bool,
    /// How long the server asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another one, after a pause.
    Attempt(Duration),
    /// Nothing: it would fail again, or enough were made.
    GiveUp,
    /// Another one would have been worth it, and time will have run out by then.
    TooLate,
}

/// Whether there is to be another attempt, and when.
///
/// `attempt` counts from 1 and has just failed, at most `retries` more are made, `remaining` is the time until which
/// the next one must have begun, and `random` decides where between nothing and the longest pause the pause lies: full
/// jitter ([exponential backoff and
/// jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)).
pub(crate) fn decide(
    attempt: u32,
    retries: u32,
    failure: Failure,
    remaining: Option<Duration>,
    random: u64,
) -> Next {
    if !failure.is_retryable {
        return Next::GiveUp;
    }
    if remaining.is_some_and(|remaining| remaining.is_zero()) {
        return Next::TooLate;
    }
    if attempt > retries {
        return Next::GiveUp;
    }
    let doubled = FIRST_PAUSE.saturating_mul(1 << (attempt - 1).min(16));
    let longest = doubled.min(LONGEST_PAUSE).as_millis() as u64;
    let jittered = Duration::from_millis(random % (longest + 1));
    let pause = jittered.max(failure.retry_after.unwrap_or_default());
    match remaining.is_none_or(|remaining| pause < remaining) {
        true => Next::Attempt(pause),
        false => Next::TooLate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSES: Failure = Failure {
        is_retryable: true,
        retry_after: None,
    };

    #[test]
    fn what_would_fail_again_is_not_tried_again() {
        let failure = Failure {
            is_retryable: false,
            retry_after: Some(Duration::ZERO),
        };
        assert_eq!(decide(1, 4, failure, None, 0), Next::GiveUp);
        assert_eq!(decide(1, 4, failure, Some(Duration::ZERO), 0), Next::GiveUp);
    }

    #[test]
    fn pauses_grow_to_a_limit_and_never_pass_the_deadline() {
        let mut longest = Vec::new();
        for attempt in 1..=8 {
            let pauses = (0..20_000).map(|random| match decide(attempt, 9, PASSES, None, random) {
                Next::Attempt(pause) => pause.as_millis(),
                other => panic!("{other:?}"),
            });
            longest.push(pauses.max().unwrap());
        }
        assert_eq!(longest, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(decide(10, 9, PASSES, None, 0), Next::GiveUp);
        assert_eq!(decide(1, 0, PASSES, None, 0), Next::GiveUp);
        let gone = Some(Duration::ZERO);
        assert_eq!(decide(1, 0, PASSES, gone, 0), Next::TooLate);
        assert_eq!(
            decide(u32::MAX, u32::MAX, PASSES, None, 8000),
            Next::Attempt(LONGEST_PAUSE)
        );
        let remaining = Some(Duration::from_millis(100));
        assert_eq!(decide(1, 9, PASSES, remaining, 100), Next::TooLate);
        assert_eq!(
            decide(1, 9, PASSES, remaining, 99),
            Next::Attempt(Duration::from_millis(99))
        );
    }

    #[test]
    fn retry_after_is_kept_to_or_nothing_is_tried() {
        let three = Duration::from_secs(3);
        let failure = Failure {
            retry_after: Some(three),
            ..PASSES
        };
        let next = |remaining: Option<u64>| {
            decide(
                1,
                4,
                failure,
                remaining.map(Duration::from_secs),
                u64::MAX / 2,
            )
        };
        assert_eq!(next(None), Next::Attempt(three));
        assert_eq!(next(Some(4)), Next::Attempt(three));
        assert_eq!(next(Some(3)), Next::TooLate);
    }
}
