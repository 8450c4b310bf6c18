//! Decoded pixels, as every step of preparation takes them.

use image::{ColorType, DynamicImage};

use crate::geometry::Size;

/// The meaning of the bytes of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Color {
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
    /// Amounts of ink: 255 is full ink.
    Cmyk,
}

impl Color {
    pub fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba | Self::Cmyk => 4,
        }
    }

    pub fn has_alpha(self) -> bool {
        matches!(self, Self::GrayAlpha | Self::Rgba)
    }
}

/// Rows of 8-bit pixels without gaps.
#[derive(Clone)]
pub(super) struct Raster {
    pub size: Size,
    pub pixels: Vec<u8>,
    pub color: Color,
}

impl Raster {
    pub fn new(size: Size, pixels: Vec<u8>, color: Color) -> Self {
        debug_assert_eq!(pixels.len() as u64, size.area() * color.channels() as u64);
        Self {
            size,
            pixels,
            color,
        }
    }

    /// Rounds deeper samples to eight bits. Drops an alpha channel that is opaque everywhere, as in most screenshots.
    pub fn from_image(image: DynamicImage) -> Self {
        let size = Size::new(image.width(), image.height());
        match image.color() {
            ColorType::L8 | ColorType::L16 => {
                Self::new(size, image.into_luma8().into_raw(), Color::Gray)
            }
            ColorType::La8 | ColorType::La16 => {
                let pixels = image.into_luma_alpha8().into_raw();
                Self::new(size, pixels, Color::GrayAlpha).without_useless_alpha()
            }
            color if color.has_alpha() => {
                let pixels = image.into_rgba8().into_raw();
                Self::new(size, pixels, Color::Rgba).without_useless_alpha()
            }
            _ => Self::new(size, image.into_rgb8().into_raw(), Color::Rgb),
        }
    }

    /// Drops the alpha channel if every pixel is opaque.
    pub fn without_useless_alpha(self) -> Self {
        let channels = self.color.channels();
        let mut pixels = self.pixels.chunks_exact(channels);
        if !self.color.has_alpha() || pixels.any(|pixel| pixel[channels - 1] < 255) {
            return self;
        }
        self.without_alpha()
    }

    /// Drops the alpha channel.
    pub fn without_alpha(mut self) -> Self {
        let (channels, opaque) = match self.color {
            Color::GrayAlpha => (2, Color::Gray),
            Color::Rgba => (4, Color::Rgb),
            _ => return self,
        };
        let last = channels - 1;
        // In place: the copy of a large image would be the largest allocation of all.
        let pixels = self.pixels.len() / channels;
        for pixel in 0..pixels {
            let from = pixel * channels;
            self.pixels.copy_within(from..from + last, pixel * last);
        }
        self.pixels.truncate(pixels * last);
        self.color = opaque;
        self
    }

    /// Divides the colors by their alpha, where a file stores them multiplied by it ("associated" or "premultiplied").
    #[cfg(any(feature = "heic", feature = "tiff", test))]
    pub fn unpremultiply(&mut self) {
        let channels = self.color.channels();
        if !self.color.has_alpha() {
            return;
        }
        for pixel in self.pixels.chunks_exact_mut(channels) {
            let (colors, alpha) = pixel.split_at_mut(channels - 1);
            let alpha = u32::from(alpha[0]);
            if alpha == 0 {
                continue;
            }
            for color in colors {
                let divided = (u32::from(*color) * 255 + alpha / 2) / alpha;
                *color = divided.min(255) as u8;
            }
        }
    }

    /// The same image in three channels, or four if it has transparency.
    pub fn into_rgb(self) -> Self {
        let (pixels, color): (Vec<u8>, _) = match self.color {
            Color::Rgb | Color::Rgba => return self,
            Color::Gray => (
                self.pixels.iter().flat_map(|l| [*l; 3]).collect(),
                Color::Rgb,
            ),
            Color::GrayAlpha => {
                let pixels = self.pixels.as_chunks().0;
                let rgba = pixels.iter().flat_map(|&[l, a]| [l, l, l, a]);
                (rgba.collect(), Color::Rgba)
            }
            Color::Cmyk => {
                let pixels = self.pixels.as_chunks().0;
                let rgb = pixels.iter().flat_map(|&[c, m, y, k]| {
                    let left = |ink: u8| {
                        let product = u32::from(255 - ink) * u32::from(255 - k);
                        ((product + 127) / 255) as u8
                    };
                    [left(c), left(m), left(y)]
                });
                (rgb.collect(), Color::Rgb)
            }
        };
        Self::new(self.size, pixels, color)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rgb(pixels: &[u8], color: Color) -> Vec<u8> {
        let size = Size::new((pixels.len() / color.channels()) as u32, 1);
        Raster::new(size, pixels.to_vec(), color).into_rgb().pixels
    }

    #[test]
    fn every_color_becomes_red_green_and_blue() {
        assert_eq!(rgb(&[7, 9], Color::Gray), [7, 7, 7, 9, 9, 9]);
        assert_eq!(rgb(&[7, 128], Color::GrayAlpha), [7, 7, 7, 128]);
        assert_eq!(rgb(&[0, 0, 0, 0], Color::Cmyk), [255, 255, 255]);
        assert_eq!(rgb(&[255, 0, 0, 0], Color::Cmyk), [0, 255, 255]);
        assert_eq!(rgb(&[0, 100, 0, 255], Color::Cmyk), [0, 0, 0]);
        assert_eq!(rgb(&[51, 0, 255, 51], Color::Cmyk), [163, 204, 0]);
    }

    #[test]
    fn colors_are_divided_by_their_alpha() {
        let divided = |pixels: &[u8], color: Color| {
            let size = Size::new((pixels.len() / color.channels()) as u32, 1);
            let mut raster = Raster::new(size, pixels.to_vec(), color);
            raster.unpremultiply();
            raster.pixels
        };
        assert_eq!(
            divided(&[110, 15, 15, 128, 9, 9, 9, 0, 7, 8, 9, 255], Color::Rgba),
            [219, 30, 30, 128, 9, 9, 9, 0, 7, 8, 9, 255]
        );
        // A color that is greater than its alpha.
        assert_eq!(divided(&[200, 100], Color::GrayAlpha), [255, 100]);
        assert_eq!(divided(&[1, 2, 3], Color::Rgb), [1, 2, 3]);
    }

    #[test]
    fn alpha_is_dropped_only_where_all_of_it_is_opaque() {
        let size = Size::new(2, 1);
        let drop = |pixels: &[u8], color| {
            let raster = Raster::new(size, pixels.to_vec(), color).without_useless_alpha();
            (raster.pixels, raster.color)
        };
        assert_eq!(
            drop(&[1, 2, 3, 255, 4, 5, 6, 255], Color::Rgba),
            (vec![1, 2, 3, 4, 5, 6], Color::Rgb)
        );
        assert_eq!(
            drop(&[1, 255, 2, 255], Color::GrayAlpha),
            (vec![1, 2], Color::Gray)
        );
        let kept = [1, 2, 3, 255, 4, 5, 6, 254];
        assert_eq!(drop(&kept, Color::Rgba), (kept.to_vec(), Color::Rgba));
    }
}
