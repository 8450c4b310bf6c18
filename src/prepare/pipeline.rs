//! What is done with one image, from the way it comes in to the encoded file.

use std::borrow::Cow;
use std::time::Instant;

use image::metadata::Orientation;

use super::PrepareOptions;
use super::decode::{Decoded, Source};
use super::error::PrepareErrorKind;
use super::format::Format;
use super::input::{Input, RegularFile};
use super::metadata;
use super::plan::Plan;
use super::prepared::PreparedImage;
use super::raster::Raster;
use super::render;
use super::resample::Kernel;
use crate::extension::Extension;
use crate::geometry::{Placement, Resize, Size, Target};

/// Below this, a smaller size is the better way to fewer bytes.
const LEAST_QUALITY_BEFORE_SHRINKING: u8 = 50;

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

    /// The plan for `input`, refused where [`run`](Self::run) would refuse it before decoding.
    pub(super) fn plan_input(&self, input: Input<'_>) -> Result<Plan, PrepareErrorKind> {
        let plan = |source: Source<'_>| {
            let plan = self.plan_for(source.upright_size(), source.orientation())?;
            source.check_alloc(&plan.placement)?;
            Ok(plan)
        };
        match input {
            Input::File(file) => plan(Source::from_file(&file, self.limits)?),
            Input::Bytes(bytes) => plan(Source::from_bytes(&bytes, self.limits)?),
            Input::Pixels(raster) => self.plan_for(raster.size, Orientation::NoTransforms),
        }
    }

    pub(super) fn run(&self, input: Input<'_>) -> Result<PreparedImage, PrepareErrorKind> {
        let started = Instant::now();
        let image = match input {
            Input::File(file) => self.run_file(&file)?,
            Input::Bytes(bytes) => self.run_bytes(bytes)?,
            Input::Pixels(raster) => {
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
    fn run_file(&self, file: &RegularFile) -> Result<PreparedImage, PrepareErrorKind> {
        let source = Source::from_file(file, self.limits)?;
        let plan = self.plan_for(source.upright_size(), source.orientation())?;
        let may_go_untouched = plan.placement.is_identity(source.upright_size());
        if source.can_stream() && !may_go_untouched {
            return self.finish(source.decode(&plan.placement)?, plan);
        }
        drop(source);
        self.run_bytes(file.read_all()?.into())
    }

    fn run_bytes(&self, bytes: Cow<'_, [u8]>) -> Result<PreparedImage, PrepareErrorKind> {
        let source = Source::from_bytes(&bytes, self.limits)?;
        let plan = self.plan_for(source.upright_size(), source.orientation())?;
        if let Some(extension) = self.extension_of_untouched(&source, &bytes, &plan)? {
            drop(source);
            return Ok(unchanged(bytes, extension, plan));
        }
        let decoded = source.decode(&plan.placement)?;
        // The file is as large as what is still to be allocated.
        drop(bytes);
        self.finish(decoded, plan)
    }

    /// The extension under which the file can go as it is, if it can: it is what is asked for, holds nothing but the
    /// image, and is whole.
    fn extension_of_untouched(
        &self,
        source: &Source<'_>,
        bytes: &[u8],
        plan: &Plan,
    ) -> Result<Option<Extension>, PrepareErrorKind> {
        let format = source.format();
        let extension = match (format, self.extension) {
            (Format::Jpeg, None) => Extension::Jpg,
            (Format::Jpeg, Some(jpeg @ (Extension::Jpg | Extension::Jpeg))) => jpeg,
            (Format::Png, None | Some(Extension::Png)) => Extension::Png,
            (Format::WebP, Some(Extension::Webp)) => Extension::Webp,
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
        let wanted = self.extension.is_some() || format == Format::Jpeg;
        Ok((wanted || raster.color.has_alpha()).then_some(extension))
    }

    fn finish(&self, decoded: Decoded, mut plan: Plan) -> Result<PreparedImage, PrepareErrorKind> {
        let kept = (self.may_shrink && self.max_bytes.is_some()).then(|| decoded.clone());
        let render = |decoded: Decoded, placement: &Placement| {
            render::render(decoded, placement, Kernel::Lanczos3, self.background)
        };
        let mut raster = render(decoded, &plan.placement);
        let extension = self.extension.unwrap_or(if raster.color.has_alpha() {
            Extension::Png
        } else {
            Extension::Jpg
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
                    let resize = Resize {
                        target: Target::Exact(size),
                        ..self.resize
                    };
                    plan.placement = resize.plan(plan.source_size)?;
                    raster = render(decoded.clone(), &plan.placement);
                }
            }
        };
        Ok(PreparedImage {
            bytes,
            extension,
            size,
            plan,
            unchanged: false,
            stem: String::from("image"),
        })
    }

    fn encode(&self, raster: &Raster, extension: Extension) -> Result<Vec<u8>, PrepareErrorKind> {
        let Some(max_bytes) = self.max_bytes else {
            return self.encoding.encode(raster, extension);
        };
        let least = if self.may_shrink {
            LEAST_QUALITY_BEFORE_SHRINKING
        } else {
            1
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

fn unchanged(bytes: Cow<'_, [u8]>, extension: Extension, plan: Plan) -> PreparedImage {
    PreparedImage {
        bytes: bytes.into_owned(),
        extension,
        size: plan.size(),
        plan,
        unchanged: true,
        stem: String::from("image"),
    }
}
