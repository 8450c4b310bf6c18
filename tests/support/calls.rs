//! All API calls of the client, and requests with all of their options.

use std::fmt::Debug;
use std::sync::Arc;

use imgpost::leonardo::call::*;
use imgpost::leonardo::*;
use imgpost::transport::{Request, Response, Transport, TransportError};
use imgpost::{Extension, PrepareOptions};
use serde_json::json;

/// An id in the format of the API.
pub const ID: &str = "00000000-0000-4000-8000-000000000011";

/// An API call and its recorded responses.
pub struct ApiCall {
    /// The name of the operation in the API's specification and in the names of the recorded files.
    pub operation: &'static str,
    pub method: &'static str,
    pub path: String,
    /// The name of the client's method.
    pub name: &'static str,
    pub kind: CallKind,
    /// Makes the call and returns the `Debug` output of the response.
    pub call: fn(&Client) -> Result<String, Error>,
    /// Suffixes of the recorded successful responses, after the name of the operation.
    pub good: &'static [&'static str],
    /// Suffixes of the recorded responses that report a failure with status 200.
    pub bad: &'static [&'static str],
}

fn shown(response: Result<impl Debug, Error>) -> Result<String, Error> {
    response.map(|response| format!("{response:?}"))
}

/// A transport that issues forms and accepts all posts.
#[derive(Debug)]
struct Uploads;

impl Transport for Uploads {
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let (url, fields) = ("http://127.0.0.1:1/", r#"{"key": "k"}"#);
        if let Some((reader, _)) = request.body {
            std::io::copy(reader, &mut std::io::sink()).unwrap();
        }
        let body = match request.url {
            to if to.ends_with("/canvas-init-image") => json!({"uploadCanvasInitImage": {
                "initImageId": ID, "initUrl": url, "initFields": fields,
                "maskImageId": ID, "maskUrl": url, "maskFields": fields,
            }}),
            to if to.ends_with("/init-image") => {
                json!({"uploadInitImage": {"id": ID, "url": url, "fields": fields}})
            }
            _ => json!(null),
        };
        Ok(Response::new(200, body.to_string()))
    }
}

/// An uploaded image of 1024×768 and a canvas of 512×512.
pub fn uploaded() -> (UploadedImage, CanvasImages) {
    let pixels = [255; 48];
    let image = PrepareOptions::default()
        .size(1024, 768)
        .prepare_rgba8(4, 3, &pixels);
    let canvas = PrepareOptions::default()
        .size(512, 512)
        .prepare_rgba8(4, 3, &pixels)
        .unwrap();
    let mask = canvas.mask_options().prepare_rgba8(4, 3, &pixels).unwrap();
    let client = Client::builder("key")
        .transport(Arc::new(Uploads))
        .build()
        .unwrap();
    let init = client.upload_init_image(&image.unwrap()).unwrap();
    (init, client.upload_canvas(&canvas, &mask).unwrap())
}

