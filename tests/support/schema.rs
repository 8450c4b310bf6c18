//! Validates requests against the schemas in `fixtures/api/requests/`, with the crate jsonschema.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::fixture;

/// What a schema may consist of: jsonschema ignores keywords that it does not know, and so a mistake in one.
static SCHEMA_OF_SCHEMAS: LazyLock<Validator> = LazyLock::new(|| {
    let list = json!({"type": "array", "minItems": 1});
    let schema = json!({
        "$ref": "#/$defs/schema",
        "$defs": {"schema": {
            "type": "object",
            "required": ["type"],
            "properties": {
                "operation": {"type": "object"},
                "source": {"type": "string"},
                "type": {"enum": ["object", "array", "string", "integer", "number", "boolean"]},
                "nullable": {"type": "boolean"},
            },
            "oneOf": [
                {"required": ["properties", "required", "additionalProperties"], "properties": {
                    "type": {"const": "object"},
                    "properties": {"type": "object", "additionalProperties": {"$ref": "#/$defs/schema"}},
                    "required": {"type": "array", "items": {"type": "string"}},
                    "additionalProperties": {"type": "boolean"},
                }},
                {"required": ["items"], "properties": {
                    "type": {"const": "array"},
                    "items": {"$ref": "#/$defs/schema"},
                }},
                {"properties": {
                    "type": {"const": "string"},
                    "enum": {"allOf": [list, {"items": {"type": "string"}}]},
                    "maxLength": {"type": "integer", "minimum": 0},
                }},
                {"properties": {
                    "type": {"enum": ["integer", "number"]},
                    "enum": {"allOf": [list, {"items": {"type": "number"}}]},
                    "minimum": {"type": "number"},
                    "maximum": {"type": "number"},
                    "multipleOf": {"type": "integer", "exclusiveMinimum": 0},
                }},
                {"properties": {"type": {"const": "boolean"}}},
            ],
            "unevaluatedProperties": false,
        }},
    });
    jsonschema::validator_for(&schema).unwrap()
});

/// The schema of an operation's request.
pub fn operation(name: &str) -> Value {
    let path = fixture(&format!("api/requests/{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// All violations of `schema` in `json`: the path of each in the JSON, the keyword, and a message. Panics if [`check`] does.
pub fn violations(schema: &Value, json: &Value) -> Vec<String> {
    check(schema);
    violations_of_standard(&standard(schema), json)
}

/// As [`violations`], of a schema that is a JSON schema already.
pub fn violations_of_standard(schema: &Value, json: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap_or_else(|e| panic!("{e}: {schema}"));
    let errors = validator.iter_errors(json).map(|error| {
        let keyword = error.schema_path().to_string();
        let keyword = keyword.rsplit('/').next().unwrap_or_default();
        format!("{} {keyword}: {error}", error.instance_path())
    });
    errors.collect()
}

/// Panics if the schema or a nested one contains a keyword that is unknown or unusable.
pub fn check(schema: &Value) {
    if let Err(error) = SCHEMA_OF_SCHEMAS.validate(schema) {
        panic!("{}: {error}", error.instance_path());
    }
}

/// The schema without `nullable`, which is OpenAPI's: null is a type and a value of its own.
fn standard(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| (name.clone(), standard(value)));
            let mut standard: Value = members.collect();
            if schema["nullable"] == true {
                standard["type"] = json!([schema["type"], "null"]);
                if let Some(Value::Array(values)) = standard.get_mut("enum") {
                    values.push(Value::Null);
                }
            }
            standard
        }
        Value::Array(values) => values.iter().map(standard).collect(),
        other => other.clone(),
    }
}
