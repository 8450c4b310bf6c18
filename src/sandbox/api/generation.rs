//! Generations: start, get, delete, and the images they made.

use std::sync::Arc;

use serde_json::{Value, json};

use super::account::{credits, with_cost};
use super::job::{Job, Made, Order, Work};
use super::refusal::Refusal;
use super::variables::{
    ANY_NUMBER, ANY_TEXT, ID, IMAGE_TYPE, Kind, PROMPT, SEED, Variable, check, optional, required,
};
use super::{Api, Call, new_id, timestamp};
use crate::geometry::Size;
use crate::leonardo::sizes;
use crate::sandbox::storage::StoredObject;

/// A side of more pixels halves the number of images.
const LARGE_SIDE: u64 = 768;

#[rustfmt::skip]
const GENERATION: &[Variable] = &[
    required("prompt", PROMPT),
    optional("negative_prompt", ANY_TEXT),
    optional("width", Kind::Side(sizes::V1)),
    optional("height", Kind::Side(sizes::V1)),
    optional("num_images", Kind::Integer(1..=8)),
    optional("seed", SEED),
    optional("public", Kind::Flag),
    // Images it starts from or looks at.
    optional("init_image_id", ID),
    optional("init_generation_image_id", ID),
    optional("init_strength", Kind::Number(0.1..=0.9)),
    optional("imagePrompts", Kind::List(&ID)),
    optional("imagePromptWeight", ANY_NUMBER),
    optional("controlnets", Kind::List(&Kind::Object(CONTROLNET))),
    optional("contextImages", Kind::List(&Kind::Object(TYPED_IMAGE))),
    optional("canvasRequest", Kind::Flag),
    optional("canvasRequestType", Kind::OneOf(&["INPAINT", "OUTPAINT", "SKETCH2IMG", "IMG2IMG"])),
    optional("canvasInitId", ID),
    optional("canvasMaskId", ID),
    // Taken, and of no effect here.
    optional("alchemy", Kind::Flag),
    optional("contrast", Kind::Number(1.0..=4.5)),
    optional("contrastRatio", Kind::Number(0.0..=1.0)),
    optional("controlNet", Kind::Flag),
    optional("controlNetType", Kind::OneOf(&["POSE", "CANNY", "DEPTH"])),
    optional("elements", Kind::List(&Kind::Object(ELEMENT))),
    optional("enhancePrompt", Kind::Flag),
    optional("enhancePromptInstruction", ANY_TEXT),
    optional("expandedDomain", Kind::Flag),
    optional("fantasyAvatar", Kind::Flag),
    optional("guidance_scale", Kind::Number(1.0..=20.0)),
    optional("highContrast", Kind::Flag),
    optional("highResolution", Kind::Flag),
    optional("modelId", ID),
    optional("num_inference_steps", Kind::Integer(10..=60)),
    optional("photoReal", Kind::Flag),
    optional("photoRealStrength", Kind::Number(0.45..=0.55)),
    optional("photoRealVersion", Kind::OneOf(&["v1", "v2"])),
    optional("presetStyle", Kind::OneOf(PRESET_STYLES)),
    optional("promptMagic", Kind::Flag),
    optional("promptMagicStrength", Kind::Number(0.1..=1.0)),
    optional("promptMagicVersion", Kind::OneOf(&["v2", "v3"])),
    optional("scheduler", Kind::OneOf(&[
        "KLMS", "EULER_ANCESTRAL_DISCRETE", "EULER_DISCRETE", "DDIM", "DPM_SOLVER", "PNDM", "LEONARDO",
    ])),
    optional("sd_version", Kind::OneOf(&[
        "v1_5", "v2", "v3", "SDXL_0_8", "SDXL_0_9", "SDXL_1_0", "SDXL_LIGHTNING", "PHOENIX", "FLUX", "FLUX_DEV",
        "KINO_2_0",
    ])),
    optional("tiling", Kind::Flag),
    optional("transparency", Kind::OneOf(&["disabled", "foreground_only"])),
    optional("ultra", Kind::Flag),
    optional("unzoom", Kind::Flag),
    optional("unzoomAmount", ANY_NUMBER),
    optional("upscaleRatio", ANY_NUMBER),
    optional("userElements", Kind::List(&Kind::Object(USER_ELEMENT))),
    optional("weighting", ANY_NUMBER),
];

