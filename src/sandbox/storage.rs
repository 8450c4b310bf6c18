//! The storage: makes presigned forms, and accepts what is posted with them as strictly as S3.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use multipart::server::{Multipart, ReadEntryResult};
use serde_json::json;

use super::http::{Answer, Incoming};
use super::sigv4;
use super::whole_breaks::WholeBreaks;
use crate::presigned::fields;
use crate::presigned::policy::{Policy, Violation};
use crate::random;

const BUCKET: &str = "imgpost-sandbox";
const REGION: &str = "us-east-1";
const EXPIRY: SignedDuration = SignedDuration::from_secs(120);
const MAX_FIELD_BYTES: u64 = 20 * 1024;
const MAX_FILE_BYTES: u64 = 1 << 30;

/// A stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredObject {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The `Content-Type` field of the form it was posted with.
    pub content_type: Option<String>,
}

/// Temporary credentials, as those Leonardo signs with: without the session token they are worth nothing.
struct Credentials {
    access_key: String,
    secret_key: String,
    session_token: String,
}

pub(super) struct Storage {
    /// Scheme, host and port.
    origin: String,
    credentials: Credentials,
    objects: Mutex<HashMap<String, StoredObject>>,
}

/// Where to post, and the fields in the order of the AWS SDK for JavaScript, version 3.
pub(super) struct SignedForm {
    pub url: String,
    pub fields: Vec<(&'static str, String)>,
}

impl Storage {
    pub fn new(origin: String) -> Self {
        Self {
            origin,
            credentials: Credentials {
                access_key: format!("ASIA{:016X}", random::draw() as u64),
                secret_key: format!("{:032x}", random::draw()),
                session_token: format!("{:032x}{:032x}", random::draw(), random::draw()),
            },
            objects: Mutex::default(),
        }
    }

    pub fn get(&self, key: &str) -> Option<StoredObject> {
        self.objects().get(key).cloned()
    }

    fn objects(&self) -> std::sync::MutexGuard<'_, HashMap<String, StoredObject>> {
        self.objects
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Where an object can be fetched.
    pub fn object_url(&self, key: &str) -> String {
        format!("{}/{BUCKET}/{key}", self.origin)
    }

    /// A form that stores one file under `key` within two minutes of `now`.
    pub fn presign(&self, key: &str, content_type: &str, now: Timestamp) -> SignedForm {
        let date = now.strftime("%Y%m%d").to_string();
        let mut fields = vec![
            ("Content-Type", content_type.to_owned()),
            ("bucket", BUCKET.into()),
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".into()),
            (
                "X-Amz-Credential",
                format!(
                    "{}/{date}/{REGION}/s3/aws4_request",
                    self.credentials.access_key
                ),
            ),
            ("X-Amz-Date", now.strftime("%Y%m%dT%H%M%SZ").to_string()),
            (
                "X-Amz-Security-Token",
                self.credentials.session_token.clone(),
            ),
            ("key", key.into()),
        ];
        let conditions: Vec<_> = fields
            .iter()
            .map(|(name, value)| json!({*name: value}))
            .collect();
        let expiration = (now + EXPIRY).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let policy = json!({"expiration": expiration, "conditions": conditions}).to_string();
        let policy = STANDARD.encode(policy);
        let signature = sigv4::sign(&policy, &self.credentials.secret_key, &date, REGION);
        fields.push(("Policy", policy));
        fields.push(("X-Amz-Signature", sigv4::hex(&signature)));
        SignedForm {
            url: format!("{}/{BUCKET}", self.origin),
            fields,
        }
    }

    pub fn answer(&self, request: &mut Incoming<'_>) -> io::Result<Answer> {
        let path = request.path.split('?').next().unwrap_or_default();
        let bucket = path
            .strip_prefix('/')
            .and_then(|path| path.strip_prefix(BUCKET));
        let key = bucket.map(|rest| rest.trim_start_matches('/').to_owned());
        match (request.method.as_str(), key) {
            ("POST", Some(key)) if key.is_empty() => {
                let posted = self.post(request, Timestamp::now());
                Ok(posted.unwrap_or_else(|refusal| refusal.answer()))
            }
            ("GET", Some(key)) => Ok(match self.get(&key) {
                Some(object) => {
                    let octets = "application/octet-stream".into();
                    Answer::new(200, &object.content_type.unwrap_or(octets), object.bytes)
                }
                None => refuse(404, "NoSuchKey", "The specified key does not exist.").answer(),
            }),
            (_, Some(_)) => {
                let message = "The specified method is not allowed against this resource.";
                Ok(refuse(405, "MethodNotAllowed", message).answer())
            }
            (_, None) => {
                Ok(refuse(404, "NoSuchBucket", "The specified bucket does not exist").answer())
            }
        }
    }

