//! What can be wrong with an image or with what is asked of it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::geometry::{GeometryError, Size};

/// An image that could not be prepared. Nothing was sent.
#[derive(Debug)]
pub struct PrepareError {
    kind: PrepareErrorKind,
    path: Option<PathBuf>,
}

impl PrepareError {
    pub(super) fn new(kind: PrepareErrorKind, path: Option<&Path>) -> Self {
        let path = path.map(Path::to_path_buf);
        Self { kind, path }
    }

    /// About an image that was in memory.
    pub(super) fn without_path(kind: PrepareErrorKind) -> Self {
        Self::new(kind, None)
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
        if let Some(path) = &self.path {
            write!(f, "{}: ", path.display())?;
        }
        self.kind.fmt(f)
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
    /// The file could not be read: it is missing, a directory, or not readable by this user.
    Read(io::Error),
    /// There are no bytes at all.
    Empty,
    /// The content is of no format known here.
    NotAnImage,
    /// The content is an image of a format, or of a kind within a format, that is not read here. Export it as a
    /// JPEG or PNG.
    Unsupported {
        /// What it is, for example `HEIC`.
        what: String,
    },
    /// The file breaks off or is damaged. Get an intact copy.
    Damaged {
        /// The format it begins as.
        format: &'static str,
        /// What the decoder found.
        source: Source,
    },
    /// The decoder of this format has a bug, and panicked on this file. The file may be intact: open it with another
    /// program and export it as JPEG or PNG.
    DecoderFailed {
        /// The format the file begins as.
        format: &'static str,
        /// What the decoder panicked with.
        source: Source,
    },
    /// The image has more pixels than are decoded here.
    TooLarge {
        /// The size its header gives.
        size: Size,
        /// The most pixels accepted.
        max_pixels: u64,
    },
    /// The file has more bytes than are read here.
    FileTooLarge {
        /// Its length.
        bytes: u64,
        /// The most bytes accepted.
        max_input_bytes: u64,
    },
    /// Decoding would take more memory than is granted.
    TooMuchMemory {
        /// The bytes it would take, at least.
        needed: u64,
        /// The most bytes granted.
        max_alloc: u64,
    },
    /// Pixels were given whose number does not fit the size that was given with them.
    WrongLength {
        /// The bytes that size takes.
        expected: u64,
        /// The bytes that were given.
        found: u64,
    },
    /// A mask whose image is of another aspect ratio than the one it belongs to.
    MaskOfAnotherRatio {
        /// The upright size of the mask.
        mask: Size,
        /// The upright size of its image.
        picture: Size,
    },
    /// The image cannot be encoded in as few bytes as were asked for.
    DoesNotFit {
        /// The fewest bytes that were reached.
        bytes: u64,
        /// The most bytes that were allowed.
        max_bytes: u64,
    },
    /// No size can be given for what was asked: a side is zero, or the bounds hold no size.
    NoSuchSize(String),
    /// The image cannot be encoded, for example because a side is longer than the format allows.
    Encode(Source),
}

impl fmt::Display for PrepareErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(_) => f.write_str("cannot be read"),
            Self::Empty => f.write_str("is empty; give a JPEG, PNG or WebP file"),
            Self::NotAnImage => f.write_str("is not an image; give a JPEG, PNG or WebP file"),
            Self::Unsupported { what } => {
                write!(f, "{what} is not supported; export it as JPEG or PNG")
            }
            Self::Damaged { format, .. } => {
                write!(
                    f,
                    "the {format} data is damaged or breaks off; get an intact copy"
                )
            }
            Self::DecoderFailed { format, .. } => write!(
                f,
                "the {format} decoder failed on this file; open it with another program and export it as JPEG or PNG"
            ),
            Self::TooLarge { size, max_pixels } => {
                let pixels = size.area();
                write!(
                    f,
                    "{size} is {pixels} pixels, more than the {max_pixels} accepted; scale it down first"
                )
            }
            Self::FileTooLarge {
                bytes,
                max_input_bytes,
            } => write!(
                f,
                "the file has {bytes} bytes, more than the {max_input_bytes} accepted; raise the limit if it is meant"
            ),
            Self::TooMuchMemory { needed, max_alloc } => write!(
                f,
                "decoding takes at least {needed} bytes of memory, more than the {max_alloc} granted; scale the picture down first"
            ),
            Self::WrongLength { expected, found } => {
                write!(
                    f,
                    "{found} bytes of pixels were given where the size takes {expected}"
                )
            }
            Self::MaskOfAnotherRatio { mask, picture } => write!(
                f,
                "the mask is {mask} and its picture {picture}; a mask must have the aspect ratio of its picture"
            ),
            Self::DoesNotFit { bytes, max_bytes } => write!(
                f,
                "cannot be encoded in {max_bytes} bytes, {bytes} is the least; allow more bytes, a smaller size, or ask for jpg"
            ),
            Self::NoSuchSize(why) => f.write_str(why),
            Self::Encode(_) => f.write_str("the image cannot be encoded"),
        }
    }
}

impl From<GeometryError> for PrepareErrorKind {
    fn from(error: GeometryError) -> Self {
        Self::NoSuchSize(match error {
            GeometryError::Empty => String::from("a side of zero pixels was asked for"),
            GeometryError::NoAllowedSize(bounds) => format!(
                "no size is at least {}, at most {}, a multiple of {} and keeps to the other bounds; ask for a larger one or an exact one",
                bounds.min, bounds.max, bounds.multiple
            ),
        })
    }
}
