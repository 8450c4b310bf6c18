//! Starts a generation of version 2 of the API.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Call, CallKind, CallRequest};
use super::error::{ApiError, Error, ParameterError};
use super::generation::Generation;
use super::image_reference::ImageReference;
use super::job::{Job, RawJob};
use super::parameters::Parameters;
use crate::geometry::{Bounds, Size};
use crate::leonardo::sizes;
use crate::open_enum::open_enum;

open_enum! {
    /// How strongly a generation follows a reference image.
    GuidanceStrength {
        /// Weakly.
        Low = "LOW",
        /// The API's default.
        Mid = "MID",
        /// Strongly.
        High = "HIGH",
    }
}

/// The sizes that models generate, by slug, as far as they are documented.
const BOUNDS: [(&str, Bounds); 3] = [
    ("flux-kontext-pro", sizes::FLUX_KONTEXT),
    ("gpt-image-2", sizes::GPT_IMAGE),
    ("lucid-origin", sizes::LUCID),
];

/// Starts a generation: `POST /v2/generations`. Only parameters that are set are sent.
///
/// Before anything is sent, the size is checked if the [bounds](Self::bounds) of the model are known.
///
/// ```no_run
/// use imgpost::leonardo::{Client, CreateGenerationV2};
/// use imgpost::leonardo::{self, sizes};
///
/// # let client = Client::from_env()?;
/// let prepare = leonardo::prepare().bounds(sizes::FLUX_KONTEXT);
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
    parameters: Parameters,
    guidances: Parameters,
    bounds: Option<Bounds>,
}

impl CreateGenerationV2 {
    /// A generation by the model with this slug, for example `flux-kontext-pro`, from a prompt.
    pub fn new(model: impl Into<String>, prompt: impl Into<String>) -> Self {
        let model = model.into();
        let known = BOUNDS.iter().find(|(slug, _)| *slug == model);
        Self {
            bounds: known.map(|(_, bounds)| *bounds),
            model,
            public: false,
            parameters: Parameters::with_prompt(prompt),
            guidances: Parameters::default(),
        }
    }

    /// Whether everyone can see the images. Default: false.
    #[must_use]
    pub fn public(mut self, public: bool) -> Self {
        self.public = public;
        self
    }

    /// The size of the images in pixels. Default: the API's.
    #[must_use]
    pub fn size(self, width: u32, height: u32) -> Self {
        self.extra("width", width).extra("height", height)
    }

    /// The sizes that the model accepts. Default: the documented ones, or any if there are none.
    #[must_use]
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = Some(bounds);
        self
    }

    /// The number of images. Default: the API's.
    #[must_use]
    pub fn quantity(self, quantity: u32) -> Self {
        self.extra("quantity", quantity)
    }

    /// Adds an image that guides the generation. `strength` is how strongly it does; `None` uses the API's default.
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

    /// The image that a video starts with. Default: none.
    #[must_use]
    pub fn start_frame(self, image: impl Into<ImageReference>) -> Self {
        self.frame("start_frame", image.into())
    }

    /// The image that a video ends with. Default: none.
    #[must_use]
    pub fn end_frame(self, image: impl Into<ImageReference>) -> Self {
        self.frame("end_frame", image.into())
    }

    fn frame(mut self, name: &str, image: ImageReference) -> Self {
        self.guidances.push(name, json!({"image": image.json()}));
        self
    }

    /// Sets any other parameter by the API's name.
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.set(name, value);
        self
    }

    fn check(&self) -> Result<(), ParameterError> {
        if self.model.trim().is_empty() {
            return Err(ParameterError::Missing { name: "model" });
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
            Err(ParameterError::Size { size, bounds })
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

    #[test]
    fn references_and_parameters_have_their_places_in_the_request() {
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
    fn sizes_of_known_models_are_checked() {
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
