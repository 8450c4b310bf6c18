//! Reads images, told apart by content, into eight bits a sample.

use std::io::{Cursor, Read, Seek};

use image::codecs::{png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat};

use super::block_reader::BlockReader;
use super::codec;
use super::color::ColorSpace;
use super::error::PrepareErrorKind;
use super::input::RegularFile;
use super::jpeg::Jpeg;
use super::limits::Limits;
use super::png;
use super::raster::Raster;
use super::webp;
use crate::geometry::{Placement, Size};

/// As many bytes as tell a format; those of HEIF list their brands.
pub(super) const HEAD: u64 = 256;

/// jpeg-decoder takes the strongest reduction that leaves enough of one side. A side this long tells them apart.
const LEAST_TO_REDUCE: u32 = 8;

/// What [`Source::decode`] gives: the stored pixels, maybe at a reduced scale, and how to hold them upright.
#[derive(Clone)]
pub(super) struct Decoded {
    pub raster: Raster,
    /// The size of the image as the file stores it.
    pub stored: Size,
    pub orientation: Orientation,
    /// What the colors mean, where the file says so.
    pub color_space: ColorSpace,
    /// How many pixels of the file, in each direction, one pixel of `raster` stands for: 1, 2, 4 or 8.
    pub reduction: u32,
}

/// An image whose header has been read and whose pixels have not.
pub(super) struct Source<'a> {
    format: ImageFormat,
    decoder: Decoder<'a>,
    stored: Size,
    orientation: Orientation,
    limits: Limits,
    /// The whole file, where it is in memory.
    bytes: &'a [u8],
}

enum Decoder<'a> {
    Jpeg(Jpeg<'a>),
    Image(Box<dyn ImageDecoder + 'a>),
}

impl<'a> Source<'a> {
    pub fn from_bytes(bytes: &'a [u8], limits: Limits) -> Result<Self, PrepareErrorKind> {
        let mut source = Self::read_header(bytes, BlockReader::new(Cursor::new(bytes)), limits)?;
        source.bytes = bytes;
        match &source.decoder {
            Decoder::Jpeg(jpeg) => jpeg.check_scans(bytes)?,
            Decoder::Image(_) if source.format == ImageFormat::WebP => webp::check_sizes(bytes)?,
            Decoder::Image(_) => {}
        }
        Ok(source)
    }

    /// Reads no more of the file than its header.
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
            Decoder::Image(_) => false,
        }
    }

    fn read_header(
        head: &[u8],
        reader: BlockReader<'a>,
        limits: Limits,
    ) -> Result<Self, PrepareErrorKind> {
        let format = recognise(head)?;
        let source = codec::decode(name(format), || Self::open(format, reader, limits))?;
        limits.check_pixels(source.upright_size())?;
        if let Decoder::Image(decoder) = &source.decoder {
            limits.check_alloc(decoder.total_bytes())?;
        }
        Ok(source)
    }

    fn open(
        format: ImageFormat,
        mut reader: BlockReader<'a>,
        limits: Limits,
    ) -> Result<Self, PrepareErrorKind> {
        match format {
            ImageFormat::Jpeg => {
                let jpeg = Jpeg::read_header(reader)?;
                Ok(Self {
                    format,
                    stored: jpeg.size(),
                    orientation: jpeg.orientation(),
                    decoder: Decoder::Jpeg(jpeg),
                    limits,
                    bytes: &[],
                })
            }
            ImageFormat::Png => {
                let decoder = PngDecoder::with_limits(reader, limits.of_image());
                Self::image(format, decoder, limits)
            }
            ImageFormat::WebP => {
                webp::check_metadata(&mut reader)?;
                Self::image(format, WebPDecoder::new(reader), limits)
            }
            #[cfg(feature = "gif")]
            ImageFormat::Gif => {
                let decoder = image::codecs::gif::GifDecoder::new(reader);
                Self::image(format, decoder, limits)
            }
            #[cfg(feature = "bmp")]
            ImageFormat::Bmp => {
                let decoder = image::codecs::bmp::BmpDecoder::new(reader);
                Self::image(format, decoder, limits)
            }
            #[cfg(feature = "tiff")]
            ImageFormat::Tiff => {
                super::tiff::check_directory(&mut reader, limits)?;
                let decoder = image::codecs::tiff::TiffDecoder::new(reader);
                Self::image(format, decoder, limits)
            }
            other => Err(not_read(other)),
        }
    }

    fn image(
        format: ImageFormat,
        decoder: Result<impl ImageDecoder + 'a, ImageError>,
        limits: Limits,
    ) -> Result<Self, PrepareErrorKind> {
        let mut decoder = decoder.map_err(|error| image_error(format, error, &limits))?;
        let (width, height) = decoder.dimensions();
        Ok(Self {
            format,
            stored: Size::new(width, height),
            // A broken EXIF block is no reason to refuse an image.
            orientation: decoder.orientation().unwrap_or(Orientation::NoTransforms),
            decoder: Decoder::Image(Box::new(decoder)),
            limits,
            bytes: &[],
        })
    }

    pub fn format(&self) -> ImageFormat {
        self.format
    }

    pub fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// The size of the image when it is held upright.
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
            Decoder::Image(decoder) => self.limits.check_alloc(decoder.total_bytes()),
        }
    }

    /// Decodes the pixels, a JPEG at a reduced scale where that is enough for `placement`.
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
        let (raster, color_space) = codec::decode(name(format), || match decoder {
            Decoder::Jpeg(jpeg) => {
                let (raster, icc_profile) = jpeg.decode(reduction, bytes, &limits)?;
                Ok((raster, ColorSpace::of_profile(icc_profile)))
            }
            Decoder::Image(mut decoder) => {
                // As with EXIF: a broken profile is no reason to refuse an image.
                let icc_profile = decoder.icc_profile().unwrap_or_default();
                let color_space = match (icc_profile, format) {
                    (None, ImageFormat::Png) => png::color_space(bytes),
                    (icc_profile, _) => ColorSpace::of_profile(icc_profile),
                };
                // After the profile, which image's TIFF decoder would otherwise limit to the size of the pixels.
                let limited = decoder.set_limits(limits.of_image());
                let image = limited.and_then(|()| DynamicImage::from_decoder(decoder));
                let image = image.map_err(|error| image_error(format, error, &limits))?;
                Ok((Raster::from_image(image), color_space))
            }
        })?;
        Ok(Decoded {
            raster,
            stored,
            orientation,
            color_space,
            reduction,
        })
    }

    /// Whether the data can be decoded to the end, at the least cost.
    pub fn verify(self) -> Result<Raster, PrepareErrorKind> {
        let reduction = match self.decoder {
            Decoder::Jpeg(_) => 8,
            Decoder::Image(_) => 1,
        };
        Ok(self.decode_at(reduction)?.raster)
    }
}

