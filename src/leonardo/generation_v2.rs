//! Starts a generation of version 2 of the API.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Call, CallKind, CallRequest};
use super::error::{ApiError, Error, ParameterError};
use super::generation::Generation;
use super::guidance::{Guidance, GuidanceStrength};
use super::image_reference::ImageReference;
use super::job::{Job, RawJob};
use super::model::{GuidanceKind, Model, ModelError, ModelRequest};
use super::parameters::Parameters;
use crate::geometry::{AllowedSizes, Size};

/// Starts a generation: `POST /v2/generations`. Only parameters that are set are sent.
///
/// Without [`size`](Self::size), the generation has the size of the image that guides it: the start frame, otherwise the
/// first reference. An image that [`prepare_for`](super::prepare_for) has prepared for the model has one of its sizes.
///
/// Before anything is sent, the parameters are validated against what is known of the [`Model`]: a size that it does not
/// list, an image that would be distorted, too many references, a kind of guidance that it does not take.
///
/// ```no_run
/// use imgpost::leonardo::{Client, CreateGenerationV2, Model, prepare_for};
///
/// # let client = Client::from_env()?;
/// let model = Model::find("nano-banana-2").expect("the model is known");
/// let image = client.upload_init_image(&prepare_for(model).open("photo.jpg")?)?;
/// let generation = CreateGenerationV2::new(&model.id, "in the style of an engraving").image_reference(&image, None);
/// let job = client.generate(&generation)?;
/// let images = client.wait(&job)?.images;
/// # Ok::<(), imgpost::leonardo::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CreateGenerationV2 {
    id: String,
    model: Option<Model>,
    public: bool,
    size: Option<Size>,
    sizes: Option<AllowedSizes>,
    parameters: Parameters,
    overrides: Parameters,
    guidances: Vec<Guidance>,
}

impl CreateGenerationV2 {
    /// A generation by the model with this id, for example `nano-banana-2`, from a prompt.
    ///
    /// An id that [`Model::all`] lacks is sent without validation. [`for_model`](Self::for_model) validates against a model
    /// that was read from the API.
    pub fn new(model: impl Into<String>, prompt: impl Into<String>) -> Self {
        let id = model.into();
        Self {
            model: Model::find(&id).cloned(),
            id,
            public: false,
            size: None,
            sizes: None,
            parameters: Parameters::with_prompt(prompt),
            overrides: Parameters::default(),
            guidances: Vec::new(),
        }
    }

    /// A generation by this model, for example one of [`Client::model`](super::Client::model), from a prompt.
    pub fn for_model(model: &Model, prompt: impl Into<String>) -> Self {
        Self {
            model: Some(model.clone()),
            ..Self::new(&model.id, prompt)
        }
    }

    /// Whether everyone can see the images. Default: false.
    #[must_use]
    pub fn public(mut self, public: bool) -> Self {
        self.public = public;
        self
    }

