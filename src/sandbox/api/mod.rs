//! The API: the calls that involve uploaded images, with replies in the shapes of the real API.

mod account;
mod background;
mod canvas;
mod dataset;
mod form;
mod generation;
mod init_image;
mod job;
mod media;
mod models;
mod pricing;
mod refusal;
mod v2;
mod variables;
mod variation;
mod video;

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use serde_json::Value;

use super::http::{Incoming, Response};
use super::recent::Recent;
use super::storage::Storage;
use crate::random;
use crate::time::Timestamp;
use refusal::Refusal;

/// Path of the API, as in the real API's base URL.
pub(super) const PREFIX: &str = "/api/rest";

const MAX_JSON_BYTES: u64 = 1 << 20;

/// Maximum number of records per resource.
const MAX_RECORDS: usize = 10_000;
/// Maximum total size of the requests that created the records of one resource.
const MAX_RECORD_BYTES: u64 = 16 << 20;

pub(super) struct Api {
    key: String,
    /// The id of the only user.
    user: String,
    storage: Arc<Storage>,
    records: Mutex<Records>,
    /// Held while a job renders its images, which needs far more memory than storing them: one job at a time.
    rendering: Mutex<()>,
}

/// The resources of the API, by id.
struct Records {
    /// Includes the images and masks for the canvas.
    init_images: Recent<form::Upload>,
    datasets: Recent<dataset::Dataset>,
    dataset_images: Recent<dataset::DatasetImage>,
    generations: Recent<generation::Generation>,
    media: Recent<media::Media>,
    variations: Recent<variation::Variation>,
    /// The jobs of generations and variations.
    jobs: Recent<job::Job>,
    spent_credits: u64,
}

impl Default for Records {
    fn default() -> Self {
        Self {
            init_images: records(),
            datasets: records(),
            dataset_images: records(),
            generations: records(),
            media: records(),
            variations: records(),
            jobs: records(),
            spent_credits: 0,
        }
    }
}

fn records<V>() -> Recent<V> {
    Recent::new(MAX_RECORDS, MAX_RECORD_BYTES)
}

/// The body and the time of an API call.
struct Call {
    body: Value,
    /// Size of the body.
    bytes: u64,
    now: Timestamp,
}

