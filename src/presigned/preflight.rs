//! What storage would refuse, found before a byte is sent.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::PresignedPost;
use super::fields::is_public;
use super::policy::{Condition, Policy, Violation};
use crate::text::one_line;

/// A post that begins less than this before the form expires would arrive too late. In milliseconds, as all here.
const MARGIN: i64 = 1000;

/// Why the policy of a form forbids a post. Values that are secret are not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyError {
    /// The form has expired, or will within a second. Ask for a new one, and look at this machine's clock.
    Expired {
        /// How long ago; zero when it is about to.
        ago: Duration,
    },
    /// A field is not what the policy asks for, or is missing.
    ConditionFailed {
        /// The name of the field.
        field: String,
        /// The condition as the policy has it.
        condition: String,
        /// The value of the field, where there is one.
        found: Option<String>,
    },
    /// The policy has no condition for a field, and so does not allow it.
    ExtraField {
        /// The name of the field.
        field: String,
    },
    /// The file has more bytes than the policy allows. Ask for fewer with
    /// [`Prepare::max_bytes`](crate::Prepare::max_bytes).
    TooLarge {
        /// The bytes of the file.
        bytes: u64,
        /// The most that are allowed.
        max_bytes: u64,
    },
    /// The file has fewer bytes than the policy allows.
    TooSmall {
        /// The bytes of the file.
        bytes: u64,
        /// The fewest that are allowed.
        min_bytes: u64,
    },
    /// The form declares another type than the file has.
    ContentType {
        /// The form's `Content-Type`.
        declared: String,
        /// The type of the file.
        file: String,
    },
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { ago } if ago.is_zero() => {
                f.write_str("is about to expire; ask for a new one")
            }
            Self::Expired { ago } => write!(
                f,
                "expired {} s ago; ask for a new one, or set this machine's clock",
                ago.as_secs().max(1)
            ),
            Self::ConditionFailed {
                field,
                condition,
                found: Some(found),
            } => write!(
                f,
                "has {} as {} where its policy asks for {}; post every field as it was given",
                one_line(&format!("{found:?}")),
                one_line(field),
                one_line(condition),
            ),
            Self::ConditionFailed {
                field, condition, ..
            } => write!(
                f,
                "lacks the field {}, for which its policy asks {}; post every field that was given",
                one_line(field),
                one_line(condition),
            ),
            Self::ExtraField { field } => write!(
                f,
                "has a field {} that its policy does not allow; post only the fields that were given",
                one_line(field),
            ),
            Self::TooLarge { bytes, max_bytes } => write!(
                f,
                "allows {max_bytes} bytes and the file has {bytes}; make it smaller"
            ),
            Self::TooSmall { bytes, min_bytes } => write!(
                f,
                "asks for at least {min_bytes} bytes and the file has {bytes}"
            ),
            Self::ContentType { declared, file } => write!(
                f,
                "is for {} and the file is {}; encode it as the extension that was declared",
                one_line(declared),
                one_line(file),
            ),
        }
    }
}

impl std::error::Error for PolicyError {}

