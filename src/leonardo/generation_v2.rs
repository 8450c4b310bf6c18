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

    /// Sets any parameter by the API's name. It replaces the parameter that another method sets, and is not validated:
    /// with `guidances`, the images that other methods added are not sent and determine no size. `model` and `public`
    /// replace these members of the request; with `model`, nothing is validated against the replaced one.
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.overrides.set(name, value);
        self
    }

    /// The guidances to send: none if [`extra`](Self::extra) sets others.
    fn guidances(&self) -> &[Guidance] {
        if self.overrides.contains("guidances") {
            &[]
        } else {
            &self.guidances
        }
    }

    /// The model to validate against, if it is known.
    fn known_model(&self) -> Option<&Model> {
        let is_replaced = self.overrides.contains("model");
        self.model.as_ref().filter(|_| !is_replaced)
    }

    /// The size to request, if it is set or follows from the image that guides the generation.
    fn requested_size(&self) -> Option<Size> {
        let has_no_size = self
            .known_model()
            .is_some_and(|model| model.sizes.is_none());
        let of_first = || {
            let guidances = self.guidances();
            let start = |guidance: &&Guidance| guidance.kind == GuidanceKind::StartFrame;
            let first = guidances.iter().find(start).or(guidances.first());
            first
                .filter(|_| !has_no_size)
                .and_then(|first| first.reference.size)
        };
        self.size.or_else(of_first)
    }

    fn validate(&self) -> Result<(), ParameterError> {
        let is_overridden = |name: &str| self.overrides.contains(name);
        if self.id.trim().is_empty() && !is_overridden("model") {
            return Err(ParameterError::Missing { name: "model" });
        }
        let model = self.known_model();
        if !is_overridden("prompt") && self.needs_prompt() {
            let max_chars = model.and_then(|model| model.max_prompt_chars);
            let max_chars = max_chars.map_or(usize::MAX, |max| max as usize);
            self.parameters.check_prompt(max_chars)?;
        }
        let has_own_size = is_overridden("width") || is_overridden("height");
        let size = self.requested_size().filter(|_| !has_own_size);
        let Some(model) = model else {
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
            value.filter(|_| !is_overridden(name))
        };
        let request = ModelRequest {
            version: 2,
            size,
            has_own_size,
            sizes: self.sizes.as_ref(),
            guidances: self.guidances(),
            has_own_guidances: is_overridden("guidances"),
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
        let kind = self.known_model().map(|model| model.kind);
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
        for guidance in self.guidances() {
            guidances.push(guidance.kind.as_str(), guidance.json());
        }
        if !guidances.0.is_empty() {
            parameters.set("guidances", guidances.0);
        }
        parameters.0.extend(self.overrides.0.clone());
        let mut parameters = parameters.0;
        let mut member = |name: &str, value: Value| parameters.remove(name).unwrap_or(value);
        let model = member("model", self.id.clone().into());
        let public = member("public", self.public.into());
        let json = json!({"model": model, "public": public, "parameters": parameters});
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
mod tests;
