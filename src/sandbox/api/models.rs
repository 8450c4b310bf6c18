//! `GET /v2/models`, and the sizes that models accept.
//!
//! The sandbox reads `models.json` with code of its own, so that a mistake of the client does not hide in both.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use crate::geometry::Size;

static MODELS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let text = include_str!("../../leonardo/model/models.json");
    let mut file: Value = serde_json::from_str(text).expect("models.json is valid");
    match file["models"].take() {
        Value::Array(models) => models,
        _ => Vec::new(),
    }
});

/// What a guidance refers to by its id.
static REFERENCE: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "type": {"type": "string", "enum": ["UPLOADED", "GENERATED", "VARIATION", "URL", "BASE64"]},
        },
        "required": ["type"],
    })
});

/// The greatest integer of JavaScript, which the schemas of the API have where there is no maximum.
const NO_MAXIMUM: u64 = 9_007_199_254_740_991;

/// The response of `GET /v2/models`: a schema for each model that is not retired.
pub(super) fn list() -> Value {
    let offered = MODELS
        .iter()
        .filter(|model| model["retired"].is_null() && model["api"].is_null());
    let models: Vec<_> = offered.map(entry).collect();
    json!({"productionApiAvailableModels": models})
}

fn entry(model: &Value) -> Value {
    let title = model["title"].as_str().unwrap_or_default();
    let id = title.to_uppercase().replace([' ', '.', '-'], "_");
    let mut properties = Map::new();
    properties.insert(
        "prompt".into(),
        json!({"type": "string", "maxLength": model["prompt_max"]}),
    );
    properties.insert(
        "quantity".into(),
        json!({"type": "integer", "maximum": model["quantity_max"]}),
    );
    if let Some(durations) = model["durations"].as_array() {
        properties.insert(
            "duration".into(),
            json!({"type": "integer", "enum": durations}),
        );
    }
    if let Some(factors) = model["upscale_factors"].as_array() {
        properties.insert(
            "upscale_factor".into(),
            json!({"type": "integer", "enum": factors}),
        );
    }
    let mut guidances = Map::new();
    for (kind, rule) in model["guidances"].as_object().into_iter().flatten() {
        guidances.insert(kind.clone(), guidance(kind, rule));
    }
    properties.insert(
        "guidances".into(),
        json!({"type": "object", "properties": guidances}),
    );
    let mut parameters = json!({"type": "object"});
    for (index, name) in ["width", "height"].into_iter().enumerate() {
        if let Some(side) = side(model, index) {
            properties.insert(name.into(), side);
        }
    }
    if let Some(pairs) = model["sizes"]["pairs"].as_array() {
        let one = |width: &Value, height: &Value| json!({"properties": {"width": {"enum": [width]}, "height": {"enum": [height]}}});
        let zero = [
            json!({"properties": {"width": {"enum": [0]}}}),
            json!({"properties": {"height": {"enum": [0]}}}),
        ];
        let branches = zero.into_iter().filter(|_| model["zero"] == "source");
        let branches = branches.chain(pairs.iter().map(|pair| one(&pair[0], &pair[1])));
        parameters["allOf"] = json!([{"anyOf": branches.collect::<Vec<_>>()}]);
    }
    parameters["properties"] = Value::Object(properties);
    let mut entry = json!({"id": id, "name": title, "parameters": parameters});
    remove_nulls(&mut entry);
    entry
}

