//! The API: the calls an upload needs, answered in the shapes of the real one.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard};

use jiff::Timestamp;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};

use super::http::{Answer, Incoming};
use super::storage::{SignedForm, Storage};
use crate::extension::Extension;
use crate::geometry::{Bounds, Size};
use crate::random;

/// Where the API begins, as in the real one's address.
pub(super) const PREFIX: &str = "/api/rest";

const MAX_JSON_BYTES: u64 = 1 << 20;

pub(super) struct Api {
    key: String,
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    /// The storage key of every init image, by id.
    init_images: HashMap<String, String>,
    datasets: Vec<String>,
    generations: HashMap<String, Generation>,
}

struct Generation {
    init_image_key: String,
    num_images: u64,
    asked_for: u32,
}

/// A refusal: status, code and message.
type Refusal = (u16, &'static str, String);

impl Api {
    pub fn new() -> Self {
        Self {
            key: uuid(),
            records: Mutex::default(),
        }
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn answer(
        &self,
        path: &str,
        request: &mut Incoming<'_>,
        storage: &Storage,
    ) -> io::Result<Answer> {
        if let Err(refusal) = self.authorize(request) {
            return Ok(refused(refusal));
        }
        let mut body = Vec::new();
        request
            .body
            .by_ref()
            .take(MAX_JSON_BYTES)
            .read_to_end(&mut body)?;
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let parts: Vec<_> = path.trim_start_matches('/').split('/').collect();
        let answer = match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["v1", "init-image"]) => self.create_init_image(&json, storage),
            ("POST", ["v1", "datasets"]) => self.create_dataset(&json),
            ("POST", ["v1", "datasets", id, "upload"]) => {
                self.create_dataset_image(id, &json, storage)
            }
            ("POST", ["v1", "generations"]) => self.create_generation(&json, storage),
            ("GET", ["v1", "generations", id]) => Ok(self.generation(id, storage)),
            (method, _) => Err(invalid(
                404,
                format!("{method} {path} is not in the sandbox"),
            )),
        };
        Ok(answer.map_or_else(refused, |value| Answer::json(200, &value)))
    }

    /// As the real API: 401 for a key it does not know, a broken hook for what is no UUID at all.
    fn authorize(&self, request: &Incoming<'_>) -> Result<(), Refusal> {
        let header = request.header("authorization").unwrap_or_default();
        let key = header.strip_prefix("Bearer ").unwrap_or_default();
        match key {
            _ if key == self.key => Ok(()),
            _ if is_uuid(key) => Err((401, "access-denied", "Invalid API key".into())),
            _ => Err((
                500,
                "unexpected",
                "Invalid response from authorization hook".into(),
            )),
        }
    }

    fn create_init_image(&self, json: &Value, storage: &Storage) -> Result<Value, Refusal> {
        let (id, key, form) = new_form("init", json, storage)?;
        self.records().init_images.insert(id.clone(), key.clone());
        Ok(json!({"uploadInitImage": form_json(&id, &key, &form)}))
    }

    fn create_dataset(&self, json: &Value) -> Result<Value, Refusal> {
        if json["name"].as_str().is_none_or(str::is_empty) {
            return Err(invalid(400, "name is required"));
        }
        let id = uuid();
        self.records().datasets.push(id.clone());
        Ok(json!({"insert_datasets_one": {"id": id}}))
    }

    fn create_dataset_image(
        &self,
        dataset: &str,
        json: &Value,
        storage: &Storage,
    ) -> Result<Value, Refusal> {
        if !self.records().datasets.iter().any(|id| id == dataset) {
            return Err(invalid(404, "dataset not found"));
        }
        let (id, key, form) = new_form(&format!("datasets/{dataset}"), json, storage)?;
        Ok(json!({"uploadDatasetImage": form_json(&id, &key, &form)}))
    }

    fn create_generation(&self, json: &Value, storage: &Storage) -> Result<Value, Refusal> {
        let prompt = json["prompt"].as_str().unwrap_or_default().chars().count();
        if !(1..=1500).contains(&prompt) {
            return Err(invalid(400, "prompt must have 1 to 1500 characters"));
        }
        let Bounds {
            min, max, multiple, ..
        } = Bounds::LEONARDO_V1;
        let Size { width, height } = Size::new(1024, 768);
        for (name, default, min, max) in [
            ("width", width, min.width, max.width),
            ("height", height, min.height, max.height),
        ] {
            let side = json[name].as_u64().unwrap_or(default.into());
            let in_bounds = (u64::from(min)..=u64::from(max)).contains(&side);
            if !in_bounds || !side.is_multiple_of(multiple.into()) {
                let message = format!("{name} must be {min} to {max} and a multiple of {multiple}");
                return Err(invalid(400, message));
            }
        }
        let init_image = json["init_image_id"].as_str().ok_or_else(|| {
            invalid(
                400,
                "the sandbox makes pictures from an init image only: init_image_id is required",
            )
        })?;
        let mut records = self.records();
        let key = records.init_images.get(init_image);
        let key = key.filter(|key| storage.get(key).is_some()).cloned();
        let generation = Generation {
            init_image_key: key.ok_or_else(|| invalid(400, "init image not found"))?,
            num_images: json["num_images"].as_u64().unwrap_or(4).clamp(1, 8),
            asked_for: 0,
        };
        let id = uuid();
        records.generations.insert(id.clone(), generation);
        Ok(json!({"sdGenerationJob": {"generationId": id, "apiCreditCost": 0}}))
    }

    /// Pending when it is first asked for, complete from then on; the pictures are the init image itself.
    fn generation(&self, id: &str, storage: &Storage) -> Value {
        let mut records = self.records();
        let Some(generation) = records.generations.get_mut(id) else {
            return json!({"generations_by_pk": null});
        };
        generation.asked_for += 1;
        if generation.asked_for == 1 {
            return json!({"generations_by_pk": {"id": id, "status": "PENDING", "generated_images": []}});
        }
        let url = storage.object_url(&generation.init_image_key);
        let images: Vec<_> = (0..generation.num_images)
            .map(|_| json!({"id": uuid(), "url": url, "nsfw": false, "likeCount": 0}))
            .collect();
        json!({"generations_by_pk": {"id": id, "status": "COMPLETE", "generated_images": images}})
    }
}

