//! The API's errors, in every shape that they have.

use std::fmt;

use serde_json::Value;

use super::rejection::Rejection;
use crate::text::{first_line, one_line};
use crate::transport::{Response, is_transient};

/// The API rejected a call, or its response is unusable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status. It can be 200: the API reports some errors with it.
    pub status: u16,
    /// The API's code, for example `access-denied`.
    pub code: Option<String>,
    /// The API's message, or the first line of a response that is not JSON.
    pub message: String,
    /// The part of the request that the API rejects, in its own notation: `$.variables.width`.
    pub path: Option<String>,
    /// The id of the request. The API's support asks for it.
    pub request_id: Option<String>,
    /// Whether the response reports success, but lacks the result.
    is_unusable: bool,
    /// Whether the response means that there is no resource with the given id.
    is_missing: bool,
    /// The status in the body, if it differs from the HTTP status.
    status_in_body: Option<u16>,
}

/// Headers that may have the id of the request: the API's, its gateway's, or those of the content delivery networks.
const REQUEST_IDS: [&str; 4] = ["x-request-id", "x-amzn-requestid", "x-amz-cf-id", "cf-ray"];

impl ApiError {
    /// Finds an error in a response. `redact` removes the API key from texts before they are cut.
    pub(in crate::leonardo) fn find(
        response: &Response,
        redact: impl Fn(&str) -> String,
    ) -> Option<Self> {
        let value: Option<Value> = serde_json::from_slice(&response.body).ok();
        let error = match value.as_ref().and_then(Rejection::find) {
            Some(rejection) => Self {
                code: rejection.code.map(|code| one_line(&redact(&code))),
                path: rejection.path.map(|path| one_line(&redact(&path))),
                status_in_body: rejection.status,
                ..Self::new(one_line(&redact(&rejection.message)))
            },
            None if response.is_success() => return None,
            None => Self::new(first_line(&redact(&String::from_utf8_lossy(
                &response.body,
            )))),
        };
        Some(error.with_head(response, redact))
    }

    fn new(message: impl Into<String>) -> Self {
        Self {
            status: 200,
            code: None,
            message: message.into(),
            path: None,
            request_id: None,
            is_unusable: false,
            is_missing: false,
            status_in_body: None,
        }
    }

    /// A response that reports success, but is unusable.
    pub(in crate::leonardo) fn unusable(message: impl Into<String>) -> Self {
        Self {
            is_unusable: true,
            ..Self::new(message)
        }
    }

    /// A response without `name`.
    pub(in crate::leonardo) fn lacks(name: &str) -> Self {
        Self::unusable(format!("there is no {name}"))
    }

    /// A response in which `name` is null. If the name ends in `_by_pk`, there is no resource with the given id.
    pub(in crate::leonardo) fn null(name: &str) -> Self {
        Self {
            is_missing: name.ends_with("_by_pk"),
            ..Self::unusable(format!("{name} is null"))
        }
    }

    /// A response in which the list `name` is empty: there is no resource with the given id.
    pub(in crate::leonardo) fn empty(name: &str) -> Self {
        Self {
            is_missing: true,
            ..Self::unusable(format!("{name} is empty"))
        }
    }

    /// A response that is not the JSON that it should be.
    pub(in crate::leonardo) fn unreadable(error: serde_json::Error) -> Self {
        Self::unusable(error.to_string())
    }

    /// Adds what the head of the response contains, and removes the API key from the message.
    pub(in crate::leonardo) fn with_head(
        mut self,
        response: &Response,
        redact: impl Fn(&str) -> String,
    ) -> Self {
        self.status = response.status;
        let request_id = REQUEST_IDS.iter().find_map(|name| response.header(name));
        self.request_id = request_id.map(|id| one_line(&redact(id)));
        self.message = redact(&self.message);
        self
    }

    fn effective_status(&self) -> u16 {
        self.status_in_body.unwrap_or(self.status)
    }

