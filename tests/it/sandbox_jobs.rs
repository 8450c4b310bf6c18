//! Promise: the sandbox runs generations of version 2, videos and upscales as jobs, like generations of version 1.

use image::{ImageFormat, Rgb, RgbImage};
use imgpost::transport::Method;
use serde_json::{Value, json};

use crate::support::raw_api::{
    BLUE, GREEN, NO_SUCH_ID, RED, RawApi, YELLOW, encode, fetch, has_quarters, image_at, quarters,
    small, with,
};

const COLORS: [[u8; 3]; 4] = [RED, GREEN, BLUE, YELLOW];
const OTHERS: [[u8; 3]; 4] = [YELLOW, BLUE, GREEN, RED];

#[test]
fn version_2_accepts_guidances_and_is_polled_in_version_1() {
    let api = RawApi::start();
    let id = api.init_image("png", &quarters(64, 64, COLORS));
    let other = api.init_image("png", &quarters(64, 64, OTHERS));
    let guidance = |id: &str| json!([{"image": {"id": id, "type": "UPLOADED"}, "strength": "MID"}]);
    let request = |guidances: Value| {
        json!({"model": "flux-kontext-pro", "public": false, "parameters": {
            "prompt": "dusk", "width": 100, "height": 50, "quantity": 2, "guidances": guidances,
        }})
    };
    let before = api.credits();
    let started = api.post(
        "/v2/generations",
        &request(json!({"image_reference": guidance(&id)})),
    );
    assert_eq!(started["generate"]["cost"]["amount"], "2");
    assert_eq!(api.credits(), before - 2);
    let done = api.finish(started["generate"]["generationId"].as_str().unwrap());
    let images = done["generated_images"].as_array().unwrap();
    assert_eq!((images.len(), &done["status"]), (2, &json!("COMPLETE")));
    let result = image_at(&images[1]["url"]);
    assert_eq!(result.dimensions(), (100, 50));
    assert!(has_quarters(&result, COLORS));

    let frames = json!({"end_frame": guidance(&other), "start_frame": guidance(&id)});
    let started = api.post("/v2/generations", &request(frames));
    let done = api.finish(started["generate"]["generationId"].as_str().unwrap());
    let video = &done["generated_images"][0];
    assert!(fetch(&video["motionMP4URL"]).unwrap()[4..].starts_with(b"ftyp"));
    assert!(has_quarters(&image_at(&video["url"]), COLORS));
}

#[test]
fn version_2_reports_errors_with_status_200() {
    let api = RawApi::start();
    let request = |model: &str, more: Value| {
        let parameters = json!({"prompt": "x", "width": 1024, "height": 1024});
        json!({"model": model, "parameters": with(parameters, more)})
    };
    let guided = |item: Value| json!({"guidances": {"image_reference": [item]}});
    let image = json!({"id": NO_SUCH_ID, "type": "UPLOADED"});
    for (body, expected) in [
        (json!({"parameters": {"prompt": "x"}}), "\"model\""),
        (json!({"model": "lucid-origin"}), "\"parameters\""),
        (
            json!({"model": "lucid-origin", "prompt": "x", "parameters": {"prompt": "x"}}),
            "variableValues: prompt",
        ),
        (
            request("lucid-origin", json!({"num_images": 1})),
            "variableValues: num_images",
        ),
        (
            request("lucid-origin", json!({"quantity": 0})),
            "parameters.quantity",
        ),
        (
            request("lucid-origin", json!({"width": 3841})),
            "width 3841 is not among the values",
        ),
        (
            request("flux-kontext-pro", json!({"width": 2049})),
            "width 2049 is not among the values",
        ),
        (
            request("gpt-image-2", json!({"width": 1000})),
            "width 1000 is not among the values",
        ),
        (
            request("lucid-origin", guided(json!({"image": image}))),
            "no init image",
        ),
        (
            request(
                "lucid-origin",
                guided(json!({"image": image, "strength": "Low"})),
            ),
            "one of LOW, MID, HIGH",
        ),
        (
            request("lucid-origin", guided(json!({"id": NO_SUCH_ID}))),
            "variableValues: id",
        ),
        (
            request("lucid-origin", json!({"guidances": {"posture": []}})),
            "variableValues: posture",
        ),
    ] {
        let text = body.to_string();
        let (status, reply) = api.call(Method::Post, "/v2/generations", Some(text.as_bytes()));
        assert_eq!(status, 200);
        let error = &reply["errors"][0];
        assert_eq!(error["extensions"]["code"], "validation-failed");
        assert_eq!(error["extensions"]["statusCode"], 400);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(expected), "{body}: {message}");
    }
}

