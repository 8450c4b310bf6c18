//! What is asked of a generation, version 2 of the API.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Call, CallKind, CallRequest};
use super::error::{Error, ParameterError};
use super::generation::Generation;
use super::job::{ImageReference, Job, RawJob, Variables};
use crate::geometry::{Bounds, Size};
use crate::open_enum::open_enum;

open_enum! {
    /// How strongly a reference is followed.
    GuidanceStrength {
        /// A little.
        Low = "LOW",
        /// The API's default.
        Mid = "MID",
        /// Strongly.
        High = "HIGH",
    }
}

/// The sizes that models take whose documentation says so, by their slug.
const BOUNDS: [(&str, Bounds); 3] = [
    ("flux-kontext-pro", Bounds::LEONARDO_FLUX_KONTEXT),
    ("gpt-image-2", Bounds::LEONARDO_GPT_IMAGE),
    ("lucid-origin", Bounds::LEONARDO_LUCID),
];

/// What is asked of a generation: `POST /v2/generations`. Only what is set here is sent.
///
/// The size is checked before anything is sent where the model's is known.
///
/// ```no_run
/// use imgpost::leonardo::{Client, CreateGenerationV2};
/// use imgpost::{Bounds, PrepareOptions};
///
/// # let client = Client::from_env()?;
/// let prepare = PrepareOptions::default().bounds(Bounds::LEONARDO_FLUX_KONTEXT);
/// let init = client.upload_init_image(&prepare.open("photo.jpg")?)?;
/// let generation = CreateGenerationV2::new("flux-kontext-pro", "in the style of an engraving")
///     .size(init.size.width, init.size.height)
///     .image_reference(&init, None);
/// let job = client.generate(&generation)?;
/// let images = client.wait(&job)?.images;
/// # Ok::<(), imgpost::leonardo::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CreateGenerationV2 {
    model: String,
    public: bool,
    parameters: Variables,
    guidances: Variables,
    bounds: Option<Bounds>,
}

impl CreateGenerationV2 {
    /// A generation by the model with this slug, for example `flux-kontext-pro`, from a prompt. Nobody else sees the
    /// images.
    pub fn new(model: impl Into<String>, prompt: impl Into<String>) -> Self {
        let model = model.into();
        let mut parameters = Variables::default();
        parameters.set("prompt", prompt.into());
        let known = BOUNDS.iter().find(|(slug, _)| *slug == model);
        Self {
            bounds: known.map(|(_, bounds)| *bounds),
            model,
            public: false,
            parameters,
            guidances: Variables::default(),
        }
    }

    /// Whether everybody sees the images. Default: no.
    #[must_use]
    pub fn public(mut self, public: bool) -> Self {
        self.public = public;
        self
    }

    /// The size to generate in pixels. Default: the API's.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.parameters.set("width", width);
        self.parameters.set("height", height);
        self
    }

    /// The sizes that are let through. Default: those of the model where they are known, else all.
    #[must_use]
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = Some(bounds);
        self
    }

    /// How many images to make. Default: the API's.
    #[must_use]
    pub fn quantity(mut self, quantity: u32) -> Self {
        self.parameters.set("quantity", quantity);
        self
    }

    /// Adds an image that guides the generation, and how strongly.
    #[must_use]
    pub fn image_reference(
        mut self,
        image: impl Into<ImageReference>,
        strength: Option<GuidanceStrength>,
    ) -> Self {
        let mut reference = json!({"image": image.into().json()});
        if let Some(strength) = strength {
            reference["strength"] = json!(strength);
        }
        self.guidances.push("image_reference", reference);
        self
    }

    /// The image a video starts with.
    #[must_use]
    pub fn start_frame(self, image: impl Into<ImageReference>) -> Self {
        self.frame("start_frame", image.into())
    }

    /// The image a video ends with.
    #[must_use]
    pub fn end_frame(self, image: impl Into<ImageReference>) -> Self {
        self.frame("end_frame", image.into())
    }

    fn frame(mut self, name: &str, image: ImageReference) -> Self {
        self.guidances.push(name, json!({"image": image.json()}));
        self
    }

    /// Sets any other parameter by the API's own name.
    #[must_use]
    pub fn extra(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.parameters.set(name, value);
        self
    }

    fn check(&self) -> Result<(), Error> {
        if self.model.trim().is_empty() {
            return Err(ParameterError::Missing { name: "model" }.into());
        }
        self.parameters.check_prompt(usize::MAX)?;
        let side = |name| self.parameters.0.get(name).and_then(Value::as_u64);
        let (Some(bounds), Some(width), Some(height)) =
            (self.bounds, side("width"), side("height"))
        else {
            return Ok(());
        };
        let clamp = |side: u64| u32::try_from(side).unwrap_or(u32::MAX);
        let size = Size::new(clamp(width), clamp(height));
        if bounds.contains(size) {
            Ok(())
        } else {
            Err(ParameterError::Size { size, bounds }.into())
        }
    }
}

