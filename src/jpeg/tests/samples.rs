//! Samples agree with the definition of the inverse DCT, at every reduction.

use std::f64::consts::PI;

use super::build::{Components, File, GRAY, QUANTIZATION, YCC_420};
use super::*;
use crate::jpeg::tables::ZIGZAG;

const DIVISORS: [Divisor; 4] = [Divisor::One, Divisor::Two, Divisor::Four, Divisor::Eight];

/// Sample (x, y) of a block that is reduced to `across` times `down`, by the definition.
fn sample(block: &[i16; 64], [x, y]: [usize; 2], [across, down]: [usize; 2]) -> u8 {
    let scale = |frequency| {
        if frequency == 0 {
            8f64.sqrt().recip()
        } else {
            0.5
        }
    };
    let wave = |n: usize, frequency: usize, size: usize| {
        (PI * ((2 * n + 1) * frequency) as f64 / (2 * size) as f64).cos()
    };
    let mut sum = 128.0;
    for (value, index) in block.iter().zip(ZIGZAG) {
        let (u, v) = (usize::from(index % 8), usize::from(index / 8));
        if u < across && v < down {
            let value = f64::from(*value) * f64::from(QUANTIZATION);
            sum += value * scale(u) * scale(v) * wave(x, u, across) * wave(y, v, down);
        }
    }
    sum.round().clamp(0.0, 255.0) as u8
}

/// Checks some samples of all planes.
fn check(size: (usize, usize), components: Components<'_>, interval: usize, is_split: bool) {
    let file = File::new(size, components, interval, is_split);
    let bytes = file.bytes();
    let most = [
        components.iter().map(|c| c.1).max().unwrap(),
        components.iter().map(|c| c.2).max().unwrap(),
    ];
    for n in 0..DIVISORS.len() {
        let reduction = |index| Reduction {
            horizontal: DIVISORS[(n + index) % 4],
            vertical: DIVISORS[(n + index / 2) % 4],
        };
        let reductions = [0, 1, 2, 3].map(reduction);
        let name = format!("{size:?} {components:?} restart {interval} {reductions:?}");
        let planes = decode(&bytes, &reductions).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (index, plane) in planes.iter().enumerate() {
            let block = [
                8 / reductions[index].horizontal as usize,
                8 / reductions[index].vertical as usize,
            ];
            let (_, across, down) = components[index];
            assert_eq!(
                plane.width,
                (size.0 * across * block[0]).div_ceil(8 * most[0]),
                "{name}"
            );
            assert_eq!(
                plane.height,
                (size.1 * down * block[1]).div_ceil(8 * most[1]),
                "{name}"
            );
            // Every seventh sample is every sample of a block after seven blocks.
            for place in (0..plane.values.len()).step_by(7) {
                let (x, y) = (place % plane.width, place / plane.width);
                let stride = file.strides[index];
                let coefficients = &file.blocks[index][y / block[1] * stride + x / block[0]];
                let expected = sample(coefficients, [x % block[0], y % block[1]], block);
                let actual = plane.values[place];
                assert!(
                    actual.abs_diff(expected) <= 1,
                    "{name}: component {index} at {x}, {y}: {actual}, not {expected}"
                );
            }
        }
    }
}

#[test]
fn samples_agree_with_the_definition_at_every_sampling() {
    const SAMPLINGS: [Components<'_>; 12] = [
        GRAY,
        &[(9, 2, 2)],
        &[(1, 1, 1), (2, 1, 1), (3, 1, 1)],
        &[(1, 2, 1), (2, 1, 1), (3, 1, 1)],
        &[(1, 1, 2), (2, 1, 1), (3, 1, 1)],
        YCC_420,
        &[(1, 4, 1), (2, 1, 1), (3, 1, 1)],
        &[(1, 4, 2), (2, 1, 1), (3, 1, 1)],
        &[(1, 3, 1), (2, 1, 1), (3, 1, 1)],
        &[(1, 1, 1), (2, 2, 2), (3, 1, 2)],
        &[(1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 1, 1)],
        &[(0, 2, 2), (6, 1, 1), (7, 1, 1), (9, 2, 2)],
    ];
    for components in SAMPLINGS {
        for (width, height) in [(1, 1), (17, 33), (70, 9)] {
            check((width, height), components, 0, false);
        }
        check((41, 23), components, 3, false);
        check((41, 23), components, 0, true);
        check((41, 23), components, 2, true);
    }
}