/// Whether width and height change places when the stored image is held upright.
pub(super) fn is_on_its_side(orientation: Orientation) -> bool {
    matches!(orientation.to_exif(), 5..=8)
}

/// Tells the format by content.
pub(super) fn recognise(head: &[u8]) -> Result<ImageFormat, PrepareErrorKind> {
    if head.is_empty() {
        return Err(PrepareErrorKind::Empty);
    }
    if let Some(name) = heif_name(head) {
        return Err(unsupported(name));
    }
    image::guess_format(head).map_err(|_| PrepareErrorKind::NotAnImage)
}

/// The name of a format in the HEIF container, whose first box lists the brands a file bears: first the major one,
/// a version, then the others (ISO/IEC 14496-12, 4.3; for the brands ISO/IEC 23008-12, annex B, and AVIF, 6).
fn heif_name(head: &[u8]) -> Option<&'static str> {
    if head.get(4..8)? != b"ftyp" {
        return None;
    }
    let length = u32::from_be_bytes(head.get(..4)?.try_into().ok()?) as usize;
    let brands = head.get(8..length.min(head.len()))?.as_chunks::<4>().0;
    let bears = |names: &[&[u8; 4]]| brands.iter().any(|brand| names.contains(&brand));
    if bears(&[b"avif", b"avis"]) {
        Some("AVIF")
    } else if bears(&[
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1",
    ]) {
        Some("HEIC")
    } else {
        None
    }
}

/// How people call a format.
fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Png => "PNG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Gif => "GIF",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::Ico => "ICO",
        ImageFormat::OpenExr => "OpenEXR",
        _ => "this format",
    }
}

fn not_read(format: ImageFormat) -> PrepareErrorKind {
    match format {
        ImageFormat::Gif | ImageFormat::Bmp | ImageFormat::Tiff => {
            unsupported(format!("{} without the feature of that name", name(format)))
        }
        other => unsupported(name(other)),
    }
}

pub(super) fn unsupported(what: impl Into<String>) -> PrepareErrorKind {
    PrepareErrorKind::Unsupported { what: what.into() }
}

fn image_error(format: ImageFormat, error: ImageError, limits: &Limits) -> PrepareErrorKind {
    match error {
        // The error does not say how much.
        ImageError::Limits(_) => PrepareErrorKind::TooMuchMemory {
            needed: limits.max_alloc.saturating_add(1),
            max_alloc: limits.max_alloc,
        },
        ImageError::Unsupported(what) => unsupported(what.to_string()),
        other => PrepareErrorKind::Damaged {
            format: name(format),
            source: other.into(),
        },
    }
}
