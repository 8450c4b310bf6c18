//! JPEG by libjpeg-turbo: feature `turbo`.

use turbojpeg::{Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp};

use super::encode::ChromaSubsampling;
use super::raster::{Color, Raster};
use crate::geometry::Size;

/// The pixels of a JPEG at 1/`by` of its size, as `color`.
///
/// An error is no verdict: libjpeg-turbo's warnings come as errors here, and files that others can read have them.
pub(super) fn decode(
    bytes: &[u8],
    size: Size,
    by: u32,
    color: Color,
) -> Result<Raster, Box<dyn std::error::Error>> {
    let format = match color {
        Color::Gray => PixelFormat::GRAY,
        Color::Rgb => PixelFormat::RGB,
        // What the four inks mean is decided in one place, for jpeg-decoder.
        _ => return Err("not for libjpeg-turbo".into()),
    };
    let mut decompressor = Decompressor::new()?;
    let header = decompressor.read_header(bytes)?;
    let scale = ScalingFactor::new(1, by as usize);
    let scaled = header.scaled(scale);
    let (width, height) = (size.width as usize, size.height as usize);
    if (scaled.width, scaled.height) != (width, height) {
        return Err("another size than the header's".into());
    }
    decompressor.set_scaling_factor(scale)?;
    let pitch = width * color.channels();
    let mut pixels = vec![0; pitch * height];
    let image = Image {
        pixels: &mut pixels[..],
        width,
        pitch,
        height,
        format,
    };
    decompressor.decompress(bytes, image)?;
    Ok(Raster::new(size, pixels, color))
}

/// Encodes three channels.
pub(super) fn encode(
    raster: &Raster,
    quality: u8,
    chroma_subsampling: ChromaSubsampling,
    optimize_coding: bool,
) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let mut compressor = Compressor::new()?;
    compressor.set_quality(quality.into())?;
    compressor.set_optimize(optimize_coding)?;
    compressor.set_subsamp(match chroma_subsampling {
        ChromaSubsampling::Cs420 => Subsamp::Sub2x2,
        ChromaSubsampling::Cs444 => Subsamp::None,
    })?;
    let (width, height) = (raster.size.width as usize, raster.size.height as usize);
    let image = Image {
        pixels: &raster.pixels[..],
        width,
        pitch: width * raster.color.channels(),
        height,
        format: PixelFormat::RGB,
    };
    Ok(compressor.compress_to_vec(image)?)
}
