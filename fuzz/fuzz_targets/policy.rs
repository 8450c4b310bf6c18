//! Promise: what the policy of a form forbids is never let through, by an expiry or a condition read here once more; what
//! the sandbox's own reader allows is never rejected; a policy that cannot be read is no obstacle; and an error repeats no
//! secret.

#![no_main]

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imgpost::{PolicyError, PresignedPost};
use imgpost_fuzz::{assert_printable, is_public, split, take_u64, text};
use jiff::Timestamp;
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

/// A local rejection is certain: what the sandbox allows passes; and what passes, it allows.
fn compare(form: &PresignedPost, bytes: u64, content_type: &str, now: SystemTime) {
    let read = first(form, "policy").and_then(sandbox_policy::Policy::decode);
    let (Some(policy), Some(_)) = (read, form.expires_at()) else {
        return;
    };
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut fields: Vec<_> = form.fields().map(owned).collect();
    // Where no field names the bucket, the address does.
    match buckets(form).as_slice() {
        [bucket] if first(form, "bucket").is_none() => {
            fields.push(("bucket".into(), bucket.clone()));
        }
        [] => {}
        _ if first(form, "bucket").is_some() => {}
        _ => return,
    }
    let checked = form.check(bytes, content_type, now);
    let expired = matches!(checked, Err(PolicyError::Expired { .. }));
    let other_type = matches!(checked, Err(PolicyError::ContentType { .. }));
    if !expired && !other_type && !has_old_signature(form) {
        let allowed = policy.check(&fields).is_ok() && policy.file_size().contains(&bytes);
        assert_eq!(allowed, checked.is_ok(), "{checked:?}");
    }
    // A form that expires within a second is no longer posted. Texts of years before 0 are in another order.
    let soon = now
        .checked_add(Duration::from_millis(1001))
        .and_then(|soon| Timestamp::try_from(soon).ok())
        .filter(|soon| soon.as_second() > -62_000_000_000);
    if let (true, Some(soon)) = (expired, soon) {
        assert!(policy.has_expired(&format!("{soon:.3}")), "{soon}");
    }
}

/// What the policy asks of the name of the bucket.
fn buckets(form: &PresignedPost) -> Vec<String> {
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
    conditions.filter_map(asked).collect()
}

/// The fields of older signatures need no condition for the client, which sends them to older storages.
fn has_old_signature(form: &PresignedPost) -> bool {
    let is_old = |name: &str| {
        ["file", "signature", "awsaccesskeyid"].contains(&name.to_ascii_lowercase().as_str())
    };
    form.fields().any(|(name, _)| is_old(name))
}

fn moment(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    match seconds < 0 {
        true => SystemTime::UNIX_EPOCH.checked_sub(distance),
        false => SystemTime::UNIX_EPOCH.checked_add(distance),
    }
}

fn check(form: &PresignedPost, bytes: u64, content_type: &str, now: SystemTime) {
    let checked = form.check(bytes, content_type, now);
    assert_eq!(checked, form.check(bytes, content_type, now));
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
        (Some(_), None) => panic!("it expires, and is no policy"),
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

/// The conditions of a form that passed hold.
fn assert_met(condition: &Value, form: &PresignedPost, bytes: u64) {
    if let Some((name, value)) = condition
        .as_object()
        .and_then(|object| object.iter().next())
    {
        return assert_equal(name, value, form);
    }
    let name = condition[1].as_str().unwrap_or_default();
    let name = name.trim_start_matches('$');
    match condition[0].as_str().unwrap().to_ascii_lowercase().as_str() {
        "eq" => assert_equal(name, &condition[2], form),
        "starts-with" => {
            let prefix = condition[2].as_str().unwrap();
            let found = first(form, name);
            let of_address = name.eq_ignore_ascii_case("bucket") && found.is_none();
            assert!(
                of_address
                    || found.unwrap().starts_with(prefix)
                    || found.unwrap().trim_start().starts_with(prefix)
            );
        }
        "content-length-range" => {
            assert!(condition[1].as_u64().unwrap() <= bytes);
            assert!(condition[2].as_u64().unwrap() >= bytes);
        }
        other => panic!("{other} was taken for an operator"),
    }
}

fn assert_equal(name: &str, value: &Value, form: &PresignedPost) {
    // Where no field names the bucket, the address does.
    if let Some(found) = first(form, name) {
        assert_eq!(Some(found), value.as_str(), "{name:?}");
    } else {
        assert!(name.eq_ignore_ascii_case("bucket"), "{name:?}");
    }
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
                condition.is_array() && is_shown((item(1).trim_start_matches('$'), item(2)))
                    || is_shown_object
            });
    let message = format!("{error} {error:?}");
    assert!(may_show || !message.contains(WORD), "{message}");
}
