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

mod client;
mod dataset;
mod error;
mod generation;
mod init_image;

pub use client::{Client, ClientBuilder};
pub use dataset::{Dataset, DatasetImage};
pub use error::ApiError;
pub use generation::{
    GeneratedImage, Generation, GenerationJob, GenerationState, GenerationStatus,
};
pub use init_image::InitImage;
