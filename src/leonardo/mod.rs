//! A client for the [Leonardo.Ai API](https://docs.leonardo.ai/reference): uploads images and generates from them.
//!
//! ```no_run
//! use imgpost::leonardo::{self, Client, CreateGeneration};
//!
//! let client = Client::from_env()?;
//! let image = leonardo::prepare().open("photo.jpg")?;
//! let init = client.upload_init_image(&image)?;
//! let job = client.generate(&CreateGeneration::new("a lighthouse at dusk").init_image(&init).strength(0.4))?;
//! for image in client.wait(&job)?.images {
//!     println!("{}", image.url);
//! }
//! # Ok::<(), imgpost::leonardo::Error>(())
//! ```
//!
//! | task | methods |
//! |---|---|
//! | init images | [`Client::upload_init_image`], [`Client::init_image`], [`Client::delete_init_image`] |
//! | canvases | [`Client::upload_canvas`] with a [mask](crate::PreparedImage::mask_options) |
//! | datasets | [`Client::create_dataset`], [`Client::upload_dataset`] for many files |
//! | other files | [`Client::upload_media`], [`Client::media`], [`Client::delete_media`], [`Client::upload_model_asset`] |
//! | jobs | [`Client::generate`] with a [`CreateGeneration`], [`CreateGenerationV2`], [`CreateImageToVideo`] or [`CreateUniversalUpscale`] |
//! | backgrounds | [`Client::remove_background`], whose response is the result |
//! | prices | [`Client::price`] of a call before it is made |
//! | results | [`Client::wait`] for a [`Job`], [`Client::download`] |
//! | account | [`Client::me`] |
//!
//! Each call is also a value, which any HTTP client can send: see [`call`]. [`UploadResponse`] reads a response that
//! another program received.
//!
//! Texts that a value stores are passed as `impl Into<String>`; ids and names that are only sent are passed as `&str`.
//!
//! # Sizes
//!
//! A generation is distorted unless the image has the aspect ratio that the generation requests. Therefore
//! [`CreateGeneration`] requests the size of its init image by default.
//!
//! # Errors
//!
//! All methods return the [`Error`] of this module, which wraps the [error](crate::Error) of the crate. The API reports
//! errors in several shapes, some with HTTP status 200, and with null instead of a result. All of them become an
//! [`ApiError`] with the API's code and message.
//!
//! | error | cause | what to do |
//! |---|---|---|
//! | [`Error::Core`] | the image, the form, the storage, the network or a file | see [`imgpost::Error`](crate::Error) |
//! | [`Error::Api`] | the API rejects the key, the credits, the content or a parameter | see [`ApiError`] |
//! | [`Error::Unconfirmed`] | a call that costs credits was sent, and no usable response came | check whether it was charged before you send it again |
//! | [`Error::JobFailed`], [`Error::WaitTimeout`] | a job failed, or is not complete yet | start another one, or wait again |
//! | [`Error::Download`] | a result cannot be downloaded | get the generation again for the current URL |
//! | [`Error::is_expired`] | more than two minutes passed, or the clock is wrong | request another form; [`Client`] does that once by itself |
//! | [`Error::is_retryable`] | a transient failure | five attempts were made; wait longer |
//!
//! Calls that are safe to repeat are retried after transient failures: up to four times, with growing pauses, and not
//! before the time that the API asks for. A call that starts a job costs credits, so it is sent again only if nothing was
//! sent before. If its response is lost, or a server or a gateway failed, the error is [`Error::Unconfirmed`]: the job may
//! have been started and charged.
//!
//! The client does not send more calls per minute than the API permits: further calls wait.

mod account;
#[cfg(feature = "assets")]
pub mod assets;
mod background;
mod batch;
mod builder;
pub mod call;
mod canvas;
mod client;
mod controlnet;
mod cost;
mod dataset;
mod download;
mod error;
mod generation;
mod generation_v1;
mod generation_v2;
mod guidance;
mod image_reference;
mod init_image;
mod job;
mod media;
mod model;
mod parameters;
mod pricing;
mod rate_limiter;
mod response;
pub mod sizes;
mod upload_form;
mod uploads;
mod upscaler;
mod variation;
mod video;
mod wait;

pub use account::{User, UserDetails};
pub use background::{BackgroundRemoval, Cutout, CutoutFormat, CutoutSize, RemoveBackground};
pub use batch::{BatchItem, BatchOptions, BatchOutcome};
pub use builder::ClientBuilder;
pub use canvas::CanvasImages;
pub use client::Client;
pub use controlnet::{Controlnet, Preprocessor, StrengthType};
pub use cost::{Cost, CostUnit};
pub use dataset::{Dataset, DatasetImage};
pub use download::{DownloadError, Downloaded};
pub use error::{ApiError, Error, ParameterError, UnconfirmedCall};
pub use generation::{GeneratedImage, Generation};
pub use generation_v1::{CanvasRequestType, CreateGeneration};
pub use generation_v2::CreateGenerationV2;
pub use guidance::{Guidance, GuidanceStrength};
pub use image_reference::ImageReference;
pub use init_image::{InitImage, UploadedImage};
pub use job::{Job, JobResource, JobStatus};
pub use media::{Media, MediaExtension, UploadedFile};
pub use model::{
    GuidanceKind, GuidanceRule, ListedModel, Model, ModelError, ModelKind, ModelSource,
    StrengthRule, ZeroSize, prepare_for,
};
pub use sizes::prepare;
pub use upload_form::{CanvasForms, UploadForm, UploadResponse};
pub use upscaler::{CreateUniversalUpscale, UltraUpscaleStyle, UpscalerStyle};
pub use variation::{TransformType, Variation};
pub use video::{CreateImageToVideo, VideoModel, VideoResolution};
pub use wait::{Poll, WaitOptions};
