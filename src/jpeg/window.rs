//! Entropy-coded data without its stuffing, in a window that always contains a whole MCU, and the bits in it.
//!
//! The decoder of a block then needs no check for 0xFF or for the end of the data: behind the end there are zeros, and
//! [`Window::is_overrun`] reports after each MCU whether any of them was consumed.

use std::io::Read;

use super::error::Error;
use super::source::Source;

/// Bytes in the window. A power of two, so that a masked index needs no bounds check.
const SIZE: usize = 32 << 10;

/// Bytes that a refill of the bit buffer reads.
const WORD: usize = 8;

/// Blocks of the largest MCU that the format allows.
pub(super) const MAX_BLOCKS: usize = 10;

/// More bytes than an MCU takes, in which each of the 64 symbols of a block has a code of 16 bits and a value of 15, and
/// the bit buffer reads ahead.
const MARGIN: usize = MAX_BLOCKS * 64 * 31 / 8 + 2 * WORD;

pub(super) type Bytes = [u8; SIZE + WORD];

/// What ended the entropy-coded data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    File,
    Marker(u8),
}

pub(super) struct Window<R> {
    pub source: Source<R>,
    bytes: Box<Bytes>,
    /// Bytes in the window, including zeros behind the end of the data.
    filled: usize,
    /// Bytes of the file among them; negative once more than these were consumed.
    real: isize,
    end: Option<End>,
}

impl<R: Read> Window<R> {
    pub fn new(source: Source<R>) -> Self {
        Self {
            source,
            bytes: Box::new([0; SIZE + WORD]),
            filled: 0,
            real: 0,
            end: None,
        }
    }

    /// Starts with the entropy-coded data at the position of the source.
    pub fn begin(&mut self) -> Result<Bits, Error> {
        (self.filled, self.real, self.end) = (0, 0, None);
        self.fill(0)?;
        Ok(Bits::default())
    }

    #[inline(always)]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Makes sure that the window contains the whole next MCU.
    #[inline(always)]
    pub fn prepare(&mut self, bits: &mut Bits) -> Result<(), Error> {
        if bits.position + MARGIN > self.filled {
            self.fill(bits.position)?;
            bits.position = 0;
        }
        Ok(())
    }

    /// Drops the bytes before `position` and fills the window behind the rest.
    #[cold]
    #[inline(never)]
    fn fill(&mut self, position: usize) -> Result<(), Error> {
        let position = position.min(self.filled);
        self.bytes.copy_within(position..self.filled, 0);
        self.filled -= position;
        self.real -= position as isize;
        while self.filled < SIZE && self.end.is_none() {
            let room = SIZE - self.filled;
            let raw = self.source.buffered()?;
            if raw.is_empty() {
                self.end = Some(End::File);
                break;
            }
            let raw = &raw[..raw.len().min(room)];
            let plain = memchr::memchr(0xFF, raw).unwrap_or(raw.len());
            self.bytes[self.filled..self.filled + plain].copy_from_slice(&raw[..plain]);
            let is_stuffed = plain < raw.len();
            self.source.consume(plain);
            self.filled += plain;
            self.real += plain as isize;
            if is_stuffed {
                self.stuffing_or_end()?;
            }
        }
        if self.end.is_some() {
            // Zeros that were consumed are replaced, so that there are always enough for an MCU.
            let zeros = (self.real.max(0) as usize + MARGIN).clamp(self.filled, SIZE);
            self.bytes[self.filled..zeros].fill(0);
            self.filled = zeros;
        }
        Ok(())
    }

    /// Reads 0xFF and what follows it: a zero, or a marker after any number of fill bytes.
    #[inline(always)]
    fn stuffing_or_end(&mut self) -> Result<(), Error> {
        self.source.consume(1);
        let next = loop {
            match self.source.next()? {
                Some(0xFF) => {}
                next => break next,
            }
        };
        match next {
            Some(0) => {
                self.bytes[self.filled] = 0xFF;
                self.filled += 1;
                self.real += 1;
            }
            Some(marker) => self.end = Some(End::Marker(marker)),
            None => self.end = Some(End::File),
        }
        Ok(())
    }

    /// Whether more bits were consumed than the data has.
    #[inline(always)]
    pub fn is_overrun(&self, bits: &Bits) -> bool {
        self.left(bits) < 0
    }

    /// Bits of the data that were not consumed, as far as they are in the window.
    #[inline(always)]
    fn left(&self, bits: &Bits) -> isize {
        self.real * 8 - (bits.position as isize * 8 - bits.count() as isize)
    }

