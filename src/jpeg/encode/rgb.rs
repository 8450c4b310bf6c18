//! RGB to YCbCr, with libjpeg's integers, and the mean of the color of neighboring pixels.

#![allow(
    clippy::needless_range_loop,
    reason = "one index goes through several arrays"
)]

use fearless_simd::Level;

use super::frame::{Frame, Sampling};
use crate::vectorize::vectorize;

/// Collects the color of the pixels that share a sample.
pub(super) struct ColorRows {
    level: Level,
    /// Pixels that share a sample, horizontally and vertically: 1 or 2.
    across: usize,
    down: usize,
    /// By channel: the sums of the pixels that share a sample, `across` times `down` times their mean.
    sums: [Vec<u16>; 3],
    /// How many rows are in the sums.
    rows: usize,
}

/// Pixels that are converted at once.
const BLOCK: usize = 16;

/// In 65536ths: the weights of red, green and blue.
const LUMA: [i32; 3] = [19_595, 38_470, 7_471];
const BLUE: [i32; 3] = [-11_059, -21_709, 32_768];
const RED: [i32; 3] = [32_768, -27_439, -5_329];

impl ColorRows {
    pub fn new(frame: Frame) -> Self {
        let (across, down) = match frame.sampling() {
            Sampling::Cs420 => (2, 2),
            Sampling::Cs422 => (2, 1),
            Sampling::Gray | Sampling::Cs444 => (1, 1),
        };
        let (width, _) = frame.plane_size(frame.sampling().components() - 1);
        let sums = || vec![0; width.next_multiple_of(BLOCK)];
        Self {
            level: Level::new(),
            across,
            down,
            sums: [sums(), sums(), sums()],
            rows: 0,
        }
    }

    /// The luma of a row of pixels.
    pub fn luma(&self, pixels: &[u8], luma: &mut [u8]) {
        vectorize!(self.level, _simd => luma_row(pixels, luma));
    }

    /// Adds a row of pixels, which `is_last` if it shares its samples with none after it. Returns whether the samples
    /// are complete.
    pub fn add(&mut self, pixels: &[u8], is_last: bool) -> bool {
        if self.rows == self.down {
            self.sums.iter_mut().for_each(|sums| sums.fill(0));
            self.rows = 0;
        }
        let sums = &mut self.sums;
        // A row or column without a neighbor counts twice.
        let times = if is_last { self.down - self.rows } else { 1 };
        for _ in 0..times {
            if self.across == 2 {
                vectorize!(self.level, _simd => add_row::<2>(pixels, sums));
            } else {
                vectorize!(self.level, _simd => add_row::<1>(pixels, sums));
            }
            self.rows += 1;
        }
        self.rows == self.down
    }

    pub fn blue(&self, samples: &mut [u8]) {
        self.chroma(samples, BLUE);
    }

    pub fn red(&self, samples: &mut [u8]) {
        self.chroma(samples, RED);
    }

    fn chroma(&self, samples: &mut [u8], weights: [i32; 3]) {
        let (sums, pixels) = (&self.sums, self.across * self.down);
        vectorize!(self.level, _simd => match pixels {
            1 => chroma_row::<1>(sums, samples, weights),
            2 => chroma_row::<2>(sums, samples, weights),
            _ => chroma_row::<4>(sums, samples, weights),
        });
    }
}

#[inline(always)]
fn luma_row(pixels: &[u8], luma: &mut [u8]) {
    let convert =
        |[r, g, b]: [i32; 3]| ((LUMA[0] * r + LUMA[1] * g + LUMA[2] * b + 32_768) >> 16) as u8;
    let (blocks, rest) = pixels.as_chunks::<{ 3 * BLOCK }>();
    let (out_blocks, out_rest) = luma.as_chunks_mut::<BLOCK>();
    for (block, out) in blocks.iter().zip(out_blocks) {
        let (mut r, mut g, mut b) = ([0; BLOCK], [0; BLOCK], [0; BLOCK]);
        for n in 0..BLOCK {
            r[n] = i32::from(block[3 * n]);
            g[n] = i32::from(block[3 * n + 1]);
            b[n] = i32::from(block[3 * n + 2]);
        }
        for n in 0..BLOCK {
            out[n] = convert([r[n], g[n], b[n]]);
        }
    }
    for (pixel, out) in rest.as_chunks::<3>().0.iter().zip(out_rest) {
        *out = convert(pixel.map(i32::from));
    }
}

/// Adds the pixels of a row, of which `ACROSS` share a sample.
#[inline(always)]
fn add_row<const ACROSS: usize>(pixels: &[u8], sums: &mut [Vec<u16>; 3]) {
    let [red, green, blue] = sums;
    let groups = pixels.chunks_exact(3 * ACROSS * BLOCK);
    let rest = groups.remainder();
    let done = groups.len() * BLOCK;
    let out = red
        .as_chunks_mut::<BLOCK>()
        .0
        .iter_mut()
        .zip(green.as_chunks_mut::<BLOCK>().0)
        .zip(blue.as_chunks_mut::<BLOCK>().0);
    for (group, ((red, green), blue)) in groups.zip(out) {
        for n in 0..BLOCK {
            for x in 0..ACROSS {
                let place = 3 * (n * ACROSS + x);
                red[n] += u16::from(group[place]);
                green[n] += u16::from(group[place + 1]);
                blue[n] += u16::from(group[place + 2]);
            }
        }
    }
    for (n, group) in rest.chunks(3 * ACROSS).enumerate() {
        for x in 0..ACROSS {
            let place = (3 * x).min(group.len() - 3);
            red[done + n] += u16::from(group[place]);
            green[done + n] += u16::from(group[place + 1]);
            blue[done + n] += u16::from(group[place + 2]);
        }
    }
}

/// The samples of sums of `PIXELS` pixels.
#[inline(always)]
fn chroma_row<const PIXELS: i32>(sums: &[Vec<u16>; 3], samples: &mut [u8], weights: [i32; 3]) {
    let [red, green, blue] = sums.each_ref().map(|sums| &sums[..samples.len()]);
    // The middle of the range, and just under one half to round.
    let offset = PIXELS * (128 << 16) + PIXELS * 32_768 - 1;
    for (((sample, r), g), b) in samples.iter_mut().zip(red).zip(green).zip(blue) {
        let sum =
            weights[0] * i32::from(*r) + weights[1] * i32::from(*g) + weights[2] * i32::from(*b);
        *sample = ((sum + offset) / (PIXELS << 16)) as u8;
    }
}