impl PresignedPost {
    /// When the form expires, by the clock of whoever signed it. None where its policy cannot be read: not every
    /// service has one in this form.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.policy().map(|policy| policy.expiration.into())
    }

    /// What the policy asks for, a line a condition, without the values that are secret. None where it cannot be read.
    pub fn conditions(&self) -> Option<Vec<String>> {
        let policy = self.policy()?;
        let shown = |condition: &Condition| match condition.name() {
            Some(name) if !is_public(name) => {
                format!("[\"…\", \"${name}\", \"[redacted]\"]")
            }
            _ => condition.to_string(),
        };
        Some(policy.conditions.iter().map(shown).collect())
    }

    /// Checks what the storage would check: whether at `now` a file of `bytes` bytes and this `content_type` may be
    /// posted. A form whose policy cannot be read passes.
    ///
    /// `now` is this machine's; where the API told its own time along with the form, the difference is made up for.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] names what is wrong.
    pub fn check(
        &self,
        bytes: u64,
        content_type: &str,
        now: SystemTime,
    ) -> Result<(), PolicyError> {
        if let Some(declared) = self.field("Content-Type")
            && declared.starts_with("image/")
            && content_type.starts_with("image/")
            && normal(declared) != normal(content_type)
        {
            return Err(PolicyError::ContentType {
                declared: declared.into(),
                file: content_type.into(),
            });
        }
        self.check_policy(Some(bytes), now)
    }

    /// Checks what can be checked without a file: as [`check`](Self::check), but for its size and type.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] names what is wrong.
    pub fn check_fields(&self, now: SystemTime) -> Result<(), PolicyError> {
        self.check_policy(None, now)
    }

    fn check_policy(&self, bytes: Option<u64>, now: SystemTime) -> Result<(), PolicyError> {
        let Some(policy) = self.policy() else {
            return Ok(());
        };
        let left = self.time_left(&policy, now);
        if left <= MARGIN {
            let ago = Duration::from_millis(left.min(0).unsigned_abs());
            return Err(PolicyError::Expired { ago });
        }
        // Where no field names the bucket, the address does.
        let bucket = match self.field("bucket") {
            Some(_) => None,
            None => policy.bucket().map(|bucket| ("bucket", bucket)),
        };
        let checked = policy.check(self.fields().chain(bucket), bytes);
        checked.map_err(|violation| self.explain(violation))
    }

    /// How long the form may still be posted, with time for the storage to read it. None where that cannot be told.
    pub(crate) fn remaining(&self, now: SystemTime) -> Option<Duration> {
        let left = self.time_left(&self.policy()?, now).saturating_sub(MARGIN);
        Some(Duration::from_millis(left.max(0).unsigned_abs()))
    }

    fn time_left(&self, policy: &Policy, now: SystemTime) -> i64 {
        let left = policy.expiration.millis_since(now.into());
        left.saturating_sub(self.clock_offset)
    }

    pub(super) fn policy(&self) -> Option<Policy> {
        self.field("Policy").and_then(Policy::decode)
    }

    fn explain(&self, violation: Violation) -> PolicyError {
        match violation {
            Violation::TooLarge { size, max } => PolicyError::TooLarge {
                bytes: size,
                max_bytes: max,
            },
            Violation::TooSmall { size, min } => PolicyError::TooSmall {
                bytes: size,
                min_bytes: min,
            },
            Violation::ExtraFields(mut fields) => PolicyError::ExtraField {
                field: fields.swap_remove(0),
            },
            Violation::Condition { condition, found } => {
                let field = condition.name().unwrap_or_default().to_owned();
                let shown = |text: String| match is_public(&field) {
                    true => text,
                    false => String::from("[redacted]"),
                };
                PolicyError::ConditionFailed {
                    condition: shown(condition.to_string()),
                    found: found.map(shown),
                    field,
                }
            }
        }
    }
}