    /// The error for data that ends before its last MCU.
    #[cold]
    pub fn premature_end(&self) -> Error {
        match self.end {
            Some(End::Marker(0xD9) | End::File) | None => self.source.truncated(),
            Some(End::Marker(_)) => self
                .source
                .damaged("the entropy-coded data ends before its last block"),
        }
    }

    /// The error for data that cannot be decoded.
    #[cold]
    pub fn corrupt(&self, bits: &Bits, corrupt: Corrupt) -> Error {
        if self.is_overrun(bits) {
            // Codes were made of zeros behind the end.
            return self.premature_end();
        }
        let ahead = (self.left(bits) / 8) as u64;
        Error::Damaged {
            reason: match corrupt {
                Corrupt::Code => "the entropy-coded data contains an undefined Huffman code",
                Corrupt::Run => "a block has more than 64 coefficients",
            },
            position: self.source.position().saturating_sub(ahead),
        }
    }

    /// Goes on behind restart marker `number`, which must follow the consumed bits.
    pub fn restart(&mut self, bits: &mut Bits, number: u8) -> Result<Bits, Error> {
        if self.end.is_none() {
            self.fill(bits.position)?;
            bits.position = 0;
        }
        if self.left(bits) >= 8 {
            return Err(self
                .source
                .damaged("a restart interval has more data than blocks"));
        }
        match self.end {
            Some(End::Marker(marker)) if marker == 0xD0 + number => self.begin(),
            Some(End::Marker(0xD0..=0xD7)) => {
                Err(self.source.damaged("a restart marker has the wrong number"))
            }
            _ => Err(self.premature_end()),
        }
    }

    /// Ends a scan: what the next marker is, behind any bytes that were not consumed.
    pub fn finish(&mut self) -> Result<End, Error> {
        while self.end.is_none() {
            self.filled = 0;
            self.fill(0)?;
        }
        Ok(self.end.unwrap_or(End::File))
    }
}

/// Why a block cannot be decoded.
#[derive(Clone, Copy, Debug)]
pub(super) enum Corrupt {
    /// Bits that are no code of the table.
    Code,
    /// A run beyond the last coefficient.
    Run,
}

/// The next bits of a window.
#[derive(Clone, Copy, Default)]
pub(super) struct Bits {
    /// Where the next refill reads.
    position: usize,
    /// The next bit is the highest one.
    buffer: u64,
    /// Bits in the buffer, in the lowest six bits: the others are never read, which saves a mask for every code.
    count: u32,
}

impl Bits {
    #[inline(always)]
    fn count(&self) -> u32 {
        self.count & 63
    }

    /// Makes at least 56 bits available.
    #[inline(always)]
    pub fn refill(&mut self, bytes: &Bytes) {
        let start = self.position & (SIZE - 1);
        let word: [u8; WORD] = bytes[start..start + WORD].try_into().unwrap_or_default();
        self.buffer |= u64::from_be_bytes(word) >> self.count();
        self.position += (!self.count & 63) as usize >> 3;
        self.count |= 56;
    }

    /// The next bit, refilling where it has to.
    #[inline(always)]
    pub fn bit(&mut self, bytes: &Bytes) -> bool {
        if self.count() == 0 {
            self.refill(bytes);
        }
        let bit = (self.buffer as i64) < 0;
        self.consume(1);
        bit
    }

    /// The next `n` bits, 1 to 32.
    #[inline(always)]
    pub fn peek(&self, n: u32) -> u32 {
        (self.buffer >> (64 - n)) as u32
    }

    /// Drops as many bits as the lowest six bits of `n` say, at most those that are there.
    #[inline(always)]
    pub fn consume(&mut self, n: u32) {
        self.buffer <<= n & 63;
        self.count = self.count.wrapping_sub(n);
    }

    /// The next `n` bits, 0 to 16, as a number.
    #[inline(always)]
    pub fn take(&mut self, n: u32) -> u32 {
        let value = (self.buffer >> 1 >> (!n & 63)) as u32;
        self.consume(n);
        value
    }

    /// The value of `size` bits that follow the next `code` bits: one whose first bit is 0 is negative.
    #[inline(always)]
    pub fn value(&self, code: u32, size: u32) -> i32 {
        let value = self.buffer << (code & 63);
        let negative = !(value as i64 >> 63) as u64;
        let magnitude = (value ^ negative) >> 1 >> (!size & 63);
        (magnitude ^ negative).wrapping_sub(negative) as i32
    }
}
