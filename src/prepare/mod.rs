//! From a file a user has to the image a presigned form is waiting for.

mod chunked;
mod color;
mod decode;
mod encode;
mod error;
mod input;
mod jpeg;
mod limits;
mod mask;
mod metadata;
mod plan;
mod png;
mod prepared;
mod raster;
mod render;
#[cfg(feature = "turbo")]
mod turbo;
#[cfg(feature = "webp-lossy")]
mod webp_lossy;

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;
use std::time::Instant;

use image::metadata::Orientation;
use image::{DynamicImage, ImageFormat};

use crate::extension::Extension;
use crate::geometry::{AspectRatio, Bounds, Fit, Gravity, Resize, Size, Target};

use decode::{Decoded, Source};
use encode::Encoding;
use input::Input;
use raster::Raster;
use render::Kernel;

pub use encode::ChromaSubsampling;
pub use error::{PrepareError, PrepareErrorKind};
pub use limits::Limits;
pub use mask::PrepareMask;
pub use plan::Plan;
pub use prepared::PreparedImage;

/// Below this, a smaller size is the better way to fewer bytes.
const LEAST_QUALITY_BEFORE_SHRINKING: u8 = 50;

/// How an image is prepared: which size, which format.
///
/// The defaults give the upright, undistorted picture, both sides a multiple of 8 between 32 and 1536 pixels, as a
/// JPEG of quality 90, or as a PNG where it has transparency. Colours are converted to sRGB, metadata is left behind.
///
/// Read are JPEG, PNG and WebP, and GIF, BMP and TIFF with the features of their names; of an animation the first
/// picture.
///
/// ```no_run
/// use imgpost::{Extension, Prepare};
///
/// let image = Prepare::default()
///     .size(1024, 768)
///     .extension(Extension::Jpg)
///     .open("photo.jpg")?;
/// println!("{} {}: {} bytes", image.size(), image.extension(), image.bytes().len());
/// # Ok::<(), imgpost::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Prepare {
    resize: Resize,
    extension: Option<Extension>,
    encoding: Encoding,
    background: [u8; 3],
    max_bytes: Option<u64>,
    may_shrink: bool,
    limits: Limits,
}

impl Default for Prepare {
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

impl Prepare {
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

    /// What happens to a picture of another ratio. Default: [`Fit::Cover`].
    #[must_use]
    pub fn fit(mut self, fit: Fit) -> Self {
        self.resize.fit = fit;
        self
    }

    /// Which part is kept when a picture is cropped, and where it lies when it is padded. Default:
    /// [`Gravity::Center`].
    #[must_use]
    pub fn gravity(mut self, gravity: Gravity) -> Self {
        self.resize.gravity = gravity;
        self
    }

    /// Whether a picture smaller than the target keeps its size, as far as the bounds allow. Default: false.
    #[must_use]
    pub fn without_enlargement(mut self, without: bool) -> Self {
        self.resize.without_enlargement = without;
        self
    }

    /// The format to encode. Default: `jpg`, or `png` where the picture has transparency.
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

    /// How much colour a JPEG keeps. Default: 4:2:0.
    #[must_use]
    pub fn chroma_subsampling(mut self, chroma_subsampling: ChromaSubsampling) -> Self {
        self.encoding.chroma_subsampling = chroma_subsampling;
        self
    }

    /// Whether a JPEG gets Huffman tables of its own: 2 % fewer bytes for a third more encoding time. Default: false.
    #[must_use]
    pub fn optimise_coding(mut self, optimise: bool) -> Self {
        self.encoding.optimise_coding = optimise;
        self
    }

    /// The most bytes the result may have. A JPEG gets the best quality, up to the one that is set, that keeps to
    /// it; for the other formats see [`allow_shrinking`](Self::allow_shrinking). Default: any number.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = Some(max_bytes);
        self
    }

    /// Whether the picture may be made smaller than the target where [`max_bytes`](Self::max_bytes) cannot be kept
    /// otherwise: to a smaller size of the same ratio and the same multiple, and before the quality falls
    /// below 50. Default: false.
    #[must_use]
    pub fn allow_shrinking(mut self, allow: bool) -> Self {
        self.may_shrink = allow;
        self
    }

    /// The colour under transparency in a JPEG, and around the picture with [`Fit::Contain`]: red, green, blue.
    /// Default: white.
    #[must_use]
    pub fn background(mut self, rgb: [u8; 3]) -> Self {
        self.background = rgb;
        self
    }

