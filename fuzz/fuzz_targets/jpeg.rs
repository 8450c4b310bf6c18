//! Promise: a JPEG gives the same samples however it arrives, and within the memory that was announced; what is encoded
//! is read back, by another decoder as well.

#![no_main]

use std::io::{self, Read};

use image::ImageFormat;
use libfuzzer_sys::fuzz_target;

use jpeg::{
    Decoder, Divisor, Encoder, Error, Frame, HuffmanTables, PixelRows, Sampling, Transform,
};

#[path = "../../src/jpeg/mod.rs"]
#[allow(dead_code, unused_imports, reason = "planes are for the resampler")]
mod jpeg;
#[path = "../../src/vectorize.rs"]
mod vectorize;

/// Small, so that many images are tried in a second.
const MAX_PIXELS: usize = 64 * 64;
/// Enough for the coefficients of a progressive image of [`MAX_PIXELS`], in bytes.
const MAX_MEMORY: u64 = 1 << 20;

// The file, then options in a byte: a seed is a file that any program shows.
fuzz_target!(|data: &[u8]| {
    let Some((options, file)) = data.split_last() else {
        return;
    };
    let by = [Divisor::One, Divisor::Two, Divisor::Four, Divisor::Eight][usize::from(options % 4)];
    let image = decode(file, by);
    let in_pieces = decode(Pieces(file, usize::from(options >> 2) + 1), by);
    assert_eq!(in_pieces.is_ok(), image.is_ok());
    let (Ok(image), Ok(in_pieces)) = (image, in_pieces) else {
        return;
    };
    assert!(image == in_pieces);
    if image.channels != 3 {
        return;
    }
    let quality = [100, 90, 50, 1][usize::from(options >> 4) % 4];
    for sampling in [Sampling::Cs444, Sampling::Cs422, Sampling::Cs420] {
        encode(&image, sampling, quality);
    }
});

/// Rows of interleaved pixels.
#[derive(PartialEq)]
struct Pixels {
    width: usize,
    height: usize,
    channels: usize,
    values: Vec<u8>,
}

/// The pixels of a file of few pixels.
fn decode(file: impl Read, by: Divisor) -> Result<Pixels, Option<Error>> {
    let decoder = Decoder::new(file).map_err(Some)?;
    let header = decoder.header();
    let pixels = usize::from(header.width) * usize::from(header.height);
    let memory = decoder.memory(&header.reductions(by));
    if pixels > MAX_PIXELS || memory > MAX_MEMORY {
        return Err(None);
    }
    let mut rows = PixelRows::new(decoder, by).map_err(Some)?;
    let mut values = Vec::new();
    while let Some(rows) = rows.next_rows().map_err(Some)? {
        values.extend_from_slice(rows);
    }
    let (width, height) = rows.size();
    let channels = values.len() / (width * height);
    assert_eq!(values.len(), width * height * channels);
    Ok(Pixels {
        width,
        height,
        channels,
        values,
    })
}

/// Encodes in one pass and in two, and decodes.
fn encode(image: &Pixels, sampling: Sampling, quality: u8) {
    let frame = Frame::new(image.width as u32, image.height as u32, sampling).unwrap();
    let mut encoder = Encoder::new(Vec::new(), frame, quality);
    let mut transform = Transform::new(frame);
    for row in image.values.chunks_exact(image.width * 3) {
        encoder.push_rgb_row(row).unwrap();
        transform.push_rgb_row(row);
    }
    let file = encoder.finish().unwrap();
    let coefficients = transform.finish();
    assert!(coefficients.encode(quality, HuffmanTables::Standard) == file);
    let optimized = coefficients.encode(quality, HuffmanTables::Optimized);
    let length = coefficients.encoded_length(quality, HuffmanTables::Optimized);
    assert_eq!(optimized.len(), length);

    let Ok(decoded) = decode(&file[..], Divisor::One) else {
        panic!("a file of the encoder is not decoded");
    };
    assert!(decode(&optimized[..], Divisor::One).is_ok_and(|pixels| pixels == decoded));
    let other = image::load_from_memory_with_format(&file, ImageFormat::Jpeg).unwrap();
    let other = other.into_rgb8();
    assert_eq!(
        [other.width() as usize, other.height() as usize],
        [decoded.width, decoded.height]
    );
    if sampling == Sampling::Cs444 {
        // Rounded differently. Where chroma is enlarged, the decoders also differ in how.
        assert!(largest_difference(&decoded.values, &other) <= 4);
        if quality == 100 {
            assert!(largest_difference(&decoded.values, &image.values) <= 8);
        }
    }
}

fn largest_difference(a: &[u8], b: &[u8]) -> u8 {
    let differences = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
    differences.max().unwrap_or_default()
}

struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(buffer.len());
        self.0.read(&mut buffer[..length])
    }
}