    fn post(&self, request: &mut Incoming<'_>, now: Timestamp) -> Result<Answer, Refusal> {
        if request.header("authorization").is_some() {
            return Err(refuse(
                400,
                "InvalidArgument",
                "Unsupported Authorization Type",
            ));
        }
        if request.content_length.is_none() {
            let message = "You must provide the Content-Length HTTP header.";
            return Err(refuse(411, "MissingContentLength", message));
        }
        let boundary = request
            .header("content-type")
            .and_then(boundary)
            .ok_or_else(|| {
                let message = "At least one of the pre-conditions you specified did not hold";
                refuse(412, "PreconditionFailed", message)
            })?;
        let form = PostedForm::read(&mut request.body, boundary)?;
        let key = form.field("key").ok_or_else(|| {
            let message = "Bucket POST must contain a field named 'key'.  If it is specified, \
                           please check the order of the fields.";
            refuse(400, "InvalidArgument", message)
        })?;
        let key = key.replace("${filename}", &form.file_name);
        self.authorize(&form, now)?;
        let etag = sigv4::hex(&sigv4::sha256(&form.content)[..16]);
        let location = self.object_url(&key);
        let answer = match form.field("success_action_status") {
            Some("200") => Answer::new(200, "text/plain", ""),
            Some("201") => Answer::new(
                201,
                "application/xml",
                format!(
                    "<PostResponse><Location>{location}</Location><Bucket>{BUCKET}</Bucket>\
                     <Key>{key}</Key><ETag>\"{etag}\"</ETag></PostResponse>",
                    key = escape(&key),
                ),
            ),
            _ => Answer::new(204, "text/plain", ""),
        };
        let object = StoredObject {
            content_type: form.field("Content-Type").map(str::to_owned),
            bytes: form.content,
        };
        self.objects().insert(key, object);
        let headers = [("ETag", format!("\"{etag}\"")), ("Location", location)];
        let headers = answer.headers.into_iter().chain(headers).collect();
        Ok(Answer { headers, ..answer })
    }

