//! Starts videos from an image.

use serde_json::Value;

use super::call::{Call, CallKind, CallRequest};
use super::error::{Error, ParameterError};
use super::generation::Generation;
use super::guidance::Guidance;
use super::image_reference::ImageReference;
use super::job::{Job, started};
use super::model::{GuidanceKind, Model, ModelRequest};
use super::parameters::Parameters;
use super::pricing::CalculatePrice;
use crate::geometry::Size;
use crate::open_enum::open_enum;

open_enum! {
    /// The height of a video.
    VideoResolution {
        /// 480 pixels.
        Resolution480 = "RESOLUTION_480",
        /// 720 pixels.
        Resolution720 = "RESOLUTION_720",
        /// 1080 pixels.
        Resolution1080 = "RESOLUTION_1080",
    }
}

open_enum! {
    /// The model that generates a video. Models that the API retired are not among them; newer ones belong to version 2
    /// ([`CreateGenerationV2`](super::CreateGenerationV2)).
    VideoModel {
        /// Motion 2.0: the API's default.
        Motion2 = "MOTION2",
        /// Motion 2.0 Fast.
        Motion2Fast = "MOTION2FAST",
        /// Kling 2.5 Turbo, which accepts an end frame.
        Kling2_5 = "KLING2_5",
    }
}

/// Starts a video: `POST /v1/generations-image-to-video`. Only parameters that are set are sent.
///
/// ```no_run
/// use imgpost::leonardo::{Client, CreateImageToVideo, VideoResolution};
///
/// # let client = Client::from_env()?;
/// let init = client.upload_init_image(&imgpost::leonardo::prepare().open("photo.jpg")?)?;
/// let video = CreateImageToVideo::new("waves roll in", &init).resolution(VideoResolution::Resolution720);
/// let job = client.generate(&video)?;
/// for video in client.wait(&job)?.images.iter().filter_map(|image| image.motion_mp4_url.as_deref()) {
///     client.download(video, "waves.mp4")?;
/// }
/// # Ok::<(), imgpost::leonardo::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CreateImageToVideo {
    parameters: Parameters,
    first: ImageReference,
    last: Option<ImageReference>,
}

impl CreateImageToVideo {
    /// A video from a prompt that starts with this image.
    pub fn new(prompt: impl Into<String>, image: impl Into<ImageReference>) -> Self {
        let first = image.into();
        let mut parameters = Parameters::with_prompt(prompt);
        parameters.set("imageId", first.id.as_str());
        parameters.set("imageType", first.origin);
        Self {
            parameters,
            first,
            last: None,
        }
    }

    /// The image that the video ends with. Only for Kling 2.5. Default: none.
    #[must_use]
    pub fn end_frame(self, image: impl Into<ImageReference>) -> Self {
        let last = image.into();
        let json = last.json();
        Self {
            last: Some(last),
            ..self.extra("endFrameImage", json)
        }
    }

    /// The model. Default: the API's, Motion 2.0.
    #[must_use]
    pub fn model(self, model: VideoModel) -> Self {
        self.extra("model", model.as_str())
    }

    /// The height. The model determines which heights are available. Default: the API's.
    #[must_use]
    pub fn resolution(self, resolution: VideoResolution) -> Self {
        self.extra("resolution", resolution.as_str())
    }

    /// The size in pixels. The model determines which sizes are available. Default: that of the image for a model whose
    /// sizes are known, otherwise the API's.
    #[must_use]
    pub fn size(self, width: u32, height: u32) -> Self {
        self.extra("width", width).extra("height", height)
    }

    /// The length in seconds. The model determines which lengths are available. Default: the API's.
    #[must_use]
    pub fn duration(self, seconds: u32) -> Self {
        self.extra("duration", seconds)
    }