#[test]
fn video_is_made_from_an_uploaded_or_generated_image() {
    let api = RawApi::start();
    let path = "/v1/generations-image-to-video";
    let id = api.init_image("png", &quarters(64, 64, COLORS));
    let body = |more: Value| {
        let body = json!({"prompt": "waves", "imageId": id, "imageType": "UPLOADED"});
        with(body, more)
    };
    let end = json!({"id": id, "type": "UPLOADED"});
    for (more, model, size) in [
        (json!({}), "MOTION2", (832, 480)),
        (
            json!({"resolution": "RESOLUTION_720", "duration": 10, "model": "KLING2_5"}),
            "KLING2_5",
            (1280, 720),
        ),
        (
            json!({"width": 96, "height": 48, "model": "KLING2_5", "endFrameImage": end}),
            "KLING2_5",
            (96, 48),
        ),
    ] {
        let job = &api.post(path, &body(more))["motionVideoGenerationJob"];
        assert!(job["apiCreditCost"].as_u64().unwrap() > 0);
        let done = api.finish(job["generationId"].as_str().unwrap());
        let images = done["generated_images"].as_array().unwrap();
        assert_eq!((images.len(), &done["status"]), (1, &json!("COMPLETE")));
        let video = fetch(&images[0]["motionMP4URL"]).unwrap();
        assert_eq!(box_types(&video), ["ftyp", "free", "mdat"]);
        assert_eq!(
            (&images[0]["motion"], &images[0]["motionModel"]),
            (&json!(true), &json!(model))
        );
        assert_eq!(image_at(&images[0]["url"]).dimensions(), size);
    }
    for (more, expected) in [
        (json!({"imageId": null}), "\"imageId\""),
        (json!({"imageType": null}), "\"imageType\""),
        (json!({"imageType": "GENERATED"}), "no generated image"),
        (json!({"imageId": NO_SUCH_ID}), "no init image"),
        (json!({"model": "MOTION9"}), "one of MOTION2"),
        // It was retired.
        (json!({"model": "KLING2_1"}), "one of MOTION2"),
        (json!({"resolution": "720"}), "one of RESOLUTION_480"),
        (
            json!({"model": "KLING2_5", "duration": 6}),
            "[5, 10] seconds, not of 6",
        ),
        (json!({"endFrameImage": end}), "KLING2_5 does"),
        (
            json!({"model": "KLING2_5", "endFrameImage": {"id": id}}),
            "\"type\"",
        ),
        (
            json!({"init_image_id": id}),
            "variableValues: init_image_id",
        ),
    ] {
        let message = api.rejected(path, &body(more.clone()));
        assert!(message.contains(expected), "{more}: {message}");
    }
}

fn box_types(mut mp4: &[u8]) -> Vec<String> {
    let mut types = Vec::new();
    while let Some((length, _)) = mp4.split_first_chunk::<4>() {
        types.push(String::from_utf8(mp4[4..8].to_vec()).unwrap());
        mp4 = &mp4[u32::from_be_bytes(*length) as usize..];
    }
    types
}

#[test]
fn upscaled_image_is_enlarged_by_the_requested_factor() {
    let api = RawApi::start();
    let path = "/v1/variations/universal-upscaler";
    let jpeg = encode(RgbImage::from_pixel(40, 24, Rgb(BLUE)), ImageFormat::Jpeg);
    let id = api.init_image("jpg", &jpeg);
    let generation = api.begin(&small(json!({"init_image_id": id})));
    let generated = api.finish(&generation)["generated_images"][0]["id"].clone();
    let upscale = |body: Value| {
        let job = &api.post(path, &body)["universalUpscaler"];
        assert_eq!(
            job["apiCreditCost"].to_string(),
            job["cost"]["amount"].as_str().unwrap()
        );
        let id = job["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/variations/{id}");
        let variation = |reply: Value| reply["generated_image_variation_generic"][0].clone();
        let first = variation(api.get(&path));
        assert_eq!(
            (&first["status"], &first["url"]),
            (&json!("PENDING"), &Value::Null)
        );
        let done = variation(api.get(&path));
        assert_eq!(
            (&done["id"], &done["status"]),
            (&json!(id), &json!("COMPLETE"))
        );
        assert_eq!(done["transformType"], "UPSCALE");
        (done.clone(), image_at(&done["url"]).dimensions())
    };
    let (first, size) = upscale(json!({"initImageId": id}));
    assert_eq!(size, (60, 36));
    let ultra = json!({
        "variationId": first["id"], "upscaleMultiplier": 2, "ultraUpscaleStyle": "REALISTIC", "similarity": 10,
    });
    assert_eq!(upscale(ultra).1, (120, 72));
    let style = json!({"generatedImageId": generated, "upscaleMultiplier": 1.25, "upscalerStyle": "2D ART & ILLUSTRATION"});
    let (upscaled, size) = upscale(style);
    assert_eq!(size, (120, 60));
    let shown = api.get(&format!("/v1/generations/{generation}"));
    let shown = &shown["generations_by_pk"]["generated_images"][0];
    assert_eq!(
        shown["generated_image_variation_generics"],
        json!([upscaled])
    );

    let none = json!({"generated_image_variation_generic": []});
    assert_eq!(api.get(&format!("/v1/variations/{NO_SUCH_ID}")), none);
    for (body, expected) in [
        (json!({}), "give one of"),
        (
            json!({"initImageId": id, "generatedImageId": generated}),
            "give one of",
        ),
        (json!({"initImageId": NO_SUCH_ID}), "no init image"),
        (json!({"variationId": NO_SUCH_ID}), "no variation"),
        (
            json!({"initImageId": id, "upscaleMultiplier": 2.1}),
            "1 to 2",
        ),
        (
            json!({"initImageId": id, "creativityStrength": 11}),
            "1 to 10",
        ),
        (
            json!({"initImageId": id, "creativityStrength": 1.5}),
            "expected an integer",
        ),
        (
            json!({"initImageId": id, "upscalerStyle": "2D"}),
            "one of GENERAL",
        ),
        (
            json!({"initImageId": id, "upscalerStyle": "GENERAL", "ultraUpscaleStyle": "ARTISTIC"}),
            "together",
        ),
        (
            json!({"initImageId": id, "similarity": 5}),
            "only be used with ultraUpscaleStyle",
        ),
        (
            json!({"initImageId": id, "multiplier": 2}),
            "variableValues: multiplier",
        ),
    ] {
        let message = api.rejected(path, &body);
        assert!(message.contains(expected), "{body}: {message}");
    }
}
