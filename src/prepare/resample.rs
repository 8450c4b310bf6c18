//! Resampling: each pixel of the result is a weighted mean of the pixels around its place in the source.
//!
//! The weights of rows and columns are independent, so the rows are mixed first and the columns of that second. All of
//! it is in floating point: nothing is rounded in between, and transparent pixels count by their alpha exactly.

use std::f64::consts::PI;

use fearless_simd::{Level, Simd, f32x8, prelude::*};

use super::raster::{Color, Raster};
use crate::geometry::Size;

/// How pixels become more or fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kernel {
    /// With three lobes: sharp, for images.
    Lanczos3,
    /// The mean of what a pixel covers, or the nearest one when enlarging: makes no values that were not there
    /// between two areas of one value. For masks.
    Area,
}

/// The floats of a vector.
const LANES: usize = 8;

/// As many vectors as are mixed at once: enough to wait for none of them, few enough for the registers.
const VECTORS: usize = 4;

/// As many rows as share the reading of the weights of their columns.
const ROWS: usize = 4;

/// Resamples `crop` of the source, which is left, top, width and height in its pixels, to `size`.
pub(super) fn resample(source: &Raster, crop: [f64; 4], size: Size, kernel: Kernel) -> Raster {
    let [left, top, width, height] = crop;
    let columns = taps(source.size.width, left, width, size.width, kernel);
    let rows = taps(source.size.height, top, height, size.height, kernel);
    let pixels = match source.color {
        Color::Gray => mix::<1, false>(source, &columns, &rows),
        Color::GrayAlpha => mix::<2, true>(source, &columns, &rows),
        Color::Rgb => mix::<3, false>(source, &columns, &rows),
        Color::Rgba => mix::<4, true>(source, &columns, &rows),
        Color::Cmyk => mix::<4, false>(source, &columns, &rows),
    };
    Raster::new(size, pixels, source.color)
}

/// What a row or column of the result is made of: these, from `start` on, of the source.
struct Taps {
    start: usize,
    /// Their sum is 1.
    weights: Vec<f32>,
}

impl Taps {
    fn end(&self) -> usize {
        self.start + self.weights.len()
    }
}

/// The taps of `to` pixels along one side, which come from `length` of the `source` pixels from `start` on.
fn taps(source: u32, start: f64, length: f64, to: u32, kernel: Kernel) -> Vec<Taps> {
    let step = length / f64::from(to);
    // A reduced image needs the kernel as wide as its pixels are now.
    let stretch = step.max(1.0);
    let (radius, weight): (f64, fn(f64) -> f64) = match kernel {
        Kernel::Lanczos3 => (3.0, lanczos3),
        Kernel::Area => (0.5, |_| 1.0),
    };
    let last = source - 1;
    let of_pixel = |number: u32| {
        let center = start + (f64::from(number) + 0.5) * step;
        if kernel == Kernel::Area && step < 1.0 {
            let nearest = (center as u32).min(last) as usize;
            let weights = vec![1.0];
            return Taps {
                start: nearest,
                weights,
            };
        }
        // The middle of a pixel is half a pixel behind its start.
        let first = (center - radius * stretch + 0.5).max(0.0) as u32;
        let end = (center + radius * stretch + 0.5) as u32;
        let (first, end) = (first.min(last), end.clamp(first.min(last) + 1, source));
        let weights = (first..end).map(|n| weight((f64::from(n) + 0.5 - center) / stretch));
        let weights: Vec<_> = weights.collect();
        let sum: f64 = weights.iter().sum();
        Taps {
            start: first as usize,
            weights: weights.iter().map(|weight| (weight / sum) as f32).collect(),
        }
    };
    (0..to).map(of_pixel).collect()
}

fn lanczos3(x: f64) -> f64 {
    let sinc = |x: f64| {
        if x == 0.0 {
            1.0
        } else {
            (PI * x).sin() / (PI * x)
        }
    };
    if x.abs() < 3.0 {
        sinc(x) * sinc(x / 3.0)
    } else {
        0.0
    }
}

/// The weights of a pixel of the result, as they lie in vectors: for every whole pixel that a vector has room for,
/// its weight once for each of its channels.
struct LaneTaps {
    /// In floats.
    start: usize,
    weights: Vec<[f32; LANES]>,
}

impl LaneTaps {
    fn new<const CHANNELS: usize>(taps: &Taps, first_column: usize) -> Self {
        let pixels = LANES / CHANNELS;
        let spread = |weights: &[f32]| {
            let weight = |lane: usize| weights.get(lane / CHANNELS).copied();
            std::array::from_fn(|lane| {
                weight(lane)
                    .filter(|_| lane < pixels * CHANNELS)
                    .unwrap_or(0.0)
            })
        };
        Self {
            start: (taps.start - first_column) * CHANNELS,
            weights: taps.weights.chunks(pixels).map(spread).collect(),
        }
    }
}

