//! Inverse DCT to 1, 2, 4 or 8 samples in each direction, from the coefficients that these need, of eight blocks at once.

use fearless_simd::{Simd, f32x8, i16x8, i32x8, prelude::*};

/// Blocks that are transformed at once.
pub(super) const LANES: usize = 8;

/// Values between the vertical and the horizontal pass, in the order of rows.
pub(super) type Workspace = [[f32; LANES]; 64];

/// √2·cos(kπ/16)
const C1: f32 = 1.387_039_8;
const C2: f32 = 1.306_563;
const C3: f32 = 1.175_875_6;
const C5: f32 = 0.785_694_96;
const C6: f32 = 0.541_196_1;
const C7: f32 = 0.275_899_38;

/// A one-dimensional transform of `N` values. The factor 1/√8 is in the quantization.
#[inline(always)]
fn transform<S: Simd, const N: usize>(x: [f32x8<S>; N]) -> [f32x8<S>; N] {
    let mut y = x;
    match N {
        2 => (y[0], y[1 % N]) = (x[0] + x[1 % N], x[0] - x[1 % N]),
        4 => {
            let four = transform_4([x[0], x[1 % N], x[2 % N], x[3 % N]]);
            y.copy_from_slice(&four[..N.min(4)]);
        }
        8 => {
            let even = transform_4([x[0], x[2 % N], x[4 % N], x[6 % N]]);
            let (a, b, c, d) = (x[1 % N], x[3 % N], x[5 % N], x[7 % N]);
            let odd = [
                a * C1 + b * C3 + c * C5 + d * C7,
                a * C3 - b * C7 - c * C1 - d * C5,
                a * C5 - b * C1 + c * C7 + d * C3,
                a * C7 - b * C5 + c * C3 - d * C1,
            ];
            for n in 0..4 {
                y[n % N] = even[n] + odd[n];
                y[(7 - n) % N] = even[n] - odd[n];
            }
        }
        _ => {}
    }
    y
}

#[inline(always)]
fn transform_4<S: Simd>(x: [f32x8<S>; 4]) -> [f32x8<S>; 4] {
    let (a, b) = (x[0] + x[2], x[0] - x[2]);
    let (c, d) = (x[1] * C2 + x[3] * C6, x[1] * C6 - x[3] * C2);
    [a + c, b + d, b - d, a - c]
}

/// Makes `size` samples (across, down) of each of eight blocks.
///
/// `coefficients` begin with those of the first frequency, and have the next one at the distance that comes with them;
/// `out` comes with the distance between rows.
#[inline(always)]
pub(super) fn inverse_dct<S: Simd>(
    simd: S,
    (across, down): (usize, usize),
    coefficients: (&[i16], usize),
    factors: &[f32; 64],
    workspace: &mut Workspace,
    out: (&mut [u8], usize),
) {
    match down {
        1 => columns::<S, 1>(simd, across, coefficients, factors, workspace),
        2 => columns::<S, 2>(simd, across, coefficients, factors, workspace),
        4 => columns::<S, 4>(simd, across, coefficients, factors, workspace),
        _ => columns::<S, 8>(simd, across, coefficients, factors, workspace),
    }
    match across {
        1 => rows::<S, 1>(simd, down, workspace, out),
        2 => rows::<S, 2>(simd, down, workspace, out),
        4 => rows::<S, 4>(simd, down, workspace, out),
        _ => rows::<S, 8>(simd, down, workspace, out),
    }
}

/// The vertical pass.
#[inline(always)]
fn columns<S: Simd, const N: usize>(
    simd: S,
    across: usize,
    (coefficients, distance): (&[i16], usize),
    factors: &[f32; 64],
    workspace: &mut Workspace,
) {
    for x in 0..across {
        let mut values = [f32x8::splat(simd, 0.0); N];
        for (y, value) in values.iter_mut().enumerate() {
            let index = y * across + x;
            let lanes = i16x8::from_slice(simd, &coefficients[index * distance..][..LANES]);
            let (low, high) = simd.widen_i16x8(lanes);
            let floats: f32x8<S> = simd.combine_i32x4(low, high).to_float();
            *value = floats * factors[index % 64];
        }
        if x == 0 {
            // Samples are shifted by 128, and rounded by truncation.
            values[0] += 128.5;
        }
        for (y, value) in transform(values).into_iter().enumerate() {
            value.store_slice(&mut workspace[(y * across + x) % 64]);
        }
    }
}

/// The horizontal pass.
#[inline(always)]
fn rows<S: Simd, const N: usize>(
    simd: S,
    down: usize,
    workspace: &Workspace,
    (out, stride): (&mut [u8], usize),
) {
    for y in 0..down {
        let mut values = [f32x8::splat(simd, 0.0); N];
        for (x, value) in values.iter_mut().enumerate() {
            *value = f32x8::from_slice(simd, &workspace[(y * N + x) % 64]);
        }
        let values = transform(values);
        let out = &mut out[y * stride..][..N * LANES];
        // Up to four samples of a block in one lane.
        let mut words = [[0i32; LANES]; 2];
        for (values, words) in values.chunks(4).zip(&mut words) {
            let mut packed = i32x8::splat(simd, 0);
            for (n, value) in values.iter().enumerate() {
                packed |= clamp(*value) << (8 * n as u32);
            }
            packed.store_slice(words);
        }
        for (block, out) in out.chunks_exact_mut(N).enumerate() {
            for (word, out) in words.iter().zip(out.chunks_mut(4)) {
                out.copy_from_slice(&word[block % LANES].to_le_bytes()[..N.min(4)]);
            }
        }
    }
}

#[inline(always)]
fn clamp<S: Simd>(value: f32x8<S>) -> i32x8<S> {
    value.max(0.0).min(255.0).to_int::<i32x8<S>>()
}
