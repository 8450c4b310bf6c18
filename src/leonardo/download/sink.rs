//! Writes the body of a download to a file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::DownloadError;
use super::format::Format;
use crate::atomic_file::AtomicFile;
use crate::cancel::CancelToken;
use crate::error::FileError;
use crate::leonardo::Error;

/// The file that a download is written to.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    File(&'a Path),
    /// A file in this folder with this name and the extension of its format.
    Folder(&'a Path, &'a str),
}

impl Target<'_> {
    fn path(self, format: Format) -> PathBuf {
        match self {
            Self::File(path) => path.into(),
            Self::Folder(folder, name) => folder.join(format!("{name}.{}", format.extension())),
        }
    }
}

/// Creates the file as soon as the first bytes determine its format.
pub(super) struct Sink<'a> {
    target: Target<'a>,
    max_bytes: u64,
    cancel_token: &'a CancelToken,
    head: Vec<u8>,
    bytes: u64,
    open: Option<Open<'a>>,
    /// The error that a transport sees as an I/O error.
    pub failed: Option<Error>,
}

struct Open<'a> {
    file: AtomicFile<'a>,
    path: PathBuf,
    format: Format,
}

/// A file that was written completely.
pub(super) struct Written {
    pub path: PathBuf,
    pub bytes: u64,
    pub format: Format,
}

impl<'a> Sink<'a> {
    pub fn new(target: Target<'a>, max_bytes: u64, cancel_token: &'a CancelToken) -> Self {
        Self {
            target,
            max_bytes,
            cancel_token,
            head: Vec::new(),
            bytes: 0,
            open: None,
            failed: None,
        }
    }

    /// Whether bytes were written to a device or a FIFO, so that another attempt would write them again.
    pub fn is_final(&self) -> bool {
        let open = self.open.as_ref();
        open.is_some_and(|open| open.file.is_direct())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.cancel_token.is_cancelled() {
            return Err(Error::Cancelled);
        }
        self.bytes += bytes.len() as u64;
        if self.bytes > self.max_bytes {
            let max_bytes = self.max_bytes;
            return Err(DownloadError::TooLarge { max_bytes }.into());
        }
        match &mut self.open {
            Some(open) => {
                let written = open.file.write_all(bytes);
                written.map_err(|error| FileError::write(&open.path, error).into())
            }
            None => {
                self.head.extend_from_slice(bytes);
                if self.head.len() >= Format::HEAD {
                    self.open = Some(self.open()?);
                }
                Ok(())
            }
        }
    }

    fn open(&self) -> Result<Open<'a>, Error> {
        let format = Format::recognize(&self.head).ok_or(DownloadError::ContentType)?;
        let path = self.target.path(format);
        let created = AtomicFile::create(&path, Some(self.cancel_token));
        let mut file = created.map_err(|error| FileError::write(&path, error))?;
        let written = file.write_all(&self.head);
        written.map_err(|error| FileError::write(&path, error))?;
        Ok(Open { file, path, format })
    }

    /// Keeps the file. If only the end of the connection marked the end of the response, the content determines whether it
    /// is complete.
    pub fn finish(mut self, is_length_known: bool) -> Result<Written, Error> {
        let open = match self.open.take() {
            Some(open) => open,
            None => self.open()?,
        };
        let Open { file, path, format } = open;
        if !file.is_direct() {
            if !is_length_known {
                let complete = format.is_complete(file.as_file(), self.bytes);
                if !complete.map_err(|error| FileError::write(&path, error))? {
                    return Err(DownloadError::Incomplete.into());
                }
            }
            let synced = file.as_file().sync_all();
            synced.map_err(|error| FileError::write(&path, error))?;
        }
        file.commit()
            .map_err(|error| FileError::write(&path, error))?;
        Ok(Written {
            path,
            bytes: self.bytes,
            format,
        })
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.take(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => {
                self.failed = Some(error);
                Err(io::Error::other("the download cannot be written"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
