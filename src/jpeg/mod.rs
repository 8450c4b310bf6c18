//! A JPEG codec in safe Rust. It does no I/O but `Read` and `Write`, and depends on nothing else in this crate but
//! the module `vectorize`.
//!
//! The decoder reads baseline, extended sequential and progressive files of 8 bits, of one, three or four components, with
//! sampling factors from 1 to 4, interleaved or not. It can reduce each component by 1, 2, 4 or 8 in each direction, for
//! which it transforms only the coefficients that matter.
//!
//! - [`Decoder::new`] reads the [`Header`].
//! - [`Decoder::start`] yields [`Bands`], which decode row of MCUs after row of MCUs. Each [`Band`] has a [`Strip`] of rows
//!   for every component.
//! - [`PixelRows`] turns these into gray, RGB or CMYK, for everything that cannot be done plane by plane.
//!
//! Memory does not grow with the height of the image, unless the file is progressive or has a scan for each component:
//! [`Decoder::memory`] announces what it takes.
//!
//! # Damage
//!
//! A file is decoded to its end or not at all: an image of which a part is missing is never returned as whole. Where
//! libjpeg warns and goes on, with pixels that are not those of the image, this decoder fails.
//!
//! | condition | libjpeg | here |
//! |---|---|---|
//! | the data ends before the last MCU, at the end of the file or at the end-of-image marker | warning | truncated |
//! | bits of a progressive image are in no scan, or a component is in none | | truncated |
//! | no end-of-image marker behind a whole image | warning | accepted: [`Bands::is_eoi_missing`] |
//! | the data ends before the last MCU, at another marker | warning | damaged |
//! | a restart marker is missing, or has the wrong number | warning | damaged |
//! | bytes are left at the end of a restart interval | warning | damaged |
//! | bits are no Huffman code | warning | damaged |
//! | a coefficient is larger than those of 8-bit samples | | damaged |
//! | a run leads beyond the last coefficient | | damaged |
//! | a scan repeats bits, or refines bits that are not there | warning | damaged |
//! | bytes belong to no segment, or are left at the end of a scan | warning | accepted, skipped |
//! | a sequential scan claims to be of some coefficients only | warning | accepted, as a whole one |
//! | a sequential file has no Huffman tables (Motion JPEG) | read | accepted, with those of the standard |
//! | another major version of JFIF | warning | accepted |
//! | another transform in the Adobe segment | warning | accepted, as YCbCr or YCCK |
//! | a chunk of the ICC profile is missing, or there twice | warning | accepted, without the profile |
//! | 12-bit, lossless, hierarchical and arithmetic coding, a height behind the image, 2 or more than 4 components | error or read | unsupported |
//! | more than 500 scans, an ICC profile of more than 8 MiB | read | unsupported |

mod channel;
mod color;
mod decoder;
mod encode;
mod error;
mod header;
mod huffman;
mod idct;
mod metadata;
mod pixels;
mod progressive;
mod scan;
mod segments;
mod sequential;
mod source;
mod tables;
#[cfg(test)]
mod tests;
mod upsample;
mod window;

pub(crate) use channel::{Divisor, Reduction};
pub(crate) use decoder::Decoder;
pub(crate) use encode::{Encoder, Frame, HuffmanTables, Sampling, Transform};
pub(crate) use error::Error;
pub(crate) use header::ColorModel;
pub(crate) use pixels::PixelRows;
