//! Variations: the universal upscaler, which also accepts uploaded images.

use std::sync::Arc;

use serde_json::{Value, json};

use super::account::with_cost;
use super::job::{JobSpec, Work};
use super::refusal::Refusal;
use super::variables::{ID, Kind, Variable, check, optional};
use super::{Api, Call, Records, new_id, timestamp};
use crate::geometry::Size;
use crate::sandbox::storage::StoredObject;
use crate::time::Timestamp;

#[rustfmt::skip]
const UPSCALE: &[Variable] = &[
    optional("initImageId", ID),
    optional("generatedImageId", ID),
    optional("variationId", ID),
    optional("upscaleMultiplier", Kind::Number(1.0..=2.0)),
    optional("creativityStrength", LEVEL),
    optional("upscalerStyle", Kind::OneOf(&[
        "GENERAL", "CINEMATIC", "2D ART & ILLUSTRATION", "CG ART & GAME ASSETS",
    ])),
    optional("ultraUpscaleStyle", Kind::OneOf(&["ARTISTIC", "REALISTIC"])),
    optional("detailContrast", LEVEL),
    optional("similarity", LEVEL),
    optional("prompt", Kind::Text(0..=1500)),
];

const LEVEL: Kind = Kind::Integer(1..=10);

/// The cost of an upscale.
pub(super) const CREDITS: u64 = 20;

pub(super) struct Variation {
    created_at: Timestamp,
    /// The generated image that the variation was made from.
    generated_image: Option<String>,
}

impl Api {
    pub(super) fn create_upscale(&self, call: &Call) -> Result<Value, Refusal> {
        check(&call.body, UPSCALE)?;
        check_style(&call.body)?;
        let source = self.upscale_source(&call.body)?;
        let factor = call.body["upscaleMultiplier"].as_f64().unwrap_or(1.5);
        let id = new_id();
        let spec = JobSpec {
            work: Work::Enlarge(source, factor),
            // Unused: the size follows from the image.
            size: Size::new(0, 0),
            count: 1,
            with_video: false,
            folder: format!("users/{}/variations/{id}", self.user),
        };
        let generated = call.body["generatedImageId"].as_str();
        let variation = Variation {
            created_at: call.now,
            generated_image: generated.map(str::to_owned),
        };
        let mut records = self.records();
        records.charge(CREDITS)?;
        records.variations.insert(id.clone(), variation, call.bytes);
        records.enqueue(id.clone(), spec, call.bytes);
        Ok(json!({"universalUpscaler": with_cost(json!({"id": id}), CREDITS)}))
    }

    fn upscale_source(&self, body: &Value) -> Result<Arc<StoredObject>, Refusal> {
        let given = |name: &str| body[name].as_str();
        match (
            given("initImageId"),
            given("generatedImageId"),
            given("variationId"),
        ) {
            (Some(id), None, None) => self.uploaded(id),
            (None, Some(id), None) => Ok(self.generated(id)?.1),
            (None, None, Some(id)) => self.varied(id),
            _ => Err(Refusal::invalid(
                "give one of initImageId, generatedImageId and variationId",
            )),
        }
    }

    /// The image that a variation produced.
    pub(super) fn varied(&self, id: &str) -> Result<Arc<StoredObject>, Refusal> {
        let records = self.records();
        let job = records.variations.get(id).and(records.jobs.get(id));
        let output = job.and_then(|job| job.outputs().first());
        let object = output.and_then(|output| self.storage.get(&output.key));
        object.ok_or_else(|| {
            Refusal::invalid(format!("there is no variation {id}, or it is not complete"))
        })
    }

    pub(super) fn variation(&self, id: &str) -> Value {
        if self.records().variations.get(id).is_some() {
            self.poll(id);
        }
        let records = self.records();
        let shown: Vec<_> = self.variation_json(id, &records).into_iter().collect();
        json!({"generated_image_variation_generic": shown})
    }

    /// The variations of a generated image, as the API lists them with the image.
    pub(super) fn variations_of(&self, generated_image: &str, records: &Records) -> Vec<Value> {
        let variations = records.variations.iter();
        variations
            .filter(|(_, variation)| variation.generated_image.as_deref() == Some(generated_image))
            .filter_map(|(id, _)| self.variation_json(id, records))
            .collect()
    }

    fn variation_json(&self, id: &str, records: &Records) -> Option<Value> {
        let variation = records.variations.get(id)?;
        let job = records.jobs.get(id)?;
        let output = job.outputs().first();
        Some(json!({
            "id": id,
            "createdAt": timestamp(variation.created_at),
            "status": job.status(),
            "transformType": "UPSCALE",
            "url": output.map(|output| self.storage.object_url(&output.key)),
        }))
    }
}

fn check_style(body: &Value) -> Result<(), Refusal> {
    let given = |name: &str| !body[name].is_null();
    if given("upscalerStyle") && given("ultraUpscaleStyle") {
        let message = "upscalerStyle and ultraUpscaleStyle cannot be used together";
        return Err(Refusal::invalid(message));
    }
    for name in ["detailContrast", "similarity"] {
        if given(name) && !given("ultraUpscaleStyle") {
            let message = format!("{name} can only be used with ultraUpscaleStyle");
            return Err(Refusal::invalid(message).at(&format!("$.{name}")));
        }
    }
    Ok(())
}
