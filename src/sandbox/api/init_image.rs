//! Init images: create, get, delete.

use std::sync::Arc;

use serde_json::{Value, json};

use super::form::Form;
use super::refusal::Refusal;
use super::variables::{IMAGE_EXTENSION, Variable, check, required};
use super::{Api, Call};
use crate::sandbox::storage::StoredObject;

pub(super) const EXTENSION: &[Variable] = &[required("extension", IMAGE_EXTENSION)];

impl Api {
    pub(super) fn create_init_image(&self, call: &Call) -> Result<Value, Refusal> {
        check(&call.body, EXTENSION)?;
        let form = self.init_image_form(call, "extension");
        Ok(json!({"uploadInitImage": form.json()}))
    }

    pub(super) fn init_image_form(&self, call: &Call, variable: &str) -> Form {
        let form = self.image_form("init", call, variable);
        let upload = form.upload.clone();
        let id = upload.id.clone();
        self.records().init_images.insert(id, upload, call.bytes);
        form
    }

    pub(super) fn init_image(&self, id: &str) -> Value {
        let upload = self.records().init_images.get(id).cloned();
        let shown = upload.and_then(|upload| upload.json(&self.storage));
        json!({"init_images_by_pk": shown})
    }

    pub(super) fn delete_init_image(&self, id: &str) -> Value {
        let upload = self.records().init_images.remove(id);
        let deleted = upload.map(|upload| {
            self.storage.remove(&upload.key);
            json!({"id": upload.id})
        });
        json!({"delete_init_images_by_pk": deleted})
    }

    /// The file that was posted for an init image.
    pub(super) fn uploaded(&self, id: &str) -> Result<Arc<StoredObject>, Refusal> {
        let upload = self.records().init_images.get(id).cloned();
        let upload = upload.ok_or_else(|| {
            Refusal::invalid(format!("there is no init image {id}, or it was deleted"))
        })?;
        upload.stored(&self.storage).ok_or_else(|| {
            let message = format!(
                "init image {id} has no file: nothing was posted to its form, or newer files have replaced it"
            );
            Refusal::invalid(message)
        })
    }
}
