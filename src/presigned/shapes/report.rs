//! What is reported about JSON without a form: the names in it, or the error of the API that sent it.

use super::json::Json;
use super::names::plain;
use crate::text::one_line;

/// How many names are listed.
const MAX_KEYS: usize = 12;

/// How deep in the JSON an error is looked for.
const MAX_DEPTH: usize = 4;

/// Members that hold an error.
const ERRORS: [&str; 5] = ["error", "errors", "usererrors", "fault", "errormessage"];

/// Members that hold its text, the best first.
const MESSAGES: [&str; 8] = [
    "message",
    "errormessage",
    "errordescription",
    "description",
    "detail",
    "title",
    "msg",
    "code",
];

/// The names of the members, those of an only member behind its own.
pub(super) fn keys(json: &Json) -> Vec<String> {
    let mut keys = Vec::new();
    collect(json, "", &mut keys);
    keys
}

fn collect(json: &Json, before: &str, keys: &mut Vec<String>) {
    match json {
        Json::Object(members) => {
            for (name, value) in members {
                if keys.len() == MAX_KEYS {
                    return;
                }
                let name: String = one_line(name).chars().take(40).collect();
                let path = format!("{before}{name}");
                if members.len() == 1
                    && matches!(value, Json::Object(_) | Json::List(_))
                    && before.len() < 100
                {
                    collect(value, &format!("{path}."), keys);
                } else if *value == Json::Null {
                    keys.push(format!("{path} (null)"));
                } else {
                    keys.push(path);
                }
            }
        }
        Json::List(items) => {
            if let Some(item) = items.first() {
                collect(item, before, keys);
            }
        }
        _ => {}
    }
}

/// The message of an API error.
pub(super) fn api_error(json: &Json) -> Option<String> {
    let found = find_error(json, MAX_DEPTH).or_else(|| bare_message(json.as_object()?))?;
    let message = without_queries(&one_line(&found));
    Some(message).filter(|message| !message.is_empty())
}

/// The message that is not marked as an error: `{"message": "Forbidden"}` of a gateway, `{"detail": "Not found."}` of a
/// web framework, problem details (RFC 9457).
fn bare_message(members: &[(String, Json)]) -> Option<String> {
    let named = |wanted: &str| {
        let mut members = members.iter();
        let (_, value) = members.find(|(name, _)| plain(name) == wanted)?;
        Some(value)
    };
    // `{"detail": [{"loc": ["body"], "msg": "field required"}]}`
    if let Some(Json::List(details)) = named("detail") {
        return details.iter().find_map(|detail| message(detail, &[]));
    }
    let is_text = |(_, value): &(String, Json)| value.is_empty() || value.as_text().is_some();
    if !members.iter().all(is_text) {
        return None;
    }
    let title = || named("title").filter(|_| named("status").is_some());
    let found = named("message")
        .or_else(|| named("detail"))
        .or_else(title)?;
    found.as_text().map(str::to_owned)
}

fn find_error(json: &Json, depth: usize) -> Option<String> {
    match json {
        Json::Object(members) => {
            let is_error = |(name, value): &&(String, Json)| {
                ERRORS.contains(&plain(name).as_str()) && !value.is_empty()
            };
            let own = members
                .iter()
                .filter(is_error)
                .find_map(|(_, value)| message(value, members));
            let mut inner = members.iter();
            own.or_else(|| inner.find_map(|(_, value)| find_error(value, depth.checked_sub(1)?)))
        }
        Json::List(items) => items
            .iter()
            .find_map(|item| find_error(item, depth.checked_sub(1)?)),
        Json::Text(text) if depth == MAX_DEPTH - 1 => {
            let inner = Json::parse_inner(text)?;
            find_error(&inner, depth - 1)
        }
        _ => None,
    }
}

/// The text of an error, which `beside` may explain.
fn message(error: &Json, beside: &[(String, Json)]) -> Option<String> {
    let best = |members: &[(String, Json)]| {
        MESSAGES.iter().find_map(|wanted| {
            let mut members = members.iter();
            let (_, value) =
                members.find(|(name, value)| plain(name) == *wanted && !value.is_empty())?;
            value.as_text().map(str::to_owned)
        })
    };
    match error {
        // `{"error": "invalid_grant", "error_description": "…"}`, `{"error": true, "message": "…"}`.
        Json::Text(text) => match best(beside) {
            Some(more) if more != *text => Some(format!("{text}: {more}")),
            _ => Some(text.clone()),
        },
        Json::Literal(literal) if literal == "false" || literal == "0" => None,
        Json::Literal(_) => best(beside),
        Json::List(items) => items.iter().find_map(|item| message(item, &[])),
        Json::Object(members) => best(members).or_else(|| {
            // `{"errors": {"name": ["is too long"]}}`
            let (name, value) = members.first()?;
            Some(format!("{name}: {}", message(value, &[])?))
        }),
        Json::Null => None,
    }
}

/// The query of a URL may be a signature.
fn without_queries(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.split_once('?') {
        Some((address, _)) if address.contains("://") => address,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}
