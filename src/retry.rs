//! The retry loop of uploads, API calls and downloads.

use std::fmt;
use std::time::Duration;

use crate::cancel::CancelToken;
use crate::random;

/// Upper limit of the pause after the first attempt. It doubles with each attempt, up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(8);

/// How often an operation is attempted, and until when.
pub(crate) struct RetryPolicy<'a> {
    /// Name of the operation in the log: `upload`.
    pub name: &'a str,
    /// Maximum number of attempts after the first.
    pub retries: u32,
    /// Longest `Retry-After` to wait for. If the server asks for more, the operation fails with the server's error.
    pub max_retry_after: Duration,
    /// Time within which another attempt has to start; `None` if there is no deadline. Called after each failure, so that
    /// it can read the wall clock: the monotonic clock stops while some systems are suspended.
    pub remaining: &'a dyn Fn() -> Option<Duration>,
    /// Ends the pause between attempts.
    pub cancel_token: &'a CancelToken,
}

/// A failed attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure<E> {
    pub error: E,
    /// Whether the same request may succeed a moment later, and does no harm a second time.
    pub is_retryable: bool,
    /// The server's `Retry-After`.
    pub retry_after: Option<Duration>,
}

/// Why an operation did not succeed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RetryError<E> {
    /// The error of the last attempt. It is permanent, all retries are used up, or `Retry-After` is too long.
    GaveUp(E),
    /// The error of the last attempt. It is transient, but no attempt can start before the deadline.
    TooLate(E),
    /// The token was cancelled during a pause.
    Cancelled,
}

impl<E> RetryError<E> {
    /// The error of the last attempt, or `cancelled` if the token was cancelled during a pause.
    pub fn into_error(self, cancelled: E) -> E {
        match self {
            Self::GaveUp(error) | Self::TooLate(error) => error,
            Self::Cancelled => cancelled,
        }
    }
}

