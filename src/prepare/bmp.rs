//! Reads BMP.

use std::borrow::Cow;
use std::io::{BufRead, Cursor, Seek};

use image::ImageDecoder;
use image::codecs::bmp::BmpDecoder;

use super::color::ColorSpace;
use super::decode::{Decode, decode_by_image, image_error};
use super::error::PrepareErrorKind;
use super::format::Format;
use super::limits::Limits;
use super::raster::{Color, Raster};
use crate::geometry::Size;

/// A BMP whose header has been read.
pub(super) struct Bmp {
    size: Size,
}

impl Bmp {
    pub fn read_header(
        file: &mut (impl BufRead + Seek),
        limits: &Limits,
    ) -> Result<Self, PrepareErrorKind> {
        let decoder = BmpDecoder::new(file).map_err(|error| bmp_error(error, limits))?;
        let (width, height) = decoder.dimensions();
        Ok(Self {
            size: Size::new(width, height),
        })
    }
}

impl Decode for Bmp {
    fn size(&self) -> Size {
        self.size
    }

    fn memory(&self) -> u64 {
        self.size.area().saturating_mul(4)
    }

    fn decode(
        &self,
        file: &[u8],
        limits: &Limits,
    ) -> Result<(Raster, ColorSpace), PrepareErrorKind> {
        let file = with_alpha(file);
        let decoder =
            BmpDecoder::new(Cursor::new(&*file)).map_err(|error| bmp_error(error, limits))?;
        let raster = decode_by_image(Format::Bmp, decoder, limits)?;
        Ok((opaque_if_invisible(raster), ColorSpace::Srgb))
    }
}

/// Many programs leave the fourth byte of a pixel zero, whatever the header declares (image-rs/image#539). Browsers show
/// such an image as opaque.
fn opaque_if_invisible(mut raster: Raster) -> Raster {
    let pixels = raster.pixels.as_chunks_mut::<4>().0;
    if raster.color == Color::Rgba && pixels.iter().all(|pixel| pixel[3] == 0) {
        pixels.iter_mut().for_each(|pixel| pixel[3] = 255);
    }
    raster.without_useless_alpha()
}

/// The file, changed so that `image` 0.25.10 reads its alpha: of a header of version 3, 4 or 5 it uses the mask of the
/// alpha channel only if the compression is 3, "bit fields". Browsers use it for uncompressed pixels of 32 bits too. To be
/// removed with the release that contains image-rs/image#2933.
fn with_alpha(file: &[u8]) -> Cow<'_, [u8]> {
    const BIT_FIELDS: u8 = 3;
    let long = |at: usize| {
        let bytes = file.get(at..)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes))
    };
    // Offsets in the file, whose own header has 14 bytes.
    let (header_size, bits, compression, alpha_mask) = (long(14), long(26), long(30), long(66));
    let has_alpha = header_size.is_some_and(|size| size >= 56)
        && bits.is_some_and(|planes_and_bits| planes_and_bits >> 16 == 32)
        && compression == Some(0)
        && alpha_mask == Some(0xFF00_0000);
    if !has_alpha {
        return file.into();
    }
    let mut file = file.to_vec();
    file[30] = BIT_FIELDS;
    for (mask, at) in [(0x00FF_0000_u32, 54), (0x0000_FF00, 58), (0x0000_00FF, 62)] {
        file[at..at + 4].copy_from_slice(&mask.to_le_bytes());
    }
    file.into()
}

fn bmp_error(error: image::ImageError, limits: &Limits) -> PrepareErrorKind {
    image_error(Format::Bmp, error, limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two pixels of 32 bits, blue first, with a header of `header_size` bytes and an alpha mask if there is room.
    fn bmp(header_size: u32, compression: u32, pixels: [[u8; 4]; 2]) -> Vec<u8> {
        let offset = 14 + header_size;
        let mut file = b"BM".to_vec();
        for n in [offset + 8, 0, offset, header_size, 2, 1] {
            file.extend(n.to_le_bytes());
        }
        file.extend([1, 0, 32, 0]);
        for n in [compression, 8, 2835, 2835, 0, 0] {
            file.extend(n.to_le_bytes());
        }
        for mask in [0x00FF_0000_u32, 0x0000_FF00, 0x0000_00FF, 0xFF00_0000] {
            file.extend(mask.to_le_bytes());
        }
        file.resize(offset as usize, 0);
        file.extend(pixels.concat());
        file
    }

    fn decoded(file: &[u8]) -> (Vec<u8>, Color) {
        let limits = Limits::default();
        let header = Bmp::read_header(&mut Cursor::new(file), &limits).unwrap();
        let (raster, _) = header.decode(file, &limits).unwrap();
        (raster.pixels, raster.color)
    }

    #[test]
    fn alpha_of_a_long_header_is_used() {
        let pixels = [[3, 2, 1, 128], [6, 5, 4, 255]];
        let expected = (vec![1, 2, 3, 128, 4, 5, 6, 255], Color::Rgba);
        for header_size in [56, 108, 124] {
            for compression in [0, 3] {
                let found = decoded(&bmp(header_size, compression, pixels));
                assert_eq!(found, expected, "{header_size} {compression}");
            }
        }
        // A short header has no mask for alpha.
        assert_eq!(decoded(&bmp(40, 0, pixels)).1, Color::Rgb);
    }

    #[test]
    fn image_with_an_alpha_of_zero_is_opaque() {
        let expected = (vec![1, 2, 3, 4, 5, 6], Color::Rgb);
        for compression in [0, 3] {
            let file = bmp(108, compression, [[3, 2, 1, 0], [6, 5, 4, 0]]);
            assert_eq!(decoded(&file), expected);
        }
        let one = decoded(&bmp(108, 3, [[3, 2, 1, 0], [6, 5, 4, 1]]));
        assert_eq!(one.1, Color::Rgba);
    }
}
