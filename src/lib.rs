//! Fit an image to what a presigned S3 POST is waiting for, and post it there.
//!
//! An API that stores images on S3 hands out a *presigned POST*: an address and some form fields, good for one file
//! and a few minutes. This crate does what it takes from there: it turns the picture upright, crops, scales and
//! encodes it as the extension that was declared, builds the `multipart/form-data` body, posts it, and says in
//! S3's own words why when it is refused. It blocks, and it brings no async runtime.
//!
//! With any service that presigns S3 POSTs:
//!
//! ```no_run
//! # let answer = "";
//! let image = imgpost::Prepare::default().size(1024, 768).open("photo.jpg")?;
//! let form = imgpost::PresignedPost::from_json(&answer)?;
//! let receipt = imgpost::upload(&form, &image)?;
//! # Ok::<(), imgpost::Error>(())
//! ```
//!
//! With the [Leonardo.Ai API](https://docs.leonardo.ai), from the photo to the generated pictures, see [`leonardo`].
//! To try things out without a key and without cost, see the module `sandbox` (feature `sandbox`).
//!
//! # In scope
//!
//! * JPEG, PNG and WebP in, GIF, BMP and TIFF with features; JPEG, PNG and WebP out.
//! * Forms of every producer of S3 POST policies: all fields are sent as they came.
//! * The calls of the Leonardo.Ai API around an uploaded image.
//!
//! # Out of scope
//!
//! * Making presigned forms, and every other operation of S3.
//! * Async. A blocking call on a thread of its own serves a desktop program as well.
//!
//! # Features
//!
//! | feature | default | what for |
//! |---|---|---|
//! | `rustls` | yes | TLS by rustls, with Mozilla's root certificates |
//! | `platform-verifier` | | rustls with the certificates of the operating system |
//! | `native-tls` | | TLS by the operating system; used instead of rustls when both are on |
//! | `gif`, `bmp`, `tiff` | | reads these formats too |
//! | `turbo` | | JPEG by libjpeg-turbo, faster; needs cmake, nasm and a C compiler to build |
//! | `webp-lossy` | | writes WebP by libwebp with a quality, instead of lossless; needs a C compiler to build |
//! | `sandbox` | | the module `sandbox`: a stand-in for the API and its storage |
//! | `cli` | | the command `imgpost`; turns `sandbox` and the readers on |
//!
//! # Secrets
//!
//! The API key and the fields of a form appear in no `Debug` output, no error and no log line of this crate. They
//! are sent over https only, or to the loopback interface. Whoever sets the log level of the crate `ureq_proto` to
//! trace is shown the bytes of the connection, secrets among them.

#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]

mod cancel;
mod error;
mod extension;
mod geometry;
pub mod leonardo;
pub mod multipart;
mod open_enum;
mod prepare;
mod presigned;
mod random;
mod retry;
mod s3;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod text;
mod timestamp;
pub mod transport;
mod upload;
mod url;

pub use cancel::{CancelHook, CancelToken};
pub use error::Error;
pub use extension::{Extension, ParseExtensionError};
pub use geometry::{
    AspectRatio, Bounds, Fit, Gravity, ParseGravityError, ParsePairError, Region, Size, Target,
};
pub use prepare::{
    ChromaSubsampling, Limits, Plan, Prepare, PrepareError, PrepareErrorKind, PrepareMask,
    PreparedImage,
};
pub use presigned::{PolicyError, PresignedPost, PresignedPostError};
pub use s3::{S3Error, S3ErrorCode};
pub use upload::{Progress, Receipt, Uploader, upload};
pub use url::UrlError;
