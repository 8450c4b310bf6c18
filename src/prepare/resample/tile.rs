//! Convolves pixels: first the rows of the source, which are eight rows of the result at a time, and then the columns
//! of these. All of it is in floating point, and nothing is rounded in between.
//!
//! What comes out of the vertical pass is stored column by column, so that a vector holds eight rows: the horizontal
//! pass then needs each weight once for all of them and never adds up the lanes of a vector.

use std::ops::Range;

use fearless_simd::{Simd, f32x8, i32x8, prelude::*};

use super::taps::Taps;

/// The rows of the result that are made at once: one for each float of a vector.
pub(super) const ROWS: usize = 8;

/// The samples of a row that the vertical pass takes at once: four vectors wait for one another less than one, and
/// fit into the registers.
const BLOCK: usize = 4 * ROWS;

/// The pixels of the result whose bytes are written at once.
const PIXELS: usize = 4;

/// The weights of both sides, and room for what is in between.
pub(super) struct Tile {
    pub columns: Taps,
    pub rows: Taps,
    /// The columns of the source that have a weight.
    pub needed: Range<usize>,
    /// One block of the rows of the source, as floats.
    values: Vec<[f32; BLOCK]>,
    /// By sample of a row of the source: the sums of the vertical pass for the rows of the result.
    convolved: Vec<[f32; ROWS]>,
}

impl Tile {
    /// For pixels of `channels` samples.
    pub fn new(columns: Taps, rows: Taps, channels: usize) -> Self {
        let first = (0..columns.len()).map(|n| columns.start(n)).min().unwrap_or(0);
        let end = (0..columns.len()).map(|n| columns.end(n)).max().unwrap_or(0);
        let samples = ((end - first) * channels).next_multiple_of(BLOCK);
        let mut tile = Self {
            // Weights that do not count reach beyond the end.
            convolved: vec![[0.0; ROWS]; samples + columns.count() * channels],
            values: Vec::new(),
            needed: first..end,
            columns,
            rows,
        };
        tile.values = vec![[0.0; BLOCK]; tile.most_sources() + tile.rows.count()];
        tile
    }

    /// The rows of the source that the rows of the result from `made` on need, at most [`ROWS`] of them.
    pub fn sources(&self, made: usize) -> Range<usize> {
        let last = (made + ROWS).min(self.rows.len()) - 1;
        self.rows.start(made)..self.rows.end(last)
    }

    /// The largest number of rows of the source that are needed at once.
    pub fn most_sources(&self) -> usize {
        let tiles = (0..self.rows.len()).step_by(ROWS);
        tiles.map(|made| self.sources(made).len()).max().unwrap_or(0)
    }

    /// Makes the rows of the result from `made` on, of which `out` has at most [`ROWS`], from the columns that are
    /// needed of the rows that are needed.
    #[inline(always)]
    pub fn make<S: Simd, const CHANNELS: usize, const ALPHA: bool>(
        &mut self,
        simd: S,
        sources: &[&[u8]],
        made: usize,
        out: &mut [u8],
    ) {
        let samples = self.needed.len() * CHANNELS;
        for block in 0..samples.div_ceil(BLOCK) {
            for (source, values) in sources.iter().zip(&mut self.values) {
                let rest = &source[block * BLOCK..];
                if let Some(bytes) = rest.first_chunk() {
                    to_floats::<S, CHANNELS, ALPHA>(simd, bytes, values);
                } else {
                    let mut bytes = [0; BLOCK];
                    bytes[..rest.len()].copy_from_slice(rest);
                    to_floats::<S, CHANNELS, ALPHA>(simd, &bytes, values);
                }
            }
            self.vertical::<S, CHANNELS, ALPHA>(simd, made, block);
        }
        self.horizontal::<S, CHANNELS, ALPHA>(simd, out);
    }

