//! Errors about an image and about what is asked of it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::extension::Extension;
use crate::geometry::{AllowedSizes, AspectRatio, GeometryError, Size};

/// An image that could not be prepared. Nothing was sent.
#[derive(Debug)]
pub struct PrepareError {
    kind: PrepareErrorKind,
    path: Option<PathBuf>,
}

impl PrepareError {
    pub(super) fn new(kind: PrepareErrorKind, path: Option<PathBuf>) -> Self {
        Self { kind, path }
    }

    /// What is wrong.
    pub fn kind(&self) -> &PrepareErrorKind {
        &self.kind
    }

    /// The file, when the image came from one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

impl fmt::Display for PrepareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.path, &self.kind) {
            (Some(path), PrepareErrorKind::Read(_)) => write!(f, "cannot read {}", path.display()),
            (Some(path), kind) => write!(f, "{}: {kind}", path.display()),
            (None, kind) => kind.fmt(f),
        }
    }
}

impl std::error::Error for PrepareError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            PrepareErrorKind::Read(error) => Some(error),
            PrepareErrorKind::Damaged { source, .. }
            | PrepareErrorKind::DecoderFailed { source, .. } => Some(source.as_ref()),
            PrepareErrorKind::Encode(source) => Some(source.as_ref()),
            _ => None,
        }
    }
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// What is wrong with an image, or with what is asked of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum PrepareErrorKind {
    /// The file cannot be read: it is missing, a folder, or not readable by this user.
    Read(io::Error),
    /// The file has no bytes.
    Empty,
    /// The content is not in a known image format.
    NotAnImage,
    /// The content is in a format, or a variant of a format, that is not supported. Export it as a JPEG or PNG.
    Unsupported {
        /// What the file contains, for example `HEIC`.
        what: String,
    },
    /// The file is truncated or damaged. Get an intact copy.
    Damaged {
        /// The format of the file.
        format: &'static str,
        /// The error of the decoder.
        source: Source,
    },
    /// The decoder has a bug and panicked on this file. The file may be intact: open it in another program and export
    /// it in another format.
    DecoderFailed {
        /// The format of the file.
        format: &'static str,
        /// The message of the panic.
        source: Source,
    },
    /// The image has more pixels than [`Limits::max_pixels`](crate::Limits::max_pixels).
    TooLarge {
        /// The size of the source or of the result, in pixels.
        size: Size,
        /// The maximum number of pixels.
        max_pixels: u64,
    },
    /// The file has more bytes than [`Limits::max_input_bytes`](crate::Limits::max_input_bytes).
    FileTooLarge {
        /// The length of the file, as far as it is known.
        bytes: u64,
        /// The maximum number of bytes.
        max_input_bytes: u64,
    },
    /// Decoding would use more memory than [`Limits::max_alloc`](crate::Limits::max_alloc).
    TooMuchMemory {
        /// The bytes that decoding uses at least.
        needed: u64,
        /// The maximum number of bytes.
        max_alloc: u64,
    },
    /// The number of bytes does not match the size that was given with the pixels.
    WrongLength {
        /// The bytes that an image of that size has.
        expected: u64,
        /// The bytes that were given.
        found: u64,
    },
    /// A mask has another aspect ratio than the image it belongs to.
    MaskOfAnotherRatio {
        /// The upright size of the mask.
        mask: Size,
        /// The upright size of the image.
        image: Size,
    },
    /// The image cannot be encoded in [`max_bytes`](crate::PrepareOptions::max_bytes).
    DoesNotFit {
        /// The smallest number of bytes that was reached.
        bytes: u64,
        /// The maximum number of bytes.
        max_bytes: u64,
        /// The format that was encoded.
        extension: Extension,
    },
    /// The requested size or ratio, or the size of the pixels, has a side of zero.
    ZeroSize,
    /// No allowed size exists, or none within the requested maximum.
    NoAllowedSize {
        /// The sizes that are allowed.
        sizes: Box<AllowedSizes>,
        /// The size of [`Target::Within`](crate::Target::Within).
        within: Option<Size>,
    },
    /// No allowed size has the requested aspect ratio, or one that differs by less than 5 %.
    NoAllowedAspect {
        /// The requested aspect ratio.
        aspect: AspectRatio,
        /// The allowed size of the nearest ratio.
        nearest: Size,
        /// The sizes that are allowed.
        sizes: Box<AllowedSizes>,
    },
    /// The image cannot be encoded, for example because a side is longer than the format allows.
    Encode(Source),
}

