//! Reads JPEG, PNG and WebP, told apart by content, into 8-bit RGB or RGBA.

use std::io::Cursor;

use image::codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat};
use jpeg_decoder::{CodingProcess, PixelFormat};

use super::error::PrepareErrorKind;
use super::raster::Raster;
use crate::geometry::{Placement, Size};

/// Four times the largest camera sensors sold, a gigabyte once decoded.
const MAX_PIXELS: u64 = 1 << 28;

/// Refuses a size too large to be held, before anything is allocated for it.
pub(super) fn check_pixels(size: Size) -> Result<(), PrepareErrorKind> {
    match size.area() > MAX_PIXELS {
        true => Err(PrepareErrorKind::TooLarge {
            size,
            max_pixels: MAX_PIXELS,
        }),
        false => Ok(()),
    }
}

/// What [`Source::decode`] gives: the stored pixels, maybe at a reduced scale, and how to hold them upright.
pub(super) struct Decoded {
    pub raster: Raster,
    /// The size of the picture as the file stores it.
    pub stored: Size,
    pub orientation: Orientation,
    /// What the colours mean, where the file says so.
    pub icc_profile: Option<Vec<u8>>,
    /// How many pixels of the file, in each direction, one pixel of `raster` stands for: 1, 2, 4 or 8.
    pub reduction: u32,
}

/// An image whose header has been read and whose pixels have not.
pub(super) struct Source<'a> {
    decoder: Decoder<'a>,
    stored: Size,
    orientation: Orientation,
}

enum Decoder<'a> {
    /// One or three components: can be decoded at a reduced scale, and says so when data is missing.
    Jpeg(Box<jpeg_decoder::Decoder<&'a [u8]>>),
    Image(&'static str, Box<dyn ImageDecoder + 'a>),
}

impl<'a> Source<'a> {
    pub fn read_header(bytes: &'a [u8]) -> Result<Self, PrepareErrorKind> {
        if bytes.is_empty() {
            return Err(PrepareErrorKind::Empty);
        }
        let source = match image::guess_format(bytes) {
            Ok(ImageFormat::Jpeg) => Self::jpeg(bytes)?,
            Ok(ImageFormat::Png) => Self::image("PNG", PngDecoder::new(Cursor::new(bytes)))?,
            Ok(ImageFormat::WebP) => Self::image("WebP", WebPDecoder::new(Cursor::new(bytes)))?,
            Ok(other) => return Err(unsupported(format!("{other:?}").to_uppercase())),
            Err(_) if is_heic(bytes) => return Err(unsupported("HEIC")),
            Err(_) => return Err(PrepareErrorKind::NotAnImage),
        };
        check_pixels(source.upright_size())?;
        Ok(source)
    }

    fn jpeg(bytes: &'a [u8]) -> Result<Self, PrepareErrorKind> {
        let mut decoder = jpeg_decoder::Decoder::new(bytes);
        decoder.read_info().map_err(jpeg_error)?;
        let info = decoder
            .info()
            .ok_or_else(|| unsupported("a JPEG without a frame"))?;
        if info.coding_process == CodingProcess::Lossless || info.pixel_format == PixelFormat::L16 {
            return Err(unsupported("lossless JPEG"));
        }
        if info.pixel_format == PixelFormat::CMYK32 {
            if !has_end_of_image(bytes) {
                return Err(damaged("JPEG", "the end of the image is missing"));
            }
            return Self::image("JPEG", JpegDecoder::new(Cursor::new(bytes)));
        }
        let orientation = decoder.exif_data().and_then(Orientation::from_exif_chunk);
        Ok(Self {
            stored: Size::new(info.width.into(), info.height.into()),
            orientation: orientation.unwrap_or(Orientation::NoTransforms),
            decoder: Decoder::Jpeg(Box::new(decoder)),
        })
    }

    fn image(
        format: &'static str,
        decoder: Result<impl ImageDecoder + 'a, ImageError>,
    ) -> Result<Self, PrepareErrorKind> {
        let mut decoder = decoder.map_err(|error| image_error(format, error))?;
        let (width, height) = decoder.dimensions();
        Ok(Self {
            stored: Size::new(width, height),
            // A broken EXIF block is no reason to refuse a picture.
            orientation: decoder.orientation().unwrap_or(Orientation::NoTransforms),
            decoder: Decoder::Image(format, Box::new(decoder)),
        })
    }

