//! Resampling: each pixel of the result is a weighted mean of the pixels around its place in the source.
//!
//! The weights of rows and columns are independent, so there are two passes. Transparent pixels count by their alpha.

mod taps;
#[cfg(test)]
mod tests;
mod tile;

use std::convert::Infallible;

use fearless_simd::Level;

use self::taps::Taps;
use self::tile::{BLOCK, ROWS, Tile};
use super::raster::{Color, Raster};
use crate::geometry::Size;
use crate::vectorize::vectorize;

pub(super) use self::taps::Kernel;

/// Resamples `crop` of the source, which is left, top, width and height in its pixels, to `size`.
pub(super) fn resample(source: &Raster, crop: [f64; 4], size: Size, kernel: Kernel) -> Raster {
    let mut resampler = Resampler::new(source.size, crop, size, source.color, kernel);
    let line = source.size.width as usize * source.color.channels();
    let mut pixels = Vec::with_capacity(size.area() as usize * source.color.channels());
    // Copying the rows to where the resampler needs them is faster than reading them far from one another.
    for row in source.pixels.chunks_exact(line) {
        let Ok(()) = resampler.push(row, |row| {
            pixels.extend_from_slice(row);
            Ok::<_, Infallible>(())
        });
        if resampler.is_complete() {
            break;
        }
    }
    Raster::new(size, pixels, source.color)
}

/// Resamples rows as they come, in memory that does not depend on the height of the source.
pub(super) struct Resampler {
    tile: Tile,
    color: Color,
    level: Level,
    /// How many rows of the source came, and how many of the result were made.
    pushed: usize,
    made: usize,
    /// The needed columns of the last rows of the source, each at its number modulo the capacity and padded to `stride`.
    ring: Vec<u8>,
    capacity: usize,
    stride: usize,
    /// Rows of the result.
    out: Vec<u8>,
    /// Left and top of the result in the source, if its pixels are those of the source: there is nothing to convolve.
    cut_out: Option<[usize; 2]>,
}

impl Resampler {
    /// For `crop` of a source of the size `source`: left, top, width and height in its pixels, which need not be whole.
    /// A plane of samples is [`Color::Gray`].
    pub fn new(source: Size, crop: [f64; 4], size: Size, color: Color, kernel: Kernel) -> Self {
        let [left, top, width, height] = crop;
        let is_cut_out = [width, height] == [size.width, size.height].map(f64::from)
            && [left, top].iter().all(|n| n.fract() == 0.0 && *n >= 0.0)
            && left + width <= f64::from(source.width)
            && top + height <= f64::from(source.height);
        let cut_out = is_cut_out.then_some([left as usize, top as usize]);
        let tile = tile(source, crop, size, color, kernel);
        let capacity = tile.most_sources();
        let stride = (tile.needed.len() * color.channels()).next_multiple_of(BLOCK);
        Self {
            ring: vec![0; capacity * stride],
            out: vec![0; ROWS.min(size.height as usize) * size.width as usize * color.channels()],
            tile,
            color,
            level: Level::new(),
            pushed: 0,
            made: 0,
            capacity,
            stride,
            cut_out,
        }
    }

    /// Takes the next row of the source, and passes on the rows of the result that are complete with it: none, or up
    /// to eight.
    pub fn push<E>(
        &mut self,
        row: &[u8],
        mut emit: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let number = self.pushed;
        self.pushed += 1;
        let channels = self.color.channels();
        if let Some([left, top]) = self.cut_out {
            if self.is_complete() || number < top {
                return Ok(());
            }
            self.made += 1;
            return emit(&row[left * channels..][..self.tile.columns.len() * channels]);
        }
        if self.is_complete() || number < self.tile.rows.start(self.made) {
            return Ok(());
        }
        let needed = self.tile.needed.start * channels..self.tile.needed.end * channels;
        let place = number % self.capacity * self.stride;
        self.ring[place..place + needed.len()].copy_from_slice(&row[needed]);
        while !self.is_complete() && self.tile.sources(self.made).end <= self.pushed {
            let rows = self.tile.sources(self.made);
            let sources: Vec<&[u8]> = rows
                .map(|row| &self.ring[row % self.capacity * self.stride..][..self.stride])
                .collect();
            let count = ROWS.min(self.tile.rows.len() - self.made);
            let row_bytes = self.tile.columns.len() * channels;
            let out = &mut self.out[..count * row_bytes];
            make(
                self.level,
                self.color,
                &mut self.tile,
                &sources,
                self.made,
                out,
            );
            self.made += count;
            out.chunks_exact(row_bytes).try_for_each(&mut emit)?;
        }
        Ok(())
    }

    /// Whether all rows of the result were made. Rows of the source that come later have no weight.
    pub fn is_complete(&self) -> bool {
        self.made == self.tile.rows.len()
    }
}

fn tile(source: Size, crop: [f64; 4], size: Size, color: Color, kernel: Kernel) -> Tile {
    let [left, top, width, height] = crop;
    let columns = Taps::new(source.width, left, width, size.width, kernel);
    let rows = Taps::new(source.height, top, height, size.height, kernel);
    Tile::new(columns, rows, color.channels())
}

/// Makes rows with the instructions that this processor has.
fn make(
    level: Level,
    color: Color,
    tile: &mut Tile,
    sources: &[&[u8]],
    made: usize,
    out: &mut [u8],
) {
    match color {
        Color::Gray => make_of::<1, false>(level, tile, sources, made, out),
        Color::GrayAlpha => make_of::<2, true>(level, tile, sources, made, out),
        Color::Rgb => make_of::<3, false>(level, tile, sources, made, out),
        Color::Rgba => make_of::<4, true>(level, tile, sources, made, out),
        Color::Cmyk => make_of::<4, false>(level, tile, sources, made, out),
    }
}

fn make_of<const CHANNELS: usize, const ALPHA: bool>(
    level: Level,
    tile: &mut Tile,
    sources: &[&[u8]],
    made: usize,
    out: &mut [u8],
) {
    vectorize!(level, simd => tile.make::<_, CHANNELS, ALPHA>(simd, sources, made, out));
}
