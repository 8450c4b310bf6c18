//! A client for what the [Leonardo.Ai API](https://docs.leonardo.ai/reference) does with an uploaded image.
//!
//! ```no_run
//! use imgpost::{Prepare, leonardo::{Client, Generation}};
//!
//! let client = Client::from_env()?;
//! let image = Prepare::default().open("photo.jpg")?;
//! let init = client.upload_init_image(&image)?;
//! let job = client.generate(&Generation::new("a lighthouse at dusk").init_image(&init).strength(0.4))?;
//! for picture in client.wait(&job)?.images {
//!     println!("{}", picture.url);
//! }
//! # Ok::<(), imgpost::Error>(())
//! ```

mod account;
mod batch;
mod budget;
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
mod uploads;
mod upscaler;
mod variation;
mod video;
mod wait;

pub use account::{User, UserDetails};
pub use batch::{Batch, BatchItem, Outcome};
pub use builder::ClientBuilder;
pub use canvas::CanvasImages;
pub use client::Client;
pub use dataset::{Dataset, DatasetImage};
pub use download::{DownloadError, Downloaded};
pub use error::ApiError;
pub use generation::{GeneratedImage, GenerationState};
pub use generation_v1::{CanvasRequestType, Controlnet, Generation, Preprocessor, StrengthType};
pub use generation_v2::{GenerationV2, GuidanceStrength};
pub use init_image::{InitImage, InitImageRecord};
pub use job::{Cost, CostUnit, ImageReference, Job, JobStatus};
pub use media::{MediaExtension, UploadedFile};
pub use upscaler::{UltraUpscaleStyle, UniversalUpscaler, UpscalerStyle};
pub use variation::{TransformType, Variation};
pub use video::{ImageToVideo, VideoModel, VideoResolution};
pub use wait::{Poll, Wait};
