//! Promise: the sandbox handles the calls for uploads like the API, and rejects the same requests.

use imgpost::transport::Method;
use serde_json::{Value, json};

use crate::support::raw_api::{
    BLUE, GREEN, NO_SUCH_ID, RED, RawApi, YELLOW, fetch, post_form, quarters,
};

fn png() -> Vec<u8> {
    quarters(64, 48, [RED, GREEN, BLUE, YELLOW])
}

fn is_uuid(value: &Value) -> bool {
    let lengths: Vec<_> = value.as_str().unwrap().split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
}

#[test]
fn init_image_exists_from_its_post_until_its_deletion() {
    let api = RawApi::start();
    let none = json!({"init_images_by_pk": null});
    for extension in ["png", "jpg", "jpeg", "webp"] {
        let reply = api.post("/v1/init-image", &json!({"extension": extension}));
        let form = &reply["uploadInitImage"];
        assert!(form["key"].as_str().unwrap().ends_with(extension));
        let path = format!("/v1/init-image/{}", form["id"].as_str().unwrap());
        assert_eq!(api.get(&path), none);
        assert_eq!(post_form(&form["url"], &form["fields"], &png()), 204);
        let shown = &api.get(&path)["init_images_by_pk"];
        assert_eq!(shown["id"], form["id"]);
        assert!(shown["createdAt"].as_str().unwrap().starts_with("20"));
        assert_eq!(fetch(&shown["url"]).unwrap(), png());
        let deleted = json!({"delete_init_images_by_pk": {"id": form["id"]}});
        assert_eq!(api.delete(&path), deleted);
        assert_eq!(api.get(&path), none);
        assert_eq!(fetch(&shown["url"]), None);
        let again = json!({"delete_init_images_by_pk": null});
        assert_eq!(api.delete(&path), again);
    }
    assert_eq!(api.get(&format!("/v1/init-image/{NO_SUCH_ID}")), none);
}

#[test]
fn canvas_call_returns_two_forms_under_the_documented_names() {
    let api = RawApi::start();
    let body = json!({"initExtension": "jpg", "maskExtension": "png"});
    let reply = api.post("/v1/canvas-init-image", &body);
    let form = reply["uploadCanvasInitImage"].as_object().unwrap();
    let names: Vec<_> = form.keys().map(String::as_str).collect();
    let expected = [
        "initFields",
        "initImageId",
        "initKey",
        "initUrl",
        "maskFields",
        "maskImageId",
        "maskKey",
        "maskUrl",
    ];
    assert_eq!(names, expected);
    assert_ne!(form["initImageId"], form["maskImageId"]);
    assert!(form["initKey"].as_str().unwrap().ends_with(".jpg"));
    assert!(form["maskKey"].as_str().unwrap().ends_with(".png"));
    for one in ["init", "mask"] {
        let part = |name: &str| &form[&format!("{one}{name}")];
        assert_eq!(post_form(part("Url"), part("Fields"), &png()), 204);
        let path = format!("/v1/init-image/{}", part("ImageId").as_str().unwrap());
        let shown = api.get(&path);
        assert_eq!(fetch(&shown["init_images_by_pk"]["url"]).unwrap(), png());
    }
}

