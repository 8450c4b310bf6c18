//! The API's refusals, in every shape they come in.

use std::fmt;

use serde_json::Value;

use crate::text::{first_line, one_line};

/// A refusal by the API, or an answer that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status. 200 is possible: some refusals come with it.
    pub status: u16,
    /// The API's code, for example `access-denied`.
    pub code: Option<String>,
    /// The API's message, or the first line of an answer that is not JSON.
    pub message: String,
}

impl ApiError {
    /// Finds a refusal in an answer: none when the answer is good as far as its shape tells. `redact` takes the key
    /// out of the texts before they are cut.
    pub(super) fn find(status: u16, body: &[u8], redact: impl Fn(&str) -> String) -> Option<Self> {
        let value: Option<Value> = serde_json::from_slice(body).ok();
        match value.as_ref().and_then(refusal) {
            Some((message, code)) => Some(Self {
                status,
                code: code.map(|code| one_line(&redact(&code))),
                message: one_line(&redact(&message)),
            }),
            None if (200..300).contains(&status) => None,
            None => {
                let text = redact(&String::from_utf8_lossy(body));
                Some(Self::new(status, first_line(&text)))
            }
        }
    }

    /// An answer that lacks what it should hold.
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            code: None,
            message: message.into(),
        }
    }

    /// Whether the API does not know the key. It answers 500 to a key that is not a UUID.
    pub fn is_unauthorized(&self) -> bool {
        self.status == 401 || self.message.contains("authorization hook")
    }
}

/// The message and code of a refusal: `{"error", "code"}` of version 1, `{"errors": [{"message", "extensions":
/// {"code"}}]}` or the bare list of version 2.
fn refusal(value: &Value) -> Option<(String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(error) = value.get("error").filter(|error| !error.is_null()) {
        let message = text(error).unwrap_or_else(|| error.to_string());
        return Some((message, value.get("code").and_then(text)));
    }
    let errors = value.get("errors").unwrap_or(value).as_array()?;
    let first = errors.first()?;
    let message = first.get("message").and_then(text)?;
    Some((message, first.pointer("/extensions/code").and_then(text)))
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the API answered {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        match self.status {
            _ if self.is_unauthorized() => f.write_str("; check the API key (LEONARDO_API_KEY)"),
            429 => f.write_str("; too many calls: wait a minute and try again"),
            500.. => f.write_str("; try again later"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(status: u16, body: &str) -> Option<(String, Option<String>)> {
        ApiError::find(status, body.as_bytes(), str::to_owned)
            .map(|error| (error.message, error.code))
    }

    #[test]
    fn every_shape_of_a_refusal_is_found() {
        let both = |message: &str, code: &str| Some((message.into(), Some(code.into())));
        let v1 = r#"{"error":"no such field","path":"$","code":"validation-failed"}"#;
        assert_eq!(find(400, v1), both("no such field", "validation-failed"));
        assert_eq!(find(200, v1), both("no such field", "validation-failed"));
        let v2 = r#"{"errors":[{"message":"m","extensions":{"code":"c"}}]}"#;
        assert_eq!(find(200, v2), both("m", "c"));
        assert_eq!(
            find(200, r#"[{"message":"m","extensions":{"code":"c"}}]"#),
            both("m", "c")
        );
        let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
        assert_eq!(find(502, page), Some(("502 Bad Gateway".into(), None)));
        assert_eq!(find(500, ""), Some((String::new(), None)));
        for good in [
            r#"{"uploadInitImage":{}}"#,
            r#"{"errors":[]}"#,
            "[]",
            r#"{"error":null}"#,
        ] {
            assert_eq!(find(200, good), None, "{good}");
        }
    }

    #[test]
    fn a_key_that_is_no_uuid_is_an_authorization_error() {
        let hook = r#"{"error":"Invalid response from authorization hook","code":"unexpected"}"#;
        let error = ApiError::find(500, hook.as_bytes(), str::to_owned).unwrap();
        assert!(error.is_unauthorized());
        assert!(error.to_string().ends_with("(LEONARDO_API_KEY)"));
    }
}
