//! Reads what a JSON schema of `GET /v2/models` states about sizes and guidances.
//!
//! The schemas are OpenAPI 3.0 in free form. Sizes are stated in one of three ways, and a fourth cannot be told from
//! "no limit": `width` and `height` with an `enum` each, a range each, or a condition (`allOf[n].anyOf` or `oneOf`) whose
//! branches each have one width and one height.

use serde_json::Value;

use super::guidance::{GuidanceKind, GuidanceRule, StrengthRule};
use super::rule::{PixelLimits, SizeRule};
use crate::geometry::{AllowedSizes, Size};

/// The greatest integer of JavaScript: what the schemas have where there is no limit.
const NO_LIMIT: u64 = (1 << 53) - 1;

/// What a schema states.
#[derive(Debug, Default)]
pub(super) struct Schema {
    pub sizes: Option<AllowedSizes>,
    pub default_size: Option<Size>,
    pub guidances: Vec<(GuidanceKind, GuidanceRule)>,
    pub max_quantity: Option<u32>,
    pub max_prompt_chars: Option<u32>,
    pub durations: Vec<u32>,
    pub upscale_factors: Vec<u32>,
}

impl Schema {
    /// Reads the schema of the parameters. It may be that of a whole request, which has them in a property.
    pub fn read(schema: &Value) -> Self {
        let parameters = match &schema["properties"]["parameters"] {
            Value::Null => schema,
            parameters => parameters,
        };
        let properties = &parameters["properties"];
        let default = |side: &str| integer(&properties[side]["default"]);
        let default_size = default("width").zip(default("height"));
        let limit = |value: &Value| value.as_u64().filter(|max| *max < NO_LIMIT).and_then(small);
        Self {
            sizes: size_rule(parameters).map(AllowedSizes::from),
            default_size: default_size.map(|(width, height)| Size::new(width, height)),
            guidances: guidances(&properties["guidances"]["properties"]),
            max_quantity: limit(&properties["quantity"]["maximum"]),
            max_prompt_chars: limit(&properties["prompt"]["maxLength"]),
            durations: choices(&properties["duration"]),
            upscale_factors: choices(&properties["upscale_factor"]),
        }
    }
}

fn size_rule(parameters: &Value) -> Option<SizeRule> {
    let (width, height) = (
        &parameters["properties"]["width"],
        &parameters["properties"]["height"],
    );
    if width.is_null() || height.is_null() {
        return None;
    }
    let pairs = pairs(parameters);
    if !pairs.is_empty() {
        return Some(SizeRule::Pairs(pairs));
    }
    let (widths, heights) = (choices(width), choices(height));
    if !widths.is_empty() && !heights.is_empty() {
        let limits = PixelLimits::default();
        return Some(SizeRule::Sides {
            widths,
            heights,
            limits,
        });
    }
    let least = |side: &Value| integer(&side["minimum"]).unwrap_or(1).max(1);
    let greatest = |side: &Value| {
        let max = side["maximum"].as_u64().filter(|max| *max < NO_LIMIT);
        max.and_then(small).unwrap_or(u32::from(u16::MAX))
    };
    let multiple = |side: &Value| integer(&side["multipleOf"]).unwrap_or(1).max(1);
    Some(SizeRule::Range {
        min: (least(width), least(height)),
        max: (greatest(width), greatest(height)),
        multiple: lcm(multiple(width), multiple(height)),
        limits: PixelLimits::default(),
    })
}

/// The pairs of the first condition whose branches are pairs. A branch for 0, or for neither side, is none.
fn pairs(parameters: &Value) -> Vec<(u32, u32)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let all_of = list(&parameters["allOf"]);
    let conditions = all_of.iter().chain([parameters]);
    let branches =
        conditions.flat_map(|condition| [list(&condition["anyOf"]), list(&condition["oneOf"])]);
    let pairs = branches.map(|branches| {
        let pairs = branches.iter().filter_map(|branch| {
            let side = |name: &str| match choices(&branch["properties"][name])[..] {
                [side] => Some(side),
                _ => None,
            };
            side("width").zip(side("height"))
        });
        pairs.collect::<Vec<_>>()
    });
    pairs.max_by_key(Vec::len).unwrap_or_default()
}

fn guidances(properties: &Value) -> Vec<(GuidanceKind, GuidanceRule)> {
    let properties = properties.as_object().into_iter().flatten();
    let rules = properties.map(|(kind, schema)| {
        let items = &schema["items"];
        let strength = &items["properties"]["strength"];
        let is_required = items["required"]
            .as_array()
            .is_some_and(|names| names.contains(&"strength".into()));
        let levels = strength["enum"].as_array().into_iter().flatten();
        let levels = levels.filter_map(Value::as_str).map(str::to_owned);
        let rule = GuidanceRule {
            min: integer(&schema["minItems"]).unwrap_or(0),
            max: integer(&schema["maxItems"]).unwrap_or(u32::MAX),
            strength: match (strength.is_null(), is_required) {
                (true, _) => StrengthRule::None,
                (false, true) => StrengthRule::Required,
                (false, false) => StrengthRule::Optional,
            },
            levels: levels.collect(),
            has_order: !items["properties"]["order"].is_null(),
            needs_one_of: Vec::new(),
            excludes: Vec::new(),
        };
        (GuidanceKind::from(kind.as_str()), rule)
    });
    // `end_frame` with `maxItems: 0` is a guidance that the model does not take.
    rules.filter(|(_, rule)| rule.max > 0).collect()
}

