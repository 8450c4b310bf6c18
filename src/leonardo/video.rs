//! Videos made from an image.

use serde_json::Value;

use super::call::{Call, CallKind, CallRequest};
use super::error::Error;
use super::generation::Generation;
use super::job::{ImageReference, Job, Variables, started};
use crate::open_enum::open_enum;

open_enum! {
    /// How high a video is.
    VideoResolution {
        /// 480 rows.
        Resolution480 = "RESOLUTION_480",
        /// 720 rows.
        Resolution720 = "RESOLUTION_720",
        /// 1080 rows.
        Resolution1080 = "RESOLUTION_1080",
    }
}

open_enum! {
    /// What makes a video.
    VideoModel {
        /// Motion 2.0, the API's default.
        Motion2 = "MOTION2",
        /// Motion 2.0 Fast.
        Motion2Fast = "MOTION2FAST",
        /// Kling 2.1, which takes an end frame.
        Kling2_1 = "KLING2_1",
        /// Kling 2.5.
        Kling2_5 = "KLING2_5",
        /// Veo 3.
        Veo3 = "VEO3",
        /// Veo 3 Fast.
        Veo3Fast = "VEO3FAST",
    }
}

/// What is asked of a video: `POST /v1/generations-image-to-video`. Only what is set here is sent.
///
/// ```no_run
/// use imgpost::leonardo::{Client, CreateImageToVideo, VideoResolution};
///
/// # let client = Client::from_env()?;
/// let init = client.upload_init_image(&imgpost::PrepareOptions::default().open("photo.jpg")?)?;
/// let video = CreateImageToVideo::new("waves roll in", &init).resolution(VideoResolution::Resolution720);
/// let job = client.generate(&video)?;
/// for video in client.wait(&job)?.images.iter().filter_map(|image| image.motion_mp4_url.as_deref()) {
///     client.download(video, "waves.mp4")?;
/// }
/// # Ok::<(), imgpost::leonardo::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CreateImageToVideo {
    variables: Variables,
}

impl CreateImageToVideo {
    /// A video that begins with this image, from a prompt.
    pub fn new(prompt: impl Into<String>, image: impl Into<ImageReference>) -> Self {
        let image = image.into();
        let mut variables = Variables::default();
        variables.set("prompt", prompt.into());
        variables.set("imageId", image.id);
        variables.set("imageType", image.origin);
        Self { variables }
    }

    /// The image it ends with. Kling 2.1 only.
    #[must_use]
    pub fn end_frame(self, image: impl Into<ImageReference>) -> Self {
        let image = image.into().json();
        self.extra("endFrameImage", image)
    }

    /// What makes it. Default: the API's, Motion 2.0.
    #[must_use]
    pub fn model(self, model: VideoModel) -> Self {
        self.extra("model", model.as_str())
    }

    /// How high it is. Which ones there are depends on the model.
    #[must_use]
    pub fn resolution(self, resolution: VideoResolution) -> Self {
        self.extra("resolution", resolution.as_str())
    }

    /// Its size in pixels. Which ones there are depends on the model.
    #[must_use]
    pub fn size(self, width: u32, height: u32) -> Self {
        self.extra("width", width).extra("height", height)
    }

    /// How long it is, in seconds. Which lengths there are depends on the model.
    #[must_use]
    pub fn duration(self, seconds: u32) -> Self {
        self.extra("duration", seconds)
    }

    /// The same seed makes the same video.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.extra("seed", seed)
    }

    /// What is not to be seen.
    #[must_use]
    pub fn negative_prompt(self, prompt: &str) -> Self {
        self.extra("negativePrompt", prompt)
    }

    /// Sets any other variable by the API's own name.
    #[must_use]
    pub fn extra(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.variables.set(name, value);
        self
    }
}

impl Call for CreateImageToVideo {
    type Response = Job<Generation>;

    fn request(&self) -> Result<CallRequest, Error> {
        self.variables.check_prompt(usize::MAX)?;
        let path = "/v1/generations-image-to-video";
        let json = Value::Object(self.variables.0.clone());
        Ok(CallRequest::post(path, json, CallKind::Generation))
    }

    fn parse(&self, body: &[u8]) -> Result<Job<Generation>, Error> {
        started(body, "motionVideoGenerationJob")
    }
}
