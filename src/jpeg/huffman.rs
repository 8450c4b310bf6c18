//! Huffman tables as look-ups: one that yields a symbol with its run and the size of its value, and one that passes over
//! as many symbols as fit where their values are not needed.

use super::window::{Bits, Bytes, Corrupt};

/// Bits of the look-up of one symbol.
const SYMBOL_BITS: u32 = 10;

/// Bits of the look-up of several symbols.
const SKIP_BITS: u32 = 12;

/// What the symbol "end of block" adds to the number of the coefficient. A run that is too long stays below it.
const END_OF_BLOCK: u32 = 128;

/// What an undefined code adds.
const UNDEFINED: u32 = 192;

/// Numbers of coefficients that [`Table::read`] can report, rounded up.
pub(super) const NUMBERS: usize = 256;

/// Last coefficient from which several symbols are skipped at once: every symbol of an entry but the last lies in the
/// block then.
const LAST_SKIPPED: u32 = 48;

pub(super) struct Table {
    /// By the next bits; [`Entry::NONE`] where the code is longer.
    lookup: Box<[Entry; 1 << SYMBOL_BITS]>,
    skips: Option<Box<Skips>>,
    /// By length of the code: the first 16 bits that belong to longer codes.
    limits: [u32; 17],
    /// By length of the code: index of its first symbol minus its first code.
    offsets: [i32; 17],
    symbols: [u8; 256],
    class: Class,
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
    fn entry(self, symbol: u8, length: u32) -> Entry {
        let size = u32::from(symbol & 15);
        let advance = match self {
            Self::Dc => 0,
            Self::Ac if symbol == 0 => END_OF_BLOCK,
            Self::Ac => u32::from(symbol >> 4) + 1,
        };
        if symbol & 15 <= self.max_size() {
            Entry::new(length, size, advance)
        } else {
            Entry::new(length, 0, UNDEFINED)
        }
    }

    /// Bits of the largest value of 8-bit images. The bit buffer is refilled on the assumption that none is larger.
    fn max_size(self) -> u8 {
        match self {
            Self::Dc => 11,
            Self::Ac => 10,
        }
    }
}

/// The look-ups for skipping, by the next bits: the bits and coefficients that are skipped, in 8 bits each; 0 where the
/// code is longer.
pub(super) type Skips = [u16; 1 << SKIP_BITS];

/// What a code stands for, in a byte each: the length of code and value together, the length of the code, the size of the
/// value, and the distance from the previous coefficient. The lowest bits of a byte are used as they are, so that most of
/// them need no mask.
#[derive(Clone, Copy)]
pub(super) struct Entry(u32);

impl Entry {
    /// A code that no table has.
    const NONE: Self = Self(0);

    fn new(length: u32, size: u32, advance: u32) -> Self {
        Self((length + size) | length << 8 | size << 16 | advance << 24)
    }

    #[inline(always)]
    fn advance(self) -> u32 {
        self.0 >> 24
    }

    #[inline(always)]
    fn length(self) -> u32 {
        self.0 >> 8 & 63
    }

    #[inline(always)]
    fn size(self) -> u32 {
        self.0 >> 16 & 63
    }

    fn total(self) -> u32 {
        self.0 & 63
    }
}

