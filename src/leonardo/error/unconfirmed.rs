//! Calls that were sent and may have been carried out, although no usable response came.

use std::fmt;

use super::Error;
use crate::leonardo::call::{CallKind, CallRequest};
use crate::transport::{Method, TransportError, TransportErrorKind};

/// A call that was sent and must not be sent twice, such as one that starts a generation, and whose response is missing
/// or unusable. The API may have carried it out and charged it.
///
/// Before you send it again, look for the result: in the web app, for jobs in `GET /v1/generations/user/{userId}`, or by
/// the remaining tokens, which [`Client::me`](crate::leonardo::Client::me) returns.
#[derive(Debug)]
pub struct UnconfirmedCall {
    method: Method,
    path: String,
    kind: CallKind,
    reason: Error,
}

impl UnconfirmedCall {
    /// Wraps the error of a call that failed, if the call may have been carried out and must not be sent twice.
    pub(in crate::leonardo) fn from_failure(error: Error, request: &CallRequest) -> Error {
        if request.kind == CallKind::Idempotent || !may_be_carried_out(&error) {
            error
        } else {
            Self::error(error, request)
        }
    }

    /// Wraps the error of a call whose response reports success but lacks the result, if the call must not be sent twice.
    pub(in crate::leonardo) fn from_success(error: Error, request: &CallRequest) -> Error {
        if request.kind == CallKind::Idempotent {
            error
        } else {
            Self::error(error, request)
        }
    }

    fn error(reason: Error, request: &CallRequest) -> Error {
        Error::Unconfirmed(Box::new(Self {
            method: request.method,
            path: request.path.clone(),
            kind: request.kind,
            reason,
        }))
    }

    /// The path of the call, for example `/v1/generations`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the call costs credits.
    pub fn is_charged(&self) -> bool {
        self.kind == CallKind::Job
    }

    /// Why there is no usable response: [`Error::Core`] with a transport error if it was lost, [`Error::Api`] if a server
    /// or a gateway failed or the response cannot be read, [`Error::Cancelled`] if the call was cancelled after it was
    /// sent.
    pub fn reason(&self) -> &Error {
        &self.reason
    }
}

/// Whether the API may have carried out a call that failed with `error`. It has not if the request was not sent, or if a
/// response rejects it beyond doubt.
pub(in crate::leonardo) fn may_be_carried_out(error: &Error) -> bool {
    match error {
        Error::Api(error) => !error.is_certain_rejection(),
        error => !error.transport().is_some_and(TransportError::is_unsent),
    }
}

impl fmt::Display for UnconfirmedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} was sent, but ", self.method.as_str(), self.path)?;
        // The messages of the reasons advise to try again, which would be wrong here.
        match &self.reason {
            Error::Core(crate::Error::Transport(error)) => {
                let is_late = error.kind() == TransportErrorKind::Timeout;
                let (usable, in_time) = if is_late {
                    ("", " in time")
                } else {
                    ("usable ", "")
                };
                write!(f, "no {usable}response came from {}{in_time}", error.host())?;
            }
            Error::Api(error) => error.fmt_without_advice(f)?,
            Error::Cancelled => f.write_str("it was cancelled before the response came")?,
            other => write!(f, "{other}")?,
        }
        f.write_str(if self.is_charged() {
            "; the job may have been started and charged: before you send it again, look for it in the web app or with \
             GET /v1/generations/user/{userId}, or check the remaining tokens with GET /v1/me"
        } else {
            "; it may have been carried out: check in the web app before you send it again"
        })
    }
}

impl std::error::Error for UnconfirmedCall {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.reason.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leonardo::ApiError;
    use crate::transport::Response;

    fn transport(kind: TransportErrorKind) -> Error {
        TransportError::new(kind, "https://api.example.com/v1/generations", "why").into()
    }

    fn response(status: u16, body: &str) -> Error {
        let response = Response {
            status,
            headers: vec![],
            body: body.into(),
        };
        ApiError::find(&response, str::to_owned).unwrap().into()
    }

    fn sent(kind: CallKind, error: Error) -> Error {
        let json = serde_json::json!({});
        UnconfirmedCall::from_failure(error, &CallRequest::post("/v1/generations", json, kind))
    }

    fn is_unconfirmed(error: Error) -> bool {
        matches!(sent(CallKind::Job, error), Error::Unconfirmed(_))
    }

    #[test]
    fn only_a_certain_rejection_means_that_nothing_was_done() {
        for kind in [TransportErrorKind::Timeout, TransportErrorKind::Broken] {
            assert!(is_unconfirmed(transport(kind)), "{kind:?}");
        }
        for kind in [
            TransportErrorKind::Resolve,
            TransportErrorKind::Connect,
            TransportErrorKind::Tls,
        ] {
            assert!(!is_unconfirmed(transport(kind)), "{kind:?}");
        }
        assert!(is_unconfirmed(Error::Cancelled));
        let hook = r#"{"error":"Invalid response from authorization hook","code":"unexpected"}"#;
        let in_body = |status| {
            format!(r#"{{"errors":[{{"message":"m","extensions":{{"statusCode":{status}}}}}]}}"#)
        };
        let internal = r#"[{"message":"m","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]"#;
        for (status, body, expected) in [
            (408, "", true),
            (
                500,
                r#"{"error":"Service Error","code":"unexpected"}"#,
                true,
            ),
            (502, "<html>", true),
            (503, "", true),
            (504, "", true),
            (524, "", true),
            (200, &in_body(500), true),
            (200, internal, true),
            (200, &in_body(400), false),
            (200, &in_body(429), false),
            (200, r#"{"error":"gone","code":"unexpected"}"#, false),
            (302, "", false),
            (
                400,
                r#"{"error":"invalid dimensions","code":"unexpected"}"#,
                false,
            ),
            (401, "", false),
            (403, "<html>", false),
            (404, "", false),
            (413, "", false),
            (429, "", false),
            (500, hook, false),
        ] {
            let error = response(status, body);
            assert_eq!(is_unconfirmed(error), expected, "{status} {body}");
        }
    }

    #[test]
    fn idempotent_call_keeps_its_error() {
        let error = sent(CallKind::Idempotent, transport(TransportErrorKind::Timeout));
        assert!(error.transport().is_some() && error.is_retryable());
    }

    #[test]
    fn message_names_what_to_check_and_never_advises_to_try_again() {
        let texts = [
            (
                transport(TransportErrorKind::Timeout),
                "no response came from api.example.com in time; the job",
            ),
            (
                transport(TransportErrorKind::Broken),
                "no usable response came from api.example.com; the job",
            ),
            (
                response(502, "<html><h1>502 Bad Gateway</h1>"),
                "the API responded with 502: 502 Bad Gateway; the job",
            ),
            (Error::Cancelled, "it was cancelled before"),
        ];
        for (cause, expected) in texts {
            let error = sent(CallKind::Job, cause);
            let text = error.to_string();
            assert!(
                text.starts_with("POST /v1/generations was sent, but "),
                "{text}"
            );
            assert!(text.contains(expected), "{text}");
            assert!(text.contains("may have been started and charged"), "{text}");
            assert!(text.contains("GET /v1/me"), "{text}");
            assert!(!text.contains("try again"), "{text}");
            assert!(!error.is_retryable());
        }
        let once = sent(
            CallKind::NonIdempotent,
            transport(TransportErrorKind::Broken),
        );
        let text = once.to_string();
        assert!(text.contains("may have been carried out"), "{text}");
        assert!(!text.contains("charged"), "{text}");
    }
}
