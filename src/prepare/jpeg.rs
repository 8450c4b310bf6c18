//! Reads JPEG: at a reduced scale where that is enough, and to the end of the data or not at all.

use std::io::Seek;

use image::metadata::Orientation;
use jpeg_decoder::{CodingProcess, Decoder, Error, ImageInfo, PixelFormat};

use super::block_reader::BlockReader;
use super::codec::{damaged, unsupported};
use super::error::PrepareErrorKind;
use super::exif;
use super::limits::Limits;
use super::metadata::JpegSegments;
use super::raster::{Color, Raster};
use crate::geometry::Size;

/// A progressive file has some ten scans. Each goes over the whole image, and can be made of a few bytes.
const MAX_SCANS: usize = 500;

/// A JPEG whose header has been read.
pub(super) struct Jpeg<'a> {
    decoder: Box<Decoder<BlockReader<'a>>>,
    info: ImageInfo,
    orientation: Orientation,
}

impl<'a> Jpeg<'a> {
    pub fn read_header(mut reader: BlockReader<'a>) -> Result<Self, PrepareErrorKind> {
        let orientation = exif::orientation_of_jpeg(&mut reader).map_err(PrepareErrorKind::Read)?;
        reader.rewind().map_err(PrepareErrorKind::Read)?;
        let mut decoder = Box::new(Decoder::new(reader));
        decoder.read_info().map_err(error)?;
        let info = decoder
            .info()
            .ok_or_else(|| unsupported("a JPEG without a frame"))?;
        // What jpeg-decoder makes of lossless frames is wrong.
        if info.coding_process == CodingProcess::Lossless || info.pixel_format == PixelFormat::L16 {
            return Err(unsupported("lossless or 12-bit JPEG"));
        }
        Ok(Self {
            decoder,
            info,
            orientation: orientation.unwrap_or(Orientation::NoTransforms),
        })
    }

    pub fn size(&self) -> Size {
        Size::new(self.info.width.into(), self.info.height.into())
    }

    pub fn is_progressive(&self) -> bool {
        self.info.coding_process == CodingProcess::DctProgressive
    }

    pub fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// Refuses a file of so many scans that only going over them would take minutes.
    pub fn check_scans(&self, bytes: &[u8]) -> Result<(), PrepareErrorKind> {
        if !self.is_progressive() {
            return Ok(());
        }
        let scans = JpegSegments::new(bytes).filter(|segment| segment.marker == 0xDA);
        if scans.count() > MAX_SCANS {
            Err(unsupported(format!(
                "a JPEG of more than {MAX_SCANS} scans"
            )))
        } else {
            Ok(())
        }
    }

    /// Checks the memory that decoding at 1/`by` of the size takes.
    pub fn check_alloc(&self, by: u32, limits: &Limits) -> Result<(), PrepareErrorKind> {
        limits.check_alloc(self.memory(self.reduced(by), self.color()))
    }

    /// Rounded up.
    fn reduced(&self, by: u32) -> Size {
        let Size { width, height } = self.size();
        Size::new(width.div_ceil(by), height.div_ceil(by))
    }

    fn color(&self) -> Color {
        match self.info.pixel_format {
            PixelFormat::L8 | PixelFormat::L16 => Color::Gray,
            PixelFormat::RGB24 => Color::Rgb,
            PixelFormat::CMYK32 => Color::Cmyk,
        }
    }

    /// The pixels at 1/`by` of the size, rounded up, and the embedded profile. `by` is 1, 2, 4 or 8; `bytes` is the
    /// file.
    pub fn decode(
        mut self,
        by: u32,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<(Raster, Option<Vec<u8>>), PrepareErrorKind> {
        self.check_alloc(by, limits)?;
        let (size, color) = (self.reduced(by), self.color());
        if let Some(raster) = by_turbo(bytes, size, by, color) {
            return Ok((raster, self.decoder.icc_profile()));
        }
        if by > 1 {
            // The sides of a JPEG are 16-bit numbers, so nothing is lost here.
            let (width, height) = (size.width as u16, size.height as u16);
            let scaled = self.decoder.scale(width, height).map_err(error)?;
            debug_assert_eq!(scaled, (width, height));
        }
        let pixels = self.decoder.decode().map_err(error)?;
        Ok((Raster::new(size, pixels, color), self.decoder.icc_profile()))
    }

    /// An upper bound: the samples once by component and once interleaved, and for a progressive file the
    /// coefficients of the whole, two bytes each.
    fn memory(&self, size: Size, color: Color) -> u64 {
        let channels = color.channels() as u64;
        let samples = 2 * size.area() * channels;
        if self.is_progressive() {
            samples + 2 * self.size().area() * channels
        } else {
            samples
        }
    }
}

#[cfg(feature = "turbo")]
fn by_turbo(bytes: &[u8], size: Size, by: u32, color: Color) -> Option<Raster> {
    super::turbo::decode(bytes, size, by, color)
        .inspect_err(|error| log::debug!("decoded without libjpeg-turbo: {error}"))
        .ok()
}

#[cfg(not(feature = "turbo"))]
fn by_turbo(_: &[u8], _: Size, _: u32, _: Color) -> Option<Raster> {
    None
}

fn error(error: Error) -> PrepareErrorKind {
    match error {
        Error::Unsupported(feature) => unsupported(format!("JPEG with {feature:?}")),
        other => damaged("JPEG", other),
    }
}
