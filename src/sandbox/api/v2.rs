//! Generations of version 2: other variables and other refusals for the same jobs, which are asked for in version 1.

use std::sync::Arc;

use serde_json::{Value, json};

use super::account::credits;
use super::generation::GenerationRequest;
use super::job::Work;
use super::models;
use super::refusal::Refusal;
use super::variables::{ID, Kind, SEED, Variable, check, optional, required};
use super::video::video_credits;
use super::{Api, Call};
use crate::geometry::Size;
use crate::sandbox::render;

const GENERATION: &[Variable] = &[
    required("model", ID),
    optional("public", Kind::Flag),
    required("parameters", Kind::Object(PARAMETERS)),
];

/// Every model has its own; here all of them take these.
#[rustfmt::skip]
const PARAMETERS: &[Variable] = &[
    optional("prompt", Kind::Text(1..=10_000)),
    optional("width", Kind::Integer(0..=16_384)),
    optional("height", Kind::Integer(0..=16_384)),
    optional("quantity", Kind::Integer(1..=8)),
    optional("seed", SEED),
    optional("duration", Kind::Integer(1..=60)),
    optional("upscale_factor", Kind::Integer(2..=8)),
    optional("mode", ID),
    optional("quality", ID),
    optional("prompt_enhance", ID),
    optional("style_ids", Kind::List(&ID)),
    optional("guidances", Kind::Object(GUIDANCES)),
];

/// The first image that is given shows in the result.
const GUIDANCES: &[Variable] = &[
    optional(START_FRAME, GUIDANCE),
    optional("end_frame", GUIDANCE),
    optional("image_reference", GUIDANCE),
    optional("image_to_image", GUIDANCE),
    optional("style", GUIDANCE),
    optional("content", GUIDANCE),
    optional("character", GUIDANCE),
    optional("edge", GUIDANCE),
    optional("pose", GUIDANCE),
    optional("depth", GUIDANCE),
    optional("text_image", GUIDANCE),
    optional("background_image_reference", GUIDANCE),
    optional(VIDEO_REFERENCE, VIDEO_GUIDANCE),
    optional(AUDIO_REFERENCE, AUDIO_GUIDANCE),
];

/// These do not show in the result.
const VIDEO_REFERENCE: &str = "video_reference_base";
const AUDIO_REFERENCE: &str = "audio_reference";
const VIDEO_GUIDANCE: Kind = Kind::List(&Kind::Object(&[required("video", Kind::Object(IMAGE))]));
const AUDIO_GUIDANCE: Kind = Kind::List(&Kind::Object(&[required("audio", Kind::Object(IMAGE))]));

/// An image, which version 2 may also find among the variations.
const IMAGE: &[Variable] = &[
    required("id", ID),
    required("type", Kind::OneOf(&["GENERATED", "UPLOADED", "VARIATION"])),
];

/// Makes a video of it.
const START_FRAME: &str = "start_frame";

pub(super) const GUIDANCE: Kind = Kind::List(&Kind::Object(&[
    required("image", Kind::Object(IMAGE)),
    optional(
        "strength",
        Kind::OneOf(&["LOW", "MID", "HIGH", "ULTRA", "MAX"]),
    ),
    optional("order", Kind::Integer(0..=100)),
]));

impl Api {
    pub(super) fn create_generation_v2(&self, call: &Call) -> Value {
        match self.try_create_generation_v2(call) {
            Ok(started) => json!({"generate": started}),
            Err(refusal) => refusal.into_v2(),
        }
    }

    fn try_create_generation_v2(&self, call: &Call) -> Result<Value, Refusal> {
        check(&call.body, GENERATION)?;
        let parameters = &call.body["parameters"];
        let model = call.text("model");
        let side = |name: &str| parameters[name].as_u64().map(|side| side as u32);
        let mut size = match (side("width"), side("height")) {
            (Some(width), Some(height)) => models::generated_size(model, Size::new(width, height))?,
            _ => models::default_size(model),
        };
        let guidances = &parameters["guidances"];
        let items = |name: &str| guidances[name].as_array().cloned().unwrap_or_default();
        for (name, medium) in [(VIDEO_REFERENCE, "video"), (AUDIO_REFERENCE, "audio")] {
            for item in items(name) {
                self.check_media(&item[medium], medium)?;
            }
        }
        let names = GUIDANCES.iter().map(|variable| variable.name);
        let names = names.filter(|name| ![VIDEO_REFERENCE, AUDIO_REFERENCE].contains(name));
        let pictures = names.flat_map(items).map(|item| {
            let image = &item["image"];
            self.referenced(&image["type"], &image["id"])
        });
        let pictures: Vec<_> = pictures.collect::<Result<_, _>>()?;
        // 0×0 is the size of the reference.
        if size.width == 0 || size.height == 0 {
            let reference = pictures.first().and_then(|picture| render::size(picture));
            size = reference.unwrap_or(Size::new(1024, 1024));
        }
        let is_video = guidances[START_FRAME]
            .as_array()
            .is_some_and(|frames| !frames.is_empty());
        let quantity = parameters["quantity"].as_u64().unwrap_or(1);
        let mut variables = parameters.clone();
        variables["public"] = call.body["public"].clone();
        let factor = parameters["upscale_factor"].as_u64();
        let work = match (pictures.first(), factor) {
            (Some(image), Some(factor)) if models::is_upscaler(model) => {
                Work::Enlarge(Arc::clone(image), factor as f64)
            }
            _ => Work::from_images(pictures, parameters),
        };
        let request = GenerationRequest {
            work,
            size,
            count: quantity,
            motion_model: is_video.then(|| model.into()),
            credits: quantity
                * if is_video {
                    video_credits(size)
                } else {
                    credits(size)
                },
            variables,
        };
        self.start(request, call)
    }
}
