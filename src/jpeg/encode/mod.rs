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
