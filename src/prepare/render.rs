//! Crops, resamples, converts to sRGB, rotates upright and pads: once each, in the order that touches the fewest pixels.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};

use super::color;
use super::decode::{Decoded, is_on_its_side};
use super::raster::{Color, Raster};
use super::resample::{Kernel, resample};
use crate::geometry::{Crop, Placement, Size};

/// Carries out `placement` on a decoded image; the rest of the canvas gets the background.
pub(super) fn render(
    decoded: Decoded,
    placement: &Placement,
    kernel: Kernel,
    background: [u8; 3],
) -> Raster {
    // Resampling first and rotating the small result gives the same pixels as rotating first, for a fraction of the work.
    let (crop, scaled) = as_stored(placement, decoded.stored, decoded.orientation);
    let crop = crop.map(|n| n / f64::from(decoded.reduction));
    let source = decoded.raster;
    let [_, _, width, height] = crop;
    let is_unscaled = scaled == source.size
        && [width, height] == [source.size.width, source.size.height].map(f64::from);
    let resampled = if is_unscaled {
        source
    } else {
        resample(&source, crop, scaled, kernel)
    };
    let converted = color::to_srgb(resampled, &decoded.color_space);
    let upright = rotate(converted, decoded.orientation);
    pad(upright, placement, background)
}

/// The crop in pixels of the image as it is stored, left, top, width and height, and the scaled size, both before
/// rotation.
pub(super) fn as_stored(
    placement: &Placement,
    stored: Size,
    orientation: Orientation,
) -> ([f64; 4], Size) {
    let Crop {
        left,
        top,
        width,
        height,
    } = placement.crop;
    let ([mut x, mut y, w, h], scaled) = if is_on_its_side(orientation) {
        ([top, left, height, width], placement.scaled.transposed())
    } else {
        ([left, top, width, height], placement.scaled)
    };
    // The stored axes that are reversed: EXIF 2.32, tag 0112.
    let (reverse_x, reverse_y) = match orientation.to_exif() {
        2 | 8 => (true, false),
        3 | 7 => (true, true),
        4 | 6 => (false, true),
        _ => (false, false),
    };
    if reverse_x {
        x = f64::from(stored.width) - x - w;
    }
    if reverse_y {
        y = f64::from(stored.height) - y - h;
    }
    ([x, y, w, h], scaled)
}

/// Turns an image upright.
pub(super) fn rotate(raster: Raster, orientation: Orientation) -> Raster {
    if orientation == Orientation::NoTransforms {
        return raster;
    }
    let Size { width, height } = raster.size;
    let pixels = raster.pixels;
    let image = match raster.color.channels() {
        1 => GrayImage::from_raw(width, height, pixels).map(DynamicImage::from),
        3 => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
        _ => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::from),
    };
    let mut image = image.expect("a raster holds as many bytes as its size says");
    image.apply_orientation(orientation);
    let size = Size::new(image.width(), image.height());
    Raster::new(size, image.into_bytes(), raster.color)
}

/// Puts an image onto a canvas of the background.
pub(super) fn pad(raster: Raster, placement: &Placement, [r, g, b]: [u8; 3]) -> Raster {
    if raster.size == placement.canvas {
        return raster;
    }
    let channels = raster.color.channels();
    let row = placement.canvas.width as usize * channels;
    let mut pixels = [r, g, b, 255][..channels].repeat(placement.canvas.area() as usize);
    let source_row = raster.size.width as usize * channels;
    let left = placement.left as usize * channels;
    let rows = pixels.chunks_exact_mut(row).skip(placement.top as usize);
    for (target, source) in rows.zip(raster.pixels.chunks_exact(source_row)) {
        target[left..left + source_row].copy_from_slice(source);
    }
    Raster::new(placement.canvas, pixels, raster.color)
}

/// Composites an image onto the background, for formats without transparency.
pub(super) fn flatten(raster: Raster, background: [u8; 3]) -> Raster {
    if !raster.color.has_alpha() {
        return raster;
    }
    let over = |pixel: &[u8; 4]| {
        let alpha = u32::from(pixel[3]);
        let blend = |i: usize| {
            let sum = u32::from(pixel[i]) * alpha + u32::from(background[i]) * (255 - alpha);
            ((sum + 127) / 255) as u8
        };
        [blend(0), blend(1), blend(2)]
    };
    let pixels = raster.pixels.as_chunks::<4>().0.iter().flat_map(over);
    Raster::new(raster.size, pixels.collect(), Color::Rgb)
}
