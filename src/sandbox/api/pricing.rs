//! The price of a call: as much as the sandbox charges for it.

use serde_json::{Value, json};

use super::Call;
use super::account::credits;
use super::refusal::Refusal;
use super::variables::{ANY_NUMBER, ANY_TEXT, ID, Kind, Variable, check, optional, required};
use super::variation::CREDITS as UPSCALE_CREDITS;
use super::video::{sides, video_credits};
use crate::geometry::{Bounds, Size};

const REQUEST: &[Variable] = &[
    required("service", ID),
    required("serviceParams", Kind::Object(SERVICES)),
];

#[rustfmt::skip]
const SERVICES: &[Variable] = &[
    optional("IMAGE_GENERATION", Kind::Object(IMAGE)),
    optional("MOTION_VIDEO_GENERATION", Kind::Object(&[
        required("resolution", Kind::OneOf(&["RESOLUTION_480", "RESOLUTION_720"])),
    ])),
    optional("UNIVERSAL_UPSCALER", Kind::Object(&[required("megapixel", Kind::Integer(1..=20))])),
    optional("UNIVERSAL_UPSCALER_ULTRA", Kind::Object(&[
        required("inputWidth", Kind::Integer(1..=16_384)),
        required("inputHeight", Kind::Integer(1..=16_384)),
        required("upscaleMultiplier", Kind::Number(1.0..=2.0)),
    ])),
];

const SIDE: Kind = Kind::Side(Bounds::square(32, 1024, 8));

#[rustfmt::skip]
const IMAGE: &[Variable] = &[
    required("imageWidth", SIDE),
    required("imageHeight", SIDE),
    required("numImages", Kind::Integer(1..=8)),
    optional("inferenceSteps", Kind::Integer(10..=60)),
    optional("promptMagic", Kind::Flag),
    optional("promptMagicStrength", ANY_NUMBER),
    optional("promptMagicVersion", ANY_TEXT),
    optional("alchemyMode", Kind::Flag),
    optional("photoRealMode", Kind::Flag),
    optional("photoRealStrength", ANY_NUMBER),
    optional("photoRealVersion", Kind::OneOf(&["v1", "v2"])),
    optional("highResolution", Kind::Flag),
    optional("loraCount", Kind::Integer(0..=100)),
    optional("isModelCustom", Kind::Flag),
    optional("controlnetsCost", Kind::Integer(0..=100_000)),
    optional("isPhoenix", Kind::Flag),
    optional("isSDXL", Kind::Flag),
    optional("isSDXLLightning", Kind::Flag),
    optional("isUltra", Kind::Flag),
    optional("isFluxSchnell", Kind::Flag),
    optional("isFluxDev", Kind::Flag),
    optional("isFluxKontext", Kind::Flag),
];

pub(super) fn calculate(call: &Call) -> Result<Value, Refusal> {
    check(&call.body, REQUEST)?;
    let service = call.text("service");
    let parameters = &call.body["serviceParams"][service];
    if !parameters.is_object() {
        let message = format!("there are no serviceParams for {service}");
        return Err(Refusal::invalid(message).at("$.serviceParams"));
    }
    let number = |name: &str| parameters[name].as_u64().unwrap_or_default();
    let cost = match service {
        "IMAGE_GENERATION" => {
            let [width, height] = ["imageWidth", "imageHeight"].map(|name| number(name) as u32);
            credits(Size::new(width, height)) * number("numImages")
        }
        "MOTION_VIDEO_GENERATION" => {
            let resolution = parameters["resolution"].as_str().unwrap_or_default();
            video_credits(sides(resolution))
        }
        _ => UPSCALE_CREDITS,
    };
    Ok(json!({"calculateProductionApiServiceCost": {"cost": cost}}))
}
