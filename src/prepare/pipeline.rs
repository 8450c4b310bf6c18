//! The pipeline from one input to the encoded file.

use std::borrow::Cow;
use std::time::Instant;

use image::ImageFormat;
use image::metadata::Orientation;

use super::PrepareOptions;
use super::decode::{Decoded, Source, recognise};
use super::error::{PrepareError, PrepareErrorKind};
use super::input::{Content, Input, RegularFile};
use super::metadata;
use super::plan::Plan;
use super::prepared::PreparedImage;
use super::raster::Raster;
use super::render;
use super::resample::Kernel;
use crate::extension::Extension;
use crate::geometry::{Placement, Size};

/// Below this quality, a smaller size is the better way to fewer bytes.
const MIN_QUALITY_BEFORE_SHRINKING: u8 = 50;

/// How many sizes are encoded after the first that fits.
const MAX_REFINEMENTS: u32 = 6;

impl PrepareOptions {
    pub(super) fn plan_for(
        &self,
        source: Size,
        orientation: Orientation,
    ) -> Result<Plan, PrepareErrorKind> {
        let placement = self.resize.plan(source)?;
        self.limits.check_pixels(placement.canvas)?;
        Ok(Plan {
            source_size: source,
            orientation,
            placement,
        })
    }

    /// The plan for `input`. Rejects what [`prepare`](Self::prepare) would reject before decoding.
    pub(super) fn plan_input(&self, input: Input<'_>) -> Result<Plan, PrepareError> {
        let plan = |source: Source<'_>| {
            let plan = self.plan_for(source.upright_size(), source.orientation())?;
            source.check_alloc(&plan.placement)?;
            Ok(plan)
        };
        let planned = match input.content {
            Content::File(file) => Source::from_file(&file, self.limits).and_then(plan),
            Content::Bytes(bytes) => Source::from_bytes(&bytes, self.limits).and_then(plan),
            Content::Pixels(raster) => self.plan_for(raster.size, Orientation::NoTransforms),
        };
        planned.map_err(|kind| input.origin.error(kind))
    }

    pub(super) fn prepare(&self, input: Input<'_>) -> Result<PreparedImage, PrepareError> {
        let started = Instant::now();
        let prepared = match input.content {
            Content::File(file) => self.prepare_file(&file),
            Content::Bytes(bytes) => self.prepare_content(bytes),
            Content::Pixels(raster) => self
                .plan_for(raster.size, Orientation::NoTransforms)
                .and_then(|plan| self.finish(Decoded::from_pixels(raster), plan)),
        };
        let stem = input.origin.stem();
        let mut image = prepared.map_err(|kind| input.origin.error(kind))?;
        image.stem = stem;
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

    /// Decodes a large JPEG while it is read, so that it is never in memory as a whole.
    fn prepare_file(&self, file: &RegularFile) -> Result<PreparedImage, PrepareErrorKind> {
        if recognise(&file.head()?)? == ImageFormat::Jpeg {
            let source = Source::from_file(file, self.limits)?;
            let plan = self.plan_for(source.upright_size(), source.orientation())?;
            let may_stay_unchanged = plan.placement.is_identity(source.upright_size());
            if source.can_stream() && !may_stay_unchanged {
                return self.finish(source.decode(&plan.placement)?, plan);
            }
        }
        self.prepare_content(file.read_all()?.into())
    }

    fn prepare_content(&self, bytes: Cow<'_, [u8]>) -> Result<PreparedImage, PrepareErrorKind> {
        let source = Source::from_bytes(&bytes, self.limits)?;
        let plan = self.plan_for(source.upright_size(), source.orientation())?;
        let unchanged = self.unchanged_extension(&source, &bytes, &plan);
        if let (Some(extension), ImageFormat::Jpeg) = (unchanged, source.format()) {
            source.verify()?;
            return Ok(PreparedImage::unchanged(bytes, extension, plan));
        }
        let decoded = source.decode(&plan.placement)?;
        match unchanged {
            // Without a requested format, an opaque image becomes a JPEG.
            Some(extension) if self.extension.is_some() || decoded.raster.color.has_alpha() => {
                Ok(PreparedImage::unchanged(bytes, extension, plan))
            }
            _ => {
                // The file may be as large as what the following steps allocate.
                drop(bytes);
                self.finish(decoded, plan)
            }
        }
    }

    /// The extension under which the file can be used unchanged if all of it can be decoded: it is in the requested
    /// format, fits, needs no scaling or rotation, and has no metadata.
    fn unchanged_extension(
        &self,
        source: &Source<'_>,
        bytes: &[u8],
        plan: &Plan,
    ) -> Option<Extension> {
        let extension = match (source.format(), self.extension) {
            (ImageFormat::Jpeg, None) => Extension::Jpg,
            (ImageFormat::Jpeg, Some(jpeg @ (Extension::Jpg | Extension::Jpeg))) => jpeg,
            (ImageFormat::Png, None | Some(Extension::Png)) => Extension::Png,
            (ImageFormat::WebP, Some(Extension::Webp)) => Extension::Webp,
            _ => return None,
        };
        let fits = self.max_bytes.is_none_or(|max| bytes.len() as u64 <= max);
        let is_unchanged = fits
            && source.orientation() == Orientation::NoTransforms
            && plan.placement.is_identity(source.upright_size())
            && metadata::is_bare(source.format(), bytes);
        is_unchanged.then_some(extension)
    }

    fn finish(&self, decoded: Decoded, mut plan: Plan) -> Result<PreparedImage, PrepareErrorKind> {
        let max_bytes = self.max_bytes.filter(|_| self.allow_shrinking);
        let kept = max_bytes.map(|max_bytes| (decoded.clone(), max_bytes));
        let raster = self.render(decoded, &plan.placement);
        let extension = self.extension.unwrap_or(if raster.color.has_alpha() {
            Extension::Png
        } else {
            Extension::Jpg
        });
        let raster = self.flatten(raster, extension);
        let (bytes, size) = match (self.encode(&raster, extension), kept) {
            (Ok(bytes), _) => (bytes, raster.size),
            (Err(PrepareErrorKind::DoesNotFit { bytes, .. }), Some((decoded, max_bytes))) => {
                let size = raster.size;
                drop(raster);
                let shrink = Shrink {
                    options: self,
                    decoded,
                    source: plan.source_size,
                    extension,
                    max_bytes,
                };
                let Encoded { bytes, placement } = shrink.run(size, bytes)?;
                plan.placement = placement;
                (bytes, placement.canvas)
            }
            (Err(error), _) => return Err(error),
        };
        Ok(PreparedImage {
            bytes,
            extension,
            size,
            plan,
            unchanged: false,
            stem: String::new(),
        })
    }

    fn render(&self, decoded: Decoded, placement: &Placement) -> Raster {
        render::render(decoded, placement, Kernel::Lanczos3, self.background)
    }

    fn flatten(&self, raster: Raster, extension: Extension) -> Raster {
        if extension.has_alpha() {
            raster
        } else {
            render::flatten(raster, self.background)
        }
    }

    fn encode(&self, raster: &Raster, extension: Extension) -> Result<Vec<u8>, PrepareErrorKind> {
        let Some(max_bytes) = self.max_bytes else {
            return self.encoding.encode(raster, extension);
        };
        let min_quality = if self.allow_shrinking {
            MIN_QUALITY_BEFORE_SHRINKING
        } else {
            1
        };
        self.encoding
            .encode_within(raster, extension, max_bytes, min_quality)
    }
}

