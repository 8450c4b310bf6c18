//! Promise: a TIFF comes out right in every layout, or is rejected by name.

use super::*;

/// A TIFF of one strip or tile per element of `chunks`, little-endian. An entry is a tag with its values.
fn tiff(entries: &[(u16, &[u32])], chunks: &[Vec<u8>], tiled: bool) -> Vec<u8> {
    let (offsets, counts) = if tiled {
        (TILE_OFFSETS, TILE_BYTE_COUNTS)
    } else {
        (STRIP_OFFSETS, STRIP_BYTE_COUNTS)
    };
    let mut all: Vec<(u16, Vec<u32>)> = entries
        .iter()
        .map(|(tag, values)| (*tag, values.to_vec()))
        .collect();
    let lengths: Vec<u32> = chunks.iter().map(|chunk| chunk.len() as u32).collect();
    let start = 8 + 2 + 12 * (all.len() as u32 + 2) + 4;
    let long_values = |values: &[u32]| {
        if values.len() > 1 {
            4 * values.len() as u32
        } else {
            0
        }
    };
    let mut at = start + 2 * long_values(&lengths);
    at += all
        .iter()
        .map(|(_, values)| long_values(values))
        .sum::<u32>();
    let mut places = Vec::new();
    for length in &lengths {
        places.push(at);
        at += length;
    }
    all.extend([(offsets, places), (counts, lengths)]);
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    file.extend((all.len() as u16).to_le_bytes());
    let mut values_after = Vec::new();
    for (tag, values) in &all {
        file.extend(tag.to_le_bytes());
        file.extend(4_u16.to_le_bytes());
        file.extend((values.len() as u32).to_le_bytes());
        if let [value] = values[..] {
            file.extend(value.to_le_bytes());
        } else {
            file.extend((start + values_after.len() as u32).to_le_bytes());
            values_after.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        }
    }
    file.extend([0; 4]);
    [file, values_after, chunks.concat()].concat()
}

fn decoded(file: &[u8]) -> Result<(Vec<u8>, Color), PrepareErrorKind> {
    let limits = Limits::default();
    let header = Tiff::read_header(&mut Cursor::new(file), &limits)?;
    let (raster, _) = header.decode(file, &limits)?;
    assert_eq!(raster.size, header.size());
    Ok((raster.pixels, raster.color))
}

/// Entries for an image of `width` by `height`, with `bits` for each of its samples.
fn base(width: u32, height: u32, photometric: u32, bits: &[u32]) -> Vec<(u16, Vec<u32>)> {
    vec![
        (256, vec![width]),
        (257, vec![height]),
        (258, bits.to_vec()),
        (262, vec![photometric]),
        (277, vec![bits.len() as u32]),
    ]
}

fn build(
    mut entries: Vec<(u16, Vec<u32>)>,
    more: &[(u16, &[u32])],
    chunks: &[Vec<u8>],
    tiled: bool,
) -> Vec<u8> {
    entries.extend(more.iter().map(|(tag, values)| (*tag, values.to_vec())));
    let entries: Vec<(u16, &[u32])> = entries
        .iter()
        .map(|(tag, values)| (*tag, values.as_slice()))
        .collect();
    tiff(&entries, chunks, tiled)
}

const BLACK_IS_ZERO: u32 = 1;
const RGB: u32 = 2;
const PALETTE: u32 = 3;
const CMYK: u32 = 5;
const RGB_8: [u32; 3] = [8; 3];

