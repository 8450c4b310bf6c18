//! The policy inside a presigned form: until when it may be posted, and with what
//! ([POST policy](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html)).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::fields;
use crate::timestamp::Timestamp;

/// A decoded policy.
pub(crate) struct Policy {
    pub expiration: Timestamp,
    pub conditions: Vec<Condition>,
}

/// What a field or the file must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Equals { name: String, value: String },
    StartsWith { name: String, prefix: String },
    ContentLength { min: u64, max: u64 },
}

/// A condition that a post does not meet. Displayed in the words S3 uses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    Condition {
        condition: Condition,
        found: Option<String>,
    },
    ExtraFields(Vec<String>),
    TooLarge {
        size: u64,
        max: u64,
    },
    TooSmall {
        size: u64,
        min: u64,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Condition { condition, .. } => write!(
                f,
                "Invalid according to Policy: Policy Condition failed: {condition}"
            ),
            Self::ExtraFields(names) => {
                write!(
                    f,
                    "Invalid according to Policy: Extra input fields: {}",
                    names.join(", ")
                )
            }
            Self::TooLarge { .. } => {
                f.write_str("Your proposed upload exceeds the maximum allowed size")
            }
            Self::TooSmall { .. } => {
                f.write_str("Your proposed upload is smaller than the minimum allowed size")
            }
        }
    }
}

impl Policy {
    /// Decodes the `Policy` field: base64 of JSON.
    pub fn decode(field: &str) -> Option<Self> {
        // The example in AWS's documentation is wrapped into lines.
        let base64: String = field.split_ascii_whitespace().collect();
        let json = STANDARD.decode(base64).ok()?;
        let value: Value = serde_json::from_slice(&json).ok()?;
        let conditions = value.get("conditions")?.as_array()?;
        Some(Self {
            expiration: Timestamp::parse_rfc3339(value.get("expiration")?.as_str()?)?,
            conditions: conditions
                .iter()
                .map(Condition::read)
                .collect::<Option<_>>()?,
        })
    }

    /// A name of the bucket that meets the conditions: the one that they give, or else what it begins with.
    pub fn bucket(&self) -> Option<&str> {
        let is_bucket = |name: &str| name.eq_ignore_ascii_case("bucket");
        let exact = self
            .conditions
            .iter()
            .find_map(|condition| match condition {
                Condition::Equals { name, value } if is_bucket(name) => Some(value.as_str()),
                _ => None,
            });
        let prefixes = self
            .conditions
            .iter()
            .filter_map(|condition| match condition {
                Condition::StartsWith { name, prefix } if is_bucket(name) => Some(prefix.as_str()),
                _ => None,
            });
        exact.or_else(|| prefixes.max_by_key(|prefix| prefix.len()))
    }

    /// The names of the fields it has conditions for, and what it asks of their values.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.conditions.iter().filter_map(|condition| {
            Some(match condition {
                Condition::Equals { name, value } => (name.as_str(), value.as_str()),
                Condition::StartsWith { name, prefix } => (name.as_str(), prefix.as_str()),
                Condition::ContentLength { .. } => return None,
            })
        })
    }

    /// Checks the fields that stand before the file, the bucket among them, and the size of the file where it is known.
    pub fn check<'a>(
        &self,
        fields: impl Iterator<Item = (&'a str, &'a str)> + Clone,
        size: Option<u64>,
    ) -> Result<(), Violation> {
        let value_of = |name: &str| fields::value(fields.clone(), name);
        for condition in &self.conditions {
            condition.check(value_of, size)?;
        }
        let covered = |field: &str| {
            let mut conditions = self.conditions.iter();
            is_exempt(field)
                || conditions.any(|c| c.name().is_some_and(|n| n.eq_ignore_ascii_case(field)))
        };
        let extra: Vec<_> = fields
            .map(|(name, _)| name)
            .filter(|name| !covered(name))
            .map(str::to_owned)
            .collect();
        match extra.is_empty() {
            true => Ok(()),
            false => Err(Violation::ExtraFields(extra)),
        }
    }
}

/// The fields that need no condition.
fn is_exempt(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "file",
        "policy",
        "x-amz-signature",
        "signature",
        "awsaccesskeyid",
    ]
    .contains(&name.as_str())
        || name.starts_with("x-ignore-")
}

impl Condition {
    fn read(value: &Value) -> Option<Self> {
        if let Some(object) = value.as_object() {
            let mut entries = object.iter();
            let (name, value) = entries.next().filter(|_| object.len() == 1)?;
            return Some(Self::Equals {
                name: name.clone(),
                value: value.as_str()?.into(),
            });
        }
        let [operator, first, second] = value.as_array()?.as_slice() else {
            return None;
        };
        let operator = operator.as_str()?.to_ascii_lowercase();
        if operator == "content-length-range" {
            let (min, max) = (first.as_u64()?, second.as_u64()?);
            return Some(Self::ContentLength { min, max });
        }
        let name = first.as_str()?.strip_prefix('$')?.to_owned();
        let text = second.as_str()?.to_owned();
        match operator.as_str() {
            "eq" => Some(Self::Equals { name, value: text }),
            "starts-with" => Some(Self::StartsWith { name, prefix: text }),
            _ => None,
        }
    }

