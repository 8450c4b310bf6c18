//! Quantization: the tables of a quality, and dividing by them.

use fearless_simd::{Simd, f32x8, i16x16, i32x8, prelude::*};

use super::fdct::{Block, ROUND, UNITS, whole};
use super::zigzag::ZIGZAG_BY_COLUMN;
use crate::jpeg::tables::ZIGZAG;

/// For luma: ITU-T T.81, table K.1, row by row.
#[rustfmt::skip]
const LUMA: [u8; 64] = [
    16, 11, 10, 16,  24,  40,  51,  61,
    12, 12, 14, 19,  26,  58,  60,  55,
    14, 13, 16, 24,  40,  57,  69,  56,
    14, 17, 22, 29,  51,  87,  80,  62,
    18, 22, 37, 56,  68, 109, 103,  77,
    24, 35, 55, 64,  81, 104, 113,  92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103,  99,
];

/// For chroma: table K.2.
#[rustfmt::skip]
const CHROMA: [u8; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99,
    18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
];

/// The steps of one table, in zigzag order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QuantizationTable(pub [u8; 64]);

impl QuantizationTable {
    /// The tables of luma and chroma at a quality of 1 to 100 (values beyond are taken to the nearest), as libjpeg
    /// makes them.
    pub fn for_quality(quality: u8) -> [Self; 2] {
        let quality = u32::from(quality.clamp(1, 100));
        let percent = if quality < 50 {
            5000 / quality
        } else {
            200 - 2 * quality
        };
        [LUMA, CHROMA].map(|table| {
            let step = |place: u8| (u32::from(table[usize::from(place)]) * percent + 50) / 100;
            Self(ZIGZAG.map(|place| step(place).clamp(1, 255) as u8))
        })
    }

    pub fn quantizer(&self) -> Quantizer {
        let mut reciprocals = [0.0; 64];
        for (step, place) in self.0.iter().zip(ZIGZAG_BY_COLUMN) {
            reciprocals[usize::from(place)] = 1.0 / (UNITS * f32::from(*step));
        }
        Quantizer { reciprocals }
    }
}

/// Divides the coefficients of a block, column by column.
pub(super) struct Quantizer {
    reciprocals: [f32; 64],
}

impl Quantizer {
    /// The quantized coefficients, and the set of those that are not 0, one bit each.
    #[inline(always)]
    pub fn quantize<S: Simd>(&self, simd: S, block: &Block) -> (Block, u64) {
        let mut quantized = [0; 64];
        let mut nonzero = 0;
        let parts = block.as_chunks::<16>().0.iter();
        let reciprocals = self.reciprocals.as_chunks::<16>().0;
        let out = quantized.as_chunks_mut::<16>().0.iter_mut();
        for (n, ((part, reciprocals), out)) in parts.zip(reciprocals).zip(out).enumerate() {
            let (low, high) = i16x16::from_slice(simd, part).widen();
            let [low_factors, high_factors] = reciprocals.as_chunks::<8>().0 else {
                unreachable!("16 are twice 8");
            };
            let low = scale(simd, low, low_factors);
            let high = scale(simd, high, high_factors);
            let rounded = whole(simd, low, high);
            rounded.store_slice(out);
            let zero = rounded.simd_eq(i16x16::splat(simd, 0)).to_bitmask();
            nonzero |= (!zero & 0xFFFF) << (16 * n);
        }
        (quantized, nonzero)
    }
}

#[inline(always)]
fn scale<S: Simd>(simd: S, values: i32x8<S>, factors: &[f32; 8]) -> f32x8<S> {
    let values: f32x8<S> = values.to_float();
    values.mul_add(f32x8::from_slice(simd, factors), f32x8::splat(simd, ROUND))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By libjpeg-turbo 3 (`cjpeg -quality N -baseline`): the first eight steps in the file.
    #[test]
    fn tables_are_those_of_libjpeg() {
        let first = |quality| QuantizationTable::for_quality(quality).map(|t| t.0[..8].to_vec());
        assert_eq!(
            first(90),
            [[3, 2, 2, 3, 2, 2, 3, 3], [3, 4, 4, 5, 4, 5, 9, 5]]
        );
        assert_eq!(first(50)[0], [16, 11, 12, 14, 12, 10, 16, 14]);
        assert_eq!(first(100), [[1; 8], [1; 8]]);
        assert_eq!(first(1), [[255; 8], [255; 8]]);
    }

    #[test]
    fn every_coefficient_is_divided_and_rounded() {
        for quality in [1, 10, 50, 75, 90, 100] {
            for table in QuantizationTable::for_quality(quality) {
                let block: Block = std::array::from_fn(|n| {
                    let magnitude = (n * 523 % 16384) as i16;
                    if n % 2 == 0 { magnitude } else { -magnitude }
                });
                let quantizer = table.quantizer();
                let (ours, nonzero) = fearless_simd::dispatch!(fearless_simd::Level::new(), simd => quantizer.quantize(simd, &block));
                for (step, place) in table.0.iter().zip(ZIGZAG_BY_COLUMN) {
                    let place = usize::from(place);
                    let exact = f64::from(block[place]) / 16.0 / f64::from(*step);
                    assert!((f64::from(ours[place]) - exact).abs() <= 0.500_01);
                    assert_eq!(nonzero >> place & 1 == 1, ours[place] != 0);
                }
            }
        }
    }
}
