//! Removes the background of an image, in one call.

mod removal;

use serde_json::{Value, json};

use super::call::{Call, CallKind, CallRequest};
use super::client::Client;
use super::error::{Error, ParameterError};
use super::guidance::Guidance;
use super::image_reference::ImageReference;
use super::model::{GuidanceKind, Model, ModelRequest};
use super::parameters::Parameters;
use crate::open_enum::open_enum;

pub use removal::{BackgroundRemoval, Cutout};

/// The only model that `POST /v2/generationssync` takes.
const MODEL: &str = "remove-bg";

open_enum! {
    /// The maximum size of an image without its background. It is never larger than the input.
    CutoutSize {
        /// 0.25 megapixels.
        Preview = "preview",
        /// 25 megapixels.
        Auto = "auto",
        /// 25 megapixels.
        Full = "full",
        /// 50 megapixels.
        Megapixels50 = "50MP",
    }
}

open_enum! {
    /// The format of an image without its background.
    CutoutFormat {
        /// PNG, of at most 10 megapixels whatever the [`CutoutSize`].
        Png = "png",
        /// JPEG, which has no transparency: set a background.
        Jpg = "jpg",
        /// WebP.
        Webp = "webp",
    }
}

/// Removes the background of an image: `POST /v2/generationssync`. Only parameters that are set are sent.
///
/// The result is in the response, so that there is no job to wait for. The API gives up after about 27 seconds; for very
/// large images, start a job with [`CreateGenerationV2`](super::CreateGenerationV2) and the model `remove-bg`.
///
/// ```no_run
/// use imgpost::leonardo::{Client, Model, RemoveBackground, prepare_for};
///
/// # let client = Client::from_env()?;
/// let model = Model::find("remove-bg").expect("the model is known");
/// let image = client.upload_init_image(&prepare_for(model).open("photo.jpg")?)?;
/// for cutout in client.remove_background(&RemoveBackground::new(&image))?.results {
///     client.download_into(&cutout.url.unwrap_or_default(), ".", "cutout")?;
/// }
/// # Ok::<(), imgpost::leonardo::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RemoveBackground {
    image: ImageReference,
    background: Option<ImageReference>,
    parameters: Parameters,
    /// What stands beside the parameters in the request.
    members: Parameters,
}

impl RemoveBackground {
    /// Removes the background of this image.
    pub fn new(image: impl Into<ImageReference>) -> Self {
        Self {
            image: image.into(),
            background: None,
            parameters: Parameters::default(),
            members: Parameters::default(),
        }
    }

    /// The image to put behind the subject. Default: none, the background is transparent.
    #[must_use]
    pub fn background_image(mut self, image: impl Into<ImageReference>) -> Self {
        self.background = Some(image.into());
        self
    }

    /// The color to put behind the subject: a hexadecimal code such as `#ff8800`, or a name. Default: none, the background
    /// is transparent.
    #[must_use]
    pub fn background_color(self, color: impl Into<String>) -> Self {
        self.extra("bg_color", color.into())
    }

    /// The maximum size of the result. Default: the API's, 25 megapixels.
    #[must_use]
    pub fn size(self, size: CutoutSize) -> Self {
        self.extra("size", size.as_str())
    }

    /// The format of the result. Default: the API's.
    #[must_use]
    pub fn format(self, format: CutoutFormat) -> Self {
        self.extra("format", format.as_str())
    }

    /// Whether the response contains the image instead of a URL. The API fails if the file has more than about 7.45 MB.
    /// Default: false.
    #[must_use]
    pub fn inline(mut self, inline: bool) -> Self {
        self.members.set("base64", inline);
        self
    }

    /// Whether the API keeps nothing: the URL is valid for 30 minutes. Default: false.
    #[must_use]
    pub fn ephemeral(mut self, ephemeral: bool) -> Self {
        self.members.set("ephemeral", ephemeral);
        self
    }

    /// Whether everyone can see the image. Default: false.
    #[must_use]
    pub fn public(mut self, public: bool) -> Self {
        self.members.set("public", public);
        self
    }

