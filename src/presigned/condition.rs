//! One condition of a policy.

use std::fmt;

use serde_json::Value;

/// What a field or the file has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Equals {
        name: String,
        value: String,
    },
    StartsWith {
        name: String,
        prefix: String,
    },
    /// Alibaba's `in`.
    In {
        name: String,
        values: Vec<String>,
    },
    /// Alibaba's `not-in`.
    NotIn {
        name: String,
        values: Vec<String>,
    },
    ContentLength {
        min: u64,
        max: u64,
    },
    /// A condition that is not understood: the storage decides. Its text is not kept, because it may be secret.
    Unreadable,
}

impl Condition {
    /// Reads a condition. An object with several properties, which S3 does not allow, counts as several conditions.
    pub fn read(value: &Value) -> Vec<Self> {
        if let Some(object) = value.as_object().filter(|object| !object.is_empty()) {
            let equals = |(name, value): (&String, &Value)| match text(value) {
                Some(value) => Self::Equals {
                    name: name.clone(),
                    value,
                },
                None => Self::Unreadable,
            };
            return object.iter().map(equals).collect();
        }
        vec![Self::read_list(value).unwrap_or(Self::Unreadable)]
    }

    fn read_list(value: &Value) -> Option<Self> {
        let [operator, first, second] = value.as_array()?.as_slice() else {
            return None;
        };
        let operator = operator.as_str()?.to_ascii_lowercase();
        if operator == "content-length-range" {
            let (min, max) = (number(first)?, number(second)?);
            return Some(Self::ContentLength { min, max });
        }
        let name = first.as_str()?.strip_prefix('$')?.to_owned();
        let values = || second.as_array()?.iter().map(text).collect::<Option<_>>();
        Some(match operator.as_str() {
            "eq" => Self::Equals {
                name,
                value: text(second)?,
            },
            "starts-with" => Self::StartsWith {
                name,
                prefix: text(second)?,
            },
            "in" => Self::In {
                name,
                values: values()?,
            },
            "not-in" => Self::NotIn {
                name,
                values: values()?,
            },
            _ => return None,
        })
    }

    pub fn is_unreadable(&self) -> bool {
        *self == Self::Unreadable
    }

    /// The field it is about; none if it is about the file, or not understood.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Equals { name, .. }
            | Self::StartsWith { name, .. }
            | Self::In { name, .. }
            | Self::NotIn { name, .. } => Some(name),
            Self::ContentLength { .. } | Self::Unreadable => None,
        }
    }

    /// The values it compares with.
    pub fn values(&self) -> Vec<&str> {
        match self {
            Self::Equals { value, .. } => vec![value],
            Self::StartsWith { prefix, .. } => vec![prefix],
            Self::In { values, .. } | Self::NotIn { values, .. } => {
                values.iter().map(String::as_str).collect()
            }
            Self::ContentLength { .. } | Self::Unreadable => Vec::new(),
        }
    }

    /// Whether the storage may allow this value, or its absence. `${filename}` stands for the name of the file, which S3
    /// inserts before it checks the conditions.
    pub fn may_allow(&self, found: Option<&str>) -> bool {
        const FILE_NAME: &str = "${filename}";
        let Some((before, after)) = found.and_then(|found| found.split_once(FILE_NAME)) else {
            return self.allows(found);
        };
        let with_some_name = match self {
            Self::Equals { value, .. } => value.starts_with(before) && value.ends_with(after),
            Self::StartsWith { prefix, .. } => {
                before.starts_with(prefix) || prefix.starts_with(before)
            }
            Self::In { values, .. } => values.iter().any(|value| value.starts_with(before)),
            _ => true,
        };
        with_some_name || self.allows(found)
    }

    /// Whether the field may have this value, or be missing.
    pub fn allows(&self, found: Option<&str>) -> bool {
        match self {
            Self::Equals { value, .. } => found == Some(value),
            Self::StartsWith { name, prefix } => found.is_some_and(|found| {
                // S3 checks a list of types item by item.
                if name.eq_ignore_ascii_case("content-type") {
                    let mut items = found.split(',').map(str::trim_start);
                    items.all(|item| item.starts_with(prefix))
                } else {
                    found.starts_with(prefix)
                }
            }),
            Self::In { values, .. } => found.is_some_and(|found| values.iter().any(|v| v == found)),
            Self::NotIn { values, .. } => !values.iter().any(|value| found == Some(value)),
            Self::ContentLength { .. } | Self::Unreadable => true,
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<u64> {
    let text = || value.as_str()?.parse().ok();
    value.as_u64().or_else(text)
}

/// In S3's words.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals { name, value } => write!(f, "[\"eq\", \"${name}\", {value:?}]"),
            Self::StartsWith { name, prefix } => {
                write!(f, "[\"starts-with\", \"${name}\", {prefix:?}]")
            }
            Self::In { name, values } => write!(f, "[\"in\", \"${name}\", {values:?}]"),
            Self::NotIn { name, values } => write!(f, "[\"not-in\", \"${name}\", {values:?}]"),
            Self::ContentLength { min, max } => {
                write!(f, "[\"content-length-range\", {min}, {max}]")
            }
            Self::Unreadable => f.write_str("[unknown]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_that_storage_inserts_is_left_to_it() {
        for (condition, key, allowed) in [
            (r#"["eq","$key","a/photo.jpg"]"#, "a/${filename}", true),
            (r#"["eq","$key","a/${filename}"]"#, "a/${filename}", true),
            (r#"["eq","$key","b/photo.jpg"]"#, "a/${filename}", false),
            (r#"["eq","$key","a/photo.png"]"#, "a/${filename}.jpg", false),
            (r#"["starts-with","$key","a/"]"#, "a/${filename}", true),
            (r#"["starts-with","$key","a/photo"]"#, "a/${filename}", true),
            (r#"["starts-with","$key","b/"]"#, "a/${filename}", false),
            (r#"["in","$key",["a/1.jpg"]]"#, "a/${filename}", true),
            (r#"["in","$key",["b/1.jpg"]]"#, "a/${filename}", false),
            (r#"["eq","$key","a"]"#, "a", true),
            (r#"["eq","$key","a"]"#, "b", false),
        ] {
            let read = Condition::read(&serde_json::from_str(condition).unwrap());
            assert_eq!(read[0].may_allow(Some(key)), allowed, "{condition} {key}");
        }
    }
}