impl Call for CreateGenerationV2 {
    type Response = Job<Generation>;

    fn request(&self) -> Result<CallRequest, Error> {
        self.check()?;
        let mut parameters = self.parameters.0.clone();
        if !self.guidances.0.is_empty() {
            parameters.insert("guidances".into(), Value::Object(self.guidances.0.clone()));
        }
        let json = json!({"model": self.model, "public": self.public, "parameters": parameters});
        Ok(CallRequest::post(
            "/v2/generations",
            json,
            CallKind::Generation,
        ))
    }

    /// The job comes bare or wrapped.
    fn parse(&self, body: &[u8]) -> Result<Job<Generation>, Error> {
        #[derive(Deserialize)]
        struct Response {
            generate: Option<RawJob>,
            #[serde(flatten)]
            bare: Map<String, Value>,
        }
        let unreadable = super::error::ApiError::unreadable;
        let answer: Response = serde_json::from_slice(body).map_err(unreadable)?;
        let bare = || serde_json::from_value(Value::Object(answer.bare)).map_err(unreadable);
        answer.generate.map_or_else(bare, Ok)?.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_parameters_are_where_the_api_looks_for_them() {
        let generation = CreateGenerationV2::new("lucid-origin", "p")
            .size(1024, 768)
            .quantity(2)
            .image_reference(ImageReference::uploaded("u"), Some(GuidanceStrength::High))
            .image_reference(ImageReference::generated("g"), None)
            .extra("style_ids", json!(["s"]));
        let expected = json!({"model": "lucid-origin", "public": false, "parameters": {
            "prompt": "p", "width": 1024, "height": 768, "quantity": 2, "style_ids": ["s"],
            "guidances": {"image_reference": [
                {"image": {"id": "u", "type": "UPLOADED"}, "strength": "HIGH"},
                {"image": {"id": "g", "type": "GENERATED"}},
            ]},
        }});
        assert_eq!(generation.request().unwrap().json.unwrap(), expected);
    }

    #[test]
    fn sizes_are_checked_where_the_model_is_known() {
        let size = |model: &str, w, h| CreateGenerationV2::new(model, "p").size(w, h).request();
        let error = size("gpt-image-2", 1024, 100).unwrap_err().to_string();
        assert!(error.contains("1024x100 is not accepted"), "{error}");
        assert!(size("gpt-image-2", 1024, 1024).is_ok());
        assert!(size("flux-kontext-pro", 2056, 64).is_err());
        assert!(size("another-model", 1440, 810).is_ok());
        let without = CreateGenerationV2::new("gpt-image-2", "p").request();
        assert!(without.is_ok());
        assert!(
            CreateGenerationV2::new("gpt-image-2", "")
                .request()
                .is_err()
        );
        assert!(CreateGenerationV2::new(" ", "p").request().is_err());
    }
}
