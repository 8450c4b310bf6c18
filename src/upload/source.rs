//! What is uploaded: an image, a file or bytes, with its names and its content type.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::detect;
use super::presigned::PresignedRef;
use crate::error::{Error, FileError};
use crate::multipart::{Content, FileContent};
use crate::prepare::PreparedImage;
use crate::presigned::content_type;
use crate::text::ascii_file_name;

/// The type of what is not known to be anything else.
const UNKNOWN: &str = "application/octet-stream";

/// The file to upload.
pub(super) struct Source<'a> {
    pub names: FileNames,
    pub content_type: String,
    pub content: Content<'a>,
}

/// Names of the file in a multipart body.
pub(super) struct FileNames {
    /// The local name of the file.
    pub own: String,
    /// A name that reveals nothing about the file.
    pub plain: String,
}

impl<'a> Source<'a> {
    pub fn from_image(image: &'a PreparedImage) -> Self {
        Self {
            names: FileNames {
                own: image.file_name(),
                plain: format!("image.{}", image.extension()),
            },
            content_type: image.extension().content_type().into(),
            content: image.bytes().into(),
        }
    }

    /// The file at `path`, which is read when it is sent.
    pub fn from_file(
        presigned: PresignedRef<'_>,
        path: &Path,
        content_type: Option<&str>,
    ) -> Result<Self, Error> {
        let file_error = |error: io::Error| FileError::read(path, error);
        let metadata = std::fs::metadata(path).map_err(file_error)?;
        if !metadata.is_file() {
            return Err(file_error(io::Error::other("is not a file")).into());
        }
        let content_type = choose(presigned, content_type, || {
            let mut head = Vec::new();
            let file = File::open(path).map_err(file_error)?;
            let mut file = file.take(detect::HEAD);
            file.read_to_end(&mut head).map_err(file_error)?;
            Ok::<_, FileError>(detect::content_type(&head, path))
        })?;
        Ok(Self {
            names: FileNames::of(path),
            content_type,
            content: Content::File(FileContent::new(path, &metadata)),
        })
    }

    pub fn from_bytes(
        presigned: PresignedRef<'_>,
        bytes: &'a [u8],
        name: &Path,
        content_type: Option<&str>,
    ) -> Self {
        let detect = || Ok::<_, Infallible>(detect::content_type(bytes, name));
        let Ok(content_type) = choose(presigned, content_type, detect);
        Self {
            names: FileNames::of(name),
            content_type,
            content: bytes.into(),
        }
    }
}

impl FileNames {
    fn of(path: &Path) -> Self {
        Self {
            own: ascii_file_name(path),
            plain: String::from("file"),
        }
    }
}

/// The content type to send a file with: the given one, or what its form or URL and its content say.
fn choose<E>(
    presigned: PresignedRef<'_>,
    given: Option<&str>,
    detect: impl FnOnce() -> Result<Option<&'static str>, E>,
) -> Result<String, E> {
    if let Some(given) = given {
        return Ok(given.into());
    }
    let chosen = content_type::for_file(presigned.content_type(), detect)?;
    Ok(chosen.unwrap_or(UNKNOWN).into())
}
