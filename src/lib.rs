//! Fit an image to what a presigned S3 POST is waiting for, and post it there.
//!
//! An API that stores images on S3 hands out a *presigned POST*: an address and some form fields, good for one file
//! and a few minutes. This crate does what it takes from there: it turns the image upright, crops, scales and
//! encodes it as the extension that was declared, builds the `multipart/form-data` body, posts it, and says in
//! S3's own words why when it is refused. It blocks, and it brings no async runtime.
//!
#![doc = include_str!("flow.svg")]
//!
//! With the [Leonardo.Ai API](https://docs.leonardo.ai), from the photo to the generated images:
//!
//! ```no_run
//! use imgpost::leonardo::{self, Client, CreateGeneration};
//!
//! // The key is in LEONARDO_API_KEY.
//! let client = Client::from_env()?;
//! // Upright, undistorted, of a size the API takes, a JPEG.
//! let image = leonardo::prepare().open("photo.jpg")?;
//! // The form is asked for now, checked, and posted.
//! let init = client.upload_init_image(&image)?;
//! let generation = CreateGeneration::new("a lighthouse at dusk").init_image(&init).strength(0.4);
//! let job = client.generate(&generation)?;
//! for image in client.wait(&job)?.images {
//!     println!("{}", image.url);
//! }
//! # Ok::<(), imgpost::leonardo::Error>(())
//! ```
//!
//! With any other service that presigns S3 POSTs, `answer` being the JSON with the form in it:
//!
//! ```no_run
//! # let answer = "";
//! let image = imgpost::PrepareOptions::default().size(1024, 768).open("photo.jpg")?;
//! let form = imgpost::PresignedPost::from_json(&answer)?;
//! let receipt = imgpost::upload(&form, &image)?;
//! # Ok::<(), imgpost::Error>(())
//! ```
//!
//! [`leonardo`] lists the calls of the API. Programs to paste from, each on a sandbox when no key is set, are in the
//! repository: `cargo run --example upload`, a desktop program in `examples/desktop`, a build script in
//! `examples/build-tool`.
//!
//! # Choosing a size
//!
//! A generation comes out deformed unless the image has the size that is asked of it. [`PreparedImage::size`] is the
//! `width` and `height` to ask for, and a [`CreateGeneration`](leonardo::CreateGeneration) that is given an init image asks for it
//! by itself.
//!
//! | what is wanted | how |
//! |---|---|
//! | the size of the image | nothing: the default |
//! | an exact size | [`PrepareOptions::size`] |
//! | an aspect ratio | [`PrepareOptions::aspect`] |
//! | a size that fits into a box | [`PrepareOptions::within`] |
//! | a size that a service allows | [`PrepareOptions::bounds`] with [`Bounds`] or listed sizes ([`AllowedSizes`]) |
//! | a size that Leonardo.Ai allows | [`leonardo::prepare`], or the bounds in [`leonardo::sizes`] |
//! | enlargement to the largest allowed size | [`PrepareOptions::allow_enlargement`] |
//! | all of the image, with bars | [`PrepareOptions::fit`] with [`Fit::Contain`] |
//! | a certain part of the image | [`PrepareOptions::gravity`] with a compass point or a focal point |
//! | so many bytes | [`PrepareOptions::max_bytes`] |
//!
//! [`PrepareOptions::plan`] tells all of it from the header of a file, before anything is decoded.
//!
//! # Errors, and what to do
//!
//! There is one [`Error`]; its variant says whose answer it is, and its text what to do next. Nothing is ever stored in
//! part.
//!
//! | it is | because | do |
//! |---|---|---|
//! | [`Error::Prepare`] | no image, a damaged or too large one | take another file, or other [`Limits`] |
//! | [`Error::PresignedPost`] | no form, or its policy forbids this post ([`PolicyError`]) | get another form, or fit the image to it |
//! | [`Error::Storage`] | S3 refused, with its [code](S3ErrorCode) and message | see [`S3Error`] |
//! | [`Error::Transport`] | no answer came | look at the network; try again |
//! | [`Error::File`] | a file cannot be read or written | see [`FileError`] |
//! | [`Error::is_expired`] | more than two minutes went by, or the clock is wrong | ask for another form: a [`Client`](leonardo::Client) does so once by itself |
//! | [`Error::is_retryable`] | it may pass, and does no harm a second time | it was tried five times already; wait longer |
//!
//! # Timeouts and threads
//!
//! Every call blocks, and none for ever: an attempt to post ends when nothing moves for 30 s ([`Uploader::idle_timeout`])
//! and after an hour at the latest ([`Uploader::timeout`]), a call of the API after 60 s. No attempt starts after the form
//! has expired; one that started in time may finish, because S3 evaluates the policy when the fields arrive.
//! [`Client`](leonardo::Client) and [`Uploader`] are cheap to clone, and can be used from any number of threads.
//!
//! In a program with a window, put the call on a thread of its own, let [`Uploader::on_progress`] tell the window how
//! far it is, and end it from the window with a [`CancelToken`]: it ends at once, whatever it waits for.
//!
//! ```no_run
//! use std::{ops::ControlFlow, sync::mpsc, thread};
//! use imgpost::{CancelToken, PrepareOptions, leonardo::Client};
//!
//! let (events, in_the_window) = mpsc::channel();
//! let cancel = CancelToken::new();
//! let client = Client::from_env()?.cancel_token(&cancel);
//! let worker = thread::spawn(move || {
//!     let image = PrepareOptions::default().open("photo.jpg")?;
//!     let client = client.on_progress(move |progress| {
//!         match events.send(progress.sent * 100 / progress.total) {
//!             Ok(()) => ControlFlow::Continue(()),
//!             Err(_) => ControlFlow::Break(()),
//!         }
//!     });
//!     client.upload_init_image(&image)
//! });
//! // A button would call cancel.cancel().
//! for percent in in_the_window {
//!     println!("{percent} %");
//! }
//! let init = worker.join().expect("the worker does not panic")?;
//! # Ok::<(), imgpost::leonardo::Error>(())
//! ```
//!
//! # Secrets
//!
//! The API key and the fields that sign a form appear in no `Debug` output, no error and no log line of this crate, in
//! whatever encoding a server repeats them. They are sent over https only, or to the loopback interface. Whoever sets the log level of the crate `ureq_proto` to
//! trace is shown the bytes of the connection, secrets among them.
//!
//! # Testing with the sandbox
//!
//! The feature `sandbox` has a stand-in for the API and its storage on the loopback interface, which checks
//! signatures, policies and variables as strictly as the real ones, and can be told to be slow or to go wrong. It needs
//! no key and costs nothing:
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
//! | feature | default | what for |
//! |---|---|---|
//! | `rustls` | yes | TLS by rustls, with Mozilla's root certificates |
//! | `platform-verifier` | | rustls with the certificates of the operating system |
//! | `native-tls` | | TLS by the operating system; used instead of rustls when both are on |
//! | `gif`, `bmp`, `tiff` | | reads these formats too |
//! | `webp-lossy` | | writes WebP by libwebp with a quality, instead of lossless; needs a C compiler to build |
//! | `sandbox` | | the module `sandbox`: a stand-in for the API and its storage |
//! | `cli` | | the command `imgpost`; turns `sandbox` and the readers on |
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
//! # Dependencies
//!
//! The default build is 58 crates, itself, build dependencies and procedural macros included; none of them is an async
//! runtime. Milliseconds are of a photo of 8 to 22 megapixels made a JPEG of 1024×768, 70 ms in all.
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
/// The crate `image` in the version whose types [`PrepareOptions::prepare_image`] takes. A new minor version of it is a
/// breaking change of this crate.
pub use image;
pub use prepare::{
    ChromaSubsampling, Limits, MaskOptions, Plan, PrepareError, PrepareErrorKind, PrepareOptions,
    PreparedImage,
};
pub use presigned::{
    PolicyError, PresignedPost, PresignedPostError, PresignedPut, PresignedPutError,
    PresignedUpload,
};
pub use s3::{S3Error, S3ErrorCode};
pub use upload::{Progress, Receipt, Uploader, upload};
pub use url::UrlError;
