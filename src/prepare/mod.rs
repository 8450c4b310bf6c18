//! Prepares images: decodes, orients, crops, resamples, converts to sRGB and encodes.

mod block_reader;
#[cfg(feature = "bmp")]
mod bmp;
mod cmyk;
mod codec;
mod color;
mod decode;
mod encode;
mod error;
mod exif;
mod fingerprint;
mod format;
#[cfg(feature = "gif")]
mod gif;
#[cfg(feature = "heic")]
mod heic;
mod input;
mod jpeg;
mod limits;
mod mask;
mod metadata;
mod pipeline;
mod plan;
mod png;
mod prepared;
mod raster;
mod render;
mod resample;
mod shrink;
mod strip;
#[cfg(feature = "tiff")]
mod tiff;
mod webp;
#[cfg(feature = "webp-lossy")]
mod webp_lossy;

use std::path::Path;

use image::DynamicImage;
use image::metadata::Orientation;

use crate::extension::Extension;
use crate::geometry::{
    AllowedSizes, AspectRatio, Bounds, Fit, Gravity, Resize, Resolution, Size, Target,
};

use encode::Encoding;
use input::Input;

pub use encode::{ChromaSubsampling, Effort};
pub use error::{PrepareError, PrepareErrorKind};
pub use limits::Limits;
pub use mask::MaskOptions;
pub use plan::Plan;
pub use prepared::PreparedImage;

/// Options to prepare an image.
///
/// The defaults keep the size: they rotate the image upright, convert it to sRGB, remove its metadata and encode it as a
/// JPEG of quality 90, or as a PNG if it has transparency. Nothing is enlarged unless a minimum or an exact size requires
/// it.
///
/// JPEG, PNG and WebP are read, and GIF, BMP, TIFF and HEIC with the features of these names. Of an animation the first
/// frame is used. HEVC, the codec in HEIC, is covered by patents: whether you need a license to decode it depends on where
/// and how you distribute your program.
///
/// ```no_run
/// use imgpost::{Extension, PrepareOptions};
///
/// let image = PrepareOptions::default()
///     .size(1024, 768)
///     .extension(Extension::Jpg)
///     .open("photo.jpg")?;
/// println!("{} {}: {} bytes", image.size(), image.extension(), image.bytes().len());
/// # Ok::<(), imgpost::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PrepareOptions {
    resize: Resize,
    extension: Option<Extension>,
    encoding: Encoding,
    background: [u8; 3],
    max_bytes: Option<u64>,
    allow_shrinking: bool,
    limits: Limits,
}

impl Default for PrepareOptions {
    fn default() -> Self {
        Self {
            resize: Resize {
                target: Target::default(),
                sizes: Bounds::ANY.into(),
                resolution: None,
                fit: Fit::default(),
                gravity: Gravity::default(),
                allow_enlargement: false,
            },
            extension: None,
            encoding: Encoding::default(),
            background: [255; 3],
            max_bytes: None,
            allow_shrinking: false,
            limits: Limits::default(),
        }
    }
}