    /// Signature first, then the expiry, then the conditions: what is not signed is not worth reading.
    fn authorize(&self, form: &PostedForm, now: Timestamp) -> Result<(), Refusal> {
        let field = |name| form.field(name).unwrap_or_default();
        let denied = |message: &str| refuse(403, "AccessDenied", message);
        if form.field("Policy").is_none() {
            return Err(denied("Access Denied"));
        }
        let scope: Vec<_> = field("X-Amz-Credential").split('/').collect();
        let [access_key, date, REGION, "s3", "aws4_request"] = scope[..] else {
            let message = "The authorization header that you provided is not valid.";
            return Err(refuse(400, "InvalidArgument", message));
        };
        let token = field("X-Amz-Security-Token");
        if access_key != self.credentials.access_key {
            let message = "The AWS Access Key Id you provided does not exist in our records.";
            return Err(refuse(403, "InvalidAccessKeyId", message));
        }
        if token != self.credentials.session_token {
            let message = "The provided token is malformed or otherwise invalid.";
            return Err(refuse(400, "InvalidToken", message));
        }
        let signature = sigv4::sign(field("Policy"), &self.credentials.secret_key, date, REGION);
        let algorithm = field("X-Amz-Algorithm");
        if algorithm != "AWS4-HMAC-SHA256" || field("X-Amz-Signature") != sigv4::hex(&signature) {
            let message = "The request signature we calculated does not match the signature you \
                           provided. Check your key and signing method.";
            return Err(refuse(403, "SignatureDoesNotMatch", message));
        }
        let policy = Policy::decode(field("Policy")).ok_or_else(|| {
            let message = "The content of the form does not meet the conditions specified in the \
                           policy document.";
            refuse(400, "InvalidPolicyDocument", message)
        })?;
        if policy.expiration <= now {
            return Err(denied("Invalid according to Policy: Policy expired."));
        }
        let fields = form
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        // The bucket is known from the address where no field names it.
        let named = form.field("bucket").is_some();
        let bucket = (!named).then_some(("bucket", BUCKET));
        let checked = policy.check(fields.chain(bucket), form.content.len() as u64);
        checked.map_err(|violation| match violation {
            Violation::TooLarge { .. } => refuse(400, "EntityTooLarge", violation.to_string()),
            Violation::TooSmall { .. } => refuse(400, "EntityTooSmall", violation.to_string()),
            _ => denied(&violation.to_string()),
        })
    }
}

/// The fields before the file, and the file.
struct PostedForm {
    fields: Vec<(String, String)>,
    file_name: String,
    content: Vec<u8>,
}

impl PostedForm {
    fn read(body: impl Read, boundary: String) -> Result<Self, Refusal> {
        let malformed = || {
            let message = "The body of your POST request is not well-formed multipart/form-data.";
            refuse(400, "MalformedPOSTRequest", message)
        };
        let mut fields = Vec::new();
        let mut left = MAX_FIELD_BYTES;
        let mut multipart = Multipart::with_body(WholeBreaks::new(body), boundary);
        loop {
            let mut entry = match multipart.into_entry() {
                ReadEntryResult::Entry(entry) => entry,
                ReadEntryResult::End(_) => {
                    let message = "POST requires exactly one file upload per request.";
                    return Err(refuse(400, "InvalidArgument", message));
                }
                ReadEntryResult::Error(_, _) => return Err(malformed()),
            };
            let name = entry.headers.name.to_string();
            if name.eq_ignore_ascii_case("file") {
                let mut content = Vec::new();
                let limited = entry
                    .data
                    .by_ref()
                    .take(MAX_FILE_BYTES)
                    .read_to_end(&mut content);
                limited.map_err(|_| malformed())?;
                return Ok(Self {
                    fields,
                    file_name: entry.headers.filename.unwrap_or_default(),
                    content,
                });
            }
            let mut value = String::new();
            let read = entry
                .data
                .by_ref()
                .take(left + 1)
                .read_to_string(&mut value);
            let used = read.map_err(|_| malformed())? as u64 + name.len() as u64;
            left = left.checked_sub(used).ok_or_else(|| {
                let message = "Your POST request fields preceding the upload file were too large.";
                refuse(400, "MaxPostPreDataLengthExceeded", message)
            })?;
            fields.push((name, value));
            multipart = entry.data.into_inner();
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        fields::value(
            self.fields
                .iter()
                .map(|(n, value)| (n.as_str(), value.as_str())),
            name,
        )
    }
}

fn boundary(content_type: &str) -> Option<String> {
    let (mime, parameters) = content_type.split_once(';')?;
    let boundary = parameters
        .trim()
        .strip_prefix("boundary=")?
        .trim_matches('"');
    let is_form = mime.trim().eq_ignore_ascii_case("multipart/form-data");
    (is_form && !boundary.is_empty()).then(|| boundary.to_owned())
}

/// An error in S3's words.
struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

fn refuse(status: u16, code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal {
        status,
        code,
        message: message.into(),
    }
}

impl Refusal {
    fn answer(self) -> Answer {
        let request_id = format!("{:016X}", random::draw() as u64);
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>\
             <RequestId>{request_id}</RequestId></Error>",
            self.code,
            escape(&self.message)
        );
        Answer::new(self.status, "application/xml", body)
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_lives_for_120_seconds() {
        let storage = Storage::new("http://127.0.0.1:1".into());
        let now: Timestamp = "2026-11-22T15:01:47Z".parse().unwrap();
        let signed = storage.presign("k", "image/png", now);
        let form = PostedForm {
            fields: signed
                .fields
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
            file_name: String::new(),
            content: vec![],
        };
        let at = |seconds| storage.authorize(&form, now + SignedDuration::from_secs(seconds));
        assert!(at(0).is_ok() && at(119).is_ok());
        let refusal = at(120).err().unwrap();
        assert_eq!((refusal.status, refusal.code), (403, "AccessDenied"));
        assert_eq!(
            refusal.message,
            "Invalid according to Policy: Policy expired."
        );
    }
}
