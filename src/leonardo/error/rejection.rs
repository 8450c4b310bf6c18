//! The shapes in which the API reports errors.

use serde_json::Value;

/// The error that a response reports.
pub(super) struct Rejection {
    pub message: String,
    pub code: Option<String>,
    pub path: Option<String>,
    pub status: Option<u16>,
}

impl Rejection {
    /// `{"error", "path", "code"}` of version 1, `{"errors": [{"message", "path", "extensions": {"code",
    /// "statusCode"}}]}` of version 2, or the bare list of either.
    pub fn find(value: &Value) -> Option<Self> {
        if let Some(rejection) = Self::v1(value) {
            return Some(rejection);
        }
        let errors = value.get("errors").unwrap_or(value).as_array()?;
        let first = errors.first()?;
        let mut rejection = Self::v1(first).or_else(|| Self::v2(first))?;
        if errors.len() > 1 {
            rejection.message += &format!(" (and {} more)", errors.len() - 1);
        }
        Some(rejection)
    }

    fn v1(value: &Value) -> Option<Self> {
        let error = value.get("error").filter(|error| !error.is_null())?;
        let of_object = |name| error.get(name).map(text);
        Some(Self {
            message: of_object("message").unwrap_or_else(|| text(error)),
            code: value.get("code").map(text).or_else(|| of_object("code")),
            path: value.get("path").map(text),
            status: None,
        })
    }

    fn v2(error: &Value) -> Option<Self> {
        let extension = |name| error.pointer("/extensions").and_then(|all| all.get(name));
        let steps = |path: &Value| match path.as_array() {
            Some(steps) => steps.iter().map(text).collect::<Vec<_>>().join("."),
            None => text(path),
        };
        let status = extension("statusCode").and_then(Value::as_u64);
        Some(Self {
            message: error.get("message").map(text)?,
            code: extension("code").map(text),
            path: error.get("path").or_else(|| extension("path")).map(steps),
            status: status.and_then(|status| status.try_into().ok()),
        })
    }
}

/// A string without its quotes, or any other value as JSON.
fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