#[test]
fn dataset_lists_its_images_and_accepts_generated_ones() {
    let api = RawApi::start();
    let body = json!({"name": "lighthouses", "description": "at dusk"});
    let id = api.post("/v1/datasets", &body)["insert_datasets_one"]["id"].clone();
    let path = format!("/v1/datasets/{}", id.as_str().unwrap());
    let upload = format!("{path}/upload");
    let reply = api.post(&upload, &json!({"extension": "png"}));
    let form = &reply["uploadDatasetImage"];
    api.post(&upload, &json!({"extension": "png"}));
    let empty = &api.get(&path)["datasets_by_pk"];
    assert_eq!((&empty["id"], &empty["name"]), (&id, &body["name"]));
    assert_eq!(empty["description"], body["description"]);
    assert_eq!(empty["dataset_images"], json!([]));
    assert_eq!(post_form(&form["url"], &form["fields"], &png()), 204);

    let generation = api.begin(&json!({"prompt": "x", "num_images": 1, "width": 64, "height": 64}));
    let generated = api.finish(&generation)["generated_images"][0].clone();
    let body = json!({"generatedImageId": generated["id"]});
    // The API's times have a resolution of a millisecond.
    std::thread::sleep(std::time::Duration::from_millis(5));
    let copy = api.post(&format!("{upload}/gen"), &body);
    api.delete(&format!("/v1/generations/{generation}"));

    let full = &api.get(&path)["datasets_by_pk"];
    let images = full["dataset_images"].as_array().unwrap();
    let ids: Vec<_> = images.iter().map(|image| &image["id"]).collect();
    assert_eq!(ids, [&form["id"], &copy["uploadDatasetImageFromGen"]["id"]]);
    assert_eq!(fetch(&images[0]["url"]).unwrap(), png());
    // The copy outlives the generated image.
    assert_eq!(fetch(&generated["url"]), None);
    assert!(fetch(&images[1]["url"]).unwrap().starts_with(b"\xff\xd8"));
    assert_eq!(empty["createdAt"], full["createdAt"]);
    assert!(full["updatedAt"].as_str() > empty["updatedAt"].as_str());

    assert_eq!(
        api.delete(&path),
        json!({"delete_datasets_by_pk": {"id": id}})
    );
    assert_eq!(api.get(&path), json!({"datasets_by_pk": null}));
    assert_eq!(api.delete(&path), json!({"delete_datasets_by_pk": null}));
    assert_eq!(fetch(&images[0]["url"]), None);
    let (status, _) = api.call(Method::Post, &upload, Some(br#"{"extension":"png"}"#));
    assert_eq!(status, 404);
    let message = api.rejected(&format!("{upload}/gen"), &body);
    assert!(message.contains("no generated image"), "{message}");
}

#[test]
fn files_other_than_images_are_stored_with_their_own_type() {
    let api = RawApi::start();
    for (extension, content_type) in [
        ("mp4", "video/mp4"),
        ("mov", "video/quicktime"),
        ("mp3", "audio/mpeg"),
        ("wav", "audio/wav"),
    ] {
        let body = json!({"extension": extension, "originalFilename": "a"});
        let reply = api.post("/v1/media", &body);
        let form = reply["uploadMedia"].as_object().unwrap();
        let names: Vec<_> = form.keys().map(String::as_str).collect();
        assert_eq!(names, ["fields", "uploadId", "url"]);
        assert!(is_uuid(&form["uploadId"]));
        check_stored(&api, &form["url"], &form["fields"], content_type);
    }
    for (body, content_type) in [
        (json!({}), "model/obj"),
        (
            json!({"modelExtension": "obj", "name": "tower"}),
            "model/obj",
        ),
        (json!({"modelExtension": "glb"}), "model/gltf-binary"),
        (json!({"modelExtension": "fbx"}), "application/octet-stream"),
    ] {
        let reply = api.post("/v1/models-3d/upload", &body);
        let form = &reply["uploadModelAsset"];
        assert!(is_uuid(&form["modelId"]));
        let key = check_stored(&api, &form["modelUrl"], &form["modelFields"], content_type);
        assert_eq!(form["modelKey"], key.as_str());
    }
}

/// Posts bytes other than an image and returns the key of the stored file.
fn check_stored(api: &RawApi, url: &Value, fields: &Value, content_type: &str) -> String {
    assert_eq!(post_form(url, fields, b"not an image"), 204);
    let fields: Value = serde_json::from_str(fields.as_str().unwrap()).unwrap();
    let key = fields["key"].as_str().unwrap();
    let stored = api.0.stored(key).unwrap();
    assert_eq!(stored.bytes, b"not an image");
    assert_eq!(stored.content_type.as_deref(), Some(content_type));
    key.into()
}

#[test]
fn account_has_all_fields_and_is_charged_the_reported_cost() {
    let api = RawApi::start();
    let me = &api.get("/v1/me")["user_details"][0];
    assert!(is_uuid(&me["user"]["id"]));
    for name in [
        "subscriptionTokens",
        "subscriptionGptTokens",
        "subscriptionModelTokens",
        "apiConcurrencySlots",
        "apiPaidTokens",
        "apiSubscriptionTokens",
        "paidTokens",
    ] {
        assert!(me[name].is_u64(), "{name}");
    }
    for name in ["tokenRenewalDate", "apiPlanTokenRenewalDate"] {
        assert!(me.get(name).is_some(), "{name}");
    }
    let before = api.credits();
    let body = json!({"prompt": "x", "width": 1024, "height": 768, "num_images": 2});
    let job = &api.post("/v1/generations", &body)["sdGenerationJob"];
    let cost = job["apiCreditCost"].as_u64().unwrap();
    assert_eq!(cost, 6);
    assert_eq!(job["cost"], json!({"amount": "6", "unit": "CREDITS"}));
    assert_eq!(api.credits(), before - cost);
    api.rejected("/v1/generations", &json!({"prompt": ""}));
    assert_eq!(api.credits(), before - cost);
}

#[test]
fn account_without_credits_starts_no_job() {
    let api = RawApi::start();
    let image = api.init_image("png", &png());
    let body = json!({"prompt": "x", "imageId": image, "imageType": "UPLOADED", "width": 4096, "height": 4096});
    let mut left = api.credits();
    while left >= 1600 {
        api.post("/v1/generations-image-to-video", &body);
        left -= 1600;
    }
    assert_eq!(api.credits(), left);
    let body = body.to_string();
    let path = "/v1/generations-image-to-video";
    let (status, reply) = api.call(Method::Post, path, Some(body.as_bytes()));
    assert_eq!(status, 400);
    assert!(
        reply["error"].as_str().unwrap().contains("not enough"),
        "{reply}"
    );
    assert_eq!(api.credits(), left);
}

#[test]
fn unknown_missing_and_invalid_variables_are_rejected() {
    let api = RawApi::start();
    let dataset = api.post("/v1/datasets", &json!({"name": "d"}));
    let dataset = dataset["insert_datasets_one"]["id"].as_str().unwrap();
    let upload = format!("/v1/datasets/{dataset}/upload");
    for (path, body, expected) in [
        (
            "/v1/init-image",
            json!({}),
            "non-nullable variable: \"extension\"",
        ),
        (
            "/v1/init-image",
            json!({"extension": null}),
            "non-nullable variable",
        ),
        (
            "/v1/init-image",
            json!({"extension": "PNG"}),
            "one of png, jpg, jpeg, webp, not PNG",
        ),
        (
            "/v1/init-image",
            json!({"extension": 1}),
            "expected a string",
        ),
        (
            "/v1/init-image",
            json!({"extension": "png", "size": 1, "x": 2}),
            "variableValues: size, x",
        ),
        ("/v1/init-image", json!(["png"]), "expected an object"),
        (
            "/v1/canvas-init-image",
            json!({"initExtension": "png"}),
            "\"maskExtension\"",
        ),
        (
            "/v1/canvas-init-image",
            json!({"initExtension": "png", "maskExtension": "gif"}),
            "not gif",
        ),
        ("/v1/datasets", json!({"name": ""}), "name must be 1 to"),
        (
            "/v1/datasets",
            json!({"name": "d", "public": true}),
            "variableValues: public",
        ),
        (&upload, json!({"extension": "gif"}), "not gif"),
        (
            &upload,
            json!({"extension": "png", "name": "x"}),
            "variableValues: name",
        ),
        (&format!("{upload}/gen"), json!({}), "\"generatedImageId\""),
        (
            &format!("{upload}/gen"),
            json!({"generatedImageId": NO_SUCH_ID}),
            "no generated image",
        ),
        (
            "/v1/media",
            json!({"extension": "png"}),
            "one of mp4, mov, mp3, wav",
        ),
        (
            "/v1/media",
            json!({"extension": "mp4", "name": "x"}),
            "variableValues: name",
        ),
        (
            "/v1/models-3d/upload",
            json!({"modelExtension": "png"}),
            "not png",
        ),
        (
            "/v1/models-3d/upload",
            json!({"extension": "obj"}),
            "variableValues: extension",
        ),
    ] {
        let message = api.rejected(path, &body);
        assert!(message.contains(expected), "{path} {body}: {message}");
    }
}

#[test]
fn unknown_calls_invalid_ids_and_invalid_json_have_distinct_errors() {
    let api = RawApi::start();
    for (method, path, body, expected) in [
        (Method::Get, "/v1/nothing", None, (404, "not-found")),
        (Method::Delete, "/v1/me", None, (404, "not-found")),
        (
            Method::Post,
            "/v3/generations",
            Some("{}"),
            (404, "not-found"),
        ),
        (
            Method::Get,
            "/v1/init-image/1",
            None,
            (400, "data-exception"),
        ),
        (
            Method::Delete,
            "/v1/generations/1",
            None,
            (400, "data-exception"),
        ),
        (
            Method::Get,
            "/v1/datasets/AAAAAAAA-0000-4000-8000-000000000000",
            None,
            (400, "data-exception"),
        ),
        (
            Method::Post,
            "/v1/init-image",
            Some("{"),
            (400, "invalid-json"),
        ),
    ] {
        let (status, reply) = api.call(method, path, body.map(str::as_bytes));
        let code = reply["code"].as_str().unwrap();
        assert_eq!((status, code), expected, "{path}: {reply}");
    }
}