    /// Sets any other parameter by the API's name, for example `crop`. With `guidances`, the images of the other methods
    /// are not sent.
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.set(name, value);
        self
    }

    fn guidances(&self) -> Vec<Guidance> {
        if self.parameters.contains("guidances") {
            return Vec::new();
        }
        let image = Guidance::new(GuidanceKind::ImageReference, self.image.clone());
        let background = self.background.clone();
        let kind = GuidanceKind::BackgroundImageReference;
        let background = background.map(|image| Guidance::new(kind, image));
        [image].into_iter().chain(background).collect()
    }

    fn validate(&self, guidances: &[Guidance]) -> Result<(), ParameterError> {
        let value = |name| self.parameters.0.get(name).and_then(Value::as_str);
        // The result would have 10 megapixels, without an error.
        if value("size") == Some("50MP") && value("format") == Some("png") {
            let (name, with) = ("size 50MP", "format png");
            return Err(ParameterError::Conflict { name, with });
        }
        let Some(model) = Model::find(MODEL) else {
            return Ok(());
        };
        let request = ModelRequest {
            guidances,
            has_own_guidances: self.parameters.contains("guidances"),
            ..ModelRequest::new(2)
        };
        model.validate(&request).map_err(ParameterError::Model)
    }
}

impl Call for RemoveBackground {
    type Response = BackgroundRemoval;

    fn request(&self) -> Result<CallRequest, Error> {
        let guidances = self.guidances();
        self.validate(&guidances)?;
        let mut parameters = self.parameters.clone();
        if !guidances.is_empty() {
            let mut lists = Parameters::default();
            for guidance in &guidances {
                lists.push(guidance.kind.as_str(), guidance.json());
            }
            parameters.set("guidances", lists.0);
        }
        let mut json = json!({"model": MODEL, "public": false, "parameters": parameters.0});
        for (name, value) in &self.members.0 {
            json[name] = value.clone();
        }
        Ok(CallRequest::post(
            "/v2/generationssync",
            json,
            CallKind::Job,
        ))
    }

    fn parse(&self, body: &[u8]) -> Result<BackgroundRemoval, Error> {
        BackgroundRemoval::parse(body)
    }
}

/// Backgrounds.
impl Client {
    /// Removes the background of an image, and returns the result: `POST /v2/generationssync`. It costs credits, so it is
    /// sent again only if nothing was sent before.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call); [`Error::Unconfirmed`] if it was sent and may have been charged, but no usable response
    /// came. An image that the API blocks is no error: see [`BackgroundRemoval::blocked_count`].
    pub fn remove_background(&self, call: &RemoveBackground) -> Result<BackgroundRemoval, Error> {
        self.call(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(call: &RemoveBackground) -> String {
        call.request().unwrap_err().to_string()
    }

    #[test]
    fn parameters_and_members_have_their_places_in_the_request() {
        let call = RemoveBackground::new(ImageReference::uploaded("u"))
            .background_image(ImageReference::generated("g"))
            .size(CutoutSize::Preview)
            .format(CutoutFormat::Webp)
            .ephemeral(true)
            .inline(true)
            .extra("crop", true);
        let request = call.request().unwrap();
        let expected = json!({"model": "remove-bg", "public": false, "ephemeral": true, "base64": true, "parameters": {
            "size": "preview", "format": "webp", "crop": true,
            "guidances": {
                "image_reference": [{"image": {"id": "u", "type": "UPLOADED"}}],
                "background_image_reference": [{"image": {"id": "g", "type": "GENERATED"}}],
            },
        }});
        assert_eq!(request.path, "/v2/generationssync");
        assert_eq!(request.kind, CallKind::Job);
        assert_eq!(request.json.unwrap(), expected);
    }

    #[test]
    fn documented_limits_are_validated() {
        let new = || RemoveBackground::new(ImageReference::uploaded("u"));
        let png = new().format(CutoutFormat::Png);
        assert!(png.clone().size(CutoutSize::Full).request().is_ok());
        let error = rejected(&png.size(CutoutSize::Megapixels50));
        assert_eq!(
            error,
            "size 50MP cannot be combined with format png; give one of them"
        );
        let of = |bytes| ImageReference {
            bytes: Some(bytes),
            ..ImageReference::uploaded("u")
        };
        assert!(RemoveBackground::new(of(25_000_000)).request().is_ok());
        for large in [
            RemoveBackground::new(of(25_000_001)),
            new().background_image(of(25_000_001)),
        ] {
            let error = rejected(&large);
            assert!(error.contains("accepts at most 25000000"), "{error}");
            assert!(large.extra("guidances", json!({})).request().is_ok());
        }
    }
}
