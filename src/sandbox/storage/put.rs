//! An upload with a presigned URL, whose query S3 authenticates
//! ([AWS's description](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html)).

use std::io::Read;
use std::time::Duration;

use super::credentials::Credentials;
use super::form::too_large;
use super::refusal::{Refusal, refuse, slow_down};
use super::{REGION, Storage, StoredObject};
use crate::sandbox::http::{Incoming, Response};
use crate::sandbox::sigv4;
use crate::time::Timestamp;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Maximum validity of a signature, in seconds: a week.
const MAX_EXPIRES: u64 = 7 * 24 * 3600;

impl Storage {
    /// Stores the body of `request` under `key`, which is percent-encoded.
    pub(super) fn put_signed(
        &self,
        key: &str,
        request: &mut Incoming<'_>,
        now: Timestamp,
    ) -> Result<Response, Refusal> {
        if request.header("authorization").is_some() {
            let message = "Only one auth mechanism allowed";
            return Err(refuse(400, "InvalidArgument", message));
        }
        let Some(length) = request.content_length else {
            let message = "You must provide the Content-Length HTTP header.";
            return Err(refuse(411, "MissingContentLength", message));
        };
        let headers = |name: &str| request.header(name).map(str::to_owned);
        let signed = SignedRequest {
            method: &request.method,
            target: &request.path,
            headers: &headers,
        };
        signed.authorize(self.credentials(), now)?;
        if length > self.max_file_bytes() {
            return Err(too_large());
        }
        let content_type = request.header("content-type").map(str::to_owned);
        let _receiving = self.receive(length)?;
        let mut bytes = Vec::new();
        let room = usize::try_from(length).unwrap_or(usize::MAX);
        bytes.try_reserve_exact(room).map_err(|_| slow_down())?;
        request.body.read_to_end(&mut bytes).map_err(|_| {
            let message = "Your request body ends before its Content-Length.";
            refuse(400, "IncompleteBody", message)
        })?;
        let etag = sigv4::hex(&sigv4::sha256(&bytes)[..16]);
        let object = StoredObject {
            content_type,
            bytes,
        };
        self.put(&decode(key), object)?;
        let mut response = Response::new(200, "text/plain", "");
        response.headers.push(("ETag", format!("\"{etag}\"")));
        Ok(response)
    }
}

/// The parts of a request that a signature covers.
struct SignedRequest<'a> {
    method: &'a str,
    /// The path and the query as sent.
    target: &'a str,
    headers: &'a dyn Fn(&str) -> Option<String>,
}

