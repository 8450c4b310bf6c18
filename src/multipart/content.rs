//! The content of the file part: bytes in memory, or a file that is read while it is sent.

use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::SystemTime;

use crate::error::FileError;

/// The content of the file part.
#[derive(Clone)]
pub(crate) enum Content<'a> {
    Bytes(Cow<'a, [u8]>),
    File(FileContent),
}

/// A file that is read while it is sent.
#[derive(Clone)]
pub(crate) struct FileContent {
    path: PathBuf,
    length: u64,
    /// The version of the file when the upload began; `None` accepts any version.
    version: Option<FileVersion>,
}

impl FileContent {
    /// The file at `path`, as `metadata` describes it.
    pub fn new(path: impl Into<PathBuf>, metadata: &Metadata) -> Self {
        Self {
            path: path.into(),
            length: metadata.len(),
            version: Some(FileVersion::of(metadata)),
        }
    }

    /// The file at `path`, which has `length` bytes.
    pub fn with_length(path: impl Into<PathBuf>, length: u64) -> Self {
        Self {
            path: path.into(),
            length,
            version: None,
        }
    }
}

/// Changes if a file is replaced or written to. Writing the same number of bytes in place changes only the modification
/// time.
#[derive(Clone, PartialEq, Eq)]
struct FileVersion {
    modified: Option<SystemTime>,
    /// Device and inode.
    #[cfg(unix)]
    identity: (u64, u64),
}

impl FileVersion {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Self {
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            identity: (metadata.dev(), metadata.ino()),
        }
    }
}

impl<'a, T: Into<Cow<'a, [u8]>>> From<T> for Content<'a> {
    fn from(bytes: T) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl Content<'_> {
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(file) => file.length,
        }
    }

    /// Whether `text` occurs in bytes in memory. A file is not searched: it may be of any size, and it cannot contain 128
    /// random bits that were drawn after it was written.
    pub fn contains(&self, text: &[u8]) -> bool {
        match self {
            Self::Bytes(bytes) => memchr::memmem::find(bytes, text).is_some(),
            Self::File(_) => false,
        }
    }

    pub(super) fn reader(&self) -> ContentReader<'_> {
        match self {
            Self::Bytes(bytes) => ContentReader::Bytes(bytes),
            Self::File(content) => ContentReader::File(FileReader {
                content,
                open: None,
                left: content.length,
            }),
        }
    }
}

/// Reads the content from its beginning.
pub(super) enum ContentReader<'a> {
    Bytes(&'a [u8]),
    File(FileReader<'a>),
}

impl Read for ContentReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Bytes(bytes) => bytes.read(buffer),
            Self::File(reader) => reader.read(buffer).map_err(|error| {
                io::Error::new(error.kind(), FileError::read(&reader.content.path, error))
            }),
        }
    }
}

/// Reads a file of the declared length, which must not change until its last byte has been read.
pub(super) struct FileReader<'a> {
    content: &'a FileContent,
    open: Option<(File, FileVersion)>,
    left: u64,
}

impl Read for FileReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let (file, version) = match &mut self.open {
            Some(open) => open,
            None => self.open.insert(open(self.content)?),
        };
        let limit = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = file.read(&mut buffer[..limit])?;
        if read == 0 && limit > 0 {
            let why = "the file became shorter while it was read";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
        }
        self.left -= read as u64;
        // Checked before the last bytes are returned: without them, storage keeps nothing.
        if self.left == 0 {
            check_unchanged(file, version)?;
        }
        Ok(read)
    }
}

fn open(content: &FileContent) -> io::Result<(File, FileVersion)> {
    let file = File::open(&content.path)?;
    let version = FileVersion::of(&file.metadata()?);
    if content
        .version
        .as_ref()
        .is_some_and(|known| *known != version)
    {
        return Err(changed("the file was replaced or changed; try again"));
    }
    Ok((file, version))
}

fn check_unchanged(file: &mut File, version: &FileVersion) -> io::Result<()> {
    if file.read(&mut [0])? > 0 {
        return Err(changed("the file became longer while it was read"));
    }
    if FileVersion::of(&file.metadata()?) != *version {
        return Err(changed("the file changed while it was read"));
    }
    Ok(())
}

fn changed(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
