//! The ways a picture comes in: a file, its bytes, or pixels in memory.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use image::DynamicImage;
use image::metadata::Orientation;

use super::color::ColorSpace;
use super::decode::Decoded;
use super::error::{PrepareError, PrepareErrorKind};
use super::limits::Limits;
use super::prepared::PreparedImage;
use super::raster::{Color, Raster};
use crate::geometry::Size;
use crate::text::ascii_name;

pub(super) enum Input<'a> {
    File(File),
    Bytes(Cow<'a, [u8]>),
    Pixels(Raster),
}

impl<'a> Input<'a> {
    /// Opens the file at `path`, does `prepare` with it, and names the result and its errors after it.
    pub fn open(
        path: &Path,
        limits: Limits,
        prepare: impl FnOnce(Self) -> Result<PreparedImage, PrepareErrorKind>,
    ) -> Result<PreparedImage, PrepareError> {
        let prepared = open(path, limits).and_then(prepare);
        let mut image = prepared.map_err(|kind| PrepareError::new(kind, Some(path)))?;
        if let Some(stem) = path.file_stem() {
            image.stem = ascii_name(&stem.to_string_lossy());
        }
        Ok(image)
    }

    /// The content of a file.
    pub fn bytes(bytes: &'a [u8], limits: Limits) -> Result<Self, PrepareErrorKind> {
        limits.check_input(bytes.len() as u64)?;
        Ok(Self::Bytes(bytes.into()))
    }

    /// Pixels of red, green, blue and alpha, row by row from the top.
    pub fn rgba8(size: Size, pixels: &[u8]) -> Result<Self, PrepareErrorKind> {
        let (expected, found) = (size.area().saturating_mul(4), pixels.len() as u64);
        if found != expected {
            return Err(PrepareErrorKind::WrongLength { expected, found });
        }
        let raster = Raster::new(size, pixels.to_vec(), Color::Rgba);
        Ok(Self::Pixels(raster.without_useless_alpha()))
    }

    pub fn image(image: &DynamicImage) -> Self {
        Self::Pixels(Raster::from_image(image.clone()))
    }
}

impl Decoded {
    /// Pixels that are as they are to be seen, in sRGB.
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

fn open(path: &Path, limits: Limits) -> Result<Input<'static>, PrepareErrorKind> {
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    let (metadata, file) = opened.map_err(PrepareErrorKind::Read)?;
    limits.check_input(metadata.len())?;
    match metadata.is_file() {
        true => Ok(Input::File(file)),
        // A pipe cannot be read twice.
        false => read_all(file, limits).map(|bytes| Input::Bytes(bytes.into())),
    }
}

/// Reads a file from its beginning.
pub(super) fn read_all(mut file: File, limits: Limits) -> Result<Vec<u8>, PrepareErrorKind> {
    let mut bytes = Vec::new();
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    if length > 0 {
        file.rewind().map_err(PrepareErrorKind::Read)?;
        bytes.reserve_exact(length.min(limits.max_input_bytes) as usize);
    }
    // One byte more than is accepted tells that there are more: a pipe does not say its length.
    let most = limits.max_input_bytes.saturating_add(1);
    let read = file.take(most).read_to_end(&mut bytes);
    read.map_err(PrepareErrorKind::Read)?;
    limits.check_input(bytes.len() as u64)?;
    Ok(bytes)
}
