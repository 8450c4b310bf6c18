use super::*;
use crate::geometry::Bounds;

fn sized(id: &str, width: u32, height: u32) -> ImageReference {
    ImageReference::uploaded(id).with_size(width, height)
}

fn rejected(generation: &CreateGenerationV2) -> String {
    generation.request().unwrap_err().to_string()
}

#[test]
fn references_and_parameters_have_their_places_in_the_request() {
    let style = Guidance::new(GuidanceKind::Style, ImageReference::uploaded("u"));
    let content = Guidance::new(GuidanceKind::Content, ImageReference::generated("g"));
    let generation = CreateGenerationV2::new("lucid-origin", "p")
        .size(1024, 768)
        .quantity(2)
        .guidance(style.strength(GuidanceStrength::High).order(0))
        .guidance(content.strength(GuidanceStrength::Low))
        .extra("style_ids", json!(["s"]));
    let expected = json!({"model": "lucid-origin", "public": false, "parameters": {
        "prompt": "p", "width": 1024, "height": 768, "quantity": 2, "style_ids": ["s"],
        "guidances": {
            "style": [{"image": {"id": "u", "type": "UPLOADED"}, "strength": "HIGH", "order": 0}],
            "content": [{"image": {"id": "g", "type": "GENERATED"}, "strength": "LOW"}],
        },
    }});
    assert_eq!(generation.request().unwrap().json.unwrap(), expected);
}

#[test]
fn size_is_that_of_the_image_unless_another_is_set() {
    let size = |generation: CreateGenerationV2| {
        let json = generation.request().unwrap().json.unwrap();
        let side = |name| json["parameters"][name].as_u64();
        side("width").zip(side("height"))
    };
    let new = || CreateGenerationV2::new("nano-banana-2", "p");
    assert_eq!(size(new()), None);
    let image = || sized("a", 1200, 896);
    assert_eq!(
        size(new().image_reference(image(), None)),
        Some((1200, 896))
    );
    let two = new()
        .image_reference(image(), None)
        .image_reference(sized("b", 1024, 1024), None);
    assert_eq!(size(two.clone()), Some((1200, 896)));
    assert_eq!(size(two.size(896, 1200)), Some((896, 1200)));
    let unknown = CreateGenerationV2::new("a-new-model", "p");
    assert_eq!(
        size(unknown.image_reference(sized("a", 77, 33), None)),
        Some((77, 33))
    );
    let background = CreateGenerationV2::new("remove-bg", "");
    assert_eq!(
        size(background.image_reference(sized("a", 77, 33), None)),
        None
    );
    assert_eq!(size(new().size(0, 0)), Some((0, 0)));
}

#[test]
fn size_that_would_become_a_square_is_rejected_with_the_one_to_use() {
    let error = rejected(&CreateGenerationV2::new("nano-banana-2", "p").size(1264, 896));
    assert_eq!(
        error,
        "the model nano-banana-2 does not generate 1264x896, and may make a square of it without an error; prepare \
         the image for this model, which gives 1264x848"
    );
    let overridden = CreateGenerationV2::new("nano-banana-2", "p")
        .extra("width", 1264)
        .extra("height", 896);
    let json = overridden.request().unwrap().json.unwrap();
    assert_eq!(json["parameters"]["width"], 1264);
}

#[test]
fn image_that_would_be_distorted_is_rejected() {
    let new = || CreateGenerationV2::new("nano-banana-2", "p").size(1024, 1024);
    let error = rejected(&new().image_reference(sized("a", 1200, 896), None));
    assert!(
        error.contains("would be distorted in a generation of 1024x1024"),
        "{error}"
    );
    // References that are combined may differ.
    let two = new()
        .image_reference(sized("a", 1200, 896), None)
        .image_reference(sized("b", 1024, 1024), None);
    assert!(two.request().is_ok());
    let frames = CreateGenerationV2::new("veo-3.1-lite", "p").start_frame(sized("a", 1280, 720));
    assert!(frames.request().is_ok());
    assert!(
        frames
            .clone()
            .end_frame(sized("b", 1920, 1080))
            .request()
            .is_ok()
    );
    let error = rejected(&frames.clone().end_frame(sized("b", 720, 1280)));
    assert!(
        error.contains("1280x720 pixels and the end frame 720x1280"),
        "{error}"
    );
    let error = rejected(&frames.size(720, 1280));
    assert!(
        error.contains("the start_frame has 1280x720 pixels"),
        "{error}"
    );
}

