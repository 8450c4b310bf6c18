//! Texts with names in braces, such as `out/{stem}-{width}.{ext}`.

use std::str::FromStr;

/// A text whose names in braces are replaced. `{{` and `}}` are braces; `\t`, `\n` and `\\` are what they are in shells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

impl Template {
    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The first name that is none of `known`.
    pub fn unknown_name(&self, known: &[&str]) -> Option<&str> {
        self.names().find(|name| !known.contains(name))
    }

    /// The text, with `value` for each name.
    pub fn render(&self, value: impl Fn(&str) -> String) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Name(name) => value(name),
        });
        parts.collect()
    }

    /// Reads a template in which a backslash is an ordinary character, as it is in paths of Windows.
    pub fn from_path(text: &str) -> Result<Self, String> {
        Self::parse(text, false)
    }

    fn parse(text: &str, has_escapes: bool) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '{' | '}' if rest.peek() == Some(&c) => {
                    rest.next();
                    literal.push(c);
                }
                '{' => {
                    let mut name = String::new();
                    loop {
                        match rest.next() {
                            Some('}') => break,
                            Some(c) if c.is_ascii_alphanumeric() || c == '_' => name.push(c),
                            _ => {
                                return Err(format!(
                                    "{{{name} is not closed; write {{{name}}}, or {{{{ for a brace"
                                ));
                            }
                        }
                    }
                    parts.push(Part::Text(std::mem::take(&mut literal)));
                    parts.push(Part::Name(name));
                }
                '}' => return Err("} has no {; write }} for a brace".into()),
                '\\' if has_escapes => match rest.next() {
                    Some('t') => literal.push('\t'),
                    Some('n') => literal.push('\n'),
                    Some('\\') => literal.push('\\'),
                    _ => return Err(r"after \ comes t, n or another \".into()),
                },
                c => literal.push(c),
            }
        }
        parts.push(Part::Text(literal));
        Ok(Self(parts))
    }
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_and_everything_else_stays() {
        let template: Template = r"{id}\t{width}x{height} {{{key}}}\\".parse().unwrap();
        assert_eq!(
            template.names().collect::<Vec<_>>(),
            ["id", "width", "height", "key"]
        );
        let rendered = template.render(|name| name.to_uppercase());
        assert_eq!(rendered, "ID\tWIDTHxHEIGHT {KEY}\\");
        assert_eq!(template.unknown_name(&["id", "width"]), Some("height"));
        let path = Template::from_path(r"C:\new\{stem}").unwrap();
        assert_eq!(path.render(str::to_owned), r"C:\new\stem");
    }

    #[test]
    fn what_is_not_closed_is_rejected() {
        for text in ["{id", "{id {key}", "id}", r"a\", r"\x", "{"] {
            assert!(text.parse::<Template>().is_err(), "{text}");
        }
    }
}
