//! Promise: what the policy of a form forbids is never let through, by an expiry or a condition read here once more; what
//! the sandbox's own reader allows is never rejected; a policy that cannot be read is no obstacle; and an error repeats no
//! secret.

#![no_main]

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Datelike};
use imgpost::{PolicyError, PresignedPost};
use imgpost_fuzz::{assert_printable, is_public, split, take_u64, text};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[path = "../../src/sandbox/storage/policy.rs"]
mod sandbox_policy;

/// What the sandbox's reader imports from its neighbor.
mod form {
    pub fn value_of<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
        let found = fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

// Seconds since 1970, the bytes of the file, then the content type, the policy, and names and values of fields.
fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    let seconds = take_u64(&mut rest).cast_signed();
    let bytes = take_u64(&mut rest);
    let mut parts = split(rest, 64);
    let content_type = text(parts.next().unwrap_or_default());
    let policy = parts.next().unwrap_or_default();
    let mut fields = Vec::new();
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        fields.push((text(name), text(value)));
    }
    // Either the document, or the field as it is sent.
    let field = match policy.first() {
        Some(b'{') => STANDARD.encode(policy),
        _ => text(policy),
    };
    fields.push((String::from("Policy"), field));
    let Some(now) = moment(seconds) else { return };
    let Ok(form) = PresignedPost::new("https://bucket.example.com/", fields) else {
        return;
    };
    check(&form, bytes, &content_type, now);
    compare(&form, bytes, &content_type, now);
});

/// A local rejection is certain: what the sandbox allows passes. What passes is not always allowed: a condition that is not
/// understood is left to storage.
fn compare(form: &PresignedPost, bytes: u64, content_type: &str, now: SystemTime) {
    let read = first(form, "policy").and_then(sandbox_policy::Policy::decode);
    let (Some(policy), Some(_)) = (read, form.expires_at()) else {
        return;
    };
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut fields: Vec<_> = form.fields().map(owned).collect();
    // Where no field names the bucket, the address does.
    if first(form, "bucket").is_none() {
        fields.extend(bucket(form).map(|bucket| ("bucket".into(), bucket)));
    }
    let checked = form.validate(bytes, content_type, now);
    let expired = matches!(checked, Err(PolicyError::Expired { .. }));
    let other_type = matches!(checked, Err(PolicyError::ContentType { .. }));
    if !expired && !other_type && !is_changed(form) {
        let allowed = policy.check(&fields).is_ok() && policy.file_size().contains(&bytes);
        assert!(!allowed || checked.is_ok(), "{checked:?}");
    }
    // A form that expires within a second is no longer posted. Texts of years before 0 are in another order.
    let soon = now
        .checked_add(Duration::from_millis(1001))
        .and_then(|soon| soon.duration_since(SystemTime::UNIX_EPOCH).ok())
        .and_then(|soon| i64::try_from(soon.as_millis()).ok())
        .and_then(DateTime::from_timestamp_millis)
        .filter(|soon| soon.year() <= 9999);
    if let (true, Some(soon)) = (expired, soon) {
        let soon = soon.format("%Y-%m-%dT%H:%M:%S%.3f").to_string();
        assert!(policy.has_expired(&soon), "{soon}");
    }
}

/// A name of the bucket that meets the conditions, if any does.
fn bucket(form: &PresignedPost) -> Option<String> {
    let document = document(form).unwrap_or_default();
    let conditions = document["conditions"].as_array().into_iter().flatten();
    let asked = |condition: &Value| {
        let object = condition
            .as_object()
            .and_then(|object| object.iter().next());
        let of_object = object.filter(|(name, _)| name.eq_ignore_ascii_case("bucket"));
        let name = condition[1].as_str().unwrap_or_default();
        let of_list = name.eq_ignore_ascii_case("$bucket").then(|| &condition[2]);
        let value = of_object.map(|(_, value)| value).or(of_list)?;
        value.as_str().map(str::to_owned)
    };
    // The longest of several prefixes begins with the others.
    conditions.filter_map(asked).max_by_key(String::len)
}

/// Whether the fields to check are not those of the form: a content type that it leaves open is filled in, and Tencent's
/// policies have another name for a field.
fn is_changed(form: &PresignedPost) -> bool {
    let is_open = |value: &str| value.is_empty() || value.ends_with(['/', '*']);
    first(form, "content-type").is_some_and(is_open)
        || first(form, "q-signature").or(first(form, "q-ak")).is_some()
}

