//! What the API's responses have in common.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::error::{ApiError, Error};

/// Reads the member `name`. If it is null, the API rejected the call without a message, or the resource does not exist.
pub(super) fn wrapped<T: DeserializeOwned>(body: &[u8], name: &str) -> Result<T, Error> {
    let mut response: Value = serde_json::from_slice(body).map_err(ApiError::unreadable)?;
    match response.get_mut(name).map(Value::take) {
        None => Err(ApiError::lacks(name).into()),
        Some(Value::Null) => Err(ApiError::null(name).into()),
        Some(value) => Ok(serde_json::from_value(value).map_err(ApiError::unreadable)?),
    }
}

/// The id of what a call created. If it is null, nothing was created.
pub(super) fn created_id(id: Option<String>, resource: &str) -> Result<String, Error> {
    id.ok_or_else(|| ApiError::null(&format!("the id of {resource}")).into())
}

/// Reads a text that is empty if it is missing or null.
pub(super) fn text_or_empty<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a list that is empty if it is missing or null.
pub(super) fn list_or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A resource that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Deleted {
    /// Its id, if the API reports it.
    pub id: Option<String>,
}

impl Deleted {
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: Some(id.into()),
        }
    }
}
