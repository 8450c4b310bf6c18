//! The content of the file part: bytes in memory, or a file that is read when its turn comes.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What the file part holds.
#[derive(Clone)]
pub(crate) enum Content<'a> {
    Bytes(Cow<'a, [u8]>),
    /// The file at `path`, which had `length` bytes when it was looked at.
    File {
        path: PathBuf,
        length: u64,
    },
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
            Self::File { length, .. } => *length,
        }
    }

    /// Whether `text` is known to occur in it. A file is not searched: it may be of any size, and 128 random bits
    /// occur in none that was there before they were drawn.
    pub fn contains(&self, text: &[u8]) -> bool {
        match self {
            Self::Bytes(bytes) => memchr::memmem::find(bytes, text).is_some(),
            Self::File { .. } => false,
        }
    }

    pub(super) fn reader(&self) -> ContentReader<'_> {
        match self {
            Self::Bytes(bytes) => ContentReader::Bytes(bytes),
            Self::File { path, length } => ContentReader::File {
                path,
                file: None,
                left: *length,
            },
        }
    }
}

/// Reads a content from its beginning.
pub(super) enum ContentReader<'a> {
    Bytes(&'a [u8]),
    File {
        path: &'a Path,
        file: Option<File>,
        left: u64,
    },
}

impl Read for ContentReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Bytes(bytes) => bytes.read(buffer),
            Self::File { path, file, left } => {
                let file = match file {
                    Some(file) => file,
                    None => file.insert(File::open(*path)?),
                };
                read_file(file, left, buffer)
                    .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display())))
            }
        }
    }
}

/// A file that changes its length while it is read would not be what was announced.
fn read_file(file: &mut File, left: &mut u64, buffer: &mut [u8]) -> io::Result<usize> {
    if buffer.is_empty() {
        return Ok(0);
    }
    let limit = buffer
        .len()
        .min(usize::try_from(*left).unwrap_or(usize::MAX));
    let read = match limit {
        0 => return end_of_file(file),
        limit => file.read(&mut buffer[..limit])?,
    };
    if read == 0 {
        let why = "it has become shorter while it was read";
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
    }
    *left -= read as u64;
    if *left == 0 {
        end_of_file(file)?;
    }
    Ok(read)
}

fn end_of_file(file: &mut File) -> io::Result<usize> {
    match file.read(&mut [0])? {
        0 => Ok(0),
        _ => {
            let why = "it has become longer while it was read";
            Err(io::Error::new(io::ErrorKind::InvalidData, why))
        }
    }
}
