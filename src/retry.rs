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

/// How long to pause before the next attempt; none when there is to be none.
///
/// `attempt` counts from 1 and has just failed, at most `retries` more are made, `remaining` is the time until which
/// the next one must have begun, and `random` decides where between nothing and the longest pause the pause lies: full
/// jitter ([exponential backoff and
/// jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)).
pub(crate) fn pause(
    attempt: u32,
    retries: u32,
    failure: &Failure<'_>,
    remaining: Option<Duration>,
    random: u64,
) -> Option<Duration> {
    if attempt > retries || !failure.is_retryable() {
        return None;
    }
    let doubled = FIRST_PAUSE.saturating_mul(1 << (attempt - 1).min(16));
    let longest = doubled.min(LONGEST_PAUSE).as_millis() as u64;
    let jittered = Duration::from_millis(random % (longest + 1));
    let pause = jittered.max(failure.retry_after());
    remaining
        .is_none_or(|remaining| pause < remaining)
        .then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::TransportErrorKind;

    fn storage(status: u16, body: &str, retry_after: Option<u64>) -> (S3Error, Option<Duration>) {
        let error = S3Error::parse(status, body.as_bytes(), str::to_owned);
        (error, retry_after.map(Duration::from_secs))
    }

    fn after(status: u16, body: &str, attempt: u32, remaining: Option<u64>) -> Option<Duration> {
        let (error, retry_after) = storage(status, body, (status == 429).then_some(3));
        let failure = Failure::Storage {
            error: &error,
            retry_after,
        };
        let remaining = remaining.map(Duration::from_secs);
        pause(attempt, 4, &failure, remaining, u64::MAX / 2)
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
                after(status, &body, 1, None).is_some(),
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
            let pause = pause(1, 4, &Failure::Transport(&error), None, 0);
            assert_eq!(pause, retried.then_some(Duration::ZERO), "{kind:?}");
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
            let pauses = (0..20_000).map(|random| pause(attempt, 9, &failure, None, random));
            longest.push(pauses.map(Option::unwrap).max().unwrap().as_millis());
        }
        assert_eq!(longest, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(pause(10, 9, &failure, None, 0), None);
        assert_eq!(pause(1, 0, &failure, None, 0), None);
        assert_eq!(
            pause(u32::MAX, u32::MAX, &failure, None, 8000),
            Some(LONGEST_PAUSE)
        );
        let remaining = Some(Duration::from_millis(100));
        assert_eq!(pause(1, 9, &failure, remaining, 100), None);
        assert_eq!(
            pause(1, 9, &failure, remaining, 99),
            Some(Duration::from_millis(99))
        );
    }

    #[test]
    fn retry_after_is_kept_to_or_nothing_is_tried() {
        assert!(after(429, "", 1, None).unwrap() >= Duration::from_secs(3));
        assert!(after(429, "", 1, Some(4)).is_some());
        assert_eq!(after(429, "", 1, Some(3)), None);
    }
}
