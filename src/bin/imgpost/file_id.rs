//! The identity of a file, however its path is written.

use std::io;
use std::path::Path;

/// The identity of a file that exists. Symbolic links are followed; on Unix, hard links to one file are the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileId(Inner);

#[cfg(unix)]
type Inner = (u64, u64);
#[cfg(not(unix))]
type Inner = std::path::PathBuf;

impl FileId {
    #[cfg(unix)]
    pub fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(path)?;
        Ok(Self((metadata.dev(), metadata.ino())))
    }

    #[cfg(not(unix))]
    pub fn of(path: &Path) -> io::Result<Self> {
        path.canonicalize().map(Self)
    }
}
