//! Encodes pixels in the declared format, with no metadata at all.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
#[cfg(not(feature = "webp-lossy"))]
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};
#[cfg(not(feature = "turbo"))]
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

use super::codec;
use super::error::PrepareErrorKind;
use super::raster::Raster;
use crate::extension::Extension;
use crate::geometry::Size;

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

type Encoded = Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;

impl Encoding {
    /// Encodes `raster`, which must be without alpha if the format is.
    pub fn encode(
        &self,
        raster: &Raster,
        extension: Extension,
    ) -> Result<Vec<u8>, PrepareErrorKind> {
        let encoded = codec::encode(|| match extension {
            Extension::Jpg | Extension::Jpeg => self.jpeg(raster),
            Extension::Png => {
                let mut bytes = Vec::new();
                let compression = match self.effort {
                    Effort::Fast => CompressionType::Fast,
                    Effort::Medium => CompressionType::Default,
                    Effort::Best => CompressionType::Best,
                };
                let encoder =
                    PngEncoder::new_with_quality(&mut bytes, compression, FilterType::Adaptive);
                write(raster, encoder).map(|()| bytes)
            }
            Extension::Webp => self.webp(raster),
        });
        encoded.map_err(PrepareErrorKind::Encode)
    }

    /// Encodes in at most `max_bytes`, at the best quality from `least` to the one that is set. A lossless format has
    /// one size only.
    pub fn encode_within(
        &self,
        raster: &Raster,
        extension: Extension,
        max_bytes: u64,
        least: u8,
    ) -> Result<Vec<u8>, PrepareErrorKind> {
        let at = |quality| Self { quality, ..*self }.encode(raster, extension);
        let fits = |bytes: &[u8]| bytes.len() as u64 <= max_bytes;
        let does_not_fit = |bytes: &[u8]| PrepareErrorKind::DoesNotFit {
            bytes: bytes.len() as u64,
            max_bytes,
            extension,
        };
        let best = at(self.quality)?;
        if fits(&best) {
            return Ok(best);
        }
        if !extension.is_lossy() || least >= self.quality {
            return Err(does_not_fit(&best));
        }
        let smallest = at(least)?;
        if !fits(&smallest) {
            return Err(does_not_fit(&smallest));
        }
        // `found` has the quality `low`, and `high` gives too many bytes.
        let (mut found, mut low, mut high) = (smallest, least, self.quality);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let bytes = at(middle)?;
            if fits(&bytes) {
                (found, low) = (bytes, middle)
            } else {
                high = middle
            }
        }
        Ok(found)
    }

    #[cfg(feature = "turbo")]
    fn jpeg(&self, raster: &Raster) -> Encoded {
        let (quality, chroma) = (self.quality, self.chroma_subsampling);
        super::turbo::encode(raster, quality, chroma, self.optimize_coding)
    }

    #[cfg(not(feature = "turbo"))]
    fn jpeg(&self, raster: &Raster) -> Encoded {
        let side = |n: u32| u16::try_from(n).map_err(|_| "a JPEG has at most 65535 pixels a side");
        let (width, height) = (side(raster.size.width)?, side(raster.size.height)?);
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, self.quality);
        encoder.set_sampling_factor(match self.chroma_subsampling {
            ChromaSubsampling::Cs420 => SamplingFactor::F_2_2,
            ChromaSubsampling::Cs444 => SamplingFactor::F_1_1,
        });
        // The default takes one pixel of four, which costs 8 % more bytes at equal quality.
        encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
        encoder.set_optimized_huffman_tables(self.optimize_coding);
        encoder.encode(&raster.pixels, width, height, ColorType::Rgb)?;
        Ok(bytes)
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
