//! The presigned forms that the API issues.

use std::sync::Arc;

use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};

use super::{Api, Call, new_id, timestamp};
use crate::extension::Extension;
use crate::sandbox::storage::{Storage, StoredObject};
use crate::time::Timestamp;

/// An id and a storage key for a file that may not have been posted yet.
#[derive(Clone)]
pub(super) struct Upload {
    pub id: String,
    pub key: String,
    pub created_at: Timestamp,
}

/// An upload and the form to post its file with.
pub(super) struct Form {
    pub upload: Upload,
    pub url: String,
    /// A JSON object as a string; the fields are in order.
    pub fields: String,
}

impl Upload {
    pub fn stored(&self, storage: &Storage) -> Option<Arc<StoredObject>> {
        storage.get(&self.key)
    }

    /// The upload as the API shows it; `None` until a file was posted.
    pub fn json(&self, storage: &Storage) -> Option<Value> {
        self.stored(storage)?;
        Some(json!({
            "id": self.id,
            "url": storage.object_url(&self.key),
            "createdAt": timestamp(self.created_at),
        }))
    }
}

impl Form {
    pub fn json(&self) -> Value {
        let Upload { id, key, .. } = &self.upload;
        json!({"id": id, "fields": self.fields, "key": key, "url": self.url})
    }
}

impl Api {
    /// Creates a form for one file in `folder`.
    pub(super) fn form(
        &self,
        folder: &str,
        extension: &str,
        content_type: &str,
        now: Timestamp,
    ) -> Form {
        let id = new_id();
        let key = format!("users/{}/{folder}/{id}/primary.{extension}", self.user);
        let form = self.storage.presign(&key, content_type, now);
        let mut fields = Vec::new();
        let mut serializer = serde_json::Serializer::new(&mut fields);
        let written = serializer.serialize_map(None).and_then(|mut map| {
            for (name, value) in &form.fields {
                map.serialize_entry(name, value)?;
            }
            map.end()
        });
        written.expect("strings serialize to memory");
        Form {
            upload: Upload {
                id,
                key,
                created_at: now,
            },
            url: form.url,
            fields: String::from_utf8_lossy(&fields).into(),
        }
    }

    /// Creates a form for one image, whose extension is in `variable` of the call.
    pub(super) fn image_form(&self, folder: &str, call: &Call, variable: &str) -> Form {
        let extension = call.text(variable);
        let known = Extension::ALL
            .iter()
            .copied()
            .find(|known| known.as_str() == extension);
        let content_type = known.expect("the variables were checked").content_type();
        self.form(folder, extension, content_type, call.now)
    }
}
