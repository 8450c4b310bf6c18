//! Opens images of every format, checks the limits from their headers and decodes them into eight bits per sample.

use std::io::{Cursor, Read, Seek};

use image::metadata::Orientation;
use image::{ImageDecoder, ImageError};

use super::block_reader::BlockReader;
use super::codec::{self, damaged, unsupported};
use super::color::ColorSpace;
use super::error::PrepareErrorKind;
use super::format::{Format, HEAD};
use super::input::RegularFile;
use super::jpeg::Jpeg;
use super::limits::Limits;
use super::png::Png;
use super::raster::Raster;
use super::webp::WebP;
use crate::geometry::{Placement, Size};

/// jpeg-decoder takes the strongest reduction that leaves enough of one side. A side this long tells them apart.
const LEAST_TO_REDUCE: u32 = 8;

/// What [`Source::decode`] returns: the stored pixels, possibly at a reduced scale, and how to turn them upright.
#[derive(Clone)]
pub(super) struct Decoded {
    pub raster: Raster,
    /// The size of the image as the file stores it.
    pub stored: Size,
    pub orientation: Orientation,
    /// The color space that the file declares.
    pub color_space: ColorSpace,
    /// Pixels of the file, in each direction, for one pixel of `raster`: 1, 2, 4 or 8.
    pub reduction: u32,
}

/// An image of a format without reduced decoding, of which only the header has been read.
pub(super) trait Decode {
    /// The size of the stored pixels.
    fn size(&self) -> Size;

    /// How to turn the stored pixels upright.
    fn orientation(&self) -> Orientation {
        Orientation::NoTransforms
    }

    /// The most memory that [`decode`](Self::decode) allocates for pixels, in bytes.
    fn memory(&self) -> u64;

    /// Decodes `file`, which is the whole file.
    fn decode(
        &self,
        file: &[u8],
        limits: &Limits,
    ) -> Result<(Raster, ColorSpace), PrepareErrorKind>;
}

/// An image whose header has been read and whose pixels have not.
pub(super) struct Source<'a> {
    format: Format,
    decoder: Decoder<'a>,
    stored: Size,
    orientation: Orientation,
    limits: Limits,
    /// The whole file, if it is in memory.
    bytes: &'a [u8],
}

enum Decoder<'a> {
    Jpeg(Jpeg<'a>),
    Other(Box<dyn Decode>),
}

impl<'a> Source<'a> {
    pub fn from_bytes(bytes: &'a [u8], limits: Limits) -> Result<Self, PrepareErrorKind> {
        let mut source = Self::read_header(bytes, BlockReader::new(Cursor::new(bytes)), limits)?;
        source.bytes = bytes;
        if let Decoder::Jpeg(jpeg) = &source.decoder {
            jpeg.check_scans(bytes)?;
        }
        Ok(source)
    }

    /// Reads only the header of the file.
    pub fn from_file(file: &'a RegularFile, limits: Limits) -> Result<Self, PrepareErrorKind> {
        let mut head = Vec::new();
        let mut reader = file.reader().map_err(PrepareErrorKind::Read)?;
        let read = reader.by_ref().take(HEAD).read_to_end(&mut head);
        read.and_then(|_| reader.rewind())
            .map_err(PrepareErrorKind::Read)?;
        Self::read_header(&head, BlockReader::new(reader), limits)
    }

    /// Whether the pixels can be decoded without the whole file in memory.
    pub fn can_stream(&self) -> bool {
        // libjpeg-turbo takes a whole file only.
        match &self.decoder {
            Decoder::Jpeg(jpeg) => !jpeg.is_progressive() && !cfg!(feature = "turbo"),
            Decoder::Other(_) => false,
        }
    }

    fn read_header(
        head: &[u8],
        reader: BlockReader<'a>,
        limits: Limits,
    ) -> Result<Self, PrepareErrorKind> {
        let format = Format::recognize(head)?;
        let source = codec::decode(format.name(), || Self::open(format, reader, limits))?;
        limits.check_pixels(source.upright_size())?;
        if let Decoder::Other(decoder) = &source.decoder {
            limits.check_alloc(decoder.memory())?;
        }
        Ok(source)
    }

