//! Promise: requests are validated against every keyword of their operation's schema, and every recorded response has a
//! documented source.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::catch_unwind;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::schema::{check, operation, violations};
use crate::support::{files, fixture};

/// The recorded files that are deliberately invalid JSON.
const NOT_JSON: [&str; 2] = ["failures/empty.json", "failures/truncated.json"];

const ID: &str = "00000000-0000-4000-8000-000000000011";

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn operations() -> Vec<String> {
    let files = files("api/requests");
    let names = files.iter().map(|path| name(path).strip_suffix(".json"));
    names.map(|name| name.unwrap().to_owned()).collect()
}

/// A valid request with all variables of the schema.
fn full(schema: &Value) -> Value {
    let first = |list: &Value| list.as_array().and_then(|list| list.first().cloned());
    match schema["type"].as_str().unwrap() {
        "object" => {
            let properties = schema["properties"].as_object().unwrap().iter();
            properties
                .map(|(name, of)| (name.clone(), full(of)))
                .collect()
        }
        "array" => json!([full(&schema["items"])]),
        "boolean" => json!(true),
        "string" => first(&schema["enum"]).unwrap_or_else(|| json!(ID)),
        _ => first(&schema["enum"])
            .or_else(|| schema.get("maximum").cloned())
            .unwrap_or_else(|| json!(1)),
    }
}

/// The smallest valid request of each operation, written by hand.
fn minimal() -> BTreeMap<&'static str, Value> {
    let image = json!({ "prompt": "p", "imageId": ID, "imageType": "UPLOADED" });
    BTreeMap::from([
        ("CreateUniversalUpscalerJob", json!({})),
        ("createDataset", json!({ "name": "n" })),
        ("createGeneration", json!({ "prompt": "p" })),
        (
            "createGenerationV2",
            json!({ "model": "m", "parameters": { "prompt": "p" } }),
        ),
        ("createImageToVideoGeneration", image),
        (
            "createSyncGeneration",
            json!({ "model": "remove-bg", "parameters": { "guidances": { "image_reference": [] } } }),
        ),
        (
            "pricingCalculator",
            json!({ "service": "IMAGE_GENERATION", "serviceParams": {} }),
        ),
        (
            "uploadCanvasInitImage",
            json!({ "initExtension": "jpg", "maskExtension": "png" }),
        ),
        ("uploadDatasetImage", json!({ "extension": "webp" })),
        (
            "uploadDatasetImageFromGen",
            json!({ "generatedImageId": ID }),
        ),
        ("uploadInitImage", json!({ "extension": "jpeg" })),
        ("uploadMedia", json!({ "extension": "mp4" })),
        ("uploadModelAsset", json!({})),
    ])
}

#[test]
fn schema_names_its_operation_and_its_source() {
    let names = operations();
    assert_eq!(names, minimal().into_keys().collect::<Vec<_>>());
    let mut paths = BTreeSet::new();
    for name in names {
        let schema = operation(&name);
        check(&schema);
        let described = &schema["operation"];
        assert_eq!(described["operationId"], name.as_str());
        assert_eq!(described["method"], "POST", "{name}");
        let path = described["path"].as_str().unwrap().to_owned();
        assert!(path.starts_with("/api/rest/v"), "{name}: {path}");
        assert!(
            paths.insert(path),
            "{name} has the same path as another operation"
        );
        assert!(!schema["source"].as_str().unwrap().is_empty(), "{name}");
        assert_eq!(schema["additionalProperties"], false, "{name}");
    }
}

#[test]
fn smallest_and_largest_requests_are_valid() {
    for (name, least) in minimal() {
        let schema = operation(name);
        for request in [least, full(&schema)] {
            assert_eq!(violations(&schema, &request), [""; 0], "{name}: {request}");
        }
    }
}

