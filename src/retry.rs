//! Whether a failed attempt is worth another one, and when.

use std::time::Duration;

use crate::s3::S3Error;
use crate::transport::TransportError;

/// The longest pause before the second attempt; it doubles from one attempt to the next.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// How an attempt failed.
#[derive(Debug)]
pub(crate) enum Failure<'a> {
    Transport(&'a TransportError),
    Storage {
        error: &'a S3Error,
        retry_after: Option<Duration>,
    },
}

impl Failure<'_> {
    /// Whether the same post may succeed a moment later.
    fn is_retryable(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_retryable(),
            Self::Storage { error, .. } => error.is_retryable(),
        }
    }

    fn retry_after(&self) -> Duration {
        match self {
            Self::Storage { retry_after, .. } => retry_after.unwrap_or_default(),
            Self::Transport(_) => Duration::ZERO,
        }
    }
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another one, after a pause.
    Attempt(Duration),
    /// Nothing: it would fail again, or enough were made.
    GiveUp,
    /// Another one would have been worth it, and the form will have expired by then.
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
    failure: &Failure<'_>,
    remaining: Option<Duration>,
    random: u64,
) -> Next {
    if !failure.is_retryable() {
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
    let pause = jittered.max(failure.retry_after());
    match remaining.is_none_or(|remaining| pause < remaining) {
        true => Next::Attempt(pause),
        false => Next::TooLate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::TransportErrorKind;

    fn storage(status: u16, body: &str, retry_after: Option<u64>) -> (S3Error, Option<Duration>) {
        let error = S3Error::parse(status, body.as_bytes(), str::to_owned);
        (error, retry_after.map(Duration::from_secs))
    }

    fn after(status: u16, body: &str, attempt: u32, remaining: Option<u64>) -> Next {
        let (error, retry_after) = storage(status, body, (status == 429).then_some(3));
        let failure = Failure::Storage {
            error: &error,
            retry_after,
        };
        let remaining = remaining.map(Duration::from_secs);
        decide(attempt, 4, &failure, remaining, u64::MAX / 2)
    }

    fn code(code: &str) -> String {
        format!("<Error><Code>{code}</Code><Message>m</Message></Error>")
    }

    #[test]
    fn the_code_decides_before_the_status() {
        for (status, body, retried) in [
            (400, code("RequestTimeout"), true),
            (400, code("IncompleteBody"), true),
            (400, code("EntityTooLarge"), false),
            (403, code("AccessDenied"), false),
            (403, code("SignatureDoesNotMatch"), false),
            (503, code("SlowDown"), true),
            (500, code("InternalError"), true),
            (503, code("SignatureDoesNotMatch"), false),
            (503, code("NobodyKnows"), true),
            (408, String::new(), true),
            (429, String::new(), true),
            (500, String::from("<html>"), true),
            (501, String::new(), false),
            (502, String::new(), true),
            (504, String::new(), true),
            (301, String::new(), false),
            (404, String::new(), false),
        ] {
            assert_eq!(
                after(status, &body, 1, None) != Next::GiveUp,
                retried,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn connections_that_break_are_tried_again_and_refused_certificates_are_not() {
        for (kind, retried) in [
            (TransportErrorKind::Connect, true),
            (TransportErrorKind::Timeout, true),
            (TransportErrorKind::Broken, true),
            (TransportErrorKind::Tls, false),
        ] {
            let error = TransportError::new(kind, "http://127.0.0.1/", "why");
            let next = decide(1, 4, &Failure::Transport(&error), None, 0);
            let expected = match retried {
                true => Next::Attempt(Duration::ZERO),
                false => Next::GiveUp,
            };
            assert_eq!(next, expected, "{kind:?}");
        }
    }

    #[test]
    fn pauses_grow_to_a_limit_and_never_pass_the_deadline() {
        let (error, _) = storage(503, "", None);
        let failure = Failure::Storage {
            error: &error,
            retry_after: None,
        };
        let mut longest = Vec::new();
        for attempt in 1..=8 {
            let pauses =
                (0..20_000).map(|random| match decide(attempt, 9, &failure, None, random) {
                    Next::Attempt(pause) => pause.as_millis(),
                    other => panic!("{other:?}"),
                });
            longest.push(pauses.max().unwrap());
        }
        assert_eq!(longest, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(decide(10, 9, &failure, None, 0), Next::GiveUp);
        assert_eq!(decide(1, 0, &failure, None, 0), Next::GiveUp);
        assert_eq!(
            decide(1, 0, &failure, Some(Duration::ZERO), 0),
            Next::TooLate
        );
        assert_eq!(
            decide(u32::MAX, u32::MAX, &failure, None, 8000),
            Next::Attempt(LONGEST_PAUSE)
        );
        let remaining = Some(Duration::from_millis(100));
        assert_eq!(decide(1, 9, &failure, remaining, 100), Next::TooLate);
        assert_eq!(
            decide(1, 9, &failure, remaining, 99),
            Next::Attempt(Duration::from_millis(99))
        );
    }

    #[test]
    fn retry_after_is_kept_to_or_nothing_is_tried() {
        let three = Next::Attempt(Duration::from_secs(3));
        assert_eq!(after(429, "", 1, None), three);
        assert_eq!(after(429, "", 1, Some(4)), three);
        assert_eq!(after(429, "", 1, Some(3)), Next::TooLate);
    }
}
