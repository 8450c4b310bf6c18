//! Promise: a secret is removed in every encoding that servers repeat it in, and the text around it stays as it is.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use imgpost_fuzz::{split, text};
use libfuzzer_sys::fuzz_target;
use redact::Redactor;

#[path = "../../src/redact/mod.rs"]
mod redact;

const REDACTED: &str = "[redacted]";

// How each character is encoded, then the secret, and the text around it.
fuzz_target!(|data: &[u8]| {
    let mut parts = split(data, 3);
    let mut next = || parts.next().unwrap_or_default();
    let (choices, secret, around) = (next(), text(next()), text(next()));
    let redactor = Redactor::new([secret.as_str()]);
    let redacted = redactor.redact(&around);
    let is_part_of_mark = secret.contains(['[', ']']) || REDACTED.contains(&secret);
    assert!(is_part_of_mark || !redacted.contains(&secret));
    if !has_enough(&secret) {
        return;
    }
    let around: String = around.chars().filter(|c| is_quiet(*c, &secret)).collect();
    assert_eq!(redactor.redact(&around), around);
    let (before, after) = around.split_at(around.len() / 2);
    let check = |encoded: &str| {
        let redacted = redactor.redact(&format!("{before}{encoded}{after}"));
        // One of two backslashes may remain.
        let plain = redacted.replace('\\', "");
        assert_eq!(plain, format!("{before}{REDACTED}{after}"), "{encoded:?}");
    };
    let choice = |index: usize| choices.get(index % choices.len().max(1)).copied();
    let has_backslashes = choices
        .iter()
        .any(|choice| matches!(choice % 10, 2..=4 | 7));
    let encode_all = |text: &str| {
        let encoded = text.chars().enumerate().map(|(index, c)| {
            let encoded = encode(c, choice(index).unwrap_or_default());
            // Who escapes with backslashes escapes those that are there.
            if encoded == "\\" && has_backslashes {
                "\\\\".into()
            } else {
                encoded
            }
        });
        encoded.collect::<String>()
    };
    let once = encode_all(&secret);
    check(&once);
    check(&encode_all(&once));
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    check(&hex);
    check(&hex.to_uppercase());

    // In base64, the secret may begin and end within the three bytes that are encoded together.
    let start = usize::from(choice(0).unwrap_or_default()) % 3;
    let end = usize::from(choice(1).unwrap_or_default()) % 3;
    let whole = format!("{}{secret}{}", "\u{1}".repeat(start), "\u{2}".repeat(end));
    let engine = match choice(2).unwrap_or_default() % 3 {
        0 => STANDARD,
        1 => URL_SAFE,
        _ => URL_SAFE_NO_PAD,
    };
    let encoded = engine.encode(&whole);
    let redacted = redactor.redact(&format!("{before}<{encoded}>{after}"));
    let rest = redacted
        .strip_prefix(&format!("{before}<"))
        .and_then(|rest| rest.strip_suffix(&format!(">{after}")));
    let (left, right) = rest.and_then(|rest| rest.split_once(REDACTED)).unwrap();
    // The digits of other bytes alone: up to a digit of the last group of the secret, and a group with its padding.
    assert!(left.len() <= 4 && right.len() <= 5, "{redacted}");
});

/// Whether a normal form keeps enough of the secret to be looked for, however much the escapes in it swallow; keeps both of
/// its ends; and has nothing that is one thing raw and another one encoded: a backslash and a letter for white space.
fn has_enough(secret: &str) -> bool {
    let is_escape = |c: char| matches!(c, '%' | '&' | '\\');
    let is_ignored = |c: char| c.is_ascii_whitespace() || c.is_ascii_control() || c == '+';
    let escapes = secret.chars().filter(|c| is_escape(*c)).count();
    let plain = secret.chars().filter(char::is_ascii_alphanumeric).count();
    let begins = secret.chars().take(MAX_ESCAPE);
    let ends = secret.chars().rev().take(MAX_ESCAPE);
    let is_ambiguous = ["\\n", "\\r", "\\t"].iter().any(|two| secret.contains(two));
    plain >= 8 + MAX_ESCAPE * escapes
        && !begins.chain(ends).any(is_escape)
        && !secret.starts_with(is_ignored)
        && !secret.ends_with(is_ignored)
        && !is_ambiguous
}

/// As long as the longest escape that may stand in a secret.
const MAX_ESCAPE: usize = 13;

/// Whether a character begins or ends no escape, is no digit of base64, and belongs to no secret.
fn is_quiet(c: char, secret: &str) -> bool {
    c.is_ascii_punctuation() && !"%&#\\;+/-_=".contains(c) && !secret.contains(c)
}

/// One character in one of the ways servers write it.
fn encode(c: char, choice: u8) -> String {
    let mut bytes = [0; 4];
    let bytes = c.encode_utf8(&mut bytes).bytes();
    match (choice % 10, c) {
        (0, _) => bytes.map(|byte| format!("%{byte:02X}")).collect(),
        (1, _) => bytes.map(|byte| format!("%{byte:02x}")).collect(),
        (2, _) => bytes.map(|byte| format!("\\x{byte:02x}")).collect(),
        (3, _) => utf16(c).map(|unit| format!("\\u{unit:04x}")).collect(),
        (4, _) => utf16(c).map(|unit| format!("\\u{unit:04X}")).collect(),
        (5, _) => format!("&#{};", u32::from(c)),
        (6, _) => format!("&#x{:x};", u32::from(c)),
        (7, '/' | '"' | '\'' | '\\') => format!("\\{c}"),
        (8, '&') => "&amp;".into(),
        (8, '<') => "&lt;".into(),
        (8, '>') => "&gt;".into(),
        (8, '"') => "&quot;".into(),
        _ => c.into(),
    }
}

fn utf16(c: char) -> impl Iterator<Item = u16> {
    let mut units = [0; 2];
    let length = c.encode_utf16(&mut units).len();
    units.into_iter().take(length)
}
