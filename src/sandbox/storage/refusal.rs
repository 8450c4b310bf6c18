//! Error responses of S3.

use crate::random;
use crate::sandbox::http::Response;

/// An error as S3 words it.
pub(in crate::sandbox) struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
}

pub(super) fn refuse(status: u16, code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal {
        status,
        code,
        message: message.into(),
    }
}

/// The error if there is no memory for an upload at present.
pub(super) fn slow_down() -> Refusal {
    refuse(503, "SlowDown", "Please reduce your request rate.")
}

impl Refusal {
    pub fn into_response(self) -> Response {
        let request_id = format!("{:016X}", random::draw() as u64);
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>\
             <RequestId>{request_id}</RequestId></Error>",
            self.code,
            escape(&self.message)
        );
        Response::new(self.status, "application/xml", body)
    }
}

/// Escapes text for XML and HTML.
pub(in crate::sandbox) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
