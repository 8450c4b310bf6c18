//! What can go wrong on purpose.

use std::io::{self, Read};
use std::time::Duration;

use super::http::{Incoming, Reply, Response};

/// Something that goes wrong with one request: see [`Sandbox::with_fault`](super::Sandbox::with_fault).
///
/// Every way in which a post can go wrong on the wire can be made of these; what
/// [`Uploader`](crate::Uploader) does about each is listed in `tests/it/faults.md` of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is closed when so many hundredths of the body were read. With 0, nothing of it is, which to the
    /// sender looks as if the connection were closed at once.
    CloseInBody(u8),
    /// The body is read, nothing comes of it, and the connection is closed.
    CloseBeforeResponse,
    /// The request is carried out, and the connection is closed without an answer.
    LoseResponse,
    /// Nothing of the body is read for so long; then the connection is closed.
    Stall(Duration),
    /// So many hundredths of the body are read, and nothing more for so long; then the connection is closed.
    StallInBody(u8, Duration),
    /// The body is read, nothing comes of it for so long; then the connection is closed.
    StallBeforeResponse(Duration),
    /// The body is read a hundredth at a time with such a pause before each; then the request is carried out.
    ReadSlowly(Duration),
    /// The body is read, and these bytes are sent, which may be no answer of HTTP's; then the connection is closed.
    Raw(Vec<u8>),
    /// The body is read, this is answered, and nothing else done.
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
    /// A refusal by S3, with this status and code: `s3_error(503, "SlowDown")`.
    pub fn s3_error(status: u16, code: &str) -> Self {
        Self::Respond {
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
        Self::Respond {
            status,
            headers: vec![("Content-Type", "application/json".into())],
            body: json.to_string(),
        }
    }

    /// The page of a proxy, with this status.
    pub fn proxy_page(status: u16) -> Self {
        Self::Respond {
            status,
            headers: vec![("Content-Type", "text/html".into())],
            body: format!("<html><title>{status} Bad Gateway</title></html>"),
        }
    }

    /// Lets it happen; `carry_out` does what was asked for.
    pub(super) fn happen(
        self,
        request: &mut Incoming<'_>,
        carry_out: impl FnOnce(&mut Incoming<'_>) -> io::Result<Response>,
    ) -> io::Result<Reply> {
        let closed = || {
            let told = "a fault that was asked for";
            Err(io::Error::new(io::ErrorKind::ConnectionAborted, told))
        };
        match self {
            Self::CloseInBody(hundredths) => {
                read(request, hundredths)?;
                closed()
            }
            Self::CloseBeforeResponse => {
                read(request, 100)?;
                closed()
            }
            Self::LoseResponse => {
                carry_out(request)?;
                closed()
            }
            Self::Stall(pause) => {
                std::thread::sleep(pause);
                closed()
            }
            Self::StallInBody(hundredths, pause) => {
                read(request, hundredths)?;
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
                carry_out(request).map(Reply::Response)
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

/// Reads a part of what is left of the body, and throws it away.
fn read(request: &mut Incoming<'_>, hundredths: u8) -> io::Result<u64> {
    let length = request.body.left() * u64::from(hundredths.min(100)) / 100;
    io::copy(&mut request.body.by_ref().take(length), &mut io::sink())
}
