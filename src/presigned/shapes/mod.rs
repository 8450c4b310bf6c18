//! Finds the presigned upload in what a producer prints: JSON in many shapes, a `curl` line, an HTML form, or a URL.
//!
//! Nothing is guessed: an address and fields are recognized by the names in [`names`], and two that differ are an
//! error.

mod curl;
mod find;
mod flat;
mod html;
mod json;
mod members;
mod names;
mod pairs;
mod report;
mod text;

use super::{PresignedPost, PresignedPostError};
use json::Json;

/// Names and values, in order.
type Pairs = Vec<(String, String)>;

/// A presigned upload before its address and fields are checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    Post { url: String, fields: Pairs },
    Put { url: String, headers: Pairs },
}

/// Reads all presigned uploads of a text; there is at least one.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Shape>, PresignedPostError> {
    let text = text::decode(limited(bytes)?)?;
    let text = text.trim();
    if text.starts_with('<') {
        return html::read(text);
    }
    if let Some(line) = curl::find(text) {
        return Ok(vec![curl::read(line)?]);
    }
    if is_url(text) {
        return Ok(vec![Shape::Put {
            url: text.into(),
            headers: Vec::new(),
        }]);
    }
    find::read(&parse(text)?)
}

/// Parsed JSON takes many times the memory of its text.
fn limited(bytes: &[u8]) -> Result<&[u8], PresignedPostError> {
    let max_bytes = PresignedPost::MAX_JSON_BYTES;
    if bytes.len() > max_bytes {
        Err(PresignedPostError::JsonTooLong { max_bytes })
    } else {
        Ok(bytes)
    }
}

fn parse(text: &str) -> Result<Json, PresignedPostError> {
    Json::parse(text).map_err(|error| match text::foreign(text) {
        Some((language, remedy)) => PresignedPostError::Printed { language, remedy },
        None => PresignedPostError::NotJson {
            line: error.line(),
            column: error.column(),
        },
    })
}

fn is_url(text: &str) -> bool {
    let scheme = text
        .split_once("://")
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https")) && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests;
