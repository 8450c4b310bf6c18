//! Starts a generation of version 1 of the API.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::call::{Call, CallKind, CallRequest};
use super::canvas::CanvasImages;
use super::controlnet::Controlnet;
use super::error::{Error, ParameterError};
use super::generation::Generation;
use super::image_reference::ImageReference;
use super::init_image::UploadedImage;
use super::job::{Job, started};
use super::parameters::{Parameters, check_range};
use super::pricing::CalculatePrice;
use super::sizes;
use crate::geometry::{Bounds, Size};
use crate::open_enum::open_enum;

/// Maximum length of a prompt in characters.
const MAX_PROMPT: usize = 1500;

/// If a side is longer than this, a generation makes at most four images.
const LONG_SIDE: u32 = 768;
const MAX_LARGE_IMAGES: f64 = 4.0;

/// The size that the API generates unless another one is requested.
const DEFAULT_SIZE: Size = Size::new(1024, 768);

/// The sides whose price the API calculates.
const PRICED_SIDES: RangeInclusive<u64> = 32..=1024;

/// The model of a generation that names none.
const DEFAULT_MODEL: &str = "b24e16ff-06e3-43eb-8d33-4416c2d75876";

/// The models whose price the API calculates, and the parameter that names each
/// ([documentation](https://docs.leonardo.ai/docs/legacy-generation)).
const PRICED_MODELS: &[(&str, &str)] = &[
    // Leonardo Lightning XL.
    (DEFAULT_MODEL, "isSDXLLightning"),
    // Phoenix 1.0 and 0.9.
    ("de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3", "isPhoenix"),
    ("6b645e3a-d64f-4341-a6d8-7a3690fbf042", "isPhoenix"),
    // FLUX Dev, FLUX Schnell, FLUX.1 Kontext.
    ("b2614463-296c-462a-9586-aafdb8f00e36", "isFluxDev"),
    ("1dd50843-d653-4516-a8e3-f0238ee453ff", "isFluxSchnell"),
    ("28aeddf8-bd19-4803-80fc-79602d1a9989", "isFluxKontext"),
    // SDXL 1.0 and 0.9, and those of Leonardo: Kino, Vision, Diffusion, Anime, AlbedoBase.
    ("16e7060a-803e-4df3-97ee-edcfa5dc9cc8", "isSDXL"),
    ("b63f7119-31dc-4540-969b-2a9df997e173", "isSDXL"),
    ("aa77f04e-3eec-4034-9c07-d0f619684628", "isSDXL"),
    ("5c232a9e-9061-4777-980a-ddc8e65647c6", "isSDXL"),
    ("1e60896f-3c26-4296-8ecc-53e2afecc132", "isSDXL"),
    ("e71a1c2f-4f80-4800-934f-2c68979d8cc8", "isSDXL"),
    ("2067ae52-33fd-4a82-bb92-c2c55e7d2786", "isSDXL"),
];

open_enum! {
    /// What a generation does with the image of a canvas.
    CanvasRequestType {
        /// Generates the masked part.
        Inpaint = "INPAINT",
        /// Generates what surrounds the image.
        Outpaint = "OUTPAINT",
        /// Generates an image from a sketch.
        Sketch2Img = "SKETCH2IMG",
        /// Generates an image from the image.
        Img2Img = "IMG2IMG",
    }
}

/// Starts a generation: `POST /v1/generations`. Only parameters that are set are sent.
///
/// Before anything is sent, the size is checked against the [`bounds`](Self::bounds). It is the size of the init image
/// unless another one is set: an image of another aspect ratio would be distorted.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateGeneration {
    parameters: Parameters,
    /// The size of the uploaded image.
    image_size: Option<Size>,
    bounds: Bounds,
}

macro_rules! parameters {
    ($($(#[$doc:meta])* $method:ident($type:ty) = $name:literal;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $method(self, value: $type) -> Self {
            self.extra($name, value)
        }
    )*};
}

