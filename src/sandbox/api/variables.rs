//! Tables of the variables of a call: their names, whether they are required, and their allowed values.

use std::fmt::Display;
use std::ops::RangeInclusive;

use serde_json::Value;

use super::refusal::Refusal;
use crate::extension::Extension;
use crate::geometry::Bounds;

pub(super) struct Variable {
    pub name: &'static str,
    required: bool,
    kind: Kind,
}

pub(super) enum Kind {
    Flag,
    /// A string with this number of characters.
    Text(RangeInclusive<usize>),
    Integer(RangeInclusive<i64>),
    Number(RangeInclusive<f64>),
    /// A width or a height; both have the same bounds.
    Side(Bounds),
    OneOf(&'static [&'static str]),
    List(&'static Kind),
    Object(&'static [Variable]),
}

pub(super) const ANY_TEXT: Kind = Kind::Text(0..=10_000);
pub(super) const ID: Kind = Kind::Text(1..=100);
pub(super) const PROMPT: Kind = Kind::Text(1..=1500);
pub(super) const SEED: Kind = Kind::Integer(0..=4_294_967_295);
pub(super) const ANY_NUMBER: Kind = Kind::Number(f64::MIN..=f64::MAX);
/// Lower case only, like the real API.
pub(super) const IMAGE_EXTENSION: Kind = Kind::OneOf(&[
    Extension::Png.as_str(),
    Extension::Jpg.as_str(),
    Extension::Jpeg.as_str(),
    Extension::Webp.as_str(),
]);
/// The resource that the id of an image belongs to.
pub(super) const IMAGE_TYPE: Kind = Kind::OneOf(&["GENERATED", "UPLOADED"]);

pub(super) const fn required(name: &'static str, kind: Kind) -> Variable {
    Variable {
        name,
        required: true,
        kind,
    }
}

pub(super) const fn optional(name: &'static str, kind: Kind) -> Variable {
    Variable {
        name,
        required: false,
        kind,
    }
}

/// Checks `body` against `table`: rejects unknown, missing and invalid variables.
pub(super) fn check(body: &Value, table: &[Variable]) -> Result<(), Refusal> {
    check_object(body, table, "$")
}

fn check_object(value: &Value, table: &[Variable], path: &str) -> Result<(), Refusal> {
    let Value::Object(given) = value else {
        return Err(wrong_type("an object", value, path));
    };
    let known = |name: &str| table.iter().any(|variable| variable.name == name);
    let unknown: Vec<_> = given.keys().filter(|name| !known(name)).collect();
    if let [first, rest @ ..] = unknown.as_slice() {
        let names = rest
            .iter()
            .fold(first.to_string(), |all, name| all + ", " + name);
        let message = format!("unexpected variables in variableValues: {names}");
        return Err(Refusal::invalid(message).at(path));
    }
    for Variable {
        name,
        required,
        kind,
    } in table
    {
        match given.get(*name).filter(|value| !value.is_null()) {
            Some(value) => kind.check(value, &format!("{path}.{name}"))?,
            None if *required => {
                let message = format!("expecting a value for non-nullable variable: {name:?}");
                return Err(Refusal::invalid(message).at(path));
            }
            None => {}
        }
    }
    Ok(())
}

impl Kind {
    fn check(&self, value: &Value, path: &str) -> Result<(), Refusal> {
        match (self, value) {
            (Self::Flag, Value::Bool(_)) => Ok(()),
            (Self::Text(range), Value::String(text)) => {
                within(range, text.chars().count(), "characters", path)
            }
            (Self::Integer(range), Value::Number(number)) => match number.as_i64() {
                Some(number) => within(range, number, "", path),
                None => Err(wrong_type("an integer", value, path)),
            },
            (Self::Number(range), Value::Number(number)) => {
                within(range, number.as_f64().unwrap_or(f64::NAN), "", path)
            }
            (Self::Side(bounds), Value::Number(_)) => check_side(bounds, value, path),
            (Self::OneOf(words), Value::String(word)) => {
                if words.contains(&word.as_str()) {
                    Ok(())
                } else {
                    let words = words.join(", ");
                    Err(out_of_range(format!("one of {words}"), word, path))
                }
            }
            (Self::List(kind), Value::Array(values)) => {
                let mut values = values.iter().enumerate();
                values.try_for_each(|(i, value)| kind.check(value, &format!("{path}[{i}]")))
            }
            (Self::Object(table), value) => check_object(value, table, path),
            (kind, value) => Err(wrong_type(kind.name(), value, path)),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Flag => "a boolean",
            Self::Text(_) | Self::OneOf(_) => "a string",
            Self::Integer(_) | Self::Side(_) => "an integer",
            Self::Number(_) => "a number",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

fn within<T: PartialOrd + Display>(
    range: &RangeInclusive<T>,
    found: T,
    unit: &str,
    path: &str,
) -> Result<(), Refusal> {
    if range.contains(&found) {
        Ok(())
    } else {
        let allowed = format!("{} to {} {unit}", range.start(), range.end());
        Err(out_of_range(allowed.trim_end().into(), found, path))
    }
}

fn check_side(bounds: &Bounds, value: &Value, path: &str) -> Result<(), Refusal> {
    let Bounds {
        min, max, multiple, ..
    } = bounds;
    let side = value.as_u64().and_then(|side| u32::try_from(side).ok());
    match side {
        Some(side) if (min.width..=max.width).contains(&side) && side.is_multiple_of(*multiple) => {
            Ok(())
        }
        _ => {
            let allowed = format!(
                "{} to {} and a multiple of {multiple}",
                min.width, max.width
            );
            Err(out_of_range(allowed, value, path))
        }
    }
}

fn out_of_range(allowed: String, found: impl Display, path: &str) -> Refusal {
    let name = path.trim_start_matches("$.");
    Refusal::invalid(format!("{name} must be {allowed}, not {found}")).at(path)
}

fn wrong_type(expected: &str, found: &Value, path: &str) -> Refusal {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    let name = path.trim_start_matches("$.");
    Refusal::invalid(format!("expected {expected} for {name}, but found {found}")).at(path)
}
