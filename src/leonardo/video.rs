//! Starts videos from an image.

use serde_json::Value;

use super::call::{Call, CallKind, CallRequest};
use super::error::Error;
use super::generation::Generation;
use super::image_reference::ImageReference;
use super::job::{Job, started};
use super::parameters::Parameters;
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
    /// The model that generates a video.
    VideoModel {
        /// Motion 2.0: the API's default.
        Motion2 = "MOTION2",
        /// Motion 2.0 Fast.
        Motion2Fast = "MOTION2FAST",
        /// Kling 2.1, which accepts an end frame.
        Kling2_1 = "KLING2_1",
        /// Kling 2.5.
        Kling2_5 = "KLING2_5",
        /// Veo 3.
        Veo3 = "VEO3",
        /// Veo 3 Fast.
        Veo3Fast = "VEO3FAST",
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
}

impl CreateImageToVideo {
    /// A video from a prompt that starts with this image.
    pub fn new(prompt: impl Into<String>, image: impl Into<ImageReference>) -> Self {
        let image = image.into();
        let mut parameters = Parameters::with_prompt(prompt);
        parameters.set("imageId", image.id);
        parameters.set("imageType", image.origin);
        Self { parameters }
    }

    /// The image that the video ends with. Only for Kling 2.1. Default: none.
    #[must_use]
    pub fn end_frame(self, image: impl Into<ImageReference>) -> Self {
        let image = image.into().json();
        self.extra("endFrameImage", image)
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

    /// The size in pixels. The model determines which sizes are available. Default: the API's.
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
        self.parameters.set(name, value);
        self
    }
}

impl Call for CreateImageToVideo {
    type Response = Job<Generation>;

    fn request(&self) -> Result<CallRequest, Error> {
        self.parameters.check_prompt(usize::MAX)?;
        let path = "/v1/generations-image-to-video";
        let json = Value::Object(self.parameters.0.clone());
        Ok(CallRequest::post(path, json, CallKind::Job))
    }

    fn parse(&self, body: &[u8]) -> Result<Job<Generation>, Error> {
        started(body, "motionVideoGenerationJob")
    }
}
