//! Whether a failed attempt is worth another one, and when.

use std::time::Duration;

/// The longest pause before the second attempt; it doubles from one attempt to the next.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// How long a server may ask to wait where nothing else limits it, and where a deadline does.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);
const LONGEST_RETRY_AFTER_WITH_DEADLINE: Duration = Duration::from_secs(600);

/// What matters of a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    /// Whether the same request may succeed a moment later.
    pub is_retryable: bool,
    /// How long the server asks to wait before the next attempt.
    pub retry_after: Option<Duration>,
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another attempt, after a pause.
    Attempt(Duration),
    /// Nothing: it would fail again, enough attempts were made, or the server asks to wait for too long.
    GiveUp,
    /// Nothing: another attempt may succeed, but time has run out, or will have by then.
    TooLate,
}

/// Whether there is to be another attempt, and when.
///
/// `attempt`: 1-based number of the attempt that just failed. `retries`: maximum further attempts. `remaining`: time
/// within which the next attempt has to start. `random` chooses the pause between zero and the longest: full jitter
/// ([exponential backoff and jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)).
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
    let longest_retry_after = match remaining {
        Some(remaining) => remaining.min(LONGEST_RETRY_AFTER_WITH_DEADLINE),
        None => LONGEST_RETRY_AFTER,
    };
    let retry_after = failure.retry_after.unwrap_or_default();
    if retry_after > longest_retry_after {
        return Next::GiveUp;
    }
    let doubled = FIRST_PAUSE.saturating_mul(1 << (attempt - 1).min(16));
    let longest = doubled.min(LONGEST_PAUSE).as_millis() as u64;
    let jittered = Duration::from_millis(random % (longest + 1));
    let pause = jittered.max(retry_after);
    if remaining.is_none_or(|remaining| pause < remaining) {
        Next::Attempt(pause)
    } else {
        Next::TooLate
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
    fn retry_after_is_respected_up_to_a_limit() {
        let next = |retry_after, remaining: Option<u64>| {
            let failure = Failure {
                retry_after: Some(retry_after),
                ..PASSES
            };
            let remaining = remaining.map(Duration::from_secs);
            decide(1, 4, failure, remaining, u64::MAX / 2)
        };
        let seconds = Duration::from_secs;
        for (retry_after, remaining, expected) in [
            (3, None, Next::Attempt(seconds(3))),
            (3, Some(4), Next::Attempt(seconds(3))),
            (3, Some(3), Next::TooLate),
            (4, Some(3), Next::GiveUp),
            (60, None, Next::Attempt(seconds(60))),
            (61, None, Next::GiveUp),
            (600, Some(601), Next::Attempt(seconds(600))),
            (601, Some(7 * 24 * 3600), Next::GiveUp),
            (u64::MAX, None, Next::GiveUp),
            (u64::MAX, Some(u64::MAX), Next::GiveUp),
        ] {
            let found = next(seconds(retry_after), remaining);
            assert_eq!(found, expected, "{retry_after} {remaining:?}");
        }
        assert_eq!(next(Duration::MAX, None), Next::GiveUp);
    }
}