#[rustfmt::skip]
const CONTROLNET: &[Variable] = &[
    required("initImageId", ID),
    required("initImageType", IMAGE_TYPE),
    required("preprocessorId", Kind::Integer(1..=100_000)),
    optional("weight", Kind::Number(0.0..=2.0)),
    optional("strengthType", Kind::OneOf(&["Low", "Mid", "High", "Ultra", "Max"])),
];

/// An image with where it comes from.
pub(super) const TYPED_IMAGE: &[Variable] = &[required("id", ID), required("type", IMAGE_TYPE)];

pub(super) const ELEMENT: &[Variable] = &[required("akUUID", ID), optional("weight", ANY_NUMBER)];

const USER_ELEMENT: &[Variable] = &[
    required("userLoraId", ANY_NUMBER),
    optional("weight", ANY_NUMBER),
];

#[rustfmt::skip]
const PRESET_STYLES: &[&str] = &[
    "ANIME", "BOKEH", "CINEMATIC", "CINEMATIC_CLOSEUP", "CREATIVE", "DYNAMIC", "ENVIRONMENT", "FASHION", "FILM", "FOOD",
    "GENERAL", "HDR", "ILLUSTRATION", "LEONARDO", "LONG_EXPOSURE", "MACRO", "MINIMALISTIC", "MONOCHROME", "MOODY",
    "NONE", "NEUTRAL", "PHOTOGRAPHY", "PORTRAIT", "RAYTRACED", "RENDER_3D", "RETRO", "SKETCH_BW", "SKETCH_COLOR",
    "STOCK_PHOTO", "VIBRANT", "UNPROCESSED",
];

/// What is told of a generation besides its status and its images.
pub(super) struct Generation {
    details: Value,
    motion_model: Option<String>,
}

/// What a generation is asked for, in whichever version.
pub(super) struct Asked {
    pub work: Work,
    pub size: Size,
    pub count: u64,
    /// The model, where a video is to be made.
    pub motion_model: Option<String>,
    pub credits: u64,
    /// The variables as they are told back: those of version 1, whichever was asked.
    pub told: Value,
}

impl Api {
    pub(super) fn create_generation(&self, call: &Call) -> Result<Value, Refusal> {
        check(&call.body, GENERATION)?;
        let side = |name: &str, default| call.body[name].as_u64().unwrap_or(default);
        let (width, height) = (side("width", 1024), side("height", 768));
        let count = side("num_images", 4);
        if count > 4 && width.max(height) > LARGE_SIDE {
            let message =
                format!("num_images must be 1 to 4 where a side is over {LARGE_SIDE}, not {count}");
            return Err(Refusal::invalid(message).at("$.num_images"));
        }
        let size = Size::new(width as u32, height as u32);
        let asked = Asked {
            work: self.work(call)?,
            size,
            count,
            motion_model: None,
            credits: credits(size) * count,
            told: call.body.clone(),
        };
        Ok(json!({"sdGenerationJob": self.start(asked, call)?}))
    }

    /// Every image that is named has to be there; the first one shows in the result.
    fn work(&self, call: &Call) -> Result<Work, Refusal> {
        if let Some(work) = self.canvas_work(call)? {
            return Ok(work);
        }
        let list = |name: &str| call.body[name].as_array().into_iter().flatten();
        let init = call.body["init_image_id"].as_str().into_iter();
        let init = init.map(|id| self.uploaded(id));
        let again = call.body["init_generation_image_id"].as_str().into_iter();
        let again = again.map(|id| Ok(self.generated(id)?.1));
        let controlnets =
            list("controlnets").map(|net| self.picture(&net["initImageType"], &net["initImageId"]));
        let prompts = list("imagePrompts").map(|id| self.uploaded(id.as_str().unwrap_or_default()));
        let context = list("contextImages").map(|image| self.picture(&image["type"], &image["id"]));
        let named = init.chain(again).chain(controlnets);
        let pictures: Result<Vec<_>, _> = named.chain(prompts).chain(context).collect();
        Ok(Work::from_pictures(pictures?, &call.body))
    }

    /// Charges for it and puts it on the list.
    pub(super) fn start(&self, asked: Asked, call: &Call) -> Result<Value, Refusal> {
        let id = new_id();
        let order = Order {
            work: asked.work,
            size: asked.size,
            count: asked.count,
            with_video: asked.motion_model.is_some(),
            folder: format!("users/{}/generations/{id}", self.user),
        };
        let mut records = self.records();
        records.charge(asked.credits)?;
        let generation = Generation {
            details: details(&id, &asked.told, asked.size, call),
            motion_model: asked.motion_model,
        };
        records
            .generations
            .insert(id.clone(), generation, call.bytes);
        records.order(id.clone(), order, call.bytes);
        Ok(with_cost(json!({"generationId": id}), asked.credits))
    }

