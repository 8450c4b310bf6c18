//! What S3's answers mean: its error XML, and the receipt of a post.

mod code;
mod success;

use std::fmt;
use std::time::Duration;

pub use code::S3ErrorCode;
pub(crate) use success::is_success;

use crate::text::{first_line, one_line};
use crate::transport;

/// A refusal by the storage, in its own words.
///
/// What AWS's codes mean is listed under
/// [Error responses](https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct S3Error {
    /// The HTTP status.
    pub status: u16,
    /// S3's `Code`, for example `AccessDenied`; none when the answer is no XML of S3's.
    pub code: Option<S3ErrorCode>,
    /// S3's `Message`, or the first line of an answer that is no XML of S3's. May be empty.
    pub message: String,
    /// S3's `RequestId`, which the storage's operator asks for.
    pub request_id: Option<String>,
    /// S3's `HostId`, which goes with the request id.
    pub host_id: Option<String>,
    /// How long the storage asks to wait before the next attempt (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// What else the answer holds, by name: for example `MaxSizeAllowed`. What was signed, and by which key, is left
    /// out.
    pub extra: Vec<(String, String)>,
}

impl S3Error {
    /// Reads the refusal out of an answer's status and body. `redact` takes the secrets out of the texts before they
    /// are cut to a length that fits a message: half a secret would no longer be found.
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
                name if OF_THE_SIGNATURE.contains(&name) || name.starts_with("Token-") => {}
                _ => error.extra.push((one_line(&redact(name)), value)),
            }
        }
        if error.code.is_none() {
            error.message = first_line(&redact(&text));
        }
        error
    }

    /// Whether the same post may succeed a moment later. The code decides, and the status where there is none that
    /// is known.
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

    /// Whether the file has more bytes than the storage takes.
    pub fn is_too_large(&self) -> bool {
        self.code == Some(S3ErrorCode::EntityTooLarge)
            || (self.code.is_none() && self.status == 413)
    }

    /// Whether the form has expired: another one is needed.
    pub fn is_expired(&self) -> bool {
        let details = self.extra.iter().find(|(name, _)| name == "Details");
        match self.code {
            None => false,
            Some(S3ErrorCode::ExpiredToken) => true,
            Some(_) => {
                says_expired(&self.message) || details.is_some_and(|(_, text)| says_expired(text))
            }
        }
    }

    fn advice(&self) -> Option<&'static str> {
        use S3ErrorCode::{
            AccessDenied, EntityTooSmall, InvalidAccessKeyId, InvalidToken, SignatureDoesNotMatch,
        };
        if matches!(self.status, 200..=299 | 303) && self.code.is_none() {
            return Some(
                "this is not the response of a storage: check the address, and the network for a login page or a proxy",
            );
        }
        if self.is_expired() {
            return Some("the form has expired: ask for a new one, and post within two minutes");
        }
        if self.is_too_large() {
            return Some("make the image smaller: a lower quality or a smaller size");
        }
        if self.is_retryable() {
            return Some("try again");
        }
        Some(match &self.code {
            Some(SignatureDoesNotMatch | InvalidAccessKeyId | InvalidToken) => {
                "the form was altered or is not for this storage: post every field exactly as it was given"
            }
            Some(EntityTooSmall) => "the form asks for a larger file",
            Some(AccessDenied) => "the form does not allow this post",
            _ if matches!(self.status, 301 | 302 | 307 | 308) => {
                "the form's address is not where this bucket is: ask for a new form"
            }
            _ => return None,
        })
    }
}

impl fmt::Display for S3Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "storage answered {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
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

/// What a `PostResponse` says, which S3 sends when the form has `success_action_status` 201.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PostResponse {
    pub location: Option<String>,
    pub key: Option<String>,
    pub etag: Option<String>,
}

impl PostResponse {
    pub fn parse(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        match Elements::parse(&text, "PostResponse") {
            Some(xml) => Self {
                location: xml.text("Location"),
                key: xml.text("Key"),
                etag: xml.text("ETag"),
            },
            None => Self::default(),
        }
    }
}

/// Whether a message, or the details that go with one, says that the form has expired. Servers use the same codes for
/// other errors, so the message decides, and it has to match as a whole: "Policy has not expired" does not.
fn says_expired(text: &str) -> bool {
    let message = text.trim().to_ascii_lowercase();
    // MinIO puts the reason in parentheses behind its usual message.
    let reason = message.strip_prefix("access denied. (");
    let reason = reason.and_then(|text| text.strip_suffix(')'));
    let text = reason.unwrap_or(&message).trim_end_matches('.');
    let text = ["invalid according to policy: ", "bad request: "]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(text);
    // Google Cloud Storage adds when it was, in seconds.
    let is_dated = text.strip_prefix("request has expired: ");
    EXPIRED.contains(&text)
        || is_dated.is_some_and(|date| date.bytes().all(|byte| byte.is_ascii_digit()))
}