/// Mixes with the instructions that this processor has.
fn mix<const CHANNELS: usize, const ALPHA: bool>(
    source: &Raster,
    columns: &[Taps],
    rows: &[Taps],
) -> Vec<u8> {
    let level = Level::new();
    // Two sets of x86 are enough: the others gain next to nothing, and each is all of this once more.
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(avx2) = level.as_avx2() {
            return avx2.vectorize(
                #[inline(always)]
                || mix_with::<_, CHANNELS, ALPHA>(avx2, source, columns, rows),
            );
        }
        let sse2 = level.as_sse2().expect("every x86-64 has SSE2");
        mix_with::<_, CHANNELS, ALPHA>(sse2, source, columns, rows)
    }
    #[cfg(not(target_arch = "x86_64"))]
    fearless_simd::dispatch!(level, simd => mix_with::<_, CHANNELS, ALPHA>(simd, source, columns, rows))
}

/// Mixes rows, four of the result at a time, and the columns of these.
#[inline(always)]
fn mix_with<S: Simd, const CHANNELS: usize, const ALPHA: bool>(
    simd: S,
    source: &Raster,
    columns: &[Taps],
    rows: &[Taps],
) -> Vec<u8> {
    let first = columns.iter().map(|taps| taps.start).min().unwrap_or(0);
    let end = columns.iter().map(Taps::end).max().unwrap_or(0);
    let columns: Vec<_> = columns
        .iter()
        .map(|taps| LaneTaps::new::<CHANNELS>(taps, first))
        .collect();
    let line = source.size.width as usize * CHANNELS;
    let row_of = |number: usize| &source.pixels[number * line..][first * CHANNELS..end * CHANNELS];
    // The last vector of a pixel's weights may reach beyond the row by less than its length.
    let padded = ((end - first) * CHANNELS + LANES).next_multiple_of(VECTORS * LANES);
    let mut mixed: [Vec<f32>; ROWS] = std::array::from_fn(|_| vec![0.0; padded]);
    let row_bytes = columns.len() * CHANNELS;
    let mut pixels = vec![0; rows.len().next_multiple_of(ROWS) * row_bytes];
    let mut sources = Vec::new();
    for (taps, out) in rows
        .chunks(ROWS)
        .zip(pixels.chunks_exact_mut(ROWS * row_bytes))
    {
        for (taps, mixed) in taps.iter().zip(&mut mixed) {
            sources.clear();
            sources.extend((taps.start..taps.end()).map(row_of));
            mix_rows::<S, CHANNELS, ALPHA>(simd, &sources, &taps.weights, mixed);
        }
        mix_columns::<S, CHANNELS, ALPHA>(simd, &mixed, &columns, out);
    }
    // Beyond the last row are what was left of the rows before it.
    pixels.truncate(rows.len() * row_bytes);
    pixels
}

/// A weighted sum of rows, whose colors are multiplied by their alpha where they have one.
#[inline(always)]
fn mix_rows<S: Simd, const CHANNELS: usize, const ALPHA: bool>(
    simd: S,
    rows: &[&[u8]],
    weights: &[f32],
    sums: &mut [f32],
) {
    const BLOCK: usize = VECTORS * LANES;
    for (block, sums) in sums.chunks_exact_mut(BLOCK).enumerate() {
        let mut vectors = [f32x8::splat(simd, 0.0); VECTORS];
        for (row, weight) in rows.iter().zip(weights) {
            let rest = row.get(block * BLOCK..).unwrap_or_default();
            let bytes = rest.first_chunk().copied().unwrap_or_else(|| {
                let mut bytes = [0; BLOCK];
                bytes[..rest.len()].copy_from_slice(rest);
                bytes
            });
            let values: [f32; BLOCK] = std::array::from_fn(|n| {
                let value = f32::from(bytes[n]);
                // A block may end within a pixel only where there is no alpha: 3 channels do not divide it.
                let alpha = n / CHANNELS * CHANNELS + CHANNELS - 1;
                if ALPHA && n != alpha {
                    value * (f32::from(bytes[alpha]) * (1.0 / 255.0))
                } else {
                    value
                }
            });
            let weight = f32x8::splat(simd, *weight);
            for (vector, values) in vectors.iter_mut().zip(values.as_chunks::<LANES>().0) {
                *vector = f32x8::from_slice(simd, values).mul_add(weight, *vector);
            }
        }
        for (vector, sums) in vectors.iter().zip(sums.as_chunks_mut::<LANES>().0) {
            vector.store_slice(sums);
        }
    }
}

