//! The error of a storage, in its own words.

use std::fmt;
use std::time::Duration;

use super::code::S3ErrorCode;
use super::expired;
use super::json::JsonError;
use super::xml::Elements;
use crate::text::{first_line, one_line};
use crate::transport::{self, Response};
use crate::url;

/// A rejection by the storage, in its own words.
///
/// The codes of AWS are listed under
/// [Error responses](https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct S3Error {
    /// The HTTP status.
    pub status: u16,
    /// The storage's `Code`, for example `AccessDenied`; none if the response has none.
    pub code: Option<S3ErrorCode>,
    /// The storage's `Message`, or the first line of a response in another format. May be empty.
    pub message: String,
    /// The id of the request, which the storage's operator asks for.
    pub request_id: Option<String>,
    /// S3's `HostId`, which goes with the request id.
    pub host_id: Option<String>,
    /// How long the storage asks to wait before the next attempt (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// What else the response contains, by name: for example `MaxSizeAllowed`, or the `Region` of the bucket. What was
    /// signed, and by which key, is left out.
    pub extra: Vec<(String, String)>,
}

/// What S3 adds to a signature that does not match, among it the policy, as text and in hexadecimal digits. (Session
/// tokens are in `Token-0` and so on.)
pub(super) const SIGNATURE_DETAILS: [&str; 9] = [
    "AWSAccessKeyId",
    "AccessKeyId",
    "CanonicalRequest",
    "CanonicalRequestBytes",
    "GoogleAccessId",
    "OSSAccessKeyId",
    "SignatureProvided",
    "StringToSign",
    "StringToSignBytes",
];

/// More than any error of S3's has.
const MAX_ELEMENTS: usize = 50;

impl S3Error {
    /// Reads the error in a response. `redact` removes the secrets from its texts.
    pub(crate) fn from_response(response: &Response, redact: impl Fn(&str) -> String) -> Self {
        let mut error = Self::parse(response.status, &response.body, &redact);
        let header = |name: &str| {
            let value = response.header(name).filter(|value| !value.is_empty())?;
            Some(one_line(&redact(value)))
        };
        let is_redirect = matches!(response.status, 301 | 302 | 303 | 307 | 308);
        // The rest of the address may be signed.
        let location = header("location")
            .filter(|_| is_redirect)
            .and_then(|location| {
                let (scheme, _) = location.split_once("://")?;
                Some(format!("{scheme}://{}", url::host(&location)))
            });
        for (name, value) in [
            ("Region", header("x-amz-bucket-region")),
            ("Location", location),
        ] {
            if let Some(value) = value.filter(|_| error.extra(name).is_none()) {
                error.extra.push((name.into(), value));
            }
        }
        let ids = [
            "x-amz-request-id",
            "x-ms-request-id",
            "x-oss-request-id",
            "x-obs-request-id",
        ];
        error.request_id = error
            .request_id
            .or_else(|| ids.iter().find_map(|name| header(name)));
        error.code = error
            .code
            .or_else(|| Some(header("x-ms-error-code")?.as_str().into()));
        error
    }

    /// Reads the error in the status and the body of a response. `redact` removes the secrets before the texts are cut
    /// to a length that fits a message: half a secret would no longer be found.
    pub(crate) fn parse(status: u16, body: &[u8], redact: impl Fn(&str) -> String) -> Self {
        let text = String::from_utf8_lossy(body);
        let mut error = Self {
            status,
            code: None,
            message: String::new(),
            request_id: None,
            host_id: None,
            retry_after: None,
            extra: Vec::new(),
        };
        let elements = Elements::parse(&text, "Error").unwrap_or_default().0;
        for (name, value) in elements.iter().take(MAX_ELEMENTS) {
            let value = one_line(&redact(value));
            match name.as_str() {
                "Code" => error.code = Some(value.as_str().into()),
                "Message" => error.message = value,
                "RequestId" => error.request_id = Some(value),
                "HostId" => error.host_id = Some(value),
                name if SIGNATURE_DETAILS.contains(&name) || name.starts_with("Token-") => {}
                _ => error.extra.push((one_line(&redact(name)), value)),
            }
        }
        if error.code.is_none() {
            let json = JsonError::parse(&text);
            let shown = |text: &str| one_line(&redact(text));
            error.message = match &json {
                Some(json) => shown(&json.message),
                None => first_line(&redact(&text)),
            };
            error.code = json.and_then(|json| Some(shown(&json.code?).as_str().into()));
        }
        error
    }

    /// Whether the same post may succeed a moment later. The code decides, or the status if the code is missing or
    /// unknown.
    pub fn is_retryable(&self) -> bool {
        use S3ErrorCode::{
            IncompleteBody, InternalError, OperationAborted, Other, RequestTimeout,
            ServiceUnavailable, SlowDown,
        };
        match &self.code {
            Some(
                RequestTimeout | SlowDown | InternalError | ServiceUnavailable | IncompleteBody
                | OperationAborted,
            ) => true,
            None | Some(Other(_)) => transport::is_transient(self.status),
            Some(_) => false,
        }
    }