/// Typical requests.
const GOOD: &str = r#"
createGeneration {"prompt":"p","init_image_id":"a","init_strength":0.35,"width":1024,"height":768,"num_images":4}
createGeneration {"prompt":"p","contrast":3.0,"guidance_scale":7,"modelId":null,"seed":9999999998,"alchemy":true}
createGeneration {"prompt":"p","controlnets":[{"initImageId":"a","initImageType":"UPLOADED","preprocessorId":67,"strengthType":"High"}]}
createGeneration {"prompt":"p","canvasRequest":true,"canvasRequestType":"INPAINT","canvasInitId":"a","canvasMaskId":"b"}
createGeneration {"prompt":"p","contextImages":[{"type":"UPLOADED","id":"a"}],"imagePrompts":["a","b"]}
createGenerationV2 {"model":"m","public":false,"parameters":{"prompt":"p","width":1440,"height":810,"quantity":1,"of_this_model":1}}
createGenerationV2 {"model":"m","parameters":{"prompt":"p","guidances":{"image_reference":[{"image":{"id":"a","type":"UPLOADED"},"strength":"MID"}],"of_this_model":[]}}}
CreateUniversalUpscalerJob {"initImageId":"a","upscaleMultiplier":1.5,"creativityStrength":5,"upscalerStyle":"2D ART & ILLUSTRATION"}
createImageToVideoGeneration {"prompt":"p","imageId":"a","imageType":"UPLOADED","endFrameImage":{"id":"b","type":"GENERATED"},"model":"KLING2_5"}
createDataset {"name":"n","description":null}
pricingCalculator {"service":"UNIVERSAL_UPSCALER","serviceParams":{"UNIVERSAL_UPSCALER":{"megapixel":20}}}
createSyncGeneration {"model":"remove-bg","base64":true,"parameters":{"format":"jpg","bg_color":"red","guidances":{"image_reference":[{"image":{"id":"a","type":"VARIATION"}}]}}}
uploadMedia {"extension":"wav","originalFilename":"a.wav","teamId":"t"}
"#;

#[test]
fn typical_requests_are_valid() {
    for line in GOOD.trim().lines() {
        let (name, request) = line.split_once(' ').unwrap();
        let request = serde_json::from_str(request).unwrap();
        assert_eq!(violations(&operation(name), &request), [""; 0], "{line}");
    }
    let longest = json!({ "prompt": "é".repeat(1500) });
    let found = violations(&operation("createGeneration"), &longest);
    assert_eq!(found, [""; 0]);
}

#[test]
fn missing_and_unknown_variables_are_violations() {
    for (name, least) in minimal() {
        let schema = operation(name);
        for required in schema["required"].as_array().unwrap() {
            let required = required.as_str().unwrap();
            let mut request = least.clone();
            request.as_object_mut().unwrap().remove(required);
            let found = violations(&schema, &request);
            assert!(found[0].starts_with(" required: "), "{name}: {found:?}");
            assert!(found[0].contains(required), "{name}: {found:?}");
        }
        let mut request = least.clone();
        request["sd_Version"] = json!("v2");
        let found = violations(&schema, &request);
        let [one] = &found[..] else {
            panic!("{name}: {found:?}");
        };
        assert!(one.starts_with(" additionalProperties: "), "{name}: {one}");
        for other in [json!(null), json!([]), json!("text")] {
            let found = violations(&schema, &other);
            assert!(found[0].starts_with(" type: "), "{name}: {found:?}");
        }
    }
}