    /// Convolves a block of the rows of the source.
    #[inline(always)]
    fn vertical<S: Simd, const CHANNELS: usize, const ALPHA: bool>(
        &mut self,
        simd: S,
        made: usize,
        block: usize,
    ) {
        let first = self.rows.start(made);
        let mut sums = [[0.0; BLOCK]; ROWS];
        for (n, sums) in sums.iter_mut().enumerate() {
            // After the last row, that one is made again for nobody.
            let number = (made + n).min(self.rows.len() - 1);
            let weights = self.rows.weights(number);
            let values = &self.values[self.rows.start(number) - first..][..weights.len()];
            let zero = f32x8::splat(simd, 0.0);
            let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
            for (weight, values) in weights.iter().zip(values) {
                let weight = f32x8::splat(simd, *weight);
                a = f32x8::from_slice(simd, &values[..8]).mul_add(weight, a);
                b = f32x8::from_slice(simd, &values[8..16]).mul_add(weight, b);
                c = f32x8::from_slice(simd, &values[16..24]).mul_add(weight, c);
                d = f32x8::from_slice(simd, &values[24..]).mul_add(weight, d);
            }
            a.store_slice(&mut sums[..8]);
            b.store_slice(&mut sums[8..16]);
            c.store_slice(&mut sums[16..24]);
            d.store_slice(&mut sums[24..]);
        }
        let out = &mut self.convolved[block * BLOCK..][..BLOCK];
        for part in 0..BLOCK / ROWS {
            let row = |n: usize| f32x8::from_slice(simd, &sums[n][part * ROWS..][..ROWS]);
            let columns = transpose([row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)]);
            for (n, column) in columns.into_iter().enumerate() {
                // Of pixels with alpha, each channel is a vector of its own.
                let place = if is_planar(CHANNELS, ALPHA) {
                    n * CHANNELS + part
                } else {
                    part * ROWS + n
                };
                column.store_slice(&mut out[place]);
            }
        }
    }

    /// Convolves the columns of what the vertical pass made, and writes the bytes of the rows.
    #[inline(always)]
    fn horizontal<S: Simd, const CHANNELS: usize, const ALPHA: bool>(
        &self,
        simd: S,
        out: &mut [u8],
    ) {
        let row_bytes = self.columns.len() * CHANNELS;
        let first = self.needed.start;
        // The bytes of four pixels: a vector holds four bytes of each row.
        let mut words = [i32x8::splat(simd, 0); CHANNELS];
        for (number, (start, weights)) in self.columns.iter().enumerate() {
            let values = &self.convolved[(start - first) * CHANNELS..][..weights.len() * CHANNELS];
            let mut sums = [f32x8::splat(simd, 0.0); CHANNELS];
            let mut more = [f32x8::splat(simd, 0.0); CHANNELS];
            let pairs = weights.as_chunks::<2>().0.iter();
            for (weights, values) in pairs.zip(values.chunks_exact(2 * CHANNELS)) {
                let first = f32x8::splat(simd, weights[0]);
                let second = f32x8::splat(simd, weights[1]);
                for n in 0..CHANNELS {
                    sums[n] = f32x8::from_slice(simd, &values[n]).mul_add(first, sums[n]);
                    let value = f32x8::from_slice(simd, &values[CHANNELS + n]);
                    more[n] = value.mul_add(second, more[n]);
                }
            }
            for n in 0..CHANNELS {
                sums[n] = sums[n] + more[n];
            }
            if ALPHA {
                let alpha = sums[CHANNELS - 1];
                let share = f32x8::splat(simd, 1.0) / alpha;
                // What cannot be seen has no color.
                let is_visible = alpha.simd_ge(f32x8::splat(simd, 0.5));
                let share = is_visible.select(share, f32x8::splat(simd, 0.0));
                for sum in &mut sums[..CHANNELS - 1] {
                    *sum = *sum * share;
                }
            }
            let within = number % PIXELS;
            for n in 0..CHANNELS {
                // The kernel's lobes go beyond black and white.
                let byte: i32x8<S> = (sums[n] + 0.5).max(0.0).min(255.0).to_int();
                let place = within * CHANNELS + n;
                words[place / 4] = words[place / 4] | byte << (8 * (place % 4) as u32);
            }
            if within == PIXELS - 1 || number + 1 == self.columns.len() {
                let place = (number - within) * CHANNELS;
                let bytes = (within + 1) * CHANNELS;
                write_words(&words, out, row_bytes, place, bytes);
                words = [i32x8::splat(simd, 0); CHANNELS];
            }
        }
    }
}

/// Writes up to four pixels of each row.
#[inline(always)]
fn write_words<S: Simd, const CHANNELS: usize>(
    words: &[i32x8<S>; CHANNELS],
    out: &mut [u8],
    row_bytes: usize,
    place: usize,
    bytes: usize,
) {
    let mut lanes = [[0i32; ROWS]; CHANNELS];
    for (word, lanes) in words.iter().zip(&mut lanes) {
        word.store_slice(lanes);
    }
    for (row, out) in out.chunks_exact_mut(row_bytes).enumerate() {
        let out = &mut out[place..place + bytes];
        if bytes == PIXELS * CHANNELS {
            for (lanes, out) in lanes.iter().zip(out.as_chunks_mut::<4>().0) {
                *out = lanes[row].to_le_bytes();
            }
        } else {
            for (n, out) in out.iter_mut().enumerate() {
                *out = lanes[n / 4][row].to_le_bytes()[n % 4];
            }
        }
    }
}

/// Whether a block has the channels of its pixels one after the other.
const fn is_planar(channels: usize, has_alpha: bool) -> bool {
    channels == 4 && has_alpha
}

/// The samples of a block as floats, in which colors are multiplied by their alpha.
#[inline(always)]
fn to_floats<S: Simd, const CHANNELS: usize, const ALPHA: bool>(
    simd: S,
    bytes: &[u8; BLOCK],
    values: &mut [f32; BLOCK],
) {
    if is_planar(CHANNELS, ALPHA) {
        let mut pixels = [0; ROWS];
        for (pixel, bytes) in pixels.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *pixel = i32::from_le_bytes(*bytes);
        }
        let pixels = i32x8::from_slice(simd, &pixels);
        let byte = i32x8::splat(simd, 0xFF);
        let alpha: f32x8<S> = (pixels >> 24 & byte).to_float();
        for n in 0..3 {
            let color: f32x8<S> = (pixels >> (8 * n as u32) & byte).to_float();
            (color * alpha).store_slice(&mut values[n * ROWS..][..ROWS]);
        }
        alpha.store_slice(&mut values[3 * ROWS..]);
        return;
    }
    for (value, byte) in values.iter_mut().zip(bytes) {
        *value = f32::from(*byte);
    }
    if ALPHA {
        for pixel in values.chunks_exact_mut(CHANNELS) {
            let alpha = pixel[CHANNELS - 1];
            for color in &mut pixel[..CHANNELS - 1] {
                *color *= alpha;
            }
        }
    }
}

#[inline(always)]
fn transpose<S: Simd>(rows: [f32x8<S>; 8]) -> [f32x8<S>; 8] {
    shuffle(shuffle(shuffle(rows)))
}

/// Interleaves the first half with the second, as a deck of cards. Three times are a transposition.
#[inline(always)]
fn shuffle<S: Simd>(x: [f32x8<S>; 8]) -> [f32x8<S>; 8] {
    let (a, b) = x[0].interleave(x[4]);
    let (c, d) = x[1].interleave(x[5]);
    let (e, f) = x[2].interleave(x[6]);
    let (g, h) = x[3].interleave(x[7]);
    [a, b, c, d, e, f, g, h]
}
