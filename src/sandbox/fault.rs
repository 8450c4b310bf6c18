//! What can go wrong on purpose.

use std::io::{self, Read};
use std::time::Duration;

use super::http::{Answer, Incoming};

/// Something that goes wrong with one request: see [`Sandbox::with_fault`](super::Sandbox::with_fault).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is closed when so many hundredths of the body were read.
    CloseInBody(u8),
    /// The body is read, nothing comes of it, and the connection is closed.
    CloseBeforeAnswer,
    /// The request is carried out, and the connection is closed without an answer.
    LoseAnswer,
    /// Nothing is read for so long; then the connection is closed.
    Stall(Duration),
    /// This is answered, and nothing else done.
    Answer {
        /// The status.
        status: u16,
        /// Headers, by name.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: String,
    },
}

impl Fault {
    /// A refusal by S3, with this status and code: `s3_error(503, "SlowDown")`.
    pub fn s3_error(status: u16, code: &str) -> Self {
        Self::Answer {
            status,
            headers: vec![("Content-Type", "application/xml".into())],
            body: format!(
                "<Error><Code>{code}</Code><Message>as it was asked to</Message></Error>"
            ),
        }
    }

    /// A refusal by the API, with this status, code and message.
    pub fn api_error(status: u16, code: &str, message: &str) -> Self {
        let json = serde_json::json!({"error": message, "path": "$", "code": code});
        Self::Answer {
            status,
            headers: vec![("Content-Type", "application/json".into())],
            body: json.to_string(),
        }
    }

    /// The page of a proxy, with this status.
    pub fn proxy_page(status: u16) -> Self {
        Self::Answer {
            status,
            headers: vec![("Content-Type", "text/html".into())],
            body: format!("<html><title>{status} Bad Gateway</title></html>"),
        }
    }

    /// Lets it happen; `carry_out` does what was asked for.
    pub(super) fn happen(
        self,
        request: &mut Incoming<'_>,
        carry_out: impl FnOnce(&mut Incoming<'_>) -> io::Result<Answer>,
    ) -> io::Result<Answer> {
        let closed = || {
            io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "a fault that was asked for",
            )
        };
        match self {
            Self::CloseInBody(hundredths) => {
                let length = request.body.limit() * u64::from(hundredths.min(100)) / 100;
                io::copy(&mut request.body.by_ref().take(length), &mut io::sink())?;
                Err(closed())
            }
            Self::CloseBeforeAnswer => {
                io::copy(&mut request.body, &mut io::sink())?;
                Err(closed())
            }
            Self::LoseAnswer => {
                carry_out(request)?;
                Err(closed())
            }
            Self::Stall(pause) => {
                std::thread::sleep(pause);
                Err(closed())
            }
            Self::Answer {
                status,
                headers,
                body,
            } => Ok(Answer {
                status,
                headers,
                body: body.into(),
            }),
        }
    }
}
