//! A post with a presigned form, validated in the order of S3.

use super::form::{PostedForm, too_large};
use super::policy::Policy;
use super::reader::{FormReader, MAX_BYTES_BEFORE_FILE, boundary};
use super::refusal::{Refusal, escape, refuse, slow_down};
use super::{BUCKET, REGION, Storage, StoredObject};
use crate::sandbox::http::{Incoming, Response};
use crate::sandbox::sigv4;
use crate::time::Timestamp;

/// Maximum size of the boundary and the ignored fields after the file.
const MAX_BYTES_AFTER_FILE: u64 = 20 * 1024;
const MAX_KEY_BYTES: usize = 1024;
const MAX_TYPE_BYTES: usize = 2048;

impl Storage {
    pub(super) fn post(
        &self,
        request: &mut Incoming<'_>,
        now: Timestamp,
    ) -> Result<Response, Refusal> {
        if request.header("authorization").is_some() {
            return Err(refuse(
                400,
                "InvalidArgument",
                "Unsupported Authorization Type",
            ));
        }
        let Some(length) = request.content_length else {
            let message = "You must provide the Content-Length HTTP header.";
            return Err(refuse(411, "MissingContentLength", message));
        };
        let boundary = request
            .header("content-type")
            .and_then(boundary)
            .ok_or_else(|| {
                let message = "At least one of the pre-conditions you specified did not hold";
                refuse(412, "PreconditionFailed", message)
            })?;
        let max_bytes = self.max_file_bytes();
        if length.saturating_sub(MAX_BYTES_BEFORE_FILE + MAX_BYTES_AFTER_FILE) > max_bytes {
            return Err(too_large());
        }
        let mut reader = FormReader::new(&mut request.body, &boundary);
        let form = PostedForm::new(reader.read_fields()?)?;
        let key = form.required("key")?.to_owned();
        let policy = self.authorize(&form, now)?;
        let content_type = form.field("Content-Type").map(str::to_owned);
        check_lengths(&key, content_type.as_deref())?;
        let _receiving = self.receive(length)?;
        let mut bytes = Vec::new();
        let room = usize::try_from(length).unwrap_or(usize::MAX);
        bytes.try_reserve_exact(room).map_err(|_| slow_down())?;
        let size = policy.file_size();
        reader.read_file(&mut bytes, max_bytes.min(*size.end()))?;
        if (bytes.len() as u64) < *size.start() {
            let message = "Your proposed upload is smaller than the minimum allowed size";
            return Err(refuse(400, "EntityTooSmall", message));
        }
        // Store nothing if the body is incomplete.
        drop(reader);
        request.body.skip().map_err(|_| {
            let message = "Your request body ends before its Content-Length.";
            refuse(400, "IncompleteBody", message)
        })?;
        bytes.shrink_to_fit();
        let etag = sigv4::hex(&sigv4::sha256(&bytes)[..16]);
        let object = StoredObject {
            content_type,
            bytes,
        };
        self.put(&key, object)?;
        Ok(self.stored_response(&form, &key, &etag))
    }

    fn stored_response(&self, form: &PostedForm, key: &str, etag: &str) -> Response {
        let location = self.object_url(key);
        let mut response = match form.field("success_action_status") {
            Some("200") => Response::new(200, "text/plain", ""),
            Some("201") => Response::new(
                201,
                "application/xml",
                format!(
                    "<PostResponse><Location>{location}</Location><Bucket>{BUCKET}</Bucket>\
                     <Key>{key}</Key><ETag>\"{etag}\"</ETag></PostResponse>",
                    location = escape(&location),
                    key = escape(key),
                ),
            ),
            _ => Response::new(204, "text/plain", ""),
        };
        let headers = [("ETag", format!("\"{etag}\"")), ("Location", location)];
        response.headers.extend(headers);
        response
    }

