//! Files are read back by an independent decoder.

use super::coefficients::Coefficients;
use super::*;

const SAMPLINGS: [Sampling; 4] = [
    Sampling::Gray,
    Sampling::Cs420,
    Sampling::Cs422,
    Sampling::Cs444,
];

/// Pixels that are smooth with a sharp edge, or noise.
fn rgb(width: usize, height: usize, is_noise: bool) -> Vec<u8> {
    let mut state = 9u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let pixel = |n: usize| {
        let (x, y) = (n % width, n / width);
        if is_noise {
            [noise(), noise(), noise()]
        } else if x > width / 2 {
            [(x * 2) as u8, (y * 3) as u8, 90]
        } else {
            [60, (x + y) as u8, 180]
        }
    };
    (0..width * height).flat_map(pixel).collect()
}

impl Coefficients {
    /// From RGB pixels, row by row without gaps.
    pub fn from_rgb(frame: Frame, pixels: &[u8]) -> Self {
        assert_eq!(
            pixels.len(),
            3 * frame.width() * frame.height(),
            "RGB bytes"
        );
        let mut transform = Transform::new(frame);
        for row in pixels.chunks_exact(3 * frame.width()) {
            transform.push_rgb_row(row);
        }
        transform.finish()
    }

    /// From the samples of each component, row by row without gaps.
    pub fn from_planes(frame: Frame, planes: &[&[u8]]) -> Self {
        assert_eq!(planes.len(), frame.sampling().components(), "planes");
        let mut transform = Transform::new(frame);
        for (component, plane) in planes.iter().enumerate() {
            let (width, height) = frame.plane_size(component);
            assert_eq!(plane.len(), width * height, "samples of {component}");
            for row in plane.chunks_exact(width) {
                transform.push_row(component, row);
            }
        }
        transform.finish()
    }
}

fn coefficients(width: u32, height: u32, sampling: Sampling, is_noise: bool) -> Coefficients {
    let frame = Frame::new(width, height, sampling).unwrap();
    let pixels = rgb(frame.width(), frame.height(), is_noise);
    if sampling == Sampling::Gray {
        let gray: Vec<u8> = pixels.as_chunks::<3>().0.iter().map(|p| p[1]).collect();
        Coefficients::from_planes(frame, &[&gray])
    } else {
        Coefficients::from_rgb(frame, &pixels)
    }
}

fn decode(file: &[u8]) -> image::DynamicImage {
    image::load_from_memory_with_format(file, image::ImageFormat::Jpeg).unwrap()
}

#[test]
fn a_file_is_written_byte_for_byte_as_the_standard_says() {
    let frame = Frame::new(20, 9, Sampling::Cs420).unwrap();
    let file =
        Coefficients::from_rgb(frame, &[128; 3 * 20 * 9]).encode(100, HuffmanTables::Standard);
    let mut expected = b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec();
    expected.extend(b"\xFF\xDB\0\x84\0");
    expected.extend([1; 64]);
    expected.push(1);
    expected.extend([1; 64]);
    expected.extend(b"\xFF\xC0\0\x11\x08\0\x09\0\x14\x03\x01\x22\0\x02\x11\x01\x03\x11\x01");
    let tables = file.len() - expected.len();
    assert_eq!(file[..expected.len()], expected);
    // The Huffman tables of annex K are tested where they are used: by decoding.
    let rest = &file[expected.len()..][..tables];
    assert!(
        rest.starts_with(b"\xFF\xC4\x01\xA2\0\0\x01\x05"),
        "{rest:?}"
    );
    // Two MCUs of six gray blocks. A block of luma is 00 1010, of chroma 00 00, and one bit is added.
    let end =
        b"\xFF\xDA\0\x0C\x03\x01\0\x02\x11\x03\x11\0\x3F\0\x28\xA2\x8A\0\x28\xA2\x8A\0\xFF\xD9";
    assert!(rest.ends_with(end), "{:x?}", &rest[rest.len() - 30..]);
}