#[test]
fn tiles_in_planes_are_put_together() {
    // 3 by 1 in tiles of 2 by 2; what reaches over the edges is 99.
    let tile = |first, second| vec![first, second, 99, 99];
    let chunks = [
        tile(1, 2),
        tile(3, 99),
        tile(4, 5),
        tile(6, 99),
        tile(7, 8),
        tile(9, 99),
    ];
    let more: &[(u16, &[u32])] = &[(284, &[2]), (322, &[2]), (323, &[2])];
    let file = build(base(3, 1, RGB, &RGB_8), more, &chunks, true);
    let (pixels, color) = decoded(&file).unwrap();
    assert_eq!(
        (pixels, color),
        (vec![1, 4, 7, 2, 5, 8, 3, 6, 9], Color::Rgb)
    );
    for cut in 0..file.len() {
        assert!(decoded(&file[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn differences_are_added_up_with_an_extra_channel_too() {
    // Two pixels, the second of which is 10 more in each channel.
    let row = [1, 2, 3, 200, 10, 10, 10, 10];
    let deflated = fdeflate::compress_to_vec(&row);
    let mut encoder = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
    let lzw = encoder.encode(&row).unwrap();
    for (compression, packed) in [
        (8, deflated),
        (32_946, fdeflate::compress_to_vec(&row)),
        (5, lzw),
    ] {
        let image = |extra: u32| {
            let more: &[(u16, &[u32])] = &[(259, &[compression]), (317, &[2]), (338, &[extra])];
            let file = build(
                base(2, 1, RGB, &[8; 4]),
                more,
                std::slice::from_ref(&packed),
                false,
            );
            decoded(&file).unwrap()
        };
        assert_eq!(image(0), (vec![1, 2, 3, 11, 12, 13], Color::Rgb));
        let with_alpha = vec![1, 2, 3, 200, 11, 12, 13, 210];
        assert_eq!(image(2), (with_alpha, Color::Rgba));
    }
}

#[test]
fn associated_alpha_is_divided_out() {
    let file = build(
        base(1, 1, RGB, &[8; 4]),
        &[(338, &[1])],
        &[vec![110, 15, 15, 128]],
        false,
    );
    assert_eq!(
        decoded(&file).unwrap(),
        (vec![219, 30, 30, 128], Color::Rgba)
    );
    let gray = build(
        base(1, 1, BLACK_IS_ZERO, &[8; 2]),
        &[(338, &[1])],
        &[vec![100, 128]],
        false,
    );
    assert_eq!(decoded(&gray).unwrap(), (vec![199, 128], Color::GrayAlpha));
}

#[test]
fn palette_of_sixteen_or_eight_bits_gives_colors() {
    for scale in [1, 256, 257] {
        let palette = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 200].map(|n| n * scale);
        // The indices 3, 0, 1 of two bits.
        let file = build(
            base(3, 1, PALETTE, &[2]),
            &[(320, &palette)],
            &[vec![0b1100_0100]],
            false,
        );
        let expected = vec![40, 80, 200, 10, 50, 90, 20, 60, 100];
        assert_eq!(decoded(&file).unwrap(), (expected, Color::Rgb), "{scale}");
    }
    let short = build(
        base(3, 1, PALETTE, &[2]),
        &[(320, &[1; 11])],
        &[vec![0]],
        false,
    );
    assert!(decoded(&short).unwrap_err().to_string().contains("damaged"));
}

#[test]
fn gray_of_few_bits_is_scaled_inverted_and_reversed() {
    let gray = |photometric, bits: u32, fill: u32, byte: u8| {
        let width = 8 / bits;
        let file = build(
            base(width, 1, photometric, &[bits]),
            &[(266, &[fill])],
            &[vec![byte]],
            false,
        );
        decoded(&file).unwrap().0
    };
    assert_eq!(gray(BLACK_IS_ZERO, 4, 1, 0x5F), [0x55, 0xFF]);
    assert_eq!(gray(0, 4, 1, 0x5F), [0xAA, 0]);
    assert_eq!(gray(BLACK_IS_ZERO, 2, 1, 0b0001_1011), [0, 85, 170, 255]);
    assert_eq!(gray(BLACK_IS_ZERO, 2, 2, 0b1101_1000), [0, 85, 170, 255]);
    let stripes = [255, 0, 255, 0, 255, 255, 0, 0];
    assert_eq!(gray(BLACK_IS_ZERO, 1, 1, 0b1010_1100), stripes);
    assert_eq!(gray(BLACK_IS_ZERO, 1, 2, 0b0011_0101), stripes);
}

#[test]
fn deep_samples_are_rounded_to_eight_bits() {
    let deep = |more: &[(u16, &[u32])], bits, bytes: Vec<u8>| {
        let file = build(base(2, 1, BLACK_IS_ZERO, &[bits]), more, &[bytes], false);
        decoded(&file).unwrap().0
    };
    let sixteen = [0x7FFF_u16, 0x8080].iter().flat_map(|n| n.to_le_bytes());
    assert_eq!(deep(&[], 16, sixteen.collect()), [127, 128]);
    let floats = [0.5_f32, f32::NAN].iter().flat_map(|n| n.to_le_bytes());
    assert_eq!(deep(&[(339, &[3])], 32, floats.collect()), [128, 0]);
    // The bytes of 0.5 and 1.0 from the highest on: 3F and 3F, 00 and 80, 00 and 00 twice; as differences.
    let planes = [0x3F, 0, 0xC1, 0x80, 0x80, 0, 0, 0];
    let packed = fdeflate::compress_to_vec(&planes);
    let more: &[(u16, &[u32])] = &[(339, &[3]), (259, &[8]), (317, &[3])];
    assert_eq!(deep(more, 32, packed), [128, 255]);
}

#[test]
fn layouts_that_are_not_read_are_refused_by_name() {
    let refused = |photometric: u32, bits: &[u32], more: &[(u16, &[u32])]| {
        let file = build(base(1, 1, photometric, bits), more, &[vec![0; 64]], false);
        decoded(&file).unwrap_err().to_string()
    };
    for (error, name) in [
        (
            refused(CMYK, &[8; 5], &[(338, &[2])]),
            "TIFF in CMYK with transparency",
        ),
        (
            refused(CMYK, &[8; 4], &[(332, &[2])]),
            "TIFF with inks other than CMYK",
        ),
        (
            refused(6, &RGB_8, &[]),
            "TIFF in YCbCr without JPEG compression",
        ),
        (refused(8, &RGB_8, &[]), "TIFF in CIE L*a*b*"),
        (
            refused(32_803, &RGB_8, &[]),
            "TIFF with color interpretation 32803",
        ),
        (
            refused(RGB, &[8, 8, 16], &[]),
            "TIFF with channels of different depth",
        ),
        (refused(RGB, &[12; 3], &[]), "TIFF with 12 bits per channel"),
        (
            refused(RGB, &RGB_8, &[(339, &[2])]),
            "TIFF with signed numbers",
        ),
        (
            refused(RGB, &[16; 3], &[(339, &[3])]),
            "TIFF with 16-bit floating point",
        ),
        (
            refused(RGB, &RGB_8, &[(259, &[6])]),
            "TIFF with old JPEG compression",
        ),
        (
            refused(RGB, &RGB_8, &[(259, &[50_000])]),
            "TIFF with Zstandard compression",
        ),
        (
            refused(RGB, &RGB_8, &[(259, &[4])]),
            "TIFF with Group 4 fax compression of such pixels",
        ),
        (
            refused(RGB, &RGB_8, &[(259, &[5]), (317, &[4])]),
            "TIFF with predictor 4",
        ),
        (
            refused(PALETTE, &[16], &[]),
            "TIFF with a palette of more than 256 colors",
        ),
    ] {
        assert_eq!(
            error,
            format!("{name} is not supported; export it as JPEG or PNG")
        );
    }
}

#[test]
fn announced_sizes_are_checked_before_memory_is_allocated() {
    let too_much = |more: &[(u16, &[u32])]| {
        let file = build(base(1, 1, RGB, &RGB_8), more, &[vec![0; 3]], true);
        let limits = Limits::default();
        let header = Tiff::read_header(&mut Cursor::new(&file), &limits).unwrap();
        header.memory() > limits.max_alloc
    };
    assert!(too_much(&[(322, &[u32::MAX]), (323, &[u32::MAX])]));
    assert!(!too_much(&[(322, &[16]), (323, &[16])]));
    let empty = build(
        base(1, 1, RGB, &RGB_8),
        &[(322, &[0]), (323, &[16])],
        &[vec![0; 3]],
        true,
    );
    assert!(decoded(&empty).is_err());
}

#[test]
fn jpeg_in_a_tiff_is_decoded() {
    let pixels = [200, 60, 20].repeat(16 * 16);
    let mut jpeg = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 100);
    encoder
        .encode(&pixels, 16, 16, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    let more: &[(u16, &[u32])] = &[(259, &[7])];
    const YCBCR: u32 = 6;
    let file = build(base(16, 16, YCBCR, &RGB_8), more, &[jpeg], false);
    let pixels = decoded(&file).unwrap().0;
    let near = |(found, expected): (&u8, u8)| found.abs_diff(expected) <= 2;
    assert!(
        pixels.iter().zip([200, 60, 20]).all(near),
        "{:?}",
        &pixels[..3]
    );
}
