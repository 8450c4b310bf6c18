//! From a file a user has to the image a presigned form is waiting for.

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
#[cfg(feature = "tiff")]
mod tiff;
#[cfg(feature = "turbo")]
mod turbo;
mod webp;
#[cfg(feature = "webp-lossy")]
mod webp_lossy;

use std::path::Path;

use image::DynamicImage;
use image::metadata::Orientation;

use crate::extension::Extension;
use crate::geometry::{AspectRatio, Bounds, Fit, Gravity, Resize, Size, Target};

use encode::Encoding;
use input::Input;

pub use encode::{ChromaSubsampling, Effort};
pub use error::{PrepareError, PrepareErrorKind};
pub use limits::Limits;
pub use mask::MaskOptions;
pub use plan::Plan;
pub use prepared::PreparedImage;

/// How an image is prepared: which size, which format.
///
/// The defaults give the upright, undistorted image, both sides a multiple of 8 between 32 and 1536 pixels, as a
/// JPEG of quality 90, or as a PNG where it has transparency. Colors are converted to sRGB, metadata is left behind.
///
/// JPEG, PNG and WebP can be read, and GIF, BMP, TIFF and HEIC with the features of their names; of an animation the
/// first image. HEVC, the codec in HEIC, is covered by patents: whether you need a license to decode it depends on where
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
    may_shrink: bool,
    limits: Limits,
}

impl Default for PrepareOptions {
    fn default() -> Self {
        Self {
            resize: Resize {
                target: Target::default(),
                bounds: Bounds::LEONARDO_V1,
                fit: Fit::default(),
                gravity: Gravity::default(),
                without_enlargement: false,
            },
            extension: None,
            encoding: Encoding::default(),
            background: [255; 3],
            max_bytes: None,
            may_shrink: false,
            limits: Limits::default(),
        }
    }
}

