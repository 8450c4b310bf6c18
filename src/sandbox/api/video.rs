//! Videos from an image. The sandbox makes a file with the header of an MP4 and no frames.

use serde_json::{Value, json};

use super::account::credits;
use super::generation::{ELEMENT, GenerationRequest, TYPED_IMAGE};
use super::job::Work;
use super::refusal::Refusal;
use super::variables::{
    ANY_TEXT, ID, IMAGE_TYPE, Kind, PROMPT, SEED, Variable, check, optional, required,
};
use super::{Api, Call};
use crate::geometry::Size;

#[rustfmt::skip]
const VIDEO: &[Variable] = &[
    required("prompt", PROMPT),
    required("imageId", ID),
    required("imageType", IMAGE_TYPE),
    optional("endFrameImage", Kind::Object(TYPED_IMAGE)),
    optional("resolution", Kind::OneOf(&["RESOLUTION_480", "RESOLUTION_720", "RESOLUTION_1080"])),
    optional("model", Kind::OneOf(&["MOTION2", "MOTION2FAST", "KLING2_5"])),
    optional("duration", Kind::Integer(1..=60)),
    optional("width", Kind::Integer(1..=4096)),
    optional("height", Kind::Integer(1..=4096)),
    optional("seed", SEED),
    optional("negativePrompt", ANY_TEXT),
    optional("promptEnhance", Kind::Flag),
    optional("promptEnhanceInstruction", ANY_TEXT),
    optional("frameInterpolation", Kind::Flag),
    optional("isPublic", Kind::Flag),
    optional("styleIds", Kind::List(&ID)),
    optional("elements", Kind::List(&Kind::Object(ELEMENT))),
];

impl Api {
    pub(super) fn create_video(&self, call: &Call) -> Result<Value, Refusal> {
        check(&call.body, VIDEO)?;
        let model = call.body["model"].as_str().unwrap_or("MOTION2");
        check_duration(model, call)?;
        let image = self.referenced(&call.body["imageType"], &call.body["imageId"])?;
        let end = &call.body["endFrameImage"];
        if end.is_object() {
            if model != "KLING2_5" {
                let message = format!("{model} does not accept endFrameImage; KLING2_5 does");
                return Err(Refusal::invalid(message).at("$.endFrameImage"));
            }
            self.referenced(&end["type"], &end["id"])?;
        }
        let Size { width, height } = sides(call.text("resolution"));
        let side = |name: &str, default| call.body[name].as_u64().map_or(default, |n| n as u32);
        let size = Size::new(side("width", width), side("height", height));
        let request = GenerationRequest {
            work: Work::Stretch(image),
            size,
            count: 1,
            motion_model: Some(model.into()),
            credits: video_credits(size),
            variables: json!({
                "prompt": call.body["prompt"],
                "negative_prompt": call.body["negativePrompt"],
                "seed": call.body["seed"],
                "public": call.body["isPublic"],
            }),
        };
        Ok(json!({"motionVideoGenerationJob": self.start(request, call)?}))
    }
}

/// The size of a video of this resolution.
pub(super) fn sides(resolution: &str) -> Size {
    match resolution {
        "RESOLUTION_1080" => Size::new(1920, 1080),
        "RESOLUTION_720" => Size::new(1280, 720),
        _ => Size::new(832, 480),
    }
}

/// The cost of a video in credits: as much as 25 images.
pub(super) fn video_credits(size: Size) -> u64 {
    credits(size) * 25
}

/// Checks the duration, which some models restrict to a few values.
fn check_duration(model: &str, call: &Call) -> Result<(), Refusal> {
    let allowed: &[u64] = match model {
        "KLING2_5" => &[5, 10],
        _ => return Ok(()),
    };
    match call.body["duration"].as_u64() {
        Some(duration) if !allowed.contains(&duration) => {
            let message = format!("{model} makes videos of {allowed:?} seconds, not of {duration}");
            Err(Refusal::invalid(message).at("$.duration"))
        }
        _ => Ok(()),
    }
}
