//! The forward transform of blocks of samples.
//!
//! In floating point, by Arai, Agui and Nakajima, whose result is scaled; the scale is taken out in the same step that
//! rounds to fixed point. That keeps two bytes per coefficient and is exact enough for every quality: 1/16 of the
//! finest quantization step.

use fearless_simd::{Simd, f32x8, i16x16, i32x8, prelude::*};

use crate::vectorize::transpose;

/// The coefficients of a block, column by column, in units of 1/16.
pub(super) type Block = [i16; 64];

/// Units of a [`Block`] in one unit of the standard's coefficients.
pub(super) const UNITS: f32 = 16.0;

/// Adding this rounds to a whole number, which is then in the low bits of the sum.
pub(super) const ROUND: f32 = 12_582_912.0;

/// Transforms eight rows of `stride` samples, which is a multiple of eight.
#[inline(always)]
pub(super) fn transform<S: Simd>(simd: S, rows: &[u8], stride: usize, blocks: &mut [Block]) {
    let (row0, rest) = rows.split_at(stride);
    let (row1, rest) = rest.split_at(stride);
    let (row2, rest) = rest.split_at(stride);
    let (row3, rest) = rest.split_at(stride);
    let (row4, rest) = rest.split_at(stride);
    let (row5, rest) = rest.split_at(stride);
    let (row6, row7) = rest.split_at(stride);
    let rows = [row0, row1, row2, row3, row4, row5, row6, row7].map(|row| row.as_chunks::<8>().0);
    let count = blocks.len();
    let rows = rows.map(|row| &row[..count]);
    for (n, block) in blocks.iter_mut().enumerate() {
        let samples = [
            load(simd, &rows[0][n]),
            load(simd, &rows[1][n]),
            load(simd, &rows[2][n]),
            load(simd, &rows[3][n]),
            load(simd, &rows[4][n]),
            load(simd, &rows[5][n]),
            load(simd, &rows[6][n]),
            load(simd, &rows[7][n]),
        ];
        let columns = one_dimension(transpose(one_dimension(samples)));
        for (pair, (out, scale)) in block
            .as_chunks_mut::<16>()
            .0
            .iter_mut()
            .zip(SCALES.as_chunks::<2>().0)
            .enumerate()
        {
            let mut rounding = f32x8::splat(simd, ROUND);
            if pair == 0 {
                rounding = f32x8::from_slice(simd, &ROUND_AND_CENTER);
            }
            let (low, high) = (2 * pair, 2 * pair + 1);
            let low = columns[low].mul_add(f32x8::from_slice(simd, &scale[0]), rounding);
            let high = columns[high].mul_add(
                f32x8::from_slice(simd, &scale[1]),
                f32x8::splat(simd, ROUND),
            );
            whole(simd, low, high).store_slice(out);
        }
    }
}

/// The whole numbers in two vectors to which [`ROUND`] was added.
#[inline(always)]
pub(super) fn whole<S: Simd>(simd: S, low: f32x8<S>, high: f32x8<S>) -> i16x16<S> {
    let offset = i32x8::splat(simd, ROUND.to_bits() as i32);
    let (low, high): (i32x8<S>, i32x8<S>) = (low.bitcast(), high.bitcast());
    (low - offset).saturating_narrow(high - offset)
}

#[inline(always)]
fn load<S: Simd>(simd: S, bytes: &[u8; 8]) -> f32x8<S> {
    let mut values = [0.0; 8];
    for (value, byte) in values.iter_mut().zip(bytes) {
        *value = f32::from(*byte);
    }
    f32x8::from_slice(simd, &values)
}

