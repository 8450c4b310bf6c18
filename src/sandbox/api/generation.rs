//! Generations: create, get, delete, and find the generated images.

use std::sync::Arc;

use serde_json::{Value, json};

use super::account::{credits, with_cost};
use super::job::{Job, JobSpec, Output, Work};
use super::refusal::Refusal;
use super::variables::{
    ANY_NUMBER, ANY_TEXT, ID, IMAGE_TYPE, Kind, PROMPT, SEED, Variable, check, optional, required,
};
use super::{Api, Call, new_id, timestamp};
use crate::geometry::Size;
use crate::leonardo::sizes;
use crate::sandbox::storage::StoredObject;

/// If a side has more pixels than this, a generation makes at most four images instead of eight.
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
    // Images that the generation uses.
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
    // Accepted without effect.
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

/// An id and the type that says which resource it identifies.
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

/// The properties of a generation besides its status and its images.
pub(super) struct Generation {
    details: Value,
    motion_model: Option<String>,
}

/// A validated request for a generation, independent of the version of the API.
pub(super) struct GenerationRequest {
    pub work: Work,
    pub size: Size,
    pub count: u64,
    /// The model, if the generation makes a video.
    pub motion_model: Option<String>,
    pub credits: u64,
    /// The variables of the request under their names in version 1.
    pub variables: Value,
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
        let request = GenerationRequest {
            work: self.work(call)?,
            size,
            count,
            motion_model: None,
            credits: credits(size) * count,
            variables: call.body.clone(),
        };
        Ok(json!({"sdGenerationJob": self.start(request, call)?}))
    }

    /// Finds all images of the request. Fails if one is missing; the first one determines the result.
    fn work(&self, call: &Call) -> Result<Work, Refusal> {
        if let Some(work) = self.canvas_work(call)? {
            return Ok(work);
        }
        let list = |name: &str| call.body[name].as_array().into_iter().flatten();
        let init = call.body["init_image_id"].as_str().into_iter();
        let init = init.map(|id| self.uploaded(id));
        let generated = call.body["init_generation_image_id"].as_str().into_iter();
        let generated = generated.map(|id| Ok(self.generated(id)?.1));
        let controlnets = list("controlnets")
            .map(|net| self.referenced(&net["initImageType"], &net["initImageId"]));
        let prompts = list("imagePrompts").map(|id| self.uploaded(id.as_str().unwrap_or_default()));
        let context =
            list("contextImages").map(|image| self.referenced(&image["type"], &image["id"]));
        let images = init.chain(generated).chain(controlnets);
        let images: Result<Vec<_>, _> = images.chain(prompts).chain(context).collect();
        Ok(Work::from_images(images?, &call.body))
    }

    /// Charges the account and queues the generation.
    pub(super) fn start(&self, request: GenerationRequest, call: &Call) -> Result<Value, Refusal> {
        let id = new_id();
        let spec = JobSpec {
            work: request.work,
            size: request.size,
            count: request.count,
            with_video: request.motion_model.is_some(),
            folder: format!("users/{}/generations/{id}", self.user),
        };
        let mut records = self.records();
        records.charge(request.credits)?;
        let generation = Generation {
            details: details(&id, &request.variables, request.size, call),
            motion_model: request.motion_model,
        };
        records
            .generations
            .insert(id.clone(), generation, call.bytes);
        records.enqueue(id.clone(), spec, call.bytes);
        Ok(with_cost(json!({"generationId": id}), request.credits))
    }

    pub(super) fn generation(&self, id: &str) -> Value {
        if self.records().generations.get(id).is_some() {
            self.poll(id);
        }
        let records = self.records();
        let found = records.generations.get(id).zip(records.jobs.get(id));
        let shown = found.map(|(generation, job)| {
            let images = job.outputs().iter();
            let images: Vec<_> = images
                .map(|output| {
                    let url = |key: &String| self.storage.object_url(key);
                    let is_video = output.video_key.is_some();
                    json!({
                        "id": output.id,
                        "url": url(&output.key),
                        "nsfw": false,
                        "likeCount": 0,
                        "fantasyAvatar": null,
                        "imageToVideo": is_video,
                        "motion": is_video,
                        "motionModel": generation.motion_model,
                        "motionMP4URL": output.video_key.as_ref().map(url),
                        "motionStrength": null,
                        "generated_image_variation_generics": self.variations_of(&output.id, &records),
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

    /// The generated image with this id.
    pub(super) fn generated(&self, id: &str) -> Result<(Output, Arc<StoredObject>), Refusal> {
        let records = self.records();
        let jobs = records.jobs.iter().map(|(_, job)| job);
        let output = jobs.flat_map(Job::outputs).find(|output| output.id == id);
        let output = output.cloned();
        let object = output
            .as_ref()
            .and_then(|output| self.storage.get(&output.key));
        output.zip(object).ok_or_else(|| {
            let message = format!("there is no generated image {id}, or it was deleted");
            Refusal::invalid(message)
        })
    }

    /// The generated, varied or uploaded image that a request refers to.
    pub(super) fn referenced(
        &self,
        image_type: &Value,
        id: &Value,
    ) -> Result<Arc<StoredObject>, Refusal> {
        let id = id.as_str().unwrap_or_default();
        match image_type.as_str() {
            Some("GENERATED") => Ok(self.generated(id)?.1),
            Some("VARIATION") => self.varied(id),
            _ => self.uploaded(id),
        }
    }
}

impl Work {
    /// Stretches the first image; without images, paints colors from the prompt and the seed.
    pub(super) fn from_images(images: Vec<Arc<StoredObject>>, body: &Value) -> Self {
        match images.into_iter().next() {
            Some(image) => Self::Stretch(image),
            None => Self::Paint {
                prompt: body["prompt"].as_str().unwrap_or_default().into(),
                seed: body["seed"].as_u64().unwrap_or_default(),
            },
        }
    }
}

fn details(id: &str, variables: &Value, size: Size, call: &Call) -> Value {
    json!({
        "id": id,
        "createdAt": timestamp(call.now),
        "prompt": variables["prompt"],
        "negativePrompt": variables["negative_prompt"],
        "imageWidth": size.width,
        "imageHeight": size.height,
        "initStrength": variables["init_strength"],
        "inferenceSteps": variables["num_inference_steps"],
        "guidanceScale": variables["guidance_scale"],
        "modelId": variables["modelId"],
        "scheduler": variables["scheduler"].as_str().unwrap_or("EULER_DISCRETE"),
        "sdVersion": variables["sd_version"].as_str().unwrap_or("v1_5"),
        "presetStyle": variables["presetStyle"],
        "photoReal": variables["photoReal"],
        "photoRealStrength": variables["photoRealStrength"],
        "promptMagic": variables["promptMagic"],
        "promptMagicStrength": variables["promptMagicStrength"],
        "promptMagicVersion": variables["promptMagicVersion"],
        "seed": variables["seed"].as_u64().unwrap_or_default(),
        "public": variables["public"].as_bool().unwrap_or_default(),
        "ultra": variables["ultra"],
        "generation_elements": [],
    })
}
