//! Removes secrets from text that a server wrote.
//!
//! Servers repeat what they receive: unchanged, inside a URL, JSON or HTML, or several of these at once. Text and secrets
//! are therefore compared in a normal form without escapes, letter case and white space. A secret that was encoded as a
//! whole, in base64 or hexadecimal digits, is found as well.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem;

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
            let bytes = Normal::of(secret).bytes;
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
                    bytes: Normal::of(&digits).bytes,
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
        let form = Normal::of(text);
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

/// Text without escapes, letter case, white space, plus signs and backslashes.
struct Normal {
    bytes: Vec<u8>,
    /// Where each of the bytes comes from.
    sources: Vec<Range<usize>>,
}

impl Normal {
    fn of(text: &str) -> Self {
        let mut units = Vec::with_capacity(text.len());
        for (index, byte) in text.bytes().enumerate() {
            units.push((byte, index..index + 1));
            // What an escape stands for may complete another one: texts are escaped more than once.
            while decode_last(&mut units) {}
        }
        // Base64 is broken into lines, a plus sign becomes a space in a URL, and a backslash may stand before anything.
        units.retain(|(byte, _)| !matches!(byte, b' ' | b'\t'..=b'\r' | b'+' | b'\\'));
        let (mut bytes, sources): (Vec<_>, _) = units.into_iter().unzip();
        bytes.make_ascii_lowercase();
        Self { bytes, sources }
    }

    fn with_neighbors(&self, units: Range<usize>) -> Range<usize> {
        let is_digit = |index: usize| {
            let byte = self.bytes.get(index);
            byte.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_'))
        };
        let before = units.start.checked_sub(1).filter(|index| is_digit(*index));
        before.unwrap_or(units.start)..units.end + usize::from(is_digit(units.end))
    }
}

/// A byte, and where in the text it comes from.
type Unit = (u8, Range<usize>);

/// Replaces an escape at the end of `units` by what it stands for, and returns whether there was one.
fn decode_last(units: &mut Vec<Unit>) -> bool {
    let mut tail = [0; MAX_ESCAPE];
    for (byte, unit) in tail.iter_mut().rev().zip(units.iter().rev()) {
        *byte = unit.0;
    }
    let is_literal = units.last().is_some_and(|(_, source)| source.len() == 1);
    let Some((length, decoded)) = escape(&tail, is_literal) else {
        return false;
    };
    let mut start = units.len() - length;
    if follows_half_backslash(units, start) {
        start -= 1;
    }
    let source = units[start].1.start..units[units.len() - 1].1.end;
    units.truncate(start);
    let mut buffer = [0; 4];
    let bytes: &[u8] = match decoded {
        Decoded::Byte(byte) => {
            buffer[0] = byte;
            &buffer[..1]
        }
        Decoded::Char(c) => c.encode_utf8(&mut buffer).as_bytes(),
    };
    units.extend(bytes.iter().map(|byte| (*byte, source.clone())));
    true
}

/// Whether the escape at `start` follows half of an escaped backslash: `\u0078` becomes `\\u0078` when it is escaped again.
/// The other half must not begin an escape with what is decoded, nor stand within one.
fn follows_half_backslash(units: &[Unit], start: usize) -> bool {
    let is_literal = |unit: &Unit| unit.0 == b'\\' && unit.1.len() == 1;
    start > 0 && units[start - 1..=start].iter().all(is_literal)
}

enum Decoded {
    Byte(u8),
    Char(char),
}

/// As long as the longest escape: two halves of a character in JSON within JSON.
const MAX_ESCAPE: usize = 13;

/// The escape that `text` ends with: its length, and what it stands for. No escape has the first character of one within
/// it, so the order in which they are decoded makes no difference. `is_literal`: the last character is in the text
/// itself, and not the result of decoding.
fn escape(text: &[u8; MAX_ESCAPE], is_literal: bool) -> Option<(usize, Decoded)> {
    match text {
        // Any white space is as good as another.
        [.., b'\\', b'n' | b'r' | b't'] if is_literal => Some((2, Decoded::Byte(b' '))),
        [.., b';'] => entity(text),
        [.., last] if last.is_ascii_hexdigit() => hexadecimal(text),
        _ => None,
    }
}