pub fn calls() -> Vec<ApiCall> {
    use CallKind::{Idempotent, Job as Billed, NonIdempotent};
    let row = |operation, method, path: &str, name, kind, call, good, bad| ApiCall {
        operation,
        method,
        path: path.replace("{id}", ID),
        name,
        kind,
        call,
        good,
        bad,
    };
    let null: &[&str] = &[".null"];
    let plain: &[&str] = &["", ".minimal"];
    let jobs: &[&str] = &["", ".minimal", ".dollars", ".unknown-unit"];
    vec![
        row(
            "uploadInitImage",
            "POST",
            "/v1/init-image",
            "create_init_image",
            Idempotent,
            |c| shown(c.create_init_image(Extension::Jpg)),
            &["", ".minimal", ".fields-as-object"],
            &[".null", ".null-fields"],
        ),
        row(
            "getInitImageById",
            "GET",
            "/v1/init-image/{id}",
            "init_image",
            Idempotent,
            |c| shown(c.init_image(ID)),
            plain,
            null,
        ),
        row(
            "deleteInitImageById",
            "DELETE",
            "/v1/init-image/{id}",
            "delete_init_image",
            Idempotent,
            |c| shown(c.delete_init_image(ID)),
            plain,
            null,
        ),
        row(
            "uploadCanvasInitImage",
            "POST",
            "/v1/canvas-init-image",
            "create_canvas_init_image",
            Idempotent,
            |c| shown(c.create_canvas_init_image(Extension::Jpg, Extension::Png)),
            &["", ".minimal", ".recipe"],
            &[".null", ".null-mask"],
        ),
        row(
            "createDataset",
            "POST",
            "/v1/datasets",
            "create_dataset",
            NonIdempotent,
            |c| shown(c.create_dataset("lighthouses", Some("by the sea"))),
            plain,
            null,
        ),
        row(
            "getDatasetById",
            "GET",
            "/v1/datasets/{id}",
            "dataset",
            Idempotent,
            |c| shown(c.dataset(ID)),
            plain,
            null,
        ),
        row(
            "deleteDatasetById",
            "DELETE",
            "/v1/datasets/{id}",
            "delete_dataset",
            Idempotent,
            |c| shown(c.delete_dataset(ID)),
            plain,
            null,
        ),
        row(
            "uploadDatasetImage",
            "POST",
            "/v1/datasets/{id}/upload",
            "create_dataset_image",
            Idempotent,
            |c| shown(c.create_dataset_image(ID, Extension::Webp)),
            plain,
            null,
        ),
        row(
            "uploadDatasetImageFromGen",
            "POST",
            "/v1/datasets/{id}/upload/gen",
            "add_generated_image",
            NonIdempotent,
            |c| shown(c.add_generated_image(ID, ID)),
            plain,
            &[".null", ".null-id"],
        ),
        row(
            "createGeneration",
            "POST",
            "/v1/generations",
            "generate(&CreateGeneration)",
            Billed,
            |c| shown(c.generate(&CreateGeneration::new("p"))),
            jobs,
            null,
        ),
        row(
            "getGenerationById",
            "GET",
            "/v1/generations/{id}",
            "generation",
            Idempotent,
            |c| shown(c.generation(ID)),
            &[
                ".complete",
                ".pending",
                ".failed",
                ".minimal",
                ".nulls",
                ".unknown-enum",
            ],
            null,
        ),
        row(
            "deleteGenerationById",
            "DELETE",
            "/v1/generations/{id}",
            "delete_generation",
            Idempotent,
            |c| shown(c.delete_generation(ID)),
            plain,
            null,
        ),
        row(
            "createGenerationV2",
            "POST",
            "/v2/generations",
            "generate(&CreateGenerationV2)",
            Billed,
            |c| shown(c.generate(&CreateGenerationV2::new("lucid-origin", "p"))),
            &[
                "",
                ".minimal",
                ".wrapped",
                ".wrapped-minimal",
                ".unknown-unit",
            ],
            &[".null", ".null-id", ".empty"],
        ),
        row(
            "createImageToVideoGeneration",
            "POST",
            "/v1/generations-image-to-video",
            "generate(&CreateImageToVideo)",
            Billed,
            |c| shown(c.generate(&CreateImageToVideo::new("p", ImageReference::uploaded(ID)))),
            jobs,
            null,
        ),
        row(
            "CreateUniversalUpscalerJob",
            "POST",
            "/v1/variations/universal-upscaler",
            "generate(&CreateUniversalUpscale)",
            Billed,
            |c| shown(c.generate(&CreateUniversalUpscale::init_image(ID))),
            jobs,
            null,
        ),
        row(
            "getVariationById",
            "GET",
            "/v1/variations/{id}",
            "variation",
            Idempotent,
            |c| shown(c.variation(ID)),
            &[
                ".complete",
                ".pending",
                ".failed",
                ".minimal",
                ".unknown-enum",
            ],
            &[".null", ".empty"],
        ),
        row(
            "uploadModelAsset",
            "POST",
            "/v1/models-3d/upload",
            "call(&CreateModelAsset)",
            Idempotent,
            |c| shown(c.call(&CreateModelAsset::new().name("chair").extension("obj"))),
            plain,
            null,
        ),
        row(
            "uploadMedia",
            "POST",
            "/v1/media",
            "call(&CreateMedia)",
            Idempotent,
            |c| shown(c.call(&CreateMedia::new(MediaExtension::Mp4))),
            plain,
            &[".null", ".null-fields"],
        ),
        row(
            "getUploadedMediaById",
            "GET",
            "/v1/media/{id}",
            "media",
            Idempotent,
            |c| shown(c.media(ID)),
            &["", ".minimal", ".nulls"],
            null,
        ),
        row(
            "deleteUploadedMediaById",
            "DELETE",
            "/v1/media/{id}",
            "delete_media",
            Idempotent,
            |c| shown(c.delete_media(ID)),
            plain,
            null,
        ),
        row(
            "pricingCalculator",
            "POST",
            "/v1/pricing-calculator",
            "price",
            Idempotent,
            |c| shown(c.price(&CreateGeneration::new("p"))),
            plain,
            null,
        ),
        row(
            "createSyncGeneration",
            "POST",
            "/v2/generationssync",
            "remove_background",
            Billed,
            |c| shown(c.remove_background(&RemoveBackground::new(ImageReference::uploaded(ID)))),
            &["", ".inline", ".blocked"],
            &[".null-id", ".no-image"],
        ),
        row(
            "listModels",
            "GET",
            "/v2/models",
            "models",
            Idempotent,
            |c| shown(c.models()),
            plain,
            null,
        ),
        row(
            "getUserSelf",
            "GET",
            "/v1/me",
            "me",
            Idempotent,
            |c| shown(c.me()),
            &["", ".minimal", ".nulls"],
            &[".null", ".empty"],
        ),
    ]
}

