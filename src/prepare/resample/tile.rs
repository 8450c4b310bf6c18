//! Convolves pixels: first the rows of the source, which are eight rows of the result at a time, and then the columns
//! of these.
//!
//! The vertical pass multiplies whole numbers, two rows at once; its sums are exact. They are stored column by column,
//! so that a vector holds eight rows: the horizontal pass, in floating point, then needs each weight once for all of
//! them and never adds up the lanes of a vector.

use std::ops::Range;

use fearless_simd::{Simd, f32x8, i16x16, i32x8, prelude::*, u8x32, u16x16};

use super::taps::{PairedTaps, Taps, WHOLE};

/// The rows of the result that are made at once: one for each float of a vector.
pub(super) const ROWS: usize = 8;

/// The samples of a row that the vertical pass takes at once, in four vectors: enough to wait for none of them, few
/// enough for the registers.
const BLOCK: usize = 4 * ROWS;

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
        let first = (0..columns.len()).map(|n| columns.start(n)).min().unwrap_or(0);
        let end = (0..columns.len()).map(|n| columns.end(n)).max().unwrap_or(0);
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
        let is_odd = self.rows.start(made) % 2;
        let last = sources.len() - 1;
        let samples = self.needed.len() * CHANNELS;
        for block in 0..samples.div_ceil(BLOCK) {
            let pairs = (sources.len() + is_odd).div_ceil(2);
            for (n, values) in self.values[..pairs].iter_mut().enumerate() {
                // In place of a row that is not needed any other will do: its weight is 0.
                let even = chunk(sources[(2 * n).saturating_sub(is_odd)], block);
                let odd = chunk(sources[(2 * n + 1 - is_odd).min(last)], block);
                to_pairs::<S, CHANNELS, ALPHA>(simd, &even, &odd, values);
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
        let mut sums = [[0; BLOCK]; ROWS];
        for (n, sums) in sums.iter_mut().enumerate() {
            // After the last row, that one is made again for nobody.
            let number = (made + n).min(self.rows.len() - 1);
            let weights = self.pairs.weights(number);
            let values = &self.values[self.rows.start(number) / 2 - first..][..weights.len()];
            let zero = i32x8::splat(simd, 0);
            let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
            for (weights, values) in weights.iter().zip(values) {
                let weights = i32x8::splat(simd, *weights).bitcast();
                a = a + products(simd, weights, &values[..8]);
                b = b + products(simd, weights, &values[8..16]);
                c = c + products(simd, weights, &values[16..24]);
                d = d + products(simd, weights, &values[24..]);
            }
            a.store_slice(&mut sums[..8]);
            b.store_slice(&mut sums[8..16]);
            c.store_slice(&mut sums[16..24]);
            d.store_slice(&mut sums[24..]);
        }
        let out = &mut self.convolved[block * BLOCK..][..BLOCK];
        for part in 0..BLOCK / ROWS {
            let mut rows = [i32x8::splat(simd, 0); ROWS];
            for n in 0..ROWS {
                rows[n] = i32x8::from_slice(simd, &sums[n][part * ROWS..][..ROWS]);
            }
            let columns = transpose(rows);
            for (n, column) in columns.into_iter().enumerate() {
                // Of pixels with alpha, each channel is a vector of its own.
                let place = if is_planar(CHANNELS, ALPHA) {
                    n * CHANNELS + part
                } else {
                    part * ROWS + n
                };
                let is_color = ALPHA && place % CHANNELS < CHANNELS - 1;
                let offset = if is_color { COLOR_OFFSET as f32 } else { 0.0 };
                let column: f32x8<S> = column.to_float();
                let unit = f32x8::splat(simd, 1.0 / WHOLE as f32);
                let column = column.mul_add(unit, f32x8::splat(simd, offset));
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

/// The sums of two products for each column.
#[inline(always)]
fn products<S: Simd>(simd: S, weights: i16x16<S>, values: &[i32]) -> i32x8<S> {
    let values: i16x16<S> = i32x8::from_slice(simd, values).bitcast();
    values.pairwise_dot_product(weights)
}

/// The samples of a block of a row, with zeros after its end.
#[inline(always)]
fn chunk(row: &[u8], block: usize) -> [u8; BLOCK] {
    let rest = &row[block * BLOCK..];
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut bytes = [0; BLOCK];
        bytes[..rest.len()].copy_from_slice(rest);
        bytes
    })
}

/// The samples of a block of two rows as pairs, in which colors are multiplied by their alpha.
#[inline(always)]
fn to_pairs<S: Simd, const CHANNELS: usize, const ALPHA: bool>(
    simd: S,
    even: &[u8; BLOCK],
    odd: &[u8; BLOCK],
    values: &mut [i32; BLOCK],
) {
    if is_planar(CHANNELS, ALPHA) {
        let (even, odd) = (premultiplied(simd, even), premultiplied(simd, odd));
        for n in 0..4 {
            (even[n] | odd[n] << 16).store_slice(&mut values[n * ROWS..][..ROWS]);
        }
    } else if ALPHA {
        let sample = |bytes: &[u8; BLOCK], n: usize| {
            let alpha = n / CHANNELS * CHANNELS + CHANNELS - 1;
            if n == alpha {
                i32::from(bytes[n])
            } else {
                (i32::from(bytes[n]) * i32::from(bytes[alpha]) - COLOR_OFFSET) & 0xFFFF
            }
        };
        for (n, value) in values.iter_mut().enumerate() {
            *value = sample(even, n) | sample(odd, n) << 16;
        }
    } else {
        let even = u8x32::from_slice(simd, even);
        let (low, high) = even.interleave(u8x32::from_slice(simd, odd));
        let ((a, b), (c, d)) = (low.widen(), high.widen());
        for (n, part) in [a, b, c, d].into_iter().enumerate() {
            let part: i32x8<S> = part.bitcast();
            part.store_slice(&mut values[n * ROWS..][..ROWS]);
        }
    }
}

/// The channels of eight pixels, each a vector of its own.
#[inline(always)]
fn premultiplied<S: Simd>(simd: S, bytes: &[u8; BLOCK]) -> [i32x8<S>; 4] {
    let pixels: i32x8<S> = u8x32::from_slice(simd, bytes).bitcast();
    let byte = i32x8::splat(simd, 0xFF);
    let alpha = pixels >> 24 & byte;
    let offset = i32x8::splat(simd, COLOR_OFFSET);
    let mut channels = [alpha; 4];
    for (n, channel) in channels[..3].iter_mut().enumerate() {
        let color: u16x16<S> = (pixels >> (8 * n as u32) & byte).bitcast();
        let product: i32x8<S> = (color * alpha.bitcast::<u16x16<S>>()).bitcast();
        // The same as taking it away, in 16 bits.
        *channel = product ^ offset;
    }
    channels
}

#[inline(always)]
fn transpose<S: Simd>(rows: [i32x8<S>; 8]) -> [i32x8<S>; 8] {
    shuffle(shuffle(shuffle(rows)))
}

/// Interleaves the first half with the second, as a deck of cards. Three times are a transposition.
#[inline(always)]
fn shuffle<S: Simd>(x: [i32x8<S>; 8]) -> [i32x8<S>; 8] {
    let (a, b) = x[0].interleave(x[4]);
    let (c, d) = x[1].interleave(x[5]);
    let (e, f) = x[2].interleave(x[6]);
    let (g, h) = x[3].interleave(x[7]);
    [a, b, c, d, e, f, g, h]
}
