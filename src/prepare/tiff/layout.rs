//! How the pixels of a TIFF are stored. Everything that is not read here is rejected by its name.

use std::io::{Read, Seek};

use image::metadata::Orientation;

use super::decompress::Compression;
use super::directory::Directory;
use crate::geometry::Size;
use crate::prepare::codec::{damaged, unsupported};
use crate::prepare::error::PrepareErrorKind;
use crate::prepare::limits::Limits;
use crate::prepare::raster::Color;

/// More channels than this are data of measurements rather than an image.
const MAX_SAMPLES: u32 = 64;

/// What the samples of a pixel are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Photometric {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    /// Colors of 8 bits by index.
    Palette(Vec<[u8; 3]>),
    Cmyk,
    YCbCr,
}

impl Photometric {
    /// How many samples make a color.
    fn colors(&self) -> usize {
        match self {
            Self::WhiteIsZero | Self::BlackIsZero | Self::Palette(_) => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Cmyk => 4,
        }
    }
}

/// What is to be done to a row after it was decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    Horizontal,
    FloatingPoint,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    /// 1, 2, 4, 8 or 16 bits.
    Unsigned(u8),
    /// 32 bits, from 0 to 1.
    Float,
}

impl Sample {
    pub fn bits(self) -> u64 {
        match self {
            Self::Unsigned(bits) => bits.into(),
            Self::Float => 32,
        }
    }
}

/// The alpha channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alpha {
    /// Its index among the samples of a pixel.
    pub sample: usize,
    /// Whether the colors are multiplied by it.
    pub associated: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub size: Size,
    pub orientation: Orientation,
    pub little_endian: bool,
    pub sample: Sample,
    /// The samples of a pixel, of which some may be unused.
    pub samples: usize,
    pub photometric: Photometric,
    pub alpha: Option<Alpha>,
    pub compression: Compression,
    pub predictor: Predictor,
    /// Whether the first bit of a byte is the lowest one.
    pub reversed_bits: bool,
    /// Whether each sample has a plane of its own.
    pub planar: bool,
    /// Whether the pixels are stored in tiles, all of the same size, rather than in strips.
    pub tiled: bool,
    /// The size of a tile, or of all strips but the last.
    pub chunk: Size,
}

impl Layout {
    pub fn read(
        file: &mut (impl Read + Seek),
        directory: &Directory,
        limits: &Limits,
    ) -> Result<Self, PrepareErrorKind> {
        let mut numbers = |tag| directory.numbers(file, tag, limits);
        let first = |numbers: Vec<u32>| numbers.first().copied();
        let size = match (first(numbers(256)?), first(numbers(257)?)) {
            (Some(width @ 1..), Some(height @ 1..)) => Size::new(width, height),
            _ => return Err(damaged("TIFF", "it has no width or no height")),
        };
        let samples = first(numbers(277)?).unwrap_or(1);
        if !(1..=MAX_SAMPLES).contains(&samples) {
            return Err(unsupported(format!("TIFF with {samples} channels")));
        }
        let bits = numbers(258)?;
        let format = numbers(339)?;
        let sample = sample(&bits, &format)?;
        let compression = Compression::new(first(numbers(259)?).unwrap_or(1))?;
        let photometric = match first(numbers(262)?) {
            Some(0) => Photometric::WhiteIsZero,
            Some(1) => Photometric::BlackIsZero,
            Some(2) => Photometric::Rgb,
            Some(3) => Photometric::Palette(palette(&numbers(320)?, sample)?),
            Some(5) if matches!(first(numbers(332)?), None | Some(1)) => Photometric::Cmyk,
            Some(5) => return Err(unsupported("TIFF with inks other than CMYK")),
            Some(6) if compression == Compression::Jpeg => Photometric::YCbCr,
            Some(6) => return Err(unsupported("TIFF in YCbCr without JPEG compression")),
            Some(8..=10) => return Err(unsupported("TIFF in CIE L*a*b*")),
            Some(other) => {
                return Err(unsupported(format!(
                    "TIFF with color interpretation {other}"
                )));
            }
            None => return Err(damaged("TIFF", "it has no color interpretation")),
        };
        let colors = photometric.colors();
        let samples = samples as usize;
        if samples < colors {
            let cause = format!("it has {samples} channels instead of {colors}");
            return Err(damaged("TIFF", cause));
        }
        let extra = numbers(338)?;
        let alpha = extra[..extra.len().min(samples - colors)]
            .iter()
            .position(|extra| matches!(extra, 1 | 2))
            .map(|index| Alpha {
                sample: colors + index,
                associated: extra[index] == 1,
            });
        if alpha.is_some() && photometric == Photometric::Cmyk {
            return Err(unsupported("TIFF in CMYK with transparency"));
        }
        let planar = first(numbers(284)?) == Some(2) && samples > 1;
        let (tile_width, tile_height) = (first(numbers(322)?), first(numbers(323)?));
        let tiled = tile_width.is_some() || tile_height.is_some();
        let chunk = if tiled {
            Size::new(tile_width.unwrap_or(0), tile_height.unwrap_or(0))
        } else {
            let rows = first(numbers(278)?).unwrap_or(u32::MAX);
            Size::new(size.width, rows.min(size.height))
        };
        if chunk.area() == 0 {
            return Err(damaged("TIFF", "its strips or tiles are empty"));
        }
        let layout = Self {
            size,
            orientation: first(numbers(274)?)
                .and_then(|value| u8::try_from(value).ok())
                .and_then(Orientation::from_exif)
                .unwrap_or(Orientation::NoTransforms),
            little_endian: directory.little_endian,
            sample,
            samples,
            photometric,
            alpha,
            compression,
            predictor: predictor(first(numbers(317)?), compression, sample)?,
            reversed_bits: first(numbers(266)?) == Some(2) && compression != Compression::Jpeg,
            planar,
            tiled,
            chunk,
        };
        layout.check_compression()?;
        Ok(layout)
    }

