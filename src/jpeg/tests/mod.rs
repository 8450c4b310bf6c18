//! What the decoder makes of files that are written here, and of files by libjpeg-turbo.

mod build;
mod damage;
mod markers;
mod matrix;
mod mutations;
mod samples;

use super::{Decoder, Divisor, Error, PixelRows, Reduction};

/// Files by libjpeg-turbo, all 18×24; the first three contain the same coefficients.
const BASELINE: &[u8] = include_bytes!("../../../fixtures/tiny/baseline.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("../../../fixtures/tiny/progressive.jpg");
const RESTART: &[u8] = include_bytes!("../../../fixtures/tiny/restart.jpg");
const CMYK: &[u8] = include_bytes!("../../../fixtures/tiny/cmyk.jpg");

/// A plane with all of its rows.
#[derive(Debug, PartialEq)]
struct Samples {
    width: usize,
    height: usize,
    values: Vec<u8>,
}

fn decode(file: &[u8], reductions: &[Reduction; 4]) -> Result<Vec<Samples>, Error> {
    let mut bands = Decoder::new(file)?.start(reductions)?;
    let mut planes: Vec<_> = bands
        .planes()
        .map(|plane| Samples {
            width: plane.width,
            height: plane.height,
            values: Vec::new(),
        })
        .collect();
    while let Some(band) = bands.next_band()? {
        assert_eq!(band.strips().len(), planes.len());
        for (strip, plane) in band.strips().zip(&mut planes) {
            assert_eq!(plane.values.len(), strip.first * plane.width);
            for row in 0..strip.rows {
                plane.values.extend_from_slice(strip.row(row));
            }
        }
    }
    for plane in &planes {
        assert_eq!(plane.values.len(), plane.width * plane.height);
    }
    Ok(planes)
}

/// All samples.
fn planes(file: &[u8]) -> Result<Vec<Samples>, Error> {
    decode(file, &[Reduction::NONE; 4])
}

fn pixels(file: &[u8]) -> Result<Vec<u8>, Error> {
    let mut rows = PixelRows::new(Decoder::new(file)?, Divisor::One)?;
    let mut pixels = Vec::new();
    while let Some(rows) = rows.next_rows()? {
        pixels.extend_from_slice(rows);
    }
    let (width, height) = rows.size();
    assert_eq!(pixels.len(), width * height * rows.channels());
    Ok(pixels)
}

fn is_truncated<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Truncated { .. }))
}

/// A sequence of numbers, the same in every run.
struct Numbers(u64);

impl Numbers {
    /// A number below `n`.
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % n
    }
}
