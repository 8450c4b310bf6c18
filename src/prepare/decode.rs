//! Opens images of every format, checks the limits from their headers and decodes them into eight bits per sample.

use std::io::{Cursor, Read, Seek};

use image::metadata::Orientation;
use image::{ImageDecoder, ImageError};

use super::block_reader::BlockReader;
use super::codec::{self, damaged, unsupported};
use super::color::{self, ColorSpace};
use super::error::PrepareErrorKind;
use super::format::{Format, HEAD};
use super::input::RegularFile;
use super::jpeg::{self, Jpeg};
use super::limits::Limits;
use super::png::Png;
use super::raster::Raster;
use super::render;
use super::resample::Kernel;
use super::webp::WebP;
use crate::geometry::{Placement, Size};

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
    Jpeg(Box<Jpeg<'a>>),
    Other(Box<dyn Decode>),
}

impl<'a> Source<'a> {
    pub fn from_bytes(bytes: &'a [u8], limits: Limits) -> Result<Self, PrepareErrorKind> {
        let mut source = Self::read_header(bytes, Cursor::new(bytes), limits)?;
        source.bytes = bytes;
        Ok(source)
    }

    /// Reads only the header of the file.
    pub fn from_file(file: &'a RegularFile, limits: Limits) -> Result<Self, PrepareErrorKind> {
        let mut head = Vec::new();
        let mut reader = file.reader().map_err(PrepareErrorKind::Read)?;
        let read = reader.by_ref().take(HEAD).read_to_end(&mut head);
        read.and_then(|_| reader.rewind())
            .map_err(PrepareErrorKind::Read)?;
        Self::read_header(&head, reader, limits)
    }

    fn read_header(
        head: &[u8],
        reader: impl Read + Seek + 'a,
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
        reader: impl Read + Seek + 'a,
        limits: Limits,
    ) -> Result<Self, PrepareErrorKind> {
        if format == Format::Jpeg {
            let jpeg = Jpeg::read_header(Box::new(reader))?;
            return Ok(Self {
                format,
                stored: jpeg.size(),
                orientation: jpeg.orientation(),
                decoder: Decoder::Jpeg(Box::new(jpeg)),
                limits,
                bytes: &[],
            });
        }
        let mut reader = BlockReader::new(reader);
        let decoder: Box<dyn Decode> = match format {
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

    /// Whether the file is known to contain metadata besides its image. If not, there may be some all the same.
    pub fn has_metadata(&self) -> bool {
        match &self.decoder {
            Decoder::Jpeg(jpeg) => jpeg.has_metadata(),
            Decoder::Other(_) => false,
        }
    }

    /// The color space of a JPEG; that of other formats is known after decoding.
    pub fn color_space(&self) -> Option<ColorSpace> {
        match &self.decoder {
            Decoder::Jpeg(jpeg) => Some(jpeg.color_space()),
            Decoder::Other(_) => None,
        }
    }

    /// Checks the memory that decoding for `placement` takes.
    pub fn check_alloc(&self, placement: &Placement) -> Result<(), PrepareErrorKind> {
        let memory = match &self.decoder {
            Decoder::Jpeg(jpeg) => {
                let (crop, size) = render::as_stored(placement, self.stored, self.orientation);
                jpeg.memory(jpeg::reduction(crop, size))
            }
            Decoder::Other(decoder) => decoder.memory(),
        };
        self.limits.check_alloc(memory)
    }

    /// Decodes the pixels, a JPEG at a reduced scale if that is enough for `placement`.
    pub fn decode(self, placement: &Placement) -> Result<Decoded, PrepareErrorKind> {
        self.check_alloc(placement)?;
        let Self {
            format,
            decoder,
            stored,
            orientation,
            limits,
            bytes,
        } = self;
        let decoded = codec::decode(format.name(), || match decoder {
            Decoder::Jpeg(jpeg) => {
                let color_space = jpeg.color_space();
                let (crop, size) = render::as_stored(placement, stored, orientation);
                let by = jpeg::reduction(crop, size);
                limits.check_alloc(jpeg.memory(by) + jpeg.pixels(by))?;
                Ok((jpeg.decode(by)?, color_space, by as u32))
            }
            Decoder::Other(decoder) => {
                let (raster, color_space) = decoder.decode(bytes, &limits)?;
                Ok((raster, color_space, 1))
            }
        });
        let (raster, color_space, reduction) = decoded?;
        Ok(Decoded {
            raster,
            stored,
            orientation,
            color_space,
            reduction,
        })
    }

    /// Decodes and carries out `placement`; the rest of the canvas gets the background.
    pub fn render(
        self,
        placement: &Placement,
        kernel: Kernel,
        background: [u8; 3],
    ) -> Result<Raster, PrepareErrorKind> {
        self.check_alloc(placement)?;
        let (stored, orientation) = (self.stored, self.orientation);
        let jpeg = match self.decoder {
            Decoder::Jpeg(jpeg) => jpeg,
            decoder @ Decoder::Other(_) => {
                let decoded = Self { decoder, ..self }.decode(placement)?;
                return Ok(render::render(decoded, placement, kernel, background));
            }
        };
        let color_space = jpeg.color_space();
        let (crop, size) = render::as_stored(placement, stored, orientation);
        let raster = codec::decode("JPEG", || jpeg.resample(crop, size, kernel))?;
        let upright = render::rotate(color::to_srgb(raster, &color_space), orientation);
        Ok(render::pad(upright, placement, background))
    }

    /// The JPEG, if its components can be prepared one by one because they need no conversion.
    pub fn into_planes(self) -> Result<Box<Jpeg<'a>>, Self> {
        match self.decoder {
            Decoder::Jpeg(jpeg) if jpeg.has_planes() && jpeg.color_space().is_srgb() => Ok(jpeg),
            decoder => Err(Self { decoder, ..self }),
        }
    }

    /// Checks that a JPEG is complete, at the least cost.
    pub fn verify(self) -> Result<(), PrepareErrorKind> {
        match self.decoder {
            Decoder::Jpeg(jpeg) => codec::decode("JPEG", || {
                self.limits.check_alloc(jpeg.memory_to_verify())?;
                jpeg.verify()
            }),
            Decoder::Other(_) => Ok(()),
        }
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
