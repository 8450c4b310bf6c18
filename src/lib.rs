//! Prepare an image for a presigned S3 POST and upload it.
//!
//! An API that stores images on S3 hands out a *presigned POST*: an address and form fields that are valid for one file
//! and a few minutes. This crate does the rest: it rotates the image upright, crops, scales and encodes it, builds the
//! `multipart/form-data` body, uploads it, and reports S3's own error if the storage rejects it. It is blocking and
//! needs no async runtime.
//!
#![doc = include_str!("flow.svg")]
//!
//! `response` is the JSON that contains the form:
//!
//! ```no_run
//! # let response = "";
//! let image = imgpost::PrepareOptions::default().size(1024, 768).open("photo.jpg")?;
//! let form = imgpost::PresignedPost::from_json(&response)?;
//! let receipt = imgpost::upload(&form, &image)?;
//! println!("stored {} bytes as {:?}", receipt.bytes, receipt.key);
//! # Ok::<(), imgpost::Error>(())
//! ```
//!
//! One of the [modules](#modules) is a client for an API that hands out such forms and generates from the uploaded
//! images. The repository contains complete programs: `cargo run --features cli --example upload`, a desktop program in
//! `examples/desktop`, and a build script in `examples/build-tool`. `cargo doc --open --no-deps --features sandbox` in a
//! checkout, or `cargo doc --open --no-deps -p imgpost` in your project, opens these pages.
//!
//! # Sizes
//!
//! By default, an image keeps its size. [`PreparedImage::size`] is the size of the result.
//!
//! | result | option |
//! |---|---|
//! | an exact size | [`PrepareOptions::size`] |
//! | an aspect ratio | [`PrepareOptions::aspect`] |
//! | a size that fits into a box | [`PrepareOptions::within`] |
//! | a size that a service allows | [`PrepareOptions::bounds`] with [`Bounds`] or listed sizes ([`AllowedSizes`]) |
//! | enlargement to the largest allowed size | [`PrepareOptions::allow_enlargement`] |
//! | the whole image, with bars | [`PrepareOptions::fit`] with [`Fit::Contain`] |
//! | a certain part of the image | [`PrepareOptions::gravity`] with a compass point or a focal point |
//! | a maximum length in bytes | [`PrepareOptions::max_bytes`] |
//!
//! [`PrepareOptions::plan`] returns the size and the crop from the header of a file, without decoding it.
//!
//! # Errors
//!
//! The variant of [`Error`] is the part that failed, and the message says what to do next. `{:#}` prints the message and
//! its causes. A file is stored completely or not at all.
//!
//! | error | cause | what to do |
//! |---|---|---|
//! | [`Error::Prepare`] | not an image, or a damaged or too large one | use another file, or other [`Limits`] |
//! | [`Error::PresignedPost`] | not a form, or its policy forbids this upload ([`PolicyError`]) | request another form, or prepare the image as the policy requires |
//! | [`Error::Storage`] | the storage rejects the upload, with a [code](S3ErrorCode) and a message | see [`S3Error`] |
//! | [`Error::Transport`] | the server does not respond | check the network; try again |
//! | [`Error::File`] | a file cannot be read or written | see [`FileError`] |
//! | [`Error::is_expired`] | the form has expired, or the clock is wrong | request another form |
//! | [`Error::is_retryable`] | a transient failure; it is safe to repeat the upload | five attempts were made; wait longer |
//!
//! # Timeouts and threads
//!
//! No call blocks forever: an attempt to upload ends if no byte moves for 30 s ([`Uploader::idle_timeout`]), and after an
//! hour at the latest ([`Uploader::timeout`]). No attempt starts after the form has expired. An attempt that started
//! earlier can finish, because S3 evaluates the policy when the fields arrive. An [`Uploader`] is cheap to clone and can be
//! used from any number of threads.
//!
//! In a program with a window, upload on another thread. [`Uploader::on_progress`] reports the progress, and a
//! [`CancelToken`] cancels the upload immediately, whatever it is waiting for.
//!
//! ```no_run
//! use std::{ops::ControlFlow, sync::mpsc, thread};
//! use imgpost::{CancelToken, PrepareOptions, PresignedPost, Uploader};
//!
//! # let response = String::new();
//! let (sender, percentages) = mpsc::channel();
//! let cancel = CancelToken::new();
//! let uploader = Uploader::default().cancel_token(&cancel).on_progress(move |progress| {
//!     match sender.send(progress.sent * 100 / progress.total) {
//!         Ok(()) => ControlFlow::Continue(()),
//!         Err(_) => ControlFlow::Break(()),
//!     }
//! });
//! let worker = thread::spawn(move || {
//!     let image = PrepareOptions::default().open("photo.jpg")?;
//!     uploader.upload(&PresignedPost::from_json(&response)?, &image)
//! });
//! // A button would call cancel.cancel().
//! for percentage in percentages {
//!     println!("{percentage} %");
//! }
//! let receipt = worker.join().expect("the worker does not panic")?;
//! # Ok::<(), imgpost::Error>(())
//! ```
//!
//! # Secrets
//!
//! API keys and the fields that sign a form never appear in `Debug` output, errors or log messages of this crate, even if a
//! server repeats them in another encoding. They are sent over https only, or to the loopback interface. At log level
//! trace, the crates `ureq` and `ureq_proto` log the addresses and the bytes of the connection, including secrets.
//!
//! # Testing with the sandbox
//!
//! With the feature `sandbox`, the crate contains a storage and an API that listen on the loopback interface. They check
//! signatures, policies and parameters as strictly as the real ones, and can be slow or fail on request. They need no key
//! and cost nothing:
//!
//! ```
//! use imgpost::{PrepareOptions, sandbox::{Fault, Sandbox}};
//!
//! let sandbox = Sandbox::start()?.with_fault(Fault::CloseInBody(50));
//! let image = PrepareOptions::default().prepare_rgba8(2, 1, &[255, 0, 0, 255, 0, 0, 255, 255])?;
//! let init = sandbox.client()?.upload_init_image(&image)?;
//! assert_eq!(init.receipt.attempts, 2);
//! let stored = sandbox.stored(init.receipt.key.as_deref().unwrap());
//! assert_eq!(stored.unwrap().bytes, image.bytes());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | default | effect |
//! |---|---|---|
//! | `rustls` | yes | TLS with rustls and Mozilla's root certificates |
//! | `platform-verifier` | | rustls with the certificates of the operating system |
//! | `native-tls` | | TLS of the operating system; takes precedence over rustls |
//! | `gif`, `bmp`, `tiff` | | reads these formats |
//! | `heic` | | reads HEIC; HEVC, the codec in it, is covered by patents |
//! | `webp-lossy` | | writes lossy WebP with libwebp; needs a C compiler to build |
//! | `sandbox` | | the module `sandbox`: a storage and an API for tests |
//! | `assets` | | uploads the images of a folder from a build script, and remembers what was uploaded |
//! | `cli` | | the command `imgpost`, with `sandbox` and all formats |
//!
//! # In scope
//!
//! * Reading JPEG, PNG and WebP, with features also GIF, BMP, TIFF and HEIC; writing JPEG, PNG and WebP.
//! * Presigned forms of all tools and services: all fields are sent unchanged.
//!
//! # Out of scope
//!
//! * Signing forms, and other operations of S3.
//! * Async. A blocking call on another thread also serves a desktop program.
//!
//! # Dependencies
//!
//! The default build has 59 crates, including itself, build dependencies and procedural macros; none is an async runtime.
//!
#![doc = include_str!("dependencies.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]