/// Requests with all options of the client's types: the name of the operation and the JSON that would be sent.
pub fn requests() -> Vec<(&'static str, serde_json::Value)> {
    let (init, canvas) = uploaded();
    let json = |call: Result<CallRequest, Error>| call.unwrap().json.unwrap();
    let generated = || ImageReference::generated(ID);
    let controlnet = |preprocessor| Controlnet::new(preprocessor, &init);
    let generation = || CreateGeneration::new("a lighthouse");
    let full = generation()
        .init_image(&init)
        .strength(0.35)
        .image_prompt(ID)
        .image_prompt(ID)
        .image_prompt_weight(0.5)
        .controlnet(controlnet(Preprocessor::SDXL_STYLE).strength_type(StrengthType::Ultra))
        .controlnet(controlnet(Preprocessor::SDXL_CHARACTER).weight(2.0))
        .controlnet(Controlnet::new(Preprocessor::PHOENIX_CONTENT, generated()))
        .context_image(&init)
        .num_images(4)
        .model_id(ID)
        .negative_prompt("fog")
        .seed(9_999_999_998)
        .guidance_scale(7.0)
        .num_inference_steps(60)
        .preset_style("DYNAMIC")
        .alchemy(true)
        .photo_real(false)
        .photo_real_version("v2")
        .contrast(3.5)
        .ultra(false)
        .enhance_prompt(true)
        .tiling(false)
        .transparency("foreground_only")
        .public(false)
        .extra("highContrast", true);
    let upscaler = || {
        CreateUniversalUpscale::new(&init)
            .multiplier(2.0)
            .creativity_strength(10)
    };
    let references = CreateGenerationV2::new("flux-kontext-pro", "p")
        .public(true)
        .size(2048, 1024)
        .quantity(3)
        .image_reference(&init, Some(GuidanceStrength::High))
        .image_reference(generated(), None)
        .extra("seed", 7);
    let frames = CreateGenerationV2::new("veo-3.1-lite", "p")
        .size(1280, 720)
        .duration(8)
        .start_frame(ImageReference::uploaded(ID))
        .end_frame(generated());
    let mut requests = vec![
        (
            "createDataset",
            json(CreateDataset::new("d").description("e").request()),
        ),
        ("createDataset", json(CreateDataset::new("d").request())),
        (
            "uploadDatasetImageFromGen",
            json(AddGeneratedImage::new(ID, ID).request()),
        ),
        ("createGeneration", json(full.request())),
        ("createGeneration", json(generation().request())),
        (
            "createGeneration",
            json(
                generation()
                    .init_image_id(ID)
                    .size(32, 1536)
                    .num_images(1)
                    .request(),
            ),
        ),
        (
            "createGeneration",
            json(generation().init_generation_image_id(ID).request()),
        ),
        ("createGenerationV2", json(references.request())),
        ("createGenerationV2", json(frames.request())),
        (
            "createGenerationV2",
            json(CreateGenerationV2::new("lucid-origin", "p").request()),
        ),
        (
            "CreateUniversalUpscalerJob",
            json(upscaler().style(UpscalerStyle::CgArt).prompt("p").request()),
        ),
        (
            "CreateUniversalUpscalerJob",
            json(CreateUniversalUpscale::generated_image(ID).request()),
        ),
        (
            "CreateUniversalUpscalerJob",
            json(CreateUniversalUpscale::variation(ID).request()),
        ),
        ("uploadModelAsset", json(CreateModelAsset::new().request())),
        (
            "uploadModelAsset",
            json(CreateModelAsset::new().name("n").extension("obj").request()),
        ),
    ];
    for extension in Extension::ALL.iter().copied() {
        requests.push((
            "uploadInitImage",
            json(CreateInitImage::new(extension).request()),
        ));
        requests.push((
            "uploadDatasetImage",
            json(CreateDatasetImage::new(ID, extension).request()),
        ));
        for mask in Extension::ALL.iter().copied() {
            let call = CreateCanvasInitImage::new(extension, mask);
            requests.push(("uploadCanvasInitImage", json(call.request())));
        }
    }
    for extension in [
        MediaExtension::Mp4,
        MediaExtension::Mov,
        MediaExtension::Mp3,
        MediaExtension::Wav,
    ] {
        let named = CreateMedia::new(extension).original_filename("a.mp4");
        requests.push(("uploadMedia", json(named.clone().request())));
        requests.push(("uploadMedia", json(named.team_id(ID).request())));
    }
    for (contrast, style) in [
        (1, UltraUpscaleStyle::Artistic),
        (10, UltraUpscaleStyle::Realistic),
    ] {
        let ultra = upscaler()
            .ultra_style(style)
            .detail_contrast(contrast)
            .similarity(11 - contrast);
        requests.push(("CreateUniversalUpscalerJob", json(ultra.request())));
    }
    for style in [
        UpscalerStyle::General,
        UpscalerStyle::Cinematic,
        UpscalerStyle::Art2d,
    ] {
        requests.push((
            "CreateUniversalUpscalerJob",
            json(upscaler().style(style).request()),
        ));
    }
    for (size, format) in [
        (CutoutSize::Preview, CutoutFormat::Png),
        (CutoutSize::Auto, CutoutFormat::Jpg),
        (CutoutSize::Full, CutoutFormat::Webp),
        (CutoutSize::Megapixels50, CutoutFormat::Webp),
    ] {
        let call = RemoveBackground::new(&init)
            .background_image(generated())
            .background_color("#ff8800")
            .size(size)
            .format(format)
            .inline(true)
            .ephemeral(true)
            .public(true)
            .extra("crop", true);
        requests.push(("createSyncGeneration", json(call.request())));
    }
    let variation = RemoveBackground::new(ImageReference::variation(ID));
    requests.push(("createSyncGeneration", json(variation.request())));
    let mut price = |price: Option<CalculatePrice>| {
        requests.push(("pricingCalculator", json(price.unwrap().request())));
    };
    price(generation().price());
    let priced = generation()
        .size(1024, 1024)
        .num_images(4)
        .model_id("de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3")
        .photo_real(true)
        .photo_real_version("v2")
        .ultra(false)
        .extra("promptMagic", true)
        .extra("elements", json!([{"akUUID": ID}]));
    price(priced.price());
    price(upscaler().price());
    price(upscaler().ultra_style(UltraUpscaleStyle::Artistic).price());
    for resolution in [
        VideoResolution::Resolution480,
        VideoResolution::Resolution720,
    ] {
        let video = CreateImageToVideo::new("p", &init);
        price(video.resolution(resolution).price());
    }
    let video = || CreateImageToVideo::new("p", &init);
    requests.push(("createImageToVideoGeneration", json(video().request())));
    for model in [
        VideoModel::Motion2,
        VideoModel::Motion2Fast,
        VideoModel::Kling2_5,
    ] {
        for resolution in [
            VideoResolution::Resolution480,
            VideoResolution::Resolution720,
            VideoResolution::Resolution1080,
        ] {
            // Without the size of the image, which is not one of Kling's.
            let full = CreateImageToVideo::new("p", ImageReference::uploaded(ID))
                .model(model.clone())
                .resolution(resolution)
                .end_frame(generated())
                .size(1920, 1080)
                .duration(5)
                .seed(7)
                .negative_prompt("fog")
                .extra("frameInterpolation", true);
            requests.push(("createImageToVideoGeneration", json(full.request())));
        }
    }
    for request_type in [
        CanvasRequestType::Inpaint,
        CanvasRequestType::Outpaint,
        CanvasRequestType::Sketch2Img,
        CanvasRequestType::Img2Img,
    ] {
        let drawn = generation().canvas(&canvas, request_type);
        requests.push(("createGeneration", json(drawn.request())));
    }
    for strength in [
        StrengthType::Low,
        StrengthType::Mid,
        StrengthType::High,
        StrengthType::Ultra,
        StrengthType::Max,
    ] {
        let net = controlnet(Preprocessor::LUCID).strength_type(strength);
        requests.push((
            "createGeneration",
            json(generation().controlnet(net).request()),
        ));
    }
    requests
}
