//! An HTML form, and the error document of a storage in place of one.

use super::{Pairs, Shape};
use crate::presigned::PresignedPostError;
use crate::text::one_line;

/// Inputs that a browser does not send as fields.
const NO_FIELDS: [&str; 5] = ["button", "file", "image", "reset", "submit"];

#[derive(Default)]
struct HtmlForm {
    action: Option<String>,
    fields: Pairs,
    has_file: bool,
}

/// Reads the forms with a file or a policy of a page.
pub(super) fn read(text: &str) -> Result<Vec<Shape>, PresignedPostError> {
    let is_policy = |(name, _): &(String, String)| name.eq_ignore_ascii_case("policy");
    let forms = forms(text).into_iter();
    let forms: Vec<_> = forms
        .filter(|form| form.has_file || form.fields.iter().any(is_policy))
        .collect();
    if forms.is_empty() {
        return Err(match error_document(text) {
            Some(message) => PresignedPostError::Api { message },
            None => PresignedPostError::NoForm {
                found: vec![match title(text) {
                    Some(title) => format!("an HTML page ({title})"),
                    None => "an HTML or XML document".into(),
                }],
            },
        });
    }
    let shape = |form: HtmlForm| match form.action {
        Some(_) if form.fields.is_empty() => Err(PresignedPostError::NoFields {
            address: "action".into(),
        }),
        Some(url) => Ok(Shape::Post {
            url,
            fields: form.fields,
        }),
        None => Err(PresignedPostError::NoAddress {
            fields: "form".into(),
        }),
    };
    forms.into_iter().map(shape).collect()
}

/// The title of a page: that of a proxy's error says what went wrong.
fn title(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let length = lower[start..].find("</title")?;
    Some(one_line(&text[start..start + length])).filter(|title| !title.is_empty())
}

/// The code and the message of S3's error document.
fn error_document(text: &str) -> Option<String> {
    let document = roxmltree::Document::parse(text).ok()?;
    let root = document.root_element();
    let child = |name: &str| {
        let mut children = root.children();
        let child = children.find(|child| child.tag_name().name().eq_ignore_ascii_case(name));
        child.and_then(|child| child.text()).map(str::to_owned)
    };
    let texts: Vec<_> = [child("Code"), child("Message")]
        .into_iter()
        .flatten()
        .collect();
    (root.tag_name().name() == "Error" && !texts.is_empty()).then(|| one_line(&texts.join(": ")))
}

fn forms(text: &str) -> Vec<HtmlForm> {
    let mut forms = Vec::new();
    let mut form = None::<HtmlForm>;
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
            continue;
        }
        let (tag, after) = tag(rest);
        rest = after;
        let attribute = |name: &str| fields_value(&tag.attributes, name);
        match tag.name.as_str() {
            "form" => {
                let action = attribute("action").filter(|action| !action.is_empty());
                let new = HtmlForm {
                    action,
                    ..HtmlForm::default()
                };
                forms.extend(form.replace(new));
            }
            "/form" => forms.extend(form.take()),
            "input" => {
                let kind = attribute("type").unwrap_or_default().to_ascii_lowercase();
                if let Some(form) = &mut form {
                    form.has_file |= kind == "file";
                    if !NO_FIELDS.contains(&kind.as_str())
                        && let Some(name) = attribute("name").filter(|name| !name.is_empty())
                    {
                        form.fields
                            .push((name, attribute("value").unwrap_or_default()));
                    }
                }
            }
            "script" | "style" => {
                let end = format!("</{}", tag.name);
                rest = rest.find(&end).map_or("", |at| &rest[at..]);
            }
            _ => {}
        }
    }
    forms.extend(form);
    forms
}

fn fields_value(attributes: &Pairs, name: &str) -> Option<String> {
    let mut attributes = attributes.iter();
    attributes.find_map(|(n, value)| (n == name).then(|| value.clone()))
}

struct Tag {
    name: String,
    attributes: Pairs,
}

/// Reads a tag behind its `<`, and returns what follows it.
fn tag(text: &str) -> (Tag, &str) {
    let name_end = text
        .find(|c: char| c.is_whitespace() || c == '>')
        .unwrap_or(text.len());
    let name = text[..name_end].trim_end_matches('/').to_ascii_lowercase();
    let mut attributes = Pairs::new();
    let mut rest = &text[name_end..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            break;
        }
        if let Some(after) = rest.strip_prefix('>') {
            rest = after;
            break;
        }
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>'));
        // An attribute that begins with "=" would have no name.
        let end = end
            .unwrap_or(rest.len())
            .max(rest.chars().next().map_or(0, char::len_utf8));
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            (value, rest) = attribute_value(after.trim_start());
        }
        attributes.push((name, decode(value)));
    }
    (Tag { name, attributes }, rest)
}

fn attribute_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.split_once(quote).unwrap_or((inner, ""));
        }
    }
    let end = text
        .find(|c: char| c.is_whitespace() || c == '>')
        .unwrap_or(text.len());
    text.split_at(end)
}

/// Replaces the character references that are used in attributes.
fn decode(text: &str) -> String {
    let mut decoded = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        decoded += &rest[..start];
        rest = &rest[start..];
        let end = rest
            .char_indices()
            .take(12)
            .find(|(_, c)| *c == ';')
            .map(|(at, _)| at);
        let reference = end.and_then(|end| Some((character(&rest[1..end])?, end + 1)));
        let (c, length) = reference.unwrap_or(('&', 1));
        decoded.push(c);
        rest = &rest[length..];
    }
    decoded + rest
}

fn character(reference: &str) -> Option<char> {
    Some(match reference {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "plus" => '+',
        "sol" => '/',
        "equals" => '=',
        number => {
            let number = number.strip_prefix('#')?;
            let hexadecimal = number.strip_prefix(['x', 'X']);
            let code = match hexadecimal {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_the_s3_documentation_is_read() {
        // As in "Browser-based uploads using POST", with an entity in the policy and a submit button.
        let page = r#"<html><!-- <form action="no"> --><body>
            <form action='https://bucket.s3.amazonaws.com/' method=post enctype="multipart/form-data">
              Key: <input type="input" name="key" value="user/${filename}" /><br>
              <input type=hidden name=acl value=public-read>
              <INPUT TYPE="hidden" NAME="Policy" VALUE="eyJ&#x3D;&#61;&amp;" />
              <input type="checkbox" disabled>
              File: <input type="file"   name="file" /> <br>
              <input type="submit" name="submit" value="Upload to Amazon S3" />
            </form>
            <form action="/search"><input name="q"></form>"#;
        let fields = [
            ("key", "user/${filename}"),
            ("acl", "public-read"),
            ("Policy", "eyJ==&"),
        ];
        let fields = fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        let url = "https://bucket.s3.amazonaws.com/".into();
        assert_eq!(read(page).unwrap(), [Shape::Post { url, fields }]);
    }

    #[test]
    fn an_error_document_is_shown_as_the_error_it_is() {
        let xml = "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>No.</Message></Error>";
        let error = read(xml).unwrap_err();
        let PresignedPostError::Api { message } = error else {
            panic!("{error:?}");
        };
        assert_eq!(message, "AccessDenied: No.");
        for page in [
            "<html>Sign in</html>",
            "<",
            "<form",
            "<form action",
            "<input name",
            "<form =",
            "<a b='",
        ] {
            assert!(read(page).is_err(), "{page}");
        }
    }
}
