//! What is asked of a generation, version 1 of the API.

use serde_json::{Value, json};

use super::call::{Call, CallKind, CallRequest};
use super::canvas::CanvasImages;
use super::error::{Error, ParameterError};
use super::generation::Generation;
use super::init_image::UploadedImage;
use super::job::{ImageReference, Job, Variables, started};
use crate::geometry::{Bounds, Size};
use crate::open_enum::open_enum;

/// The longest prompt the API takes, in characters.
const MAX_PROMPT: usize = 1500;

/// As many images as are made at once when one of the sides is longer than this.
const LONG_SIDE: u32 = 768;
const MAX_LARGE_IMAGES: f64 = 4.0;

open_enum! {
    /// What is done to the image on a canvas.
    CanvasRequestType {
        /// Makes the masked part anew.
        Inpaint = "INPAINT",
        /// Makes what is around the image.
        Outpaint = "OUTPAINT",
        /// Makes an image of a sketch.
        Sketch2Img = "SKETCH2IMG",
        /// Makes an image of the image.
        Img2Img = "IMG2IMG",
    }
}

open_enum! {
    /// How strongly a reference is followed.
    StrengthType {
        /// A little.
        Low = "Low",
        /// The API's default.
        Mid = "Mid",
        /// Strongly.
        High = "High",
        /// Very strongly. Style references only.
        Ultra = "Ultra",
        /// As strongly as possible. Style references only.
        Max = "Max",
    }
}

/// What a reference is taken for: its `preprocessorId`. The constants are those the documentation names, by model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Preprocessor(pub u32);

impl Preprocessor {
    /// The style of an image, with SDXL models.
    pub const SDXL_STYLE: Self = Self(67);
    /// The person in an image, with SDXL models.
    pub const SDXL_CHARACTER: Self = Self(133);
    /// What an image shows, with SDXL models.
    pub const SDXL_CONTENT: Self = Self(100);
    /// The style of an image, with Phoenix.
    pub const PHOENIX_STYLE: Self = Self(166);
    /// The person in an image, with Phoenix.
    pub const PHOENIX_CHARACTER: Self = Self(397);
    /// What an image shows, with Phoenix.
    pub const PHOENIX_CONTENT: Self = Self(364);
    /// The image, with Flux Dev.
    pub const FLUX_DEV: Self = Self(233);
    /// The image, with Lucid.
    pub const LUCID: Self = Self(430);
}

/// An image that guides a generation: one of its `controlnets`.
#[derive(Clone, Debug, PartialEq)]
pub struct Controlnet {
    preprocessor: Preprocessor,
    image: ImageReference,
    strength: Option<(&'static str, Value)>,
}

impl Controlnet {
    /// This image, taken for that.
    pub fn new(preprocessor: Preprocessor, image: impl Into<ImageReference>) -> Self {
        Self {
            preprocessor,
            image: image.into(),
            strength: None,
        }
    }

    /// How strongly it is followed, 0 to 2. Instead of a [`strength_type`](Self::strength_type).
    #[must_use]
    pub fn weight(mut self, weight: f64) -> Self {
        self.strength = Some(("weight", json!(weight)));
        self
    }

    /// How strongly it is followed, with style, character and content references. Instead of a
    /// [`weight`](Self::weight).
    #[must_use]
    pub fn strength_type(mut self, strength: StrengthType) -> Self {
        self.strength = Some(("strengthType", json!(strength)));
        self
    }

    fn json(self) -> Value {
        let mut json = json!({
            "initImageId": self.image.id,
            "initImageType": self.image.origin,
            "preprocessorId": self.preprocessor.0,
        });
        if let Some((name, value)) = self.strength {
            json[name] = value;
        }
        json
    }
}

/// What is asked of a generation: `POST /v1/generations`. Only what is set here is sent.
///
/// The size is checked against the [`bounds`](Self::bounds) before anything is sent, and is that of the init image
/// unless another one is given: an image in another ratio would come out deformed.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateGeneration {
    variables: Variables,
    /// That of the uploaded image.
    image_size: Option<Size>,
    bounds: Bounds,
}

macro_rules! variables {
    ($($(#[$doc:meta])* $method:ident($type:ty) = $name:literal;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $method(mut self, value: $type) -> Self {
            let value: $type = value;
            self.variables.set($name, value);
            self
        }
    )*};
}