/// Runs `operation` until it succeeds or `policy` permits no further attempt. Its argument is the number of the attempt,
/// starting at 1.
///
/// `operation` reports its own cancellation, as a failure that is not retryable.
pub(crate) fn run<T, E: fmt::Display>(
    policy: &RetryPolicy<'_>,
    mut operation: impl FnMut(u32) -> Result<T, Failure<E>>,
) -> Result<T, RetryError<E>> {
    let mut attempt = 1;
    loop {
        let failure = match operation(attempt) {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let remaining = (policy.remaining)();
        match decide(policy, attempt, &failure, remaining, random::draw() as u64) {
            Next::Attempt(pause) => {
                let (name, error) = (policy.name, failure.error);
                log::info!("{name}: attempt {attempt} failed, retrying in {pause:?}: {error}");
                if policy.cancel_token.wait(pause) {
                    return Err(RetryError::Cancelled);
                }
                attempt += 1;
            }
            Next::GiveUp => return Err(RetryError::GaveUp(failure.error)),
            Next::TooLate => return Err(RetryError::TooLate(failure.error)),
        }
    }
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Another attempt after this pause.
    Attempt(Duration),
    GiveUp,
    TooLate,
}

/// Decides what follows the failure of `attempt`, which counts from 1.
///
/// `random` chooses the pause between zero and its upper limit: full jitter
/// ([exponential backoff and jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)).
fn decide<E>(
    policy: &RetryPolicy<'_>,
    attempt: u32,
    failure: &Failure<E>,
    remaining: Option<Duration>,
    random: u64,
) -> Next {
    if !failure.is_retryable {
        return Next::GiveUp;
    }
    if remaining.is_some_and(|remaining| remaining.is_zero()) {
        return Next::TooLate;
    }
    if attempt > policy.retries {
        return Next::GiveUp;
    }
    let max_retry_after = match remaining {
        Some(remaining) => remaining.min(policy.max_retry_after),
        None => policy.max_retry_after,
    };
    let retry_after = failure.retry_after.unwrap_or_default();
    if retry_after > max_retry_after {
        return Next::GiveUp;
    }
    let doubled = FIRST_PAUSE.saturating_mul(1 << (attempt - 1).min(16));
    let max_pause = doubled.min(MAX_PAUSE).as_millis() as u64;
    let jittered = Duration::from_millis(random % (max_pause + 1));
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

    const TRANSIENT: Failure<&str> = Failure {
        error: "busy",
        is_retryable: true,
        retry_after: None,
    };
    const PERMANENT: Failure<&str> = Failure {
        error: "forbidden",
        is_retryable: false,
        retry_after: Some(Duration::ZERO),
    };

    fn with_policy<T>(retries: u32, test: impl FnOnce(&RetryPolicy<'_>) -> T) -> T {
        test(&RetryPolicy {
            name: "test",
            retries,
            max_retry_after: Duration::from_secs(60),
            remaining: &|| None,
            cancel_token: &CancelToken::new(),
        })
    }

    fn next(attempt: u32, retries: u32, remaining: Option<Duration>, random: u64) -> Next {
        with_policy(retries, |policy| {
            decide(policy, attempt, &TRANSIENT, remaining, random)
        })
    }

    #[test]
    fn permanent_failure_is_not_retried() {
        for remaining in [None, Some(Duration::ZERO)] {
            let next = with_policy(4, |policy| decide(policy, 1, &PERMANENT, remaining, 0));
            assert_eq!(next, Next::GiveUp, "{remaining:?}");
        }
    }

    #[test]
    fn pauses_double_up_to_a_limit_and_end_before_the_deadline() {
        let mut longest = Vec::new();
        for attempt in 1..=8 {
            let pauses = (0..20_000).map(|random| match next(attempt, 9, None, random) {
                Next::Attempt(pause) => pause.as_millis(),
                other => panic!("{other:?}"),
            });
            longest.push(pauses.max().unwrap());
        }
        assert_eq!(longest, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(next(10, 9, None, 0), Next::GiveUp);
        assert_eq!(next(1, 0, None, 0), Next::GiveUp);
        assert_eq!(next(1, 0, Some(Duration::ZERO), 0), Next::TooLate);
        let last = next(u32::MAX, u32::MAX, None, 8000);
        assert_eq!(last, Next::Attempt(MAX_PAUSE));
        let remaining = Some(Duration::from_millis(100));
        assert_eq!(next(1, 9, remaining, 100), Next::TooLate);
        let pause = Duration::from_millis(99);
        assert_eq!(next(1, 9, remaining, 99), Next::Attempt(pause));
    }

    #[test]
    fn retry_after_is_respected_up_to_a_limit() {
        let next = |retry_after, max_retry_after, remaining| {
            let failure = Failure {
                retry_after: Some(retry_after),
                ..TRANSIENT
            };
            let policy = RetryPolicy {
                name: "test",
                retries: 4,
                max_retry_after: Duration::from_secs(max_retry_after),
                remaining: &|| None,
                cancel_token: &CancelToken::new(),
            };
            decide(&policy, 1, &failure, remaining, u64::MAX / 2)
        };
        let seconds = Duration::from_secs;
        for (retry_after, max_retry_after, remaining, expected) in [
            (3, 60, None, Next::Attempt(seconds(3))),
            (3, 60, Some(4), Next::Attempt(seconds(3))),
            (3, 60, Some(3), Next::TooLate),
            (4, 60, Some(3), Next::GiveUp),
            (60, 60, None, Next::Attempt(seconds(60))),
            (61, 60, None, Next::GiveUp),
            (600, 600, Some(601), Next::Attempt(seconds(600))),
            (601, 600, Some(7 * 24 * 3600), Next::GiveUp),
            (u64::MAX, 600, None, Next::GiveUp),
            (u64::MAX, 600, Some(u64::MAX), Next::GiveUp),
        ] {
            let found = next(
                seconds(retry_after),
                max_retry_after,
                remaining.map(seconds),
            );
            assert_eq!(found, expected, "{retry_after} {remaining:?}");
        }
        assert_eq!(next(Duration::MAX, 60, None), Next::GiveUp);
    }

    #[test]
    fn attempts_are_counted_until_one_succeeds() {
        let result = with_policy(2, |policy| {
            run(policy, |attempt| {
                if attempt == 2 {
                    Ok(attempt)
                } else {
                    Err(TRANSIENT)
                }
            })
        });
        assert_eq!(result, Ok(2));
    }

    #[test]
    fn last_error_is_returned_with_the_reason_for_giving_up() {
        let mut attempts = 0;
        let mut fail = |failure| {
            attempts += 1;
            Err::<(), _>(failure)
        };
        let result = with_policy(1, |policy| run(policy, |_| fail(TRANSIENT)));
        assert_eq!(result, Err(RetryError::GaveUp("busy")));
        let result = with_policy(1, |policy| run(policy, |_| fail(PERMANENT)));
        assert_eq!(result, Err(RetryError::GaveUp("forbidden")));
        let result = with_policy(1, |policy| {
            let remaining = &|| Some(Duration::ZERO);
            let policy = RetryPolicy {
                remaining,
                ..*policy
            };
            run(&policy, |_| fail(TRANSIENT))
        });
        assert_eq!(result, Err(RetryError::TooLate("busy")));
        assert_eq!(attempts, 4);
    }

    #[test]
    fn cancellation_ends_a_pause() {
        let failure = Failure {
            retry_after: Some(Duration::from_secs(60)),
            ..TRANSIENT
        };
        let result = with_policy(1, |policy| {
            run(policy, |_| {
                policy.cancel_token.cancel();
                Err::<(), _>(failure)
            })
        });
        assert_eq!(result, Err(RetryError::Cancelled));
        assert_eq!(result.unwrap_err().into_error("cancelled"), "cancelled");
    }
}
