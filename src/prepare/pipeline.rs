//! The pipeline from one input to the encoded file.

use std::borrow::Cow;
use std::time::Instant;

use image::metadata::Orientation;

use super::PrepareOptions;
use super::codec;
use super::decode::{Decoded, Source};
use super::encode::ByteLimit;
use super::error::{PrepareError, PrepareErrorKind};
use super::format::Format;
use super::input::{Content, Input, RegularFile};
use super::metadata;
use super::plan::Plan;
use super::prepared::PreparedImage;
use super::raster::Raster;
use super::render;
use super::resample::Kernel;
use super::shrink::Shrink;
use crate::extension::Extension;
use crate::geometry::{Placement, Size};

/// Below this quality, a smaller size is the better way to fewer bytes.
const MIN_QUALITY_BEFORE_SHRINKING: u8 = 50;

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

    /// Decodes a JPEG while it is read, so that it is never in memory as a whole, unless it may be used unchanged.
    fn prepare_file(&self, file: &RegularFile) -> Result<PreparedImage, PrepareErrorKind> {
        if Format::recognize(&file.head()?)? == Format::Jpeg {
            let open = || Source::from_file(file, self.limits);
            let source = open()?;
            let plan = self.plan_for(source.upright_size(), source.orientation())?;
            let may_stay_unchanged =
                plan.placement.is_identity(source.upright_size()) && !source.has_metadata();
            if !may_stay_unchanged {
                return self.prepare_jpeg(source, plan, open);
            }
        }
        self.prepare_content(file.read_all()?.into())
    }

    fn prepare_content(&self, bytes: Cow<'_, [u8]>) -> Result<PreparedImage, PrepareErrorKind> {
        let open = || Source::from_bytes(&bytes, self.limits);
        let source = open()?;
        let plan = self.plan_for(source.upright_size(), source.orientation())?;
        let unchanged = self.unchanged_extension(&source, &bytes, &plan);
        if source.format() == Format::Jpeg {
            let Some(extension) = unchanged else {
                return self.prepare_jpeg(source, plan, open);
            };
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

    /// Prepares a JPEG, which `open` opens once more if it has to become smaller than planned.
    fn prepare_jpeg<'a>(
        &self,
        source: Source<'a>,
        plan: Plan,
        open: impl FnOnce() -> Result<Source<'a>, PrepareErrorKind>,
    ) -> Result<PreparedImage, PrepareErrorKind> {
        let placement = &plan.placement;
        source.check_alloc(placement)?;
        let extension = self.extension.unwrap_or(Extension::Jpg);
        let is_padded = placement.scaled != placement.canvas;
        let source = if extension.is_jpeg() && !is_padded {
            source.into_planes()
        } else {
            Err(source)
        };
        let encoded = match source {
            Ok(jpeg) => codec::decode("JPEG", || {
                let settings = self.encoding.jpeg(self.byte_limit(extension));
                jpeg.encode_planes(placement, &settings)
            }),
            Err(source) => source
                .render(placement, Kernel::Lanczos3, self.background)
                .and_then(|raster| self.encode(&raster, extension)),
        };
        self.complete(encoded, extension, plan, |placement| {
            open()?.decode(placement)
        })
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
            (Format::Jpeg, None) => Extension::Jpg,
            (Format::Jpeg, Some(jpeg @ (Extension::Jpg | Extension::Jpeg))) => jpeg,
            (Format::Png, None | Some(Extension::Png)) => Extension::Png,
            (Format::WebP, Some(Extension::Webp)) => Extension::Webp,
            _ => return None,
        };
        let fits = self.max_bytes.is_none_or(|max| bytes.len() as u64 <= max);
        let is_unchanged = fits
            && source.orientation() == Orientation::NoTransforms
            && plan.placement.is_identity(source.upright_size())
            && metadata::is_bare(source.format(), bytes);
        is_unchanged.then_some(extension)
    }

    /// Prepares decoded pixels.
    fn finish(&self, decoded: Decoded, plan: Plan) -> Result<PreparedImage, PrepareErrorKind> {
        let is_needed_again = self.max_bytes.is_some() && self.allow_shrinking;
        let kept = is_needed_again.then(|| decoded.clone());
        let raster = self.render(decoded, &plan.placement);
        let extension = self.extension.unwrap_or(if raster.color.has_alpha() {
            Extension::Png
        } else {
            Extension::Jpg
        });
        let encoded = self.encode(&self.flatten(raster, extension), extension);
        self.complete(encoded, extension, plan, |_| {
            Ok(kept.expect("kept if the image may shrink"))
        })
    }

    /// The result, if allowed at a smaller size than planned if the encoded file has too many bytes. For that, `decode`
    /// returns the pixels for a placement.
    fn complete(
        &self,
        encoded: Result<Vec<u8>, PrepareErrorKind>,
        extension: Extension,
        mut plan: Plan,
        decode: impl FnOnce(&Placement) -> Result<Decoded, PrepareErrorKind>,
    ) -> Result<PreparedImage, PrepareErrorKind> {
        let bytes = match (encoded, self.max_bytes) {
            (Err(PrepareErrorKind::DoesNotFit { bytes, .. }), Some(max_bytes))
                if self.allow_shrinking =>
            {
                let shrink = Shrink {
                    options: self,
                    decoded: decode(&plan.placement)?,
                    source: plan.source_size,
                    extension,
                    max_bytes,
                };
                let smaller = shrink.run(plan.placement.canvas, bytes)?;
                plan.placement = smaller.placement;
                smaller.bytes
            }
            (encoded, _) => encoded?,
        };
        Ok(PreparedImage {
            bytes,
            extension,
            size: plan.size(),
            plan,
            unchanged: false,
            stem: String::new(),
        })
    }

    pub(super) fn render(&self, decoded: Decoded, placement: &Placement) -> Raster {
        render::render(decoded, placement, Kernel::Lanczos3, self.background)
    }

    pub(super) fn flatten(&self, raster: Raster, extension: Extension) -> Raster {
        if extension.has_alpha() {
            raster
        } else {
            render::flatten(raster, self.background)
        }
    }

    pub(super) fn encode(
        &self,
        raster: &Raster,
        extension: Extension,
    ) -> Result<Vec<u8>, PrepareErrorKind> {
        self.encoding
            .encode(raster, extension, self.byte_limit(extension))
    }

    fn byte_limit(&self, extension: Extension) -> Option<ByteLimit> {
        let least_quality = if self.allow_shrinking {
            MIN_QUALITY_BEFORE_SHRINKING
        } else {
            1
        };
        self.max_bytes.map(|max_bytes| ByteLimit {
            max_bytes,
            least_quality,
            extension,
        })
    }
}
