//! Encodes while rows come.

use std::io::{self, Write};

use fearless_simd::{Level, Simd};

use super::bits::BitWriter;
use super::coefficients::transform_rows;
use super::entropy::{Codes, Scan};
use super::fdct::Block;
use super::frame::Frame;
use super::header::{END_OF_IMAGE, header};
use super::huffman::TablePair;
use super::quantize::{QuantizationTable, Quantizer};
use super::rows::Rows;
use crate::vectorize::vectorize;

/// Writes a file with the standard's Huffman tables, one row of MCUs after the other.
pub(crate) struct Encoder<W> {
    output: W,
    rows: Rows,
    scan: Scan,
    quantizers: [Quantizer; 2],
    codes: [Codes; 2],
    writer: BitWriter,
    /// By component: the blocks of a row of MCUs.
    blocks: Vec<Vec<Block>>,
    /// What was not yet written.
    pending: Vec<u8>,
    level: Level,
}

impl<W: Write> Encoder<W> {
    /// Prepares a file at a quality of 1 to 100.
    pub fn new(output: W, frame: Frame, quality: u8) -> Self {
        let quantization = QuantizationTable::for_quality(quality);
        let huffman = TablePair::standard();
        let blocks = |component| {
            let (beside, down) = frame.blocks(component);
            vec![[0; 64]; beside * down]
        };
        Self {
            output,
            rows: Rows::new(frame),
            scan: Scan::new(frame),
            quantizers: quantization.each_ref().map(QuantizationTable::quantizer),
            codes: huffman.each_ref().map(Codes::new),
            writer: BitWriter::new(),
            blocks: (0..frame.sampling().components()).map(blocks).collect(),
            pending: header(&frame, &quantization, &huffman),
            level: Level::new(),
        }
    }

    /// Appends the next row of a component: Y, Cb or Cr, or gray. The components need not come in turn, but rows wait
    /// in memory for those of the others.
    ///
    /// # Errors
    ///
    /// Writing fails.
    ///
    /// # Panics
    ///
    /// The row has another length than [`Frame::plane_size`] says, or all rows are there.
    pub fn push_row(&mut self, component: usize, samples: &[u8]) -> io::Result<()> {
        self.rows.push(component, samples);
        self.advance()
    }

    /// Appends the next row of RGB pixels.
    ///
    /// # Errors
    ///
    /// Writing fails.
    ///
    /// # Panics
    ///
    /// The row has another length, all rows are there, or the image is gray.
    pub fn push_rgb_row(&mut self, pixels: &[u8]) -> io::Result<()> {
        self.rows.push_rgb(pixels);
        self.advance()
    }

    /// Completes the file.
    ///
    /// # Errors
    ///
    /// Writing fails.
    ///
    /// # Panics
    ///
    /// Rows are missing.
    pub fn finish(mut self) -> io::Result<W> {
        self.rows.assert_complete();
        self.writer.pad();
        self.writer.drain(&mut self.pending);
        self.pending.extend(END_OF_IMAGE);
        self.output.write_all(&self.pending)?;
        Ok(self.output)
    }

    fn advance(&mut self) -> io::Result<()> {
        while self.rows.is_ready() {
            vectorize!(self.level, simd => self.row(simd));
            self.rows.consume();
            self.output.write_all(&self.pending)?;
            self.pending.clear();
        }
        Ok(())
    }

    /// Encodes a row of MCUs.
    #[inline(always)]
    fn row<S: Simd>(&mut self, simd: S) {
        for (component, blocks) in self.blocks.iter_mut().enumerate() {
            transform_rows(simd, &self.rows, component, blocks);
        }
        let (quantizers, codes) = (&self.quantizers, &self.codes);
        let (writer, pending) = (&mut self.writer, &mut self.pending);
        self.scan
            .write(simd, &self.blocks, quantizers, codes, writer, pending);
    }
}
