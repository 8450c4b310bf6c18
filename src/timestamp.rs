//! Points in time as the protocols around a form write them: the expiration of a policy, the dates of HTTP.

use std::fmt;
use std::ops::Add;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MILLIS_PER_DAY: i64 = 86_400_000;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A point in time, to the millisecond, in the years that the formats have room for: 0 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp {
    /// Since 1970 began in Greenwich.
    millis: i64,
}

/// A timestamp taken apart, in Greenwich.
pub(crate) struct Civil {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    pub millisecond: i64,
}

impl Timestamp {
    /// Reads what [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6) allows: `2026-11-22T15:03:47Z`,
    /// `2026-11-22T16:03:47.25+01:00`. What is finer than a millisecond is cut off.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', 't', ' '])?;
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let (clock, zone) = time.split_at_checked(8)?;
        let (fraction, zone) = match zone.strip_prefix('.') {
            Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?),
            None => ("0", zone),
        };
        let millisecond = match fraction {
            "" => return None,
            digits => format!("{digits:0<3}").get(..3)?.parse().ok()?,
        };
        let offset_minutes = match zone.split_at_checked(1)? {
            ("Z" | "z", "") => 0,
            (sign @ ("+" | "-"), offset) => {
                let [hours, minutes] = numbers(offset, ':', [2, 2])?;
                let is_offset = hours < 24 && minutes < 60;
                let offset = is_offset.then_some(hours * 60 + minutes)?;
                if sign == "-" { -offset } else { offset }
            }
            _ => return None,
        };
        let [hour, minute, second] = clock_of(clock)?;
        let civil = Civil {
            year,
            month,
            day,
            hour,
            minute,
            second,
            millisecond,
        };
        let millis = civil.millis()? - offset_minutes * 60_000;
        Some(Self { millis })
    }

    /// Reads the three forms that [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7) asks a recipient to
    /// read: `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. Of the
    /// second, which nobody has written for decades, the years are 1970 to 2069.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let parts = text.split([' ', ',', '-']).filter(|part| !part.is_empty());
        let parts: Vec<_> = parts.collect();
        let ([_, day, month, year, clock, "GMT"] | [_, month, day, clock, year]) = parts[..] else {
            return None;
        };
        let year = match (year.len(), digits(year)?) {
            (4, year) => year,
            (2, year @ 70..) => 1900 + year,
            (2, year) => 2000 + year,
            _ => return None,
        };
        let [hour, minute, second] = clock_of(clock)?;
        let civil = Civil {
            year,
            month: MONTHS.iter().position(|name| *name == month)? as i64 + 1,
            day: digits(day)?,
            hour,
            minute,
            second,
            millisecond: 0,
        };
        Some(Self {
            millis: civil.millis()?,
        })
    }

    /// The milliseconds from `earlier` to this; fewer than none where `earlier` is later.
    pub fn millis_since(self, earlier: Self) -> i64 {
        self.millis.saturating_sub(earlier.millis)
    }

    pub fn civil(self) -> Civil {
        let (days, rest) = (
            self.millis.div_euclid(MILLIS_PER_DAY),
            self.millis.rem_euclid(MILLIS_PER_DAY),
        );
        // The year that a day is in, or the one after it, by its mean length: 146097 days in 400 years.
        let mut year = 1970 + (days * 400).div_euclid(146_097);
        year -= i64::from(days_before(year, 1) > days);
        year += i64::from(days_before(year + 1, 1) <= days);
        let month = (1..=12).rev().find(|m| days_before(year, *m) <= days);
        let month = month.unwrap_or(1);
        Civil {
            year,
            month,
            day: days - days_before(year, month) + 1,
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1000 % 60,
            millisecond: rest % 1000,
        }
    }
}

impl Civil {
    /// None where there is no such day or time.
    fn millis(&self) -> Option<i64> {
        let &Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            millisecond,
        } = self;
        let days = matches!(month, 1..=12)
            .then(|| days_before(year, month + 1) - days_before(year, month))?;
        // A leap second counts as the one before it.
        let is_time = hour < 24 && minute < 60 && second <= 60;
        ((1..=days).contains(&day) && is_time).then(|| {
            let days = days_before(year, month) + day - 1;
            let seconds = hour * 3600 + minute * 60 + second.min(59);
            days * MILLIS_PER_DAY + seconds * 1000 + millisecond
        })
    }
}

/// The days from 1970 to the first of this month, of which the thirteenth is the next January.
fn days_before(year: i64, month: i64) -> i64 {
    const OF_YEAR: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
    let leap_days = |y: i64| y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400);
    // From March on the leap day of the year itself has passed.
    let last_leap_day_in = if month > 2 { year } else { year - 1 };
    let leap_days = leap_days(last_leap_day_in) - leap_days(1969);
    (year - 1970) * 365 + leap_days + OF_YEAR[month as usize - 1]
}

/// Hours, minutes and seconds.
fn clock_of(text: &str) -> Option<[i64; 3]> {
    numbers(text, ':', [2, 2, 2])
}

/// So many numbers, each of so many digits.
fn numbers<const N: usize>(text: &str, separator: char, lengths: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut found = [0; N];
    for (number, length) in found.iter_mut().zip(lengths) {
        *number = digits(parts.next().filter(|part| part.len() == length)?)?;
    }
    parts.next().is_none().then_some(found)
}

/// `parse` would take a sign.
fn digits(text: &str) -> Option<i64> {
    let are_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| text.parse().ok())?
}

