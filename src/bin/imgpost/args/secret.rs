//! Arguments that may contain a secret: a form, or a value in the place of another argument.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};

/// Where a presigned form comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormSource {
    Standard,
    File(PathBuf),
    /// The form itself, as `--presigned "$(cat form.json)"` gives it.
    Text(String),
    /// A URL, probably of a presigned PUT.
    Url(String),
}

impl FormSource {
    pub fn parser() -> impl TypedValueParser<Value = Self> {
        OsStringValueParser::new().map(Self::from)
    }
}

impl From<OsString> for FormSource {
    fn from(value: OsString) -> Self {
        if value == "-" {
            return Self::Standard;
        }
        let Some(text) = value.to_str().filter(|text| !Path::new(text).exists()) else {
            return Self::File(value.into());
        };
        let text = text.trim_start_matches('\u{feff}');
        let start = text.trim_start();
        let has_scheme = |scheme: &str| {
            let start = start.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        if has_scheme("https://") || has_scheme("http://") {
            return Self::Url(start.trim_end().into());
        }
        if start.starts_with('{') || text.contains('\n') || is_too_long_for_a_path(text) {
            return Self::Text(text.into());
        }
        Self::File(value.into())
    }
}

/// Linux has the highest limits.
fn is_too_long_for_a_path(text: &str) -> bool {
    text.len() > 4095 || text.split(['/', '\\']).any(|name| name.len() > 255)
}

/// Whether an argument looks like a file name or a short word and cannot be a secret, such as a form, a signed URL or a
/// key.
pub fn is_plain(argument: &OsStr) -> bool {
    const MAX_LENGTH: usize = 100;
    let Some(text) = argument.to_str() else {
        return false;
    };
    let is_plain = |c: char| c.is_alphanumeric() || " ._-/\\~:,+@()".contains(c);
    let is_key = |name: &str| {
        name.len() >= 20 && !name.contains('.') && name.contains(|c: char| c.is_ascii_digit())
    };
    text.len() <= MAX_LENGTH
        && text.chars().all(is_plain)
        && !text.contains("://")
        && !text.split(['/', '\\']).any(is_key)
}

/// `message` with an ellipsis in place of each argument that may be secret.
pub fn without_secrets(message: String, arguments: impl Iterator<Item = OsString>) -> String {
    arguments.fold(message, |message, argument| {
        let text = argument.to_string_lossy();
        // clap repeats the name of an option without its value, or the value alone.
        let value = match text.split_once('=') {
            Some((name, value)) if name.starts_with('-') => value,
            _ => &text,
        };
        if value.is_empty() || is_plain(OsStr::new(value)) {
            message
        } else {
            message.replace(value, "…")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(value: &str) -> FormSource {
        OsString::from(value).into()
    }

    #[test]
    fn forms_and_file_names_are_distinguished() {
        let long = "a".repeat(300);
        for text in [
            "{\"url\": \"https://example.com\"}",
            " \n{}",
            "curl https://example.com \\\n -F key=a",
            &long,
            &format!("folder/{long}"),
        ] {
            assert_eq!(source(text), FormSource::Text(text.into()));
        }
        assert_eq!(source("\u{feff}{}"), FormSource::Text("{}".into()));
        for path in ["form.json", "folder/form.json", "C:\\form.json", "", "[]"] {
            assert_eq!(source(path), FormSource::File(path.into()));
        }
        for url in [
            "https://example.com/a?X-Amz-Signature=1",
            " HTTP://127.0.0.1/",
        ] {
            assert_eq!(source(url), FormSource::Url(url.trim().into()));
        }
        assert_eq!(source("-"), FormSource::Standard);
    }

    #[test]
    fn existing_file_is_a_file_whatever_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("{form}.json");
        std::fs::write(&path, "").unwrap();
        let value = path.clone().into_os_string();
        assert_eq!(FormSource::from(value), FormSource::File(path));
    }

    #[test]
    fn possible_secrets_are_not_plain() {
        for plain in [
            "form.json",
            "../some folder/form (2).json",
            "C:\\Users\\me\\form.json",
            "IMG_20261122_150347123.jpg",
            "bildgr\u{f6}\u{df}e",
            "a-rather-long-name-without-digits",
            "--half",
            "1024x768",
        ] {
            assert!(is_plain(OsStr::new(plain)), "{plain}");
        }
        for secret in [
            "00000000-0000-4000-8000-000000000099",
            "AKIAIOSFODNN7EXAMPLE",
            "folder/0123456789abcdef0123456789abcdef",
            "{\"url\":1}",
            "https://example.com/",
            "a=b",
            "a?b",
            "a\nb",
            &"a.".repeat(60),
        ] {
            assert!(!is_plain(OsStr::new(secret)), "{secret}");
        }
    }
}
