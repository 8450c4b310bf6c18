//! The sources of an image: a file, its bytes, or pixels in memory. Each is checked against the limits here.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use image::DynamicImage;
use image::metadata::Orientation;

use super::color::ColorSpace;
use super::decode::Decoded;
use super::error::{PrepareError, PrepareErrorKind};
use super::format::{Format, HEAD};
use super::limits::Limits;
use super::raster::{Color, Raster};
use crate::geometry::Size;
use crate::text::ascii_name;

/// An image to prepare, and where it comes from.
pub(super) struct Input<'a> {
    pub content: Content<'a>,
    pub origin: Origin,
}

pub(super) enum Content<'a> {
    File(RegularFile),
    Bytes(Cow<'a, [u8]>),
    Pixels(Raster),
}

/// The file of an image, if it comes from one.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    path: Option<PathBuf>,
}

impl Origin {
    /// The name of the image without its extension, in ASCII.
    pub fn stem(&self) -> String {
        let stem = self.path.as_ref().and_then(|path| path.file_stem());
        stem.map_or_else(
            || String::from("image"),
            |stem| ascii_name(&stem.to_string_lossy()),
        )
    }

    /// `kind` as an error about this file.
    pub fn error(self, kind: PrepareErrorKind) -> PrepareError {
        PrepareError::new(kind, self.path)
    }
}

impl<'a> Input<'a> {
    /// Opens the file at `path`. A file that is not regular, such as a pipe, can be read only once and is read here.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, PrepareError> {
        let path_buf = Some(path.to_path_buf());
        Self::new(Origin { path: path_buf }, Content::open(path, limits))
    }

    /// The content of a file.
    pub fn from_bytes(bytes: &'a [u8], limits: Limits) -> Result<Self, PrepareError> {
        let checked = limits.check_input(bytes.len() as u64);
        let content = checked.map(|()| Content::Bytes(bytes.into()));
        Self::new(Origin::default(), content)
    }

    /// Pixels of red, green, blue and alpha, row by row from the top.
    pub fn from_rgba8(size: Size, pixels: &[u8], limits: Limits) -> Result<Self, PrepareError> {
        let (expected, found) = (size.area().saturating_mul(4), pixels.len() as u64);
        let checked = if found == expected {
            limits.check_pixels(size)
        } else {
            Err(PrepareErrorKind::WrongLength { expected, found })
        };
        let content = checked.map(|()| {
            let raster = Raster::new(size, pixels.to_vec(), Color::Rgba);
            Content::Pixels(raster.without_useless_alpha())
        });
        Self::new(Origin::default(), content)
    }

    pub fn from_image(image: DynamicImage, limits: Limits) -> Result<Self, PrepareError> {
        let checked = limits.check_pixels(Size::new(image.width(), image.height()));
        let content = checked.map(|()| Content::Pixels(Raster::from_image(image)));
        Self::new(Origin::default(), content)
    }

    fn new(
        origin: Origin,
        content: Result<Content<'a>, PrepareErrorKind>,
    ) -> Result<Self, PrepareError> {
        match content {
            Ok(content) => Ok(Self { content, origin }),
            Err(kind) => Err(origin.error(kind)),
        }
    }
}

impl Content<'_> {
    fn open(path: &Path, limits: Limits) -> Result<Self, PrepareErrorKind> {
        let file = File::open(path).map_err(PrepareErrorKind::Read)?;
        let metadata = file.metadata().map_err(PrepareErrorKind::Read)?;
        let length = metadata.len();
        // Files that the system generates, as in /proc, are regular and have no length.
        if metadata.is_file() && length > 0 {
            limits.check_input(length)?;
            return Ok(Self::File(RegularFile { file, length }));
        }
        read_stream(file, limits).map(|bytes| Self::Bytes(bytes.into()))
    }
}

impl Decoded {
    /// Pixels that are upright and in sRGB.
    pub fn from_pixels(raster: Raster) -> Self {
        Self {
            stored: raster.size,
            orientation: Orientation::NoTransforms,
            color_space: ColorSpace::Srgb,
            reduction: 1,
            raster,
        }
    }
}

