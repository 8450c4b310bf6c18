//! The `curl` line that `mc share upload` prints, and others like it.

use super::{Pairs, Shape};
use crate::presigned::PresignedPostError;

/// What may stand in front of the command.
const BEFORE: [&str; 5] = ["", "Share:", "$", "%", ">"];

/// Short options with an argument.
const WITH_ARGUMENT: &str = "AbcCdDeEFHKmoPQrtTuUwxXyYz";

/// Long options with an argument that does not matter.
const IGNORED: [&str; 16] = [
    "cacert",
    "cert",
    "connect-timeout",
    "cookie",
    "key",
    "max-time",
    "output",
    "proxy",
    "referer",
    "resolve",
    "retry",
    "retry-delay",
    "limit-rate",
    "user",
    "user-agent",
    "write-out",
];

/// The command in a text, without what is printed around it.
pub(super) fn find(text: &str) -> Option<&str> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let before = BEFORE.iter().find_map(|before| {
            let command = line.trim_start().strip_prefix(before)?.trim_start();
            let arguments = command.strip_prefix("curl")?;
            let arguments = arguments.strip_prefix(".exe").unwrap_or(arguments);
            arguments
                .starts_with(char::is_whitespace)
                .then(|| line.len() - arguments.len())
        });
        if let Some(offset) = before {
            return Some(&text[start + offset..]);
        }
        start += line.len();
    }
    None
}

/// Reads the arguments of `curl`.
pub(super) fn read(arguments: &str) -> Result<Shape, PresignedPostError> {
    let mut words = words(arguments).into_iter();
    let (mut url, mut fields, mut headers) = (None::<String>, Pairs::new(), Pairs::new());
    let (mut is_put, mut is_form) = (false, false);
    while let Some(word) = words.next() {
        let Some((option, value)) = option(&word, &mut words) else {
            let word = with_scheme(word);
            if url.as_ref().is_some_and(|url| *url != word) {
                return Err(PresignedPostError::Differing {
                    what: "addresses",
                    names: ["the first of the curl line".into(), "another one".into()],
                });
            }
            url = Some(word);
            continue;
        };
        let value = value.unwrap_or_default();
        match option.as_str() {
            "F" | "form" => {
                is_form = true;
                fields.extend(field(&value)?);
            }
            "form-string" => {
                is_form = true;
                fields.extend(pair(&value, '='));
            }
            "X" | "request" => is_put = value.eq_ignore_ascii_case("put"),
            "T" | "upload-file" => is_put = true,
            "H" | "header" => headers.extend(pair(&value, ':')),
            "url" => url = Some(with_scheme(value)),
            _ => {}
        }
    }
    match url {
        None => Err(PresignedPostError::NoAddress {
            fields: "the curl line".into(),
        }),
        Some(url) if is_put && !is_form => Ok(Shape::Put { url, headers }),
        Some(url) if !fields.is_empty() => Ok(Shape::Post { url, fields }),
        Some(_) => Err(PresignedPostError::NoFields {
            address: "the curl line".into(),
        }),
    }
}

/// `curl` takes http for granted.
fn with_scheme(url: String) -> String {
    if url.contains("://") {
        url
    } else {
        format!("http://{url}")
    }
}

/// Splits an option into its name and its argument, which may be the next word; none if the word is no option.
fn option(
    word: &str,
    words: &mut impl Iterator<Item = String>,
) -> Option<(String, Option<String>)> {
    if let Some(long) = word.strip_prefix("--") {
        if let Some((name, value)) = long.split_once('=') {
            return Some((name.into(), Some(value.into())));
        }
        let known = [
            "form",
            "form-string",
            "request",
            "upload-file",
            "header",
            "url",
            "data",
            "data-binary",
            "data-raw",
        ];
        let has_argument = known.contains(&long) || IGNORED.contains(&long);
        return Some((long.into(), if has_argument { words.next() } else { None }));
    }
    let short = word.strip_prefix('-').filter(|short| !short.is_empty())?;
    // Options without an argument may come before one that has it: -sSF.
    let Some(at) = short.find(|c| WITH_ARGUMENT.contains(c)) else {
        return Some((short.into(), None));
    };
    let (name, attached) = (short[at..=at].to_owned(), &short[at + 1..]);
    let value = if attached.is_empty() {
        words.next()
    } else {
        Some(attached.into())
    };
    Some((name, value))
}

