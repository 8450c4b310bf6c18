//! The error of the crate, which wraps the errors of its layers.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::prepare::PrepareError;
use crate::presigned::{PolicyError, PresignedPostError, PresignedPutError};
use crate::s3::S3Error;
use crate::transport::TransportError;

/// Why an image was not prepared or a file was not uploaded.
///
/// `{}` prints the message: what is wrong and what to do next. `{:#}` prints the message and its causes, separated by
/// colons.
///
/// ```
/// let error = imgpost::PrepareOptions::default().open("missing.jpg").unwrap_err();
/// let error = imgpost::Error::from(error);
/// println!("{error:#}");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The image could not be prepared, and nothing was sent. Use another file or other options.
    Prepare(PrepareError),
    /// The presigned form cannot be posted, and nothing was sent. Request another form, or prepare the image as its
    /// policy requires.
    PresignedPost(PresignedPostError),
    /// The storage rejected the file. [`S3Error`] has the code and the message of its response.
    Storage(Box<S3Error>),
    /// The server did not respond. Check the network, or try again later.
    Transport(TransportError),
    /// A file could not be read or written, or it changed while it was uploaded. Nothing was stored.
    File(FileError),
    /// A [`CancelToken`](crate::CancelToken) or a callback cancelled the operation.
    Cancelled,
}

impl Error {
    /// Whether the same operation may succeed a moment later. It is safe to repeat.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_retryable(),
            Self::Transport(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// Whether the presigned form has expired, so that another one is needed.
    pub fn is_expired(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_expired(),
            Self::PresignedPost(error) => error.is_expired(),
            _ => false,
        }
    }

    /// Whether the operation was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    /// The error of the layer, whose message and source are also those of this error.
    fn layer(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Prepare(error) => Some(error),
            Self::PresignedPost(error) => Some(error),
            Self::Storage(error) => Some(error),
            Self::Transport(error) => Some(error),
            Self::File(error) => Some(error),
            Self::Cancelled => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.layer() {
            Some(error) => write!(f, "{error}"),
            None => f.write_str("cancelled"),
        }?;
        write_sources_if_alternate(self, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.layer()?.source()
    }
}

/// For `{:#}`: writes the sources of an error after its message.
pub(crate) fn write_sources_if_alternate(
    error: &dyn StdError,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    if !f.alternate() {
        return Ok(());
    }
    let mut previous = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let message = error.to_string();
        // Some libraries repeat the source in the message.
        if !previous.ends_with(&message) {
            write!(f, ": {message}")?;
            previous = message;
        }
        source = error.source();
    }
    Ok(())
}

macro_rules! from {
    ($($layer:ty => $variant:expr;)*) => {$(
        impl From<$layer> for Error {
            fn from(error: $layer) -> Self {
                $variant(error.into())
            }
        }
    )*};
}

from! {
    PrepareError => Error::Prepare;
    PresignedPostError => Error::PresignedPost;
    PolicyError => Error::PresignedPost;
    PresignedPutError => Error::PresignedPost;
    S3Error => Error::Storage;
    TransportError => Error::Transport;
    FileError => Error::File;
}

/// A file that could not be read or written. The cause is its [`source`](StdError::source).
#[derive(Debug)]
pub struct FileError {
    operation: FileOperation,
    path: PathBuf,
    source: io::Error,
}

/// What failed with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileOperation {
    /// The file could not be opened or read, or it changed while it was read.
    Read,
    /// The file could not be created or written.
    Write,
}

impl FileError {
    pub(crate) fn read(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self {
            operation: FileOperation::Read,
            path: path.into(),
            source,
        }
    }

    pub(crate) fn write(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self {
            operation: FileOperation::Write,
            path: path.into(),
            source,
        }
    }

    /// Whether reading or writing failed.
    pub fn operation(&self) -> FileOperation {
        self.operation
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The cause, as the operating system reported it.
    pub fn io_error(&self) -> &io::Error {
        &self.source
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = match self.operation {
            FileOperation::Read => "read",
            FileOperation::Write => "write",
        };
        write!(f, "cannot {operation} {}", self.path.display())
    }
}

impl StdError for FileError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::TransportErrorKind;

    #[test]
    fn error_is_small_enough_to_be_returned_everywhere() {
        assert!(size_of::<Error>() <= 72, "{}", size_of::<Error>());
    }

    #[test]
    fn alternate_format_appends_the_causes() {
        let error: Error = FileError::read("a.mp4", io::Error::other("it is locked")).into();
        assert_eq!(error.to_string(), "cannot read a.mp4");
        assert_eq!(format!("{error:#}"), "cannot read a.mp4: it is locked");
        let error: Error = FileError::write("b.jpg", io::Error::other("the disk is full")).into();
        assert_eq!(format!("{error:#}"), "cannot write b.jpg: the disk is full");
        assert_eq!(format!("{:#}", Error::Cancelled), "cancelled");
    }

    #[test]
    fn no_message_contains_its_source() {
        let kind = TransportErrorKind::Connect;
        let transport = TransportError::new(kind, "https://example.com/", "connection refused");
        let decoder = crate::PrepareOptions::default().prepare_bytes(b"\xFF\xD8\xFF\xD9");
        let missing = crate::PrepareOptions::default().open("missing.jpg");
        let errors: [Error; 4] = [
            transport.into(),
            decoder.unwrap_err().into(),
            missing.unwrap_err().into(),
            FileError::read("a.mp4", io::Error::other("it is locked")).into(),
        ];
        for error in errors {
            let message = error.to_string();
            let source = error
                .source()
                .expect("each of them has a cause")
                .to_string();
            assert!(!message.contains(&source), "{message}: {source}");
            assert_eq!(format!("{error:#}"), format!("{message}: {source}"));
        }
    }

    #[derive(Debug)]
    struct Repeats(&'static str, Option<Box<Repeats>>);

    impl fmt::Display for Repeats {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl StdError for Repeats {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            let source = self.1.as_ref()?;
            Some(source.as_ref())
        }
    }

    #[test]
    fn source_that_a_library_repeats_is_printed_once() {
        let refused = Repeats("connection refused", None);
        let cause = Repeats("no route: connection refused", Some(refused.into()));
        let kind = TransportErrorKind::Connect;
        let error: Error = TransportError::new(kind, "https://example.com/", cause).into();
        assert_eq!(
            format!("{error:#}"),
            format!("{error}: no route: connection refused")
        );
    }
}