    fn open(
        format: Format,
        mut reader: BlockReader<'a>,
        limits: Limits,
    ) -> Result<Self, PrepareErrorKind> {
        let decoder: Box<dyn Decode> = match format {
            Format::Jpeg => {
                let jpeg = Jpeg::read_header(reader)?;
                return Ok(Self {
                    format,
                    stored: jpeg.size(),
                    orientation: jpeg.orientation(),
                    decoder: Decoder::Jpeg(jpeg),
                    limits,
                    bytes: &[],
                });
            }
            Format::Png => Box::new(Png::read_header(&mut reader, &limits)?),
            Format::WebP => Box::new(WebP::read_header(&mut reader, &limits)?),
            #[cfg(feature = "gif")]
            Format::Gif => Box::new(super::gif::Gif::read_header(reader, &limits)?),
            #[cfg(feature = "bmp")]
            Format::Bmp => Box::new(super::bmp::Bmp::read_header(&mut reader, &limits)?),
            #[cfg(feature = "tiff")]
            Format::Tiff => Box::new(super::tiff::Tiff::read_header(&mut reader, &limits)?),
            #[cfg(feature = "heic")]
            Format::Heic => Box::new(super::heic::Heic::read_header(&mut reader, &limits)?),
            #[allow(unreachable_patterns, reason = "reachable without the features")]
            other => {
                let name = other.name();
                return Err(unsupported(format!(
                    "{name} without the feature `{}`",
                    name.to_ascii_lowercase()
                )));
            }
        };
        Ok(Self {
            format,
            stored: decoder.size(),
            orientation: decoder.orientation(),
            decoder: Decoder::Other(decoder),
            limits,
            bytes: &[],
        })
    }

    pub fn format(&self) -> Format {
        self.format
    }

    pub fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// The size of the upright image.
    pub fn upright_size(&self) -> Size {
        if is_on_its_side(self.orientation) {
            self.stored.transposed()
        } else {
            self.stored
        }
    }

    /// How many pixels of the file, in each direction, become one: a JPEG is decoded at the smallest scale from which
    /// `placement` need not enlarge.
    fn reduction(&self, placement: &Placement) -> u32 {
        let Decoder::Jpeg(_) = self.decoder else {
            return 1;
        };
        let crop = placement.crop;
        let shorter = self.stored.width.min(self.stored.height);
        let enough = |by: &u32| {
            shorter >= LEAST_TO_REDUCE
                && crop.width >= f64::from(placement.scaled.width * by)
                && crop.height >= f64::from(placement.scaled.height * by)
        };
        [8, 4, 2].into_iter().find(enough).unwrap_or(1)
    }

    /// Checks the memory that [`decode`](Self::decode) would take.
    pub fn check_alloc(&self, placement: &Placement) -> Result<(), PrepareErrorKind> {
        match &self.decoder {
            Decoder::Jpeg(jpeg) => jpeg.check_alloc(self.reduction(placement), &self.limits),
            Decoder::Other(decoder) => self.limits.check_alloc(decoder.memory()),
        }
    }

    /// Decodes the pixels, a JPEG at a reduced scale if that is enough for `placement`.
    pub fn decode(self, placement: &Placement) -> Result<Decoded, PrepareErrorKind> {
        self.check_alloc(placement)?;
        let reduction = self.reduction(placement);
        self.decode_at(reduction)
    }

    fn decode_at(self, reduction: u32) -> Result<Decoded, PrepareErrorKind> {
        let Self {
            format,
            decoder,
            stored,
            orientation,
            limits,
            bytes,
        } = self;
        let (raster, color_space) = codec::decode(format.name(), || match decoder {
            Decoder::Jpeg(jpeg) => {
                let (raster, icc_profile) = jpeg.decode(reduction, bytes, &limits)?;
                Ok((raster, ColorSpace::of_profile(icc_profile)))
            }
            Decoder::Other(decoder) => decoder.decode(bytes, &limits),
        })?;
        Ok(Decoded {
            raster,
            stored,
            orientation,
            color_space,
            reduction,
        })
    }

    /// Checks that the data can be decoded to the end, at the least cost.
    pub fn verify(self) -> Result<Raster, PrepareErrorKind> {
        let reduction = match self.decoder {
            Decoder::Jpeg(_) => 8,
            Decoder::Other(_) => 1,
        };
        Ok(self.decode_at(reduction)?.raster)
    }
}

/// Whether width and height are exchanged when the stored image is turned upright.
pub(super) fn is_on_its_side(orientation: Orientation) -> bool {
    matches!(orientation.to_exif(), 5..=8)
}

/// Reads all pixels from a decoder of `image`.
pub(super) fn decode_by_image(
    format: Format,
    mut decoder: impl ImageDecoder,
    limits: &Limits,
) -> Result<Raster, PrepareErrorKind> {
    let mut allowed = image::Limits::no_limits();
    allowed.max_alloc = Some(limits.max_alloc);
    let limited = decoder.set_limits(allowed);
    let image = limited.and_then(|()| image::DynamicImage::from_decoder(decoder));
    let image = image.map_err(|error| image_error(format, error, limits))?;
    Ok(Raster::from_image(image))
}

pub(super) fn image_error(format: Format, error: ImageError, limits: &Limits) -> PrepareErrorKind {
    match error {
        ImageError::Limits(_) => too_much_memory(limits),
        ImageError::Unsupported(what) => unsupported(what),
        other => damaged(format.name(), other),
    }
}

/// For decoders whose error does not say how much memory they need.
pub(super) fn too_much_memory(limits: &Limits) -> PrepareErrorKind {
    PrepareErrorKind::TooMuchMemory {
        needed: limits.max_alloc.saturating_add(1),
        max_alloc: limits.max_alloc,
    }
}