/// A field of `-F`; none if it is the file.
fn field(argument: &str) -> Result<Option<(String, String)>, PresignedPostError> {
    let Some((name, value)) = pair(argument, '=') else {
        return Ok(None);
    };
    if value.starts_with('@') {
        return Ok(None);
    }
    if value.starts_with('<') {
        return Err(PresignedPostError::Fields {
            name: format!("-F {name}"),
        });
    }
    let value = value.split(";type=").next().unwrap_or_default();
    let unquoted = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    // What mc prints for a folder.
    let value = unquoted.unwrap_or(value).replace("<NAME>", "${filename}");
    Ok(Some((name, value)))
}

fn pair(argument: &str, separator: char) -> Option<(String, String)> {
    let (name, value) = argument.split_once(separator)?;
    let value = if separator == ':' {
        value.trim()
    } else {
        value
    };
    Some((name.trim().to_owned(), value.to_owned()))
}

/// The words of a command, as a shell splits them, to the end of its line.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None::<String>;
    let mut quote = None;
    let mut characters = command.chars().peekable();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some('\''), c) => word.get_or_insert_default().push(c),
            (Some(_), '\\') if matches!(characters.peek(), Some('"' | '\\' | '$' | '`')) => {
                word.get_or_insert_default().extend(characters.next());
            }
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            // A line goes on after a backslash, in PowerShell after a backtick, in cmd after a caret.
            (None, '\\' | '`' | '^') if matches!(characters.peek(), Some('\n' | '\r')) => {
                characters.next_if_eq(&'\r');
                characters.next_if_eq(&'\n');
            }
            (None, '\\') => word.get_or_insert_default().extend(characters.next()),
            (None, '\n') => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_as_a_shell_does() {
        for (command, expected) in [
            ("a  b\tc", &["a", "b", "c"][..]),
            (r#"'a b' "c \"d\"" e\ f"#, &["a b", r#"c "d""#, "e f"]),
            ("a'b'\"c\" ''", &["abc", ""]),
            ("a \\\n  b\nc", &["a", "b"]),
            ("a ^\r\n  b", &["a", "b"]),
            ("key='${filename}'", &["key=${filename}"]),
        ] {
            assert_eq!(words(command), expected, "{command}");
        }
    }

    #[test]
    fn the_options_of_curl_are_distinguished_from_its_address() {
        let post = |fields: &[(&str, &str)]| {
            let owned = fields
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
            let url = "https://example.com/b".into();
            Ok::<_, String>(Shape::Post {
                url,
                fields: owned.collect(),
            })
        };
        for (line, expected) in [
            (
                " https://example.com/b -F key=a -F file=@<FILE>",
                post(&[("key", "a")]),
            ),
            (
                " -sSF key=a -o out https://example.com/b",
                post(&[("key", "a")]),
            ),
            (
                " -X POST --form 'key=a;type=text/plain' --form-string 'b=@c' --url https://example.com/b",
                post(&[("key", "a"), ("b", "@c")]),
            ),
            (
                " -Fkey=up/<NAME> https://example.com/b",
                post(&[("key", "up/${filename}")]),
            ),
        ] {
            assert_eq!(
                read(line).map_err(|error| error.to_string()),
                expected,
                "{line}"
            );
        }
        let put = read(
            " -X PUT -H 'Content-Type: image/png' -T photo.png 'https://example.com/b?X-Amz-Signature=s'",
        );
        let headers = vec![("Content-Type".into(), "image/png".into())];
        let url = "https://example.com/b?X-Amz-Signature=s".into();
        assert_eq!(put.unwrap(), Shape::Put { url, headers });
        for line in [
            " -F key=a",
            " https://example.com/b",
            " https://a.example https://b.example -F key=a",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_command_is_found_in_what_mc_prints() {
        let output = "URL: https://example.com/b\nExpire: 7 days\nShare: curl https://example.com/b/ -F key=a\n\n";
        assert_eq!(find(output), Some(" https://example.com/b/ -F key=a\n\n"));
        assert_eq!(find("curling is a sport\n{\"curl \": 1}"), None);
    }
}