macro_rules! text_parameters {
    ($($(#[$doc:meta])* $method:ident = $name:literal;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $method(self, value: impl Into<String>) -> Self {
            self.extra($name, value.into())
        }
    )*};
}

impl CreateGeneration {
    /// A generation from a prompt of 1 to 1500 characters.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self {
            parameters: Parameters::with_prompt(prompt),
            image_size: None,
            bounds: sizes::V1,
        }
    }

    /// Starts from this image, and requests its size unless another one is set.
    #[must_use]
    pub fn init_image(self, init: &UploadedImage) -> Self {
        Self {
            image_size: Some(init.size),
            ..self.init_image_id(&init.id)
        }
    }

    /// Draws on this canvas, and requests its size unless another one is set.
    #[must_use]
    pub fn canvas(self, canvas: &CanvasImages, request_type: CanvasRequestType) -> Self {
        let canvas_set = self
            .extra("canvasRequest", true)
            .extra("canvasRequestType", request_type.as_str())
            .extra("canvasInitId", canvas.init.id.as_str())
            .extra("canvasMaskId", canvas.mask.id.as_str());
        Self {
            image_size: Some(canvas.init.size),
            ..canvas_set
        }
    }

    /// Adds an uploaded image to the prompt.
    #[must_use]
    pub fn image_prompt(mut self, id: impl Into<String>) -> Self {
        self.parameters.push("imagePrompts", id.into());
        self
    }

    /// Adds an image that guides the generation.
    #[must_use]
    pub fn controlnet(mut self, controlnet: Controlnet) -> Self {
        self.parameters.push("controlnets", controlnet.json());
        self
    }

    /// Adds an image for FLUX.1 Kontext to edit.
    #[must_use]
    pub fn context_image(mut self, image: impl Into<ImageReference>) -> Self {
        self.parameters.push("contextImages", image.into().json());
        self
    }

    /// The size of the images in pixels. Default: the uploaded image's size, or the API's default (1024×768) without
    /// one.
    #[must_use]
    pub fn size(self, width: u32, height: u32) -> Self {
        self.extra("width", width).extra("height", height)
    }

    /// The sizes that the model accepts. Default: [`sizes::V1`].
    #[must_use]
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    text_parameters! {
        /// Starts from the uploaded image with this id. Set its [`size`](Self::size) too.
        init_image_id = "init_image_id";
        /// Starts from the generated image with this id. Set its [`size`](Self::size) too.
        init_generation_image_id = "init_generation_image_id";
        /// The id of the model. Default: the API's.
        model_id = "modelId";
        /// What the images should not show. Default: none.
        negative_prompt = "negative_prompt";
        /// The style, for example `DYNAMIC`. Default: the API's.
        preset_style = "presetStyle";
        /// The version of PhotoReal: `v1` or `v2`. Default: the API's.
        photo_real_version = "photoRealVersion";
        /// `disabled`, or `foreground_only` for a transparent background. Default: the API's.
        transparency = "transparency";
    }

    parameters! {
        /// How much of the init image is kept, 0.1 to 0.9. Default: the API's.
        strength(f64) = "init_strength";
        /// The weight of the [image prompts](Self::image_prompt). Default: the API's.
        image_prompt_weight(f64) = "imagePromptWeight";
        /// The number of images, 1 to 8, or 1 to 4 if a side is longer than 768 pixels. Default: the API's, 4.
        num_images(u32) = "num_images";
        /// The seed of the random numbers: the same seed produces the same images. Default: random.
        seed(u64) = "seed";
        /// How strongly the images follow the prompt, 1 to 20. Default: the API's, 7.
        guidance_scale(f64) = "guidance_scale";
        /// The number of inference steps, 10 to 60. Default: the API's, 15.
        num_inference_steps(u32) = "num_inference_steps";
        /// Whether to use Alchemy. Default: the API's, true.
        alchemy(bool) = "alchemy";
        /// Whether to use PhotoReal, which requires Alchemy. Default: the API's.
        photo_real(bool) = "photoReal";
        /// The contrast, for Phoenix and Flux: 1, 1.3, 1.8, 2.5, 3, 3.5, 4 or 4.5. Default: the API's.
        contrast(f64) = "contrast";
        /// Whether to use Ultra, which excludes Alchemy. Default: the API's.
        ultra(bool) = "ultra";
        /// Whether the API may extend the prompt. Default: the API's.
        enhance_prompt(bool) = "enhancePrompt";
        /// Whether copies of an image can be placed side by side without a seam. Default: the API's.
        tiling(bool) = "tiling";
        /// Whether everyone can see the images. Default: the API's.
        public(bool) = "public";
    }

    /// Sets any other parameter by the API's name. It can also set one of the above to a value of another type. The size
    /// of an image that is replaced in this way is not requested.
    ///
    /// ```
    /// let generation = imgpost::leonardo::CreateGeneration::new("a lighthouse").extra("highContrast", true);
    /// ```
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        if matches!(
            &*name,
            "init_image_id" | "init_generation_image_id" | "canvasInitId"
        ) {
            self.image_size = None;
        }
        self.parameters.set(name, value);
        self
    }

    /// The parameters to send, with the size of the image unless another one is set.
    fn all_parameters(&self) -> Parameters {
        let mut parameters = self.parameters.clone();
        let has_size = parameters.contains("width") || parameters.contains("height");
        if let Some(size) = self.image_size.filter(|_| !has_size) {
            parameters.set("width", size.width);
            parameters.set("height", size.height);
        }
        parameters
    }

    fn check(&self, parameters: &Parameters) -> Result<(), ParameterError> {
        parameters.check_prompt(MAX_PROMPT)?;
        parameters.check_range("init_strength", 0.1, 0.9)?;
        parameters.check_range("guidance_scale", 1.0, 20.0)?;
        parameters.check_range("num_inference_steps", 10.0, 60.0)?;
        let side = |name, default: u32| match parameters.0.get(name) {
            None => default,
            Some(side) => side.as_u64().and_then(|n| n.try_into().ok()).unwrap_or(0),
        };
        let size = Size::new(
            side("width", DEFAULT_SIZE.width),
            side("height", DEFAULT_SIZE.height),
        );
        let is_large = size.width.max(size.height) > LONG_SIDE;
        let max_images = if is_large { MAX_LARGE_IMAGES } else { 8.0 };
        parameters.check_range("num_images", 1.0, max_images)?;
        let controlnets = parameters.0.get("controlnets").and_then(Value::as_array);
        for controlnet in controlnets.into_iter().flatten() {
            if let Some(weight) = controlnet.get("weight") {
                check_range("weight", weight, 0.0, Controlnet::MAX_WEIGHT)?;
            }
        }
        if self.bounds.contains(size) {
            Ok(())
        } else {
            let bounds = self.bounds;
            Err(ParameterError::Size { size, bounds })
        }
    }
}

