//! Bytes to text, and texts that look like JSON to whoever printed them.

use crate::presigned::PresignedPostError;

/// Decodes UTF-8, with or without a byte order mark, and UTF-16 with one, as PowerShell writes it.
pub(super) fn decode(bytes: &[u8]) -> Result<String, PresignedPostError> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units)
            .map(|c| c.unwrap_or('\u{fffd}'))
            .collect()
    };
    Ok(match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest)?,
        _ => utf8(bytes)?,
    })
}

fn utf8(bytes: &[u8]) -> Result<String, PresignedPostError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = &bytes[..error.valid_up_to()];
        let line_start = valid
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        PresignedPostError::NotJson {
            line: valid.iter().filter(|byte| **byte == b'\n').count() + 1,
            column: valid.len() - line_start + 1,
        }
    })?;
    Ok(text.to_owned())
}

/// The language that a text was printed by, and how it prints JSON instead.
pub(super) fn foreign(text: &str) -> Option<(&'static str, &'static str)> {
    const PYTHON: (&str, &str) = ("Python", "json.dumps(form)");
    const JAVASCRIPT: (&str, &str) = ("JavaScript", "JSON.stringify(form)");
    const RUBY: (&str, &str) = ("Ruby", "form.to_json");
    const PHP: (&str, &str) = ("PHP", "json_encode($form)");
    const GO: (&str, &str) = ("Go", "json.Marshal(form)");
    let starts_with = |starts: &[&str]| starts.iter().any(|start| text.starts_with(start));
    if starts_with(&["Array", "array(", "array:", "stdClass", "object("]) {
        return Some(PHP);
    }
    if starts_with(&["map[", "&{"]) {
        return Some(GO);
    }
    let inner = text.trim_start_matches(['[', '(']);
    let rest = inner.strip_prefix('{')?;
    let first_line = rest.trim_start().lines().next().unwrap_or_default();
    let quoted = first_line.starts_with('\'');
    let name_end = first_line.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '$'));
    let is_bare_name = name_end.is_some_and(|end| end > 0 && first_line[end..].starts_with(':'));
    if first_line.starts_with(':') || first_line.contains("=>") {
        Some(RUBY)
    } else if quoted && rest.starts_with('\'') {
        Some(PYTHON)
    } else if quoted || is_bare_name {
        Some(JAVASCRIPT)
    } else {
        None
    }
}