/// Operation, variable, invalid value, and where which keyword is violated.
const BAD: &str = r#"
uploadInitImage /extension "gif" -> /extension enum
uploadInitImage /extension ".png" -> /extension enum
uploadInitImage /extension null -> /extension type
uploadCanvasInitImage /maskExtension "bmp" -> /maskExtension enum
uploadDatasetImage /extension "JPG" -> /extension enum
uploadDatasetImageFromGen /generatedImageId 7 -> /generatedImageId type
uploadMedia /extension "png" -> /extension enum
uploadModelAsset /name ["n"] -> /name type
createDataset /name null -> /name type
createDataset /description false -> /description type
createGeneration /width "1024" -> /width type
createGeneration /width 1020 -> /width multipleOf
createGeneration /height 24 -> /height minimum
createGeneration /height 1544 -> /height maximum
createGeneration /num_images 0 -> /num_images minimum
createGeneration /num_images 9 -> /num_images maximum
createGeneration /init_strength 0.95 -> /init_strength maximum
createGeneration /init_strength 0.05 -> /init_strength minimum
createGeneration /seed 9999999999 -> /seed maximum
createGeneration /photoReal "true" -> /photoReal type
createGeneration /contrast 2 -> /contrast enum
createGeneration /canvasRequestType "inpaint" -> /canvasRequestType enum
createGeneration /imagePrompts ["a",7] -> /imagePrompts/1 type
createGeneration /controlnets {} -> /controlnets type
createGeneration /controlnets [{},{"weight":2.5}] -> /controlnets/1/weight maximum
createGeneration /controlnets [{"strengthType":"HIGH"}] -> /controlnets/0/strengthType enum
createGeneration /controlnets [{"id":"a"}] -> /controlnets/0 additionalProperties
createGeneration /contextImages [{"type":"UPLOADED"}] -> /contextImages/0 required
createGeneration /elements [{"weight":1}] -> /elements/0 required
createGenerationV2 /public "no" -> /public type
createGenerationV2 /parameters/width 3841 -> /parameters/width maximum
createGenerationV2 /parameters/quantity 0 -> /parameters/quantity minimum
createGenerationV2 /parameters/guidances {"start_frame":[{"image":{"id":"a","type":"SENT"}}]} -> /parameters/guidances/start_frame/0/image/type enum
createGenerationV2 /parameters/guidances {"end_frame":[{"id":"a","image":{"id":"a","type":"UPLOADED"}}]} -> /parameters/guidances/end_frame/0 additionalProperties
createGenerationV2 /parameters/guidances {"image_reference":[{"strength":"LOW"}]} -> /parameters/guidances/image_reference/0 required
createImageToVideoGeneration /imageType "INIT" -> /imageType enum
createImageToVideoGeneration /duration 7 -> /duration enum
createImageToVideoGeneration /endFrameImage {"id":"a"} -> /endFrameImage required
createSyncGeneration /ephemeral 1 -> /ephemeral type
createSyncGeneration /parameters/size "large" -> /parameters/size enum
createSyncGeneration /parameters/width 1 -> /parameters additionalProperties
pricingCalculator /service "IMAGE" -> /service enum
pricingCalculator /serviceParams {"IMAGE_GENERATION":{"imageWidth":1032}} -> /serviceParams/IMAGE_GENERATION/imageWidth maximum
uploadMedia /originalFilename 1 -> /originalFilename type
CreateUniversalUpscalerJob /upscaleMultiplier 2.5 -> /upscaleMultiplier maximum
CreateUniversalUpscalerJob /creativityStrength 0 -> /creativityStrength minimum
CreateUniversalUpscalerJob /similarity 5.5 -> /similarity type
CreateUniversalUpscalerJob /upscalerStyle "2D ART" -> /upscalerStyle enum
"#;

#[test]
fn invalid_value_is_reported_with_its_path() {
    for line in BAD.trim().lines() {
        let (bad, expected) = line.split_once(" -> ").unwrap();
        let [name, path, value] = bad.splitn(3, ' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let mut request = minimal()[name].clone();
        let (parent, variable) = path.rsplit_once('/').unwrap();
        request.pointer_mut(parent).unwrap()[variable] = serde_json::from_str(value).unwrap();
        let found = violations(&operation(name), &request);
        // A value of another type is not in a list of values either.
        let mut places = found
            .iter()
            .map(|violation| violation.split_once(": ").unwrap().0);
        let (path, _) = expected.split_once(' ').unwrap();
        assert!(
            places.clone().all(|place| place.starts_with(path)),
            "{line}: {found:?}"
        );
        assert_eq!(places.next(), Some(expected), "{line}: {found:?}");
    }
    // The length is in characters, not in bytes.
    let request = json!({ "prompt": "é".repeat(1501) });
    let found = violations(&operation("createGeneration"), &request);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("/prompt maxLength: "), "{found:?}");
}