/// Checks where a block ends: the number behind its last coefficient, as [`Table::read`] has it.
#[inline(always)]
fn check_end(next: u32) -> Result<(), Corrupt> {
    if next == 64 || next.wrapping_sub(END_OF_BLOCK) < UNDEFINED - END_OF_BLOCK {
        Ok(())
    } else if next < END_OF_BLOCK {
        Err(Corrupt::Run)
    } else {
        Err(Corrupt::Code)
    }
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
            lookup: Box::new([Entry::NONE; 1 << SYMBOL_BITS]),
            skips: None,
            limits: [0; 17],
            offsets: [0; 17],
            symbols,
            class,
        };
        let (mut code, mut index) = (0u32, 0usize);
        for (length, count) in (1..=16u32).zip(counts) {
            let count = u32::from(*count);
            if code + count > 1 << length {
                return Err("a Huffman table has more codes than its lengths allow");
            }
            table.offsets[length as usize] = index as i32 - code as i32;
            for symbol in values.iter().skip(index).take(count as usize) {
                if length <= SYMBOL_BITS {
                    let span = 1 << (SYMBOL_BITS - length);
                    let first = code as usize * span;
                    table.lookup[first..first + span].fill(class.entry(*symbol, length));
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
            if entry.0 == 0 {
                entry = self.long_code(rest << (16 - SKIP_BITS));
            }
            if bits + entry.length() > SKIP_BITS || entry.advance() == UNDEFINED {
                break;
            }
            bits += entry.total();
            advance += entry.advance();
        }
        (bits | advance << 8) as u16
    }

    pub fn skips(&self) -> Option<&Skips> {
        self.skips.as_deref()
    }

    /// The entry of the code that the 16 bits of `next` begin with.
    #[cold]
    #[inline(never)]
    fn long_code(&self, next: u32) -> Entry {
        let length = (1..=16).find(|length| next < self.limits[*length]);
        let symbol = length.and_then(|length| {
            let index = (next >> (16 - length)) as i32 + self.offsets[length];
            self.symbols.get(index as usize)
        });
        match (symbol, length) {
            (Some(symbol), Some(length)) => self.class.entry(*symbol, length as u32),
            _ => Entry::new(1, 0, UNDEFINED),
        }
    }

    #[inline(always)]
    fn entry(&self, bits: &Bits) -> Entry {
        let entry = self.lookup[bits.peek(SYMBOL_BITS) as usize & ((1 << SYMBOL_BITS) - 1)];
        if entry.0 == 0 {
            self.long_code(bits.peek(16))
        } else {
            entry
        }
    }

    /// Distance to the next coefficient and its value. Takes at most 27 bits.
    #[inline(always)]
    fn coefficient(&self, bits: &mut Bits) -> (u32, i32) {
        let entry = self.entry(bits);
        let value = bits.value(entry.length(), entry.size());
        bits.consume(entry.0);
        (entry.advance(), value)
    }

    /// Run, size and value of a coefficient. Takes at most 27 bits.
    #[inline(always)]
    pub fn run_and_value(&self, bits: &mut Bits) -> Result<(u32, u32, i32), Corrupt> {
        let entry = self.entry(bits);
        let value = bits.value(entry.length(), entry.size());
        bits.consume(entry.0);
        match entry.advance() {
            END_OF_BLOCK => Ok((0, 0, 0)),
            UNDEFINED => Err(Corrupt::Code),
            advance => Ok((advance - 1, entry.size(), value)),
        }
    }

    /// Difference of the DC coefficient from the previous one, and the number to begin [`Self::read`] with. Leaves at
    /// least 29 bits in the buffer.
    #[inline(always)]
    pub fn difference(&self, bits: &mut Bits, bytes: &Bytes) -> (u32, i32) {
        bits.refill(bytes);
        self.coefficient(bits)
    }

    /// Reads AC coefficients behind `number`, 0, as far as `last` or the end of the block, and passes each to `put` with
    /// its number. That can be up to [`NUMBERS`], and means nothing beyond 63. Returns the last one.
    ///
    /// Expects 26 bits in the buffer, which [`Self::difference`] leaves.
    #[inline(always)]
    pub fn read(
        &self,
        bits: &mut Bits,
        bytes: &Bytes,
        mut number: u32,
        last: u32,
        mut put: impl FnMut(u32, i32),
    ) -> u32 {
        while number < last {
            let (advance, value) = self.coefficient(bits);
            number += advance;
            put(number, value);
            bits.refill(bytes);
            if number >= last {
                break;
            }
            // Leaves at least 30 bits for the next one.
            let (advance, value) = self.coefficient(bits);
            number += advance;
            put(number, value);
        }
        number
    }

    /// Passes over the coefficients of a block behind `number`.
    #[inline(always)]
    pub fn skip(
        &self,
        skips: &Skips,
        bits: &mut Bits,
        bytes: &Bytes,
        number: u32,
    ) -> Result<(), Corrupt> {
        let look_up = |bits: &Bits| {
            let index = bits.peek(SKIP_BITS) as usize & ((1 << SKIP_BITS) - 1);
            u32::from(skips[index])
        };
        let mut next = number + 1;
        while next <= LAST_SKIPPED {
            bits.refill(bytes);
            let mut skip = look_up(bits);
            if skip == 0 {
                let entry = self.long_code(bits.peek(16));
                skip = entry.total() | entry.advance() << 8;
            }
            bits.consume(skip);
            next += skip >> 8;
            if next > LAST_SKIPPED {
                break;
            }
            // Where the code is longer, this consumes nothing.
            let skip = look_up(bits);
            bits.consume(skip);
            next += skip >> 8;
        }
        while next < 64 {
            bits.refill(bytes);
            next += self.coefficient(bits).0;
        }
        check_end(next)
    }

    /// Checks that a block ends with coefficient `number`.
    #[inline(always)]
    pub fn end(&self, number: u32) -> Result<(), Corrupt> {
        check_end(number + 1)
    }
}