    /// The size of the images in pixels. Default: that of the image that guides the generation, if it is known, otherwise
    /// the API's. For an upscaler, this is the size of its input.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = Some(Size::new(width, height));
        self
    }

    /// The sizes that the model accepts, in place of the documented ones.
    #[must_use]
    pub fn bounds(mut self, sizes: impl Into<AllowedSizes>) -> Self {
        self.sizes = Some(sizes.into());
        self
    }

    /// The number of images. Default: the API's, which is 4 for many models.
    #[must_use]
    pub fn quantity(mut self, quantity: u32) -> Self {
        self.parameters.set("quantity", quantity);
        self
    }

    /// The duration of a video in seconds. Default: the API's.
    #[must_use]
    pub fn duration(mut self, seconds: u32) -> Self {
        self.parameters.set("duration", seconds);
        self
    }

    /// The factor of an upscaler: the result has that many times the width and height of the input.
    #[must_use]
    pub fn upscale_factor(mut self, factor: u32) -> Self {
        self.parameters.set("upscale_factor", factor);
        self
    }

    /// Adds an image, video or sound that guides the generation.
    #[must_use]
    pub fn guidance(mut self, guidance: Guidance) -> Self {
        self.guidances.push(guidance);
        self
    }

    /// Adds an image that the model refers to. `strength` is how strongly it follows the image; `None` is the API's
    /// default.
    #[must_use]
    pub fn image_reference(
        self,
        image: impl Into<ImageReference>,
        strength: Option<GuidanceStrength>,
    ) -> Self {
        let mut guidance = Guidance::new(GuidanceKind::ImageReference, image);
        guidance.strength = strength;
        self.guidance(guidance)
    }

    /// The image that a video starts with. Default: none.
    #[must_use]
    pub fn start_frame(self, image: impl Into<ImageReference>) -> Self {
        self.guidance(Guidance::new(GuidanceKind::StartFrame, image))
    }

    /// The image that a video ends with. Default: none.
    #[must_use]
    pub fn end_frame(self, image: impl Into<ImageReference>) -> Self {
        self.guidance(Guidance::new(GuidanceKind::EndFrame, image))
    }

    /// Sets any parameter by the API's name. It replaces the parameter that another method sets, and is not validated.
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.overrides.set(name, value);
        self
    }

    /// The size to request, if it is set or follows from the image that guides the generation.
    fn requested_size(&self) -> Option<Size> {
        let has_no_size = self
            .model
            .as_ref()
            .is_some_and(|model| model.sizes.is_none());
        let of_first = || {
            let sizes = self.guidances.iter();
            let start = |guidance: &&Guidance| guidance.kind == GuidanceKind::StartFrame;
            let first = sizes.clone().find(start).or(self.guidances.first());
            first
                .filter(|_| !has_no_size)
                .and_then(|first| first.reference.size)
        };
        self.size.or_else(of_first)
    }

    fn validate(&self) -> Result<(), ParameterError> {
        if self.id.trim().is_empty() {
            return Err(ParameterError::Missing { name: "model" });
        }
        let max_chars = self.model.as_ref().and_then(|model| model.max_prompt_chars);
        let max_chars = max_chars.map_or(usize::MAX, |max| max as usize);
        if !self.overrides.contains("prompt") && self.needs_prompt() {
            self.parameters.check_prompt(max_chars)?;
        }
        let is_overridden = |name| self.overrides.contains(name);
        let has_own_size = is_overridden("width") || is_overridden("height");
        let size = self.requested_size().filter(|_| !has_own_size);
        let Some(model) = &self.model else {
            return match (size, &self.sizes) {
                (Some(size), Some(sizes)) if !sizes.contains(size) => {
                    let error = ModelError::size(&self.id, size, sizes);
                    Err(ParameterError::Model(error.into()))
                }
                _ => Ok(()),
            };
        };
        let number = |name: &str| {
            let value = self.parameters.0.get(name).and_then(Value::as_u64);
            value.filter(|_| !self.overrides.contains(name))
        };
        let request = ModelRequest {
            size,
            sizes: self.sizes.as_ref(),
            guidances: &self.guidances,
            validates_guidances: !is_overridden("guidances"),
            quantity: number("quantity"),
            duration: number("duration"),
            upscale_factor: number("upscale_factor"),
        };
        let validated = model.validate(&request);
        validated.map_err(ParameterError::Model)
    }

    /// An upscaler and the removal of a background take an image only.
    fn needs_prompt(&self) -> bool {
        use super::model::ModelKind::{Background, Upscaler};
        let kind = self.model.as_ref().map(|model| model.kind);
        !matches!(kind, Some(Background | Upscaler))
    }
}

impl Call for CreateGenerationV2 {
    type Response = Job<Generation>;

    fn request(&self) -> Result<CallRequest, Error> {
        self.validate()?;
        let mut parameters = self.parameters.clone();
        if parameters.0["prompt"] == "" {
            parameters.0.remove("prompt");
        }
        if let Some(Size { width, height }) = self.requested_size() {
            parameters.set("width", width);
            parameters.set("height", height);
        }
        let mut guidances = Parameters::default();
        for guidance in &self.guidances {
            guidances.push(guidance.kind.as_str(), guidance.json());
        }
        if !guidances.0.is_empty() {
            parameters.set("guidances", guidances.0);
        }
        parameters.0.extend(self.overrides.0.clone());
        let parameters = parameters.0;
        let json = json!({"model": self.id, "public": self.public, "parameters": parameters});
        Ok(CallRequest::post("/v2/generations", json, CallKind::Job))
    }

    /// The API returns the job with or without a wrapper.
    fn parse(&self, body: &[u8]) -> Result<Job<Generation>, Error> {
        #[derive(Deserialize)]
        struct Response {
            generate: Option<RawJob>,
            #[serde(flatten)]
            bare: Map<String, Value>,
        }
        let unreadable = ApiError::unreadable;
        let response: Response = serde_json::from_slice(body).map_err(unreadable)?;
        let bare = || serde_json::from_value(Value::Object(response.bare)).map_err(unreadable);
        response.generate.map_or_else(bare, Ok)?.check()
    }
}

#[cfg(test)]
mod tests {
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
        let frames =
            CreateGenerationV2::new("veo-3.1-lite", "p").start_frame(sized("a", 1280, 720));
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
        let given_by_name = new("kling-2.6")
            .end_frame(image())
            .extra("guidances", json!({}));
        assert!(given_by_name.request().is_ok());
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
}