impl SignedRequest<'_> {
    fn authorize(&self, credentials: &Credentials, now: Timestamp) -> Result<(), Refusal> {
        let denied = |message: &str| refuse(403, "AccessDenied", message);
        let invalid = |message: &str| refuse(400, "AuthorizationQueryParametersError", message);
        let parameter = |name: &str| {
            let mut pairs = self.query();
            pairs.find_map(|(n, value)| (n == name).then(|| decode(value)))
        };
        let signature = parameter("X-Amz-Signature").ok_or_else(|| denied("Access Denied"))?;
        let required = |name: &str| {
            let message = format!("Query-string authentication version 4 requires {name}");
            parameter(name).ok_or_else(|| invalid(&message))
        };
        let (date, expires) = (required("X-Amz-Date")?, required("X-Amz-Expires")?);
        let credential = required("X-Amz-Credential")?;
        let signed_headers = required("X-Amz-SignedHeaders")?;
        if required("X-Amz-Algorithm")? != ALGORITHM {
            return Err(invalid("X-Amz-Algorithm only supports AWS4-HMAC-SHA256"));
        }
        let expires = expires
            .parse()
            .ok()
            .filter(|expires| *expires <= MAX_EXPIRES);
        let expires =
            expires.ok_or_else(|| invalid("X-Amz-Expires must be a number up to 604800"))?;
        let signed_at = Timestamp::parse_iso8601(&date).filter(|_| date.len() == 16);
        let signed_at =
            signed_at.ok_or_else(|| invalid("X-Amz-Date must be in the ISO8601 basic format"))?;
        let (key_id, scope) = credential.split_once('/').unwrap_or_default();
        if key_id != credentials.access_key_id {
            let message = "The AWS Access Key Id you provided does not exist in our records.";
            return Err(refuse(403, "InvalidAccessKeyId", message));
        }
        if scope != format!("{}/{REGION}/s3/aws4_request", &date[..8]) {
            return Err(invalid("Error parsing the X-Amz-Credential parameter"));
        }
        if parameter("X-Amz-Security-Token").as_deref() != Some(&credentials.session_token) {
            let message = "The provided token is malformed or otherwise invalid.";
            return Err(refuse(400, "InvalidToken", message));
        }
        let signed_names: Vec<_> = signed_headers.split(';').collect();
        if !signed_names.contains(&"host") {
            return Err(invalid("The host header must be signed"));
        }
        let canonical = self.canonical(&signed_names);
        let digest = sigv4::hex(&sigv4::sha256(canonical.as_bytes()));
        let text = format!("{ALGORITHM}\n{date}\n{scope}\n{digest}");
        let expected = sigv4::sign(&text, &credentials.secret_access_key, &date[..8], REGION);
        if signature != sigv4::hex(&expected) {
            let message =
                "The request signature we calculated does not match the signature you provided.";
            return Err(refuse(403, "SignatureDoesNotMatch", message));
        }
        if signed_at + Duration::from_secs(expires) <= now {
            return Err(denied("Request has expired"));
        }
        Ok(())
    }

    /// The canonical request, with an unsigned body.
    fn canonical(&self, signed_names: &[&str]) -> String {
        let path = self.target.split('?').next().unwrap_or_default();
        let signature = |(name, _): &(&str, &str)| *name == "X-Amz-Signature";
        let mut query: Vec<_> = self.query().filter(|pair| !signature(pair)).collect();
        query.sort_unstable();
        let query: Vec<_> = query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let headers: String = signed_names
            .iter()
            .map(|name| {
                let value = (self.headers)(name).unwrap_or_default();
                format!("{name}:{}\n", value.trim())
            })
            .collect();
        format!(
            "{}\n{path}\n{}\n{headers}\n{}\nUNSIGNED-PAYLOAD",
            self.method,
            query.join("&"),
            signed_names.join(";"),
        )
    }

    fn query(&self) -> impl Iterator<Item = (&str, &str)> {
        let (_, query) = self.target.split_once('?').unwrap_or_default();
        query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }
}

/// Decodes percent-encoded bytes.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let code = after
            .get(..2)
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        rest = if let Some(code) = code {
            bytes.push(code);
            &after[2..]
        } else {
            bytes.push(b'%');
            after
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The presigned GET of
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>.
    #[test]
    fn example_of_the_aws_documentation_is_signed_alike() {
        let target = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524\
                      %2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400\
                      &X-Amz-SignedHeaders=host\
                      &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        let headers =
            |name: &str| (name == "host").then(|| "examplebucket.s3.amazonaws.com".into());
        let request = SignedRequest {
            method: "GET",
            target,
            headers: &headers,
        };
        let canonical = request.canonical(&["host"]);
        let digest = sigv4::hex(&sigv4::sha256(canonical.as_bytes()));
        assert_eq!(
            digest,
            "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04"
        );
        let scope = "20130524/us-east-1/s3/aws4_request";
        let text = format!("{ALGORITHM}\n20130524T000000Z\n{scope}\n{digest}");
        let secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let signature = sigv4::sign(&text, secret_key, "20130524", "us-east-1");
        assert!(target.ends_with(&sigv4::hex(&signature)));
    }

    #[test]
    fn keys_are_percent_decoded() {
        assert_eq!(decode("a%2Fb%20%C3%A4"), "a/b \u{e4}");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%4"), "%zz%4");
    }
}