/// Removes the members that are null: limits and defaults that the model does not have.
fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(remove_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

fn guidance(kind: &str, rule: &Value) -> Value {
    let medium = match kind {
        "video_reference_base" => "video",
        "audio_reference" => "audio",
        _ => "image",
    };
    let mut item = Map::from_iter([(medium.to_owned(), REFERENCE.clone())]);
    let mut required = vec![medium];
    if !rule["strength"].is_null() {
        item.insert(
            "strength".into(),
            json!({"type": "string", "enum": rule["levels"]}),
        );
    }
    if rule["strength"] == "required" {
        required.push("strength");
    }
    if rule["order"] == true {
        item.insert("order".into(), json!({"type": "integer", "minimum": 0}));
    }
    json!({
        "type": "array", "minItems": rule["min"].as_u64().unwrap_or(0), "maxItems": rule["max"],
        "items": {"type": "object", "properties": item, "required": required},
    })
}

/// The schema of the width (0) or the height (1).
fn side(model: &Value, index: usize) -> Option<Value> {
    let sizes = &model["sizes"];
    if let Some(pairs) = sizes["pairs"].as_array() {
        let mut values: Vec<_> = pairs
            .iter()
            .filter_map(|pair| pair[index].as_u64())
            .collect();
        if model["zero"] == "source" || model["zero"] == "auto" {
            values.push(0);
        }
        values.sort_unstable();
        values.dedup();
        return Some(
            json!({"type": "integer", "enum": values, "default": model["default"][index]}),
        );
    }
    if sizes["sides"].is_object() {
        let values = &sizes["sides"][["widths", "heights"][index]];
        return Some(
            json!({"type": "integer", "minimum": 0, "maximum": NO_MAXIMUM, "enum": values}),
        );
    }
    let range = sizes["range"].as_object()?;
    let max = range["max"][index]
        .as_u64()
        .filter(|max| *max < 65_535)
        .unwrap_or(NO_MAXIMUM);
    let mut side = json!({"type": "integer", "minimum": range["min"][index], "maximum": max});
    if range["multiple"]
        .as_u64()
        .is_some_and(|multiple| multiple > 1)
    {
        side["multipleOf"] = range["multiple"].clone();
    }
    Some(side)
}

/// Whether the model enlarges its image by `upscale_factor`.
pub(super) fn is_upscaler(model: &str) -> bool {
    let known = MODELS.iter().find(|known| known["id"] == model);
    known.is_some_and(|known| known["kind"] == "upscaler")
}

/// The size of a generation without `width` and `height`.
pub(super) fn default_size(model: &str) -> Size {
    let known = MODELS.iter().find(|known| known["id"] == model);
    let side = |index: usize| known.and_then(|known| known["default"][index].as_u64());
    let [width, height] = [side(0), side(1)].map(|side| side.unwrap_or(1024) as u32);
    Size::new(width, height)
}

/// The size that a generation of this model has if `width` and `height` are requested.
///
/// As the API does, this checks each side for itself. A pair that is not listed becomes a square, without an error
/// ([documentation](https://docs.leonardo.ai/docs/nano-banana-2)). An unknown model takes any size.
pub(super) fn generated_size(model: &str, requested: Size) -> Result<Size, Refusal> {
    let Some(model) = MODELS.iter().find(|known| known["id"] == model) else {
        return Ok(requested);
    };
    let sides = [requested.width, requested.height].map(u64::from);
    for (index, value) in sides.into_iter().enumerate() {
        let Some(side) = side(model, index) else {
            continue;
        };
        let is_accepted = match side["enum"].as_array() {
            Some(values) => values.contains(&value.into()),
            None => {
                let limits = side["minimum"].as_u64().unwrap_or(0)
                    ..=side["maximum"].as_u64().unwrap_or(NO_MAXIMUM);
                limits.contains(&value)
                    && value.is_multiple_of(side["multipleOf"].as_u64().unwrap_or(1))
            }
        };
        if !is_accepted {
            let name = ["width", "height"][index];
            let message = format!("{name} {value} is not among the values of {}", model["id"]);
            return Err(Refusal::invalid(message).at("$.parameters"));
        }
    }
    let Some(pairs) = model["sizes"]["pairs"].as_array() else {
        return Ok(requested);
    };
    if pairs.contains(&json!(sides)) || requested == Size::new(0, 0) {
        return Ok(requested);
    }
    let side = requested.width.min(requested.height);
    Ok(Size::new(side, side))
}
