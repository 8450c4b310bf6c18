//! The storage: makes presigned forms, and accepts what is posted with them as strictly as S3.

mod credentials;
mod form;
mod post;
mod refusal;

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::http::{Answer, Incoming};
use super::sigv4;
use crate::timestamp::Timestamp;
pub use credentials::Credentials;
pub(super) use refusal::escape;
use refusal::refuse;

pub(super) const BUCKET: &str = "imgpost-sandbox";
pub(super) const REGION: &str = "us-east-1";
/// How long a form lives, in seconds.
const EXPIRY: u32 = 120;

/// A stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredObject {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The `Content-Type` field of the form it was posted with.
    pub content_type: Option<String>,
}

pub(super) struct Storage {
    /// Scheme, host and port.
    origin: String,
    credentials: Credentials,
    /// In seconds.
    expiry: AtomicU32,
    objects: Mutex<HashMap<String, Arc<StoredObject>>>,
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
            expiry: AtomicU32::new(EXPIRY),
            credentials: Credentials::draw(),
            objects: Mutex::default(),
        }
    }

    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Where its forms are posted to.
    pub fn bucket_url(&self) -> String {
        format!("{}/{BUCKET}", self.origin)
    }

    pub fn get(&self, key: &str) -> Option<Arc<StoredObject>> {
        self.objects().get(key).map(Arc::clone)
    }

    /// Everything there is, by key.
    pub fn list(&self) -> Vec<(String, Arc<StoredObject>)> {
        let objects = self.objects();
        let all = objects.iter();
        let mut list: Vec<_> = all
            .map(|(key, object)| (key.clone(), Arc::clone(object)))
            .collect();
        list.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        list
    }

    pub fn put(&self, key: &str, object: impl Into<Arc<StoredObject>>) {
        self.objects().insert(key.into(), object.into());
    }

    pub fn remove(&self, key: &str) {
        self.objects().remove(key);
    }

    fn objects(&self) -> MutexGuard<'_, HashMap<String, Arc<StoredObject>>> {
        self.objects
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Where an object can be fetched.
    pub fn object_url(&self, key: &str) -> String {
        format!("{}/{key}", self.bucket_url())
    }

    /// How long the forms live that are made from now on, in whole seconds.
    pub fn set_expiry(&self, expiry: Duration) {
        let seconds = expiry.as_secs().try_into().unwrap_or(u32::MAX);
        self.expiry.store(seconds, Ordering::Relaxed);
    }

    /// A form that stores one file under `key` within two minutes of `now`.
    pub fn presign(&self, key: &str, content_type: &str, now: Timestamp) -> SignedForm {
        // The basic format of ISO 8601, which X-Amz-Date has, is the extended one without its marks.
        let basic = now.to_string().replace(['-', ':'], "");
        let date = &basic[..8];
        let mut fields = vec![
            ("Content-Type", content_type.to_owned()),
            ("bucket", BUCKET.into()),
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".into()),
            (
                "X-Amz-Credential",
                format!(
                    "{}/{date}/{REGION}/s3/aws4_request",
                    self.credentials.access_key_id
                ),
            ),
            ("X-Amz-Date", basic.clone()),
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
        let expiry = Duration::from_secs(self.expiry.load(Ordering::Relaxed).into());
        let expiration = (now + expiry).to_string();
        let policy = json!({"expiration": expiration, "conditions": conditions}).to_string();
        let policy = STANDARD.encode(policy);
        let signature = sigv4::sign(&policy, &self.credentials.secret_access_key, date, REGION);
        fields.push(("Policy", policy));
        fields.push(("X-Amz-Signature", sigv4::hex(&signature)));
        SignedForm {
            url: self.bucket_url(),
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
                let posted = self.post(request, SystemTime::now().into());
                Ok(posted.unwrap_or_else(|refusal| refusal.answer()))
            }
            ("GET", Some(key)) => Ok(match self.get(&key) {
                Some(object) => {
                    let content_type = object.content_type.as_deref();
                    let content_type = content_type.unwrap_or("application/octet-stream");
                    Answer::new(200, content_type, object.bytes.clone())
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
}
