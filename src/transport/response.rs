//! The response of a server.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::time::Timestamp;

/// A response of any status.
#[derive(Clone)]
#[non_exhaustive]
pub struct Response {
    /// The status, from 100 to 999.
    pub status: u16,
    /// Names, in lower case, and values of the headers. Headers that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// The body, up to [`Request::max_response_bytes`](super::Request::max_response_bytes).
    pub body: Vec<u8>,
}

impl Response {
    /// A response without headers.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// Adds a header. `name` is converted to lower case.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// The value of a header; `name` is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find_map(|(n, value)| (n == name).then_some(value.as_str()))
    }

    /// Time of the response by the server's clock (RFC 9110, 6.6.1).
    pub fn date(&self) -> Option<SystemTime> {
        Timestamp::parse_http_date(self.header("date")?).map(SystemTime::from)
    }

    /// Whether the status reports success, from 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// How long the server asks to wait before the next request (RFC 9110, 10.2.3). A date is compared with the server's
    /// own clock, or with `now` if the response has no date.
    pub fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        let value = self.header("retry-after")?.trim();
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            // A number that does not fit is longer than anyone waits.
            return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
        }
        let then = SystemTime::from(Timestamp::parse_http_date(value)?);
        let now = self.date().unwrap_or(now);
        Some(then.duration_since(now).unwrap_or_default())
    }
}

/// Whether the same request may get another status a moment later, as far as the status says.
pub(crate) fn is_transient(status: u16) -> bool {
    // 520 to 526 are Cloudflare's. 525 and 526 are about certificates, which a retry does not change.
    matches!(status, 408 | 425 | 429 | 500 | 502..=504 | 520..=524)
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(headers: &[(&str, &str)]) -> Response {
        let response = Response::new(200, "");
        headers.iter().fold(response, |response, (name, value)| {
            response.with_header(name, *value)
        })
    }

    /// RFC 9110, 5.6.7.
    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn after_date(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 + seconds)
    }

    #[test]
    fn date_of_the_http_specification() {
        assert_eq!(response(&[("date", DATE)]).date(), Some(after_date(0)));
        assert_eq!(response(&[("Date", DATE)]).date(), Some(after_date(0)));
        assert_eq!(response(&[("date", "yesterday")]).date(), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let after = |headers: &[(&str, &str)], now| response(headers).retry_after(now);
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let now = after_date(0);
        assert_eq!(after(&[("retry-after", " 120")], now), seconds(120));
        let huge = "18446744073709551616";
        assert_eq!(after(&[("retry-after", huge)], now), seconds(u64::MAX));
        let later = ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT");
        assert_eq!(after(&[later], now), seconds(60));
        assert_eq!(after(&[later], after_date(61)), seconds(0));
        let wrong_clock = after_date(1_000_000);
        assert_eq!(after(&[later, ("date", DATE)], wrong_clock), seconds(60));
        for none in ["", "-1", "soon", "1.5"] {
            assert_eq!(after(&[("retry-after", none)], now), None, "{none}");
        }
        assert_eq!(after(&[], now), None);
    }
}