fn new_form(
    folder: &str,
    json: &Value,
    storage: &Storage,
) -> Result<(String, String, SignedForm), Refusal> {
    let extension = json["extension"].as_str().unwrap_or_default();
    // Lower case only: the real API keeps to its four spellings.
    let known = Extension::ALL
        .into_iter()
        .find(|known| known.as_str() == extension);
    let extension =
        known.ok_or_else(|| invalid(400, "extension must be png, jpg, jpeg or webp"))?;
    let id = uuid();
    let key = format!("users/{}/{folder}/{id}/primary.{extension}", uuid());
    let form = storage.presign(&key, extension.mime_type(), Timestamp::now());
    Ok((id, key, form))
}

/// The fields go out as a string that holds an object, in order.
fn form_json(id: &str, key: &str, form: &SignedForm) -> Value {
    let mut fields = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut fields);
    let written = serializer.serialize_map(None).and_then(|mut map| {
        for (name, value) in &form.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    });
    written.expect("texts can be written to memory");
    let fields = String::from_utf8_lossy(&fields);
    json!({"id": id, "fields": fields, "key": key, "url": form.url})
}

fn invalid(status: u16, message: impl Into<String>) -> Refusal {
    (status, "validation-failed", message.into())
}

fn refused((status, code, message): Refusal) -> Answer {
    Answer::json(
        status,
        &json!({"error": message, "path": "$", "code": code}),
    )
}

/// A random UUID, version 4.
fn uuid() -> String {
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

fn is_uuid(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').map(str::len).collect();
    let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    parts == [8, 4, 4, 4, 12] && text.bytes().all(hex)
}
