//! Bits of entropy-coded data, and the zero byte that follows every byte 0xFF.

/// Writes bits without stuffing; that is done for many bytes at once, which is faster.
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    state: State,
}

/// The part that changes with every code: copied out while blocks are written, so that it stays in registers.
#[derive(Clone, Copy, Default)]
pub(super) struct State {
    position: usize,
    bits: u64,
    /// How many of `bits`, from the lowest one, are not yet in whole bytes: 0 to 7.
    pending: u32,
}

/// How many bytes are collected at most.
const CAPACITY: usize = 1 << 15;

/// The longest a block can be: 64 coefficients with a code of 16 and a value of 11 bits each.
pub(super) const LONGEST_BLOCK: usize = 64 * 27 / 8;

impl State {
    /// Appends the `length` lowest bits of `code`, 1 to 57, above which there are none; `bytes` has 8 more bytes.
    #[inline(always)]
    pub fn put(&mut self, bytes: &mut [u8], code: u32, length: u32) {
        self.bits = self.bits << length | u64::from(code);
        self.pending += length;
        let word = self.bits << (64 - self.pending);
        bytes[self.position..self.position + 8].copy_from_slice(&word.to_be_bytes());
        self.position += (self.pending / 8) as usize;
        self.pending %= 8;
    }
}

impl BitWriter {
    pub fn new() -> Self {
        Self {
            bytes: vec![0; CAPACITY],
            state: State::default(),
        }
    }

    /// Where to write the next block, after which the state is put back.
    #[inline(always)]
    pub fn parts(&mut self) -> (&mut [u8], &mut State) {
        (&mut self.bytes, &mut self.state)
    }

    /// Whether there is no room for another block: then the bytes have to be taken away.
    #[inline(always)]
    pub fn is_full(&self) -> bool {
        self.state.position + LONGEST_BLOCK + 8 > CAPACITY
    }

    /// Completes the last byte with ones.
    pub fn pad(&mut self) {
        let missing = (8 - self.state.pending) % 8;
        if missing > 0 {
            let (bytes, state) = (&mut self.bytes, &mut self.state);
            state.put(bytes, (1 << missing) - 1, missing);
        }
    }

    /// Takes the whole bytes away.
    pub fn drain(&mut self, output: &mut impl Output) {
        output.entropy_coded(&self.bytes[..self.state.position]);
        self.state.position = 0;
    }
}

/// What takes entropy-coded bytes: a file, or a count of its bytes.
pub(super) trait Output {
    /// The bytes are not yet stuffed.
    fn entropy_coded(&mut self, bytes: &[u8]);
}

impl Output for Vec<u8> {
    fn entropy_coded(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len() + bytes.len() / 64);
        let mut rest = bytes;
        while let Some(place) = memchr::memchr(0xFF, rest) {
            let (stuffed, after) = rest.split_at(place + 1);
            self.extend_from_slice(stuffed);
            self.push(0);
            rest = after;
        }
        self.extend_from_slice(rest);
    }
}

/// How many bytes there would be.
#[derive(Default)]
pub(super) struct Length(pub usize);

impl Output for Length {
    fn entropy_coded(&mut self, bytes: &[u8]) {
        self.0 += bytes.len() + bytes.iter().filter(|byte| **byte == 0xFF).count();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_written_from_the_highest_stuffed_and_padded_with_ones() {
        let written = |output: &mut dyn FnMut(&mut BitWriter)| {
            let mut writer = BitWriter::new();
            for (code, length) in [
                (0b101, 3),
                (0x7FF_FFFF, 27),
                (0, 1),
                (0xABCD, 16),
                (1, 1),
                (0, 2),
            ] {
                let (bytes, state) = writer.parts();
                state.put(bytes, code, length);
            }
            writer.pad();
            output(&mut writer);
        };
        let (mut file, mut length) = (Vec::new(), Length::default());
        written(&mut |writer| writer.drain(&mut file));
        written(&mut |writer| writer.drain(&mut length));
        // 101 1…1 (27 times) 0 1010101111001101 1 00, and six ones.
        let expected = [0xBF, 0xFF, 0, 0xFF, 0, 0xFD, 0x57, 0x9B, 0x3F];
        assert_eq!(file, expected);
        assert_eq!(length.0, expected.len());
    }
}