mod atomic_file;
mod cancel;
mod deadline;
mod error;
mod extension;
mod geometry;
mod jpeg;
pub mod leonardo;
pub mod multipart;
mod open_enum;
mod prepare;
mod presigned;
mod random;
mod redact;
mod retry;
mod s3;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod text;
mod time;
pub mod transport;
mod unprintable;
mod upload;
mod url;
mod vectorize;

pub use cancel::{CancelHook, CancelToken};
pub use error::{Error, FileError, FileOperation};
pub use extension::{Extension, ParseExtensionError};
pub use geometry::{
    AllowedSizes, AspectRatio, Bounds, Fit, Gravity, ParseFitError, ParseGravityError,
    ParsePairError, ParseResolutionError, ParseTargetError, Region, Resolution, Size, Target,
};
/// The crate `image` in the version whose types [`PrepareOptions::prepare_image`] takes.
///
/// A program that depends on `image` itself may have another version, whose `DynamicImage` is another type: "expected
/// `image::DynamicImage`, found a different `image::DynamicImage`". Then use this re-export instead, or pass the pixels,
/// which have no version: `prepare_rgba8(width, height, &image.to_rgba8())`. The re-export has only the features that this
/// crate needs; to decode other formats with it, add `image` to your dependencies with these features and the same minor
/// version. A new minor version of `image` is a breaking change of this crate.
///
/// ```
/// use imgpost::{PrepareOptions, image};
///
/// let drawing = image::RgbImage::from_pixel(64, 48, image::Rgb([240, 120, 0]));
/// let prepared = PrepareOptions::default().prepare_image(drawing.into())?;
/// assert_eq!(prepared.size().to_string(), "64x48");
/// # Ok::<(), imgpost::Error>(())
/// ```
pub use image;
pub use prepare::{
    ChromaSubsampling, Effort, Limits, MaskOptions, Plan, PrepareError, PrepareErrorKind,
    PrepareOptions, PreparedImage,
};
pub use presigned::{
    PolicyError, PresignedPost, PresignedPostError, PresignedPut, PresignedPutError,
    PresignedUpload,
};
pub use s3::{S3Error, S3ErrorCode};
pub use upload::{Presigned, Progress, Receipt, Uploader, Validated, upload};
pub use url::UrlError;

/// The examples of the README compile as they stand.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