/// The transform of eight values, each of them a vector: every lane for itself.
#[inline(always)]
fn one_dimension<S: Simd>(x: [f32x8<S>; 8]) -> [f32x8<S>; 8] {
    let (sum07, difference07) = (x[0] + x[7], x[0] - x[7]);
    let (sum16, difference16) = (x[1] + x[6], x[1] - x[6]);
    let (sum25, difference25) = (x[2] + x[5], x[2] - x[5]);
    let (sum34, difference34) = (x[3] + x[4], x[3] - x[4]);

    let (even0, even3) = (sum07 + sum34, sum07 - sum34);
    let (even1, even2) = (sum16 + sum25, sum16 - sum25);
    let turned = (even2 + even3) * COS_4;

    let (odd0, odd1, odd2) = (
        difference34 + difference25,
        difference25 + difference16,
        difference16 + difference07,
    );
    let shared = (odd0 - odd2) * COS_6;
    let low = odd0 * COS_2_LESS_6 + shared;
    let high = odd2 * COS_2_PLUS_6 + shared;
    let middle = odd1 * COS_4;
    let (plus, minus) = (difference07 + middle, difference07 - middle);

    [
        even0 + even1,
        plus + high,
        even3 + turned,
        minus - low,
        even0 - even1,
        minus + low,
        even3 - turned,
        plus - high,
    ]
}

/// Of the angle nπ/16.
const COS_4: f32 = std::f32::consts::FRAC_1_SQRT_2;
const COS_6: f32 = 0.382_683_43;
const COS_2_LESS_6: f32 = 0.541_196_1;
const COS_2_PLUS_6: f32 = 1.306_563;

/// From the transform's result to a [`Block`]'s units.
const SCALES: [[f32; 8]; 8] = {
    // 1, then √2 times the cosine of nπ/16.
    const FACTORS: [f64; 8] = [
        1.0,
        1.387_039_845_322_148,
        1.306_562_964_876_377,
        1.175_875_602_419_359,
        1.0,
        0.785_694_958_387_102,
        0.541_196_100_146_197,
        0.275_899_379_282_943,
    ];
    let mut scales = [[0.0; 8]; 8];
    let mut n = 0;
    while n < 64 {
        scales[n / 8][n % 8] = (UNITS as f64 / (FACTORS[n / 8] * FACTORS[n % 8] * 8.0)) as f32;
        n += 1;
    }
    scales
};

/// Samples are centered around 128, which changes their mean only.
const ROUND_AND_CENTER: [f32; 8] = [
    ROUND - 1024.0 * UNITS,
    ROUND,
    ROUND,
    ROUND,
    ROUND,
    ROUND,
    ROUND,
    ROUND,
];

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    /// The standard's formula (ITU-T T.81, A.3.3), column by column.
    fn by_definition(samples: &[u8]) -> Vec<f64> {
        let scale = |n: usize| if n == 0 { 0.5f64.sqrt() } else { 1.0 };
        let cosine = |x: usize, u: usize| ((2 * x + 1) as f64 * u as f64 * PI / 16.0).cos();
        let coefficient = |u: usize, v: usize| {
            let sum: f64 = samples
                .iter()
                .enumerate()
                .map(|(n, s)| (f64::from(*s) - 128.0) * cosine(n % 8, u) * cosine(n / 8, v))
                .sum();
            sum * scale(u) * scale(v) / 4.0
        };
        (0..64).map(|n| coefficient(n / 8, n % 8)).collect()
    }

    #[test]
    fn coefficients_are_those_of_the_standard() {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let mut blocks = vec![[0; 64], [255; 64]];
        blocks.extend((0..50).map(|_| std::array::from_fn(|_| noise())));
        // The largest coefficient there can be for every frequency.
        blocks.extend((0..64).map(|n| {
            let cosine = |x: usize, u: usize| ((2 * x + 1) as f64 * u as f64 * PI / 16.0).cos();
            std::array::from_fn(|s| {
                if cosine(s % 8, n / 8) * cosine(s / 8, n % 8) > 0.0 {
                    255
                } else {
                    0
                }
            })
        }));
        for samples in blocks {
            let mut ours = [[0; 64]];
            fearless_simd::dispatch!(fearless_simd::Level::new(), simd => transform(simd, &samples, 8, &mut ours));
            for (ours, exact) in ours[0].iter().zip(by_definition(&samples)) {
                let off = (f64::from(*ours) / f64::from(UNITS) - exact).abs();
                assert!(off <= 0.5 / 16.0 + 0.01, "{ours} / 16, {exact}");
            }
        }
    }
}
