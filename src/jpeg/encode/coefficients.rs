//! The coefficients of an image, which can be encoded at one quality after the other.

use fearless_simd::{Level, Simd};

use super::bits::{BitWriter, Length, Output};
use super::entropy::{Codes, Scan};
use super::fdct::{Block, transform};
use super::frame::Frame;
use super::header::{END_OF_IMAGE, header};
use super::huffman::{Frequencies, TablePair};
use super::quantize::QuantizationTable;
use super::rows::Rows;
use crate::vectorize::vectorize;

/// Which Huffman tables a file has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HuffmanTables {
    /// The standard's.
    #[default]
    Standard,
    /// The shortest for the image: some 2 % fewer bytes for a second pass over the coefficients.
    Optimized,
}

/// An image before quantization: two bytes per sample.
pub(crate) struct Coefficients {
    frame: Frame,
    /// By component: the blocks, row by row.
    blocks: Vec<Vec<Block>>,
    level: Level,
}

/// Transforms rows as they come.
pub(crate) struct Transform {
    rows: Rows,
    coefficients: Coefficients,
}

impl Transform {
    pub fn new(frame: Frame) -> Self {
        let blocks = |component| {
            let (beside, down) = frame.blocks(component);
            Vec::with_capacity(beside * down * frame.mcus().1)
        };
        let coefficients = Coefficients {
            frame,
            blocks: (0..frame.sampling().components()).map(blocks).collect(),
            level: Level::new(),
        };
        Self {
            rows: Rows::new(frame),
            coefficients,
        }
    }

    /// Appends the next row of a component: Y, Cb or Cr, or gray.
    ///
    /// # Panics
    ///
    /// The row has another length than [`Frame::plane_size`] says, or all rows are there.
    pub fn push_row(&mut self, component: usize, samples: &[u8]) {
        self.rows.push(component, samples);
        self.advance();
    }

    /// Appends the next row of RGB pixels.
    ///
    /// # Panics
    ///
    /// The row has another length, all rows are there, or the image is gray.
    pub fn push_rgb_row(&mut self, pixels: &[u8]) {
        self.rows.push_rgb(pixels);
        self.advance();
    }

    /// # Panics
    ///
    /// Rows are missing.
    pub fn finish(self) -> Coefficients {
        self.rows.assert_complete();
        self.coefficients
    }

    fn advance(&mut self) {
        while self.rows.is_ready() {
            let (rows, coefficients) = (&self.rows, &mut self.coefficients);
            for (component, blocks) in coefficients.blocks.iter_mut().enumerate() {
                let (beside, down) = rows.frame().blocks(component);
                let start = blocks.len();
                blocks.resize(start + beside * down, [0; 64]);
                let blocks = &mut blocks[start..];
                vectorize!(coefficients.level, simd => transform_rows(simd, rows, component, blocks));
            }
            self.rows.consume();
        }
    }
}

/// Transforms the samples of a component in the row of MCUs that is complete.
#[inline(always)]
pub(super) fn transform_rows<S: Simd>(
    simd: S,
    rows: &Rows,
    component: usize,
    blocks: &mut [Block],
) {
    let stride = rows.stride(component);
    let bands = rows.strip(component).chunks_exact(8 * stride);
    for (band, blocks) in bands.zip(blocks.chunks_exact_mut(stride / 8)) {
        transform(simd, band, stride, blocks);
    }
}

impl Coefficients {
    /// The file at a quality of 1 to 100.
    pub fn encode(&self, quality: u8, tables: HuffmanTables) -> Vec<u8> {
        let mut file = Vec::new();
        self.write(quality, tables, &mut file, |file, header| {
            file.extend(header);
        });
        file.extend(END_OF_IMAGE);
        file
    }

    /// How many bytes the file has at a quality of 1 to 100: exactly, without writing it.
    pub fn encoded_length(&self, quality: u8, tables: HuffmanTables) -> usize {
        let mut length = Length::default();
        self.write(quality, tables, &mut length, |length, header| {
            length.0 += header.len();
        });
        length.0 + END_OF_IMAGE.len()
    }

    fn write<O: Output>(
        &self,
        quality: u8,
        tables: HuffmanTables,
        output: &mut O,
        put_header: impl FnOnce(&mut O, Vec<u8>),
    ) {
        let quantization = QuantizationTable::for_quality(quality);
        let quantizers = quantization.each_ref().map(QuantizationTable::quantizer);
        let huffman = if tables == HuffmanTables::Optimized {
            let mut frequencies = [Frequencies::default(), Frequencies::default()];
            let mut scan = Scan::new(self.frame);
            for row in self.rows() {
                let frequencies = &mut frequencies;
                vectorize!(self.level, simd => scan.count(simd, &row, &quantizers, frequencies));
            }
            frequencies.each_ref().map(TablePair::optimized)
        } else {
            TablePair::standard()
        };
        put_header(output, header(&self.frame, &quantization, &huffman));
        let codes = huffman.each_ref().map(Codes::new);
        let (mut scan, mut writer) = (Scan::new(self.frame), BitWriter::new());
        for row in self.rows() {
            let (scan, writer, codes) = (&mut scan, &mut writer, &codes);
            let output = &mut *output;
            vectorize!(self.level, simd => scan.write(simd, &row, &quantizers, codes, writer, output));
        }
        writer.pad();
        writer.drain(output);
    }

    /// The blocks of each component, by row of MCUs.
    fn rows(&self) -> impl Iterator<Item = Vec<&[Block]>> {
        let part = |row: usize, component: usize| {
            let (beside, down) = self.frame.blocks(component);
            let length = beside * down;
            &self.blocks[component][row * length..][..length]
        };
        let components = self.frame.sampling().components();
        (0..self.frame.mcus().1).map(move |row| {
            (0..components)
                .map(|component| part(row, component))
                .collect()
        })
    }
}
