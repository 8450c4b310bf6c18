//! Masks: grayscale images with the crop and the size of the image they belong to.

use std::path::Path;

use image::DynamicImage;
use image::metadata::Orientation;

use super::decode::{Decoded, Source};
use super::encode::Encoding;
use super::error::{PrepareError, PrepareErrorKind};
use super::input::{Content, Input};
use super::limits::Limits;
use super::plan::Plan;
use super::prepared::PreparedImage;
use super::raster::{Color, Raster};
use super::render;
use super::resample::Kernel;
use crate::extension::Extension;
use crate::geometry::Size;

const BLACK: [u8; 3] = [0; 3];

/// Options to prepare the mask of a prepared image; created by [`PreparedImage::mask_options`].
///
/// A mask marks parts of an image, for example for inpainting, and has to match it pixel by pixel. It may have any size
/// of the source image's aspect ratio; it gets the crop and the size of the prepared image. Colors become gray,
/// transparency becomes black.
///
/// ```no_run
/// use imgpost::PrepareOptions;
///
/// let image = PrepareOptions::default().aspect(1, 1).open("photo.jpg")?;
/// let mask = image.mask_options().threshold(128).open("mask.png")?;
/// assert_eq!(mask.size(), image.size());
/// # Ok::<(), imgpost::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MaskOptions {
    plan: Plan,
    threshold: Option<u8>,
    extension: Extension,
    limits: Limits,
}

impl MaskOptions {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            threshold: None,
            extension: Extension::Png,
            limits: Limits::default(),
        }
    }

    /// The brightness from which on pixels become white, 1 to 255; darker ones become black. 0 makes the whole mask
    /// white. Default: none, gray stays gray.
    #[must_use]
    pub fn threshold(mut self, threshold: u8) -> Self {
        self.threshold = Some(threshold);
        self
    }

    /// The format to encode. Default: `png`, which is lossless.
    #[must_use]
    pub fn extension(mut self, extension: Extension) -> Self {
        self.extension = extension;
        self
    }

    /// What the mask may cost. Default: [`Limits::DEFAULT`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Prepares the mask in the file at `path`.
    ///
    /// # Errors
    ///
    /// As [`PrepareOptions::open`](super::PrepareOptions::open), and [`PrepareErrorKind::MaskOfAnotherRatio`].
    pub fn open(&self, path: impl AsRef<Path>) -> Result<PreparedImage, PrepareError> {
        self.prepare(Input::open(path.as_ref(), self.limits)?)
    }

    /// Prepares the mask in `bytes`, the content of a file.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn prepare_bytes(&self, bytes: impl AsRef<[u8]>) -> Result<PreparedImage, PrepareError> {
        self.prepare(Input::from_bytes(bytes.as_ref(), self.limits)?)
    }

    /// Prepares a mask of `width` × `height` pixels in memory: red, green, blue and alpha, row by row from the top.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`PrepareErrorKind::WrongLength`].
    pub fn prepare_rgba8(
        &self,
        width: u32,
        height: u32,
        pixels: &[u8],
    ) -> Result<PreparedImage, PrepareError> {
        let size = Size::new(width, height);
        self.prepare(Input::from_rgba8(size, pixels, self.limits)?)
    }

    /// Prepares a decoded mask.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn prepare_image(&self, image: DynamicImage) -> Result<PreparedImage, PrepareError> {
        self.prepare(Input::from_image(image, self.limits)?)
    }

    fn prepare(&self, input: Input<'_>) -> Result<PreparedImage, PrepareError> {
        let prepared = self.prepare_content(input.content);
        prepared.map_err(|kind| input.origin.error(kind))
    }

    fn prepare_content(&self, content: Content<'_>) -> Result<PreparedImage, PrepareErrorKind> {
        let (rendered, plan) = match content {
            Content::File(file) => {
                let bytes = file.read_all()?;
                return self.prepare_content(Content::Bytes(bytes.into()));
            }
            Content::Bytes(bytes) => {
                let source = Source::from_bytes(&bytes, self.limits)?;
                let plan = Plan {
                    orientation: source.orientation(),
                    ..self.plan_for(source.upright_size())?
                };
                (source.render(&plan.placement, Kernel::Area, BLACK)?, plan)
            }
            Content::Pixels(raster) => {
                let plan = Plan {
                    orientation: Orientation::NoTransforms,
                    ..self.plan_for(raster.size)?
                };
                let decoded = Decoded::from_pixels(raster);
                let rendered = render::render(decoded, &plan.placement, Kernel::Area, BLACK);
                (rendered, plan)
            }
        };
        let raster = to_gray(render::flatten(rendered, BLACK), self.threshold);
        let bytes = Encoding::default().encode(&raster, self.extension, None)?;
        Ok(PreparedImage {
            bytes,
            extension: self.extension,
            size: raster.size,
            plan,
            unchanged: false,
            stem: String::from("mask"),
        })
    }

    fn plan_for(&self, mask: Size) -> Result<Plan, PrepareErrorKind> {
        let image = self.plan.source_size();
        let placement = self.plan.for_mask(mask);
        let placement = placement.ok_or(PrepareErrorKind::MaskOfAnotherRatio { mask, image })?;
        self.limits.check_pixels(placement.canvas)?;
        Ok(Plan {
            source_size: mask,
            placement,
            ..self.plan
        })
    }
}

fn to_gray(mut raster: Raster, threshold: Option<u8>) -> Raster {
    debug_assert_eq!(raster.color, Color::Rgb);
    for pixel in raster.pixels.as_chunks_mut::<3>().0 {
        let [r, g, b] = pixel.map(u32::from);
        // The weights of ITU-R BT.601, in 65536ths.
        let luma = ((19_595 * r + 38_470 * g + 7_471 * b + 32_768) >> 16) as u8;
        *pixel = [match threshold {
            Some(threshold) if luma >= threshold => 255,
            Some(_) => 0,
            None => luma,
        }; 3];
    }
    raster
}
