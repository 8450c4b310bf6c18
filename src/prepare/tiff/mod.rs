//! Reads the first image of a TIFF (revision 6.0).
//!
//! The layout is read here rather than by the crate `tiff`, whose version 0.11 panics on tiles in planes
//! (image-rs/image-tiff#403), returns garbage for predicted pixels with an extra channel (image-rs/image-tiff#390) and
//! ignores the order of bits; `image` on top of it reads no palette, and neither divides by an associated alpha
//! (image-rs/image#1743) nor uses the profile of CMYK. Decompression is the work of libraries.

mod decompress;
mod directory;
mod layout;
mod samples;
#[cfg(test)]
mod tests;

use std::io::{Cursor, Read, Seek};

use image::metadata::Orientation;

use super::codec::damaged;
use super::color::ColorSpace;
use super::decode::Decode;
use super::error::PrepareErrorKind;
use super::jpeg::Jpeg;
use super::limits::Limits;
use super::raster::{Color, Raster};
use crate::geometry::Size;
use crate::jpeg::Divisor;

use decompress::{Compression, decompress};
use directory::Directory;
use layout::{Layout, Photometric};

const STRIP_OFFSETS: u16 = 273;
const STRIP_BYTE_COUNTS: u16 = 279;
const TILE_OFFSETS: u16 = 324;
const TILE_BYTE_COUNTS: u16 = 325;
const JPEG_TABLES: u16 = 347;
const ICC_PROFILE: u16 = 34_675;

/// A TIFF whose layout has been read and is one that can be decoded.
pub(super) struct Tiff {
    layout: Layout,
}

impl Tiff {
    pub fn read_header(
        file: &mut (impl Read + Seek),
        limits: &Limits,
    ) -> Result<Self, PrepareErrorKind> {
        let directory = Directory::read(file)?;
        let layout = Layout::read(file, &directory, limits)?;
        Ok(Self { layout })
    }
}

impl Decode for Tiff {
    fn size(&self) -> Size {
        self.layout.size
    }

    fn orientation(&self) -> Orientation {
        self.layout.orientation
    }

    fn memory(&self) -> u64 {
        self.layout.memory()
    }

    fn decode(
        &self,
        file: &[u8],
        limits: &Limits,
    ) -> Result<(Raster, ColorSpace), PrepareErrorKind> {
        let layout = &self.layout;
        let mut reader = Cursor::new(file);
        let directory = Directory::read(&mut reader)?;
        let chunks = Chunks::read(file, &directory, layout, limits)?;
        let color = layout.color();
        let mut raster = Raster::new(
            layout.size,
            vec![0; layout.size.area() as usize * color.channels()],
            color,
        );
        let (across, down) = layout.chunks();
        let planes = if layout.planar { layout.samples } else { 1 };
        let mut line = Vec::new();
        for plane in 0..planes {
            let channel = layout.channel_of_plane(plane).filter(|_| layout.planar);
            if layout.planar && channel.is_none() {
                continue;
            }
            for row in 0..down {
                for column in 0..across {
                    let index = (plane as u64 * u64::from(down) + u64::from(row))
                        * u64::from(across)
                        + u64::from(column);
                    let (left, top) = (column * layout.chunk.width, row * layout.chunk.height);
                    let rows = layout.chunk.height.min(layout.size.height - top);
                    let mut pixels = chunks.pixels(index, rows, limits)?;
                    for (y, packed) in pixels.rows().enumerate() {
                        layout.unpack(packed, &mut line);
                        let y = top as usize + y;
                        layout.place(&line, channel, &mut raster, left as usize, y);
                    }
                }
            }
        }
        if layout.alpha.is_some_and(|alpha| alpha.associated) {
            raster.unpremultiply();
        }
        // A broken profile is ignored, like no profile.
        let profile = directory.bytes(&mut reader, ICC_PROFILE, limits).ok();
        let color_space = ColorSpace::of_profile(profile.flatten());
        Ok((raster.without_useless_alpha(), color_space))
    }
}

/// The strips or tiles of an image.
struct Chunks<'a> {
    file: &'a [u8],
    layout: &'a Layout,
    offsets: Vec<u32>,
    byte_counts: Vec<u32>,
    jpeg_tables: Vec<u8>,
}

/// The decompressed rows of a chunk.
struct Pixels {
    bytes: Vec<u8>,
    row_bytes: usize,
}

impl Pixels {
    fn rows(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.bytes.chunks_exact_mut(self.row_bytes)
    }
}