/// `2026-11-22T15:03:47Z`, without what is finer than a second.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil {
            year,
            month,
            day,
            hour,
            minute,
            second,
            ..
        } = self.civil();
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        let later = later.as_millis().try_into().unwrap_or(i64::MAX);
        Self {
            millis: self.millis.saturating_add(later),
        }
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let whole = |duration: Duration| duration.as_millis().try_into().unwrap_or(i64::MAX);
        let millis = match time.duration_since(UNIX_EPOCH) {
            Ok(since) => whole(since),
            Err(error) => -whole(error.duration()),
        };
        Self { millis }
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        let apart = Duration::from_millis(timestamp.millis.unsigned_abs());
        // No system's clock has no room for the years that a timestamp can be read from.
        let time = match timestamp.millis {
            0.. => UNIX_EPOCH.checked_add(apart),
            _ => UNIX_EPOCH.checked_sub(apart),
        };
        time.unwrap_or(UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc3339(text: &str) -> Option<String> {
        let civil = Timestamp::parse_rfc3339(text)?.civil();
        let timestamp = Timestamp::parse_rfc3339(text)?;
        Some(format!("{timestamp} {}", civil.millisecond))
    }

    /// jiff is another's work. The calendar repeats itself after 400 years.
    #[test]
    fn every_day_of_400_years_is_the_one_that_jiff_says() {
        let first: jiff::Timestamp = "1800-01-01T00:00:00Z".parse().unwrap();
        for day in 0..146_097 {
            // Another time of each day, to the millisecond.
            let millis = day * MILLIS_PER_DAY + day * 7_919_321 % MILLIS_PER_DAY;
            let theirs = first + jiff::SignedDuration::from_millis(millis);
            let millis = theirs.as_millisecond();
            let ours = Timestamp { millis };
            assert_eq!(ours.civil().millis(), Some(millis));
            let read = Timestamp::parse_rfc3339(&theirs.to_string());
            assert_eq!(read, Some(ours), "{theirs}");
            let whole = theirs.round(
                jiff::TimestampRound::new()
                    .smallest(jiff::Unit::Second)
                    .mode(jiff::RoundMode::Floor),
            );
            assert_eq!(ours.to_string(), whole.unwrap().to_string());
        }
        for text in [
            "0000-01-01T00:00:00Z",
            "0000-12-31T23:59:59Z",
            "9999-12-30T21:59:59Z",
        ] {
            let theirs: jiff::Timestamp = text.parse().unwrap();
            let ours = Timestamp::parse_rfc3339(text).unwrap();
            assert_eq!(
                (ours.millis, ours.to_string()),
                (theirs.as_millisecond(), text.into())
            );
        }
    }

    #[test]
    fn a_policy_s_expiration_is_read_as_rfc_3339_has_it() {
        let cases = [
            ("2026-11-22T15:03:47Z", "2026-11-22T15:03:47Z 0"),
            ("2026-11-22t15:03:47z", "2026-11-22T15:03:47Z 0"),
            ("2026-11-22 15:03:47Z", "2026-11-22T15:03:47Z 0"),
            ("2026-11-22T15:03:47.000Z", "2026-11-22T15:03:47Z 0"),
            ("2026-11-22T15:03:47.5Z", "2026-11-22T15:03:47Z 500"),
            ("2026-11-22T15:03:47.123456789Z", "2026-11-22T15:03:47Z 123"),
            ("2026-11-22T16:03:47+01:00", "2026-11-22T15:03:47Z 0"),
            ("2026-11-22T09:33:47.25-05:30", "2026-11-22T15:03:47Z 250"),
            ("2026-12-31T23:59:60Z", "2026-12-31T23:59:59Z 0"),
            ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z 0"),
            ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z 0"),
            // The examples of RFC 3339, 5.8.
            ("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50Z 520"),
            ("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57Z 0"),
            ("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27Z 870"),
        ];
        for (text, told) in cases {
            assert_eq!(rfc3339(text).as_deref(), Some(told), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in [
            "",
            "soon",
            "2026-11-22",
            "2026-11-22T15:03:47",
            "2026-11-22T15:03Z",
            "2026-11-22T15:03:47.Z",
            "2026-11-22T15:03:47.5",
            "2026-11-22T15:03:47ZZ",
            "2026-11-22T15:03:47+0100",
            "2026-11-22T15:03:47+24:00",
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
            assert_eq!(rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn dates_of_http_are_read_in_all_three_forms() {
        let read = |text| Some(Timestamp::parse_http_date(text)?.to_string());
        for (text, told) in [
            // The examples of RFC 9110, 5.6.7.
            ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"),
            ("Sun, 22 Nov 2026 15:03:47 GMT", "2026-11-22T15:03:47Z"),
            ("Sunday, 22-Nov-26 15:03:47 GMT", "2026-11-22T15:03:47Z"),
            ("Friday, 22-Nov-69 15:03:47 GMT", "2069-11-22T15:03:47Z"),
            ("Sunday, 22-Nov-70 15:03:47 GMT", "1970-11-22T15:03:47Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(told), "{text}");
        }
        for text in [
            "",
            "120",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 194 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_system_time_comes_back_as_it_was() {
        for millis in [0, 1, -1, 1_795_359_827_123, -62_167_219_200_000] {
            let timestamp = Timestamp { millis };
            assert_eq!(Timestamp::from(SystemTime::from(timestamp)), timestamp);
        }
    }

    #[test]
    fn times_beyond_every_calendar_do_no_harm() {
        let last = Timestamp { millis: i64::MAX };
        assert_eq!(last + Duration::MAX, last);
        assert_eq!(last.millis_since(Timestamp { millis: -1 }), i64::MAX);
        for millis in [i64::MIN, i64::MAX] {
            let timestamp = Timestamp { millis };
            assert!(!timestamp.to_string().is_empty());
            let _ = SystemTime::from(timestamp);
        }
    }
}
