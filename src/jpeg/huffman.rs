//! Huffman tables as look-ups: one that yields a symbol with its run and the size of its value, and one that passes over
//! as many symbols as fit where their values are not needed.

use super::window::{Bits, Bytes, Corrupt};

/// Bits of the look-up of one symbol.
const SYMBOL_BITS: u32 = 10;

/// Bits of the look-up of several symbols.
const SKIP_BITS: u32 = 12;

/// What the symbol "end of block" adds to the number of the coefficient. A run that is too long stays below it.
const END_OF_BLOCK: u32 = 128;

/// Numbers of coefficients that [`Table::read`] can report, rounded up.
pub(super) const NUMBERS: usize = 256;

/// Last coefficient from which several symbols are skipped at once: every symbol of an entry but the last lies in the
/// block then.
const LAST_SKIPPED: u32 = 48;

pub(super) struct Table {
    /// By the next bits, an [`entry`]; 0 where the code is longer.
    lookup: Box<[u32; 1 << SYMBOL_BITS]>,
    /// By the next bits, the bits and coefficients that are skipped, in 8 bits each; 0 where the code is longer.
    skips: Option<Box<[u16; 1 << SKIP_BITS]>>,
    /// By length of the code: the first 16 bits that belong to longer codes.
    limits: [u32; 17],
    /// By length of the code: index of its first symbol minus its first code.
    offsets: [i32; 17],
    symbols: [u8; 256],
    max_size: u8,
}

/// What the codes of a table stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Class {
    /// The size of a difference.
    Dc,
    /// A run and the size of a coefficient.
    Ac,
}

impl Class {
    /// Bits of the largest value of 8-bit images. The bit buffer is refilled on the assumption that none is larger.
    fn max_size(self) -> u8 {
        match self {
            Self::Dc => 11,
            Self::Ac => 10,
        }
    }
}

/// Length of code and value together (bits 0 to 7), size of the value (8 to 15), distance from the previous coefficient
/// (16 to 23) and the symbol itself (24 to 31).
fn entry(symbol: u8, length: u32) -> u32 {
    let size = u32::from(symbol & 15);
    let advance = if symbol == 0 {
        END_OF_BLOCK
    } else {
        u32::from(symbol >> 4) + 1
    };
    (length + size) | size << 8 | advance << 16 | u32::from(symbol) << 24
}