impl<'a> Chunks<'a> {
    fn read(
        file: &'a [u8],
        directory: &Directory,
        layout: &'a Layout,
        limits: &Limits,
    ) -> Result<Self, PrepareErrorKind> {
        let mut reader = Cursor::new(file);
        let (offsets, byte_counts) = if layout.tiled {
            (TILE_OFFSETS, TILE_BYTE_COUNTS)
        } else {
            (STRIP_OFFSETS, STRIP_BYTE_COUNTS)
        };
        let jpeg_tables = if layout.compression == Compression::Jpeg {
            directory.bytes(&mut reader, JPEG_TABLES, limits)?
        } else {
            None
        };
        Ok(Self {
            file,
            layout,
            offsets: directory.numbers(&mut reader, offsets, limits)?,
            byte_counts: directory.numbers(&mut reader, byte_counts, limits)?,
            jpeg_tables: jpeg_tables.unwrap_or_default(),
        })
    }

    /// The first `rows` rows of a chunk.
    fn pixels(&self, index: u64, rows: u32, limits: &Limits) -> Result<Pixels, PrepareErrorKind> {
        let layout = self.layout;
        // At most the memory that was checked.
        let row_bytes = layout.row_bytes() as usize;
        let length = row_bytes * rows as usize;
        let packed = self.packed(index, length)?;
        let bytes = if layout.compression == Compression::Jpeg {
            self.jpeg(packed, rows, limits)?
        } else if layout.reversed_bits {
            let packed: Vec<u8> = packed.iter().map(|byte| byte.reverse_bits()).collect();
            decompress(
                layout.compression,
                &packed,
                length,
                rows,
                layout.chunk.width,
            )?
        } else {
            decompress(layout.compression, packed, length, rows, layout.chunk.width)?
        };
        let mut pixels = Pixels { bytes, row_bytes };
        pixels.rows().for_each(|row| layout.undo_predictor(row));
        Ok(pixels)
    }

    fn packed(&self, index: u64, length: usize) -> Result<&'a [u8], PrepareErrorKind> {
        let at = |numbers: &[u32]| {
            let number = numbers.get(usize::try_from(index).ok()?)?;
            usize::try_from(*number).ok()
        };
        let packed = at(&self.offsets).and_then(|offset| {
            let rest = self.file.get(offset..)?;
            match at(&self.byte_counts) {
                Some(count) => rest.get(..count),
                // Optional before TIFF 6.0, and dispensable for uncompressed pixels.
                None if self.layout.compression == Compression::None => rest.get(..length),
                None => None,
            }
        });
        packed.ok_or_else(|| damaged("TIFF", "its pixels are truncated"))
    }

    /// Decodes a JPEG whose tables may be stored apart (TIFF Technical Note 2).
    fn jpeg(&self, packed: &[u8], rows: u32, limits: &Limits) -> Result<Vec<u8>, PrepareErrorKind> {
        let file = self.whole_jpeg(packed);
        let jpeg = Jpeg::read_header(Box::new(file.as_slice()))?;
        let size = jpeg.size();
        if size.width != self.layout.chunk.width || size.height < rows {
            return Err(damaged(
                "TIFF",
                "a JPEG in it has another size than announced",
            ));
        }
        limits.check_alloc(jpeg.memory(Divisor::One) + jpeg.pixels(Divisor::One))?;
        let raster = jpeg.decode(Divisor::One)?;
        let expected = if self.layout.samples_in_chunk() == 1 {
            Color::Gray
        } else {
            Color::Rgb
        };
        if raster.color != expected {
            return Err(damaged(
                "TIFF",
                "a JPEG in it has other channels than announced",
            ));
        }
        let mut pixels = raster.pixels;
        pixels.truncate(self.layout.row_bytes() as usize * rows as usize);
        Ok(pixels)
    }

    /// The JPEG with its tables, and with the color transform that the TIFF declares: a marker of Adobe holds it.
    fn whole_jpeg(&self, packed: &[u8]) -> Vec<u8> {
        let transform = u8::from(self.layout.photometric == Photometric::YCbCr);
        let mut file = b"\xFF\xD8".to_vec();
        if self.layout.samples_in_chunk() == 3 {
            file.extend(b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0");
            file.push(transform);
        }
        let tables = self.jpeg_tables.strip_prefix(b"\xFF\xD8");
        let tables = tables.unwrap_or(&self.jpeg_tables);
        file.extend(tables.strip_suffix(b"\xFF\xD9").unwrap_or(tables));
        file.extend(packed.strip_prefix(b"\xFF\xD8").unwrap_or(packed));
        file
    }
}
