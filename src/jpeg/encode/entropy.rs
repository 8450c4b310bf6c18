//! Entropy coding of quantized blocks.

use fearless_simd::Simd;

use super::bits::{BitWriter, Output, State};
use super::fdct::Block;
use super::frame::Frame;
use super::huffman::{Frequencies, TablePair};
use super::quantize::Quantizer;
use super::zigzag::{ZIGZAG_BY_COLUMN, zigzag_set};

/// Sixteen zeros that a coefficient follows.
const ZERO_RUN: usize = 0xF0;
const END_OF_BLOCK: usize = 0;

/// What is done with the symbols of a block and the bits that follow each.
trait Symbols {
    fn dc(&mut self, size: u32, bits: u32);
    fn ac(&mut self, symbol: usize, bits: u32);
}

/// By symbol: its code, followed by room for the value's bits, and the length of both, in the lowest five bits.
pub(super) struct Codes {
    dc: [u32; 16],
    ac: [u32; 256],
}

impl Codes {
    pub fn new(tables: &TablePair) -> Self {
        let (dc, ac) = (tables.dc.codes(), tables.ac.codes());
        let entry = |(code, length): (u32, u32), size: u32| (code << size) << 5 | (length + size);
        // Symbols that never occur have values of more bits than fit; they have no code.
        Self {
            dc: std::array::from_fn(|n| entry(dc[n], (n as u32).min(11))),
            ac: std::array::from_fn(|n| entry(ac[n], (n as u32 & 15).min(10))),
        }
    }
}

struct Writing<'a> {
    codes: &'a Codes,
    bytes: &'a mut [u8],
    state: State,
}

impl Symbols for Writing<'_> {
    #[inline(always)]
    fn dc(&mut self, size: u32, bits: u32) {
        let entry = self.codes.dc[size as usize & 15];
        self.state.put(self.bytes, entry >> 5 | bits, entry & 31);
    }

    #[inline(always)]
    fn ac(&mut self, symbol: usize, bits: u32) {
        let entry = self.codes.ac[symbol & 255];
        self.state.put(self.bytes, entry >> 5 | bits, entry & 31);
    }
}

impl Symbols for &mut Frequencies {
    #[inline(always)]
    fn dc(&mut self, size: u32, _bits: u32) {
        self.dc[size as usize & 15] += 1;
    }

    #[inline(always)]
    fn ac(&mut self, symbol: usize, _bits: u32) {
        self.ac[symbol & 255] += 1;
    }
}

/// How many bits the magnitude of a value has, and the bits that stand for the value.
#[inline(always)]
fn size_and_bits(value: i32) -> (u32, u32) {
    let size = 32 - value.unsigned_abs().leading_zeros();
    // Of a negative value, one less.
    let bits = (value + (value >> 31)) as u32;
    (size, bits & ((1 << size) - 1))
}

/// The symbols of a block: ITU-T T.81, F.1.2.
#[inline(always)]
fn symbols(block: &Block, nonzero: u64, previous_dc: &mut i32, out: &mut impl Symbols) {
    let dc = i32::from(block[0]);
    let (size, bits) = size_and_bits(dc - *previous_dc);
    *previous_dc = dc;
    out.dc(size, bits);
    let mut remaining = zigzag_set(nonzero) & !1;
    let mut last = 0;
    while remaining != 0 {
        let place = remaining.trailing_zeros();
        remaining &= remaining - 1;
        let mut run = place - last - 1;
        last = place;
        while run > 15 {
            out.ac(ZERO_RUN, 0);
            run -= 16;
        }
        let value = block[usize::from(ZIGZAG_BY_COLUMN[place as usize & 63]) & 63];
        let (size, bits) = size_and_bits(value.into());
        out.ac((run << 4 | size) as usize, bits);
    }
    if last < 63 {
        out.ac(END_OF_BLOCK, 0);
    }
}

/// Where nothing is seen: the block that takes the fewest bits.
#[inline(always)]
fn continuation(previous_dc: i32) -> (Block, u64) {
    let mut block = [0; 64];
    block[0] = previous_dc as i16;
    (block, 0)
}

/// Quantizes and codes one row of MCUs after the other.
pub(super) struct Scan {
    frame: Frame,
    /// The DC coefficient of each component that came before.
    previous_dc: [i32; 3],
    /// The number of the next row of MCUs.
    row: usize,
}

impl Scan {
    pub fn new(frame: Frame) -> Self {
        Self {
            frame,
            previous_dc: [0; 3],
            row: 0,
        }
    }

    /// Writes a row of MCUs, of whose components these are the blocks.
    #[inline(always)]
    pub fn write<S: Simd>(
        &mut self,
        simd: S,
        row: &[impl AsRef<[Block]>],
        quantizers: &[Quantizer; 2],
        codes: &[Codes; 2],
        writer: &mut BitWriter,
        output: &mut impl Output,
    ) {
        self.each_block(
            row,
            #[inline(always)]
            |block, previous_dc, kind| {
                if writer.is_full() {
                    writer.drain(output);
                }
                let (quantized, nonzero) = match block {
                    Some(block) => quantizers[kind].quantize(simd, block),
                    None => continuation(*previous_dc),
                };
                let (bytes, state) = writer.parts();
                let mut writing = Writing {
                    codes: &codes[kind],
                    bytes,
                    state: *state,
                };
                symbols(&quantized, nonzero, previous_dc, &mut writing);
                *state = writing.state;
            },
        );
    }

    /// Counts the symbols of a row of MCUs.
    #[inline(always)]
    pub fn count<S: Simd>(
        &mut self,
        simd: S,
        row: &[impl AsRef<[Block]>],
        quantizers: &[Quantizer; 2],
        frequencies: &mut [Frequencies; 2],
    ) {
        self.each_block(
            row,
            #[inline(always)]
            |block, previous_dc, kind| {
                let (quantized, nonzero) = match block {
                    Some(block) => quantizers[kind].quantize(simd, block),
                    None => continuation(*previous_dc),
                };
                symbols(
                    &quantized,
                    nonzero,
                    previous_dc,
                    &mut &mut frequencies[kind],
                );
            },
        );
    }

    /// The blocks in the order of the file, each with the DC coefficient before it, and 0 for luma or 1 for chroma.
    /// There is no block where an MCU reaches beyond the samples.
    #[inline(always)]
    fn each_block(
        &mut self,
        row: &[impl AsRef<[Block]>],
        mut use_block: impl FnMut(Option<&Block>, &mut i32, usize),
    ) {
        let sampling = self.frame.sampling();
        for mcu in 0..self.frame.mcus().0 {
            for (component, blocks) in row.iter().enumerate() {
                let (across, down) = sampling.factors(component);
                let (beside, _) = self.frame.blocks(component);
                let (width, height) = self.frame.plane_size(component);
                let (inside_across, inside_down) = (width.div_ceil(8), height.div_ceil(8));
                let kind = component.min(1);
                for y in 0..down {
                    for x in 0..across {
                        let column = mcu * across + x;
                        let is_inside = column < inside_across && self.row * down + y < inside_down;
                        let block = is_inside.then(|| &blocks.as_ref()[y * beside + column]);
                        let previous_dc = &mut self.previous_dc[component];
                        use_block(block, previous_dc, kind);
                    }
                }
            }
        }
        self.row += 1;
    }
}