#[test]
fn guidances_that_the_model_does_not_take_are_rejected() {
    let image = || ImageReference::uploaded("a");
    let guidance = |kind| Guidance::new(kind, image());
    let new = |model: &str| CreateGenerationV2::new(model, "p");
    for (generation, expected) in [
        (
            new("kling-2.6").end_frame(image()),
            "kling-2.6 does not take end_frame; it takes start_frame",
        ),
        (
            new("veo-3.1-lite").end_frame(image()),
            "end_frame requires start_frame",
        ),
        (
            new("grok-imagine-1.5"),
            "requires 1 start_frame, and there are 0",
        ),
        (
            new("kling-3.0")
                .start_frame(image())
                .image_reference(image(), None),
            "takes either start_frame or image_reference",
        ),
        (
            (0..7).fold(new("nano-banana-2"), |all, _| {
                all.image_reference(image(), None)
            }),
            "takes at most 6 image_reference, and there are 7",
        ),
        (
            new("lucid-origin").guidance(guidance(GuidanceKind::Style)),
            "style of this model needs a strength of",
        ),
        (
            new("gpt-image-2").image_reference(image(), Some(GuidanceStrength::High)),
            "image_reference of this model has no strength",
        ),
        (
            new("nano-banana-2").quantity(9),
            "quantity is 9, and the model nano-banana-2 accepts 1 to 8",
        ),
        (
            new("veo-3.1-lite").duration(5),
            "duration is 5, and the model veo-3.1-lite accepts 4, 6, 8",
        ),
        (
            new("KLING2_1").start_frame(image()),
            "retired the model KLING2_1 on 2026-09-15",
        ),
        (new("KLING2_5").start_frame(image()), "belongs to version 1"),
    ] {
        let error = rejected(&generation);
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn guidances_given_by_name_replace_the_images_and_their_size() {
    let json = |generation: CreateGenerationV2| generation.request().unwrap().json.unwrap();
    let own = || json!({"image_reference": [{"image": {"type": "URL", "url": "https://example.com/a.jpg"}}]});
    // The image would be distorted in this size, and the model does not list the size of the image.
    let sized = CreateGenerationV2::new("nano-banana-2", "p").size(1024, 1024);
    let listed = sized.clone().image_reference(sized_image(1200, 896), None);
    assert!(listed.request().is_err());
    let sent = json(listed.extra("guidances", own()));
    assert_eq!(sent["parameters"]["width"], 1024);
    assert_eq!(sent["parameters"]["guidances"], own());
    let unlisted = CreateGenerationV2::new("nano-banana-2", "p")
        .image_reference(sized_image(1201, 896), None)
        .extra("guidances", own());
    assert_eq!(json(unlisted)["parameters"]["width"], Value::Null);
    // Frames of different ratios, a kind that is not accepted, and too few.
    let frames = CreateGenerationV2::new("veo-3.1-lite", "p")
        .start_frame(sized_image(1280, 720))
        .end_frame(sized_image(720, 1280));
    assert!(frames.request().is_err());
    for replaced in [
        frames,
        CreateGenerationV2::new("kling-2.6", "p").end_frame(sized_image(1920, 1080)),
        CreateGenerationV2::new("grok-imagine-1.5", "p"),
    ] {
        let sent = json(replaced.extra("guidances", json!({})));
        assert_eq!(sent["parameters"]["guidances"], json!({}));
        assert_eq!(sent["parameters"]["width"], Value::Null);
    }
}

fn sized_image(width: u32, height: u32) -> ImageReference {
    sized("a", width, height)
}

#[test]
fn parameters_given_by_name_are_not_validated() {
    let json = |generation: CreateGenerationV2| generation.request().unwrap().json.unwrap();
    let new = || CreateGenerationV2::new("nano-banana-2", "p");
    for (replaced, name, value) in [
        (new().quantity(9), "quantity", json!(12)),
        (new().duration(0), "duration", json!("long")),
        (new().size(77, 33), "width", json!(78)),
        (new().size(77, 33), "height", json!(34)),
        (
            CreateGenerationV2::new("nano-banana-2", ""),
            "prompt",
            json!(""),
        ),
    ] {
        let sent = json(replaced.extra(name, value.clone()));
        assert_eq!(sent["parameters"][name], value);
    }
    // These are members of the request, not parameters.
    let model = new()
        .size(77, 33)
        .extra("model", "a-new-model")
        .extra("public", true);
    let sent = json(model);
    assert_eq!(
        (&sent["model"], &sent["public"]),
        (&json!("a-new-model"), &json!(true))
    );
    assert_eq!(
        sent["parameters"],
        json!({"prompt": "p", "width": 77, "height": 33})
    );
    let retired = CreateGenerationV2::new("KLING2_1", "p");
    assert!(retired.request().is_err());
    assert!(retired.extra("model", "kling-3.0").request().is_ok());
}

#[test]
fn upscaler_takes_the_size_of_its_input_and_no_prompt() {
    let new = || CreateGenerationV2::new("aurora-upscaler-precise", "").upscale_factor(2);
    let json = new()
        .image_reference(sized("a", 640, 480), None)
        .request()
        .unwrap()
        .json
        .unwrap();
    let expected = json!({
        "width": 640, "height": 480, "upscale_factor": 2,
        "guidances": {"image_reference": [{"image": {"id": "a", "type": "UPLOADED"}}]},
    });
    assert_eq!(json["parameters"], expected);
    assert!(rejected(&new()).contains("requires 1 image_reference"));
    let five = new()
        .image_reference(sized("a", 640, 480), None)
        .upscale_factor(5);
    assert!(rejected(&five).contains("upscale_factor is 5"));
    let unknown = new().image_reference(ImageReference::uploaded("a"), None);
    assert_eq!(
        rejected(&unknown),
        "the model aurora-upscaler-precise requires the width and height of its image; state them"
    );
    assert!(unknown.clone().size(640, 480).request().is_ok());
    let by_name = unknown.extra("width", 640).extra("height", 480);
    assert!(by_name.request().is_ok());
    // The ratio is that of the image, but an upscaler has to be given the image's own size.
    let half = new()
        .image_reference(sized("a", 640, 480), None)
        .size(320, 240);
    assert!(rejected(&half).contains("request 640x480"));
    let small = new().image_reference(sized("a", 100, 100), None);
    assert!(rejected(&small).contains("does not generate 100x100"));
}

#[test]
fn unknown_models_are_sent_without_validation() {
    let generation = CreateGenerationV2::new("a-new-model", "p")
        .size(77, 33)
        .quantity(99);
    assert!(generation.request().is_ok());
    assert!(
        generation
            .bounds(Bounds::square(8, 64, 8))
            .request()
            .is_err()
    );
    assert!(
        CreateGenerationV2::new("nano-banana-2", "")
            .request()
            .is_err()
    );
    assert!(CreateGenerationV2::new(" ", "p").request().is_err());
}