/// `image/jpg` is no registered type, and is written by those who mean `image/jpeg`.
fn normal(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    match essence.trim().to_ascii_lowercase().as_str() {
        "image/jpg" => "image/jpeg".into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const EXPIRATION: &str = "2026-11-22T15:03:47Z";

    fn at(seconds: i64) -> SystemTime {
        let expiration: jiff::Timestamp = EXPIRATION.parse().unwrap();
        (expiration + jiff::SignedDuration::from_secs(seconds)).into()
    }

    fn form(conditions: &str, fields: &[(&str, &str)]) -> PresignedPost {
        let policy = format!(r#"{{"expiration":"{EXPIRATION}","conditions":{conditions}}}"#);
        let policy = ("pOLICY", STANDARD.encode(policy));
        let fields = fields
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let fields = fields
            .chain([policy])
            .map(|(name, value)| (name.to_owned(), value));
        PresignedPost::new("https://bucket.example.com/", fields).unwrap()
    }

    fn check(conditions: &str, fields: &[(&str, &str)], bytes: u64) -> Result<(), PolicyError> {
        form(conditions, fields).check(bytes, "image/jpeg", at(-60))
    }

    #[test]
    fn a_form_lives_until_a_second_before_its_expiration() {
        let form = form("[]", &[]);
        let check = |seconds| form.check(1, "image/jpeg", at(seconds));
        assert_eq!(form.expires_at(), Some(at(0)));
        assert_eq!(check(-2), Ok(()));
        assert_eq!(
            check(-1),
            Err(PolicyError::Expired {
                ago: Duration::ZERO
            })
        );
        let ago = Duration::from_secs(43);
        let error = check(43).unwrap_err();
        assert_eq!(error, PolicyError::Expired { ago });
        assert!(
            error
                .to_string()
                .starts_with("expired 43 s ago; ask for a new one")
        );
        assert_eq!(form.remaining(at(-5)), Some(Duration::from_secs(4)));
        assert_eq!(form.remaining(at(5)), Some(Duration::ZERO));
    }

    #[test]
    fn a_clock_that_is_wrong_is_made_up_for() {
        let mut form = form("[]", &[]);
        // This machine is ten minutes ahead of the API's.
        form.set_server_time(at(-90), at(510));
        assert_eq!(form.check(1, "image/jpeg", at(510)), Ok(()));
        assert!(form.check(1, "image/jpeg", at(601)).is_err());
    }

    #[test]
    fn each_refusal_names_the_field_and_both_values() {
        let wrong = check(r#"[["eq","$key","a"]]"#, &[("Key", "b")], 1);
        assert_eq!(
            wrong.unwrap_err().to_string(),
            r#"has "b" as key where its policy asks for ["eq", "$key", "a"]; post every field as it was given"#
        );
        let missing = check(r#"[{"acl":"private"}]"#, &[("key", "b")], 1).unwrap_err();
        assert!(matches!(
            missing,
            PolicyError::ConditionFailed { found: None, .. }
        ));
        let extra = check("[]", &[("foo", "1")], 1).unwrap_err();
        assert_eq!(
            extra,
            PolicyError::ExtraField {
                field: "foo".into()
            }
        );
        let range = r#"[["content-length-range",2,4]]"#;
        let (bytes, max_bytes, min_bytes) = (5, 4, 2);
        assert_eq!(
            check(range, &[], 5),
            Err(PolicyError::TooLarge { bytes, max_bytes })
        );
        assert_eq!(
            check(range, &[], 1),
            Err(PolicyError::TooSmall {
                bytes: 1,
                min_bytes
            })
        );
        let png = check(
            r#"[{"content-type":"image/png"}]"#,
            &[("Content-Type", "image/png")],
            1,
        );
        assert!(matches!(png, Err(PolicyError::ContentType { .. })));
        let jpg = check(
            r#"[{"content-type":"image/jpg"}]"#,
            &[("Content-Type", "image/jpg")],
            1,
        );
        assert_eq!(jpg, Ok(()));
    }

    #[test]
    fn secrets_are_not_repeated() {
        let fields = [("x-amz-security-token", "SECRET-FOUND")];
        let error = check(r#"[{"x-amz-security-token":"SECRET-ASKED"}]"#, &fields, 1).unwrap_err();
        assert!(error.to_string().contains("x-amz-security-token"));
        assert!(!format!("{error} {error:?}").contains("SECRET"));
    }

    #[test]
    fn a_storage_that_tells_what_the_policy_asks_for_is_not_quoted() {
        let form = form(r#"[{"x-amz-security-token":"SECRET-ASKED"}]"#, &[]);
        let told = "field 'x-amz-security-token': expected 'SECRET-ASKED', got ''";
        let expected = "field 'x-amz-security-token': expected '[redacted]', got ''";
        assert_eq!(form.redact(told), expected);
    }

    #[test]
    fn conditions_are_told_without_secrets() {
        let conditions = r#"[{"key":"k"},["starts-with","$X-Amz-Credential","SECRET"],["content-length-range",1,9]]"#;
        let told = form(conditions, &[]).conditions().unwrap();
        let expected = [
            r#"["eq", "$key", "k"]"#,
            r#"["…", "$X-Amz-Credential", "[redacted]"]"#,
            r#"["content-length-range", 1, 9]"#,
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn names_and_values_are_told_short_and_without_control_characters() {
        let long = "a".repeat(10_000);
        for (conditions, field) in [
            ("[]", ("a\u{1b}[2J", "")),
            (r#"[{"a\nb":"c"}]"#, ("key", "")),
            (r#"[{"key":"c"}]"#, ("key", long.as_str())),
            ("[]", ("Content-Type", "image/\r\n\u{1b}[2J")),
        ] {
            let told = check(conditions, &[field], 1).unwrap_err().to_string();
            let fits = told.len() < 1000 && !told.contains(char::is_control);
            assert!(fits, "{told:?}");
        }
    }

    #[test]
    fn a_bucket_in_the_address_alone_passes() {
        assert_eq!(check(r#"[{"bucket":"bucket"}]"#, &[], 1), Ok(()));
        assert!(check(r#"[{"bucket":"bucket"}]"#, &[("bucket", "other")], 1).is_err());
        // Which bucket that is, only storage knows.
        let prefix = r#"[["starts-with","$bucket","buck"]]"#;
        assert_eq!(check(prefix, &[], 1), Ok(()));
        assert!(check(prefix, &[("bucket", "other")], 1).is_err());
        let both = r#"[["starts-with","$bucket","buck"],{"bucket":"bucket"}]"#;
        assert_eq!(check(both, &[], 1), Ok(()));
    }

    #[test]
    fn what_is_no_policy_is_no_obstacle() {
        let fields = [("policy".to_owned(), "not a policy".to_owned())];
        let form = PresignedPost::new("https://example.com/", fields).unwrap();
        assert_eq!(form.check(u64::MAX, "image/png", at(1000)), Ok(()));
        assert_eq!((form.expires_at(), form.remaining(at(0))), (None, None));
    }
}
