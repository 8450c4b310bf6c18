//! A generation by any model has the proportions of the image, and a size that the model does not list is not sent.

use imgpost::leonardo::{
    CreateGenerationV2, Error, Guidance, GuidanceKind, GuidanceStrength, ImageReference, Model,
    ModelKind, StrengthRule, prepare_for,
};
use imgpost::sandbox::Sandbox;
use imgpost::{AllowedSizes, PreparedImage, Size};

/// Blue, with a red square in the middle whose side is half of the height.
fn square_in_the_middle(
    options: &imgpost::PrepareOptions,
    width: u32,
    height: u32,
) -> PreparedImage {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let half = height / 4;
    let is_square =
        |(x, y): (u32, u32)| x.abs_diff(width / 2) < half && y.abs_diff(height / 2) < half;
    let pixels = pixels.flat_map(|at| {
        if is_square(at) {
            [255, 0, 0, 255]
        } else {
            [0, 0, 255, 255]
        }
    });
    let pixels: Vec<u8> = pixels.collect();
    options.prepare_rgba8(width, height, &pixels).unwrap()
}

/// Width divided by height of the red square in a generated image.
fn proportions(sandbox: &Sandbox, url: &str) -> f64 {
    let key = url.split_once("imgpost-sandbox/").unwrap().1;
    let image = image::load_from_memory(&sandbox.stored(key).unwrap().bytes)
        .unwrap()
        .into_rgb8();
    let is_red = |x: u32, y: u32| {
        let [r, _, b] = image.get_pixel(x, y).0;
        r > b
    };
    let (width, height) = image.dimensions();
    let across = (0..width).filter(|x| is_red(*x, height / 2)).count();
    let down = (0..height).filter(|y| is_red(width / 2, *y)).count();
    across as f64 / down as f64
}

#[test]
fn generation_is_not_distorted_with_the_size_that_the_image_was_prepared_for() {
    let sandbox = Sandbox::start().unwrap();
    let client = sandbox.client().unwrap();
    let model = client.model("nano-banana-2").unwrap().unwrap();
    let image = square_in_the_middle(&prepare_for(&model), 1280, 720);
    assert_eq!(image.size(), Size::new(1376, 768));
    let uploaded = client.upload_init_image(&image).unwrap();
    let generation = CreateGenerationV2::for_model(&model, "p")
        .image_reference(&uploaded, None)
        .quantity(1);
    let job = client.generate(&generation).unwrap();
    let images = client.wait(&job).unwrap().images;
    let found = proportions(&sandbox, &images[0].url);
    assert!((found - 1.0).abs() < 0.02, "{found}");

    // Both sides are listed, but not as a pair: it is rejected here, and without that the API would make a square.
    let wrong = generation.size(1376, 1152);
    let error = client.generate(&wrong).unwrap_err();
    assert!(error.to_string().contains("may make a square"), "{error}");
    let sent = wrong.extra("width", 1376).extra("height", 1152);
    let job = client.generate(&sent).unwrap();
    let images = client.wait(&job).unwrap().images;
    let found = proportions(&sandbox, &images[0].url);
    assert!((found - 0.56).abs() < 0.03, "{found}");
}

#[test]
fn models_that_the_api_lists_are_those_of_the_table() {
    let sandbox = Sandbox::start().unwrap();
    let client = sandbox.client().unwrap();
    let listed = client.models().unwrap();
    let offered = Model::all()
        .iter()
        .filter(|model| model.version == 2 && model.retired_on.is_none());
    assert_eq!(listed.len(), offered.count());
    let mut with_rules = 0;
    for listed in &listed {
        let known = Model::find(&listed.model.id).unwrap();
        assert!(listed.is_known, "{}", listed.name);
        // A schema cannot state rules on both sides together.
        let has_rules = match &known.sizes {
            Some(AllowedSizes::Range(bounds) | AllowedSizes::Sides { bounds, .. }) => {
                bounds.max_pixels.is_some()
            }
            _ => false,
        };
        with_rules += usize::from(has_rules);
        let differences = known.differences(&listed.model);
        assert!(
            has_rules || differences.is_empty(),
            "{}: {differences:?}",
            listed.name
        );
    }
    assert_eq!(with_rules, 7);
    let found = client.model("Nano-Banana-2").unwrap().unwrap();
    assert_eq!(
        (found.id.as_str(), found.title.as_str()),
        ("Nano-Banana-2", "Nano Banana 2")
    );
    assert_eq!(client.model("no-such-model").unwrap(), None);
}

/// The request for every model is one that the sandbox accepts, which checks sizes against the same data with code of its
/// own.
#[test]
fn request_for_every_model_is_accepted() {
    let sandbox = Sandbox::start().unwrap();
    let client = sandbox.client().unwrap();
    let mut sent = 0;
    for model in Model::all() {
        if model.version != 2
            || model.retired_on.is_some()
            || matches!(model.kind, ModelKind::ThreeD)
        {
            continue;
        }
        let image = square_in_the_middle(&prepare_for(model), 400, 300);
        let uploaded = client.upload_init_image(&image).unwrap();
        let reference = || ImageReference::from(&uploaded);
        let mut generation = CreateGenerationV2::for_model(model, "p");
        let kinds = [
            GuidanceKind::StartFrame,
            GuidanceKind::ImageReference,
            GuidanceKind::Style,
            GuidanceKind::Content,
        ];
        let kind = kinds.iter().find(|kind| model.guidance(kind).is_some());
        match kind {
            Some(kind) => {
                let mut guidance = Guidance::new(kind.clone(), reference());
                if model.guidance(kind).unwrap().strength == StrengthRule::Required {
                    guidance = guidance.strength(GuidanceStrength::Mid);
                }
                generation = generation.guidance(guidance);
            }
            None => generation = generation.size(image.size().width, image.size().height),
        }
        match client.generate(&generation) {
            Ok(_) => sent += 1,
            Err(Error::Unconfirmed(error)) => panic!("{}: {error:?}", model.id),
            Err(error) => panic!("{}: {error}", model.id),
        }
    }
    assert_eq!(sent, 74);
}