    /// The seed of the random numbers: the same seed produces the same video. Default: random.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.extra("seed", seed)
    }

    /// What the video should not show. Default: none.
    #[must_use]
    pub fn negative_prompt(self, prompt: impl Into<String>) -> Self {
        self.extra("negativePrompt", prompt.into())
    }

    /// Sets any other parameter by the API's name.
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        // The images that are replaced are not those that are known.
        match &*name {
            "imageId" => self.first.size = None,
            "endFrameImage" => self.last = None,
            _ => {}
        }
        self.parameters.set(name, value);
        self
    }

    /// The model, if one is named that is known.
    fn known_model(&self) -> Option<&'static Model> {
        let name = self.parameters.0.get("model").and_then(Value::as_str);
        name.and_then(Model::find)
    }

    /// The parameters to send. For a model whose sizes are known, they have the size of the first frame unless another one
    /// is set.
    fn all_parameters(&self) -> Parameters {
        let mut parameters = self.parameters.clone();
        let has_size = ["width", "height", "resolution"];
        let has_size = has_size.iter().any(|name| parameters.contains(name));
        let sizes = self.known_model().and_then(|model| model.sizes.as_ref());
        if let Some(size) = self.first.size.filter(|_| sizes.is_some() && !has_size) {
            parameters.set("width", size.width);
            parameters.set("height", size.height);
        }
        parameters
    }

    /// Validates the parameters against the model, if it is known.
    fn validate(&self, parameters: &Parameters) -> Result<(), ParameterError> {
        let Some(model) = self.known_model() else {
            return Ok(());
        };
        let number = |name| parameters.0.get(name).and_then(Value::as_u64);
        let side = |name| number(name).and_then(|side| u32::try_from(side).ok());
        let size = side("width").zip(side("height"));
        let first = Guidance::new(GuidanceKind::StartFrame, self.first.clone());
        let last = self.last.clone();
        let last = last.map(|last| Guidance::new(GuidanceKind::EndFrame, last));
        let guidances: Vec<_> = [first].into_iter().chain(last).collect();
        let request = ModelRequest {
            size: size.map(|(width, height)| Size::new(width, height)),
            guidances: &guidances,
            duration: number("duration"),
            ..ModelRequest::new(1)
        };
        model.validate(&request).map_err(ParameterError::Model)
    }
}

impl Call for CreateImageToVideo {
    type Response = Job<Generation>;

    fn request(&self) -> Result<CallRequest, Error> {
        self.parameters.check_prompt(usize::MAX)?;
        let parameters = self.all_parameters();
        self.validate(&parameters)?;
        let path = "/v1/generations-image-to-video";
        let json = Value::Object(parameters.0);
        Ok(CallRequest::post(path, json, CallKind::Job))
    }

    fn parse(&self, body: &[u8]) -> Result<Job<Generation>, Error> {
        started(body, "motionVideoGenerationJob")
    }

    fn price(&self) -> Option<CalculatePrice> {
        let text = |name| self.parameters.0.get(name).and_then(Value::as_str);
        let is_priced = text("model").is_none_or(|model| model == VideoModel::Motion2.as_str());
        let resolution = text("resolution").filter(|resolution| {
            [
                VideoResolution::Resolution480,
                VideoResolution::Resolution720,
            ]
            .iter()
            .any(|priced| priced.as_str() == *resolution)
        })?;
        let price = CalculatePrice::new("MOTION_VIDEO_GENERATION");
        is_priced.then(|| price.parameter("resolution", resolution))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> ImageReference {
        ImageReference::uploaded("i").with_size(1920, 1080)
    }

    #[test]
    fn size_is_that_of_the_image_for_a_model_whose_sizes_are_known() {
        let width = |video: CreateImageToVideo| {
            let json = video.request().unwrap().json.unwrap();
            json["width"].as_u64()
        };
        let new = || CreateImageToVideo::new("p", image());
        assert_eq!(width(new()), None);
        let kling = || new().model(VideoModel::Kling2_5);
        assert_eq!(width(kling()), Some(1920));
        assert_eq!(
            width(kling().resolution(VideoResolution::Resolution1080)),
            None
        );
        let other = CreateImageToVideo::new("p", image().with_size(640, 480));
        let error = other.model(VideoModel::Kling2_5).request().unwrap_err();
        assert!(
            error.to_string().contains("which gives 1920x1080"),
            "{error}"
        );
    }

    #[test]
    fn parameters_that_the_model_does_not_accept_are_rejected() {
        let new = |model: &str| CreateImageToVideo::new("p", image()).extra("model", model);
        for (video, expected) in [
            (new("KLING2_1"), "retired the model KLING2_1 on 2026-09-15"),
            (new("KLING2_5").duration(4), "accepts 5, 10"),
            (
                new("KLING2_5").size(1920, 1088),
                "does not generate 1920x1088",
            ),
            (new("KLING2_5").size(1440, 1440), "would be distorted"),
            (
                new("KLING2_5").end_frame(image().with_size(1080, 1920)),
                "the end frame 1080x1920",
            ),
            (
                new("kling-2.6"),
                "belongs to version 2 of the API; use CreateGenerationV2",
            ),
        ] {
            let error = video.request().unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
        let kling = new("KLING2_5")
            .end_frame(image())
            .size(1920, 1080)
            .duration(5);
        for accepted in [
            kling,
            new("KLING2_5").size(1440, 1440).extra("imageId", "another"),
            new("A_NEW_MODEL").duration(4).size(1, 1),
        ] {
            assert!(accepted.request().is_ok(), "{accepted:?}");
        }
    }
}
