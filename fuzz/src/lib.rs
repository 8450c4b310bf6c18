//! What several targets need.

#![forbid(unsafe_code)]

use std::error::Error;

/// The names of fields whose values may be shown; those of the others are secrets.
pub const PUBLIC: [&str; 5] = [
    "key",
    "bucket",
    "content-type",
    "acl",
    "success_action_status",
];

/// Parts of the names of what is stored and how, in the words of every cloud.
const PUBLIC_PARTS: [&str; 18] = [
    "-meta-",
    "acl",
    "algorithm",
    "cache-control",
    "checksum",
    "content-",
    "date",
    "encryption",
    "expires",
    "lock",
    "md5",
    "q-key-time",
    "q-sign-time",
    "redirect",
    "signature-version",
    "storage-class",
    "success_action",
    "tagging",
];

/// Whether the value of a field may be shown, with a few more than the crate shows.
pub fn is_public(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    PUBLIC.contains(&name.as_str()) || PUBLIC_PARTS.iter().any(|part| name.contains(part))
}

/// Asserts that an error and its sources are each a line that a terminal can show: no control characters, and not more
/// than a screen of text.
pub fn assert_printable(error: &(dyn Error + 'static)) {
    let mut next = Some(error);
    while let Some(error) = next {
        let message = error.to_string();
        assert!(!message.is_empty());
        assert!(!message.contains(char::is_control), "{message:?}");
        assert!(message.chars().count() <= 2500, "{message}");
        next = error.source();
    }
}

/// An input in parts: the bytes 0xFF, which no text holds, stand between them.
pub fn split(data: &[u8], most: usize) -> impl Iterator<Item = &[u8]> {
    data.splitn(most, |byte| *byte == 0xFF)
}

/// A part as text.
pub fn text(part: &[u8]) -> String {
    String::from_utf8_lossy(part).into_owned()
}

/// Takes a number off the front of an input; what is missing are zeros.
pub fn take_u64(data: &mut &[u8]) -> u64 {
    let (number, rest) = data.split_at(data.len().min(8));
    *data = rest;
    let mut bytes = [0; 8];
    bytes[..number.len()].copy_from_slice(number);
    u64::from_be_bytes(bytes)
}
