//! Prepares JPEG: rows go from the file through the decoder and the resampler, so that the whole image is never in memory.

mod planes;
mod reduction;
mod upright;
mod writer;

use std::convert::Infallible;
use std::io::Read;

use image::metadata::Orientation;

use super::codec::{damaged, unsupported};
use super::color::ColorSpace;
use super::error::PrepareErrorKind;
use super::exif;
use super::raster::{Color, Raster};
use super::resample::{Kernel, Resampler};
use crate::geometry::Size;
use crate::jpeg::{ColorModel, Decoder, Divisor, Error, PixelRows, Reduction};

pub(super) use reduction::reduction;
pub(super) use writer::{JpegSettings, JpegWriter};

/// What is left to do for pixels that nobody needs.
const LEAST: [Reduction; 4] = [Reduction::by(Divisor::Eight); 4];

/// A JPEG whose header has been read.
pub(super) struct Jpeg<'a> {
    decoder: Decoder<Box<dyn Read + 'a>>,
}

impl<'a> Jpeg<'a> {
    pub fn read_header(reader: Box<dyn Read + 'a>) -> Result<Self, PrepareErrorKind> {
        let decoder = Decoder::new(reader).map_err(error)?;
        Ok(Self { decoder })
    }

    /// The size of the stored pixels.
    pub fn size(&self) -> Size {
        let header = self.decoder.header();
        Size::new(header.width.into(), header.height.into())
    }

    pub fn orientation(&self) -> Orientation {
        let mut blocks = self.decoder.header().exif.iter();
        // A damaged EXIF block is no reason to reject an image, and the next one may be intact.
        let orientation = blocks.find_map(|block| exif::orientation(block));
        orientation.unwrap_or(Orientation::NoTransforms)
    }

    pub fn color_space(&self) -> ColorSpace {
        ColorSpace::of_profile(self.decoder.header().icc_profile.clone())
    }

    /// Whether the file has metadata, of which it has to be freed. Even without, there may be more further on.
    pub fn has_metadata(&self) -> bool {
        let header = self.decoder.header();
        !header.exif.is_empty() || header.icc_profile.is_some()
    }

    fn color(&self) -> Color {
        match self.decoder.header().color {
            ColorModel::Gray => Color::Gray,
            ColorModel::YCbCr | ColorModel::Rgb => Color::Rgb,
            ColorModel::Cmyk { .. } | ColorModel::Ycck { .. } => Color::Cmyk,
        }
    }

    /// The most memory that decoding at 1/`by` of the size allocates, in bytes, without the pixels.
    pub fn memory(&self, by: Divisor) -> u64 {
        let reductions = self.decoder.header().reductions(by);
        self.decoder.memory(&reductions)
    }

    /// The bytes of the pixels at 1/`by` of the size.
    pub fn pixels(&self, by: Divisor) -> u64 {
        let Size { width, height } = self.size();
        let reduced = Size::new(width.div_ceil(by as u32), height.div_ceil(by as u32));
        reduced.area() * self.color().channels() as u64
    }

    /// All pixels at 1/`by` of the size, rounded up.
    pub fn decode(self, by: Divisor) -> Result<Raster, PrepareErrorKind> {
        let color = self.color();
        let mut rows = PixelRows::new(self.decoder, by).map_err(error)?;
        let size = size_of(&rows);
        let mut pixels = Vec::with_capacity(size.area() as usize * color.channels());
        while let Some(rows) = rows.next_rows().map_err(error)? {
            pixels.extend_from_slice(rows);
        }
        log_missing_end(rows.is_eoi_missing());
        Ok(Raster::new(size, pixels, color))
    }

    /// Resamples `crop`, which is left, top, width and height in stored pixels, to `size`.
    pub fn resample(
        self,
        crop: [f64; 4],
        size: Size,
        kernel: Kernel,
    ) -> Result<Raster, PrepareErrorKind> {
        let by = reduction(crop, size);
        let color = self.color();
        let mut rows = PixelRows::new(self.decoder, by).map_err(error)?;
        let reduced = size_of(&rows);
        let crop = crop.map(|n| n / f64::from(by as u32));
        let mut resampler = Resampler::new(reduced, crop, size, color, kernel);
        let line = reduced.width as usize * color.channels();
        let mut pixels = Vec::with_capacity(size.area() as usize * color.channels());
        // To the end of the file, even if the rest is cropped away: it may be truncated.
        while let Some(rows) = rows.next_rows().map_err(error)? {
            for row in rows.chunks_exact(line) {
                let Ok(()) = resampler.push(row, |row| {
                    pixels.extend_from_slice(row);
                    Ok::<_, Infallible>(())
                });
            }
        }
        log_missing_end(rows.is_eoi_missing());
        Ok(Raster::new(size, pixels, color))
    }

    /// The most memory that [`verify`](Self::verify) allocates, in bytes.
    pub fn memory_to_verify(&self) -> u64 {
        self.decoder.memory(&LEAST)
    }

    /// Checks that the image is complete, at the least cost.
    pub fn verify(self) -> Result<(), PrepareErrorKind> {
        let mut bands = self.decoder.start(&LEAST).map_err(error)?;
        while bands.next_band().map_err(error)?.is_some() {}
        log_missing_end(bands.is_eoi_missing());
        Ok(())
    }
}

fn size_of<R: Read>(rows: &PixelRows<R>) -> Size {
    let (width, height) = rows.size();
    Size::new(width as u32, height as u32)
}

fn log_missing_end(is_missing: bool) {
    if is_missing {
        log::warn!("the JPEG has no end-of-image marker; its image is complete");
    }
}

fn error(error: Error) -> PrepareErrorKind {
    match error {
        Error::Read(error) => PrepareErrorKind::Read(error),
        Error::Unsupported { feature, .. } => unsupported(feature),
        Error::Truncated { .. } | Error::Damaged { .. } => damaged("JPEG", error),
    }
}
