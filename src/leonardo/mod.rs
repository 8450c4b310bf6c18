//! A client for what the [Leonardo.Ai API](https://docs.leonardo.ai/reference) does with an uploaded image.
//!
//! ```no_run
//! use imgpost::{PrepareOptions, leonardo::{Client, CreateGeneration}};
//!
//! let client = Client::from_env()?;
//! let image = PrepareOptions::default().open("photo.jpg")?;
//! let init = client.upload_init_image(&image)?;
//! let job = client.generate(&CreateGeneration::new("a lighthouse at dusk").init_image(&init).strength(0.4))?;
//! for image in client.wait(&job)?.images {
//!     println!("{}", image.url);
//! }
//! # Ok::<(), imgpost::leonardo::Error>(())
//! ```
//!
//! | what | how |
//! |---|---|
//! | init images | [`Client::upload_init_image`], [`Client::init_image`], [`Client::delete_init_image`] |
//! | canvas | [`Client::upload_canvas`] with a [mask](crate::PreparedImage::mask_options) |
//! | datasets | [`Client::create_dataset`], [`Client::upload_dataset`] for many files |
//! | other files | [`Client::upload_media`], [`Client::upload_model_asset`] |
//! | jobs | [`Client::generate`] with a [`CreateGeneration`], [`CreateGenerationV2`], [`CreateImageToVideo`] or [`CreateUniversalUpscale`] |
//! | results | [`Client::wait`] for a [`Job`] of any kind, [`Client::download`] |
//! | the account | [`Client::me`] |
//!
//! Every call is a value too, which any HTTP client can send: see [`call`].
//!
//! # Failures
//!
//! The API refuses in several shapes, some with HTTP status 200, and with null where there should be an answer; all
//! of them are an [`ApiError`], with the API's own code and message. Calls that can be made twice without harm are made
//! again when they fail for a reason that passes: four more times, with growing pauses, as the API asks. A generation
//! costs credits, so it is sent again only if nothing of it was sent. When its response is lost, or is a server's or a
//! gateway's failure, the error is [`Error::Unconfirmed`]: the job may have been started and
//! charged. No more calls are made in a minute than the API allows: the next one waits.

mod account;
mod batch;
mod builder;
pub mod call;
mod canvas;
mod client;
mod dataset;
mod download;
mod error;
mod generation;
mod generation_v1;
mod generation_v2;
mod init_image;
mod job;
mod media;
mod rate_limiter;
mod uploads;
mod upscaler;
mod variation;
mod video;
mod wait;

pub use account::{User, UserDetails};
pub use batch::{BatchItem, BatchOptions, BatchOutcome};
pub use builder::ClientBuilder;
pub use canvas::CanvasImages;
pub use client::Client;
pub use dataset::{Dataset, DatasetImage};
pub use download::{DownloadError, Downloaded};
pub use error::{ApiError, Error, ParameterError, UnconfirmedCall};
pub use generation::{GeneratedImage, Generation};
pub use generation_v1::{
    CanvasRequestType, Controlnet, CreateGeneration, Preprocessor, StrengthType,
};
pub use generation_v2::{CreateGenerationV2, GuidanceStrength};
pub use init_image::{InitImage, UploadedImage};
pub use job::{Cost, CostUnit, ImageReference, Job, JobResource, JobStatus};
pub use media::{MediaExtension, UploadedFile};
pub use upscaler::{CreateUniversalUpscale, UltraUpscaleStyle, UpscalerStyle};
pub use variation::{TransformType, Variation};
pub use video::{CreateImageToVideo, VideoModel, VideoResolution};
pub use wait::{Poll, WaitOptions};
