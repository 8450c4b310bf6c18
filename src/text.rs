//! Prepares text from elsewhere: a server's for terminals and logs, the name of a file for storage.

use std::ffi::OsStr;
use std::path::Path;

use crate::unprintable::is_unprintable;

/// `text` on one line of at most 500 characters. A space replaces each character that could control a terminal or
/// disguise the text, because a server wrote it.
pub(crate) fn one_line(text: &str) -> String {
    let plain = |c: char| if is_unprintable(c) { ' ' } else { c };
    let line: String = text.trim().chars().take(500).map(plain).collect();
    line.trim().to_owned()
}

/// The first line that is not empty, without tags.
pub(crate) fn first_line(text: &str) -> String {
    let mut words = String::new();
    let mut in_tag = false;
    for c in text.chars().take(4096) {
        match c {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                words.push('\n');
            }
            _ if !in_tag => words.push(c),
            _ => {}
        }
    }
    let line = words.lines().map(str::trim).find(|line| !line.is_empty());
    one_line(line.unwrap_or_default())
}

/// The name of the file at `path` in a form that every storage accepts. A long name is cut before its extension.
pub(crate) fn ascii_file_name(path: &Path) -> String {
    let ascii = |part: Option<&OsStr>| ascii_name(&part.unwrap_or_default().to_string_lossy());
    let stem = ascii(path.file_stem());
    match path.extension() {
        Some(extension) => format!("{stem}.{}", ascii(Some(extension))),
        None => stem,
    }
}

/// A name in a form that every storage accepts. They disagree about everything but plain ASCII, which an underscore
/// replaces.
pub(crate) fn ascii_name(name: &str) -> String {
    let plain = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => c,
        _ => '_',
    };
    name.chars().take(100).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(one_line(" a\r\nb\u{1b}[2Jc "), "a  b [2Jc");
        assert_eq!(one_line(&"x".repeat(1000)).len(), 500);
        assert_eq!(first_line("<b>\n <i>one\u{7}</i>two"), "one");
    }

    #[test]
    fn characters_that_disguise_a_line_are_replaced() {
        assert_eq!(one_line("a\u{9b}31mb\u{7f}c"), "a 31mb c");
        assert_eq!(one_line("a\u{202e}gpj\u{2066}b\u{200f}"), "a gpj b");
        assert_eq!(one_line("a\u{2028}b\u{2029}c\u{feff}\u{200b}d"), "a b c  d");
        // Persian, an emoji of two characters, and a combining accent are kept.
        let plain = "می\u{200c}خواهم \u{1f469}\u{200d}\u{1f4bb} e\u{301}";
        assert_eq!(one_line(plain), plain);
    }

    #[test]
    fn file_name_is_plain_short_and_keeps_its_extension() {
        let name = |path: &str| ascii_file_name(Path::new(path));
        assert_eq!(name("folder/größe 1.tar.gz"), "gr__e_1.tar.gz");
        assert_eq!(name(".hidden"), ".hidden");
        assert_eq!(name("ends."), "ends.");
        let long = "n".repeat(300);
        assert_eq!(name(&long), long[..100]);
        assert_eq!(
            name(&format!("{long}.mp4")),
            format!("{}.mp4", &long[..100])
        );
        assert_eq!(name(&format!("a.{long}")).len(), 102);
    }
}
