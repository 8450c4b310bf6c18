//! Baseline JPEG: independent of the rest of the crate, so that it could become a crate of its own.

mod encode;

pub(crate) use encode::{Coefficients, Encoder, Frame, HuffmanTables, Sampling, Transform};
