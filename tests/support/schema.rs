//! Validates requests against the schemas in `fixtures/api/requests/`.

use serde_json::{Map, Value};

use crate::support::fixture;

/// The schema of an operation's request.
pub fn operation(name: &str) -> Value {
    let path = fixture(&format!("api/requests/{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// All violations of `schema` in `json`, each with its path. Panics if [`check`] does.
pub fn violations(schema: &Value, json: &Value) -> Vec<String> {
    check(schema);
    let mut found = Vec::new();
    visit(schema, json, "$", &mut found);
    found
}

/// Panics if the schema or a nested one contains a keyword that [`violations`] would ignore.
pub fn check(schema: &Value) {
    let all = object(schema);
    let kind = text(&schema["type"]);
    let own: &[&str] = match kind {
        "object" => &["properties", "required", "additionalProperties"],
        "array" => &["items"],
        "string" => &["enum", "maxLength"],
        "integer" | "number" => &["enum", "minimum", "maximum", "multipleOf"],
        "boolean" => &[],
        _ => panic!("unknown type {kind}"),
    };
    for (keyword, value) in all {
        let well_formed = match keyword.as_str() {
            "operation" => value.is_object(),
            "type" | "source" => value.is_string(),
            "nullable" => value.is_boolean(),
            known if !own.contains(&known) => panic!("unknown keyword {known} of {kind}"),
            "additionalProperties" => value.is_boolean(),
            "properties" | "items" => value.is_object(),
            "enum" => list(value).iter().all(|one| is(kind, one)) && !list(value).is_empty(),
            "required" => list(value)
                .iter()
                .all(|name| object(&schema["properties"]).contains_key(text(name))),
            "maxLength" => value.is_u64(),
            "minimum" | "maximum" => value.is_number(),
            "multipleOf" => kind == "integer" && value.as_i64() > Some(0),
            _ => unreachable!("{keyword}"),
        };
        assert!(well_formed, "{keyword} cannot be {value}");
    }
    match kind {
        "object" => {
            let complete = own.iter().all(|keyword| all.contains_key(*keyword));
            assert!(complete, "the schema of an object must have {own:?}");
            object(&schema["properties"]).values().for_each(check);
        }
        "array" => check(&schema["items"]),
        _ => {}
    }
}

fn visit(schema: &Value, json: &Value, path: &str, found: &mut Vec<String>) {
    if json.is_null() && schema["nullable"] == true {
        return;
    }
    let kind = text(&schema["type"]);
    if !is(kind, json) {
        found.push(format!("{path}: {json} is no {kind}"));
        return;
    }
    match json {
        Value::Object(fields) => visit_object(schema, fields, path, found),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(&schema["items"], item, &format!("{path}[{index}]"), found);
            }
        }
        _ => visit_value(schema, json, path, found),
    }
}

fn visit_object(schema: &Value, fields: &Map<String, Value>, path: &str, found: &mut Vec<String>) {
    let missing = list(&schema["required"]).iter().map(text);
    let missing = missing.filter(|name| !fields.contains_key(*name));
    found.extend(missing.map(|name| format!("{path}.{name}: missing")));
    for (name, value) in fields {
        let path = format!("{path}.{name}");
        match schema["properties"].get(name) {
            Some(schema) => visit(schema, value, &path, found),
            None if schema["additionalProperties"] == true => {}
            None => found.push(format!("{path}: unknown")),
        }
    }
}

/// Validates a string, number or boolean of the right type. [`check`] has verified that all keywords are known.
fn visit_value(schema: &Value, json: &Value, path: &str, found: &mut Vec<String>) {
    for (keyword, limit) in object(schema) {
        let holds = match keyword.as_str() {
            "minimum" => json.as_f64() >= limit.as_f64(),
            "maximum" => json.as_f64() <= limit.as_f64(),
            "multipleOf" => (json.as_i64().zip(limit.as_i64())).is_some_and(|(n, of)| n % of == 0),
            "maxLength" => Some(text(json).chars().count() as u64) <= limit.as_u64(),
            "enum" => list(limit).iter().any(|one| same(one, json)),
            _ => true,
        };
        if !holds {
            found.push(format!("{path}: {json} violates {keyword} {limit}"));
        }
    }
}

fn is(kind: &str, json: &Value) -> bool {
    match kind {
        "object" => json.is_object(),
        "array" => json.is_array(),
        "string" => json.is_string(),
        "integer" => json.is_i64() || json.is_u64(),
        "number" => json.is_number(),
        "boolean" => json.is_boolean(),
        _ => panic!("unknown type {kind}"),
    }
}

/// Whether two values are equal; 3 and 3.0 are.
fn same(a: &Value, b: &Value) -> bool {
    a == b || a.is_number() && a.as_f64() == b.as_f64()
}

fn object(value: &Value) -> &Map<String, Value> {
    let object = value.as_object();
    object.unwrap_or_else(|| panic!("{value} is no object"))
}

fn list(value: &Value) -> &Vec<Value> {
    value
        .as_array()
        .unwrap_or_else(|| panic!("{value} is no list"))
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}
