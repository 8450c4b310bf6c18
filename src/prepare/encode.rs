//! Encodes pixels in the declared format, with no metadata at all.

use image::codecs::{png::PngEncoder, webp::WebPEncoder};
use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

use super::error::PrepareErrorKind;
use super::raster::Raster;
use crate::extension::Extension;
use crate::geometry::Size;

/// Encodes `raster`, which must have no alpha where the format has none.
pub(super) fn encode(
    raster: &Raster,
    extension: Extension,
    quality: u8,
) -> Result<Vec<u8>, PrepareErrorKind> {
    let mut bytes = Vec::new();
    let encoded: Result<(), Box<dyn std::error::Error + Send + Sync>> = match extension {
        Extension::Jpg | Extension::Jpeg => jpeg(raster, quality, &mut bytes),
        Extension::Png => write(raster, PngEncoder::new(&mut bytes)),
        Extension::Webp => write(raster, WebPEncoder::new_lossless(&mut bytes)),
    };
    encoded.map_err(PrepareErrorKind::Encode)?;
    Ok(bytes)
}

fn jpeg(
    raster: &Raster,
    quality: u8,
    bytes: &mut Vec<u8>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let side = |n: u32| u16::try_from(n).map_err(|_| "a JPEG has at most 65535 pixels a side");
    let (width, height) = (side(raster.size.width)?, side(raster.size.height)?);
    let mut encoder = Encoder::new(bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    // The default takes one pixel of four, which costs 8 % more bytes at equal quality.
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    Ok(encoder.encode(&raster.pixels, width, height, ColorType::Rgb)?)
}

fn write(
    raster: &Raster,
    encoder: impl ImageEncoder,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let color = match raster.has_alpha() {
        true => ExtendedColorType::Rgba8,
        false => ExtendedColorType::Rgb8,
    };
    let Size { width, height } = raster.size;
    Ok(encoder.write_image(&raster.pixels, width, height, color)?)
}
