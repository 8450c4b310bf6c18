//! Whether an error says that a form or a URL has expired.

use super::code::S3ErrorCode;
use super::error::S3Error;
use crate::time::Timestamp;

/// Codes for nothing but expiry: R2's and NooBaa's.
const CODES: [&str; 2] = ["ExpiredRequest", "RequestExpired"];

const MESSAGES: [&str; 5] = [
    // AWS, MinIO, Alibaba OSS, MiniStack.
    "policy expired",
    // Google Cloud Storage.
    "policy has expired",
    // AWS for a signed URL, Google Cloud Storage, s3s.
    "request has expired",
    // Garage.
    "expiration date is in the past",
    // Ozone.
    "pre-signed s3 url is expired",
];

pub(super) fn is_expired(error: &S3Error) -> bool {
    let extra = |name: &str| {
        error
            .extra
            .iter()
            .find_map(|(n, text)| (n == name).then_some(text.as_str()))
    };
    match &error.code {
        None => false,
        Some(S3ErrorCode::ExpiredToken) => true,
        Some(S3ErrorCode::Other(code)) if CODES.contains(&code.as_str()) => true,
        Some(_) => {
            says_expired(&error.message)
                || extra("Details").is_some_and(says_expired)
                || extra("AuthenticationErrorDetail").is_some_and(is_after_azures_expiry)
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
    // Google Cloud Storage adds the time in seconds, Backblaze B2 the time and the life of the URL.
    let is_dated = text.strip_prefix("request has expired: ");
    MESSAGES.contains(&text)
        || text.starts_with("request has expired given timestamp: ")
        || is_dated.is_some_and(|date| date.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Azure gives three times in brackets: when the signature starts, when it expires, and now.
fn is_after_azures_expiry(text: &str) -> bool {
    let times = text.strip_prefix("Signature not valid in the specified time frame: ");
    let times = times
        .unwrap_or_default()
        .split(['[', ']'])
        .skip(1)
        .step_by(2);
    let times: Vec<_> = times.map(Timestamp::parse_http_date).collect();
    matches!(times[..], [_, Some(expiry), Some(now)] if now.millis_since(expiry) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_needs_the_whole_message() {
        let error = |code: &str, message: &str, details: &str| {
            let xml =
                format!("<Error><Code>{code}</Code><Message>{message}</Message>{details}</Error>");
            S3Error::parse(403, xml.as_bytes(), str::to_owned)
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
            assert!(
                error
                    .to_string()
                    .ends_with("has expired: ask for a new one")
            );
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
        assert!(!S3Error::parse(403, b"Policy expired", str::to_owned).is_expired());
    }

    #[test]
    fn the_expiry_of_a_url_is_recognized() {
        let azure = |expiry: &str| {
            format!(
                "<Code>AuthenticationFailed</Code><Message>Server failed to authenticate the request.</Message>\
                 <AuthenticationErrorDetail>Signature not valid in the specified time frame: \
                 Start [Sun, 22 Nov 2026 14:00:00 GMT] - Expiry [{expiry}] - Current [Sun, 22 Nov 2026 15:30:00 GMT]\
                 </AuthenticationErrorDetail>"
            )
        };
        for (body, expired) in [
            ("<Code>ExpiredRequest</Code><Message/>".to_owned(), true),
            ("<Code>RequestExpired</Code><Message/>".into(), true),
            (
                "<Code>UnauthorizedAccess</Code><Message>Request has expired given timestamp: '20261122T140000Z' and \
                 expiration: 3600</Message>"
                    .into(),
                true,
            ),
            (azure("Sun, 22 Nov 2026 15:00:00 GMT"), true),
            (azure("Sun, 22 Nov 2026 16:00:00 GMT"), false),
            (azure("soon"), false),
        ] {
            let error = S3Error::parse(403, format!("<Error>{body}</Error>").as_bytes(), str::to_owned);
            assert_eq!(error.is_expired(), expired, "{error:?}");
        }
    }
}