#[test]
fn components_of_one_identifier_are_meant_in_order() {
    check((41, 23), &[(7, 2, 2), (7, 1, 1), (7, 1, 1)], 0, false);
}

#[test]
fn more_entropy_coded_data_than_the_window_has_is_decoded() {
    check((600, 500), YCC_420, 0, false);
    check((600, 500), YCC_420, 7, true);
}

#[test]
fn progressive_scans_and_restart_intervals_change_nothing() {
    for by in DIVISORS {
        let reductions = [Reduction::by(by); 4];
        let [baseline, progressive, restart] =
            [BASELINE, PROGRESSIVE, RESTART].map(|file| decode(file, &reductions).unwrap());
        assert_eq!(progressive, baseline);
        assert_eq!(restart, baseline);
    }
}

#[test]
fn instructions_of_any_processor_make_the_same_samples() {
    let file = File::new((70, 41), YCC_420, 0, false).bytes();
    for by in DIVISORS {
        let reductions = [Reduction::by(by); 4];
        let best = decode(&file, &reductions).unwrap();
        let mut bands = Decoder::new(&file[..]).unwrap().start(&reductions).unwrap();
        bands.level = fearless_simd::Level::baseline();
        while let Some(band) = bands.next_band().unwrap() {
            for (strip, best) in band.strips().zip(&best) {
                for row in 0..strip.rows {
                    let place = (strip.first + row) * best.width;
                    let pairs = strip.row(row).iter().zip(&best.values[place..]);
                    // Sums of products may be rounded once or twice.
                    assert!(
                        pairs.into_iter().all(|(a, b)| a.abs_diff(*b) <= 1),
                        "{by:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn memory_is_announced() {
    let size = |file: &[u8], by| Decoder::new(file).unwrap().memory(&[Reduction::by(by); 4]);
    // Two MCUs of 16 pixels: four blocks of luma, rounded up to eight as those of chroma; 64 frequencies and one place
    // for the rest. Two rows of luma.
    let row = 8 * 65 * 2;
    assert_eq!(size(BASELINE, Divisor::One), 4 * row + 4 * 64 * 8);
    // Twice that for both bands, and a number of 64 bits for each block.
    assert_eq!(
        size(PROGRESSIVE, Divisor::One),
        8 * row + 8 * 8 * 8 + 4 * 64 * 8
    );
    assert_eq!(
        size(PROGRESSIVE, Divisor::Eight),
        8 * 8 * 2 * 2 + 8 * 8 * 8 + 4 * 8
    );
    // It does not grow with the height of an image that is not buffered.
    let [low, high] = [100, 1000].map(|height| {
        let file = File::new((64, height), YCC_420, 0, false).bytes();
        size(&file, Divisor::One)
    });
    assert_eq!(low, high);
}

#[test]
fn planes_know_their_scale() {
    let file = File::new((41, 23), YCC_420, 0, false).bytes();
    let mut reductions = [Reduction::NONE; 4];
    reductions[0] = Reduction::by(Divisor::Four);
    let bands = Decoder::new(&file[..]).unwrap().start(&reductions).unwrap();
    let planes: Vec<_> = bands.planes().collect();
    assert_eq!((planes[0].width, planes[0].height), (11, 6));
    assert_eq!(
        (planes[0].horizontal_scale, planes[0].vertical_scale),
        (0.25, 0.25)
    );
    assert_eq!((planes[1].width, planes[1].height), (21, 12));
    assert_eq!(
        (planes[1].horizontal_scale, planes[1].vertical_scale),
        (0.5, 0.5)
    );
    assert_eq!((planes[0].band_height, planes[1].band_height), (4, 8));
}
