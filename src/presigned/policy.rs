//! The policy inside a presigned form: until when it may be posted, and with which fields
//! ([POST policy](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html)).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::cloud::Cloud;
use super::condition::Condition;
use super::contradiction;
use super::fields;
use crate::time::Timestamp;

/// A decoded policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub expiration: Timestamp,
    pub conditions: Vec<Condition>,
}

/// A condition that a post does not meet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    Condition {
        condition: Condition,
        found: Option<String>,
    },
    Contradiction(String),
    ExtraField(String),
    TooLarge {
        size: u64,
        max: u64,
    },
    TooSmall {
        size: u64,
        min: u64,
    },
}

impl Policy {
    /// Decodes the `Policy` field: base64 of JSON. An invalid policy decodes to `None`.
    pub fn decode(field: &str) -> Option<Self> {
        // The example in AWS's documentation is wrapped into lines.
        let base64: String = field.split_ascii_whitespace().collect();
        let json = STANDARD.decode(base64).ok()?;
        let value: Value = serde_json::from_slice(&json).ok()?;
        let conditions = value.get("conditions")?.as_array()?;
        Some(Self {
            expiration: Timestamp::parse_iso8601(value.get("expiration")?.as_str()?)?,
            conditions: conditions.iter().flat_map(Condition::read).collect(),
        })
    }

    /// The value that a field has to have exactly, if the policy says so.
    pub fn exact_value(&self, name: &str) -> Option<&str> {
        self.conditions
            .iter()
            .find_map(|condition| match condition {
                Condition::Equals { name: n, value } if n.eq_ignore_ascii_case(name) => {
                    Some(value.as_str())
                }
                _ => None,
            })
    }

    /// A value that the conditions for a field probably allow.
    pub fn acceptable_value(&self, name: &str) -> Option<&str> {
        let asked = |condition: &&Condition| !matches!(condition, Condition::NotIn { .. });
        let mut values = self
            .conditions
            .iter()
            .filter(asked)
            .filter(|condition| {
                condition
                    .name()
                    .is_some_and(|n| n.eq_ignore_ascii_case(name))
            })
            .flat_map(Condition::values);
        self.exact_value(name)
            .or_else(|| values.find(|value| !value.is_empty()))
            .or_else(|| self.mentions(name).then_some("image/jpeg"))
    }

    /// Whether there is a condition for this field.
    pub fn mentions(&self, name: &str) -> bool {
        let mut names = self.conditions.iter().filter_map(Condition::name);
        names.any(|n| n.eq_ignore_ascii_case(name))
    }