    /// Rejects what a compression cannot hold.
    fn check_compression(&self) -> Result<(), PrepareErrorKind> {
        let fits = match self.compression {
            Compression::Group4 => {
                self.sample == Sample::Unsigned(1) && self.samples_in_chunk() == 1
            }
            Compression::Jpeg => {
                self.sample == Sample::Unsigned(8)
                    && self.alpha.is_none()
                    && match self.photometric {
                        Photometric::Rgb | Photometric::YCbCr => self.samples == 3 && !self.planar,
                        Photometric::BlackIsZero | Photometric::WhiteIsZero => self.samples == 1,
                        Photometric::Palette(_) | Photometric::Cmyk => false,
                    }
            }
            _ => true,
        };
        if fits {
            Ok(())
        } else {
            let name = match self.compression {
                Compression::Group4 => "Group 4 fax",
                _ => "JPEG",
            };
            Err(unsupported(format!(
                "TIFF with {name} compression of such pixels"
            )))
        }
    }

    /// The color of the decoded pixels.
    pub fn color(&self) -> Color {
        let is_gray = matches!(
            self.photometric,
            Photometric::WhiteIsZero | Photometric::BlackIsZero
        );
        match (&self.photometric, self.alpha) {
            (Photometric::Cmyk, _) => Color::Cmyk,
            (_, None) if is_gray => Color::Gray,
            (_, Some(_)) if is_gray => Color::GrayAlpha,
            (_, None) => Color::Rgb,
            (_, Some(_)) => Color::Rgba,
        }
    }

    /// How many samples make the color of a pixel.
    pub fn colors(&self) -> usize {
        self.photometric.colors()
    }

    pub fn samples_in_chunk(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    /// Strips or tiles side by side, and above one another, in one plane.
    pub fn chunks(&self) -> (u32, u32) {
        (
            self.size.width.div_ceil(self.chunk.width),
            self.size.height.div_ceil(self.chunk.height),
        )
    }

    /// The bytes of a decompressed row of a chunk.
    pub fn row_bytes(&self) -> u64 {
        let bits = u64::from(self.chunk.width)
            .saturating_mul(self.samples_in_chunk() as u64 * self.sample.bits());
        bits.div_ceil(8)
    }

    /// The most bytes that the pixels and one chunk take.
    pub fn memory(&self) -> u64 {
        let pixels = self
            .size
            .area()
            .saturating_mul(self.color().channels() as u64);
        let chunk = self.row_bytes().saturating_mul(self.chunk.height.into());
        pixels.saturating_add(chunk)
    }
}

fn sample(bits: &[u32], format: &[u32]) -> Result<Sample, PrepareErrorKind> {
    const UNSIGNED: u32 = 1;
    const FLOAT: u32 = 3;
    const UNDEFINED: u32 = 4;
    let same = |numbers: &[u32], default| match numbers {
        [] => Some(default),
        [first, others @ ..] => others.iter().all(|n| n == first).then_some(*first),
    };
    let bits = same(bits, 1).ok_or_else(|| unsupported("TIFF with channels of different depth"))?;
    let format = same(format, UNSIGNED)
        .ok_or_else(|| unsupported("TIFF with channels of different number formats"))?;
    match (format, bits) {
        (UNSIGNED | UNDEFINED, 1 | 2 | 4 | 8 | 16) => Ok(Sample::Unsigned(bits as u8)),
        (FLOAT, 32) => Ok(Sample::Float),
        (FLOAT, _) => Err(unsupported(format!("TIFF with {bits}-bit floating point"))),
        (2, _) => Err(unsupported("TIFF with signed numbers")),
        (5 | 6, _) => Err(unsupported("TIFF with complex numbers")),
        _ => Err(unsupported(format!("TIFF with {bits} bits per channel"))),
    }
}

/// The colors have 16 bits; some programs write 8.
fn palette(numbers: &[u32], sample: Sample) -> Result<Vec<[u8; 3]>, PrepareErrorKind> {
    let Sample::Unsigned(bits @ 1..=8) = sample else {
        return Err(unsupported("TIFF with a palette of more than 256 colors"));
    };
    let length = 1 << bits;
    if numbers.len() < 3 * length {
        return Err(damaged("TIFF", "its palette is incomplete"));
    }
    let shift = if numbers.iter().any(|n| *n > 255) {
        8
    } else {
        0
    };
    let color =
        |index: usize| [0, 1, 2].map(|color| (numbers[color * length + index] >> shift) as u8);
    Ok((0..length).map(color).collect())
}

fn predictor(
    number: Option<u32>,
    compression: Compression,
    sample: Sample,
) -> Result<Predictor, PrepareErrorKind> {
    // The others have no predictor, and libtiff ignores the tag.
    if !matches!(compression, Compression::Lzw | Compression::Deflate) {
        return Ok(Predictor::None);
    }
    match (number.unwrap_or(1), sample) {
        (1, _) => Ok(Predictor::None),
        (2, Sample::Unsigned(8 | 16) | Sample::Float) => Ok(Predictor::Horizontal),
        (2, _) => Err(unsupported("TIFF with differences of less than 8 bits")),
        (3, Sample::Float) => Ok(Predictor::FloatingPoint),
        (other, _) => Err(unsupported(format!("TIFF with predictor {other}"))),
    }
}
