//! The encoder: samples or RGB pixels to a baseline JPEG file with a JFIF header and no other metadata.
//!
//! [`Encoder`] writes a file while its rows come, in memory that does not depend on the height. [`Coefficients`] keeps
//! the transformed image, to find the quality that fits into a number of bytes and to optimize Huffman tables.

mod bits;
mod coefficients;
mod entropy;
mod fdct;
mod frame;
mod header;
mod huffman;
mod quantize;
mod rgb;
mod rows;
mod stream;
#[cfg(test)]
mod tests;
mod zigzag;

pub(crate) use coefficients::{HuffmanTables, Transform};
pub(crate) use frame::{Frame, Sampling};
pub(crate) use stream::Encoder;

/// Evaluates an expression with the instructions that this processor has.
///
/// Two sets of x86 are enough: the others gain next to nothing, and each is all of the code once more.
macro_rules! vectorize {
    ($level:expr, $simd:ident => $body:expr) => {{
        let level: fearless_simd::Level = $level;
        #[cfg(target_arch = "x86_64")]
        {
            use fearless_simd::Simd;
            if let Some($simd) = level.as_avx2() {
                $simd.vectorize(
                    #[inline(always)]
                    || $body,
                )
            } else {
                let $simd = level.as_sse2().expect("every x86-64 has SSE2");
                $body
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        fearless_simd::dispatch!(level, $simd => $body)
    }};
}
use vectorize;