    /// What the picture may cost. Default: that of [`Limits`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Prepares the image in the file at `path`. The format is told by content, never by the name.
    ///
    /// A file that already is what is asked for, with no metadata to leave behind, is taken as it is, byte for byte.
    ///
    /// # Errors
    ///
    /// [`PrepareError`] when the file cannot be read, is no image of a known format, is damaged or truncated, exceeds
    /// a limit, or when no size or file can be given for what was asked.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<PreparedImage, PrepareError> {
        Input::open(path.as_ref(), self.limits, |input| self.run(input))
    }

    /// Prepares the image in `bytes`, the content of a file.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn bytes(&self, bytes: impl AsRef<[u8]>) -> Result<PreparedImage, PrepareError> {
        let input = Input::Bytes(bytes.as_ref().into());
        self.run(input).map_err(PrepareError::of_memory)
    }

    /// Prepares `width` × `height` pixels in memory: red, green, blue and alpha (not premultiplied) of eight bits in
    /// sRGB, row by row from the top, without gaps.
    ///
    /// # Errors
    ///
    /// [`PrepareErrorKind::WrongLength`] when `pixels` are not `4 * width * height` bytes, otherwise as
    /// [`open`](Self::open).
    pub fn rgba8(
        &self,
        width: u32,
        height: u32,
        pixels: &[u8],
    ) -> Result<PreparedImage, PrepareError> {
        let input = Input::rgba8(Size::new(width, height), pixels);
        input
            .and_then(|input| self.run(input))
            .map_err(PrepareError::of_memory)
    }

    /// Prepares an image that has been decoded, upright and in sRGB.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn image(&self, image: &DynamicImage) -> Result<PreparedImage, PrepareError> {
        self.run(Input::image(image))
            .map_err(PrepareError::of_memory)
    }

    /// What [`open`](Self::open) would do to the image in the file at `path`, told from its header alone.
    ///
    /// With [`allow_shrinking`](Self::allow_shrinking) the result may become smaller than the plan.
    ///
    /// # Errors
    ///
    /// As `open`, but for damage behind the header.
    pub fn plan(&self, path: impl AsRef<Path>) -> Result<Plan, PrepareError> {
        let path = path.as_ref();
        let plan = || {
            let file = File::open(path).map_err(PrepareErrorKind::Read)?;
            let source = Source::from_file(file, self.limits)?;
            self.plan_for(source.upright_size(), source.orientation())
        };
        plan().map_err(|kind| PrepareError::new(kind, Some(path)))
    }

    /// What would be done to an upright picture of `width` × `height` pixels.
    ///
    /// # Errors
    ///
    /// [`PrepareErrorKind::NoSuchSize`] and [`PrepareErrorKind::TooLarge`].
    pub fn plan_size(&self, width: u32, height: u32) -> Result<Plan, PrepareError> {
        self.plan_for(Size::new(width, height), Orientation::NoTransforms)
            .map_err(PrepareError::of_memory)
    }

    fn plan_for(&self, source: Size, orientation: Orientation) -> Result<Plan, PrepareErrorKind> {
        let placement = self.resize.plan(source)?;
        self.limits.check_pixels(placement.canvas)?;
        Ok(Plan {
            source_size: source,
            orientation,
            placement,
        })
    }

    fn run(&self, input: Input<'_>) -> Result<PreparedImage, PrepareErrorKind> {
        let started = Instant::now();
        let image = match input {
            Input::File(file) => self.run_file(file)?,
            Input::Bytes(bytes) => self.run_bytes(bytes)?,
            Input::Pixels(raster) => {
                self.limits.check_pixels(raster.size)?;
                let plan = self.plan_for(raster.size, Orientation::NoTransforms)?;
                self.finish(Decoded::from_pixels(raster), plan)?
            }
        };
        log::debug!(
            "prepared {} (orientation {}) as {} {}, {} bytes, in {:?}",
            image.source_size(),
            image.plan.orientation(),
            image.size,
            image.extension,
            image.bytes.len(),
            started.elapsed(),
        );
        Ok(image)
    }

    /// A large photo is decoded while it is read, and never in memory as a whole.
    fn run_file(&self, file: File) -> Result<PreparedImage, PrepareErrorKind> {
        let again = file.try_clone().map_err(PrepareErrorKind::Read)?;
        let source = Source::from_file(file, self.limits)?;
        let plan = self.plan_for(source.upright_size(), source.orientation())?;
        let may_go_untouched = plan.placement.is_identity(source.upright_size());
        if source.can_stream() && !may_go_untouched {
            return self.finish(source.decode(&plan.placement)?, plan);
        }
        drop(source);
        self.run_bytes(input::read_all(again, self.limits)?.into())
    }

    fn run_bytes(&self, bytes: Cow<'_, [u8]>) -> Result<PreparedImage, PrepareErrorKind> {
        let source = Source::from_bytes(&bytes, self.limits)?;
        let plan = self.plan_for(source.upright_size(), source.orientation())?;
        if let Some(extension) = self.extension_of_untouched(&source, &bytes, &plan)? {
            drop(source);
            return Ok(untouched(bytes, extension, plan));
        }
        let decoded = source.decode(&plan.placement)?;
        // The file is as large as what is still to be allocated.
        drop(bytes);
        self.finish(decoded, plan)
    }

    /// The extension under which the file can go as it is, if it can: it is what is asked for, holds nothing but the
    /// picture, and is whole.
    fn extension_of_untouched(
        &self,
        source: &Source<'_, &[u8]>,
        bytes: &[u8],
        plan: &Plan,
    ) -> Result<Option<Extension>, PrepareErrorKind> {
        let format = source.format();
        let extension = match (format, self.extension) {
            (ImageFormat::Jpeg, None) => Extension::Jpg,
            (ImageFormat::Jpeg, Some(jpeg @ (Extension::Jpg | Extension::Jpeg))) => jpeg,
            (ImageFormat::Png, None | Some(Extension::Png)) => Extension::Png,
            (ImageFormat::WebP, Some(Extension::Webp)) => Extension::Webp,
            _ => return Ok(None),
        };
        let fits = self.max_bytes.is_none_or(|max| bytes.len() as u64 <= max);
        if !fits
            || source.orientation() != Orientation::NoTransforms
            || !plan.placement.is_identity(source.upright_size())
            || !metadata::is_bare(format, bytes)
        {
            return Ok(None);
        }
        let raster = Source::from_bytes(bytes, self.limits)?.verify()?;
        // An opaque PNG goes as a JPEG where nothing else is asked for.
        let wanted = self.extension.is_some() || format == ImageFormat::Jpeg;
        Ok((wanted || raster.color.has_alpha()).then_some(extension))
    }

    fn finish(&self, decoded: Decoded, mut plan: Plan) -> Result<PreparedImage, PrepareErrorKind> {
        let kept = (self.may_shrink && self.max_bytes.is_some()).then(|| decoded.clone());
        let mut raster =
            render::render(decoded, &plan.placement, Kernel::Lanczos3, self.background)?;
        let extension = self.extension.unwrap_or(match raster.color.has_alpha() {
            true => Extension::Png,
            false => Extension::Jpg,
        });
        let (bytes, size) = loop {
            if !extension.has_alpha() {
                raster = render::flatten(raster, self.background);
            }
            match self.encode(&raster, extension) {
                Ok(bytes) => break (bytes, raster.size),
                Err(error) => {
                    let smaller = self.smaller(&error, raster.size);
                    let (Some(decoded), Some(size)) = (&kept, smaller) else {
                        return Err(error);
                    };
                    let target = Target::Exact(size);
                    let resize = Resize {
                        target,
                        ..self.resize
                    };
                    plan.placement = resize.plan(plan.source_size)?;
                    let decoded = decoded.clone();
                    raster = render::render(
                        decoded,
                        &plan.placement,
                        Kernel::Lanczos3,
                        self.background,
                    )?;
                }
            }
        };
        Ok(PreparedImage {
            bytes,
            extension,
            size,
            plan,
            untouched: false,
            stem: String::from("image"),
        })
    }

    fn encode(&self, raster: &Raster, extension: Extension) -> Result<Vec<u8>, PrepareErrorKind> {
        let Some(max_bytes) = self.max_bytes else {
            return self.encoding.encode(raster, extension);
        };
        let least = match self.may_shrink {
            true => LEAST_QUALITY_BEFORE_SHRINKING,
            false => 1,
        };
        self.encoding
            .encode_within(raster, extension, max_bytes, least)
    }

    /// The size to try next after `size` took too many bytes.
    fn smaller(&self, error: &PrepareErrorKind, size: Size) -> Option<Size> {
        let PrepareErrorKind::DoesNotFit { bytes, max_bytes } = *error else {
            return None;
        };
        self.resize.bounds.shrink(size, max_bytes, bytes)
    }
}

fn untouched(bytes: Cow<'_, [u8]>, extension: Extension, plan: Plan) -> PreparedImage {
    PreparedImage {
        bytes: bytes.into_owned(),
        extension,
        size: plan.size(),
        plan,
        untouched: true,
        stem: String::from("image"),
    }
}