    /// Whether the code is one of these, in the spelling of either version.
    fn has_code(&self, codes: &[&str]) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        let code = code.to_ascii_lowercase().replace('_', "-");
        codes.contains(&code.as_str())
    }

    /// Whether the API does not accept the key. For a key that is not a UUID, it responds with status 500.
    pub fn is_unauthorized(&self) -> bool {
        self.effective_status() == 401
            || self.has_code(&["access-denied", "unauthenticated", "unauthorized"])
            || self.message.contains("authorization hook")
    }

    /// Whether there were too many calls: wait a minute and try again.
    pub fn is_rate_limited(&self) -> bool {
        self.effective_status() == 429 || self.has_code(&["rate-limited", "rate-limit-exceeded"])
    }

    /// Whether content moderation rejected the prompt or the image.
    pub fn is_moderated(&self) -> bool {
        // A firewall also responds with 403, but without the API's code.
        let is_forbidden =
            self.effective_status() == 403 && self.code.is_some() && !self.is_unauthorized();
        is_forbidden || self.message.to_ascii_lowercase().contains("moderation")
    }

    /// Whether there is no resource with the given id. The API reports that with status 404, or with status 200 and null.
    pub fn is_not_found(&self) -> bool {
        self.is_missing || self.effective_status() == 404 || self.has_code(&["not-found"])
    }

    /// Whether the same call may succeed a moment later.
    pub fn is_retryable(&self) -> bool {
        is_transient(self.effective_status()) && !self.is_unauthorized() && !self.is_moderated()
    }

    /// Whether the call was certainly not carried out. A server or a gateway that failed may have started to.
    pub(super) fn is_certain_rejection(&self) -> bool {
        let status = self.effective_status();
        let has_failed = matches!(status, 408 | 500..)
            || self.has_code(&["internal-server-error", "service-unavailable", "timeout"]);
        !has_failed || self.is_unauthorized() || self.is_rate_limited()
    }

    /// Writes the message without advice.
    pub(super) fn fmt_without_advice(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unusable {
            write!(f, "the API's response is unusable")?;
        } else {
            write!(f, "the API responded with {}", self.status)?;
        }
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        let path = self.path.as_deref();
        if let Some(path) = path.filter(|path| !matches!(*path, "" | "$")) {
            write!(f, " at {path}")?;
        }
        if let Some(request_id) = &self.request_id {
            write!(f, " (request {request_id})")?;
        }
        Ok(())
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_without_advice(f)?;
        let advice = match self.effective_status() {
            _ if self.is_unauthorized() => "check the API key (LEONARDO_API_KEY)",
            _ if self.is_rate_limited() => "there were too many calls; wait a minute and try again",
            _ if self.is_moderated() => "change the prompt or the image",
            _ if self.is_not_found() => "check the id",
            500.. => "try again later",
            _ => return Ok(()),
        };
        write!(f, "; {advice}")
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, body: &str) -> Option<ApiError> {
        let response = Response {
            status,
            headers: vec![("cf-ray".into(), "8a1".into())],
            body: body.into(),
        };
        ApiError::find(&response, str::to_owned)
    }

    fn find(status: u16, body: &str) -> Option<(String, Option<String>)> {
        error(status, body).map(|error| (error.message, error.code))
    }

    #[test]
    fn every_shape_of_an_error_is_found() {
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
        let object = r#"{"error":{"detail":1}}"#;
        assert_eq!(find(400, object), Some((r#"{"detail":1}"#.into(), None)));
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
    fn message_has_the_path_and_the_request_id() {
        let body = r#"{"errors":[{"message":"m","path":["a",0,"b"]}]}"#;
        let error = error(200, body).unwrap();
        assert_eq!(error.path.as_deref(), Some("a.0.b"));
        assert_eq!(error.request_id.as_deref(), Some("8a1"));
        assert_eq!(
            error.to_string(),
            "the API responded with 200: m at a.0.b (request 8a1)"
        );
    }

    #[test]
    fn predicates_follow_status_code_and_message() {
        let hook = r#"{"error":"Invalid response from authorization hook","code":"unexpected"}"#;
        let hook = error(500, hook).unwrap();
        assert!(hook.is_unauthorized() && !hook.is_retryable());
        assert!(hook.to_string().ends_with("(LEONARDO_API_KEY)"));
        let moderated = error(
            403,
            r#"{"error":"Content moderation filter","code":"bad-request"}"#,
        );
        assert!(moderated.is_some_and(|e| e.is_moderated() && !e.is_unauthorized()));
        let many = error(429, "").unwrap();
        assert!(many.is_rate_limited() && many.is_retryable());
        assert!(error(502, "<html>").unwrap().is_retryable());
        assert!(!error(400, "{}").unwrap().is_retryable());
        assert!(error(404, "").unwrap().is_not_found());
        assert!(ApiError::null("generations_by_pk").is_not_found());
        assert!(!ApiError::null("sdGenerationJob").is_not_found());
        let in_body = |status| {
            let body = format!(
                r#"{{"errors":[{{"message":"m","extensions":{{"code":"C","statusCode":{status}}}}}]}}"#
            );
            error(200, &body).unwrap()
        };
        assert!(in_body(401).is_unauthorized() && in_body(429).is_rate_limited());
        assert!(in_body(403).is_moderated() && in_body(404).is_not_found());
        assert!(in_body(503).is_retryable() && !in_body(400).is_retryable());
        let retried = [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524];
        for status in 300..600 {
            let error = error(status, "<html>").unwrap();
            assert_eq!(error.is_retryable(), retried.contains(&status), "{status}");
        }
        let robot = error(403, "<html>").unwrap();
        assert!(!robot.is_moderated() && !robot.is_unauthorized());
    }
}
