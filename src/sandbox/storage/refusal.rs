//! How S3 refuses.

use crate::random;
use crate::sandbox::http::Response;

/// An error in S3's words.
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

/// There is no memory for it now.
pub(super) fn slow_down() -> Refusal {
    refuse(503, "SlowDown", "Please reduce your request rate.")
}

impl Refusal {
    pub fn answer(self) -> Response {
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

pub(in crate::sandbox) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