/// The search for the largest size whose file has at most `max_bytes`.
struct Shrink<'a> {
    options: &'a PrepareOptions,
    decoded: Decoded,
    source: Size,
    extension: Extension,
    max_bytes: u64,
}

struct Encoded {
    bytes: Vec<u8>,
    placement: Placement,
}

impl Shrink<'_> {
    /// Starts from `size`, which takes `bytes`.
    fn run(&self, size: Size, bytes: u64) -> Result<Encoded, PrepareErrorKind> {
        let (mut too_large, mut too_many) = (size, bytes);
        let mut found: Option<Encoded> = None;
        let mut refinements = 0;
        loop {
            let aim = match &found {
                None => self.pixels_by_ratio(too_large, too_many),
                Some(found) if refinements < MAX_REFINEMENTS && !self.is_enough(found) => {
                    self.pixels_between(found, too_large, too_many)
                }
                Some(_) => 0,
            };
            let sizes = &self.options.resize.sizes;
            let next = sizes.shrink(too_large, aim, too_large.area());
            let smallest = found
                .as_ref()
                .map_or(0, |found| found.placement.canvas.area());
            let Some(size) = next.filter(|size| aim > 0 && size.area() > smallest) else {
                return found.ok_or(PrepareErrorKind::DoesNotFit {
                    bytes: too_many,
                    max_bytes: self.max_bytes,
                    extension: self.extension,
                });
            };
            if found.is_some() {
                refinements += 1;
            }
            let placement = self.options.resize.place(self.source, size);
            let raster = self.options.render(self.decoded.clone(), &placement);
            let raster = self.options.flatten(raster, self.extension);
            match self.options.encode(&raster, self.extension) {
                Ok(bytes) => found = Some(Encoded { bytes, placement }),
                Err(PrepareErrorKind::DoesNotFit { bytes, .. }) => {
                    (too_large, too_many) = (size, bytes);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether a larger size is not worth another attempt. A lossy file is filled up by its quality.
    fn is_enough(&self, found: &Encoded) -> bool {
        self.extension.is_lossy() || found.bytes.len() as u64 >= self.max_bytes / 100 * 98
    }

    /// The pixels that fit if the bytes were proportional to them.
    fn pixels_by_ratio(&self, size: Size, bytes: u64) -> u64 {
        let pixels =
            u128::from(size.area()) * u128::from(self.max_bytes) / u128::from(bytes.max(1));
        u64::try_from(pixels).unwrap_or(u64::MAX).max(1)
    }

    /// The pixels that fit by linear interpolation between a size that fits and one that does not. The aim is a
    /// percent below the limit, which the next attempt would exceed otherwise as often as not.
    fn pixels_between(&self, found: &Encoded, too_large: Size, too_many: u64) -> u64 {
        let (low, high) = (
            found.placement.canvas.area() as f64,
            too_large.area() as f64,
        );
        let (few, many) = (found.bytes.len() as f64, too_many as f64);
        let aim = self.max_bytes as f64 * 0.99;
        let part = ((aim - few) / (many - few)).clamp(0.1, 0.9);
        (low + (high - low) * part) as u64
    }
}