fn moment(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

fn check(form: &PresignedPost, bytes: u64, content_type: &str, now: SystemTime) {
    let checked = form.validate(bytes, content_type, now);
    assert_eq!(checked, form.validate(bytes, content_type, now));
    let other_type = matches!(checked, Err(PolicyError::ContentType { .. }));
    match (form.expires_at(), document(form)) {
        (Some(expires_at), Some(document)) if !other_type => {
            // Beyond the years of a calendar, nothing is known.
            let second = Duration::from_secs(1);
            let expired = expires_at
                .checked_sub(second)
                .is_some_and(|last| last <= now);
            let is_reported = matches!(checked, Err(PolicyError::Expired { .. }));
            assert!(
                is_reported == expired || is_beyond_clocks(now),
                "{checked:?}"
            );
            if checked.is_ok() {
                let conditions = document["conditions"].as_array().unwrap();
                conditions.iter().for_each(|c| assert_met(c, form, bytes));
            }
        }
        (Some(_), None) => panic!("an invalid policy has an expiration"),
        (None, _) => assert!(checked.is_ok() || other_type, "{checked:?}"),
        _ => {}
    }
    if let Err(error) = checked {
        assert_printable(&error);
        assert_keeps_secrets(&error, form, content_type);
    }
}

/// Clocks are read from the years -9999 to 9999.
fn is_beyond_clocks(now: SystemTime) -> bool {
    const SECONDS: u64 = 253_402_207_200;
    let distance = now.duration_since(SystemTime::UNIX_EPOCH);
    distance.map_or(true, |distance| distance.as_secs() > SECONDS)
}

/// The policy as any JSON reader reads it.
fn document(form: &PresignedPost) -> Option<Value> {
    let field = first(form, "policy")?;
    let base64: String = field.split_ascii_whitespace().collect();
    serde_json::from_slice(&STANDARD.decode(base64).ok()?).ok()
}

fn first<'a>(form: &'a PresignedPost, name: &str) -> Option<&'a str> {
    let mut fields = form.fields();
    fields.find_map(|(n, value)| n.eq_ignore_ascii_case(name).then_some(value))
}

/// The conditions of a form that passed hold. Conditions that S3 does not have are left to storage, and so are those of a
/// form that is signed for another cloud.
fn assert_met(condition: &Value, form: &PresignedPost, bytes: u64) {
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let operator = condition[0].as_str().unwrap_or_default();
    let operator = operator.to_ascii_lowercase();
    if operator == "content-length-range" && condition.as_array().unwrap().len() == 3 {
        if let (Some(min), Some(max)) = (number(&condition[1]), number(&condition[2])) {
            assert!((min..=max).contains(&bytes));
        }
        return;
    }
    let is_s3 = ["x-amz-signature", "awsaccesskeyid"]
        .iter()
        .any(|name| first(form, name).is_some());
    let is_signature = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.ends_with("signature") || name.ends_with("accesskeyid")
    };
    if !is_s3 && form.fields().any(|(name, _)| is_signature(name)) {
        return;
    }
    for (name, value) in condition.as_object().into_iter().flatten() {
        assert_equal(name, value, form);
    }
    let items = condition.as_array().map(Vec::as_slice);
    let Some([_, Value::String(name), value]) = items else {
        return;
    };
    let Some(name) = name.strip_prefix('$') else {
        return;
    };
    match (operator.as_str(), value.as_str()) {
        ("eq", _) => assert_equal(name, value, form),
        ("starts-with", Some(prefix)) => {
            if let Some(found) = found(form, name) {
                assert!(found.trim_start().starts_with(prefix) || found.starts_with(prefix));
            }
        }
        _ => {}
    }
}

fn assert_equal(name: &str, value: &Value, form: &PresignedPost) {
    let value = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return,
    };
    if let Some(found) = found(form, name) {
        assert_eq!(found, value, "{name:?}");
    }
}

/// The value of a field, which has to be there unless it is added: the bucket of the address, and the type of the file. One
/// into which storage inserts the name of the file is left to storage.
fn found<'a>(form: &'a PresignedPost, name: &str) -> Option<&'a str> {
    if name.eq_ignore_ascii_case("content-type") {
        return None;
    }
    let found = first(form, name);
    assert!(
        found.is_some() || name.eq_ignore_ascii_case("bucket"),
        "{name:?}"
    );
    found.filter(|found| !found.contains("${filename}"))
}

/// The seeds have this word in the values that are secrets. Where it is in nothing that may be shown, no error has it.
fn assert_keeps_secrets(error: &PolicyError, form: &PresignedPost, content_type: &str) {
    const WORD: &str = "SECRET";
    let is_shown = |(name, value): (&str, &str)| {
        name.contains(WORD) || (is_public(name) && value.contains(WORD))
    };
    let conditions = document(form).unwrap_or_default()["conditions"].take();
    let may_show = content_type.contains(WORD)
        || form.fields().any(is_shown)
        || conditions
            .as_array()
            .into_iter()
            .flatten()
            .any(|condition| {
                let is_shown_object = condition.as_object().is_some_and(|object| {
                    object
                        .iter()
                        .any(|(name, value)| is_shown((name, value.as_str().unwrap_or_default())))
                });
                let item = |at: usize| condition[at].as_str().unwrap_or_default();
                let value = condition[2].to_string();
                condition.is_array() && is_shown((item(1).trim_start_matches('$'), &value))
                    || is_shown_object
            });
    let message = format!("{error} {error:?}");
    assert!(may_show || !message.contains(WORD), "{message}");
}
