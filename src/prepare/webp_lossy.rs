//! Lossy WebP by libwebp: feature `webp-lossy`.

use super::raster::Raster;

/// Quality 100 is lossless.
pub(super) fn encode(
    raster: &Raster,
    quality: u8,
) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let (width, height) = (raster.size.width, raster.size.height);
    let encoder = if raster.color.has_alpha() {
        webp::Encoder::from_rgba(&raster.pixels, width, height)
    } else {
        webp::Encoder::from_rgb(&raster.pixels, width, height)
    };
    let encoded = encoder.encode_simple(quality == 100, quality.into());
    match encoded {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(error) => {
            Err(format!("libwebp: {error:?}; WebP has at most 16383 pixels a side").into())
        }
    }
}