    /// The names of the fields it has conditions for, with the values that the conditions contain.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.conditions.iter().flat_map(|condition| {
            let name = condition.name().unwrap_or_default();
            condition.values().into_iter().map(move |v| (name, v))
        })
    }

    /// Checks the fields before the file by the rules of `cloud`, and the size of the file if it is known.
    pub fn check<'a>(
        &self,
        cloud: Cloud,
        fields: impl Iterator<Item = (&'a str, &'a str)> + Clone,
        size: Option<u64>,
    ) -> Result<(), Violation> {
        if cloud.has_s3_conditions()
            && let Some(field) = contradiction::find(&self.conditions)
        {
            return Err(Violation::Contradiction(field.into()));
        }
        for condition in &self.conditions {
            self.check_condition(condition, cloud, fields.clone(), size)?;
        }
        // A condition that is not understood could be about any field.
        let mut conditions = self.conditions.iter();
        if conditions.any(Condition::is_unreadable) || !cloud.rejects_extra_fields() {
            return Ok(());
        }
        let is_extra = |name: &&str| !cloud.needs_no_condition(name) && !self.mentions(name);
        match fields.map(|(name, _)| name).find(is_extra) {
            Some(name) => Err(Violation::ExtraField(name.into())),
            None => Ok(()),
        }
    }

    fn check_condition<'a>(
        &self,
        condition: &Condition,
        cloud: Cloud,
        fields: impl Iterator<Item = (&'a str, &'a str)>,
        size: Option<u64>,
    ) -> Result<(), Violation> {
        if let (Condition::ContentLength { min, max }, Some(size)) = (condition, size) {
            let (min, max) = (*min, *max);
            return if size > max {
                Err(Violation::TooLarge { size, max })
            } else if size < min {
                Err(Violation::TooSmall { size, min })
            } else {
                Ok(())
            };
        }
        let Some(name) = condition.name().filter(|_| cloud.has_s3_conditions()) else {
            return Ok(());
        };
        let found = fields::value(fields, cloud.field_name(name));
        // If no field names the bucket, the address does, and only storage knows which one that is.
        let is_in_address = found.is_none() && name.eq_ignore_ascii_case("bucket");
        if is_in_address || condition.may_allow(found) {
            Ok(())
        } else {
            Err(Violation::Condition {
                condition: condition.clone(),
                found: found.map(str::to_owned),
            })
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

    fn check(
        cloud: Cloud,
        conditions: &str,
        fields: &[(&str, &str)],
        size: u64,
    ) -> Result<(), String> {
        let checked = policy(conditions).check(cloud, fields.iter().copied(), Some(size));
        checked.map_err(|violation| match violation {
            Violation::Condition { condition, .. } => condition.to_string(),
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn every_condition_is_met_or_named() {
        for (conditions, field) in [
            (r#"[{"key":"a"}]"#, ("KEY", "a")),
            (r#"[["eq","$key","a"]]"#, ("key", "a")),
            (r#"[["starts-with","$key","users/"]]"#, ("key", "users/1")),
            (r#"[["starts-with","$key",""]]"#, ("key", "")),
            (
                r#"[["starts-with","$Content-Type","image/"]]"#,
                ("content-type", "image/png,image/jpeg"),
            ),
            (
                r#"[["in","$Content-Type",["image/png","image/jpeg"]]]"#,
                ("content-type", "image/jpeg"),
            ),
            (r#"[["not-in","$acl",["public-read"]]]"#, ("acl", "private")),
            (
                r#"[["not-in","$acl",["public-read"]]]"#,
                ("x-ignore-me", ""),
            ),
            (r#"[["content-length-range",5,5]]"#, ("x-ignore-me", "a")),
            (
                r#"[["content-length-range","1","5"]]"#,
                ("x-ignore-me", "a"),
            ),
            (
                r#"[{"success_action_status":201}]"#,
                ("success_action_status", "201"),
            ),
            (r#"[["near","$key","b"]]"#, ("key", "a")),
            (r#"["anything"]"#, ("key", "a")),
        ] {
            let checked = check(Cloud::S3, conditions, &[field], 5);
            assert_eq!(checked, Ok(()), "{conditions}");
        }
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
                r#"[["in","$acl",["private","public-read"]]]"#,
                ("acl", "other"),
                r#"["in", "$acl", ["private", "public-read"]]"#,
            ),
            (
                r#"[["not-in","$acl",["public-read"]]]"#,
                ("acl", "public-read"),
                r#"["not-in", "$acl", ["public-read"]]"#,
            ),
            (
                r#"[{"key":"a","acl":"private"}]"#,
                ("key", "a"),
                r#"["eq", "$acl", "private"]"#,
            ),
        ] {
            let checked = check(Cloud::Alibaba, conditions, &[field], 5);
            assert_eq!(checked, Err(error.into()), "{conditions}");
        }
    }

    #[test]
    fn sizes_outside_the_range_are_refused() {
        let range = r#"[["content-length-range",2,4]]"#;
        for (size, refused) in [
            (1, Some("TooSmall { size: 1, min: 2 }")),
            (2, None),
            (4, None),
            (5, Some("TooLarge { size: 5, max: 4 }")),
        ] {
            for cloud in [Cloud::S3, Cloud::Unknown] {
                let checked = check(cloud, range, &[], size);
                assert_eq!(checked.err().as_deref(), refused);
            }
        }
    }

    #[test]
    fn only_clouds_that_reject_extra_fields_are_anticipated() {
        let fields = [("Policy", ""), ("foo", "1")];
        for (cloud, is_refused) in [
            (Cloud::S3, true),
            (Cloud::Google, true),
            (Cloud::Alibaba, false),
            (Cloud::Huawei, false),
            (Cloud::Tencent, false),
            (Cloud::Kingsoft, false),
            (Cloud::Volcengine, false),
            (Cloud::Unknown, false),
        ] {
            let checked = check(cloud, "[]", &fields, 1);
            assert_eq!(checked.is_err(), is_refused, "{cloud:?}");
            assert_eq!(check(cloud, r#"[["near","$a"]]"#, &fields, 1), Ok(()));
        }
    }

    #[test]
    fn the_conditions_of_an_unknown_cloud_are_left_to_it() {
        let fields = [("key", "b")];
        assert_eq!(
            check(Cloud::Unknown, r#"[{"key":"a"}]"#, &fields, 1),
            Ok(())
        );
        assert!(check(Cloud::S3, r#"[{"key":"a"}]"#, &fields, 1).is_err());
    }

    #[test]
    fn an_invalid_policy_decodes_to_none() {
        for bad in [
            "{}",
            r#"{"expiration":"soon","conditions":[]}"#,
            r#"{"expiration":"1795699999","conditions":[]}"#,
            r#"{"expiration":"2026-11-22T15:03:47Z"}"#,
            r#"{"expiration":"2026-11-22T15:03:47Z","conditions":{}}"#,
        ] {
            assert_eq!(Policy::decode(&STANDARD.encode(bad)), None, "{bad}");
        }
        assert_eq!(Policy::decode("not base64!"), None);
    }
}
