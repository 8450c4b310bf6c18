//! Datasets and their images.

use serde_json::{Value, json};

use super::form::Upload;
use super::init_image::EXTENSION;
use super::refusal::Refusal;
use super::variables::{ANY_TEXT, ID, Kind, Variable, check, optional, required};
use super::{Api, Call, new_id, timestamp};
use crate::time::Timestamp;

const DATASET: &[Variable] = &[
    required("name", Kind::Text(1..=1000)),
    optional("description", ANY_TEXT),
];
const FROM_GENERATION: &[Variable] = &[required("generatedImageId", ID)];

pub(super) struct Dataset {
    name: String,
    description: Value,
    created_at: Timestamp,
    updated_at: Timestamp,
}

pub(super) struct DatasetImage {
    dataset: String,
    upload: Upload,
}

impl Api {
    pub(super) fn create_dataset(&self, call: &Call) -> Result<Value, Refusal> {
        check(&call.body, DATASET)?;
        let id = new_id();
        let dataset = Dataset {
            name: call.text("name").into(),
            description: call.body["description"].clone(),
            created_at: call.now,
            updated_at: call.now,
        };
        let mut records = self.records();
        records.datasets.insert(id.clone(), dataset, call.bytes);
        Ok(json!({"insert_datasets_one": {"id": id}}))
    }

    pub(super) fn dataset(&self, id: &str) -> Value {
        let records = self.records();
        let shown = records.datasets.get(id).map(|dataset| {
            let images = records.dataset_images.iter();
            let images: Vec<_> = images
                .filter(|(_, image)| image.dataset == id)
                .filter_map(|(_, image)| image.upload.json(&self.storage))
                .collect();
            json!({
                "id": id,
                "name": dataset.name,
                "description": dataset.description,
                "createdAt": timestamp(dataset.created_at),
                "updatedAt": timestamp(dataset.updated_at),
                "dataset_images": images,
            })
        });
        json!({"datasets_by_pk": shown})
    }

    pub(super) fn delete_dataset(&self, id: &str) -> Value {
        let mut records = self.records();
        let deleted = records.datasets.remove(id).map(|_| {
            let images = records.dataset_images.iter();
            let images = images.filter(|(_, image)| image.dataset == id);
            let ids: Vec<_> = images.map(|(id, _)| id.to_owned()).collect();
            for id in ids {
                if let Some(image) = records.dataset_images.remove(&id) {
                    self.storage.remove(&image.upload.key);
                }
            }
            json!({"id": id})
        });
        json!({"delete_datasets_by_pk": deleted})
    }

    pub(super) fn create_dataset_image(&self, id: &str, call: &Call) -> Result<Value, Refusal> {
        check(&call.body, EXTENSION)?;
        let form = self.image_form(&folder(id), call, "extension");
        self.add_to_dataset(id, form.upload.clone())?;
        Ok(json!({"uploadDatasetImage": form.json()}))
    }

    pub(super) fn copy_to_dataset(&self, id: &str, call: &Call) -> Result<Value, Refusal> {
        check(&call.body, FROM_GENERATION)?;
        let (generated, object) = self.generated(call.text("generatedImageId"))?;
        let name = generated.key.rsplit('/').next().unwrap_or_default();
        let image_id = new_id();
        let upload = Upload {
            key: format!("users/{}/{}/{image_id}/{name}", self.user, folder(id)),
            id: image_id.clone(),
            created_at: call.now,
        };
        let key = upload.key.clone();
        self.add_to_dataset(id, upload)?;
        let stored = self.storage.put(&key, object);
        stored.map_err(|refusal| Refusal::invalid(refusal.message))?;
        Ok(json!({"uploadDatasetImageFromGen": {"id": image_id}}))
    }

    fn add_to_dataset(&self, id: &str, upload: Upload) -> Result<(), Refusal> {
        let mut records = self.records();
        let dataset = records.datasets.get_mut(id);
        let dataset = dataset.ok_or_else(|| Refusal::not_found("dataset not found"))?;
        dataset.updated_at = upload.created_at;
        let image = DatasetImage {
            dataset: id.to_owned(),
            upload,
        };
        let id = image.upload.id.clone();
        records.dataset_images.insert(id, image, 0);
        Ok(())
    }
}

fn folder(dataset: &str) -> String {
    format!("datasets/{dataset}/images")
}
