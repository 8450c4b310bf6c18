//! Convolves pixels: first the rows of the source, which are eight rows of the result at a time, and then the columns
//! of these.
//!
//! The vertical pass multiplies whole numbers, two rows at once; its sums are exact. They are stored column by column,
//! so that a vector holds eight rows: the horizontal pass, in floating point, then needs each weight once for all of
//! them and never adds up the lanes of a vector.

#![allow(
    clippy::needless_range_loop,
    reason = "one index goes through several arrays"
)]

use std::ops::Range;

use fearless_simd::{Simd, f32x8, i16x16, i32x8, prelude::*, u8x32, u16x16};

use super::taps::{PairedTaps, Taps, WHOLE};
use crate::vectorize::transpose;

/// The rows of the result that are made at once: one for each float of a vector.
pub(super) const ROWS: usize = 8;

/// The samples of a row that the vertical pass takes at once, in four vectors: enough to wait for none of them, few
/// enough for the registers. The first vector has every fourth sample from the first one on, the second from the
/// second one on: they are taken apart without a shuffle, and the channels of four are apart as well.
pub(super) const BLOCK: usize = 4 * ROWS;

/// The pixels of the result whose bytes are written at once.
const PIXELS: usize = 4;

/// A color that was multiplied by its alpha has 16 bits. Less this, it has a sign and fits into half a pair.
const COLOR_OFFSET: i32 = 1 << 15;

/// The weights of both sides, and room for what is in between.
pub(super) struct Tile {
    pub columns: Taps,
    pub rows: Taps,
    pairs: PairedTaps,
    /// The columns of the source that have a weight.
    pub needed: Range<usize>,
    /// One block of the rows of the source: of two rows each, the samples of a column in the halves of a number.
    values: Vec<[i32; BLOCK]>,
    /// By sample of a row of the source: the sums of the vertical pass for the rows of the result.
    convolved: Vec<[f32; ROWS]>,
}

impl Tile {
    /// For pixels of `channels` samples.
    pub fn new(columns: Taps, rows: Taps, channels: usize) -> Self {
        let first = (0..columns.len())
            .map(|n| columns.start(n))
            .min()
            .unwrap_or(0);
        let end = (0..columns.len())
            .map(|n| columns.end(n))
            .max()
            .unwrap_or(0);
        let samples = ((end - first) * channels).next_multiple_of(BLOCK);
        let mut tile = Self {
            // Weights that do not count reach beyond the end.
            convolved: vec![[0.0; ROWS]; samples + columns.count() * channels],
            values: Vec::new(),
            needed: first..end,
            pairs: PairedTaps::new(&rows),
            columns,
            rows,
        };
        tile.values = vec![[0; BLOCK]; tile.most_sources() / 2 + 1 + tile.pairs.count()];
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
        tiles
            .map(|made| self.sources(made).len())
            .max()
            .unwrap_or(0)
    }

