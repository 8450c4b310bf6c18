//! Decoded pixels, in the shape every step works on.

use image::{ColorType, DynamicImage};

use crate::geometry::Size;

/// What the bytes of a pixel are.
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

    /// Takes deeper samples to eight bits by rounding, and keeps transparency only where there is any: most
    /// screenshots have a channel for it and no use for it.
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

    pub fn without_useless_alpha(mut self) -> Self {
        let (channels, opaque) = match self.color {
            Color::GrayAlpha => (2, Color::Gray),
            Color::Rgba => (4, Color::Rgb),
            _ => return self,
        };
        let last = channels - 1;
        if self.pixels.chunks_exact(channels).any(|p| p[last] < 255) {
            return self;
        }
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

    /// The same image in three channels, or four where it has transparency.
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
