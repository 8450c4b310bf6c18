//! Why a file cannot be decoded, and where.

use std::{fmt, io};

/// Why a file cannot be decoded. A position is an offset in bytes from the start of the file; inside entropy-coded data
/// it may be a few bytes too high.
#[derive(Debug)]
pub(crate) enum Error {
    /// The reader failed.
    Read(io::Error),
    /// The file ends before its image does, with or without an end-of-image marker.
    Truncated {
        /// Where the data ends.
        position: u64,
    },
    /// The file contradicts the format.
    Damaged {
        /// What is wrong, a clause.
        reason: &'static str,
        /// Where it is wrong.
        position: u64,
    },
    /// The file uses a part of the format that this decoder does not have.
    Unsupported {
        /// What is missing, a noun phrase.
        feature: &'static str,
        /// Where it is used.
        position: u64,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(_) => write!(f, "the JPEG cannot be read"),
            Self::Truncated { position } => {
                write!(
                    f,
                    "the JPEG is truncated: its image data ends at byte {position}"
                )
            }
            Self::Damaged { reason, position } => {
                write!(f, "the JPEG is damaged at byte {position}: {reason}")
            }
            Self::Unsupported { feature, position } => {
                write!(f, "{feature} is not supported (byte {position})")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            _ => None,
        }
    }
}
