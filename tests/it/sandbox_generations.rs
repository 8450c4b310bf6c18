//! Promise: the results of the sandbox show the images and the prompt of the request; an invalid request is rejected,
//! and a generation from an unusable image fails.

use image::ImageFormat;
use serde_json::{Value, json};

use crate::support::raw_api::{
    BLACK, BLUE, GREEN, NO_SUCH_ID, RED, RawApi, WHITE, YELLOW, encode, fetch, has_quarters,
    image_at, quarters, small, with,
};

const COLORS: [[u8; 3]; 4] = [RED, GREEN, BLUE, YELLOW];
const OTHERS: [[u8; 3]; 4] = [YELLOW, BLUE, GREEN, RED];

#[test]
fn init_image_is_stretched_to_the_requested_size() {
    let api = RawApi::start();
    let mut framed = image::load_from_memory(&quarters(64, 64, COLORS))
        .unwrap()
        .into_rgb8();
    for (x, y, pixel) in framed.enumerate_pixels_mut() {
        if x.min(y) < 8 || x.max(y) >= 56 {
            pixel.0 = BLACK;
        }
    }
    let id = api.init_image("png", &encode(framed, ImageFormat::Png));
    let body = json!({
        "prompt": "dusk", "init_image_id": id, "init_strength": 0.9, "width": 320, "height": 64, "num_images": 3,
        "seed": 7, "modelId": NO_SUCH_ID, "public": true, "alchemy": false, "presetStyle": null,
    });
    let generation = api.begin(&body);
    // The generation holds the image from the start.
    api.delete(&format!("/v1/init-image/{id}"));
    let done = api.finish(&generation);
    assert_eq!(done["status"], "COMPLETE");
    assert_eq!(
        (&done["imageWidth"], &done["imageHeight"]),
        (&json!(320), &json!(64))
    );
    assert_eq!(
        (&done["initStrength"], &done["seed"]),
        (&json!(0.9), &json!(7))
    );
    assert_eq!(
        (&done["prompt"], &done["public"]),
        (&json!("dusk"), &json!(true))
    );
    let images = done["generated_images"].as_array().unwrap();
    let distinct = |name: &str| {
        let mut all: Vec<_> = images
            .iter()
            .map(|image| image[name].as_str().unwrap())
            .collect();
        all.dedup();
        all.len()
    };
    assert_eq!((distinct("id"), distinct("url")), (3, 3));
    for image in images {
        let result = image_at(&image["url"]);
        assert_eq!(result.dimensions(), (320, 64));
        assert!(has_quarters(&result, COLORS));
        // The whole frame is visible: the image is not cropped, and five times as wide as high.
        for (x, y) in [(5, 32), (30, 32), (289, 32), (314, 32), (160, 2), (160, 61)] {
            let pixel = result.get_pixel(x, y).0;
            assert!(pixel.iter().all(|byte| *byte < 40), "{x},{y}: {pixel:?}");
        }
        assert_eq!(image["motionMP4URL"], Value::Null);
        assert_eq!(image["nsfw"], json!(false));
    }
    // Further polls return the same images.
    let path = format!("/v1/generations/{generation}");
    assert_eq!(api.get(&path)["generations_by_pk"], done);
    let deleted = json!({"delete_generations_by_pk": {"id": generation}});
    assert_eq!(api.delete(&path), deleted);
    assert_eq!(api.get(&path), json!({"generations_by_pk": null}));
    assert_eq!(api.delete(&path), json!({"delete_generations_by_pk": null}));
    assert_eq!(fetch(&images[0]["url"]), None);
}