impl CreateGeneration {
    /// A generation from a prompt of at most 1500 characters.
    pub fn new(prompt: impl Into<String>) -> Self {
        let mut variables = Variables::default();
        variables.set("prompt", prompt.into());
        Self {
            variables,
            image_size: None,
            bounds: Bounds::LEONARDO_V1,
        }
    }

    /// Starts from this image, and asks for its size unless another one is given.
    #[must_use]
    pub fn init_image(mut self, init: &UploadedImage) -> Self {
        self.variables.set("init_image_id", init.id.as_str());
        self.image_size = Some(init.size);
        self
    }

    /// Draws on this canvas, and asks for its size unless another one is given.
    #[must_use]
    pub fn canvas(mut self, canvas: &CanvasImages, request_type: CanvasRequestType) -> Self {
        self.variables.set("canvasRequest", true);
        self.variables
            .set("canvasRequestType", request_type.as_str());
        self.variables.set("canvasInitId", canvas.init.id.as_str());
        self.variables.set("canvasMaskId", canvas.mask.id.as_str());
        self.image_size = Some(canvas.init.size);
        self
    }

    /// Adds an uploaded image to the prompt.
    #[must_use]
    pub fn image_prompt(mut self, id: &str) -> Self {
        self.variables.push("imagePrompts", id);
        self
    }

    /// Adds an image that guides the generation.
    #[must_use]
    pub fn controlnet(mut self, controlnet: Controlnet) -> Self {
        self.variables.push("controlnets", controlnet.json());
        self
    }

    /// Adds an image to be edited, with FLUX.1 Kontext.
    #[must_use]
    pub fn context_image(mut self, image: impl Into<ImageReference>) -> Self {
        self.variables.push("contextImages", image.into().json());
        self
    }

    /// The size to generate in pixels. Default: the uploaded image's, and the API's (1024×768) without one.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.variables.set("width", width);
        self.variables.set("height", height);
        self
    }

    /// The sizes that are let through. Default: [`Bounds::LEONARDO_V1`]; some models take others.
    #[must_use]
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    variables! {
        /// Starts from an uploaded image with this id. Give its [`size`](Self::size) too.
        init_image_id(&str) = "init_image_id";
        /// Starts from a generated image with this id. Give its [`size`](Self::size) too.
        init_generation_image_id(&str) = "init_generation_image_id";
        /// How much of the init image is kept, 0.1 to 0.9. Default: the API's.
        strength(f64) = "init_strength";
        /// How much the [image prompts](Self::image_prompt) count. Default: the API's.
        image_prompt_weight(f64) = "imagePromptWeight";
        /// How many images to make, 1 to 8, and 1 to 4 where a side is longer than 768. Default: the API's, 4.
        num_images(u32) = "num_images";
        /// The model to use. Default: the API's.
        model_id(&str) = "modelId";
        /// What is not to be seen.
        negative_prompt(&str) = "negative_prompt";
        /// The same seed makes the same image.
        seed(u64) = "seed";
        /// How strongly the prompt is followed, 1 to 20. Default: the API's, 7.
        guidance_scale(f64) = "guidance_scale";
        /// How many steps are made, 10 to 60. Default: the API's, 15.
        num_inference_steps(u32) = "num_inference_steps";
        /// The style, for example `DYNAMIC`.
        preset_style(&str) = "presetStyle";
        /// Alchemy. Default: the API's, on.
        alchemy(bool) = "alchemy";
        /// PhotoReal. Needs alchemy.
        photo_real(bool) = "photoReal";
        /// The version of PhotoReal: `v1` or `v2`.
        photo_real_version(&str) = "photoRealVersion";
        /// The contrast, with Phoenix and Flux: 1, 1.3, 1.8, 2.5, 3, 3.5, 4 or 4.5.
        contrast(f64) = "contrast";
        /// Ultra. Not with alchemy.
        ultra(bool) = "ultra";
        /// Lets the API write more into the prompt.
        enhance_prompt(bool) = "enhancePrompt";
        /// Whether the image can be laid beside itself without a seam.
        tiling(bool) = "tiling";
        /// `disabled`, or `foreground_only` for a transparent background.
        transparency(&str) = "transparency";
        /// Whether everybody sees the images. Default: the API's.
        public(bool) = "public";
    }

    /// Sets any other variable by the API's own name, or one of the above to what this crate would not.
    ///
    /// ```
    /// let generation = imgpost::leonardo::CreateGeneration::new("a lighthouse").extra("highContrast", true);
    /// ```
    #[must_use]
    pub fn extra(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.variables.set(name, value);
        self
    }

    fn check(&self, variables: &Variables) -> Result<(), Error> {
        variables.check_prompt(MAX_PROMPT)?;
        variables.check_range("init_strength", 0.1, 0.9)?;
        variables.check_range("guidance_scale", 1.0, 20.0)?;
        variables.check_range("num_inference_steps", 10.0, 60.0)?;
        let side = |name, default: u32| match variables.0.get(name) {
            None => default,
            Some(side) => side.as_u64().and_then(|n| n.try_into().ok()).unwrap_or(0),
        };
        let size = Size::new(side("width", 1024), side("height", 768));
        let is_large = size.width.max(size.height) > LONG_SIDE;
        let max_images = if is_large { MAX_LARGE_IMAGES } else { 8.0 };
        variables.check_range("num_images", 1.0, max_images)?;
        for controlnet in variables
            .0
            .get("controlnets")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let weight = controlnet.get("weight");
            if weight.is_some_and(|w| !w.as_f64().is_some_and(|n| (0.0..=2.0).contains(&n))) {
                let value = weight.map(Value::to_string).unwrap_or_default();
                return Err(ParameterError::OutOfRange {
                    name: "weight",
                    value,
                    min: 0.0,
                    max: 2.0,
                }
                .into());
            }
        }
        if self.bounds.contains(size) {
            Ok(())
        } else {
            let bounds = self.bounds;
            Err(ParameterError::Size { size, bounds }.into())
        }
    }
}

