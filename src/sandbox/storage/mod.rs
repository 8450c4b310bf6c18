//! The storage: presigns forms, and validates uploads with presigned forms and URLs as strictly as S3.

mod credentials;
mod form;
mod policy;
mod post;
mod put;
mod reader;
mod refusal;

use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::http::{Content, Incoming, Response};
use super::recent::Recent;
use super::sigv4;
use crate::time::Timestamp;
pub use credentials::Credentials;
pub(super) use refusal::{Refusal, escape};
use refusal::{refuse, slow_down};

pub(super) const BUCKET: &str = "imgpost-sandbox";
pub(super) const REGION: &str = "us-east-1";
/// Validity of a form, in seconds.
const EXPIRY: u32 = 120;
const MAX_FILES: usize = 10_000;
const MAX_BYTES: u64 = 256 << 20;

/// A stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredObject {
    /// The content of the file.
    pub bytes: Vec<u8>,
    /// The `Content-Type` field of the form, or the `Content-Type` header of the PUT.
    pub content_type: Option<String>,
}

/// A file and when it was stored.
#[derive(Clone)]
pub(super) struct Stored {
    pub object: Arc<StoredObject>,
    pub at: SystemTime,
}

pub(super) struct Storage {
    /// Scheme, host and port.
    origin: String,
    credentials: Credentials,
    /// Validity of new forms, in seconds.
    expiry: AtomicU32,
    objects: Mutex<Recent<Stored>>,
    /// Bytes reserved for uploads in progress.
    receiving: AtomicU64,
}

/// Memory reserved for an upload in progress; dropping it releases the memory.
struct Receiving<'a> {
    storage: &'a Storage,
    bytes: u64,
}

impl Drop for Receiving<'_> {
    fn drop(&mut self) {
        self.storage
            .receiving
            .fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A URL and the fields, in the order of the AWS SDK for JavaScript, version 3.
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
            objects: Mutex::new(Recent::new(MAX_FILES, MAX_BYTES)),
            receiving: AtomicU64::new(0),
        }
    }

    pub fn set_limits(&self, max_bytes: u64, max_files: usize) {
        let evicted = self.objects().set_limits(max_files.max(1), max_bytes);
        log_evicted(&evicted);
    }

    fn max_file_bytes(&self) -> u64 {
        self.objects().max_bytes()
    }

    /// Reserves memory for an upload of this size. All uploads in progress may use as much memory as the stored files.
    fn receive(&self, bytes: u64) -> Result<Receiving<'_>, Refusal> {
        let max = self.max_file_bytes();
        let reserve = |receiving: u64| {
            let receiving = receiving.saturating_add(bytes);
            // A single upload is always admitted; the size of its file is checked elsewhere.
            (receiving <= max || receiving == bytes).then_some(receiving)
        };
        let order = Ordering::Relaxed;
        match self.receiving.fetch_update(order, order, reserve) {
            Ok(_) => Ok(Receiving {
                storage: self,
                bytes,
            }),
            Err(_) => Err(slow_down()),
        }
    }

    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The URL that the forms are posted to.
    pub fn bucket_url(&self) -> String {
        format!("{}/{BUCKET}", self.origin)
    }

    pub fn get(&self, key: &str) -> Option<Arc<StoredObject>> {
        let objects = self.objects();
        objects.get(key).map(|stored| Arc::clone(&stored.object))
    }

    /// All files, oldest first.
    pub fn list(&self) -> Vec<(String, Stored)> {
        let objects = self.objects();
        let all = objects.iter();
        all.map(|(key, stored)| (key.to_owned(), stored.clone()))
            .collect()
    }

    /// Stores a file, and deletes the oldest ones if the storage is full.
    pub fn put(&self, key: &str, object: impl Into<Arc<StoredObject>>) -> Result<(), Refusal> {
        let object = object.into();
        let bytes = object.bytes.len() as u64;
        if bytes > self.max_file_bytes() {
            return Err(form::too_large());
        }
        let stored = Stored {
            object,
            at: SystemTime::now(),
        };
        let evicted = self.objects().insert(key.into(), stored, bytes);
        log_evicted(&evicted);
        Ok(())
    }

    pub fn remove(&self, key: &str) {
        self.objects().remove(key);
    }

    fn objects(&self) -> MutexGuard<'_, Recent<Stored>> {
        self.objects
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The URL of an object.
    pub fn object_url(&self, key: &str) -> String {
        format!("{}/{key}", self.bucket_url())
    }

    /// Sets the validity of new forms, in whole seconds.
    pub fn set_expiry(&self, expiry: Duration) {
        let seconds = expiry.as_secs().try_into().unwrap_or(u32::MAX);
        self.expiry.store(seconds, Ordering::Relaxed);
    }

    /// Presigns a form that stores one file under `key`.
    pub fn presign(&self, key: &str, content_type: &str, now: Timestamp) -> SignedForm {
        // X-Amz-Date uses the basic format of ISO 8601: the extended format without separators.
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

    pub fn respond(&self, request: &mut Incoming<'_>) -> io::Result<Response> {
        let path = request.path.split('?').next().unwrap_or_default();
        let bucket = path
            .strip_prefix('/')
            .and_then(|path| path.strip_prefix(BUCKET));
        let key = bucket.map(|rest| rest.trim_start_matches('/').to_owned());
        match (request.method.as_str(), key) {
            ("POST", Some(key)) if key.is_empty() => {
                let posted = self.post(request, SystemTime::now().into());
                Ok(posted.unwrap_or_else(|refusal| refusal.into_response()))
            }
            ("PUT", Some(key)) if !key.is_empty() => {
                let stored = self.put_signed(&key, request, SystemTime::now().into());
                Ok(stored.unwrap_or_else(|refusal| refusal.into_response()))
            }
            ("GET", Some(key)) => Ok(match self.get(&key) {
                Some(object) => {
                    let content_type = object.content_type.as_deref();
                    let content_type = content_type.unwrap_or("application/octet-stream");
                    Response::new(200, content_type, Content::Object(Arc::clone(&object)))
                }
                None => {
                    refuse(404, "NoSuchKey", "The specified key does not exist.").into_response()
                }
            }),
            (_, Some(_)) => {
                let message = "The specified method is not allowed against this resource.";
                Ok(refuse(405, "MethodNotAllowed", message).into_response())
            }
            (_, None) => {
                let message = "The specified bucket does not exist";
                Ok(refuse(404, "NoSuchBucket", message).into_response())
            }
        }
    }
}