/// The pixels of some rows of the result, of which all rows of `out` are made.
#[inline(always)]
fn mix_columns<S: Simd, const CHANNELS: usize, const ALPHA: bool>(
    simd: S,
    rows: &[Vec<f32>; ROWS],
    columns: &[LaneTaps],
    out: &mut [u8],
) {
    let row_bytes = columns.len() * CHANNELS;
    let step = LANES / CHANNELS * CHANNELS;
    for (number, taps) in columns.iter().enumerate() {
        let length = (taps.weights.len() - 1) * step + LANES;
        let parts: [&[f32]; ROWS] =
            std::array::from_fn(|n| &rows[n][taps.start..taps.start + length]);
        let mut vectors = [f32x8::splat(simd, 0.0); ROWS];
        for (n, weights) in taps.weights.iter().enumerate() {
            let weights = f32x8::from_slice(simd, weights);
            for (vector, part) in vectors.iter_mut().zip(parts) {
                let values = f32x8::from_slice(simd, &part[n * step..n * step + LANES]);
                *vector = values.mul_add(weights, *vector);
            }
        }
        for (row, vector) in vectors.iter().enumerate() {
            let mut lanes = [0.0; LANES];
            vector.store_slice(&mut lanes);
            let pixel = pixel::<CHANNELS, ALPHA>(lanes);
            let place = row * row_bytes + number * CHANNELS;
            out[place..place + CHANNELS].copy_from_slice(&pixel);
        }
    }
}

/// The sums of the channels, rounded, with the alpha taken out of the colors again.
#[inline(always)]
fn pixel<const CHANNELS: usize, const ALPHA: bool>(lanes: [f32; LANES]) -> [u8; CHANNELS] {
    let (mut sums, rest) = ([0.0; CHANNELS], lanes.as_chunks::<CHANNELS>().0);
    for lanes in rest {
        for (sum, lane) in sums.iter_mut().zip(lanes) {
            *sum += lane;
        }
    }
    let alpha = sums[CHANNELS - 1];
    if ALPHA {
        // What cannot be seen has no color.
        let share = if alpha < 0.5 { 0.0 } else { 255.0 / alpha };
        sums[..CHANNELS - 1]
            .iter_mut()
            .for_each(|sum| *sum *= share);
    }
    // The kernel's lobes go beyond black and white; the conversion stops there.
    sums.map(|sum| (sum + 0.5) as u8)
}

#[cfg(test)]
mod tests {
    use fearless_simd::dispatch;

    use super::*;

    /// The same bytes every time, in every channel another.
    fn noise(width: u32, height: u32, color: Color) -> Raster {
        let mut state = 7u32;
        let length = (width * height) as usize * color.channels();
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        Raster::new(
            Size::new(width, height),
            (0..length).map(next).collect(),
            color,
        )
    }

    /// By the definition: over all pixels, in twice the precision.
    fn by_definition(source: &Raster, [left, top, width, height]: [f64; 4], to: Size) -> Vec<u8> {
        let channels = source.color.channels();
        let weights = |length: u32, start: f64, part: f64, to: u32, number: u32| {
            let step = part / f64::from(to);
            let center = start + (f64::from(number) + 0.5) * step;
            let distance = move |n: u32| (f64::from(n) + 0.5 - center) / step.max(1.0);
            let all: Vec<f64> = (0..length).map(|n| lanczos3(distance(n))).collect();
            let sum: f64 = all.iter().sum();
            all.into_iter()
                .map(|weight| weight / sum)
                .collect::<Vec<_>>()
        };
        let mut pixels = Vec::new();
        for y in 0..to.height {
            let rows = weights(source.size.height, top, height, to.height, y);
            for x in 0..to.width {
                let columns = weights(source.size.width, left, width, to.width, x);
                let mut sums = vec![0.0; channels];
                for (n, pixel) in source.pixels.chunks_exact(channels).enumerate() {
                    let width = source.size.width as usize;
                    let weight = rows[n / width] * columns[n % width];
                    let alpha = f64::from(pixel[channels - 1]) / 255.0;
                    for (c, value) in pixel.iter().enumerate() {
                        let counts = source.color.has_alpha() && c + 1 < channels;
                        sums[c] += weight * f64::from(*value) * if counts { alpha } else { 1.0 };
                    }
                }
                if source.color.has_alpha() {
                    let alpha = sums[channels - 1];
                    let share = if alpha < 0.5 { 0.0 } else { 255.0 / alpha };
                    sums[..channels - 1]
                        .iter_mut()
                        .for_each(|sum| *sum *= share);
                }
                pixels.extend(sums.iter().map(|sum| (sum + 0.5) as u8));
            }
        }
        pixels
    }

    const COLORS: [Color; 5] = [
        Color::Gray,
        Color::GrayAlpha,
        Color::Rgb,
        Color::Rgba,
        Color::Cmyk,
    ];

