//! A generation by any model has the proportions of the image, and a size that the model does not list is not sent.

use imgpost::leonardo::call::Call;
use imgpost::leonardo::{
    CreateGenerationV2, Error, Guidance, GuidanceKind, GuidanceStrength, ImageReference, Model,
    ModelKind, StrengthRule, prepare_for,
};
use imgpost::sandbox::Sandbox;
use imgpost::{AllowedSizes, PreparedImage, Size};

use crate::support::raw_api::RawApi;
use crate::support::recorded::{Outcome, Recorded};

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
    assert_eq!(client.model("no-such-model").unwrap(), None);
}

#[test]
fn new_model_that_the_api_lists_is_found_and_a_misspelled_one_is_not() {
    let listed = br#"{"productionApiAvailableModels": [
        {"id": "NANO_BANANA_2", "name": "Nano Banana 2"}, {"id": "NOT_KNOWN_YET", "name": "Not Known 1"}]}"#;
    for (id, is_found) in [("not-known-yet", true), ("nano-banana2", false)] {
        let response = Outcome::Response(200, vec![], listed.to_vec());
        let found = Recorded::new([response]).client().model(id).unwrap();
        let expected = is_found.then_some((id, "Not Known 1"));
        let found = found
            .as_ref()
            .map(|model| (model.id.as_str(), model.title.as_str()));
        assert_eq!(found, expected);
    }
}

/// Ten ratios from a square over the usual photos to a panorama, upright and lying, and sizes that are awkward.
const SOURCES: [(u32, u32); 13] = [
    (3000, 3000),
    (4000, 3200),
    (4000, 3000),
    (6000, 4000),
    (3840, 2160),
    (5040, 2160),
    (3200, 4000),
    (3000, 4000),
    (4000, 6000),
    (2160, 3840),
    (2160, 5040),
    (12000, 3000),
    (331, 217),
];

/// A reference to an image of this size with the strength that the model requires.
fn guidance(model: &Model, kind: &GuidanceKind, size: Size) -> Guidance {
    let image = ImageReference::uploaded("00000000-0000-4000-8000-000000000011");
    let guidance = Guidance::new(kind.clone(), image.with_size(size.width, size.height));
    match model.guidance(kind).unwrap().strength {
        StrengthRule::Required => guidance.strength(GuidanceStrength::Mid),
        _ => guidance,
    }
}

/// A generation that is guided by one image of this kind, and by those that it requires.
fn guided(model: &Model, kind: &GuidanceKind, size: Size) -> CreateGenerationV2 {
    let rule = model.guidance(kind).unwrap();
    let needed = rule.needs_one_of.first();
    let required = model.guidances.iter().filter(|(_, rule)| rule.min > 0);
    let mut kinds: Vec<_> = required.map(|(kind, _)| kind).collect();
    kinds.extend(needed);
    kinds.push(kind);
    kinds.sort_by_key(|kind| kind.as_str());
    kinds.dedup();
    let new = CreateGenerationV2::for_model(model, "p");
    kinds
        .into_iter()
        .fold(new, |all, kind| all.guidance(guidance(model, kind, size)))
}

