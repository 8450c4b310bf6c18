//! Error responses of the API.

use serde_json::{Value, json};

use crate::sandbox::http::Response;

pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
    /// The JSON path of the invalid value in the body.
    path: String,
}

impl Refusal {
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            path: "$".into(),
        }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "validation-failed", message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "not-found", message)
    }

    pub fn at(self, path: &str) -> Self {
        let path = path.into();
        Self { path, ..self }
    }

    pub fn into_response(self) -> Response {
        let Self {
            status,
            code,
            message,
            path,
        } = self;
        Response::json(
            status,
            &json!({"error": message, "path": path, "code": code}),
        )
    }

    /// The body in version 2, which reports errors with status 200.
    pub fn into_v2(self) -> Value {
        let extensions = json!({"code": self.code, "statusCode": self.status, "path": self.path});
        json!({"errors": [{"message": self.message, "extensions": extensions}]})
    }
}