    pub(super) fn generation(&self, id: &str) -> Value {
        if self.records().generations.get(id).is_some() {
            self.poll(id);
        }
        let records = self.records();
        let found = records.generations.get(id).zip(records.jobs.get(id));
        let shown = found.map(|(generation, job)| {
            let images = job.made().iter();
            let images: Vec<_> = images
                .map(|made| {
                    let url = |key: &String| self.storage.object_url(key);
                    let is_video = made.video_key.is_some();
                    json!({
                        "id": made.id,
                        "url": url(&made.key),
                        "nsfw": false,
                        "likeCount": 0,
                        "fantasyAvatar": null,
                        "imageToVideo": is_video,
                        "motion": is_video,
                        "motionModel": generation.motion_model,
                        "motionMP4URL": made.video_key.as_ref().map(url),
                        "motionStrength": null,
                        "generated_image_variation_generics": self.variations_of(&made.id, &records),
                    })
                })
                .collect();
            let mut shown = generation.details.clone();
            shown["status"] = job.status().into();
            shown["generated_images"] = images.into();
            shown
        });
        json!({"generations_by_pk": shown})
    }

    pub(super) fn delete_generation(&self, id: &str) -> Value {
        let mut records = self.records();
        let deleted = records.generations.remove(id).map(|_| {
            let job = records.jobs.remove(id);
            job.iter().for_each(|job| job.remove_from(&self.storage));
            json!({"id": id})
        });
        json!({"delete_generations_by_pk": deleted})
    }

    /// An image that a generation made.
    pub(super) fn generated(&self, id: &str) -> Result<(Made, Arc<StoredObject>), Refusal> {
        let records = self.records();
        let mut made = records.jobs.iter().map(|(_, job)| job).flat_map(Job::made);
        let made = made.find(|made| made.id == id).cloned();
        let object = made.as_ref().and_then(|made| self.storage.get(&made.key));
        made.zip(object).ok_or_else(|| {
            let message = format!("there is no generated image {id}, or it was deleted");
            Refusal::invalid(message)
        })
    }

    /// The image of this type and id.
    pub(super) fn picture(
        &self,
        image_type: &Value,
        id: &Value,
    ) -> Result<Arc<StoredObject>, Refusal> {
        let id = id.as_str().unwrap_or_default();
        if image_type == "GENERATED" {
            Ok(self.generated(id)?.1)
        } else {
            self.uploaded(id)
        }
    }
}

impl Work {
    /// The first image stretched; without any, one from words alone.
    pub(super) fn from_pictures(pictures: Vec<Arc<StoredObject>>, body: &Value) -> Self {
        match pictures.into_iter().next() {
            Some(picture) => Self::Stretch(picture),
            None => Self::Paint {
                prompt: body["prompt"].as_str().unwrap_or_default().into(),
                seed: body["seed"].as_u64().unwrap_or_default(),
            },
        }
    }
}

fn details(id: &str, told: &Value, size: Size, call: &Call) -> Value {
    json!({
        "id": id,
        "createdAt": timestamp(call.now),
        "prompt": told["prompt"],
        "negativePrompt": told["negative_prompt"],
        "imageWidth": size.width,
        "imageHeight": size.height,
        "initStrength": told["init_strength"],
        "inferenceSteps": told["num_inference_steps"],
        "guidanceScale": told["guidance_scale"],
        "modelId": told["modelId"],
        "scheduler": told["scheduler"].as_str().unwrap_or("EULER_DISCRETE"),
        "sdVersion": told["sd_version"].as_str().unwrap_or("v1_5"),
        "presetStyle": told["presetStyle"],
        "photoReal": told["photoReal"],
        "photoRealStrength": told["photoRealStrength"],
        "promptMagic": told["promptMagic"],
        "promptMagicStrength": told["promptMagicStrength"],
        "promptMagicVersion": told["promptMagicVersion"],
        "seed": told["seed"].as_u64().unwrap_or_default(),
        "public": told["public"].as_bool().unwrap_or_default(),
        "ultra": told["ultra"],
        "generation_elements": [],
    })
}
