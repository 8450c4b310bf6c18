//! The removal of a background, which responds with the result. The sandbox makes transparent what has the color of the
//! upper left corner.

use std::sync::PoisonError;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::account::with_cost;
use super::refusal::Refusal;
use super::v2::GUIDANCE;
use super::variables::{ANY_TEXT, ID, Kind, Variable, check, optional, required};
use super::{Api, Call, new_id};
use crate::extension::Extension;
use crate::sandbox::render::{self, Behind};
use crate::sandbox::storage::StoredObject;

const REQUEST: &[Variable] = &[
    required("model", Kind::OneOf(&["remove-bg"])),
    optional("public", Kind::Flag),
    optional("ephemeral", Kind::Flag),
    optional("base64", Kind::Flag),
    required("parameters", Kind::Object(PARAMETERS)),
];

const PARAMETERS: &[Variable] = &[
    optional("size", Kind::OneOf(&["preview", "auto", "full", "50MP"])),
    optional("format", Kind::OneOf(&["png", "jpg", "webp"])),
    optional("type", ID),
    optional("bg_color", ANY_TEXT),
    optional("channels", Kind::OneOf(&["rgba", "alpha"])),
    optional("crop", Kind::Flag),
    optional("crop_margin", ANY_TEXT),
    required("guidances", Kind::Object(GUIDANCES)),
];

const GUIDANCES: &[Variable] = &[
    required("image_reference", GUIDANCE),
    optional("background_image_reference", GUIDANCE),
];

/// The cost of a result.
const CREDITS: u64 = 10;

/// Megapixels of a PNG, whatever the size.
const MAX_PNG_PIXELS: u64 = 10_000_000;

/// The longest result that fits into a response.
const MAX_INLINE_BYTES: usize = 7_450_000;

/// The largest input.
const MAX_INPUT_BYTES: usize = 25_000_000;

impl Api {
    pub(super) fn remove_background(&self, call: &Call) -> Value {
        self.try_remove_background(call)
            .unwrap_or_else(Refusal::into_v2)
    }

    fn try_remove_background(&self, call: &Call) -> Result<Value, Refusal> {
        check(&call.body, REQUEST)?;
        let parameters = &call.body["parameters"];
        let image = |name: &str| {
            let list = parameters["guidances"][name].as_array();
            match list.map_or(&[][..], Vec::as_slice) {
                [] => Ok(None),
                [one] => {
                    let image = &one["image"];
                    let found = self.referenced(&image["type"], &image["id"])?;
                    if found.bytes.len() > MAX_INPUT_BYTES {
                        let message = format!("{name} has more than {MAX_INPUT_BYTES} bytes");
                        return Err(Refusal::invalid(message));
                    }
                    Ok(Some(found))
                }
                _ => Err(Refusal::invalid(format!("{name} must have one item"))),
            }
        };
        let subject = image("image_reference")?
            .ok_or_else(|| Refusal::invalid("image_reference must have one item"))?;
        let background = image("background_image_reference")?;
        let extension = match parameters["format"].as_str() {
            Some("jpg") => Extension::Jpg,
            Some("webp") => Extension::Webp,
            _ => Extension::Png,
        };
        let max_pixels = match parameters["size"].as_str() {
            Some("preview") => 250_000,
            Some("50MP") => 50_000_000,
            _ => 25_000_000,
        };
        let max_pixels = if extension == Extension::Png {
            MAX_PNG_PIXELS.min(max_pixels)
        } else {
            max_pixels
        };
        let behind = match &background {
            Some(image) => Behind::Image(image),
            None if parameters["bg_color"].is_string() => Behind::White,
            None => Behind::Nothing,
        };
        let rendered = {
            let _guard = self
                .rendering
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            render::cut_out(&subject, &behind, max_pixels, extension)
        };
        let rendered = rendered.map_err(|error| Refusal::invalid(error.to_string()))?;
        let is_inline = call.body["base64"] == true;
        if is_inline && rendered.bytes.len() > MAX_INLINE_BYTES {
            let message = format!("the result has more than {MAX_INLINE_BYTES} bytes");
            return Err(Refusal::invalid(message));
        }
        self.records().charge(CREDITS)?;
        let id = new_id();
        let result = if is_inline {
            inline(&rendered)
        } else {
            let folder = format!("users/{}/generations/{id}", self.user);
            let key = format!("{folder}/cutout.{}", extension.as_str());
            let mut result = described(&rendered);
            result["url"] = self.storage.object_url(&key).into();
            let stored = self.storage.put(&key, rendered);
            stored.map_err(|refusal| Refusal::invalid(refusal.message))?;
            result
        };
        let reply = json!({"id": id, "results": [result], "blockedCount": 0});
        Ok(with_cost(reply, CREDITS))
    }
}

fn described(object: &StoredObject) -> Value {
    let size = render::size(object);
    json!({
        "contentType": object.content_type,
        "width": size.map(|size| size.width),
        "height": size.map(|size| size.height),
    })
}

fn inline(object: &StoredObject) -> Value {
    let mut result = described(object);
    result["dataB64"] = BASE64.encode(&object.bytes).into();
    result
}
