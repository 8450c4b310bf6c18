//! What preparation gives.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use super::mask::MaskOptions;
use super::plan::Plan;
use crate::atomic_file::AtomicFile;
use crate::cancel::CancelToken;
use crate::extension::Extension;
use crate::geometry::Size;

/// An image ready to be posted: encoded bytes that are what their extension says.
#[derive(Clone, PartialEq, Eq)]
pub struct PreparedImage {
    pub(super) bytes: Vec<u8>,
    pub(super) extension: Extension,
    pub(super) size: Size,
    pub(super) plan: Plan,
    pub(super) unchanged: bool,
    pub(super) stem: String,
}

impl PreparedImage {
    /// The encoded file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The encoded file, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The extension to declare for it.
    pub fn extension(&self) -> Extension {
        self.extension
    }

    /// Its size in pixels: the `width` and `height` to ask of a generation.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The size in pixels the image had when held upright, before anything was done to it.
    pub fn source_size(&self) -> Size {
        self.plan.source_size()
    }

    /// What was done to the image.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether the file already was what was asked for, and the bytes are its own.
    pub fn is_unchanged(&self) -> bool {
        self.unchanged
    }

    /// Prepares the mask of this image, for the canvas: the same part of it, at the same size.
    pub fn mask_options(&self) -> MaskOptions {
        MaskOptions::new(self.plan)
    }

    /// A name for it: the name of the file it came from, or `image`, in plain ASCII and with the right extension.
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.stem, self.extension)
    }

    /// Writes the encoded file to `path`, whatever extension that has.
    ///
    /// The bytes go to a temporary file in the same folder first, so that `path` has its old content until it has all of
    /// the new. A symbolic link is followed, and the mode of a file that exists stays the same. A device or a FIFO is
    /// written to directly.
    ///
    /// # Errors
    ///
    /// When `path` cannot be written. It has its old content then, and the temporary file is gone.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.save_to(path.as_ref(), None)
    }

    /// As [`save`](Self::save), until `cancel_token` is cancelled: that removes the temporary file at once, so that a
    /// handler of signals may cancel and exit.
    ///
    /// # Errors
    ///
    /// As `save`, and when the token is cancelled first.
    pub fn save_with(&self, path: impl AsRef<Path>, cancel_token: &CancelToken) -> io::Result<()> {
        self.save_to(path.as_ref(), Some(cancel_token))
    }

    fn save_to(&self, path: &Path, cancel_token: Option<&CancelToken>) -> io::Result<()> {
        let mut file = AtomicFile::create(path, cancel_token)?;
        file.write_all(&self.bytes)?;
        file.commit()
    }
}

impl fmt::Debug for PreparedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedImage")
            .field("extension", &self.extension)
            .field("size", &self.size)
            .field("source_size", &self.source_size())
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
