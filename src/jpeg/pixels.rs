//! Interleaved rows, for everything that cannot be done plane by plane.

use std::io::Read;

use fearless_simd::{Level, Simd};

use super::channel::{Divisor, Reduction};
use super::color::interleave;
use super::decoder::{Bands, Decoder};
use super::error::Error;
use super::header::{Component, Header};
use super::upsample::Upsampler;
use crate::vectorize::vectorize;

impl Header {
    /// The reductions that give the image at 1/`by` of its size: components of fewer samples are reduced less where that
    /// brings them closer to the size of the others, which is faster and better than to enlarge them afterwards.
    pub fn reductions(&self, by: Divisor) -> [Reduction; 4] {
        let [across, down] = self.largest_sampling();
        let mut reductions = [Reduction::by(by); 4];
        for (reduction, component) in reductions.iter_mut().zip(&self.components) {
            *reduction = Reduction {
                horizontal: by.scaled(component.horizontal, across),
                vertical: by.scaled(component.vertical, down),
            };
        }
        reductions
    }
}

impl Divisor {
    const ALL: [Self; 4] = [Self::One, Self::Two, Self::Four, Self::Eight];

    /// The smallest divisor that is at least this one times `factor` by `most`.
    fn scaled(self, factor: u8, most: u8) -> Self {
        let fits = |divisor: &Self| *divisor as u8 * most >= self as u8 * factor;
        Self::ALL.into_iter().find(fits).unwrap_or(Self::Eight)
    }
}

/// The rows of an image as pixels: gray, RGB or CMYK by the number of channels. In CMYK 255 is full ink.
pub(crate) struct PixelRows<R> {
    bands: Bands<R>,
    level: Level,
    upsamplers: Vec<Upsampler>,
    width: usize,
    height: usize,
    /// Number of the next row.
    next: usize,
    /// A row of each component, and the rows of pixels that were made last.
    lines: Vec<Vec<u8>>,
    pixels: Vec<u8>,
}

impl<R: Read> PixelRows<R> {
    /// Starts decoding at 1/`by` of the size. As with [`Decoder::start`], this may read the whole file.
    pub fn new(decoder: Decoder<R>, by: Divisor) -> Result<Self, Error> {
        let reductions = decoder.header().reductions(by);
        let bands = decoder.start(&reductions)?;
        let header = bands.header();
        let reduced = |side: u16| usize::from(side).div_ceil(by as usize);
        let (width, height) = (reduced(header.width), reduced(header.height));
        let most = header.largest_sampling().map(usize::from);
        let parts = header
            .components
            .iter()
            .zip(&reductions)
            .zip(bands.planes());
        let upsampler = |((component, reduction), plane): ((&Component, &Reduction), _)| {
            let ratio = |most, factor: u8, reduced| {
                (most * reduced as usize, usize::from(factor) * by as usize)
            };
            let ratio = [
                ratio(most[0], component.horizontal, reduction.horizontal),
                ratio(most[1], component.vertical, reduction.vertical),
            ];
            Upsampler::new(plane, ratio, by != Divisor::Eight)
        };
        Ok(Self {
            level: Level::new(),
            upsamplers: parts.map(upsampler).collect(),
            width,
            height,
            next: 0,
            lines: vec![vec![0; width]; header.components.len()],
            pixels: Vec::new(),
            bands,
        })
    }

    /// Size in pixels.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Bytes of a pixel: 1, 3 or 4.
    #[cfg(test)]
    pub fn channels(&self) -> usize {
        self.lines.len()
    }

    /// The next rows, one or more, of [`Self::size`] and [`Self::channels`] without gaps. `None` behind the last one.
    ///
    /// The rows are only valid once this has returned `None`: the file may be truncated.
    pub fn next_rows(&mut self) -> Result<Option<&[u8]>, Error> {
        loop {
            let Some(band) = self.bands.next_band()? else {
                return Ok(None);
            };
            for (upsampler, strip) in self.upsamplers.iter_mut().zip(band.strips()) {
                upsampler.push(&strip);
            }
            let level = self.level;
            vectorize!(level, simd => self.make_rows(simd));
            if !self.pixels.is_empty() {
                return Ok(Some(&self.pixels));
            }
        }
    }

    /// Whether the file lacks the end-of-image marker, though nothing else: known after the last row.
    pub fn is_eoi_missing(&self) -> bool {
        self.bands.is_eoi_missing()
    }

    #[inline(always)]
    fn make_rows<S: Simd>(&mut self, _: S) {
        let color = self.bands.header().color;
        let stride = self.width * self.lines.len();
        let start = self.next;
        let is_ready = |y: &usize| {
            self.upsamplers
                .iter()
                .all(|upsampler| upsampler.is_ready(*y))
        };
        let end = (start..self.height)
            .find(|y| !is_ready(y))
            .unwrap_or(self.height);
        self.pixels.resize((end - start) * stride, 0);
        for (y, out) in (start..end).zip(self.pixels.chunks_exact_mut(stride)) {
            for (upsampler, line) in self.upsamplers.iter_mut().zip(&mut self.lines) {
                upsampler.row(y, line);
            }
            interleave(color, &self.lines, out);
        }
        for upsampler in &mut self.upsamplers {
            upsampler.release(end);
        }
        self.next = end;
    }
}
