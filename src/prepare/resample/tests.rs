//! Against the definition, in twice the precision, and for what has to hold of every kernel.

use super::taps::lanczos3;
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
                // The color of a nearly transparent pixel depends on rounding.
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
    let with = |level: Level, source: &Raster| {
        let (crop, size) = ([0.0, 0.0, 61.0, 40.0], Size::new(24, 17));
        let mut resampler = Resampler::new(source.size, crop, size, source.color, Kernel::Lanczos3);
        resampler.level = level;
        let mut pixels = Vec::new();
        for row in source.pixels.chunks_exact(61 * source.color.channels()) {
            let Ok(()) = resampler.push(row, |row| {
                pixels.extend_from_slice(row);
                Ok::<_, Infallible>(())
            });
        }
        pixels
    };
    for color in COLORS {
        let source = noise(61, 40, color);
        let (best, least) = (
            with(Level::new(), &source),
            with(Level::baseline(), &source),
        );
        let off = best.iter().zip(&least).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(off <= Some(1), "{color:?} {off:?}");
    }
}

#[test]
fn rows_one_by_one_make_the_same_image() {
    let crops: [([f64; 4], Size); 5] = [
        ([0.0, 0.0, 37.0, 23.0], Size::new(13, 9)),
        ([0.0, 0.0, 37.0, 23.0], Size::new(64, 71)),
        ([3.25, 2.5, 20.5, 17.75], Size::new(11, 8)),
        ([30.0, 0.0, 7.0, 23.0], Size::new(1, 1)),
        ([36.0, 22.0, 1.0, 1.0], Size::new(3, 19)),
    ];
    for color in COLORS {
        let source = noise(37, 23, color);
        for (crop, size) in crops {
            for kernel in [Kernel::Lanczos3, Kernel::Area] {
                let expected = resample(&source, crop, size, kernel);
                let mut resampler = Resampler::new(source.size, crop, size, color, kernel);
                let mut pixels = Vec::new();
                for row in source.pixels.chunks_exact(37 * color.channels()) {
                    let emit = |row: &[u8]| {
                        pixels.extend_from_slice(row);
                        Ok::<_, std::convert::Infallible>(())
                    };
                    resampler.push(row, emit).unwrap();
                }
                assert!(resampler.is_complete());
                assert!(pixels == expected.pixels, "{color:?} {crop:?} {kernel:?}");
            }
        }
    }
}