impl Table {
    /// `counts` has the number of codes for each length from 1. Fails with a reason.
    pub fn new(class: Class, counts: &[u8; 16], values: &[u8]) -> Result<Self, &'static str> {
        let mut symbols = [0; 256];
        symbols
            .get_mut(..values.len())
            .ok_or("a Huffman table has more than 256 codes")?
            .copy_from_slice(values);
        let mut table = Self {
            lookup: Box::new([0; 1 << SYMBOL_BITS]),
            skips: None,
            limits: [0; 17],
            offsets: [0; 17],
            symbols,
            max_size: class.max_size(),
        };
        let (mut code, mut index) = (0u32, 0usize);
        for (length, count) in (1..=16u32).zip(counts) {
            let count = u32::from(*count);
            if code + count > 1 << length {
                return Err("a Huffman table has more codes than its lengths allow");
            }
            table.offsets[length as usize] = index as i32 - code as i32;
            for symbol in values.iter().skip(index).take(count as usize) {
                if length <= SYMBOL_BITS && symbol & 15 <= table.max_size {
                    let span = 1 << (SYMBOL_BITS - length);
                    let first = code as usize * span;
                    table.lookup[first..first + span].fill(entry(*symbol, length));
                }
                code += 1;
            }
            index += count as usize;
            table.limits[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(table)
    }

    /// Builds the look-up for skipping, which costs more than a small image at full size is worth.
    pub fn prepare_skips(&mut self) {
        if self.skips.is_some() {
            return;
        }
        let mut skips = Box::new([0; 1 << SKIP_BITS]);
        for (next, skip) in skips.iter_mut().enumerate() {
            *skip = self.skip_of(next as u32);
        }
        self.skips = Some(skips);
    }

    /// As many symbols as the bits of `next` contain, but none that may lie in the next block.
    fn skip_of(&self, next: u32) -> u16 {
        let (mut bits, mut advance) = (0, 0);
        while advance < 64 - LAST_SKIPPED && bits < SKIP_BITS {
            let rest = next << bits & ((1 << SKIP_BITS) - 1);
            let mut entry = self.lookup[(rest >> (SKIP_BITS - SYMBOL_BITS)) as usize];
            if entry == 0 {
                match self.long_code(rest << (16 - SKIP_BITS)) {
                    Ok(long) => entry = long,
                    Err(_) => break,
                }
            }
            let length = (entry & 0xFF) - (entry >> 8 & 0xFF);
            if bits + length > SKIP_BITS {
                break;
            }
            bits += entry & 0xFF;
            advance += entry >> 16 & 0xFF;
        }
        (bits | advance << 8) as u16
    }

    /// The entry of the code that the 16 bits of `next` begin with.
    #[cold]
    #[inline(never)]
    fn long_code(&self, next: u32) -> Result<u32, Corrupt> {
        let length = (1..=16)
            .find(|length| next < self.limits[*length])
            .ok_or(Corrupt::Code)?;
        let index = (next >> (16 - length)) as i32 + self.offsets[length];
        let symbol = self
            .symbols
            .get(index as usize)
            .filter(|symbol| *symbol & 15 <= self.max_size)
            .ok_or(Corrupt::Code)?;
        Ok(entry(*symbol, length as u32))
    }

    #[inline(always)]
    fn entry(&self, bits: &Bits) -> Result<u32, Corrupt> {
        let entry = self.lookup[bits.peek(SYMBOL_BITS) as usize & ((1 << SYMBOL_BITS) - 1)];
        if entry == 0 {
            self.long_code(bits.peek(16))
        } else {
            Ok(entry)
        }
    }

    /// A symbol and the value that follows it, 0 if its size is 0. Takes at most 27 bits.
    #[inline(always)]
    pub fn symbol(&self, bits: &mut Bits) -> Result<(u8, i32), Corrupt> {
        let entry = self.entry(bits)?;
        let value = bits.coefficient(entry & 0xFF, entry >> 8 & 0xFF);
        Ok(((entry >> 24) as u8, value))
    }

    /// Distance to the next coefficient and its value. Takes at most 27 bits.
    #[inline(always)]
    fn coefficient(&self, bits: &mut Bits) -> Result<(u32, i32), Corrupt> {
        let entry = self.entry(bits)?;
        let value = bits.coefficient(entry & 0xFF, entry >> 8 & 0xFF);
        Ok((entry >> 16 & 0xFF, value))
    }

    /// Difference of the DC coefficient from the previous one. Leaves at least 29 bits in the buffer.
    #[inline(always)]
    pub fn difference(&self, bits: &mut Bits, bytes: &Bytes) -> Result<i32, Corrupt> {
        bits.refill(bytes);
        Ok(self.coefficient(bits)?.1)
    }

    /// Reads the AC coefficients of a block. Those up to number `last`, and maybe some behind it, are passed to `put`
    /// with their number, which can be up to [`NUMBERS`] and then means nothing.
    ///
    /// Expects 26 bits in the buffer, which [`Self::difference`] leaves.
    #[inline(always)]
    pub fn read(
        &self,
        bits: &mut Bits,
        bytes: &Bytes,
        last: u32,
        mut put: impl FnMut(u32, i32),
    ) -> Result<(), Corrupt> {
        let mut number = 0;
        while number < last {
            let (advance, value) = self.coefficient(bits)?;
            number += advance;
            put(number, value);
            bits.refill(bytes);
            if number >= last {
                break;
            }
            // Leaves at least 30 bits for the next one.
            let (advance, value) = self.coefficient(bits)?;
            number += advance;
            put(number, value);
        }
        self.skip(bits, bytes, number + 1)
    }

    /// Passes over the coefficients of a block from number `next`.
    #[inline(always)]
    pub fn skip(&self, bits: &mut Bits, bytes: &Bytes, mut next: u32) -> Result<(), Corrupt> {
        if let Some(skips) = &self.skips {
            while next <= LAST_SKIPPED {
                bits.refill(bytes);
                let mut skip =
                    u32::from(skips[bits.peek(SKIP_BITS) as usize & ((1 << SKIP_BITS) - 1)]);
                if skip == 0 {
                    let entry = self.long_code(bits.peek(16))?;
                    skip = (entry & 0xFF) | entry >> 8 & 0xFF00;
                }
                bits.consume(skip & 0xFF);
                next += skip >> 8;
                if next > LAST_SKIPPED {
                    break;
                }
                // Where the code is longer, this consumes nothing.
                let skip = u32::from(skips[bits.peek(SKIP_BITS) as usize & ((1 << SKIP_BITS) - 1)]);
                bits.consume(skip & 0xFF);
                next += skip >> 8;
            }
        }
        while next < 64 {
            bits.refill(bytes);
            next += self.coefficient(bits)?.0;
        }
        if next > 64 && next < END_OF_BLOCK {
            return Err(Corrupt::Run);
        }
        Ok(())
    }
}