    /// The field it is about; none when it is about the file.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Equals { name, .. } | Self::StartsWith { name, .. } => Some(name),
            Self::ContentLength { .. } => None,
        }
    }

    fn check<'a>(
        &self,
        value_of: impl Fn(&str) -> Option<&'a str>,
        size: Option<u64>,
    ) -> Result<(), Violation> {
        let holds = match self {
            Self::Equals { name, value } => value_of(name) == Some(value.as_str()),
            Self::StartsWith { name, prefix } => value_of(name).is_some_and(|value| {
                let mut items = value.split(',').map(str::trim_start);
                match name.eq_ignore_ascii_case("content-type") {
                    true => items.all(|item| item.starts_with(prefix)),
                    false => value.starts_with(prefix),
                }
            }),
            Self::ContentLength { min, max } => match size {
                Some(size) if size > *max => {
                    return Err(Violation::TooLarge { size, max: *max });
                }
                Some(size) if size < *min => {
                    return Err(Violation::TooSmall { size, min: *min });
                }
                _ => true,
            },
        };
        match holds {
            true => Ok(()),
            false => Err(Violation::Condition {
                found: self.name().and_then(value_of).map(str::to_owned),
                condition: self.clone(),
            }),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals { name, value } => write!(f, "[\"eq\", \"${name}\", {value:?}]"),
            Self::StartsWith { name, prefix } => {
                write!(f, "[\"starts-with\", \"${name}\", {prefix:?}]")
            }
            Self::ContentLength { min, max } => {
                write!(f, "[\"content-length-range\", {min}, {max}]")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(conditions: &str) -> Policy {
        let json = format!(r#"{{"expiration":"2026-11-22T15:03:47Z","conditions":{conditions}}}"#);
        Policy::decode(&STANDARD.encode(json)).unwrap()
    }

    fn check(conditions: &str, fields: &[(&str, &str)], size: u64) -> Result<(), String> {
        let checked = policy(conditions).check(fields.iter().copied(), Some(size));
        checked.map_err(|violation| violation.to_string())
    }

    #[test]
    fn conditions_are_met_or_named() {
        let good = [
            (r#"[{"key":"a"}]"#, ("KEY", "a")),
            (r#"[["eq","$key","a"]]"#, ("key", "a")),
            (r#"[["starts-with","$key","users/"]]"#, ("key", "users/1")),
            (r#"[["starts-with","$key",""]]"#, ("key", "")),
            (
                r#"[["starts-with","$Content-Type","image/"]]"#,
                ("content-type", "image/png,image/jpeg"),
            ),
            (r#"[["content-length-range",5,5]]"#, ("x-ignore-me", "a")),
        ];
        for (conditions, field) in good {
            assert_eq!(check(conditions, &[field], 5), Ok(()), "{conditions}");
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
                ("Content-Type", "image/png, text/html"),
                r#"["starts-with", "$Content-Type", "image/"]"#,
            ),
            (
                r#"[{"key":"a"},{"acl":"private"}]"#,
                ("key", "a"),
                r#"["eq", "$acl", "private"]"#,
            ),
        ] {
            assert_eq!(
                check(conditions, &[field], 5),
                Err(format!("{failed}{error}"))
            );
        }
    }

    #[test]
    fn sizes_and_extra_fields_are_refused() {
        let range = policy(r#"[["content-length-range",2,4]]"#);
        let none = std::iter::empty();
        assert_eq!(
            range.check(none.clone(), Some(5)),
            Err(Violation::TooLarge { size: 5, max: 4 })
        );
        assert_eq!(
            range.check(none.clone(), Some(1)),
            Err(Violation::TooSmall { size: 1, min: 2 })
        );
        assert_eq!(range.check(none.clone(), Some(2)), Ok(()));
        assert_eq!(range.check(none, Some(4)), Ok(()));
        let extra = check("[]", &[("foo", "1"), ("Policy", ""), ("bar", "2")], 1);
        assert_eq!(
            extra,
            Err("Invalid according to Policy: Extra input fields: foo, bar".into())
        );
    }

    #[test]
    fn what_is_no_policy_is_none() {
        for bad in [
            "{}",
            r#"{"expiration":"soon","conditions":[]}"#,
            r#"{"expiration":"2026-11-22T15:03:47Z"}"#,
            r#"{"expiration":"2026-11-22T15:03:47Z","conditions":[{"a":"1","b":"2"}]}"#,
            r#"{"expiration":"2026-11-22T15:03:47Z","conditions":[["near","$a","b"]]}"#,
        ] {
            assert!(Policy::decode(&STANDARD.encode(bad)).is_none(), "{bad}");
        }
        assert!(Policy::decode("not base64!").is_none());
    }
}