    /// Whether the file has more bytes than the storage accepts.
    pub fn is_too_large(&self) -> bool {
        self.code == Some(S3ErrorCode::EntityTooLarge)
            || (self.code.is_none() && self.status == 413)
    }

    /// Whether the form or the URL has expired, so that another one is needed.
    pub fn is_expired(&self) -> bool {
        expired::is_expired(self)
    }

    pub(super) fn extra(&self, name: &str) -> Option<&str> {
        let mut extra = self.extra.iter();
        extra.find_map(|(n, value)| (n == name && !value.is_empty()).then_some(value.as_str()))
    }
}

impl fmt::Display for S3Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "storage responded {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        // Google Cloud Storage puts what matters there, and Azure.
        let details = ["Details", "AuthenticationErrorDetail"];
        for details in details.iter().filter_map(|name| self.extra(name)) {
            write!(f, " ({details})")?;
        }
        if let Some(request_id) = &self.request_id {
            write!(f, " (request {request_id})")?;
        }
        if let Some(retry_after) = self.retry_after {
            write!(f, "; it asks to wait {} s", retry_after.as_secs())?;
        }
        if let Some(advice) = self.advice() {
            write!(f, "; {advice}")?;
        }
        Ok(())
    }
}

impl std::error::Error for S3Error {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(status: u16, body: &[u8]) -> S3Error {
        S3Error::parse(status, body, str::to_owned)
    }

    #[test]
    fn the_error_of_the_s3_documentation() {
        // https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses
        let xml = r#"<?xml version="1.0" encoding="UTF-8"?>
<Error>
  <Code>NoSuchKey</Code>
  <Message>The resource you requested does not exist</Message>
  <Resource>/mybucket/myfoto.jpg</Resource>
  <RequestId>4442587FB7D0A2F9</RequestId>
</Error>"#;
        let error = parse(404, xml.as_bytes());
        assert_eq!(error.code, Some("NoSuchKey".into()));
        assert_eq!(error.message, "The resource you requested does not exist");
        assert_eq!(error.request_id.as_deref(), Some("4442587FB7D0A2F9"));
        assert_eq!(
            error.extra,
            [("Resource".into(), "/mybucket/myfoto.jpg".into())]
        );
    }

    #[test]
    fn the_code_decides_before_the_status() {
        let code = |code: &str| format!("<Error><Code>{code}</Code><Message>m</Message></Error>");
        for (status, body, retried) in [
            (400, code("RequestTimeout"), true),
            (400, code("IncompleteBody"), true),
            (400, code("EntityTooLarge"), false),
            (403, code("AccessDenied"), false),
            (403, code("SignatureDoesNotMatch"), false),
            (503, code("SlowDown"), true),
            (500, code("InternalError"), true),
            (503, code("SignatureDoesNotMatch"), false),
            (503, code("NobodyKnows"), true),
            (409, code("OperationAborted"), true),
            (409, code("BucketAlreadyExists"), false),
            (409, String::new(), false),
            (408, String::new(), true),
            (429, String::new(), true),
            (500, String::from("<html>"), true),
            (501, String::new(), false),
            (502, String::new(), true),
            (504, String::new(), true),
            (301, String::new(), false),
            (404, String::new(), false),
        ] {
            let error = parse(status, body.as_bytes());
            assert_eq!(error.is_retryable(), retried, "{status} {body}");
        }
    }

    #[test]
    fn transient_statuses_are_retried() {
        let retried = [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524];
        for status in 300..600 {
            let error = parse(status, b"<html>");
            assert_eq!(error.is_retryable(), retried.contains(&status), "{status}");
        }
    }

    #[test]
    fn what_is_no_xml_of_s3_gives_its_first_line() {
        for (body, message) in [
            ("", ""),
            ("upstream timed out\nmore", "upstream timed out"),
            (
                "<html><head><title>502 Bad Gateway</title></head></html>",
                "502 Bad Gateway",
            ),
            ("<Error><Code>Cut", "Cut"),
            (
                "<!DOCTYPE x [<!ENTITY a 'b'>]><Error><Code>&a;</Code></Error>",
                "]",
            ),
        ] {
            let error = parse(502, body.as_bytes());
            assert_eq!(error.code, None, "{body}");
            assert_eq!(error.message, message, "{body}");
        }
        let binary = parse(500, &[0xFF, 0x00, 0x1B, b'x']);
        assert!(!binary.to_string().contains(char::is_control));
    }

    #[test]
    fn names_and_texts_are_redacted() {
        let xml = b"<Error><Code>SECRET</Code><SECRET>a SECRET</SECRET></Error>";
        let error = S3Error::parse(403, xml, |text| text.replace("SECRET", "-"));
        assert!(!format!("{error:?}").contains("SECRET"));
    }

    #[test]
    fn elements_of_the_signature_are_dropped() {
        let names = SIGNATURE_DETAILS.into_iter().chain(["Token-0"]);
        let elements: String = names.map(|name| format!("<{name}>s</{name}>")).collect();
        let xml = format!("<Error><Code>C</Code>{elements}<Region>r</Region></Error>");
        let error = parse(403, xml.as_bytes());
        assert_eq!(error.extra, [("Region".into(), "r".into())]);
    }
}
