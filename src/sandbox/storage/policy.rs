//! The policy of a posted form, as a storage evaluates it
//! ([POST policy](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html)).
//!
//! This code is independent of the client's policy parser, so that they cannot share a bug.

use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;

use super::form::value_of;

#[derive(Deserialize)]
pub(super) struct Policy {
    expiration: Utc,
    conditions: Vec<Condition>,
}

/// A condition in one of its three JSON shapes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Condition {
    Equal(Equal),
    Match(Match, String, String),
    Length(Length, u64, u64),
}

/// An object with one member.
#[derive(Deserialize)]
#[serde(try_from = "Map<String, Value>")]
struct Equal {
    field: String,
    value: String,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
enum Match {
    #[serde(rename = "eq")]
    Equal,
    #[serde(rename = "starts-with")]
    StartsWith,
}

#[derive(Deserialize)]
enum Length {
    #[serde(rename = "content-length-range")]
    Range,
}

impl TryFrom<Map<String, Value>> for Equal {
    type Error = &'static str;

    fn try_from(members: Map<String, Value>) -> Result<Self, Self::Error> {
        let mut members = members.into_iter();
        match (members.next(), members.next()) {
            (Some((field, Value::String(value))), None) => Ok(Self { field, value }),
            _ => Err("a condition object must have exactly one member, a string"),
        }
    }
}

/// A time such as `2026-11-22T15:03:47.250Z`, without the `Z`, so that times compare as text.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Utc(String);

impl TryFrom<String> for Utc {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const SHAPE: &[u8] = b"0000-00-00T00:00:00";
        let time = text.strip_suffix('Z').unwrap_or_default();
        let (seconds, fraction) = time.split_at_checked(SHAPE.len()).unwrap_or_default();
        let fits = |(byte, shape): (u8, &u8)| match shape {
            b'0' => byte.is_ascii_digit(),
            mark => byte == *mark,
        };
        let is_fraction = match fraction.strip_prefix('.') {
            Some(digits) => !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()),
            None => fraction.is_empty(),
        };
        if seconds.len() == SHAPE.len() && seconds.bytes().zip(SHAPE).all(fits) && is_fraction {
            Ok(Self(time.to_owned()))
        } else {
            Err("a time must be in ISO 8601, in UTC")
        }
    }
}

impl Policy {
    /// Decodes the `Policy` field: base64 of JSON, possibly wrapped into lines.
    pub fn decode(field: &str) -> Option<Self> {
        let base64: Vec<u8> = field.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        serde_json::from_slice(&STANDARD.decode(base64).ok()?).ok()
    }

    /// Whether the policy has expired at `now`, a time in the format of [`Utc`].
    pub fn has_expired(&self, now: &str) -> bool {
        self.expiration.0.as_str() <= now.trim_end_matches('Z')
    }

    /// Checks the fields before the file. The error is a message as S3 words it.
    pub fn check(&self, fields: &[(String, String)]) -> Result<(), String> {
        let failed = self
            .conditions
            .iter()
            .find(|condition| !condition.holds(fields));
        if let Some(condition) = failed {
            let shown = condition.shown();
            return Err(format!(
                "Invalid according to Policy: Policy Condition failed: {shown}"
            ));
        }
        let covered = |name: &str| {
            is_free(name)
                || self.conditions.iter().any(|condition| {
                    condition
                        .field()
                        .is_some_and(|f| f.eq_ignore_ascii_case(name))
                })
        };
        let extra: Vec<_> = fields
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| !covered(name))
            .collect();
        if extra.is_empty() {
            Ok(())
        } else {
            let extra = extra.join(", ");
            Err(format!(
                "Invalid according to Policy: Extra input fields: {extra}"
            ))
        }
    }

    /// The allowed size of the file in bytes: the intersection of all length ranges.
    pub fn file_size(&self) -> RangeInclusive<u64> {
        let (mut min, mut max) = (0, u64::MAX);
        for condition in &self.conditions {
            if let Condition::Length(_, least, most) = condition {
                (min, max) = (min.max(*least), max.min(*most));
            }
        }
        min..=max
    }
}

/// Whether a field is allowed without a condition.
fn is_free(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), "policy" | "x-amz-signature") || name.starts_with("x-ignore-")
}