#[test]
fn every_odd_size_is_read_back_close_to_its_source() {
    for sampling in SAMPLINGS {
        for size in 1..=33u32 {
            for (width, height) in [(size, 34 - size), (size, size)] {
                let file = coefficients(width, height, sampling, false)
                    .encode(95, HuffmanTables::Standard);
                let decoded = decode(&file);
                assert_eq!((decoded.width(), decoded.height()), (width, height));
                let source = rgb(width as usize, height as usize, false);
                let source = source.as_chunks::<3>().0;
                if let Some(gray) = decoded.as_luma8() {
                    assert_eq!(sampling, Sampling::Gray);
                    for (ours, source) in gray.iter().zip(source) {
                        assert!(ours.abs_diff(source[1]) < 12, "{size} {ours} {source:?}");
                    }
                } else {
                    // Luma is full in every sampling.
                    let luma = |p: &[u8; 3]| {
                        (0.299 * f32::from(p[0])
                            + 0.587 * f32::from(p[1])
                            + 0.114 * f32::from(p[2])) as u8
                    };
                    let decoded = decoded.into_rgb8().into_raw();
                    for (ours, source) in decoded.as_chunks::<3>().0.iter().zip(source) {
                        let off = luma(ours).abs_diff(luma(source));
                        assert!(
                            off < 24,
                            "{sampling:?} {width}x{height} {ours:?} {source:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn noise_and_solid_images_survive_the_extreme_qualities() {
    for sampling in SAMPLINGS {
        for quality in [0, 1, 2, 50, 99, 100, 255] {
            for is_noise in [false, true] {
                for tables in [HuffmanTables::Standard, HuffmanTables::Optimized] {
                    let file = coefficients(40, 24, sampling, is_noise).encode(quality, tables);
                    assert_eq!(decode(&file).width(), 40);
                }
            }
        }
        for value in [0, 1, 127, 128, 254, 255] {
            let frame = Frame::new(19, 21, sampling).unwrap();
            let components = sampling.components();
            let planes: Vec<Vec<u8>> = (0..components)
                .map(|n| {
                    let (width, height) = frame.plane_size(n);
                    vec![if n == 0 { value } else { 128 }; width * height]
                })
                .collect();
            let planes: Vec<&[u8]> = planes.iter().map(Vec::as_slice).collect();
            let file =
                Coefficients::from_planes(frame, &planes).encode(100, HuffmanTables::Standard);
            assert!(
                decode(&file).into_luma8().iter().all(|v| *v == value),
                "{value}"
            );
        }
    }
}

/// At quality 100, black and white squares reach the largest differences and the longest codes.
#[test]
fn the_largest_coefficients_are_exact() {
    let frame = Frame::new(64, 64, Sampling::Gray).unwrap();
    for period in [1, 2, 4, 8, 16] {
        let plane: Vec<u8> = (0..64 * 64)
            .map(|n| {
                if (n % 64 / period + n / 64 / period) % 2 == 0 {
                    0
                } else {
                    255
                }
            })
            .collect();
        for tables in [HuffmanTables::Standard, HuffmanTables::Optimized] {
            let file = Coefficients::from_planes(frame, &[&plane]).encode(100, tables);
            for (ours, source) in decode(&file).into_luma8().iter().zip(&plane) {
                assert!(ours.abs_diff(*source) <= 2, "{period}: {ours} {source}");
            }
        }
    }
}

#[test]
fn the_length_is_known_without_encoding() {
    for sampling in SAMPLINGS {
        for is_noise in [false, true] {
            let coefficients = coefficients(67, 35, sampling, is_noise);
            for quality in 1..=100 {
                for tables in [HuffmanTables::Standard, HuffmanTables::Optimized] {
                    let length = coefficients.encoded_length(quality, tables);
                    assert_eq!(length, coefficients.encode(quality, tables).len());
                }
            }
        }
    }
}

#[test]
fn optimized_tables_make_smaller_files_of_the_same_pixels() {
    for sampling in SAMPLINGS {
        for quality in [10, 75, 90] {
            let coefficients = coefficients(320, 200, sampling, quality == 75);
            let standard = coefficients.encode(quality, HuffmanTables::Standard);
            let optimized = coefficients.encode(quality, HuffmanTables::Optimized);
            assert!(optimized.len() < standard.len());
            assert_eq!(decode(&optimized), decode(&standard));
        }
    }
}

#[test]
fn blocks_beyond_the_image_take_six_bits_each() {
    let data_length = |sampling: Sampling| {
        let frame = Frame::new(8, 8, sampling).unwrap();
        let luma: Vec<u8> = (0..64).map(|n| (n * 89 % 251) as u8).collect();
        let chroma = [128; 64];
        let planes: Vec<&[u8]> = (0..sampling.components())
            .map(|component| {
                let (width, height) = frame.plane_size(component);
                if component == 0 {
                    &luma[..]
                } else {
                    &chroma[..width * height]
                }
            })
            .collect();
        let file = Coefficients::from_planes(frame, &planes).encode(90, HuffmanTables::Standard);
        let scan = file
            .windows(2)
            .position(|marker| marker == [0xFF, 0xDA])
            .unwrap();
        let header = 2 + usize::from(file[scan + 3]);
        file[scan + header..]
            .iter()
            .filter(|byte| **byte != 0)
            .count()
    };
    // Three blocks of luma of 6 bits and two of chroma of 4 bits more than for gray are 26 bits, and two may be
    // in a byte that gray pads.
    let (gray, color) = (data_length(Sampling::Gray), data_length(Sampling::Cs420));
    assert!((3..=4).contains(&(color - gray)), "{gray} {color}");
}

#[test]
fn a_stream_of_rows_makes_the_same_file() {
    for sampling in SAMPLINGS {
        let frame = Frame::new(61, 45, sampling).unwrap();
        let sample = |component: usize, n: usize| (n * (component + 3) / 7) as u8;
        let planes: Vec<Vec<u8>> = (0..sampling.components())
            .map(|component| {
                let (width, height) = frame.plane_size(component);
                (0..width * height).map(|n| sample(component, n)).collect()
            })
            .collect();
        let slices: Vec<&[u8]> = planes.iter().map(Vec::as_slice).collect();
        let expected =
            Coefficients::from_planes(frame, &slices).encode(80, HuffmanTables::Standard);
        // Row by row in turn, and plane by plane.
        for in_turn in [false, true] {
            let mut encoder = Encoder::new(Vec::new(), frame, 80);
            let mut order: Vec<(usize, usize)> = (0..sampling.components())
                .flat_map(|component| {
                    (0..frame.plane_size(component).1).map(move |row| (row, component))
                })
                .collect();
            if in_turn {
                order.sort();
            }
            for (row, component) in order {
                let (width, _) = frame.plane_size(component);
                let row = &planes[component][row * width..][..width];
                encoder.push_row(component, row).unwrap();
            }
            assert!(
                encoder.finish().unwrap() == expected,
                "{sampling:?} {in_turn}"
            );
        }
    }
}

#[test]
fn rgb_becomes_what_the_definition_of_its_color_space_says() {
    for (sampling, across, down) in [
        (Sampling::Cs420, 2, 2),
        (Sampling::Cs422, 2, 1),
        (Sampling::Cs444, 1, 1),
    ] {
        for (width, height) in [(1, 1), (2, 3), (33, 5), (64, 2), (71, 8)] {
            let frame = Frame::new(width, height, sampling).unwrap();
            let (width, height) = (frame.width(), frame.height());
            let pixels = rgb(width, height, true);
            let pixel = |x: usize, y: usize| {
                let place = y.min(height - 1) * width + x.min(width - 1);
                pixels.as_chunks::<3>().0[place].map(f64::from)
            };
            // JFIF 1.02, page 3.
            let convert = |[r, g, b]: [f64; 3]| {
                [
                    0.299 * r + 0.587 * g + 0.114 * b,
                    -0.168_736 * r - 0.331_264 * g + 0.5 * b + 128.0,
                    0.5 * r - 0.418_688 * g - 0.081_312 * b + 128.0,
                ]
            };
            let mut planes = Vec::new();
            for component in 0..3 {
                let (across, down) = if component == 0 {
                    (1, 1)
                } else {
                    (across, down)
                };
                let (columns, rows) = frame.plane_size(component);
                let mean = |n: usize| {
                    let (x, y) = (n % columns * across, n / columns * down);
                    let sum: f64 = (0..across * down)
                        .map(|n| convert(pixel(x + n % across, y + n / across))[component])
                        .sum();
                    (sum / (across * down) as f64).round().min(255.0) as u8
                };
                planes.push((0..columns * rows).map(mean).collect::<Vec<u8>>());
            }
            let slices: Vec<&[u8]> = planes.iter().map(Vec::as_slice).collect();
            let mut rows = rows::Rows::new(frame);
            for row in pixels.chunks_exact(3 * width) {
                rows.push_rgb(row);
            }
            for (component, plane) in slices.iter().enumerate() {
                let (columns, _) = frame.plane_size(component);
                let samples = rows.samples(component);
                for (n, value) in plane.iter().enumerate() {
                    let ours = samples[n / columns * rows.stride(component) + n % columns];
                    assert!(
                        ours.abs_diff(*value) <= 1,
                        "{sampling:?} {component} {n}: {ours} {value}"
                    );
                }
            }
        }
    }
}
