//! Reads the first frame of a GIF.

use std::io::{Cursor, Read};

use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, Frame};

use super::codec::damaged;
use super::color::ColorSpace;
use super::decode::Decode;
use super::error::PrepareErrorKind;
use super::limits::Limits;
use super::raster::{Color, Raster};
use crate::geometry::{Region, Size};

/// A GIF whose header has been read.
pub(super) struct Gif {
    /// The logical screen, enlarged so that the first frame lies within it, as browsers do.
    canvas: Size,
    frame: Region,
}

impl Gif {
    /// Reads up to the pixels of the first frame.
    pub fn read_header(file: impl Read, _: &Limits) -> Result<Self, PrepareErrorKind> {
        let (mut decoder, screen) = open(file).map_err(gif_error)?;
        let frame = first_frame(&mut decoder)?;
        let (width, height) = (frame.left + frame.width, frame.top + frame.height);
        Ok(Self {
            canvas: Size::new(screen.width.max(width), screen.height.max(height)),
            frame,
        })
    }
}

impl Decode for Gif {
    fn size(&self) -> Size {
        self.canvas
    }

    fn memory(&self) -> u64 {
        4 * self.canvas.area() + 4 * self.frame.size().area()
    }

    fn decode(&self, file: &[u8], _: &Limits) -> Result<(Raster, ColorSpace), PrepareErrorKind> {
        let (mut decoder, _) = open(Cursor::new(file)).map_err(gif_error)?;
        first_frame(&mut decoder)?;
        let mut pixels = vec![0; decoder.buffer_size()];
        decoder.read_into_buffer(&mut pixels).map_err(gif_error)?;
        if self.frame.size() != self.canvas {
            pixels = self.on_canvas(&pixels);
        }
        let raster = Raster::new(self.canvas, pixels, Color::Rgba);
        Ok((raster.without_useless_alpha(), ColorSpace::Srgb))
    }
}

impl Gif {
    /// Surrounds the frame with transparency.
    fn on_canvas(&self, frame: &[u8]) -> Vec<u8> {
        let mut canvas = vec![0; 4 * self.canvas.area() as usize];
        let stride = 4 * self.canvas.width as usize;
        let (left, length) = (4 * self.frame.left as usize, 4 * self.frame.width as usize);
        let rows = canvas
            .chunks_exact_mut(stride)
            .skip(self.frame.top as usize);
        for (row, pixels) in rows.zip(frame.chunks_exact(length)) {
            row[left..left + length].copy_from_slice(pixels);
        }
        canvas
    }
}

fn open<R: Read>(file: R) -> Result<(Decoder<R>, Size), DecodingError> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    let decoder = options.read_info(file)?;
    let screen = Size::new(decoder.width().into(), decoder.height().into());
    Ok((decoder, screen))
}

fn first_frame(decoder: &mut Decoder<impl Read>) -> Result<Region, PrepareErrorKind> {
    let frame = decoder.next_frame_info().map_err(gif_error)?;
    let Some(&Frame {
        left,
        top,
        width,
        height,
        ..
    }) = frame
    else {
        return Err(damaged("GIF", "it has no frame"));
    };
    if width == 0 || height == 0 {
        return Err(damaged("GIF", "its first frame is empty"));
    }
    let size = Size::new(width.into(), height.into());
    Ok(Region::new(left.into(), top.into(), size))
}

fn gif_error(error: DecodingError) -> PrepareErrorKind {
    damaged("GIF", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red and blue in turn, on a screen of 4 by 3.
    fn gif(left: u16, top: u16, width: u16, height: u16) -> Vec<u8> {
        let mut bytes = Vec::new();
        let palette = [255, 0, 0, 0, 0, 255];
        let mut encoder = gif::Encoder::new(&mut bytes, 4, 3, &palette).unwrap();
        let indices: Vec<u8> = (0..width * height).map(|i| (i % 2) as u8).collect();
        let mut frame = Frame::from_indexed_pixels(width, height, indices, None);
        (frame.left, frame.top) = (left, top);
        encoder.write_frame(&frame).unwrap();
        drop(encoder);
        bytes
    }

    fn decoded(file: &[u8]) -> Raster {
        let header = Gif::read_header(file, &Limits::default()).unwrap();
        let (raster, _) = header.decode(file, &Limits::default()).unwrap();
        assert_eq!(raster.size, header.size());
        raster
    }

    #[test]
    fn frame_larger_than_its_screen_is_whole() {
        let raster = decoded(&gif(0, 0, 6, 5));
        assert_eq!(raster.size, Size::new(6, 5));
        assert_eq!(raster.color, Color::Rgb);
        assert_eq!(raster.pixels[3 * 29..], [0, 0, 255]);
    }

    #[test]
    fn frame_that_reaches_over_its_screen_enlarges_it() {
        let raster = decoded(&gif(3, 1, 2, 1));
        assert_eq!(raster.size, Size::new(5, 3));
        let pixel = |x: usize, y: usize| &raster.pixels[4 * (5 * y + x)..][..4];
        assert_eq!(pixel(3, 1), [255, 0, 0, 255]);
        assert_eq!(pixel(4, 1), [0, 0, 255, 255]);
        assert_eq!(pixel(0, 0)[3], 0);
    }

    #[test]
    fn frame_within_its_screen_is_surrounded_by_transparency() {
        let raster = decoded(&gif(1, 1, 2, 1));
        assert_eq!(raster.size, Size::new(4, 3));
        let opaque: Vec<usize> = (0..12).filter(|i| raster.pixels[4 * i + 3] > 0).collect();
        assert_eq!(opaque, [5, 6]);
    }
}