    /// Makes the rows of the result from `made` on, of which `out` has at most [`ROWS`], from the columns that are
    /// needed of the rows that are needed. They are padded to a multiple of [`BLOCK`].
    #[inline(always)]
    pub fn make<S: Simd, const CHANNELS: usize, const ALPHA: bool>(
        &mut self,
        simd: S,
        sources: &[&[u8]],
        made: usize,
        out: &mut [u8],
    ) {
        let is_odd = self.rows.start(made) % 2;
        let last = sources.len() - 1;
        for block in 0..sources[0].len() / BLOCK {
            let pairs = (sources.len() + is_odd).div_ceil(2);
            for (n, values) in self.values[..pairs].iter_mut().enumerate() {
                // In place of a row that is not needed any other will do: its weight is 0.
                let even = sources[(2 * n).saturating_sub(is_odd)]
                    .as_chunks::<BLOCK>()
                    .0;
                let odd = sources[(2 * n + 1 - is_odd).min(last)]
                    .as_chunks::<BLOCK>()
                    .0;
                to_pairs::<S, CHANNELS, ALPHA>(simd, &even[block], &odd[block], values);
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
        let first = self.rows.start(made) / 2;
        let unit = f32x8::splat(simd, 1.0 / WHOLE as f32);
        // The channels of the vectors are the same where there are two or four.
        let is_color = |part: usize| ALPHA && part % CHANNELS < CHANNELS - 1;
        let mut offsets = [f32x8::splat(simd, 0.0); 4];
        for (part, offset) in offsets.iter_mut().enumerate() {
            if is_color(part) {
                *offset = f32x8::splat(simd, COLOR_OFFSET as f32);
            }
        }
        let mut sums = [[0.0; BLOCK]; ROWS];
        for (n, sums) in sums.iter_mut().enumerate() {
            // After the last row, that one is made again for nobody.
            let number = (made + n).min(self.rows.len() - 1);
            let weights = self.pairs.weights(number);
            let values = &self.values[self.rows.start(number) / 2 - first..][..weights.len()];
            let zero = i32x8::splat(simd, 0);
            let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
            for (weights, values) in weights.iter().zip(values) {
                let weights = i32x8::splat(simd, *weights).bitcast();
                a += products(simd, weights, &values[..8]);
                b += products(simd, weights, &values[8..16]);
                c += products(simd, weights, &values[16..24]);
                d += products(simd, weights, &values[24..]);
            }
            for (part, sum) in [a, b, c, d].into_iter().enumerate() {
                let sum: f32x8<S> = sum.to_float();
                let sum = sum.mul_add(unit, offsets[part]);
                sum.store_slice(&mut sums[part * ROWS..][..ROWS]);
            }
        }
        let out = &mut self.convolved[block * BLOCK..][..BLOCK];
        for part in 0..BLOCK / ROWS {
            let mut rows = [f32x8::splat(simd, 0.0); ROWS];
            for n in 0..ROWS {
                rows[n] = f32x8::from_slice(simd, &sums[n][part * ROWS..][..ROWS]);
            }
            for (n, column) in transpose(rows).into_iter().enumerate() {
                column.store_slice(&mut out[4 * n + part]);
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
                sums[n] += more[n];
            }
            if ALPHA {
                let alpha = sums[CHANNELS - 1];
                let share = f32x8::splat(simd, 1.0) / alpha;
                // What cannot be seen has no color.
                let is_visible = alpha.simd_ge(f32x8::splat(simd, 0.5));
                let share = is_visible.select(share, f32x8::splat(simd, 0.0));
                for sum in &mut sums[..CHANNELS - 1] {
                    *sum *= share;
                }
            }
            let within = number % PIXELS;
            for n in 0..CHANNELS {
                // The kernel's lobes go beyond black and white.
                let byte: i32x8<S> = (sums[n] + 0.5).max(0.0).min(255.0).to_int();
                let place = within * CHANNELS + n;
                words[place / 4] |= byte << (8 * (place % 4) as u32);
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

/// The sums of two products for each column.
#[inline(always)]
fn products<S: Simd>(simd: S, weights: i16x16<S>, values: &[i32]) -> i32x8<S> {
    let values: i16x16<S> = i32x8::from_slice(simd, values).bitcast();
    values.pairwise_dot_product(weights)
}

/// The samples of a block of two rows as pairs, in which colors are multiplied by their alpha.
#[inline(always)]
fn to_pairs<S: Simd, const CHANNELS: usize, const ALPHA: bool>(
    simd: S,
    even: &[u8; BLOCK],
    odd: &[u8; BLOCK],
    values: &mut [i32; BLOCK],
) {
    let (even, odd) = (apart(simd, even), apart(simd, odd));
    let mut pairs = even;
    for n in 0..4 {
        pairs[n] = even[n] | odd[n] << 16;
    }
    for n in 0..4 {
        let alpha = n / CHANNELS * CHANNELS + CHANNELS - 1;
        if ALPHA && n != alpha {
            pairs[n] = premultiplied(simd, pairs[n], pairs[alpha]);
        }
        pairs[n].store_slice(&mut values[n * ROWS..][..ROWS]);
    }
}

/// Every fourth sample from the first, the second, the third and the fourth one on.
#[inline(always)]
fn apart<S: Simd>(simd: S, bytes: &[u8; BLOCK]) -> [i32x8<S>; 4] {
    let words: i32x8<S> = u8x32::from_slice(simd, bytes).bitcast();
    let byte = i32x8::splat(simd, 0xFF);
    [
        words & byte,
        words >> 8 & byte,
        words >> 16 & byte,
        words >> 24 & byte,
    ]
}

#[inline(always)]
fn premultiplied<S: Simd>(simd: S, color: i32x8<S>, alpha: i32x8<S>) -> i32x8<S> {
    let (color, alpha): (u16x16<S>, u16x16<S>) = (color.bitcast(), alpha.bitcast());
    // The same as taking the offset away, in 16 bits.
    ((color * alpha) ^ u16x16::splat(simd, COLOR_OFFSET as u16)).bitcast()
}