impl Api {
    pub fn new(storage: Arc<Storage>) -> Self {
        Self {
            key: new_id(),
            user: new_id(),
            storage,
            records: Mutex::default(),
            rendering: Mutex::default(),
        }
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// Locks the records. Never hold this lock while rendering.
    fn records(&self) -> MutexGuard<'_, Records> {
        self.records
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn respond(&self, path: &str, request: &mut Incoming<'_>) -> io::Result<Response> {
        if let Err(refusal) = self.authorize(request) {
            return Ok(refusal.into_response());
        }
        if let Err(refusal) = check_length(request) {
            return Ok(refusal.into_response());
        }
        let mut body = Vec::new();
        request.body.read_to_end(&mut body)?;
        let reply = Call::read(&body, SystemTime::now().into())
            .and_then(|call| self.route(&request.method, path, &call));
        Ok(reply.map_or_else(Refusal::into_response, |value| Response::json(200, &value)))
    }

    /// Responds like the real API: 401 to an unknown key, 500 to a key that is not a UUID.
    fn authorize(&self, request: &Incoming<'_>) -> Result<(), Refusal> {
        let header = request.header("authorization").unwrap_or_default();
        let key = header.strip_prefix("Bearer ").unwrap_or_default();
        if key == self.key {
            Ok(())
        } else if is_uuid(key) {
            Err(Refusal::new(401, "access-denied", "Invalid API key"))
        } else {
            let message = "Invalid response from authorization hook";
            Err(Refusal::new(500, "unexpected", message))
        }
    }

    #[rustfmt::skip]
    fn route(&self, method: &str, path: &str, call: &Call) -> Result<Value, Refusal> {
        let path = path.split('?').next().unwrap_or_default();
        let parts: Vec<_> = path.trim_start_matches('/').split('/').collect();
        match (method, parts.as_slice()) {
            ("GET",    ["v1", "me"]) => Ok(self.account(call)),
            ("POST",   ["v1", "init-image"]) => self.create_init_image(call),
            ("GET",    ["v1", "init-image", id]) => Ok(self.init_image(uuid(id)?)),
            ("DELETE", ["v1", "init-image", id]) => Ok(self.delete_init_image(uuid(id)?)),
            ("POST",   ["v1", "canvas-init-image"]) => self.create_canvas_init_image(call),
            ("POST",   ["v1", "datasets"]) => self.create_dataset(call),
            ("GET",    ["v1", "datasets", id]) => Ok(self.dataset(uuid(id)?)),
            ("DELETE", ["v1", "datasets", id]) => Ok(self.delete_dataset(uuid(id)?)),
            ("POST",   ["v1", "datasets", id, "upload"]) => self.create_dataset_image(id, call),
            ("POST",   ["v1", "datasets", id, "upload", "gen"]) => self.copy_to_dataset(id, call),
            ("POST",   ["v1", "generations"]) => self.create_generation(call),
            ("GET",    ["v1", "generations", id]) => Ok(self.generation(uuid(id)?)),
            ("DELETE", ["v1", "generations", id]) => Ok(self.delete_generation(uuid(id)?)),
            ("POST",   ["v1", "generations-image-to-video"]) => self.create_video(call),
            ("POST",   ["v1", "variations", "universal-upscaler"]) => self.create_upscale(call),
            ("GET",    ["v1", "variations", id]) => Ok(self.variation(uuid(id)?)),
            ("POST",   ["v1", "models-3d", "upload"]) => self.create_model_asset(call),
            ("POST",   ["v1", "media"]) => self.create_media(call),
            ("GET",    ["v1", "media", id]) => Ok(self.media(uuid(id)?)),
            ("DELETE", ["v1", "media", id]) => Ok(self.delete_media(uuid(id)?)),
            ("POST",   ["v1", "pricing-calculator"]) => pricing::calculate(call),
            ("GET",    ["v2", "models"]) => Ok(models::list()),
            ("POST",   ["v2", "generations"]) => Ok(self.create_generation_v2(call)),
            ("POST",   ["v2", "generationssync"]) => Ok(self.remove_background(call)),
            _ => Err(Refusal::not_found(format!("{method} {path} is not in the sandbox"))),
        }
    }
}

/// Rejects a body that is too long before reading it.
fn check_length(request: &Incoming<'_>) -> Result<(), Refusal> {
    if request.header("transfer-encoding").is_some() {
        let message = "the sandbox does not support Transfer-Encoding; send a Content-Length";
        return Err(Refusal::new(411, "length-required", message));
    }
    match request.content_length {
        Some(length) if length > MAX_JSON_BYTES => {
            let message = format!("the body has {length} bytes, more than {MAX_JSON_BYTES}");
            Err(Refusal::new(413, "payload-too-large", message))
        }
        _ => Ok(()),
    }
}

impl Call {
    fn read(body: &[u8], now: Timestamp) -> Result<Self, Refusal> {
        let bytes = body.len() as u64;
        let body = match body {
            [] => Ok(Value::Object(serde_json::Map::new())),
            _ => serde_json::from_slice(body),
        };
        let body = body.map_err(|error| {
            Refusal::new(
                400,
                "invalid-json",
                format!("the body is not valid JSON: {error}"),
            )
        })?;
        Ok(Self { body, bytes, now })
    }

    fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }
}

/// A random UUID, version 4.
fn new_id() -> String {
    let bits = random::draw() & !(0xF << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

pub(super) fn is_uuid(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').map(str::len).collect();
    let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    parts == [8, 4, 4, 4, 12] && text.bytes().all(hex)
}

/// Validates an id in a path: a lower-case UUID.
fn uuid(id: &str) -> Result<&str, Refusal> {
    if is_uuid(id) && !id.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Ok(id)
    } else {
        Err(Refusal::new(
            400,
            "data-exception",
            format!("invalid input syntax for type uuid: {id:?}"),
        ))
    }
}

/// A time in the API's format: without a time zone.
fn timestamp(time: Timestamp) -> String {
    format!("{time:.3}").trim_end_matches('Z').to_owned()
}
