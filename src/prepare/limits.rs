//! What an image may cost before it is rejected.

use crate::geometry::Size;

use super::error::PrepareErrorKind;

/// What an image may cost. The limits are checked before memory is allocated for its pixels.
///
/// The defaults admit the images of every camera and reject files that were made to exhaust memory.
///
/// ```
/// use imgpost::{Limits, PrepareOptions};
///
/// let limits = Limits::default().with_max_pixels(50_000_000);
/// let options = PrepareOptions::default().limits(limits);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum number of pixels of the source and of the result. Default: 268,402,689, which is 16,383 squared, as in
    /// sharp.
    pub max_pixels: u64,
    /// Maximum length in bytes of a file, or of its content in memory. Default: 512 MiB.
    pub max_input_bytes: u64,
    /// Maximum number of bytes that decoding allocates for pixels and coefficients. Default: 1,000,000,000.
    pub max_alloc: u64,
}

impl Limits {
    /// The default limits.
    pub const DEFAULT: Self = Self {
        max_pixels: 16_383 * 16_383,
        max_input_bytes: 512 << 20,
        max_alloc: 1_000_000_000,
    };

    /// The same with another [`max_pixels`](Self::max_pixels).
    #[must_use]
    pub const fn with_max_pixels(mut self, pixels: u64) -> Self {
        self.max_pixels = pixels;
        self
    }

    /// The same with another [`max_input_bytes`](Self::max_input_bytes).
    #[must_use]
    pub const fn with_max_input_bytes(mut self, bytes: u64) -> Self {
        self.max_input_bytes = bytes;
        self
    }

    /// The same with another [`max_alloc`](Self::max_alloc).
    #[must_use]
    pub const fn with_max_alloc(mut self, bytes: u64) -> Self {
        self.max_alloc = bytes;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Limits {
    /// The limits for the decoders of `image`, which count what they allocate.
    pub(super) fn of_image(&self) -> image::Limits {
        let mut limits = image::Limits::no_limits();
        limits.max_alloc = Some(self.max_alloc);
        limits
    }

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