/// The schemas that the sandbox serves restate those of the API. The crate jsonschema validates against them.
#[test]
fn request_for_every_model_ratio_and_guidance_conforms_to_the_schema_of_the_model() {
    let api = RawApi::start();
    let response = api.get("/v2/models");
    let schemas = response["productionApiAvailableModels"].as_array().unwrap();
    let offered = Model::all()
        .iter()
        .filter(|model| model.version == 2 && model.retired_on.is_none());
    let offered: Vec<_> = offered.collect();
    assert_eq!(schemas.len(), offered.len());
    let (mut checked, mut pairs) = (0, 0);
    for (model, entry) in offered.into_iter().zip(schemas) {
        assert_eq!(entry["name"], model.title.as_str());
        let validator = jsonschema::validator_for(&entry["parameters"]).unwrap();
        let violations = |generation: &CreateGenerationV2| -> Vec<String> {
            let request = generation.request();
            let request = request.unwrap_or_else(|error| panic!("{}: {error}", model.id));
            let json = request.json.unwrap();
            assert_eq!(json["model"], model.id.as_str());
            let errors = validator.iter_errors(&json["parameters"]);
            errors.map(|error| error.to_string()).collect()
        };
        for (width, height) in SOURCES {
            let size = prepare_for(model).plan_size(width, height).unwrap().size();
            let kinds = model.guidances.iter().map(|(kind, _)| kind);
            let guided = kinds.map(|kind| guided(model, kind, size));
            let sized = CreateGenerationV2::for_model(model, "p").size(size.width, size.height);
            let needs_none =
                model.sizes.is_some() && model.guidances.iter().all(|(_, rule)| rule.min == 0);
            for generation in guided.chain(needs_none.then_some(sized)) {
                let found = violations(&generation);
                assert_eq!(found, [""; 0], "{}: {width}x{height} as {size}", model.id);
                checked += 1;
            }
        }
        // The schema is not one that anything conforms to: a height that only another width has.
        if let Some(AllowedSizes::Pairs(sizes)) = &model.sizes {
            let of = |size: &Size| (size.width, size.height);
            let heights = sizes.iter().map(|size| size.height);
            let mut crossed = heights.map(|height| (sizes[0].width, height));
            if let Some((width, height)) =
                crossed.find(|pair| !sizes.iter().any(|s| of(s) == *pair))
            {
                let wrong = CreateGenerationV2::for_model(model, "p");
                let wrong = model
                    .guidances
                    .iter()
                    .filter(|(_, rule)| rule.min > 0)
                    .fold(wrong, |all, (kind, _)| {
                        all.guidance(guidance(model, kind, sizes[0]))
                    });
                let wrong = wrong.extra("width", width).extra("height", height);
                assert_ne!(
                    violations(&wrong),
                    [""; 0],
                    "{}: {width}x{height}",
                    model.id
                );
                pairs += 1;
            }
        }
    }
    assert!(checked > 1500 && pairs > 20, "{checked} {pairs}");
}

#[test]
fn upscaler_enlarges_the_image_by_its_factor() {
    let sandbox = Sandbox::start().unwrap();
    let client = sandbox.client().unwrap();
    let model = Model::find("aurora-upscaler-precise").unwrap();
    let image = square_in_the_middle(&prepare_for(model), 200, 150);
    let uploaded = client.upload_init_image(&image).unwrap();
    let upscale = CreateGenerationV2::for_model(model, "")
        .image_reference(&uploaded, None)
        .upscale_factor(3);
    let job = client.generate(&upscale).unwrap();
    let url = &client.wait(&job).unwrap().images[0].url;
    let key = url.split_once("imgpost-sandbox/").unwrap().1;
    let result = image::load_from_memory(&sandbox.stored(key).unwrap().bytes).unwrap();
    assert_eq!((result.width(), result.height()), (600, 450));
}

/// The request for every model is one that the sandbox accepts, which checks sizes against the same data with code of its
/// own.
#[test]
fn request_for_every_model_is_accepted() {
    let sandbox = Sandbox::start().unwrap();
    let client = sandbox.client().unwrap();
    let image = square_in_the_middle(&imgpost::leonardo::prepare(), 64, 48);
    let uploaded = client.upload_init_image(&image).unwrap();
    let mut sent = 0;
    for model in Model::all() {
        if model.version != 2
            || model.retired_on.is_some()
            || matches!(model.kind, ModelKind::ThreeD)
        {
            continue;
        }
        // Of the size that an image for this model would have.
        let size = prepare_for(model).plan_size(400, 300).unwrap().size();
        let image = ImageReference::uploaded(&uploaded.id).with_size(size.width, size.height);
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
                let mut guidance = Guidance::new(kind.clone(), image);
                if model.guidance(kind).unwrap().strength == StrengthRule::Required {
                    guidance = guidance.strength(GuidanceStrength::Mid);
                }
                generation = generation.guidance(guidance);
            }
            None => generation = generation.size(size.width, size.height),
        }
        match client.generate(&generation) {
            Ok(_) => sent += 1,
            Err(Error::Unconfirmed(error)) => panic!("{}: {error:?}", model.id),
            Err(error) => panic!("{}: {error}", model.id),
        }
    }
    assert_eq!(sent, 74);
}