#[test]
fn all_violations_of_a_request_are_reported() {
    let request = json!({ "width": 20, "sd_Version": "v2", "seed": true });
    let found = violations(&operation("createGeneration"), &request);
    let mut found: Vec<_> = found
        .iter()
        .map(|violation| violation.split_once(": ").unwrap().0)
        .collect();
    found.sort_unstable();
    let expected = [
        " additionalProperties",
        " required",
        "/seed type",
        "/width minimum",
        "/width multipleOf",
    ];
    assert_eq!(found, expected);
}

#[test]
fn schema_with_an_unsupported_keyword_is_rejected_at_any_depth() {
    let object = |properties: Value| json!({ "type": "object", "required": [], "properties": properties, "additionalProperties": false });
    for bad in [
        json!({}),
        json!({ "type": "text" }),
        json!({ "type": ["string", "null"] }),
        json!({ "type": "string", "pattern": "^a" }),
        json!({ "type": "string", "minimum": 1 }),
        json!({ "type": "string", "enum": [] }),
        json!({ "type": "string", "enum": ["a", 1] }),
        json!({ "type": "string", "maxLength": -1 }),
        json!({ "type": "string", "nullable": "yes" }),
        json!({ "type": "integer", "minimum": "1" }),
        json!({ "type": "integer", "multipleOf": 0 }),
        json!({ "type": "array" }),
        json!({ "type": "array", "items": [] }),
        json!({ "type": "object", "properties": {} }),
        json!({ "type": "object", "required": [], "properties": {}, "additionalProperties": {} }),
    ] {
        let list = json!({ "type": "array", "items": bad });
        for schema in [
            &bad,
            &list,
            &object(json!({ "a": bad })),
            &object(json!({ "a": list })),
        ] {
            let result = catch_unwind(|| violations(schema, &json!({})));
            assert!(result.is_err(), "{schema}");
        }
    }
    let good = object(json!({ "a": { "type": "string", "maxLength": 0 } }));
    assert_eq!(violations(&good, &json!({})), [""; 0]);
}

#[test]
fn recorded_responses_are_json_and_listed_with_operation_source_and_status() {
    let readme = std::fs::read_to_string(fixture("api/README.md")).unwrap();
    let mut listed = BTreeMap::new();
    let mut paths = BTreeMap::new();
    let mut folder = "";
    for line in readme.lines() {
        if let Some(heading) = line.strip_prefix("## `") {
            folder = heading.trim_end_matches('`');
        }
        let Some(row) = line
            .strip_prefix("| `")
            .and_then(|row| row.strip_suffix(" |"))
        else {
            continue;
        };
        let cells: Vec<&str> = row.split(" | ").collect();
        let [file, operation, source, status] = cells[..] else {
            panic!("{line} has {} cells", cells.len());
        };
        let file = format!("{folder}{}", file.trim_end_matches('`'));
        assert!(!operation.is_empty() && !source.is_empty(), "{line}");
        assert!((200..600).contains(&status.parse().unwrap()), "{line}");
        // All responses of one operation list the same call.
        if let Some(response) = file.strip_prefix("responses/") {
            let id = response.split_once('.').unwrap().0.to_owned();
            let call = operation.trim_matches('`').to_owned();
            assert_eq!(paths.entry(id).or_insert(call.clone()), &call, "{line}");
        }
        assert!(listed.insert(file, ()).is_none(), "{line} is listed twice");
    }
    for name in operations() {
        let operation = operation(&name)["operation"].clone();
        let path = operation["path"]
            .as_str()
            .unwrap()
            .replace("/api/rest/v1", "");
        assert_eq!(paths[&name], format!("POST {path}"));
    }
    let existing: Vec<String> = ["failures", "responses"]
        .iter()
        .flat_map(|folder| {
            let files = files(&format!("api/{folder}"));
            files
                .into_iter()
                .map(move |path| format!("{folder}/{}", name(&path)))
        })
        .collect();
    assert_eq!(listed.into_keys().collect::<Vec<_>>(), existing);
    for file in existing.iter().filter(|file| file.ends_with(".json")) {
        let text = std::fs::read(fixture(&format!("api/{file}"))).unwrap();
        let is_json = serde_json::from_slice::<Value>(&text).is_ok();
        assert_ne!(is_json, NOT_JSON.contains(&file.as_str()), "{file}");
    }
}
