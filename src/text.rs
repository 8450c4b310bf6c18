//! Words made fit for where they go: a server's for terminals and logs, a file's name for storage.

/// `text` on one line of at most 500 characters, without control characters: a server's words must not steer a
/// terminal.
pub(crate) fn one_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let line: String = text.trim().chars().take(500).map(plain).collect();
    line.trim().to_owned()
}

/// The first line with any words in it, without tags.
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

/// A file name as every storage takes it: they disagree about anything beyond plain ASCII, so that becomes an
/// underscore.
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
    fn nothing_steers_the_terminal() {
        assert_eq!(one_line(" a\r\nb\u{1b}[2Jc "), "a  b [2Jc");
        assert_eq!(one_line(&"x".repeat(1000)).len(), 500);
        assert_eq!(first_line("<b>\n <i>one\u{7}</i>two"), "one");
    }
}