impl PrepareOptions {
    /// The size to make. Default: [`Target::Undistorted`].
    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        self.resize.target = target;
        self
    }

    /// Makes exactly this size in pixels: short for [`Target::Exact`].
    #[must_use]
    pub fn size(self, width: u32, height: u32) -> Self {
        self.target(Target::Exact(Size::new(width, height)))
    }

    /// Makes a size of this aspect ratio: short for [`Target::Aspect`].
    #[must_use]
    pub fn aspect(self, width: u32, height: u32) -> Self {
        self.target(Target::Aspect(AspectRatio::new(width, height)))
    }

    /// Limits both sides, in pixels: short for [`Target::Within`].
    #[must_use]
    pub fn within(self, width: u32, height: u32) -> Self {
        self.target(Target::Within(Size::new(width, height)))
    }

    /// The allowed sizes: [`Bounds`], or listed sizes as [`AllowedSizes`]. They do not apply to an exact size. Default:
    /// [`Bounds::ANY`].
    #[must_use]
    pub fn bounds(mut self, sizes: impl Into<AllowedSizes>) -> Self {
        self.resize.sizes = sizes.into();
        self
    }

    /// The resolution to choose where sizes are listed at several, and the maximum number of pixels within [`Bounds`].
    /// Default: the lowest listed resolution that does not reduce the image below one megapixel, and any number of
    /// pixels within `Bounds`.
    #[must_use]
    pub fn resolution(mut self, resolution: Resolution) -> Self {
        self.resize.resolution = Some(resolution);
        self
    }

    /// How the image fills a size of another aspect ratio. Default: [`Fit::Cover`].
    #[must_use]
    pub fn fit(mut self, fit: Fit) -> Self {
        self.resize.fit = fit;
        self
    }

    /// Which part is kept when the image is cropped, and where it lies when it is padded. Default: [`Gravity::Center`].
    #[must_use]
    pub fn gravity(mut self, gravity: Gravity) -> Self {
        self.resize.gravity = gravity;
        self
    }

    /// Whether an image may be enlarged to the largest size within [`Bounds`]. Without it, the image is enlarged only if
    /// a minimum, a listed size or an exact size requires it. Default: false.
    #[must_use]
    pub fn allow_enlargement(mut self, allow: bool) -> Self {
        self.resize.allow_enlargement = allow;
        self
    }

    /// The format to encode. Default: `jpg`, or `png` if the image has transparency.
    #[must_use]
    pub fn extension(mut self, extension: Extension) -> Self {
        self.extension = Some(extension);
        self
    }

    /// The quality of a JPEG, 1 (smallest) to 100 (best). With the feature `webp-lossy` also of a WebP, where 100 is
    /// lossless. Default: 90. Values outside are clamped.
    #[must_use]
    pub fn quality(mut self, quality: u8) -> Self {
        self.encoding.quality = quality.clamp(1, 100);
        self
    }

    /// The color resolution of a JPEG. Default: 4:2:0.
    #[must_use]
    pub fn chroma_subsampling(mut self, chroma_subsampling: ChromaSubsampling) -> Self {
        self.encoding.chroma_subsampling = chroma_subsampling;
        self
    }

    /// Whether to compute Huffman tables for each JPEG: 2 % fewer bytes for a third more encoding time. Default: false.
    #[must_use]
    pub fn optimize_coding(mut self, optimize: bool) -> Self {
        self.encoding.optimize_coding = optimize;
        self
    }

    /// How much time is spent to make a PNG smaller. Default: [`Effort::Fast`].
    #[must_use]
    pub fn effort(mut self, effort: Effort) -> Self {
        self.encoding.effort = effort;
        self
    }

    /// The maximum number of bytes. A JPEG gets the best quality, up to [`quality`](Self::quality), that does not exceed
    /// it; for other formats see [`allow_shrinking`](Self::allow_shrinking). Default: none.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = Some(max_bytes);
        self
    }

    /// Whether the image may be made smaller than the target if it exceeds [`max_bytes`](Self::max_bytes): to about the
    /// largest allowed size of its ratio that fits. The quality of a JPEG stays at 50 or more. Default: false.
    #[must_use]
    pub fn allow_shrinking(mut self, allow: bool) -> Self {
        self.allow_shrinking = allow;
        self
    }

    /// The color under transparency in a JPEG, and around the image with [`Fit::Contain`]: red, green, blue.
    /// Default: white.
    #[must_use]
    pub fn background(mut self, rgb: [u8; 3]) -> Self {
        self.background = rgb;
        self
    }

    /// What the image may cost. Default: [`Limits::DEFAULT`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Prepares the image in the file at `path`. The format is detected from the content, not from the name.
    ///
    /// Pipes and devices are read up to [`Limits::max_input_bytes`]. Opening a named pipe blocks until another process
    /// writes to it.
    ///
    /// A file that already matches the options and has no metadata is used unchanged, byte for byte.
    ///
    /// # Errors
    ///
    /// [`PrepareError`] if the file cannot be read, is not an image of a known format, is damaged or truncated, exceeds
    /// a limit, or if there is no size or encoding that matches the options. A panic in a decoder is also an error,
    /// [`PrepareErrorKind::DecoderFailed`], unless the program is built with `panic = "abort"`; the panic hook runs
    /// first, and the default hook prints to standard error.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<PreparedImage, PrepareError> {
        self.prepare(Input::open(path.as_ref(), self.limits)?)
    }

    /// Prepares the image in `bytes`, the content of a file.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn prepare_bytes(&self, bytes: impl AsRef<[u8]>) -> Result<PreparedImage, PrepareError> {
        self.prepare(Input::from_bytes(bytes.as_ref(), self.limits)?)
    }

    /// Prepares `width` × `height` pixels in memory: 8-bit red, green, blue and alpha (not premultiplied) in sRGB, row
    /// by row from the top, without padding.
    ///
    /// # Errors
    ///
    /// [`PrepareErrorKind::WrongLength`] if `pixels` does not have `4 * width * height` bytes, otherwise as
    /// [`open`](Self::open).
    pub fn prepare_rgba8(
        &self,
        width: u32,
        height: u32,
        pixels: &[u8],
    ) -> Result<PreparedImage, PrepareError> {
        let size = Size::new(width, height);
        self.prepare(Input::from_rgba8(size, pixels, self.limits)?)
    }

    /// Prepares a decoded image, which has to be upright and in sRGB.
    ///
    /// The type belongs to the crate `image`, re-exported as [`imgpost::image`](crate::image).
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn prepare_image(&self, image: DynamicImage) -> Result<PreparedImage, PrepareError> {
        self.prepare(Input::from_image(image, self.limits)?)
    }

    /// Returns what [`open`](Self::open) would do with the file at `path`. Only its header is read, but a file that can be
    /// read only once, such as a pipe, is consumed.
    ///
    /// With [`allow_shrinking`](Self::allow_shrinking) the result may become smaller than the plan.
    ///
    /// # Errors
    ///
    /// As `open`, except for damage after the header.
    pub fn plan(&self, path: impl AsRef<Path>) -> Result<Plan, PrepareError> {
        self.plan_input(Input::open(path.as_ref(), self.limits)?)
    }

    /// Returns what [`prepare_bytes`](Self::prepare_bytes) would do with `bytes`: like [`plan`](Self::plan).
    ///
    /// # Errors
    ///
    /// As [`plan`](Self::plan).
    pub fn plan_bytes(&self, bytes: impl AsRef<[u8]>) -> Result<Plan, PrepareError> {
        self.plan_input(Input::from_bytes(bytes.as_ref(), self.limits)?)
    }

    /// Returns what would be done with an upright image of `width` × `height` pixels.
    ///
    /// # Errors
    ///
    /// [`PrepareErrorKind::ZeroSize`], [`PrepareErrorKind::NoAllowedSize`], [`PrepareErrorKind::NoAllowedAspect`] and
    /// [`PrepareErrorKind::TooLarge`].
    pub fn plan_size(&self, width: u32, height: u32) -> Result<Plan, PrepareError> {
        self.plan_for(Size::new(width, height), Orientation::NoTransforms)
            .map_err(|kind| PrepareError::new(kind, None))
    }
}
