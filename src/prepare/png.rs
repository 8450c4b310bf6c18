//! Reads PNG.

use std::io::{BufRead, Cursor, ErrorKind, Seek};

use image::metadata::Orientation;
use png::{BitDepth, ColorType, DecodingError, Info, InterlaceInfo, Reader, Transformations};

use super::codec::damaged;
use super::color::{Calibration, ColorSpace};
use super::decode::{Decode, too_much_memory};
use super::error::PrepareErrorKind;
use super::exif;
use super::limits::Limits;
use super::metadata::PngChunks;
use super::raster::{Color, Raster};
use crate::geometry::Size;

/// The largest ICC profile that is unpacked, with the chunk it is packed in: those of printing presses have about 3 MB.
/// One megabyte of a PNG can unpack to a gigabyte.
const MAX_PROFILE: usize = 16 << 20;

/// A PNG whose header has been read.
pub(super) struct Png {
    size: Size,
    orientation: Orientation,
    color: Color,
    depth: BitDepth,
}

impl Png {
    /// Reads up to the first pixels, and unpacks no metadata.
    pub fn read_header(
        file: &mut (impl BufRead + Seek),
        limits: &Limits,
    ) -> Result<Self, PrepareErrorKind> {
        let reader = open(file, limits).map_err(|error| png_error(error, limits))?;
        let (color, depth) = reader.output_color_type();
        Ok(Self {
            size: Size::new(reader.info().width, reader.info().height),
            // Browsers ignore an eXIf chunk after the pixels (w3c/png#310).
            orientation: reader
                .info()
                .exif_metadata
                .as_deref()
                .and_then(exif::orientation)
                .unwrap_or(Orientation::NoTransforms),
            color: match color {
                ColorType::Grayscale => Color::Gray,
                ColorType::GrayscaleAlpha => Color::GrayAlpha,
                ColorType::Rgb | ColorType::Indexed => Color::Rgb,
                ColorType::Rgba => Color::Rgba,
            },
            depth,
        })
    }

    fn row_bytes(&self) -> usize {
        let bytes_per_sample = if self.depth == BitDepth::Sixteen {
            2
        } else {
            1
        };
        self.size.width as usize * self.color.channels() * bytes_per_sample
    }
}

impl Decode for Png {
    fn size(&self) -> Size {
        self.size
    }

    fn orientation(&self) -> Orientation {
        self.orientation
    }

    fn memory(&self) -> u64 {
        self.row_bytes() as u64 * u64::from(self.size.height)
    }

    fn decode(
        &self,
        file: &[u8],
        limits: &Limits,
    ) -> Result<(Raster, ColorSpace), PrepareErrorKind> {
        let error = |error| png_error(error, limits);
        let mut reader = open(Cursor::new(file), limits).map_err(error)?;
        let mut pixels = vec![0; self.memory() as usize];
        read_rows(&mut reader, &mut pixels, self.row_bytes()).map_err(error)?;
        if !PngChunks::new(file).any(|chunk| chunk.kind == b"IEND") {
            log::warn!("the PNG is truncated after its pixels: its IEND chunk is missing");
        }
        if self.depth == BitDepth::Sixteen {
            round_to_8_bits(&mut pixels);
        }
        apply_gray_transparency(reader.info(), &mut pixels);
        let raster = Raster::new(self.size, pixels, self.color);
        Ok((raster.without_useless_alpha(), color_space(file)))
    }
}

/// A decoder at the first pixels of a PNG, for samples of eight or sixteen bits.
fn open<R: BufRead + Seek>(file: R, limits: &Limits) -> Result<Reader<R>, DecodingError> {
    let bytes = usize::try_from(limits.max_alloc).unwrap_or(usize::MAX);
    let mut decoder = png::Decoder::new_with_limits(file, png::Limits { bytes });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    decoder.read_info()
}