    #[test]
    fn every_pixel_is_the_mean_that_its_definition_says() {
        let crops: [([f64; 4], Size); 6] = [
            ([0.0, 0.0, 37.0, 23.0], Size::new(13, 9)),
            ([0.0, 0.0, 37.0, 23.0], Size::new(37, 5)),
            ([0.0, 0.0, 37.0, 23.0], Size::new(64, 31)),
            ([3.25, 2.5, 20.5, 17.75], Size::new(11, 8)),
            ([30.0, 0.0, 7.0, 23.0], Size::new(1, 1)),
            ([36.0, 22.0, 1.0, 1.0], Size::new(3, 2)),
        ];
        for color in COLORS {
            let source = noise(37, 23, color);
            for (crop, size) in crops {
                let ours = resample(&source, crop, size, Kernel::Lanczos3);
                assert_eq!((ours.size, ours.color), (size, color));
                let exact = by_definition(&source, crop, size);
                let channels = color.channels();
                let pairs = ours
                    .pixels
                    .chunks_exact(channels)
                    .zip(exact.chunks_exact(channels));
                for (ours, exact) in pairs {
                    // The color of what is hardly seen hangs by a thread.
                    let alpha = exact[channels - 1];
                    let loose = color.has_alpha() && alpha < 32;
                    let most = if loose {
                        (255 / alpha.max(1)).saturating_add(1)
                    } else {
                        1
                    };
                    let off = ours.iter().zip(exact).map(|(a, b)| a.abs_diff(*b)).max();
                    assert!(off <= Some(most), "{color:?} {crop:?}: {ours:?} {exact:?}");
                }
            }
        }
    }

    #[test]
    fn a_plain_picture_stays_plain_at_every_size() {
        for color in COLORS {
            let pixel = &[13, 250, 128, 91][4 - color.channels()..];
            for (width, height) in [(1, 1), (2, 1), (5, 3), (9, 40), (33, 7)] {
                let source = Raster::new(
                    Size::new(width, height),
                    pixel.repeat((width * height) as usize),
                    color,
                );
                let crop = [0.0, 0.0, f64::from(width), f64::from(height)];
                for to in (1..41).map(|n| Size::new(n, 41 - n)) {
                    for kernel in [Kernel::Lanczos3, Kernel::Area] {
                        let ours = resample(&source, crop, to, kernel);
                        assert_eq!(ours.pixels.len() as u64, to.area() * pixel.len() as u64);
                        let is_plain = ours.pixels.chunks_exact(pixel.len()).all(|p| p == pixel);
                        assert!(is_plain, "{color:?} {width}x{height} to {to} {kernel:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn colours_of_transparent_pixels_do_not_bleed() {
        let pixels = [[0, 200, 0, 255], [255, 0, 255, 0]].concat().repeat(8 * 16);
        let source = Raster::new(Size::new(16, 16), pixels, Color::Rgba);
        let ours = resample(
            &source,
            [0.0, 0.0, 16.0, 16.0],
            Size::new(4, 4),
            Kernel::Lanczos3,
        );
        for pixel in ours.pixels.as_chunks::<4>().0 {
            assert!(matches!(pixel, [0, 199..=200, 0, 100..=155]), "{pixel:?}");
        }
    }

    #[test]
    fn an_area_makes_no_values_that_were_not_there_where_it_enlarges() {
        let source = noise(7, 5, Color::Gray);
        let ours = resample(
            &source,
            [0.0, 0.0, 7.0, 5.0],
            Size::new(21, 10),
            Kernel::Area,
        );
        for (n, value) in ours.pixels.iter().enumerate() {
            assert_eq!(*value, source.pixels[n / 21 / 2 * 7 + n % 21 / 3]);
        }
        let ours = resample(&source, [0.0, 0.0, 6.0, 4.0], Size::new(3, 2), Kernel::Area);
        let four = [0, 1, 7, 8].map(|n| f32::from(source.pixels[n]));
        assert_eq!(ours.pixels[0], (four.iter().sum::<f32>() / 4.0 + 0.5) as u8);
    }

    #[test]
    fn instruction_sets_differ_by_rounding_at_most() {
        let source = noise(61, 40, Color::Rgb);
        let columns = taps(61, 0.0, 61.0, 24, Kernel::Lanczos3);
        let rows = taps(40, 0.0, 40.0, 17, Kernel::Lanczos3);
        let best = mix::<3, false>(&source, &columns, &rows);
        let least = dispatch!(Level::baseline(), simd => mix_with::<_, 3, false>(simd, &source, &columns, &rows));
        assert!(best.iter().zip(&least).all(|(a, b)| a.abs_diff(*b) <= 1));
    }
}