/// Reads a stream of unknown length up to the limit, and no further than its head if that is not an image's.
fn read_stream(stream: impl Read, limits: Limits) -> Result<Vec<u8>, PrepareErrorKind> {
    // One byte beyond the limit shows that the stream is too long.
    let mut stream = stream.take(limits.max_input_bytes.saturating_add(1));
    let mut bytes = Vec::new();
    let head = stream.by_ref().take(HEAD).read_to_end(&mut bytes);
    head.map_err(PrepareErrorKind::Read)?;
    Format::recognize(&bytes)?;
    let rest = stream.read_to_end(&mut bytes);
    rest.map_err(PrepareErrorKind::Read)?;
    limits.check_input(bytes.len() as u64)?;
    Ok(bytes)
}

/// A file that can be read more than once. It ends where it ended when its length was checked.
pub(super) struct RegularFile {
    file: File,
    length: u64,
}

impl RegularFile {
    /// Reads the file from its beginning. Use one reader at a time: they share the file's position.
    pub fn reader(&self) -> io::Result<RegularFileReader<'_>> {
        (&self.file).rewind()?;
        Ok(RegularFileReader {
            file: &self.file,
            length: self.length,
            position: 0,
        })
    }

    /// The first bytes of the file, from which its format is detected.
    pub fn head(&self) -> Result<Vec<u8>, PrepareErrorKind> {
        let mut head = Vec::new();
        let reader = self.reader();
        let read = reader.and_then(|reader| reader.take(HEAD).read_to_end(&mut head));
        read.map_err(PrepareErrorKind::Read)?;
        Ok(head)
    }

    pub fn read_all(&self) -> Result<Vec<u8>, PrepareErrorKind> {
        let read = || {
            let mut bytes = Vec::new();
            let length = usize::try_from(self.length).unwrap_or(usize::MAX);
            let reserved = bytes.try_reserve_exact(length);
            reserved.map_err(|_| io::ErrorKind::OutOfMemory)?;
            self.reader()?.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(PrepareErrorKind::Read)
    }
}

/// Ends where the file ended when it was opened, so that a growing file cannot exceed the limit.
pub(super) struct RegularFileReader<'a> {
    file: &'a File,
    length: u64,
    position: u64,
}

impl Read for RegularFileReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.position);
        let read = self.file.take(left).read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for RegularFileReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        let to = to.ok_or(io::ErrorKind::InvalidInput)?;
        self.position = self.file.seek(SeekFrom::Start(to))?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    #[test]
    fn file_that_grows_ends_where_it_ended() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let regular = RegularFile { file, length: 6 };
        assert_eq!(regular.read_all().unwrap(), b"012345");
        let mut reader = regular.reader().unwrap();
        let mut read_from = |to| {
            let at = reader.seek(to).unwrap();
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            (at, String::from_utf8(read).unwrap())
        };
        assert_eq!(read_from(SeekFrom::Start(4)), (4, "45".into()));
        assert_eq!(read_from(SeekFrom::End(-1)), (5, "5".into()));
        assert_eq!(read_from(SeekFrom::Current(-3)), (3, "345".into()));
        assert_eq!(read_from(SeekFrom::End(9)), (15, String::new()));
        assert!(reader.seek(SeekFrom::End(-7)).is_err());
        // The next reader begins at the beginning.
        assert_eq!(regular.read_all().unwrap(), b"012345");
    }

    /// A stream of one byte that counts how much of it is read.
    struct Endless<'a>(&'a mut u64, u8);

    impl Read for Endless<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(self.1);
            *self.0 += buffer.len() as u64;
            Ok(buffer.len())
        }
    }

    #[test]
    fn stream_is_read_up_to_the_limit_and_only_if_it_is_an_image() {
        let limits = Limits::default().with_max_input_bytes(5000);
        let mut read = 0;
        let error = read_stream(Endless(&mut read, 0), limits).unwrap_err();
        assert!(matches!(error, PrepareErrorKind::NotAnImage), "{error:?}");
        assert!(read <= HEAD, "{read}");

        let jpeg = Cursor::new([0xFF, 0xD8, 0xFF]);
        let error = read_stream(jpeg.clone().chain(Endless(&mut read, 0)), limits).unwrap_err();
        assert!(
            matches!(
                error,
                PrepareErrorKind::FileTooLarge {
                    bytes: 5001,
                    max_input_bytes: 5000
                }
            ),
            "{error:?}"
        );
        let whole = read_stream(jpeg.chain(Endless(&mut read, 7).take(4997)), limits);
        assert_eq!(whole.unwrap().len(), 5000);
    }
}
