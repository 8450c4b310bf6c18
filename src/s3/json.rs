//! Errors in JSON: Azure, Google Cloud Storage, and the gateways in front of a storage.

use serde_json::Value;

/// The code and the message of an error in JSON.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct JsonError {
    pub code: Option<String>,
    pub message: String,
}

impl JsonError {
    /// Reads `{"error": {"code": …, "message": …}}`, `{"error": …, "message": …}` or `{"message": …}`; none if there is
    /// no message.
    pub fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
        let error = value.get("error").filter(|error| error.is_object());
        let object = error.unwrap_or(&value);
        let text = |names: &[&str]| {
            let mut texts = names.iter().filter_map(|name| object.get(name)?.as_str());
            texts.next().map(str::to_owned)
        };
        let message = text(&["message", "Message", "error_description", "msg", "detail"]);
        let code = text(&["code", "Code", "error"]);
        // A code is one word; a sentence is the message.
        let is_code = |code: &String| !code.is_empty() && !code.contains(char::is_whitespace);
        match (code, message) {
            (code, Some(message)) => Some(Self {
                code: code.filter(is_code),
                message,
            }),
            (Some(message), None) => Some(Self {
                code: None,
                message,
            }),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_errors_of_clouds_and_gateways_are_read() {
        for (text, code, message) in [
            (
                r#"{"error":{"code":"AuthenticationFailed","message":"Server failed to authenticate."}}"#,
                Some("AuthenticationFailed"),
                "Server failed to authenticate.",
            ),
            (
                r#"{"error":{"code":403,"message":"Forbidden"}}"#,
                None,
                "Forbidden",
            ),
            (
                r#"{"statusCode":"403","error":"Unauthorized","message":"new row violates row-level security policy"}"#,
                Some("Unauthorized"),
                "new row violates row-level security policy",
            ),
            (r#"{"message":"Forbidden"}"#, None, "Forbidden"),
            (r#"{"detail":"Forbidden"}"#, None, "Forbidden"),
            (r#"{"error":"not allowed here"}"#, None, "not allowed here"),
        ] {
            let expected = JsonError {
                code: code.map(str::to_owned),
                message: message.into(),
            };
            assert_eq!(JsonError::parse(text), Some(expected), "{text}");
        }
        for text in ["", "{}", "[]", "3", r#"{"Status":"OK"}"#, "<Error/>"] {
            assert_eq!(JsonError::parse(text), None, "{text}");
        }
    }
}
