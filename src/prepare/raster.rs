//! Decoded pixels, in the one shape every step works on.

use image::DynamicImage;

use crate::geometry::Size;

/// Rows of 8-bit pixels without gaps: red, green, blue, and alpha where there are four channels.
pub(super) struct Raster {
    pub size: Size,
    pub pixels: Vec<u8>,
    pub channels: usize,
}

impl Raster {
    /// Keeps transparency only where there is any: most screenshots have a channel for it and no use for it.
    pub fn from_image(image: DynamicImage) -> Self {
        let size = Size::new(image.width(), image.height());
        if image.color().has_alpha() {
            let rgba = image.into_rgba8();
            if rgba
                .as_raw()
                .as_chunks::<4>()
                .0
                .iter()
                .any(|pixel| pixel[3] < 255)
            {
                return Self::new(size, rgba.into_raw(), 4);
            }
            return Self::new(size, DynamicImage::from(rgba).into_rgb8().into_raw(), 3);
        }
        Self::new(size, image.into_rgb8().into_raw(), 3)
    }

    pub fn from_jpeg(size: Size, pixels: Vec<u8>, gray: bool) -> Self {
        if gray {
            let rgb = pixels.iter().flat_map(|luma| [*luma; 3]).collect();
            return Self::new(size, rgb, 3);
        }
        Self::new(size, pixels, 3)
    }

    pub fn new(size: Size, pixels: Vec<u8>, channels: usize) -> Self {
        debug_assert_eq!(pixels.len() as u64, size.area() * channels as u64);
        Self {
            size,
            pixels,
            channels,
        }
    }

    pub fn has_alpha(&self) -> bool {
        self.channels == 4
    }
}
