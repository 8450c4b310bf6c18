//! Removes secrets from text that a server wrote.
//!
//! Servers repeat what they receive: unchanged, inside a URL, JSON or HTML, or several of these at once. Text and secrets
//! are therefore compared in a normal form without escapes, letter case and white space. A secret that was encoded as a
//! whole, in base64 or hexadecimal digits, is found as well.

mod normal;
#[cfg(test)]
mod tests;

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem;

use normal::Normal;

const REDACTED: &str = "[redacted]";

/// The base64 or hexadecimal digits of a shorter secret could be those of anything.
const MIN_ENCODED: usize = 8;

/// A normal form that keeps less than this of a secret would match too much.
const MIN_NORMAL: usize = 6;

/// Finds secrets in text, in any encoding.
pub(crate) struct Redactor {
    /// The secrets themselves: an escape that begins before a secret could swallow a part of its normal form.
    exact: Vec<Vec<u8>>,
    normal: Vec<Pattern>,
}

/// What a secret looks like in the normal form of a text.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Pattern {
    bytes: Vec<u8>,
    /// The base64 digit on either side may hold bits of the secret too.
    is_base64: bool,
}

impl Redactor {
    /// A redactor for these secrets. Empty ones are ignored.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut exact = Vec::new();
        let mut normal = Vec::new();
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            exact.push(secret.as_bytes().to_vec());
            let bytes = Normal::new(secret).bytes;
            if bytes.len() >= secret.len().min(MIN_NORMAL) {
                normal.push(Pattern {
                    bytes,
                    is_base64: false,
                });
            }
            if secret.len() >= MIN_ENCODED {
                normal.push(Pattern {
                    bytes: hex(secret).into_bytes(),
                    is_base64: false,
                });
                normal.extend(base64(secret).map(|digits| Pattern {
                    bytes: Normal::new(&digits).bytes,
                    is_base64: true,
                }));
            }
        }
        exact.sort();
        exact.dedup();
        normal.sort();
        normal.dedup();
        Self { exact, normal }
    }

    /// `text` with every secret replaced by `[redacted]`. Takes linear time, whatever the text contains.
    pub fn redact(&self, text: &str) -> String {
        let mut found = Vec::new();
        for secret in &self.exact {
            found.extend(occurrences(text.as_bytes(), secret));
        }
        let form = Normal::new(text);
        for pattern in &self.normal {
            for mut units in occurrences(&form.bytes, &pattern.bytes) {
                if pattern.is_base64 {
                    units = form.with_neighbors(units);
                }
                found.push(form.sources[units.start].start..form.sources[units.end - 1].end);
            }
        }
        without(text, found)
    }
}

/// `text` with the ranges replaced. Ranges that overlap or touch are replaced as one.
fn without(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.sort_by_key(|range| range.start);
    let mut result = String::new();
    let mut end = 0;
    for mut range in ranges {
        // A secret may end with half a character, as an escape can.
        while !text.is_char_boundary(range.start) {
            range.start -= 1;
        }
        while !text.is_char_boundary(range.end) {
            range.end += 1;
        }
        if range.start > end || result.is_empty() {
            result += &text[end..range.start];
            result += REDACTED;
        }
        end = end.max(range.end);
    }
    result + &text[end..]
}

fn occurrences<'a>(text: &'a [u8], wanted: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
    let can_occur = (1..=text.len()).contains(&wanted.len());
    let finder = can_occur.then(|| memmem::Finder::new(wanted));
    let mut next = 0;
    std::iter::from_fn(move || {
        let start = next + finder.as_ref()?.find(&text[next..])?;
        // Two occurrences may overlap.
        next = start + 1;
        Some(start..start + wanted.len())
    })
}

fn hex(secret: &str) -> String {
    secret.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The base64 digits that stand for nothing but `secret`, in both alphabets, wherever it begins in the three bytes that
/// are encoded together.
fn base64(secret: &str) -> impl Iterator<Item = String> {
    let encoded = |before: usize| {
        let mut bytes = vec![0; before];
        bytes.extend(secret.as_bytes());
        let digits = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
        [STANDARD_NO_PAD, URL_SAFE_NO_PAD]
            .map(|engine| engine.encode(&bytes)[digits.clone()].into())
    };
    (0..3).flat_map(encoded)
}