    pub fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// The size of the picture when it is held upright.
    pub fn upright_size(&self) -> Size {
        match is_on_its_side(self.orientation) {
            true => self.stored.transposed(),
            false => self.stored,
        }
    }

    /// Decodes the pixels, a JPEG at the smallest scale from which `placement` need not enlarge.
    pub fn decode(self, placement: &Placement) -> Result<Decoded, PrepareErrorKind> {
        let (raster, icc_profile, reduction) = match self.decoder {
            Decoder::Image(format, mut decoder) => {
                // As with EXIF: a broken profile is no reason to refuse a picture.
                let icc_profile = decoder.icc_profile().unwrap_or_default();
                let image = DynamicImage::from_decoder(decoder);
                (
                    Raster::from_image(image.map_err(|e| image_error(format, e))?),
                    icc_profile,
                    1,
                )
            }
            Decoder::Jpeg(mut decoder) => {
                let crop = placement.crop.size;
                let enough = |by: &u32| {
                    crop.width >= placement.scaled.width * by
                        && crop.height >= placement.scaled.height * by
                };
                let by = [8, 4, 2].into_iter().find(enough).unwrap_or(1);
                let size = Size::new(
                    self.stored.width.div_ceil(by),
                    self.stored.height.div_ceil(by),
                );
                // The sides of a JPEG are 16-bit numbers, so nothing is lost here.
                let scaled = decoder.scale(size.width as u16, size.height as u16);
                let scaled = scaled.map_err(jpeg_error)?;
                debug_assert_eq!(scaled, (size.width as u16, size.height as u16));
                let pixels = decoder.decode().map_err(jpeg_error)?;
                let info = decoder.info().map(|info| info.pixel_format);
                (
                    Raster::from_jpeg(size, pixels, info == Some(PixelFormat::L8)),
                    decoder.icc_profile(),
                    by,
                )
            }
        };
        Ok(Decoded {
            raster,
            stored: self.stored,
            orientation: self.orientation,
            icc_profile,
            reduction,
        })
    }
}

/// Whether width and height change places when the stored picture is held upright.
pub(super) fn is_on_its_side(orientation: Orientation) -> bool {
    matches!(orientation.to_exif(), 5..=8)
}

/// Whether the major brand is one of those HEIC files bear (ISO/IEC 23008-12, annex B).
fn is_heic(bytes: &[u8]) -> bool {
    const BRANDS: [&[u8]; 5] = [b"heic", b"heix", b"hevc", b"heim", b"mif1"];
    bytes.get(4..8) == Some(b"ftyp") && bytes.get(8..12).is_some_and(|b| BRANDS.contains(&b))
}

/// Whether the scans of a JPEG are closed by an end-of-image marker. The decoder for four components fills in what
/// is missing and says nothing.
fn has_end_of_image(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xFF, marker]) = bytes.get(at..at + 2) {
        at = match marker {
            0xD9 => return true,
            0xFF => at + 1,
            0x00 | 0x01 | 0xD0..=0xD7 => at + 2,
            _ => {
                let Some(length) = bytes.get(at + 2..at + 4) else {
                    return false;
                };
                at + 2 + usize::from(u16::from_be_bytes([length[0], length[1]]))
            }
        };
        // Behind a scan's header, and behind its stuffed bytes and restart markers, lies coded data.
        if matches!(marker, 0x00 | 0xDA | 0xD0..=0xD7) {
            match bytes.get(at..).and_then(|rest| memchr::memchr(0xFF, rest)) {
                Some(skipped) => at += skipped,
                None => return false,
            }
        }
    }
    false
}

fn unsupported(what: impl Into<String>) -> PrepareErrorKind {
    PrepareErrorKind::Unsupported { what: what.into() }
}

fn damaged(
    format: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> PrepareErrorKind {
    let source = source.into();
    PrepareErrorKind::Damaged { format, source }
}

fn jpeg_error(error: jpeg_decoder::Error) -> PrepareErrorKind {
    match error {
        jpeg_decoder::Error::Unsupported(feature) => unsupported(format!("JPEG with {feature:?}")),
        other => damaged("JPEG", other),
    }
}

fn image_error(format: &'static str, error: ImageError) -> PrepareErrorKind {
    match error {
        ImageError::Unsupported(what) => unsupported(what.to_string()),
        other => damaged(format, other),
    }
}