impl Call for CreateGeneration {
    type Response = Job<Generation>;

    fn request(&self) -> Result<CallRequest, Error> {
        let mut variables = self.variables.clone();
        let is_sized = ["width", "height"]
            .iter()
            .any(|name| variables.0.contains_key(*name));
        if let Some(size) = self.image_size.filter(|_| !is_sized) {
            variables.set("width", size.width);
            variables.set("height", size.height);
        }
        self.check(&variables)?;
        let json = Value::Object(variables.0);
        Ok(CallRequest::post(
            "/v1/generations",
            json,
            CallKind::Generation,
        ))
    }

    fn parse(&self, body: &[u8]) -> Result<Job<Generation>, Error> {
        started(body, "sdGenerationJob")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(generation: &CreateGeneration) -> Value {
        generation.request().unwrap().json.unwrap()
    }

    fn refused(generation: CreateGeneration, words: &str) {
        let error = generation.request().unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }

    #[test]
    fn only_what_was_set_is_sent() {
        let generation = CreateGeneration::new("p")
            .strength(0.4)
            .extra("highContrast", true);
        let expected = json!({"prompt": "p", "init_strength": 0.4, "highContrast": true});
        assert_eq!(json(&generation), expected);
    }

    #[test]
    fn what_the_api_would_refuse_is_not_sent() {
        let p = || CreateGeneration::new("p");
        refused(CreateGeneration::new(""), "the prompt is empty");
        refused(CreateGeneration::new("ä".repeat(1501)), "1501 characters");
        refused(
            p().strength(0.95),
            "init_strength is 0.95; the API accepts 0.1 to 0.9",
        );
        refused(p().strength(f64::NAN), "init_strength is null");
        refused(p().guidance_scale(0.0), "guidance_scale");
        refused(
            p().size(1030, 768),
            "1030x768 is not accepted; width and height have to be",
        );
        refused(p().size(8, 8), "8x8");
        refused(p().size(1544, 768), "1544x768");
        refused(p().num_images(5), "num_images is 5; the API accepts 1 to 4");
        refused(p().size(768, 768).num_images(9), "1 to 8");
        let wild = Controlnet::new(Preprocessor::SDXL_STYLE, ImageReference::uploaded("i"));
        refused(p().controlnet(wild.weight(2.5)), "0 to 2");
        assert!(p().size(768, 768).num_images(8).request().is_ok());
        assert!(
            p().size(1920, 1080)
                .bounds(Bounds::LEONARDO_LUCID)
                .request()
                .is_ok()
        );
    }
}
