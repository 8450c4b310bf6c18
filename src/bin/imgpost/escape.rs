//! Escapes characters that a terminal would interpret: servers choose ids, keys and URLs, and anyone may choose file names.

use std::fmt::Write;

use crate::unprintable::is_unprintable;

/// `text` on one line; an unprintable character becomes `\n`, `\t`, `\u{1b}` and so on.
pub fn line(text: &str) -> String {
    text.chars().fold(String::new(), |mut line, c| {
        if is_unprintable(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
        line
    })
}

/// As [`line`], for a text whose line breaks are ours.
pub fn lines(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(line).collect();
    lines.join("\n")
}

/// The same JSON with unprintable characters as `\uXXXX`, which serde_json writes for C0 only. Line breaks between values
/// stay: JSON has none within a text.
pub fn json(json: &str) -> String {
    json.chars().fold(String::new(), |mut escaped, c| {
        if is_unprintable(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(escaped, "\\u{unit:04x}").expect("a String takes any text");
            }
        } else {
            escaped.push(c);
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_what_it_escapes() {
        assert_eq!(line("a\u{1b}]0;b\u{7}\r\n\tc"), r"a\u{1b}]0;b\u{7}\r\n\tc");
        assert_eq!(
            line("\u{7f}\u{9b}\u{202e}\u{2028}\u{feff}"),
            r"\u{7f}\u{9b}\u{202e}\u{2028}\u{feff}"
        );
        assert_eq!(line("größe – 大.jpg"), "größe – 大.jpg");
        assert_eq!(lines("a\nb\r\n\u{1b}"), "a\nb\\r\n\\u{1b}");
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({"a\u{9b}": "\u{202e}\u{2029}\u{7f}\u{1b}\n\"\\ \u{e0041}ß"});
        for written in [value.to_string(), format!("{value:#}")] {
            let escaped = json(&written);
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&escaped).unwrap(),
                value
            );
            assert!(!escaped.contains(|c| is_unprintable(c) && c != '\n'));
            assert!(escaped.contains(r"\u009b") && escaped.contains(r"\udb40\udc41"));
        }
    }
}