/// Reads all pixels. A file that ends after the last of them is accepted; `Reader::next_frame` rejects it.
fn read_rows<R: BufRead + Seek>(
    reader: &mut Reader<R>,
    pixels: &mut [u8],
    row_bytes: usize,
) -> Result<(), DecodingError> {
    if reader.info().interlaced {
        let (color, depth) = reader.output_color_type();
        let bits_per_pixel = color.samples() as u8 * depth as u8;
        let mut missing = interlaced_rows(reader.info());
        while missing > 0 {
            let Some(row) = reader.next_interlaced_row()? else {
                break;
            };
            if let InterlaceInfo::Adam7(pass) = row.interlace() {
                png::expand_interlaced_row(pixels, row_bytes, row.data(), pass, bits_per_pixel);
            }
            missing -= 1;
        }
    } else {
        for row in pixels.chunks_exact_mut(row_bytes) {
            reader.read_row(row)?;
        }
    }
    // Verifies the checksum of the last pixels.
    match reader.next_row() {
        Err(DecodingError::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => Ok(()),
        last => last.map(drop),
    }
}

/// The rows of all seven passes; a pass without columns has none (PNG, third edition, 8.1).
fn interlaced_rows(info: &Info) -> u64 {
    // The first column and row of a pass, and the distances to the next ones.
    const PASSES: [[u32; 4]; 7] = [
        [0, 0, 8, 8],
        [4, 0, 8, 8],
        [0, 4, 4, 8],
        [2, 0, 4, 4],
        [0, 2, 2, 4],
        [1, 0, 2, 2],
        [0, 1, 1, 2],
    ];
    let rows = |&[x, y, dx, dy]: &[u32; 4]| {
        let columns = info.width.saturating_sub(x).div_ceil(dx);
        let rows = info.height.saturating_sub(y).div_ceil(dy);
        if columns == 0 { 0 } else { u64::from(rows) }
    };
    PASSES.iter().map(rows).sum()
}

/// Sixteen bits are big-endian. The result is at the beginning, and `pixels` half as long.
fn round_to_8_bits(pixels: &mut Vec<u8>) {
    let samples = pixels.len() / 2;
    for sample in 0..samples {
        let deep = u16::from_be_bytes([pixels[2 * sample], pixels[2 * sample + 1]]);
        pixels[sample] = ((u32::from(deep) + 128) / 257) as u8;
    }
    pixels.truncate(samples);
}

/// Makes the pixels of the gray in a tRNS chunk transparent. Of the two bytes there, only as many bits count as a sample
/// has (PNG, third edition, 11.3.1.1), while png 0.18 compares eight bits of samples with fewer.
fn apply_gray_transparency(info: &Info, pixels: &mut [u8]) {
    let bits = info.bit_depth as u8;
    let (ColorType::Grayscale, 1..8, Some(key)) = (info.color_type, bits, &info.trns) else {
        return;
    };
    let Some(key) = key.last() else { return };
    let max = (1 << bits) - 1;
    let transparent = (key & max) * (255 / max);
    for [gray, alpha] in pixels.as_chunks_mut().0 {
        *alpha = if *gray == transparent { 0 } else { 255 };
    }
}

/// The colors that the chunks before the pixels declare. The first of cICP, iCCP, sRGB and gAMA counts (PNG, third
/// edition, 4.3).
fn color_space(file: &[u8]) -> ColorSpace {
    let limits = png::Limits { bytes: MAX_PROFILE };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), limits);
    decoder.set_ignore_text_chunk(true);
    match decoder.read_info() {
        Ok(reader) => declared_colors(reader.info()),
        Err(error) => {
            log::warn!("the ICC profile of the PNG is ignored: {error}");
            let limits = Limits::default();
            let reader = open(Cursor::new(file), &limits);
            reader.map_or(ColorSpace::Srgb, |reader| declared_colors(reader.info()))
        }
    }
}

fn declared_colors(info: &Info) -> ColorSpace {
    if let Some(cicp) = info.coding_independent_code_points {
        return ColorSpace::Cicp([
            cicp.color_primaries,
            cicp.transfer_function,
            cicp.matrix_coefficients,
            cicp.is_video_full_range_image.into(),
        ]);
    }
    if let Some(profile) = &info.icc_profile {
        return ColorSpace::Icc(profile.to_vec());
    }
    match info.gama_chunk {
        Some(gamma) if info.srgb.is_none() => ColorSpace::Calibrated(Calibration {
            gamma: gamma.into_scaled(),
            chromaticities: info.chrm_chunk.map(|chrm| {
                let xy = |(x, y): (png::ScaledFloat, png::ScaledFloat)| {
                    [x.into_scaled(), y.into_scaled()]
                };
                [chrm.white, chrm.red, chrm.green, chrm.blue].map(xy)
            }),
        }),
        _ => ColorSpace::Srgb,
    }
}

