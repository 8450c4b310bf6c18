//! Finds what storage would reject before a byte is sent.

use std::time::{Duration, SystemTime};

use super::PresignedPost;
use super::cloud::Cloud;
use super::condition::Condition;
use super::content_type::{covers, is_partial, normal};
use super::fields::is_public;
use super::policy::{Policy, Violation};
use super::policy_error::PolicyError;

/// A post that begins less than this before the form expires would arrive too late. In milliseconds.
pub(super) const MARGIN: i64 = 1000;

/// Storage that speaks S3's protocol without presigned POST, by the end of its host name.
const WITHOUT_POST: [&str; 2] = [".r2.cloudflarestorage.com", ".backblazeb2.com"];

impl PresignedPost {
    /// When the form expires, by the clock of whoever signed it; none if it has no policy that can be decoded.
    pub fn expires_at(&self) -> Option<SystemTime> {
        let policy = self.policy.as_ref()?;
        Some(policy.expiration.into())
    }

    /// The conditions of the policy, one per line and without secret values; none if there is no policy that can be
    /// decoded.
    pub fn conditions(&self) -> Option<Vec<String>> {
        let policy = self.policy.as_ref()?;
        let shown = |condition: &Condition| match condition.name() {
            Some(name) if !is_public(name) => format!("[\"…\", \"${name}\", \"[redacted]\"]"),
            _ => condition.to_string(),
        };
        Some(policy.conditions.iter().map(shown).collect())
    }

    /// Checks what storage would check: whether a file of `bytes` bytes and this `content_type` may be posted at `now`.
    /// A form without a policy that can be decoded passes, and so does what only its storage can decide.
    ///
    /// `now` is this machine's time. If the clock skew of the signer is known, it is taken into account.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] with the first reason for which storage would reject the post.
    pub fn validate(
        &self,
        bytes: u64,
        content_type: &str,
        now: SystemTime,
    ) -> Result<(), PolicyError> {
        self.validate_host()?;
        if let Some(declared) = self.declared_content_type()
            && declared.starts_with("image/")
            && content_type.starts_with("image/")
            && !covers(declared, content_type)
        {
            return Err(PolicyError::ContentType {
                declared: declared.into(),
                file: content_type.into(),
            });
        }
        let content_type = Some(content_type).filter(|content_type| !content_type.is_empty());
        self.validate_policy(Some(bytes), content_type, now)
    }

    /// Checks what can be checked without a file: as [`validate`](Self::validate), except for its size and type.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate).
    pub fn validate_fields(&self, now: SystemTime) -> Result<(), PolicyError> {
        self.validate_host()?;
        // The type is not known before the file is.
        let policy = self.policy.as_ref();
        let acceptable = policy.and_then(|policy| policy.acceptable_value("Content-Type"));
        self.validate_policy(None, acceptable, now)
    }

    fn validate_host(&self) -> Result<(), PolicyError> {
        let host = self.host().to_ascii_lowercase();
        let name = host.split(':').next().unwrap_or_default();
        if WITHOUT_POST.iter().any(|end| name.ends_with(end)) {
            return Err(PolicyError::PostUnsupported { host });
        }
        Ok(())
    }

    fn validate_policy(
        &self,
        bytes: Option<u64>,
        content_type: Option<&str>,
        now: SystemTime,
    ) -> Result<(), PolicyError> {
        let Some(policy) = &self.policy else {
            return Ok(());
        };
        let left = self.time_left(policy, now);
        if left <= MARGIN {
            let ago = Duration::from_millis(left.min(0).unsigned_abs());
            return Err(PolicyError::Expired { ago });
        }
        let fields = self.fields_for(content_type.unwrap_or_default());
        let cloud = Cloud::from_fields(self.fields().map(|(name, _)| name));
        let checked = policy.check(cloud, fields.iter().copied(), bytes);
        checked.map_err(explain)
    }

    /// How long the form may still be posted, with time for the storage to read it; none if that is not known.
    pub(crate) fn remaining(&self, now: SystemTime) -> Option<Duration> {
        let left = self.time_left(self.policy.as_ref()?, now);
        let left = left.saturating_sub(MARGIN).max(0);
        Some(Duration::from_millis(left.unsigned_abs()))
    }

    fn time_left(&self, policy: &Policy, now: SystemTime) -> i64 {
        let left = policy.expiration.millis_since(now.into());
        left.saturating_sub(self.clock_skew)
    }

    /// The type the form was made for, or a range of types: its field, or the only value that its policy allows.
    pub(crate) fn declared_content_type(&self) -> Option<&str> {
        let exact = || self.policy.as_ref()?.exact_value("Content-Type");
        self.value_of("Content-Type").or_else(exact)
    }

    /// The fields to post with a file of type `content_type`, in order. A `Content-Type` that the policy requires is
    /// added if the form has none, and replaces one that the form left open.
    pub(super) fn fields_for<'a>(&'a self, content_type: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut fields: Vec<_> = self.fields().collect();
        let policy = self.policy.as_ref();
        let Some(policy) = policy.filter(|policy| policy.mentions("Content-Type")) else {
            return fields;
        };
        let exact = policy.exact_value("Content-Type");
        match fields.iter_mut().find(|(name, _)| is_content_type(name)) {
            // minio-js gives the prefix of a "starts-with" as the value.
            Some((_, value))
                if is_partial(value) && exact.is_none() && !content_type.is_empty() =>
            {
                *value = content_type;
            }
            Some(_) => {}
            None if content_type.is_empty() => {}
            None => {
                let exact = exact.filter(|exact| normal(exact) == normal(content_type));
                fields.push(("Content-Type", exact.unwrap_or(content_type)));
            }
        }
        fields
    }
}

fn is_content_type(name: &str) -> bool {
    name.eq_ignore_ascii_case("Content-Type")
}

fn explain(violation: Violation) -> PolicyError {
    match violation {
        Violation::TooLarge { size, max } => PolicyError::TooLarge {
            bytes: size,
            max_bytes: max,
        },
        Violation::TooSmall { size, min } => PolicyError::TooSmall {
            bytes: size,
            min_bytes: min,
        },
        Violation::Contradiction(field) => PolicyError::Contradiction { field },
        Violation::ExtraField(field) => PolicyError::ExtraField { field },
        Violation::Condition { condition, found } => {
            let field = condition.name().unwrap_or_default().to_owned();
            let shown = |text: String| {
                if is_public(&field) {
                    text
                } else {
                    String::from("[redacted]")
                }
            };
            PolicyError::ConditionFailed {
                condition: shown(condition.to_string()),
                found: found.map(shown),
                field,
            }
        }
    }
}

#[cfg(test)]
mod tests;