/// The values of an `enum` of integers, without 0, which is no size.
fn choices(schema: &Value) -> Vec<u32> {
    let values = schema["enum"].as_array().into_iter().flatten();
    values
        .filter_map(integer)
        .filter(|value| *value > 0)
        .collect()
}

fn integer(value: &Value) -> Option<u32> {
    value.as_u64().and_then(small)
}

fn small(value: u64) -> Option<u32> {
    u32::try_from(value).ok()
}

fn lcm(a: u32, b: u32) -> u32 {
    let gcd = |mut a: u32, mut b: u32| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    (a / gcd(a, b)).saturating_mul(b)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(parameters: Value) -> Option<SizeRule> {
        size_rule(&parameters)
    }

    #[test]
    fn enum_is_read_before_minimum_and_maximum() {
        let side = |values: &[u32]| json!({"type": "integer", "minimum": 0, "maximum": NO_LIMIT, "enum": values});
        let schema =
            json!({"properties": {"width": side(&[0, 768, 1024]), "height": side(&[0, 640])}});
        let expected = SizeRule::Sides {
            widths: vec![768, 1024],
            heights: vec![640],
            limits: PixelLimits::default(),
        };
        assert_eq!(rule(schema), Some(expected));
    }

    #[test]
    fn pairs_of_a_condition_are_read_at_any_index() {
        let branch = |width: u32, height: u32| json!({"properties": {"width": {"enum": [width]}, "height": {"enum": [height]}}});
        let zero = json!({"properties": {"width": {"enum": [0]}}});
        let neither = json!({"not": {"required": ["width"]}});
        let side = json!({"type": "integer", "enum": [0, 672, 1024, 1584]});
        let properties = json!({"width": side, "height": side});
        let branches = json!([zero, neither, branch(1024, 1024), branch(1584, 672)]);
        for schema in [
            json!({"properties": properties, "allOf": [{"anyOf": branches}]}),
            json!({"properties": properties, "allOf": [{}, {"anyOf": branches}]}),
            json!({"properties": properties, "oneOf": branches}),
        ] {
            let expected = SizeRule::Pairs(vec![(1024, 1024), (1584, 672)]);
            assert_eq!(rule(schema.clone()), Some(expected), "{schema}");
        }
    }

    #[test]
    fn ranges_of_width_and_height_may_differ() {
        let schema = json!({"properties": {
            "width": {"minimum": 16, "maximum": 3840, "multipleOf": 8},
            "height": {"minimum": 16, "maximum": 3616, "multipleOf": 12},
        }});
        let expected = SizeRule::Range {
            min: (16, 16),
            max: (3840, 3616),
            multiple: 24,
            limits: PixelLimits::default(),
        };
        assert_eq!(rule(schema), Some(expected));
        let open =
            json!({"properties": {"width": {"minimum": 128}, "height": {"maximum": NO_LIMIT}}});
        let expected = SizeRule::Range {
            min: (128, 1),
            max: (65_535, 65_535),
            multiple: 1,
            limits: PixelLimits::default(),
        };
        assert_eq!(rule(open), Some(expected));
        assert_eq!(rule(json!({"properties": {"prompt": {}}})), None);
        assert_eq!(rule(json!("no schema")), None);
    }

    #[test]
    fn guidances_have_a_maximum_and_a_strength() {
        let schema = json!({"properties": {"parameters": {"properties": {
            "prompt": {"maxLength": 9999},
            "quantity": {"maximum": 8},
            "guidances": {"properties": {
                "image_reference": {"maxItems": 6, "items": {"properties": {"order": {}}}},
                "style": {"maxItems": 4, "items": {
                    "properties": {"strength": {"enum": ["LOW", "MAX"]}}, "required": ["image", "strength"]}},
                "start_frame": {"minItems": 1, "maxItems": 1},
                "end_frame": {"maxItems": 0},
            }},
        }}}});
        let found = Schema::read(&schema);
        assert_eq!(
            (found.max_quantity, found.max_prompt_chars),
            (Some(8), Some(9999))
        );
        let names: Vec<_> = found
            .guidances
            .iter()
            .map(|(kind, rule)| (kind.as_str(), rule.min, rule.max))
            .collect();
        assert_eq!(
            names,
            [
                ("image_reference", 0, 6),
                ("start_frame", 1, 1),
                ("style", 0, 4)
            ]
        );
        let style = &found.guidances[2].1;
        assert_eq!(
            (style.strength, style.levels.len()),
            (StrengthRule::Required, 2)
        );
    }
}
