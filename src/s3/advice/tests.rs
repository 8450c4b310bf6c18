use super::*;
use crate::transport::Response;

fn shown(status: u16, headers: &[(&str, &str)], body: &str) -> String {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let response = Response {
        status,
        headers: headers.collect(),
        body: body.into(),
    };
    S3Error::from_response(&response, str::to_owned).to_string()
}

fn xml(code: &str, message: &str, more: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>")
}

#[test]
fn each_error_names_its_remedy() {
    let endpoint = "<Endpoint>b.s3-eu-central-1.amazonaws.com</Endpoint>";
    for (status, body, words) in [
        (
            301,
            xml("PermanentRedirect", "Use the endpoint.", endpoint),
            "in the region eu-central-1, at b.s3-eu-central-1.amazonaws.com: sign for that region",
        ),
        (
            400,
            xml(
                "AuthorizationQueryParametersError",
                "the region 'us-east-1' is wrong; expecting 'eu-west-1'",
                "",
            ),
            "in the region eu-west-1: sign for that region",
        ),
        (
            400,
            xml(
                "AuthorizationHeaderMalformed",
                "wrong",
                "<Region>eu-west-1</Region>",
            ),
            "in the region eu-west-1",
        ),
        (
            403,
            xml(
                "RequestTimeTooSkewed",
                "m",
                "<ServerTime>2026-11-25T13:20:00Z</ServerTime>",
            ),
            "set the clock of the machine that signs (the storage's is at 2026-11-25T13:20:00Z)",
        ),
        (
            400,
            xml("AccessControlListNotSupported", "m", ""),
            "without the fields acl and x-amz-acl",
        ),
        (
            400,
            xml("KMS.DisabledException", "m", ""),
            "encryption key cannot be used",
        ),
        (
            400,
            xml(
                "InvalidArgument",
                "Server Side Encryption with AWS KMS managed key requires HTTP header",
                "",
            ),
            "the fields for encryption",
        ),
        (
            400,
            xml(
                "InvalidRequest",
                "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock \
                 parameters",
                "",
            ),
            "the bucket has object lock",
        ),
        (400, xml("BadDigest", "m", ""), "(--raw)"),
        (400, xml("InvalidDigest", "m", ""), "(--raw)"),
        (
            400,
            xml("XAmzContentChecksumMismatch", "m", ""),
            "WHEN_REQUIRED",
        ),
        (
            501,
            xml(
                "NotImplemented",
                "Presigned post requests are not yet implemented",
                "",
            ),
            "presigned PUT",
        ),
        (
            501,
            xml(
                "NotImplemented",
                "A header you provided implies functionality",
                "",
            ),
            "one of the headers",
        ),
        (405, xml("MethodNotAllowed", "m", ""), "presigned PUT"),
        (
            400,
            xml(
                "EntityTooLarge",
                "m",
                "<MaxSizeAllowed>100000</MaxSizeAllowed>",
            ),
            "make the image smaller (at most 100000 bytes)",
        ),
        (413, String::from("<html>"), "make the image smaller: "),
        (
            400,
            xml("EntityTooSmall", "m", "<MinSizeAllowed>10</MinSizeAllowed>"),
            "at least 10 bytes: send a larger image (a larger --size",
        ),
        (
            400,
            xml("InvalidRequest", "Please use AWS4-HMAC-SHA256.", ""),
            "signature version 4",
        ),
        (
            400,
            xml(
                "InvalidRequest",
                "S3 Transfer Acceleration is not configured on this bucket",
                "",
            ),
            "turn on Transfer Acceleration",
        ),
        (
            403,
            xml("XMinioAdminBucketQuotaExceeded", "m", ""),
            "the storage is full",
        ),
        (
            203,
            xml("CallbackFailed", "Error status : 301.", ""),
            "the file is stored",
        ),
        (
            403,
            xml(
                "AccessDenied",
                "User: x is not authorized to perform: s3:PutObject",
                "",
            ),
            "allow it in the policy",
        ),
        (
            403,
            xml("AccessDenied", "Access Denied", ""),
            "the form or URL does not allow this upload",
        ),
        (
            403,
            xml(
                "AccessDenied",
                "Invalid according to Policy: Extra input fields: foo",
                "",
            ),
            "no condition for a field",
        ),
        (
            403,
            xml(
                "AccessDenied",
                "Access Denied. (Each form field that you specify in a form must appear in the list of policy \
                 conditions. \"Content-Md5\" not specified in the policy.)",
                "",
            ),
            "and no other",
        ),
        (
            403,
            xml(
                "AccessDenied",
                "Invalid according to Policy: Policy Condition failed: [\"eq\", \"$key\", \"a\"]",
                "",
            ),
            "a field is not what the policy requires",
        ),
        (
            400,
            xml(
                "InvalidPolicyDocument",
                "m",
                "<Details>Policy did not reference these fields: commit</Details>",
            ),
            "(Policy did not reference these fields: commit)",
        ),
        (
            403,
            xml("AuthorizationPermissionMismatch", "m", ""),
            "to create and to write",
        ),
    ] {
        let shown = shown(status, &[], &body);
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

/// The core knows no service that issues forms.
#[test]
fn advice_for_an_expired_form_fits_every_storage() {
    for (code, message) in [
        (
            "AccessDenied",
            "Invalid according to Policy: Policy expired.",
        ),
        (
            "InvalidRequest",
            "Bad request: Expiration date is in the past",
        ),
    ] {
        let shown = shown(403, &[], &xml(code, message, ""));
        assert!(
            shown.ends_with("; the form or URL has expired: ask for a new one"),
            "{shown}"
        );
    }
}

#[test]
fn headers_say_where_the_bucket_is() {
    for (headers, words) in [
        (
            &[("x-amz-bucket-region", "eu-central-1")][..],
            "in the region eu-central-1: sign for",
        ),
        (
            &[("location", "https://s3.example/b?X-Amz-Signature=SECRET")],
            "leads to https://s3.example: ask for a new form, for that address with https",
        ),
        (
            &[("location", "http://s3.example/b")],
            "leads to http://s3.example: ask",
        ),
        (&[("location", "/elsewhere")], "signed for its region"),
        (&[("x-amz-request-id", "R1")], "(request R1)"),
    ] {
        let shown = shown(301, headers, "");
        assert!(
            shown.contains(words) && !shown.contains("SECRET"),
            "{words}: {shown}"
        );
    }
    let azure = shown(409, &[("x-ms-error-code", "BlobImmutableDueToPolicy")], "");
    assert!(azure.contains("409 BlobImmutableDueToPolicy"), "{azure}");
}