    /// Checks everything except the length of the file: the signature before the expiry and the conditions, because an
    /// unsigned policy proves nothing.
    fn authorize(&self, form: &PostedForm, now: Timestamp) -> Result<Policy, Refusal> {
        let denied = |message: &str| refuse(403, "AccessDenied", message);
        let invalid = |message: &str| refuse(400, "InvalidArgument", message);
        // Without a credential, S3 treats the post as anonymous.
        let credential = form
            .field("X-Amz-Credential")
            .ok_or_else(|| denied("Access Denied"))?;
        let (encoded, signature) = (form.required("Policy")?, form.required("X-Amz-Signature")?);
        let (algorithm, signed_at) = (
            form.required("X-Amz-Algorithm")?,
            form.required("X-Amz-Date")?,
        );
        if algorithm != "AWS4-HMAC-SHA256" {
            let message = "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"";
            return Err(invalid(message));
        }
        let scope: Vec<_> = credential.split('/').collect();
        let [access_key, date, REGION, "s3", "aws4_request"] = scope[..] else {
            let message = "The X-Amz-Credential is not of the form key/date/region/s3/aws4_request, or of another \
                           region";
            return Err(invalid(message));
        };
        if access_key != self.credentials.access_key_id {
            let message = "The AWS Access Key Id you provided does not exist in our records.";
            return Err(refuse(403, "InvalidAccessKeyId", message));
        }
        if form.field("X-Amz-Security-Token") != Some(&self.credentials.session_token) {
            let message = "The provided token is malformed or otherwise invalid.";
            return Err(refuse(400, "InvalidToken", message));
        }
        if !signed_at.starts_with(date) {
            let message = "The X-Amz-Date is of another day than the X-Amz-Credential";
            return Err(invalid(message));
        }
        let computed = sigv4::sign(encoded, &self.credentials.secret_access_key, date, REGION);
        if signature != sigv4::hex(&computed) {
            let message = "The request signature we calculated does not match the signature you \
                           provided. Check your key and signing method.";
            return Err(refuse(403, "SignatureDoesNotMatch", message));
        }
        let policy = Policy::decode(encoded).ok_or_else(|| {
            let message = "The content of the form does not meet the conditions specified in the \
                           policy document.";
            refuse(400, "InvalidPolicyDocument", message)
        })?;
        if policy.has_expired(&format!("{now:.3}")) {
            return Err(denied("Invalid according to Policy: Policy expired."));
        }
        let mut fields = form.fields.clone();
        // If no field names the bucket, it follows from the URL.
        if form.field("bucket").is_none() {
            fields.push(("bucket".into(), BUCKET.into()));
        }
        policy.check(&fields).map_err(|message| denied(&message))?;
        Ok(policy)
    }
}

/// Checks the lengths of the key and the content type.
fn check_lengths(key: &str, content_type: Option<&str>) -> Result<(), Refusal> {
    if key.len() > MAX_KEY_BYTES {
        return Err(refuse(400, "KeyTooLongError", "Your key is too long"));
    }
    if content_type.is_some_and(|content_type| content_type.len() > MAX_TYPE_BYTES) {
        let message = "Your metadata headers exceed the maximum allowed metadata size";
        return Err(refuse(400, "MetadataTooLarge", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn long_keys_and_types_are_rejected() {
        let code = |key: usize, content_type: usize| {
            let (key, content_type) = ("k".repeat(key), "t".repeat(content_type));
            let checked = check_lengths(&key, Some(&content_type));
            checked.err().map(|refusal| refusal.code)
        };
        assert_eq!(code(1024, 2048), None);
        assert_eq!(code(1025, 0), Some("KeyTooLongError"));
        assert_eq!(code(1, 2049), Some("MetadataTooLarge"));
        assert!(check_lengths("k", None).is_ok());
    }

    #[test]
    fn form_is_valid_for_120_seconds() {
        let storage = Storage::new("http://127.0.0.1:1".into());
        let now = Timestamp::parse_iso8601("2026-11-22T15:01:47Z").unwrap();
        let signed = storage.presign("k", "image/png", now);
        let form = PostedForm {
            fields: signed
                .fields
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        };
        let at = |seconds| storage.authorize(&form, now + Duration::from_secs(seconds));
        assert!(at(0).is_ok() && at(119).is_ok());
        let refusal = at(120).err().unwrap();
        assert_eq!((refusal.status, refusal.code), (403, "AccessDenied"));
        assert_eq!(
            refusal.message,
            "Invalid according to Policy: Policy expired."
        );
    }
}
