//! Faults that the sandbox injects on request.

use std::io::{self, Read};
use std::time::Duration;

use super::http::{Incoming, Reply, Response};

/// A failure of one request: see [`Sandbox::with_fault`](super::Sandbox::with_fault).
///
/// `tests/it/faults.md` in the repository lists how [`Uploader`](crate::Uploader) handles each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Read this percentage of the body, then close the connection. With 0, the connection is closed without reading any
    /// of the body.
    CloseInBody(u8),
    /// Read the body and discard it, then close the connection.
    CloseBeforeResponse,
    /// Process the request, then close the connection without a response.
    LoseResponse,
    /// Wait without reading the body, then close the connection.
    Stall(Duration),
    /// Read this percentage of the body, wait, then close the connection.
    StallInBody(u8, Duration),
    /// Read the body and discard it, wait, then close the connection.
    StallBeforeResponse(Duration),
    /// Read the body one percent at a time with a pause before each, then process the request.
    ReadSlowly(Duration),
    /// Read the body and discard it, send these bytes, which need not be valid HTTP, then close the connection.
    Raw(Vec<u8>),
    /// Read the body and discard it, then send this response.
    Respond {
        /// The status.
        status: u16,
        /// Headers, by name.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: String,
    },
}

impl Fault {
    /// An error response of S3 with this status and code: `s3_error(503, "SlowDown")`.
    pub fn s3_error(status: u16, code: &str) -> Self {
        Self::Respond {
            status,
            headers: vec![("Content-Type", "application/xml".into())],
            body: format!("<Error><Code>{code}</Code><Message>injected fault</Message></Error>"),
        }
    }

    /// An error response of the API with this status, code and message.
    pub fn api_error(status: u16, code: &str, message: &str) -> Self {
        let json = serde_json::json!({"error": message, "path": "$", "code": code});
        Self::Respond {
            status,
            headers: vec![("Content-Type", "application/json".into())],
            body: json.to_string(),
        }
    }

    /// The HTML error page of a proxy, with this status.
    pub fn proxy_page(status: u16) -> Self {
        Self::Respond {
            status,
            headers: vec![("Content-Type", "text/html".into())],
            body: format!("<html><title>{status} Bad Gateway</title></html>"),
        }
    }

    /// Applies the fault to `request`; `process` is the regular handling of the request.
    pub(super) fn apply(
        self,
        request: &mut Incoming<'_>,
        process: impl FnOnce(&mut Incoming<'_>) -> io::Result<Response>,
    ) -> io::Result<Reply> {
        let closed = || {
            let message = "an injected fault";
            Err(io::Error::new(io::ErrorKind::ConnectionAborted, message))
        };
        match self {
            Self::CloseInBody(percent) => {
                read(request, percent)?;
                closed()
            }
            Self::CloseBeforeResponse => {
                read(request, 100)?;
                closed()
            }
            Self::LoseResponse => {
                process(request)?;
                closed()
            }
            Self::Stall(pause) => {
                std::thread::sleep(pause);
                closed()
            }
            Self::StallInBody(percent, pause) => {
                read(request, percent)?;
                std::thread::sleep(pause);
                closed()
            }
            Self::StallBeforeResponse(pause) => {
                read(request, 100)?;
                std::thread::sleep(pause);
                closed()
            }
            Self::ReadSlowly(pause) => {
                request.body.read_slowly(pause);
                process(request).map(Reply::Response)
            }
            Self::Raw(bytes) => {
                read(request, 100)?;
                Ok(Reply::Raw(bytes))
            }
            Self::Respond {
                status,
                headers,
                body,
            } => {
                read(request, 100)?;
                Ok(Reply::Response(Response {
                    status,
                    headers,
                    body: body.into(),
                }))
            }
        }
    }
}

/// Reads this percentage of the remaining body and discards it.
fn read(request: &mut Incoming<'_>, percent: u8) -> io::Result<u64> {
    let length = request.body.left() * u64::from(percent.min(100)) / 100;
    io::copy(&mut request.body.by_ref().take(length), &mut io::sink())
}
