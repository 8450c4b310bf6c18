//! Names and values in the forms that producers write them.

use super::Pairs;
use super::json::Json;

/// The names of a pair's name, and those of its value, in `[{"name": …, "value": …}]`.
const NAMES: [&str; 6] = ["name", "key", "Name", "Key", "field", "k"];
const VALUES: [&str; 4] = ["value", "Value", "val", "v"];

/// Reads an object, a string that contains one, `[{name, value}]`, `[[name, value]]` or `[{name: value}]`. Numbers and
/// Booleans become texts, and what is null is left out. None if it is anything else.
pub(super) fn read(json: &Json) -> Option<Pairs> {
    match json {
        Json::Object(members) => members
            .iter()
            .filter_map(|(name, value)| pair(name, value).transpose())
            .collect::<Result<_, _>>()
            .ok(),
        Json::List(items) => items
            .iter()
            .filter_map(|item| item_pair(item).transpose())
            .collect::<Result<_, _>>()
            .ok(),
        Json::Text(text) => read(&Json::parse_inner(text)?),
        Json::Literal(_) | Json::Null => None,
    }
}

/// Neither a pair nor a name without a value.
struct NoPair;

/// The pair that an item of a list is; none if its value is null.
fn item_pair(item: &Json) -> Result<Option<(String, String)>, NoPair> {
    match item {
        Json::List(items) => match items.as_slice() {
            [name, value] => pair(name.as_text().ok_or(NoPair)?, value),
            _ => Err(NoPair),
        },
        Json::Object(members) => {
            let first = |names: &[&str]| names.iter().find_map(|name| item.member(name));
            match (first(&NAMES), first(&VALUES), members.as_slice()) {
                (Some(name), Some(value), _) => pair(name.as_text().ok_or(NoPair)?, value),
                (_, _, [(name, value)]) => pair(name, value),
                _ => Err(NoPair),
            }
        }
        _ => Err(NoPair),
    }
}

/// A name with its value; none if that is null.
fn pair(name: &str, value: &Json) -> Result<Option<(String, String)>, NoPair> {
    let value = match value {
        // PHP and Java write the values of headers and forms as lists.
        Json::List(values) => match values.as_slice() {
            [] => return Ok(None),
            [value] => value,
            _ => return Err(NoPair),
        },
        value => value,
    };
    match value {
        Json::Null => Ok(None),
        value => {
            let value = value.as_text().ok_or(NoPair)?;
            Ok(Some((name.to_owned(), value.to_owned())))
        }
    }
}