/// `%2F`, `\x2f`, `\u002f`, and two of these for a character beyond U+FFFF.
fn hexadecimal(text: &[u8]) -> Option<(usize, Decoded)> {
    match text {
        [.., b'%', a, b] => Some((3, Decoded::Byte(number(&[*a, *b])? as u8))),
        [.., b'\\', b'x' | b'X', a, b] => Some((4, Decoded::Byte(number(&[*a, *b])? as u8))),
        [before @ .., b'\\', b'u' | b'U', a, b, c, d] => {
            let unit = number(&[*a, *b, *c, *d])?;
            match unit {
                // The first half of a character waits for the second one, which may have been escaped twice.
                0xD800..0xDC00 => None,
                0xDC00..0xE000 => {
                    let first = before.strip_suffix(b"\\").unwrap_or(before);
                    let [start @ .., b'\\', b'u' | b'U', a, b, c, d] = first else {
                        return None;
                    };
                    let units = [number(&[*a, *b, *c, *d])?, unit];
                    let both = char::decode_utf16(units).next()?.ok()?;
                    Some((text.len() - start.len(), Decoded::Char(both)))
                }
                _ => Some((6, Decoded::Char(char::from_u32(unit.into())?))),
            }
        }
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(digits).ok()?;
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
    u16::from_str_radix(text, 16).ok().filter(|_| is_hex)
}

/// `&amp;`, `&#47;`, `&#x2F;` and the like.
fn entity(text: &[u8]) -> Option<(usize, Decoded)> {
    let start = text.iter().rposition(|byte| *byte == b'&')?;
    let name = std::str::from_utf8(&text[start + 1..text.len() - 1]).ok()?;
    let name = name.to_ascii_lowercase();
    let decoded = match name.as_str() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((text.len() - start, Decoded::Char(decoded)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "eyJjb25kaXRpb25zIjpbXX0+/abc==";

    /// One character in one of the ways servers write it; `choice` decides which.
    fn encode(c: char, choice: u32) -> String {
        let mut bytes = [0; 4];
        let bytes = c.encode_utf8(&mut bytes).bytes();
        match (choice % 12, c) {
            (0, _) => bytes.map(|byte| format!("%{byte:02X}")).collect(),
            (1, _) => bytes.map(|byte| format!("%{byte:02x}")).collect(),
            (2, _) => bytes.map(|byte| format!("\\x{byte:02x}")).collect(),
            (3, _) => utf16(c, |unit| format!("\\u{unit:04x}")),
            (4, _) => utf16(c, |unit| format!("\\u{unit:04X}")),
            (5, _) => format!("&#{};", u32::from(c)),
            (6, _) => format!("&#x{:x};", u32::from(c)),
            (7, _) => format!("&#X{:04X};", u32::from(c)),
            (8, '/' | '"' | '\'' | '\\') => format!("\\{c}"),
            (8, ' ') => "+".into(),
            (9, '&') => "&amp;".into(),
            (9, '<') => "&lt;".into(),
            (9, '>') => "&gt;".into(),
            (9, '"') => "&quot;".into(),
            (9, '\'') => "&apos;".into(),
            // Who escapes with backslashes escapes those that are there.
            (_, '\\') => "\\\\".into(),
            _ => c.into(),
        }
    }

    fn utf16(c: char, write: impl Fn(u16) -> String) -> String {
        c.encode_utf16(&mut [0; 2])
            .iter()
            .map(|unit| write(*unit))
            .collect()
    }

    /// Pseudorandom numbers, the same every time.
    fn numbers() -> impl FnMut() -> u32 {
        let mut state = 1_u64;
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as u32
        }
    }

    const SECRETS: [&str; 7] = [
        POLICY,
        "AKIAEXAMPLE0/20261122/us-east-1/s3/aws4_request",
        "0123456789abcdef0123456789abcdef",
        "pass word & <\"quoted\"> 'too'",
        "back\\slash/es and % signs",
        "gr\u{fc}\u{df}e und \u{1f511}",
        "00000000-0000-4000-8000-000000000099",
    ];

    #[test]
    fn every_mixture_of_encodings_is_found() {
        let mut number = numbers();
        for secret in SECRETS {
            let redactor = Redactor::new([secret]);
            for round in 0..2000 {
                // At first all characters in one way, then each in another one.
                let mut text: String = match round {
                    0..12 => secret.chars().map(|c| encode(c, round)).collect(),
                    _ => secret.chars().map(|c| encode(c, number())).collect(),
                };
                // What is encoded may be encoded again.
                if round > 1000 {
                    text = text.chars().map(|c| encode(c, number())).collect();
                }
                let redacted = redactor.redact(&format!("value=\"{text}\", too"));
                // One of two backslashes may remain.
                let redacted = redacted.replace('\\', "");
                assert_eq!(redacted, "value=\"[redacted]\", too", "{secret} as {text}");
            }
        }
    }

    #[test]
    fn base64_and_hex_of_a_secret_are_found() {
        use base64::engine::general_purpose::{STANDARD, URL_SAFE};
        for secret in SECRETS {
            let redactor = Redactor::new([secret]);
            for before in ["", "a", "ab", "Bearer ", "user:"] {
                for after in ["", "\n", ":x"] {
                    let whole = format!("{before}{secret}{after}");
                    for encoded in [
                        STANDARD.encode(&whole),
                        URL_SAFE_NO_PAD.encode(&whole),
                        URL_SAFE.encode(&whole),
                    ] {
                        let core = &encoded
                            [before.len().div_ceil(3) * 4..(before.len() + secret.len()) / 3 * 4];
                        for text in [
                            encoded.clone(),
                            encoded.replace('/', "\\/").replace('=', "%3D"),
                        ] {
                            let redacted = redactor.redact(&format!("<{text}>"));
                            assert!(redacted.contains(REDACTED), "{secret}: {redacted}");
                            assert!(
                                !redacted.contains(&core[..6])
                                    && !redacted.contains(&core[core.len() - 6..]),
                                "{secret}: {redacted} has {core}"
                            );
                        }
                    }
                }
            }
            let digits = hex(secret);
            assert_eq!(redactor.redact(&format!("<{digits}>")), "<[redacted]>");
            assert_eq!(
                redactor.redact(&format!("<{}>", digits.to_uppercase())),
                "<[redacted]>"
            );
        }
    }

    #[test]
    fn case_line_breaks_and_lost_plus_signs_are_ignored() {
        let redactor = Redactor::new([POLICY]);
        for text in [
            POLICY.to_uppercase(),
            POLICY.replace('+', " "),
            format!("{}\r\n{}", &POLICY[..10], &POLICY[10..]),
            format!("{}\\n{}", &POLICY[..10], &POLICY[10..]),
        ] {
            assert_eq!(redactor.redact(&text), "[redacted]", "{text}");
        }
    }

    #[test]
    fn adjacent_escapes_do_not_hide_a_secret() {
        let secret = "2fabcdef0123";
        let redactor = Redactor::new([secret]);
        for (before, after) in [
            ("%", ""),
            ("100%", "%"),
            ("\\", "\\"),
            ("&#", ";"),
            ("\\x", "\\u00"),
            ("%2", ""),
        ] {
            let redacted = redactor.redact(&format!("{before}{secret}{after}"));
            assert_eq!(redacted, format!("{before}[redacted]{after}"));
        }
    }

    #[test]
    fn half_of_an_escaped_backslash_begins_no_other_escape() {
        let secret = "0123456789xAb%f0\u{1f511}";
        let json = |text: &str| -> String {
            let escaped = |c| utf16(c, |unit| format!("\\u{unit:04x}"));
            text.chars().map(escaped).collect()
        };
        let again = |text: &str| text.replace('\\', "\\\\");
        let text = again(&json(secret));
        assert_eq!(Redactor::new([secret]).redact(&text), REDACTED, "{text}");
    }

    #[test]
    fn other_text_is_unchanged() {
        let redactor = Redactor::new(SECRETS);
        for text in [
            "",
            "Please use AWS4-HMAC-SHA256.",
            "50% of &lt;all&gt; \\u00e9 \\ud83d \\n %zz &nope; &#xffffffff; &#; caf\u{e9} \u{1f511}",
            "eyJjb25kaXRpb25z",
            "%",
            "\\u12",
        ] {
            assert_eq!(redactor.redact(text), text);
        }
        assert_eq!(Redactor::new([""]).redact("text"), "text");
        assert_eq!(Redactor::new(["++++++++"]).redact("a + b"), "a + b");
    }

    #[test]
    fn short_secrets_are_found_raw_and_escaped() {
        let redactor = Redactor::new(["k/y"]);
        assert_eq!(
            redactor.redact("k/y k%2fy k\\/y ky"),
            "[redacted] [redacted] [redacted] ky"
        );
    }

    #[test]
    fn overlapping_secrets_are_redacted_together() {
        let redactor = Redactor::new(["12345678", "1234567890ab", "0ab0ab0ab"]);
        assert_eq!(
            redactor.redact("1234567890ab 12345678"),
            "[redacted] [redacted]"
        );
        assert_eq!(redactor.redact("x0ab0ab0ab0aby"), "x[redacted]y");
    }

    #[test]
    fn half_a_character_is_redacted_whole() {
        let redactor = Redactor::new(["secret-%C3"]);
        assert_eq!(redactor.redact("secret-\u{e9}!"), "[redacted]!");
    }

    /// An algorithm that starts over at every character would run for hours.
    #[test]
    fn hostile_text_takes_linear_time() {
        let redactor = Redactor::new(
            SECRETS
                .into_iter()
                .chain(["%25%25%25%25%25", "\\\\\\\\\\\\\\\\\\\\"]),
        );
        for part in [
            "%25",
            "%2525",
            "\\",
            "\\\\u005c",
            "&amp;",
            "&#38;#38;",
            "%",
            "A",
            "0123456789abcde",
            "\\ud83d",
        ] {
            let text = part.repeat((64 << 10) / part.len());
            assert!(redactor.redact(&text).len() <= text.len());
        }
    }
}
