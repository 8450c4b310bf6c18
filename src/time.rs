//! Times as policies, signatures and HTTP write them. jiff does the work.

use std::fmt;
use std::ops::Add;
use std::time::{Duration, SystemTime};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The three formats of a date that a recipient has to accept
/// ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7)). The last two are obsolete.
const HTTP_DATES: [&str; 3] = [
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %e %H:%M:%S %Y",
];

/// A point in time. Arithmetic saturates at the limits of the calendar.
///
/// It is written as `2026-11-22T15:03:47Z`; `{:.3}` adds milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// Reads a time with its offset, as in the expiration of a policy (`2026-11-22T15:03:47.25Z`,
    /// `2026-11-22T16:03:47+01:00`) and in `X-Amz-Date` (`20261122T150347Z`).
    pub fn parse_iso8601(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// Reads the date of an HTTP header: `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let mut formats = HTTP_DATES.into_iter();
        let civil = formats.find_map(|format| DateTime::strptime(format, text).ok())?;
        TimeZone::UTC.to_timestamp(civil).ok().map(Self)
    }

    /// Milliseconds from `earlier` to this; negative if `earlier` is later.
    pub fn millis_since(self, earlier: Self) -> i64 {
        // The range of a timestamp in milliseconds fits in 49 bits.
        self.0.as_millisecond() - earlier.0.as_millisecond()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.*}", f.precision().unwrap_or(0), self.0)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later).unwrap_or(jiff::Timestamp::MAX))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let limit = if time < SystemTime::UNIX_EPOCH {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        };
        Self(time.try_into().unwrap_or(limit))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        // Only years before 1601 are out of range, on Windows: any time long past serves as well.
        timestamp.0.try_into().unwrap_or(Self::UNIX_EPOCH)
    }
}

/// A duration in a message, rounded down: `43 s`, `5 min`, `7 h`, `12 days`, `6 years`.
pub(crate) struct Rounded(pub Duration);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (number, unit) = match seconds {
            0..120 => (seconds, "s"),
            120..7200 => (seconds / 60, "min"),
            7200..172_800 => (seconds / 3600, "h"),
            172_800..63_115_200 => (seconds / 86_400, "days"),
            // A year of 365.25 days.
            _ => (seconds / 31_557_600, "years"),
        };
        write!(f, "{number} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_down() {
        for (seconds, expected) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7199, "119 min"),
            (7200, "2 h"),
            (172_799, "47 h"),
            (172_800, "2 days"),
            (63_115_199, "730 days"),
            (63_115_200, "2 years"),
            (217_820_796, "6 years"),
        ] {
            let rounded = Rounded(Duration::from_secs(seconds));
            assert_eq!(rounded.to_string(), expected);
        }
    }

    fn iso8601(text: &str) -> Option<String> {
        Some(format!("{:.3}", Timestamp::parse_iso8601(text)?))
    }

    #[test]
    fn expiration_and_signing_date_are_read() {
        for (text, expected) in [
            ("2026-11-22T15:03:47Z", "2026-11-22T15:03:47.000Z"),
            ("2026-11-22t15:03:47z", "2026-11-22T15:03:47.000Z"),
            ("2026-11-22 15:03:47Z", "2026-11-22T15:03:47.000Z"),
            ("2026-11-22T15:03:47.000Z", "2026-11-22T15:03:47.000Z"),
            ("2026-11-22T15:03:47.5Z", "2026-11-22T15:03:47.500Z"),
            ("2026-11-22T15:03:47.123456789Z", "2026-11-22T15:03:47.123Z"),
            ("2026-11-22T16:03:47+01:00", "2026-11-22T15:03:47.000Z"),
            ("2026-11-22T16:03:47+0100", "2026-11-22T15:03:47.000Z"),
            ("2026-11-22T09:33:47.25-05:30", "2026-11-22T15:03:47.250Z"),
            ("2026-12-31T23:59:60Z", "2026-12-31T23:59:59.000Z"),
            ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
            ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
            ("9999-12-30T21:59:59Z", "9999-12-30T21:59:59.000Z"),
            ("20261122T150347Z", "2026-11-22T15:03:47.000Z"),
            // The examples of RFC 3339, 5.8.
            ("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520Z"),
            ("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000Z"),
            ("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870Z"),
        ] {
            assert_eq!(iso8601(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn text_that_is_not_a_time_is_refused() {
        for text in [
            "",
            "soon",
            "2026-11-22",
            "2026-11-22T15:03:47",
            "20261122T150347",
            "2026-11-22T15:03:47.Z",
            "2026-11-22T15:03:47.5",
            "2026-11-22T15:03:47ZZ",
            "2026-11-22T15:03:47+01:60",
            "2026-11-22T24:00:00Z",
            "2026-11-22T15:60:00Z",
            "2026-11-22T15:03:61Z",
            "2026-11-00T15:03:47Z",
            "2026-11-31T15:03:47Z",
            "2026-13-01T15:03:47Z",
            "2026-00-01T15:03:47Z",
            "2026-02-29T15:03:47Z",
            "2100-02-29T15:03:47Z",
            "26-11-22T15:03:47Z",
            "+026-11-22T15:03:47Z",
            "-026-11-22T15:03:47Z",
            "2026-1-22T15:03:47Z",
            "2026-11-22T1:03:47Z",
            "2026-11-22T15:03:47\u{e9}",
            "2026-11-22T15:03:4\u{e9}Z",
            "2026-11-22T15:03:47.\u{e9}Z",
            "2026-11-22-01T15:03:47Z",
            "2026-11-22T15:03:47Z 2026-11-22T15:03:47Z",
        ] {
            assert_eq!(iso8601(text), None, "{text}");
        }
    }

    #[test]
    fn http_dates_are_read_in_all_three_formats() {
        let read = |text| Some(Timestamp::parse_http_date(text)?.to_string());
        for (text, expected) in [
            // The examples of RFC 9110, 5.6.7.
            ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"),
            ("Sun, 22 Nov 2026 15:03:47 GMT", "2026-11-22T15:03:47Z"),
            ("Sunday, 22-Nov-26 15:03:47 GMT", "2026-11-22T15:03:47Z"),
            ("Thursday, 22-Nov-68 15:03:47 GMT", "2068-11-22T15:03:47Z"),
            ("Sunday, 22-Nov-70 15:03:47 GMT", "1970-11-22T15:03:47Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "120",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn system_time_is_converted_without_loss_of_milliseconds() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:00.001Z", 1),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2026-11-22T15:03:47.123Z", 1_795_359_827_123),
        ] {
            let timestamp = Timestamp::parse_iso8601(text).unwrap();
            assert_eq!(Timestamp::from(SystemTime::from(timestamp)), timestamp);
            let epoch = Timestamp::from(SystemTime::UNIX_EPOCH);
            assert_eq!(timestamp.millis_since(epoch), millis, "{text}");
        }
    }

    #[test]
    fn times_outside_the_calendar_saturate() {
        let epoch = SystemTime::UNIX_EPOCH;
        let far = Duration::from_secs(1 << 40);
        let last = Timestamp(jiff::Timestamp::MAX);
        assert_eq!(last + Duration::MAX, last);
        if let Some(time) = epoch.checked_add(far) {
            assert_eq!(Timestamp::from(time), last);
        }
        if let Some(time) = epoch.checked_sub(far) {
            assert_eq!(Timestamp::from(time), Timestamp(jiff::Timestamp::MIN));
        }
        let _ = SystemTime::from(Timestamp(jiff::Timestamp::MIN));
    }
}
