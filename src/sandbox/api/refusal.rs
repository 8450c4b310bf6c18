//! How the API refuses.

use serde_json::{Value, json};

use crate::sandbox::http::Response;

pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
    /// Where in the body.
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

    pub fn answer(self) -> Response {
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

    /// Version 2 refuses in the body of an answer that is otherwise in order.
    pub fn into_v2(self) -> Value {
        let extensions = json!({"code": self.code, "statusCode": self.status, "path": self.path});
        json!({"errors": [{"message": self.message, "extensions": extensions}]})
    }
}