impl Condition {
    /// The field that the condition restricts.
    fn field(&self) -> Option<&str> {
        match self {
            Self::Equal(Equal { field, .. }) => Some(field),
            Self::Match(_, field, _) => Some(field.strip_prefix('$').unwrap_or(field)),
            Self::Length(..) => None,
        }
    }

    fn holds(&self, fields: &[(String, String)]) -> bool {
        let Some(name) = self.field() else {
            // The length of the file is checked while it is read.
            return true;
        };
        let Some(found) = value_of(fields, name) else {
            return false;
        };
        match self {
            Self::Equal(Equal { value, .. }) | Self::Match(Match::Equal, _, value) => {
                found == value
            }
            // The value is a list of types; each must start with the prefix.
            Self::Match(_, _, prefix) if name.eq_ignore_ascii_case("content-type") => found
                .split(',')
                .all(|item| item.trim_start().starts_with(prefix)),
            Self::Match(_, _, prefix) => found.starts_with(prefix),
            Self::Length(..) => true,
        }
    }

    fn shown(&self) -> String {
        let (operator, value) = match self {
            Self::Equal(Equal { value, .. }) | Self::Match(Match::Equal, _, value) => ("eq", value),
            Self::Match(Match::StartsWith, _, prefix) => ("starts-with", prefix),
            Self::Length(_, min, max) => {
                return format!("[\"content-length-range\", {min}, {max}]");
            }
        };
        let field = self.field().unwrap_or_default();
        format!("[\"{operator}\", \"${field}\", {value:?}]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(json: &str) -> Option<Policy> {
        Policy::decode(&STANDARD.encode(json))
    }

    fn policy(conditions: &str) -> Policy {
        let json = format!(r#"{{"expiration":"2026-11-22T15:03:47Z","conditions":{conditions}}}"#);
        decode(&json).unwrap()
    }

    fn check(conditions: &str, fields: &[(&str, &str)]) -> Result<(), String> {
        let fields = fields
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        policy(conditions).check(&fields.collect::<Vec<_>>())
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html>
    #[test]
    fn example_of_the_aws_documentation_is_decoded() {
        let policy = decode(
            r#"{ "expiration": "2015-12-30T12:00:00.000Z",
              "conditions": [
                {"bucket": "sigv4examplebucket"},
                ["starts-with", "$key", "user/user1/"],
                {"acl": "public-read"},
                {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},
                ["starts-with", "$Content-Type", "image/"],
                {"x-amz-meta-uuid": "14365123651274"},
                {"x-amz-server-side-encryption": "AES256"},
                ["starts-with", "$x-amz-meta-tag", ""],
                {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
                {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
                {"x-amz-date": "20151229T000000Z" }
              ]
            }"#,
        )
        .unwrap();
        assert_eq!(policy.conditions.len(), 11);
        assert!(!policy.has_expired("2015-12-30T11:59:59.999Z"));
        assert!(policy.has_expired("2015-12-30T12:00:00.000Z"));
        assert_eq!(policy.file_size(), 0..=u64::MAX);
    }

    #[test]
    fn failed_condition_is_named_in_the_error() {
        for (conditions, field) in [
            (r#"[{"key":"a"}]"#, ("KEY", "a")),
            (r#"[["eq","$key","a"]]"#, ("key", "a")),
            (r#"[["eq","$Key","a"]]"#, ("key", "a")),
            (r#"[["starts-with","$key","users/"]]"#, ("key", "users/1")),
            (r#"[["starts-with","$key",""]]"#, ("key", "")),
            (
                r#"[["starts-with","$Content-Type","image/"]]"#,
                ("content-type", "image/png, image/jpeg"),
            ),
            (r#"[["content-length-range",5,5]]"#, ("X-Ignore-Me", "a")),
            ("[]", ("Policy", "a")),
            ("[]", ("x-amz-signature", "a")),
        ] {
            assert_eq!(check(conditions, &[field]), Ok(()), "{conditions}");
        }
        let failed = "Invalid according to Policy: Policy Condition failed: ";
        for (conditions, field, error) in [
            (r#"[{"key":"a"}]"#, ("key", "A"), r#"["eq", "$key", "a"]"#),
            (
                r#"[["starts-with","$key","users/"]]"#,
                ("key", "x"),
                r#"["starts-with", "$key", "users/"]"#,
            ),
            (
                r#"[["starts-with","$Content-Type","image/"]]"#,
                ("Content-Type", "image/png,text/html"),
                r#"["starts-with", "$Content-Type", "image/"]"#,
            ),
            (
                r#"[{"key":"a"},{"acl":"private"}]"#,
                ("key", "a"),
                r#"["eq", "$acl", "private"]"#,
            ),
        ] {
            assert_eq!(check(conditions, &[field]), Err(format!("{failed}{error}")));
        }
        // Of several fields with one name, the first counts.
        assert!(check(r#"[{"key":"a"}]"#, &[("key", "a"), ("Key", "b")]).is_ok());
        assert!(check(r#"[{"key":"a"}]"#, &[("Key", "b"), ("key", "a")]).is_err());
        assert_eq!(
            check("[]", &[("foo", "1"), ("Policy", ""), ("bar", "2")]),
            Err("Invalid according to Policy: Extra input fields: foo, bar".into())
        );
    }

    #[test]
    fn length_ranges_are_intersected() {
        let range = |conditions| policy(conditions).file_size();
        assert_eq!(range(r#"[["content-length-range",2,4]]"#), 2..=4);
        let both = r#"[["content-length-range",2,40],["content-length-range",0,9]]"#;
        assert_eq!(range(both), 2..=9);
    }

    #[test]
    fn expiry_includes_fractions_of_a_second() {
        let at = |expiration: &str, now| {
            let json = format!(r#"{{"expiration":"{expiration}","conditions":[]}}"#);
            decode(&json).unwrap().has_expired(now)
        };
        assert!(!at("2026-11-22T15:03:47.25Z", "2026-11-22T15:03:47.249Z"));
        assert!(at("2026-11-22T15:03:47.25Z", "2026-11-22T15:03:47.250Z"));
        assert!(at("2026-11-22T15:03:47Z", "2026-11-22T15:03:47.000Z"));
        assert!(!at("2026-11-22T15:03:47Z", "2026-11-22T15:03:46.999Z"));
        assert!(!at("2027-01-01T00:00:00Z", "2026-12-31T23:59:59.999Z"));
    }

    #[test]
    fn invalid_policy_is_none() {
        for bad in [
            "{}",
            "[]",
            r#"{"expiration":"soon","conditions":[]}"#,
            r#"{"expiration":"2026-11-22T15:03:47","conditions":[]}"#,
            r#"{"expiration":"2026-11-22T15:03:47+00:00","conditions":[]}"#,
            r#"{"expiration":"2026-11-22T15:03:47.Z","conditions":[]}"#,
            r#"{"expiration":"2026-11-22 15:03:47Z","conditions":[]}"#,
            r#"{"expiration":"2026-11-22T15:03:47Z"}"#,
            r#"{"expiration":"2026-11-22T15:03:47Z","conditions":{}}"#,
            r#"{"expiration":"2026-11-22T15:03:47Z","conditions":[{}]}"#,
            r#"{"expiration":"2026-11-22T15:03:47Z","conditions":[{"a":"1","b":"2"}]}"#,
            r#"{"expiration":"2026-11-22T15:03:47Z","conditions":[{"a":1}]}"#,
            r#"{"expiration":"2026-11-22T15:03:47Z","conditions":[["near","$a","b"]]}"#,
            r#"{"expiration":"2026-11-22T15:03:47Z","conditions":[["eq","$a"]]}"#,
            r#"{"expiration":"2026-11-22T15:03:47Z","conditions":[["content-length-range","1","2"]]}"#,
        ] {
            assert!(decode(bad).is_none(), "{bad}");
        }
        assert!(Policy::decode("not base64!").is_none());
        let wrapped = STANDARD.encode(r#"{"expiration":"2026-11-22T15:03:47Z","conditions":[]}"#);
        let wrapped = format!("{}\r\n{}", &wrapped[..20], &wrapped[20..]);
        assert!(Policy::decode(&wrapped).is_some());
    }
}