impl PrepareOptions {
    /// What size to make. Default: [`Target::Undistorted`].
    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        self.resize.target = target;
        self
    }

    /// Exactly this size in pixels: short for [`Target::Exact`].
    #[must_use]
    pub fn size(self, width: u32, height: u32) -> Self {
        self.target(Target::Exact(Size::new(width, height)))
    }

    /// The largest allowed size of this ratio: short for [`Target::Aspect`].
    #[must_use]
    pub fn aspect(self, width: u32, height: u32) -> Self {
        self.target(Target::Aspect(AspectRatio::new(width, height)))
    }

    /// At most this size in pixels, never enlarged: short for [`Target::Within`].
    #[must_use]
    pub fn within(self, width: u32, height: u32) -> Self {
        self.target(Target::Within(Size::new(width, height)))
    }

    /// The sizes that are allowed, unless the target is exact. Default: [`Bounds::LEONARDO_V1`].
    #[must_use]
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.resize.bounds = bounds;
        self
    }

    /// What happens to an image of another ratio. Default: [`Fit::Cover`].
    #[must_use]
    pub fn fit(mut self, fit: Fit) -> Self {
        self.resize.fit = fit;
        self
    }

    /// Which part is kept when an image is cropped, and where it lies when it is padded. Default:
    /// [`Gravity::Center`].
    #[must_use]
    pub fn gravity(mut self, gravity: Gravity) -> Self {
        self.resize.gravity = gravity;
        self
    }

    /// Whether an image smaller than the target keeps its size, as far as the bounds allow. Default: false.
    #[must_use]
    pub fn without_enlargement(mut self, without: bool) -> Self {
        self.resize.without_enlargement = without;
        self
    }

    /// The format to encode. Default: `jpg`, or `png` where the image has transparency.
    #[must_use]
    pub fn extension(mut self, extension: Extension) -> Self {
        self.extension = Some(extension);
        self
    }

    /// The quality of a JPEG, 1 (smallest) to 100 (best); with the feature `webp-lossy` of a WebP too, where 100 is
    /// lossless. Default: 90. Values outside are moved to the nearer end.
    #[must_use]
    pub fn quality(mut self, quality: u8) -> Self {
        self.encoding.quality = quality.clamp(1, 100);
        self
    }

    /// How much color a JPEG keeps. Default: 4:2:0.
    #[must_use]
    pub fn chroma_subsampling(mut self, chroma_subsampling: ChromaSubsampling) -> Self {
        self.encoding.chroma_subsampling = chroma_subsampling;
        self
    }

    /// Whether a JPEG gets Huffman tables of its own: 2 % fewer bytes for a third more encoding time. Default: false.
    #[must_use]
    pub fn optimize_coding(mut self, optimise: bool) -> Self {
        self.encoding.optimize_coding = optimise;
        self
    }

    /// How much time is spent to make a PNG smaller. Default: [`Effort::Fast`].
    #[must_use]
    pub fn effort(mut self, effort: Effort) -> Self {
        self.encoding.effort = effort;
        self
    }

    /// The most bytes the result may have. A JPEG gets the best quality, up to the one that is set, that keeps to
    /// it; for the other formats see [`allow_shrinking`](Self::allow_shrinking). Default: any number.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = Some(max_bytes);
        self
    }

    /// Whether the image may be made smaller than the target where [`max_bytes`](Self::max_bytes) cannot be kept
    /// otherwise: to a smaller size of the same ratio and the same multiple, and before the quality falls
    /// below 50. Default: false.
    #[must_use]
    pub fn allow_shrinking(mut self, allow: bool) -> Self {
        self.may_shrink = allow;
        self
    }

    /// The color under transparency in a JPEG, and around the image with [`Fit::Contain`]: red, green, blue.
    /// Default: white.
    #[must_use]
    pub fn background(mut self, rgb: [u8; 3]) -> Self {
        self.background = rgb;
        self
    }

    /// What the image may cost. Default: that of [`Limits`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Prepares the image in the file at `path`. The format is told by content, never by the name.
    ///
    /// A pipe or a device is read as well, up to [`Limits::max_input_bytes`]. Opening a named pipe waits until
    /// something writes to it.
    ///
    /// A file that already is what is asked for, with no metadata to leave behind, is taken as it is, byte for byte.
    ///
    /// # Errors
    ///
    /// [`PrepareError`] when the file cannot be read, is no image of a known format, is damaged or truncated, exceeds
    /// a limit, or when no size or file can be given for what was asked. A panic in a decoder is an error as well,
    /// [`PrepareErrorKind::DecoderFailed`], unless the program is built with `panic = "abort"`; the program's panic
    /// hook runs before, and the default one prints to standard error.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<PreparedImage, PrepareError> {
        Input::prepare_file(path.as_ref(), self.limits, |input| self.run(input))
    }

    /// Prepares the image in `bytes`, the content of a file.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn prepare_bytes(&self, bytes: impl AsRef<[u8]>) -> Result<PreparedImage, PrepareError> {
        Input::from_bytes(bytes.as_ref(), self.limits)
            .and_then(|input| self.run(input))
            .map_err(PrepareError::without_path)
    }

    /// Prepares `width` × `height` pixels in memory: red, green, blue and alpha (not premultiplied) of eight bits in
    /// sRGB, row by row from the top, without gaps.
    ///
    /// # Errors
    ///
    /// [`PrepareErrorKind::WrongLength`] when `pixels` are not `4 * width * height` bytes, otherwise as
    /// [`open`](Self::open).
    pub fn prepare_rgba8(
        &self,
        width: u32,
        height: u32,
        pixels: &[u8],
    ) -> Result<PreparedImage, PrepareError> {
        Input::from_rgba8(Size::new(width, height), pixels, self.limits)
            .and_then(|input| self.run(input))
            .map_err(PrepareError::without_path)
    }

    /// Prepares an image that has been decoded, upright and in sRGB.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn prepare_image(&self, image: DynamicImage) -> Result<PreparedImage, PrepareError> {
        Input::from_image(image, self.limits)
            .and_then(|input| self.run(input))
            .map_err(PrepareError::without_path)
    }

    /// What [`open`](Self::open) would do to the image in the file at `path`, told from its header alone. What can be
    /// read only once, such as a pipe, is read whole, and cannot be opened again afterwards.
    ///
    /// With [`allow_shrinking`](Self::allow_shrinking) the result may become smaller than the plan.
    ///
    /// # Errors
    ///
    /// As `open`, but for damage behind the header.
    pub fn plan(&self, path: impl AsRef<Path>) -> Result<Plan, PrepareError> {
        let path = path.as_ref();
        let planned = Input::open(path, self.limits).and_then(|input| self.plan_input(input));
        planned.map_err(|kind| PrepareError::new(kind, Some(path)))
    }

    /// What would be done to an upright image of `width` × `height` pixels.
    ///
    /// # Errors
    ///
    /// [`PrepareErrorKind::NoSuchSize`] and [`PrepareErrorKind::TooLarge`].
    pub fn plan_size(&self, width: u32, height: u32) -> Result<Plan, PrepareError> {
        self.plan_for(Size::new(width, height), Orientation::NoTransforms)
            .map_err(PrepareError::without_path)
    }
}
