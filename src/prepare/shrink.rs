//! The search for a size at which the file has few enough bytes.

use super::PrepareOptions;
use super::decode::Decoded;
use super::error::PrepareErrorKind;
use crate::extension::Extension;
use crate::geometry::{Placement, Size};

/// How many sizes are encoded after the first that fits.
const MAX_REFINEMENTS: u32 = 6;

/// The search for the largest size whose file has at most `max_bytes`.
pub(super) struct Shrink<'a> {
    pub options: &'a PrepareOptions,
    pub decoded: Decoded,
    pub source: Size,
    pub extension: Extension,
    pub max_bytes: u64,
}

/// A file at the size of its placement.
pub(super) struct Encoded {
    pub bytes: Vec<u8>,
    pub placement: Placement,
}

impl Shrink<'_> {
    /// Starts from `size`, which takes `bytes`.
    pub fn run(&self, size: Size, bytes: u64) -> Result<Encoded, PrepareErrorKind> {
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
