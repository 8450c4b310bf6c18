//! The form in which texts and secrets are compared: whatever the escapes, it is the same.

use std::ops::Range;

/// Text without escapes, letter case, white space, plus signs and backslashes.
pub struct Normal {
    pub bytes: Vec<u8>,
    /// Where each of the bytes comes from.
    pub sources: Vec<Range<usize>>,
}

impl Normal {
    pub fn new(text: &str) -> Self {
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

    /// The range with the base64 digit on either side, if there is one.
    pub fn with_neighbors(&self, units: Range<usize>) -> Range<usize> {
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
