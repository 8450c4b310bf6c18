//! The result of preparation.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use super::mask::MaskOptions;
use super::plan::Plan;
use crate::atomic_file::AtomicFile;
use crate::cancel::CancelToken;
use crate::extension::Extension;
use crate::geometry::Size;

/// An image that is ready for upload: encoded bytes, their format and their size.
#[derive(Clone, PartialEq)]
pub struct PreparedImage {
    pub(super) bytes: Vec<u8>,
    pub(super) extension: Extension,
    pub(super) size: Size,
    pub(super) plan: Plan,
    pub(super) unchanged: bool,
    pub(super) stem: String,
}

impl PreparedImage {
    /// The source file, which already matches the options.
    pub(super) fn unchanged(bytes: Cow<'_, [u8]>, extension: Extension, plan: Plan) -> Self {
        Self {
            bytes: bytes.into_owned(),
            extension,
            size: plan.size(),
            plan,
            unchanged: true,
            stem: String::new(),
        }
    }

    /// The encoded file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The encoded file, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The extension of the format.
    pub fn extension(&self) -> Extension {
        self.extension
    }

    /// The size in pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The size in pixels of the upright source image.
    pub fn source_size(&self) -> Size {
        self.plan.source_size()
    }

    /// What was done to the image: the crop and the scaling.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether the bytes are those of the source file, because it already matched the options.
    pub fn is_unchanged(&self) -> bool {
        self.unchanged
    }

    /// Options to prepare a mask of this image, with the same crop and the same size.
    pub fn mask_options(&self) -> MaskOptions {
        MaskOptions::new(self.plan)
    }

    /// A file name: the name of the source file, or `image`, in ASCII and with the extension of the format.
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.stem, self.extension)
    }

    /// Writes the encoded file to `path`. The extension of `path` is not checked.
    ///
    /// The bytes are written to a temporary file in the same folder, which then replaces `path`, so that `path` never has
    /// a part of the new content only. A symbolic link is followed, and an existing file keeps its mode. A device or a
    /// FIFO is written to directly.
    ///
    /// # Errors
    ///
    /// `path` cannot be written. It keeps its old content, and the temporary file is removed.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.save_to(path.as_ref(), None)
    }

    /// As [`save`](Self::save), until `cancel_token` is cancelled. Cancellation removes the temporary file immediately, so
    /// that a signal handler may cancel and exit.
    ///
    /// # Errors
    ///
    /// As `save`, and if the token is cancelled first.
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
