//! Encodes pixels in the declared format, with no metadata at all.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
#[cfg(not(feature = "webp-lossy"))]
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::codec;
use super::error::PrepareErrorKind;
use super::jpeg::{JpegSettings, JpegWriter};
use super::raster::Raster;
use crate::extension::Extension;
use crate::geometry::Size;
use crate::jpeg::HuffmanTables;

/// How many color samples a JPEG stores for four luma samples, in the notation of video, as in sharp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChromaSubsampling {
    /// 4:2:0, one for two by two pixels: right for photos.
    #[default]
    Cs420,
    /// 4:4:4, one for each pixel: for drawings and text in strong colors, with a fifth more bytes.
    Cs444,
}

impl ChromaSubsampling {
    /// The pixels that share a sample of color, in each direction.
    pub(super) fn pixels(self) -> u32 {
        match self {
            Self::Cs420 => 2,
            Self::Cs444 => 1,
        }
    }
}

/// How much time is spent to make a lossless file smaller. It changes PNG only: the encoder of lossless WebP has no such
/// setting, and the size of a JPEG follows from its quality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effort {
    /// The fastest encoder: 14 ms for a photo of 1024×768.
    #[default]
    Fast,
    /// For a photo, a fifth fewer bytes than [`Fast`](Self::Fast) and twenty times as much time.
    Medium,
    /// For a photo, 4 % fewer bytes than [`Medium`](Self::Medium) and four times as much time, or more.
    Best,
}

/// How an image is encoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoding {
    pub quality: u8,
    pub chroma_subsampling: ChromaSubsampling,
    pub optimize_coding: bool,
    pub effort: Effort,
}

impl Default for Encoding {
    fn default() -> Self {
        Self {
            quality: 90,
            chroma_subsampling: ChromaSubsampling::default(),
            optimize_coding: false,
            effort: Effort::default(),
        }
    }
}

/// A maximum number of bytes, for which the quality may be lower than requested.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByteLimit {
    pub max_bytes: u64,
    /// The lowest quality that is acceptable.
    pub least_quality: u8,
    pub extension: Extension,
}

impl ByteLimit {
    /// The best quality, at most `quality`, at which `length` is within the limit. A lossless format has one length only.
    pub fn best_quality(
        &self,
        quality: u8,
        length: impl Fn(u8) -> Result<u64, PrepareErrorKind>,
    ) -> Result<u8, PrepareErrorKind> {
        let fits = |length: u64| length <= self.max_bytes;
        let does_not_fit = |bytes: u64| PrepareErrorKind::DoesNotFit {
            bytes,
            max_bytes: self.max_bytes,
            extension: self.extension,
        };
        let best = length(quality)?;
        if fits(best) {
            return Ok(quality);
        }
        if !self.extension.is_lossy() || self.least_quality >= quality {
            return Err(does_not_fit(best));
        }
        let smallest = length(self.least_quality)?;
        if !fits(smallest) {
            return Err(does_not_fit(smallest));
        }
        // `low` fits, and `high` gives too many bytes.
        let (mut low, mut high) = (self.least_quality, quality);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if fits(length(middle)?) {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

type Encoded = Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;

impl Encoding {
    /// The settings of a JPEG.
    pub fn jpeg(&self, limit: Option<ByteLimit>) -> JpegSettings {
        JpegSettings {
            quality: self.quality,
            chroma_subsampling: self.chroma_subsampling,
            tables: if self.optimize_coding {
                HuffmanTables::Optimized
            } else {
                HuffmanTables::Standard
            },
            limit,
        }
    }

    /// Encodes `raster`, which must be without alpha if the format is.
    pub fn encode(
        &self,
        raster: &Raster,
        extension: Extension,
        limit: Option<ByteLimit>,
    ) -> Result<Vec<u8>, PrepareErrorKind> {
        if extension.is_jpeg() {
            return codec::encode(|| self.jpeg_from(raster, limit));
        }
        let at = |quality| Self { quality, ..*self }.encode_other(raster, extension);
        let Some(limit) = limit else {
            return at(self.quality);
        };
        let best = at(self.quality)?;
        let length = |quality| {
            if quality == self.quality {
                Ok(best.len() as u64)
            } else {
                at(quality).map(|bytes| bytes.len() as u64)
            }
        };
        let quality = limit.best_quality(self.quality, length)?;
        if quality == self.quality {
            Ok(best)
        } else {
            at(quality)
        }
    }

    fn jpeg_from(
        &self,
        raster: &Raster,
        limit: Option<ByteLimit>,
    ) -> Result<Vec<u8>, PrepareErrorKind> {
        let mut writer = JpegWriter::new(raster.size, &self.jpeg(limit))?;
        let line = raster.size.width as usize * raster.color.channels();
        for row in raster.pixels.chunks_exact(line) {
            writer.push_rgb_row(row)?;
        }
        writer.finish()
    }

    fn encode_other(
        &self,
        raster: &Raster,
        extension: Extension,
    ) -> Result<Vec<u8>, PrepareErrorKind> {
        codec::encode(|| {
            if extension == Extension::Webp {
                return self.webp(raster).map_err(PrepareErrorKind::Encode);
            }
            let mut bytes = Vec::new();
            let compression = match self.effort {
                Effort::Fast => CompressionType::Fast,
                Effort::Medium => CompressionType::Default,
                Effort::Best => CompressionType::Best,
            };
            let encoder =
                PngEncoder::new_with_quality(&mut bytes, compression, FilterType::Adaptive);
            write(raster, encoder).map_err(PrepareErrorKind::Encode)?;
            Ok(bytes)
        })
    }

    #[cfg(feature = "webp-lossy")]
    fn webp(&self, raster: &Raster) -> Encoded {
        super::webp_lossy::encode(raster, self.quality)
    }

    #[cfg(not(feature = "webp-lossy"))]
    fn webp(&self, raster: &Raster) -> Encoded {
        let mut bytes = Vec::new();
        write(raster, WebPEncoder::new_lossless(&mut bytes)).map(|()| bytes)
    }
}

fn write(
    raster: &Raster,
    encoder: impl ImageEncoder,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let color = if raster.color.has_alpha() {
        ExtendedColorType::Rgba8
    } else {
        ExtendedColorType::Rgb8
    };
    let Size { width, height } = raster.size;
    Ok(encoder.write_image(&raster.pixels, width, height, color)?)
}