const EXPIRED: [&str; 4] = [
    // AWS, MinIO, Alibaba OSS, MiniStack.
    "policy expired",
    // Google Cloud Storage.
    "policy has expired",
    // AWS for a signed URL, Google Cloud Storage, s3s.
    "request has expired",
    // Garage.
    "expiration date is in the past",
];

/// What S3 adds to a signature that does not match: the policy, as it is and in hexadecimal digits, among it. (Session
/// tokens are in `Token-0` and so on.)
const OF_THE_SIGNATURE: [&str; 9] = [
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

/// The texts of a root element's children.
#[derive(Default)]
struct Elements(Vec<(String, String)>);

impl Elements {
    fn parse(text: &str, root: &str) -> Option<Self> {
        // Refuses document types, so no entity is ever expanded.
        let document = roxmltree::Document::parse(text.trim_start()).ok()?;
        let element = document.root_element();
        if element.tag_name().name() != root {
            return None;
        }
        let child = |node: roxmltree::Node<'_, '_>| {
            let name = node.tag_name().name().to_owned();
            Some((name, node.text()?.trim().to_owned()))
        };
        let children = element.children().filter(roxmltree::Node::is_element);
        Some(Self(children.filter_map(child).collect()))
    }

    fn text(&self, name: &str) -> Option<String> {
        let mut elements = self.0.iter();
        elements.find_map(|(n, text)| (n == name).then(|| text.clone()))
    }
}

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
    fn expiry_needs_the_whole_message() {
        let error = |code: &str, message: &str, details: &str| {
            let xml =
                format!("<Error><Code>{code}</Code><Message>{message}</Message>{details}</Error>");
            parse(403, xml.as_bytes())
        };
        // As the servers send them: AWS, OSS, MinIO, Garage, s3s, Google Cloud Storage.
        for (code, message, details) in [
            (
                "AccessDenied",
                "Invalid according to Policy: Policy expired.",
                "",
            ),
            (
                "AccessDenied",
                "Invalid according to Policy: Policy expired.",
                "<EC>0007-00000010</EC>",
            ),
            (
                "AccessDenied",
                "Access Denied. (Invalid according to Policy: Policy expired)",
                "",
            ),
            (
                "InvalidRequest",
                "Bad request: Expiration date is in the past",
                "",
            ),
            ("AccessDenied", "Request has expired", ""),
            ("AccessDenied", "POLICY EXPIRED", ""),
            ("ExpiredToken", "The provided token has expired.", ""),
            (
                "ExpiredToken",
                "The provided token has expired.",
                "<Details>Request has expired: 1606000000</Details>",
            ),
            (
                "AccessDenied",
                "Access denied.",
                "<Details>Request has expired: 1606000000</Details>",
            ),
            (
                "AccessDenied",
                "Access denied.",
                "<Details>Policy has expired.</Details>",
            ),
        ] {
            let error = error(code, message, details);
            assert!(error.is_expired(), "{error:?}");
            assert!(error.to_string().ends_with("post within two minutes"));
        }
        for (code, message, details) in [
            ("AccessDenied", "", ""),
            ("AccessDenied", "Access Denied", ""),
            (
                "AccessDenied",
                "The form has not expired, but its key has changed",
                "",
            ),
            ("AccessDenied", "Policy has not expired.", ""),
            ("AccessDenied", "Your trial expired", ""),
            ("AccessDenied", "The certificate expired", ""),
            ("AccessDenied", "Policy expired: no", ""),
            ("AccessDenied", "Request has expired: never", ""),
            (
                "AccessDenied",
                "Access Denied. (Invalid according to Policy: Policy Condition failed)",
                "",
            ),
            (
                "InvalidPolicyDocument",
                "Invalid Policy: Invalid 'expiration' value: 'expired'",
                "",
            ),
            (
                "AccessDenied",
                "Access denied.",
                "<Resource>Policy expired</Resource>",
            ),
        ] {
            let error = error(code, message, details);
            assert!(!error.is_expired(), "{error:?}");
        }
        assert!(!parse(403, b"Policy expired").is_expired());
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
        let names = OF_THE_SIGNATURE.into_iter().chain(["Token-0"]);
        let elements: String = names.map(|name| format!("<{name}>s</{name}>")).collect();
        let xml = format!("<Error><Code>C</Code>{elements}<Region>r</Region></Error>");
        let error = parse(403, xml.as_bytes());
        assert_eq!(error.extra, [("Region".into(), "r".into())]);
    }

    #[test]
    fn a_post_response_is_read() {
        let xml = "<PostResponse><Location>https://b/k</Location><Bucket>b</Bucket>\
                   <Key>k</Key><ETag>\"e\"</ETag></PostResponse>";
        let expected = PostResponse {
            location: Some("https://b/k".into()),
            key: Some("k".into()),
            etag: Some("\"e\"".into()),
        };
        assert_eq!(PostResponse::parse(xml.as_bytes()), expected);
        assert_eq!(PostResponse::parse(b""), PostResponse::default());
    }
}