fn png_error(error: DecodingError, limits: &Limits) -> PrepareErrorKind {
    match error {
        DecodingError::LimitsExceeded => too_much_memory(limits),
        other => damaged("PNG", other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with the given chunks between header and end. The pixels are uncompressed.
    fn png(header: [u8; 5], size: u32, chunks: &[(&[u8; 4], &[u8])], rows: &[u8]) -> Vec<u8> {
        let mut ihdr = [size.to_be_bytes(), size.to_be_bytes()].concat();
        ihdr.extend(header);
        let length = rows.len() as u16;
        let mut zlib = vec![0x78, 1, 1];
        zlib.extend(length.to_le_bytes());
        zlib.extend((!length).to_le_bytes());
        zlib.extend(rows);
        let (a, b) = rows.iter().fold((1_u32, 0_u32), |(a, b), byte| {
            let a = (a + u32::from(*byte)) % 65_521;
            (a, (b + a) % 65_521)
        });
        zlib.extend((b << 16 | a).to_be_bytes());
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        let first: (&[u8; 4], &[u8]) = (b"IHDR", &ihdr);
        let last: [(&[u8; 4], &[u8]); 2] = [(b"IDAT", &zlib), (b"IEND", b"")];
        for (kind, data) in std::iter::once(&first).chain(chunks).chain(&last) {
            file.extend((data.len() as u32).to_be_bytes());
            let start = file.len();
            file.extend(kind.iter().chain(*data));
            let sum = crc(&file[start..]);
            file.extend(sum.to_be_bytes());
        }
        file
    }

    /// PNG, third edition, annex D.
    fn crc(bytes: &[u8]) -> u32 {
        let step = |crc: u32, byte: &u8| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 0 {
                    crc >> 1
                } else {
                    0xEDB8_8320 ^ crc >> 1
                }
            })
        };
        !bytes.iter().fold(u32::MAX, step)
    }

    const GRAY_8: [u8; 5] = [8, 0, 0, 0, 0];

    fn decoded(file: &[u8]) -> Result<(Raster, ColorSpace), PrepareErrorKind> {
        let limits = Limits::default();
        let header = Png::read_header(&mut Cursor::new(file), &limits)?;
        header.decode(file, &limits)
    }

    #[test]
    fn only_the_bits_of_a_sample_count_in_a_transparent_gray() {
        for bits in [1, 2, 4] {
            let max = (1_u8 << bits) - 1;
            // One row of a single pixel, of the greatest and of another gray.
            for (sample, alpha) in [(max, 0), (0, 255)] {
                let row = [0, sample << (8 - bits)];
                for key in [[0, max], [0xFF, 0xFF], [0x12, max | 0xF0]] {
                    let header = [bits, 0, 0, 0, 0];
                    let file = png(header, 1, &[(b"tRNS", &key)], &row);
                    let (raster, _) = decoded(&file).unwrap();
                    let expected = if alpha == 0 { vec![255, 0] } else { vec![0] };
                    assert_eq!(raster.pixels, expected, "{bits} bits, {key:?}");
                }
            }
        }
    }

    #[test]
    fn file_without_its_end_is_read_and_without_its_last_row_is_not() {
        let rows = [0, 10, 20, 0, 30, 40];
        // Sub-filters and two passes of one pixel each, then one of two.
        let passes = [0, 10, 0, 20, 0, 30, 40];
        let interlaced = [8, 0, 0, 0, 1];
        for (header, rows) in [(GRAY_8, rows.as_slice()), (interlaced, &passes)] {
            let file = png(header, 2, &[], rows);
            let end = file.len() - 12;
            let whole = decoded(&file).unwrap().0.pixels;
            assert_eq!(whole, [10, 20, 30, 40]);
            assert_eq!(decoded(&file[..end]).unwrap().0.pixels, whole);
            // The checksums of the data and of the chunk come last.
            for cut in end - 9..end {
                let cut = decoded(&file[..cut]);
                assert!(cut.is_err() || cut.is_ok_and(|(raster, _)| raster.pixels == whole));
            }
            for cut in 0..end - 9 {
                assert!(decoded(&file[..cut]).is_err(), "{cut}");
            }
            let mut damaged = file.clone();
            damaged[end - 1] ^= 1;
            assert!(decoded(&damaged).is_err());
        }
    }

    #[test]
    fn most_specific_declaration_of_colors_counts() {
        let gamma: (&[u8; 4], &[u8]) = (b"gAMA", &[0, 1, 0x86, 0xA0]);
        let srgb: (&[u8; 4], &[u8]) = (b"sRGB", &[0]);
        let cicp: (&[u8; 4], &[u8]) = (b"cICP", &[12, 13, 0, 1]);
        let mut numbers = Vec::new();
        for n in [
            31_270_u32, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6000,
        ] {
            numbers.extend(n.to_be_bytes());
        }
        let chrm: (&[u8; 4], &[u8]) = (b"cHRM", &numbers);
        let space =
            |chunks: &[(&[u8; 4], &[u8])]| decoded(&png(GRAY_8, 1, chunks, &[0, 9])).unwrap().1;
        let calibrated = |chromaticities| {
            ColorSpace::Calibrated(Calibration {
                gamma: 100_000,
                chromaticities,
            })
        };
        assert_eq!(space(&[]), ColorSpace::Srgb);
        assert_eq!(space(&[gamma]), calibrated(None));
        let white_and_primaries = [
            [31_270, 32_900],
            [64_000, 33_000],
            [30_000, 60_000],
            [15_000, 6000],
        ];
        assert_eq!(space(&[gamma, chrm]), calibrated(Some(white_and_primaries)));
        // Without a gamma, chromaticities are ignored, as in browsers.
        assert_eq!(space(&[chrm]), ColorSpace::Srgb);
        assert_eq!(space(&[gamma, chrm, srgb]), ColorSpace::Srgb);
        assert_eq!(
            space(&[srgb, gamma, cicp]),
            ColorSpace::Cicp([12, 13, 0, 1])
        );
    }

    #[test]
    fn orientation_is_read_with_and_without_the_prefix_of_a_jpeg() {
        let entry = [1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0];
        let exif = [b"MM\0*\0\0\0\x08\0\x01".as_slice(), &entry].concat();
        let prefixed = [b"Exif\0\0".as_slice(), &exif].concat();
        let other = [b"MM\0*\0\0\0\x08\0\0".as_slice()].concat();
        let orientation = |chunks: &[(&[u8; 4], &[u8])]| {
            let file = png(GRAY_8, 1, chunks, &[0, 9]);
            let header = Png::read_header(&mut Cursor::new(file), &Limits::default());
            header.unwrap().orientation.to_exif()
        };
        assert_eq!(orientation(&[(b"eXIf", &exif)]), 6);
        assert_eq!(orientation(&[(b"eXIf", &prefixed)]), 6);
        assert_eq!(orientation(&[(b"eXIf", &exif), (b"eXIf", &other)]), 6);
        assert_eq!(orientation(&[]), 1);
    }

    /// An iCCP chunk of `1 + 258 * matches` zeros in a hundredth of the space: fixed codes, one literal and matches.
    fn packed_profile(matches: usize) -> Vec<u8> {
        let mut bits: Vec<bool> = vec![true, true, false];
        bits.extend([false, false, true, true, false, false, false, false]);
        for _ in 0..matches {
            // Length 258 is symbol 285, distance 1 is symbol 0.
            bits.extend([true, true, false, false, false, true, false, true]);
            bits.extend([false; 5]);
        }
        bits.extend([false; 7]);
        let mut profile = b"name\0\0\x78\x01".to_vec();
        profile.extend(bits.chunks(8).map(|bits| {
            let set = bits.iter().enumerate().filter(|(_, bit)| **bit);
            set.map(|(at, _)| 1_u8 << at).sum::<u8>()
        }));
        let checksum = ((1 + 258 * matches as u32) % 65_521) << 16 | 1;
        profile.extend(checksum.to_be_bytes());
        profile
    }

    #[test]
    fn profile_is_unpacked_up_to_a_limit() {
        let space = |matches| {
            let profile = packed_profile(matches);
            let file = png(GRAY_8, 1, &[(b"iCCP", &profile)], &[0, 9]);
            let (raster, space) = decoded(&file).unwrap();
            assert_eq!(raster.pixels, [9]);
            space
        };
        assert_eq!(space(10), ColorSpace::Icc(vec![0; 2581]));
        assert_eq!(space(MAX_PROFILE / 258 + 1), ColorSpace::Srgb);
    }
}
