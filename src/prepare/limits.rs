//! What an image may cost before it is refused.

use crate::geometry::Size;

use super::error::PrepareErrorKind;

/// What an image may cost; checked before anything is allocated for its pixels.
///
/// The defaults let through every camera sold and refuse files that were made to exhaust memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most pixels of the source, and of the result. Default: 268,402,689, which is 16,383 squared, as in sharp.
    pub max_pixels: u64,
    /// The largest file that is prepared, in bytes: read from a path, or given in memory. Default: 512 MiB.
    pub max_input_bytes: u64,
    /// The most memory that decoding may take for pixels and coefficients, in bytes. Default: 1 GB.
    pub max_alloc: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pixels: 16_383 * 16_383,
            max_input_bytes: 512 << 20,
            max_alloc: 1_000_000_000,
        }
    }
}

impl Limits {
    pub(super) fn check_pixels(&self, size: Size) -> Result<(), PrepareErrorKind> {
        let max_pixels = self.max_pixels;
        if size.area() > max_pixels {
            Err(PrepareErrorKind::TooLarge { size, max_pixels })
        } else {
            Ok(())
        }
    }

    pub(super) fn check_input(&self, bytes: u64) -> Result<(), PrepareErrorKind> {
        let max_input_bytes = self.max_input_bytes;
        if bytes > max_input_bytes {
            Err(PrepareErrorKind::FileTooLarge {
                bytes,
                max_input_bytes,
            })
        } else {
            Ok(())
        }
    }

    pub(super) fn check_alloc(&self, needed: u64) -> Result<(), PrepareErrorKind> {
        let max_alloc = self.max_alloc;
        if needed > max_alloc {
            Err(PrepareErrorKind::TooMuchMemory { needed, max_alloc })
        } else {
            Ok(())
        }
    }
}
