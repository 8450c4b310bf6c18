//! The compressions of TIFF.

use fax::decoder::{DecodeStatus, Group4Decoder};
use fdeflate::BoundedDecompressionError;
use weezl::{BitOrder, LzwStatus};

use crate::prepare::codec::{damaged, unsupported};
use crate::prepare::error::PrepareErrorKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Group4,
    Lzw,
    Jpeg,
    Deflate,
    PackBits,
}

impl Compression {
    pub fn new(number: u32) -> Result<Self, PrepareErrorKind> {
        let name = match number {
            1 => return Ok(Self::None),
            4 => return Ok(Self::Group4),
            5 => return Ok(Self::Lzw),
            7 => return Ok(Self::Jpeg),
            8 | 32_946 => return Ok(Self::Deflate),
            32_773 => return Ok(Self::PackBits),
            2 | 32_771 => "fax",
            3 => "Group 3 fax",
            6 => "old JPEG",
            34_676 | 34_677 => "LogLuv",
            34_712 | 33_003 | 33_005 => "JPEG 2000",
            34_887 => "LERC",
            34_925 => "LZMA",
            50_000 | 34_926 => "Zstandard",
            50_001 => "WebP",
            50_002 => "JPEG XL",
            other => return Err(unsupported(format!("TIFF with compression {other}"))),
        };
        Err(unsupported(format!("TIFF with {name} compression")))
    }
}

/// Decompresses `packed` to `length` bytes, which are `rows` rows. Not for JPEG, whose result depends on the image.
pub(super) fn decompress(
    compression: Compression,
    packed: &[u8],
    length: usize,
    rows: u32,
    width: u32,
) -> Result<Vec<u8>, PrepareErrorKind> {
    let mut unpacked = match compression {
        Compression::None => packed.get(..length).map(<[u8]>::to_vec),
        Compression::PackBits => Some(pack_bits(packed, length)),
        Compression::Lzw => Some(lzw(packed, length)?),
        Compression::Deflate => Some(deflate(packed, length)?),
        Compression::Group4 => group_4(packed, rows, width),
        Compression::Jpeg => None,
    }
    .filter(|unpacked| unpacked.len() >= length)
    .ok_or_else(|| damaged("TIFF", "its pixels are truncated"))?;
    unpacked.truncate(length);
    Ok(unpacked)
}

/// TIFF, section 9.
fn pack_bits(mut packed: &[u8], length: usize) -> Vec<u8> {
    let mut unpacked = Vec::new();
    while let [head, rest @ ..] = packed
        && unpacked.len() < length
    {
        packed = match head {
            0..=127 => {
                let (literal, rest) = rest.split_at(rest.len().min(usize::from(*head) + 1));
                unpacked.extend(literal);
                rest
            }
            // No operation.
            128 => rest,
            129..=255 => {
                let Some((byte, rest)) = rest.split_first() else {
                    break;
                };
                unpacked.resize(unpacked.len() + 257 - usize::from(*head), *byte);
                rest
            }
        };
    }
    unpacked
}

fn lzw(mut packed: &[u8], length: usize) -> Result<Vec<u8>, PrepareErrorKind> {
    // Before TIFF 6.0, codes began at the lowest bit.
    if matches!(packed, [0, second, ..] if second & 1 == 1) {
        return Err(unsupported("TIFF with the LZW compression of TIFF 5"));
    }
    let mut decoder = weezl::decode::Configuration::with_tiff_size_switch(BitOrder::Msb, 8)
        .with_yield_on_full_buffer(true)
        .build();
    let mut unpacked = vec![0; length];
    let mut filled = 0;
    while filled < length {
        let result = decoder.decode_bytes(packed, &mut unpacked[filled..]);
        packed = &packed[result.consumed_in..];
        filled += result.consumed_out;
        match result.status {
            Ok(LzwStatus::Ok) => {}
            Ok(LzwStatus::Done | LzwStatus::NoProgress) => break,
            Err(error) => return Err(damaged("TIFF", error)),
        }
    }
    unpacked.truncate(filled);
    Ok(unpacked)
}

fn deflate(packed: &[u8], length: usize) -> Result<Vec<u8>, PrepareErrorKind> {
    match fdeflate::decompress_to_vec_bounded(packed, length) {
        Ok(unpacked) => Ok(unpacked),
        // Padding after the last row.
        Err(BoundedDecompressionError::OutputTooLarge { partial_output }) => Ok(partial_output),
        Err(BoundedDecompressionError::DecompressionError { inner }) => Err(damaged(
            "TIFF",
            format!("its pixels are not decompressed: {inner:?}"),
        )),
    }
}

/// ITU-T T.6; a set bit is black.
fn group_4(packed: &[u8], rows: u32, width: u32) -> Option<Vec<u8>> {
    let bytes = packed
        .iter()
        .map(|byte| Ok::<u8, std::convert::Infallible>(*byte));
    let side = u16::try_from(width).ok()?;
    let mut decoder = Group4Decoder::new(bytes, side).ok()?;
    let row_bytes = width.div_ceil(8) as usize;
    let mut unpacked = Vec::new();
    for _ in 0..rows {
        if decoder.advance().ok()? == DecodeStatus::End {
            break;
        }
        let start = unpacked.len();
        unpacked.resize(start + row_bytes, 0);
        let row = &mut unpacked[start..];
        let colors = fax::decoder::pels(decoder.transition(), side);
        for (at, color) in colors.take(width as usize).enumerate() {
            if color == fax::Color::Black {
                row[at / 8] |= 0x80 >> (at % 8);
            }
        }
    }
    Some(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pack_bits_follows_the_example_of_the_specification() {
        // Known as the example of Apple's Technical Note TN1023.
        let packed = [
            0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7,
            0xAA,
        ];
        let expected = [
            0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0x22,
            0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA,
        ];
        let unpack =
            |packed: &[u8], length| decompress(Compression::PackBits, packed, length, 1, 1);
        assert_eq!(unpack(&packed, 24).unwrap(), expected);
        assert_eq!(unpack(&packed, 20).unwrap(), expected[..20]);
        assert!(unpack(&packed, 25).is_err());
        for cut in 0..packed.len() {
            assert!(unpack(&packed[..cut], 24).is_err(), "{cut}");
        }
    }

    #[test]
    fn old_lzw_is_refused_by_name() {
        let error = decompress(Compression::Lzw, &[0, 1, 0, 0], 8, 1, 8).unwrap_err();
        assert!(
            error.to_string().contains("LZW compression of TIFF 5"),
            "{error}"
        );
    }
}
