//! Encodes rows as a JPEG, if necessary with the quality that fits into a number of bytes.

use super::super::encode::{ByteLimit, ChromaSubsampling};
use super::super::error::PrepareErrorKind;
use crate::geometry::Size;
use crate::jpeg::{Encoder, Frame, HuffmanTables, Sampling, Transform};

/// How a JPEG is encoded.
#[derive(Clone, Copy, Debug)]
pub(in crate::prepare) struct JpegSettings {
    /// 1 to 100.
    pub quality: u8,
    pub chroma_subsampling: ChromaSubsampling,
    pub tables: HuffmanTables,
    pub limit: Option<ByteLimit>,
}

/// A JPEG of three components while its rows are made.
pub(in crate::prepare) struct JpegWriter {
    settings: JpegSettings,
    output: Output,
}

enum Output {
    /// The file itself.
    Encoder(Box<Encoder<Vec<u8>>>),
    /// The coefficients of the whole image, where they have to be encoded more than once.
    Transform(Box<Transform>),
}

impl JpegWriter {
    pub fn new(size: Size, settings: &JpegSettings) -> Result<Self, PrepareErrorKind> {
        let sampling = match settings.chroma_subsampling {
            ChromaSubsampling::Cs420 => Sampling::Cs420,
            ChromaSubsampling::Cs444 => Sampling::Cs444,
        };
        let frame = Frame::new(size.width, size.height, sampling);
        let frame = frame.map_err(|error| PrepareErrorKind::Encode(error.into()))?;
        let is_one_pass = settings.limit.is_none() && settings.tables == HuffmanTables::Standard;
        let output = if is_one_pass {
            let encoder = Encoder::new(Vec::new(), frame, settings.quality);
            Output::Encoder(Box::new(encoder))
        } else {
            Output::Transform(Box::new(Transform::new(frame)))
        };
        Ok(Self {
            settings: *settings,
            output,
        })
    }

    /// Appends the next row of Y, Cb or Cr.
    pub fn push_row(&mut self, component: usize, samples: &[u8]) -> Result<(), PrepareErrorKind> {
        match &mut self.output {
            Output::Encoder(encoder) => encoder
                .push_row(component, samples)
                .map_err(|error| PrepareErrorKind::Encode(error.into())),
            Output::Transform(transform) => {
                transform.push_row(component, samples);
                Ok(())
            }
        }
    }

    /// Appends the next row of RGB pixels.
    pub fn push_rgb_row(&mut self, pixels: &[u8]) -> Result<(), PrepareErrorKind> {
        match &mut self.output {
            Output::Encoder(encoder) => encoder
                .push_rgb_row(pixels)
                .map_err(|error| PrepareErrorKind::Encode(error.into())),
            Output::Transform(transform) => {
                transform.push_rgb_row(pixels);
                Ok(())
            }
        }
    }

    /// Completes the file.
    pub fn finish(self) -> Result<Vec<u8>, PrepareErrorKind> {
        let JpegSettings {
            quality,
            tables,
            limit,
            ..
        } = self.settings;
        match self.output {
            Output::Encoder(encoder) => encoder
                .finish()
                .map_err(|error| PrepareErrorKind::Encode(error.into())),
            Output::Transform(transform) => {
                let coefficients = transform.finish();
                let quality = match limit {
                    None => quality,
                    Some(limit) => limit.best_quality(quality, |quality| {
                        Ok(coefficients.encoded_length(quality, tables) as u64)
                    })?,
                };
                Ok(coefficients.encode(quality, tables))
            }
        }
    }
}