fn log_evicted(objects: &[(String, Stored)]) {
    for (key, stored) in objects {
        let bytes = stored.object.bytes.len();
        log::warn!("sandbox: deleted {key} ({bytes} bytes), the oldest file: the storage is full");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(bytes: usize) -> StoredObject {
        StoredObject {
            bytes: vec![0; bytes],
            content_type: None,
        }
    }

    fn rejection<T>(result: Result<T, Refusal>) -> Option<&'static str> {
        result.err().map(|refusal| refusal.code)
    }

    #[test]
    fn memory_of_posts_in_progress_is_limited() {
        let storage = Storage::new("http://127.0.0.1:1".into());
        storage.set_limits(100, 10);
        let first = storage.receive(60);
        assert!(first.is_ok());
        assert_eq!(rejection(storage.receive(41)), Some("SlowDown"));
        let second = storage.receive(40);
        assert_eq!(rejection(storage.receive(1)), Some("SlowDown"));
        drop(first);
        assert!(storage.receive(60).is_ok());
        drop(second);
        // A post of the largest file is admitted although its fields exceed the limit.
        assert!(storage.receive(120).is_ok());
        assert_eq!(storage.receiving.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn file_larger_than_the_storage_evicts_nothing() {
        let storage = Storage::new("http://127.0.0.1:1".into());
        storage.set_limits(100, 10);
        storage.put("a", object(60)).ok().unwrap();
        assert_eq!(
            rejection(storage.put("b", object(101))),
            Some("EntityTooLarge")
        );
        assert!(storage.get("a").is_some());
        storage.put("b", object(41)).ok().unwrap();
        let keys: Vec<_> = storage.list().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["b"]);
        // A file may replace itself.
        storage.put("b", object(100)).ok().unwrap();
        assert_eq!(storage.get("b").unwrap().bytes.len(), 100);
    }
}