impl fmt::Display for PrepareErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(_) => f.write_str("cannot read the image"),
            Self::Empty => f.write_str("the file is empty; give a JPEG, PNG or WebP file"),
            Self::NotAnImage => {
                f.write_str("the file is not an image; give a JPEG, PNG or WebP file")
            }
            Self::Unsupported { what } => {
                let other = other_formats(what);
                write!(f, "{what} is not supported; export it as {other}")
            }
            Self::Damaged { format, .. } => write!(
                f,
                "the {format} data is truncated or damaged; get an intact copy"
            ),
            Self::DecoderFailed { format, .. } => write!(
                f,
                "the {format} decoder failed on this file; open it in another program and export it as {}",
                other_formats(format)
            ),
            Self::TooLarge { size, max_pixels } => write!(
                f,
                "{size} is {} pixels, and the limit is {max_pixels}; scale the image down first or raise the limit",
                size.area()
            ),
            Self::FileTooLarge {
                bytes,
                max_input_bytes,
            } => write!(
                f,
                "the file has {bytes} bytes, and the limit is {max_input_bytes}; give a smaller file or raise the limit"
            ),
            Self::TooMuchMemory { needed, max_alloc } => write!(
                f,
                "decoding needs at least {needed} bytes of memory, and the limit is {max_alloc}; scale the image down first or raise the limit"
            ),
            Self::WrongLength { expected, found } => write!(
                f,
                "{found} bytes of pixels were given, and an image of this size has {expected}"
            ),
            Self::MaskOfAnotherRatio { mask, image } => write!(
                f,
                "the mask is {mask} and its image {image}; give a mask with the aspect ratio of the image"
            ),
            Self::DoesNotFit {
                bytes,
                max_bytes,
                extension,
            } => {
                write!(
                    f,
                    "the image needs at least {bytes} bytes as {extension}, and {max_bytes} are allowed; allow more bytes"
                )?;
                if extension.is_lossy() {
                    f.write_str(" or make the image smaller")
                } else {
                    f.write_str(", make the image smaller or encode it as jpg")
                }
            }
            Self::ZeroSize => f.write_str("a side of zero pixels is not possible; give both sides"),
            Self::NoAllowedSize { sizes, within } => {
                match within {
                    None => f.write_str("no size is allowed")?,
                    Some(size) => write!(f, "no allowed size is within {size}")?,
                }
                write!(f, " (allowed: {sizes}); give other bounds or an exact size")
            }
            Self::NoAllowedAspect {
                aspect,
                nearest,
                sizes,
            } => write!(
                f,
                "no allowed size has the aspect ratio {aspect}; {nearest} is the nearest (allowed: {sizes}); give another ratio or an exact size"
            ),
            Self::Encode(_) => f.write_str("the image cannot be encoded"),
        }
    }
}

/// The formats to export to instead of `format`, which gave trouble.
fn other_formats(format: &str) -> &'static str {
    // A TIFF with JPEG in it is a TIFF.
    if format.contains("TIFF") {
        "JPEG or PNG"
    } else if format.contains("JPEG") {
        "PNG"
    } else if format.contains("PNG") {
        "JPEG"
    } else {
        "JPEG or PNG"
    }
}

impl From<GeometryError> for PrepareErrorKind {
    fn from(error: GeometryError) -> Self {
        match error {
            GeometryError::Empty => Self::ZeroSize,
            GeometryError::NoAllowedSize { sizes, max } => {
                Self::NoAllowedSize { sizes, within: max }
            }
            GeometryError::NoAllowedAspect {
                aspect,
                nearest,
                sizes,
            } => Self::NoAllowedAspect {
                aspect,
                nearest,
                sizes,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_another_format_than_the_one_that_failed() {
        let does_not_fit = |extension| {
            let kind = PrepareErrorKind::DoesNotFit {
                bytes: 9,
                max_bytes: 8,
                extension,
            };
            kind.to_string()
        };
        assert!(does_not_fit(Extension::Png).ends_with("encode it as jpg"));
        for jpeg in [Extension::Jpg, Extension::Jpeg] {
            let message = does_not_fit(jpeg);
            assert!(message.ends_with("make the image smaller"), "{message}");
        }
        let unsupported = |what: &str| PrepareErrorKind::Unsupported { what: what.into() };
        for (what, advice) in [
            ("a CMYK JPEG", "as PNG"),
            ("PNG of 3 bits", "as JPEG"),
            ("HEIC", "as JPEG or PNG"),
        ] {
            let message = unsupported(what).to_string();
            assert!(message.ends_with(advice), "{message}");
        }
    }
}