impl Call for CreateGeneration {
    type Response = Job<Generation>;

    fn request(&self) -> Result<CallRequest, Error> {
        let parameters = self.all_parameters();
        self.check(&parameters)?;
        let (path, json) = ("/v1/generations", Value::Object(parameters.0));
        Ok(CallRequest::post(path, json, CallKind::Job))
    }

    fn parse(&self, body: &[u8]) -> Result<Job<Generation>, Error> {
        started(body, "sdGenerationJob")
    }

    fn price(&self) -> Option<CalculatePrice> {
        let parameters = self.all_parameters();
        let number = |name: &str, default: u64| match parameters.0.get(name) {
            None | Some(Value::Null) => Some(default),
            Some(value) => value.as_u64(),
        };
        let side = |name: &str, default: u32| {
            let side = number(name, default.into())?;
            PRICED_SIDES.contains(&side).then_some(side)
        };
        let length = |name: &str| parameters.0.get(name)?.as_array().map(Vec::len);
        // The price of a controlnet is not documented.
        if length("controlnets").is_some_and(|count| count > 0) {
            return None;
        }
        let model = parameters.0.get("modelId").and_then(Value::as_str);
        let model = model.unwrap_or(DEFAULT_MODEL);
        let (_, flag) = PRICED_MODELS.iter().find(|(id, _)| *id == model)?;
        let alchemy = parameters.0.get("alchemy").cloned();
        let mut price = CalculatePrice::new("IMAGE_GENERATION")
            .parameter("imageWidth", side("width", DEFAULT_SIZE.width)?)
            .parameter("imageHeight", side("height", DEFAULT_SIZE.height)?)
            .parameter("numImages", number("num_images", 4)?)
            .parameter("inferenceSteps", number("num_inference_steps", 15)?)
            .parameter("alchemyMode", alchemy.unwrap_or(Value::Bool(true)))
            .parameter(*flag, true)
            .copy("photoRealMode", &parameters, "photoReal")
            .copy("photoRealVersion", &parameters, "photoRealVersion")
            .copy("photoRealStrength", &parameters, "photoRealStrength")
            .copy("promptMagic", &parameters, "promptMagic")
            .copy("promptMagicStrength", &parameters, "promptMagicStrength")
            .copy("promptMagicVersion", &parameters, "promptMagicVersion")
            .copy("highResolution", &parameters, "highResolution")
            .copy("isUltra", &parameters, "ultra");
        let elements = [length("elements"), length("userElements")];
        let elements: usize = elements.into_iter().flatten().sum();
        if elements > 0 {
            price = price.parameter("loraCount", elements);
        }
        Some(price)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::leonardo::controlnet::Preprocessor;

    fn json(generation: &CreateGeneration) -> Value {
        generation.request().unwrap().json.unwrap()
    }

    fn rejected(generation: CreateGeneration, words: &str) {
        let error = generation.request().unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }

    #[test]
    fn only_parameters_that_were_set_are_sent() {
        let generation = CreateGeneration::new("p")
            .strength(0.4)
            .extra("highContrast", true);
        let expected = json!({"prompt": "p", "init_strength": 0.4, "highContrast": true});
        assert_eq!(json(&generation), expected);
    }

    #[test]
    fn size_of_an_image_that_is_replaced_is_not_requested() {
        let with_image = || CreateGeneration {
            image_size: Some(Size::new(640, 480)),
            ..CreateGeneration::new("p").init_image_id("a")
        };
        assert_eq!(json(&with_image())["width"], 640);
        for replaced in [
            with_image().init_image_id("b"),
            with_image().extra("init_generation_image_id", "b"),
        ] {
            assert_eq!(json(&replaced)["width"], Value::Null, "{replaced:?}");
        }
    }

    #[test]
    fn parameters_out_of_range_are_rejected() {
        let p = || CreateGeneration::new("p");
        rejected(CreateGeneration::new(""), "the prompt is empty");
        rejected(CreateGeneration::new("ä".repeat(1501)), "1501 characters");
        rejected(
            p().strength(0.95),
            "init_strength is 0.95; the API accepts 0.1 to 0.9",
        );
        rejected(p().strength(f64::NAN), "init_strength is null");
        rejected(p().guidance_scale(0.0), "guidance_scale");
        rejected(
            p().size(1030, 768),
            "1030x768 is not accepted; the allowed sizes are",
        );
        rejected(p().size(8, 8), "8x8");
        rejected(p().size(1544, 768), "1544x768");
        rejected(p().num_images(5), "num_images is 5; the API accepts 1 to 4");
        rejected(p().size(768, 768).num_images(9), "1 to 8");
        let controlnet = Controlnet::new(Preprocessor::SDXL_STYLE, ImageReference::uploaded("i"));
        rejected(p().controlnet(controlnet.weight(2.5)), "0 to 2");
        assert!(p().size(768, 768).num_images(8).request().is_ok());
        assert!(p().size(1920, 1080).bounds(sizes::LUCID).request().is_ok());
    }
}