#[test]
fn concurrent_polls_return_the_same_images() {
    let api = RawApi::start();
    let id = api.begin(&small(json!({"width": 1024, "height": 1024})));
    let path = format!("/v1/generations/{id}");
    api.get(&path);
    let replies: Vec<_> = std::thread::scope(|scope| {
        let poll = || api.get(&path)["generations_by_pk"].clone();
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(poll)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let done = &api.get(&path)["generations_by_pk"];
    assert_eq!(done["status"], "COMPLETE");
    let complete = replies.iter().filter(|reply| reply["status"] == "COMPLETE");
    assert!(complete.clone().count() > 0);
    for reply in complete {
        assert_eq!(reply, done);
    }
}

#[test]
fn first_image_of_the_request_determines_the_result() {
    let api = RawApi::start();
    let id = api.init_image("png", &quarters(64, 64, COLORS));
    let other = api.init_image("png", &quarters(64, 64, OTHERS));
    let done = api.finish(&api.begin(&small(json!({"init_image_id": other}))));
    let generated = &done["generated_images"][0]["id"];
    for (more, expected) in [
        (
            json!({"imagePrompts": [id, other], "imagePromptWeight": 0.5}),
            COLORS,
        ),
        (
            json!({"contextImages": [{"type": "UPLOADED", "id": id}]}),
            COLORS,
        ),
        (json!({"init_generation_image_id": generated}), OTHERS),
        (
            json!({"controlnets": [
                {"initImageId": id, "initImageType": "UPLOADED", "preprocessorId": 67, "weight": 0.5},
                {"initImageId": generated, "initImageType": "GENERATED", "preprocessorId": 133, "strengthType": "High"},
            ]}),
            COLORS,
        ),
        (
            json!({"controlnets": [
            {"initImageId": generated, "initImageType": "GENERATED", "preprocessorId": 133},
        ], "imagePrompts": [id]}),
            OTHERS,
        ),
    ] {
        let result = api.generate(&small(more.clone()));
        assert_eq!(result.dimensions(), (96, 48));
        assert!(has_quarters(&result, expected), "{more}");
    }
}

#[test]
fn colors_are_derived_from_prompt_and_seed_without_an_image() {
    let api = RawApi::start();
    let dusk = small(json!({"prompt": "dusk", "seed": 1}));
    let first = api.generate(&dusk);
    assert_eq!(first.dimensions(), (96, 48));
    assert_eq!(first, api.generate(&dusk));
    assert_ne!(
        first,
        api.generate(&small(json!({"prompt": "dawn", "seed": 1})))
    );
    assert_ne!(
        first,
        api.generate(&small(json!({"prompt": "dusk", "seed": 2})))
    );
    let two = api.finish(&api.begin(&small(
        json!({"prompt": "dusk", "seed": 1, "num_images": 2}),
    )));
    let two = [0, 1].map(|i| image_at(&two["generated_images"][i]["url"]));
    assert_eq!(first, two[0]);
    assert_ne!(first, two[1]);
}

#[test]
fn canvas_is_filled_where_the_mask_is_white() {
    let api = RawApi::start();
    let original = quarters(96, 48, COLORS);
    let mask = quarters(96, 48, [BLACK, WHITE, BLACK, BLACK]);
    let (init, mask) = api.canvas(&original, &mask);
    let original = image::load_from_memory(&original).unwrap().into_rgb8();
    for request_type in ["INPAINT", "OUTPAINT", "SKETCH2IMG", "IMG2IMG"] {
        let result = api.generate(&small(json!({
            "canvasRequest": true, "canvasRequestType": request_type, "canvasInitId": init, "canvasMaskId": mask,
        })));
        for (x, y, pixel) in result.enumerate_pixels() {
            let is_masked = x >= 48 && y < 24;
            assert_eq!(pixel != original.get_pixel(x, y), is_masked, "{x},{y}");
        }
    }
    let unmasked =
        json!({"canvasRequest": true, "canvasRequestType": "IMG2IMG", "canvasInitId": init});
    assert!(has_quarters(&api.generate(&small(unmasked)), COLORS));
}

#[test]
fn generation_from_unusable_images_fails() {
    let api = RawApi::start();
    let png = quarters(96, 48, COLORS);
    let (init, mask) = api.canvas(&png, &quarters(96, 56, [WHITE; 4]));
    let sizes = json!({
        "canvasRequest": true, "canvasRequestType": "INPAINT", "canvasInitId": init, "canvasMaskId": mask,
    });
    let other_format = api.init_image("jpg", &png);
    let no_image = api.init_image("png", b"not an image");
    let broken = api.init_image("png", &png[..60]);
    for more in [
        sizes,
        json!({"init_image_id": other_format}),
        json!({"init_image_id": no_image}),
        json!({"init_image_id": broken}),
    ] {
        let done = api.finish(&api.begin(&small(more.clone())));
        assert_eq!(done["status"], "FAILED", "{more}");
        assert_eq!(done["generated_images"], json!([]));
    }
}

#[test]
fn invalid_generation_is_rejected() {
    let api = RawApi::start();
    let empty = api.post("/v1/init-image", &json!({"extension": "png"}));
    let empty = empty["uploadInitImage"]["id"].as_str().unwrap();
    let id = api.init_image("png", &quarters(64, 64, COLORS));
    let nothing_posted = format!("init image {empty} has no file: nothing was posted to its form");
    let net = |more: Value| {
        let net = json!({"initImageId": id, "initImageType": "UPLOADED", "preprocessorId": 67});
        json!({"controlnets": [with(net, more)]})
    };
    let canvas = |more: Value| with(json!({"canvasRequest": true}), more);
    for (more, expected) in [
        (json!({"prompt": null}), "non-nullable variable: \"prompt\""),
        (json!({"prompt": ""}), "1 to 1500 characters"),
        (
            json!({"prompt": "ä".repeat(1501)}),
            "1 to 1500 characters, not 1501",
        ),
        (json!({"strength": 0.5}), "variableValues: strength"),
        (
            json!({"init_strength": 0.09}),
            "init_strength must be 0.1 to 0.9",
        ),
        (
            json!({"init_strength": 0.91}),
            "init_strength must be 0.1 to 0.9",
        ),
        (
            json!({"init_strength": "0.5"}),
            "expected a number for init_strength",
        ),
        (
            json!({"width": 30}),
            "32 to 1536 and a multiple of 8, not 30",
        ),
        (json!({"width": 1544}), "not 1544"),
        (json!({"height": 100}), "not 100"),
        (json!({"height": 96.5}), "height must be"),
        (json!({"num_images": 0}), "1 to 8"),
        (json!({"num_images": 9}), "1 to 8"),
        (
            json!({"num_images": 5, "width": 776}),
            "1 to 4 where a side is over 768",
        ),
        (json!({"public": "yes"}), "expected a boolean"),
        (json!({"presetStyle": "UGLY"}), "presetStyle must be one of"),
        (json!({"init_image_id": NO_SUCH_ID}), "no init image"),
        (json!({"init_image_id": empty}), &nothing_posted),
        (
            json!({"init_generation_image_id": id}),
            "no generated image",
        ),
        (json!({"imagePrompts": [id, empty]}), &nothing_posted),
        (json!({"imagePrompts": id}), "expected a list"),
        (
            json!({"imagePrompts": [null]}),
            "expected a string for imagePrompts[0]",
        ),
        (
            json!({"contextImages": [{"type": "UPLOADED", "id": empty}]}),
            &nothing_posted,
        ),
        (
            json!({"contextImages": [{"id": id}]}),
            "non-nullable variable: \"type\"",
        ),
        (
            json!({"contextImages": [{"type": "UPLOADED", "id": id, "url": ""}]}),
            "variableValues: url",
        ),
        (net(json!({"initImageId": empty})), &nothing_posted),
        (
            net(json!({"initImageType": "GENERATED"})),
            "no generated image",
        ),
        (net(json!({"preprocessorId": null})), "\"preprocessorId\""),
        (
            net(json!({"weight": 2.5})),
            "controlnets[0].weight must be 0 to 2",
        ),
        (net(json!({"strengthType": "LOW"})), "one of Low, Mid"),
        (canvas(json!({})), "canvasRequestType is required"),
        (
            canvas(json!({"canvasRequestType": "INPAINT"})),
            "canvasInitId is required",
        ),
        (
            canvas(json!({"canvasRequestType": "INPAINT", "canvasInitId": id})),
            "canvasMaskId is required",
        ),
        (
            canvas(
                json!({"canvasRequestType": "INPAINT", "canvasInitId": id, "canvasMaskId": empty}),
            ),
            &nothing_posted,
        ),
        (
            canvas(json!({"canvasRequestType": "PAINT"})),
            "one of INPAINT",
        ),
        (
            json!({"canvasInitId": id}),
            "canvasInitId requires canvasRequest",
        ),
    ] {
        let message = api.rejected("/v1/generations", &small(more.clone()));
        assert!(message.contains(expected), "{more}: {message}");
    }
    // Values at the limits are accepted.
    for more in [
        json!({"prompt": "ä".repeat(1500), "init_strength": 0.1}),
        json!({"num_images": 8, "width": 768}),
        json!({"num_images": 4, "width": 1536}),
    ] {
        api.begin(&small(more));
    }
}
