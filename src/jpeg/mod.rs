//! A JPEG codec in safe Rust. It does no I/O but `Read`, and depends on nothing else in this crate.

mod channel;
mod color;
mod decoder;
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
#[cfg(test)]
mod tests;
mod upsample;
mod window;

pub(crate) use channel::{Divisor, Plane, Reduction, Strip};
pub(crate) use decoder::{Band, Bands, Decoder};
pub(crate) use error::Error;
pub(crate) use header::{ColorModel, Component, Header, Process};
pub(crate) use pixels::PixelRows;
