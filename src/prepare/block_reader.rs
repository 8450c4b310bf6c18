//! Buffered reading that is as fast as memory for single bytes.

use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom};

const BLOCK: usize = 64 << 10;

/// A file, or bytes in memory.
pub(super) trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// Replaces `BufReader` for decoders that read byte by byte, with which reading takes a quarter of the decoding time. One
/// type serves files and memory, so that each decoder is compiled once.
pub(super) struct BlockReader<'a> {
    inner: Box<dyn ReadSeek + 'a>,
    block: Box<[u8]>,
    /// The unread part of the block is from `at` to `end`.
    at: usize,
    end: usize,
}

impl<'a> BlockReader<'a> {
    pub fn new(inner: impl ReadSeek + 'a) -> Self {
        Self {
            inner: Box::new(inner),
            block: vec![0; BLOCK].into(),
            at: 0,
            end: 0,
        }
    }

    #[cold]
    #[inline(never)]
    fn read_exact_across_blocks(&mut self, mut wanted: &mut [u8]) -> io::Result<()> {
        while !wanted.is_empty() {
            match self.read(wanted) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => wanted = &mut wanted[read..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Read for BlockReader<'_> {
    fn read(&mut self, wanted: &mut [u8]) -> io::Result<usize> {
        let there = self.fill_buf()?;
        let length = wanted.len().min(there.len());
        wanted[..length].copy_from_slice(&there[..length]);
        self.consume(length);
        Ok(length)
    }

    #[inline]
    fn read_exact(&mut self, wanted: &mut [u8]) -> io::Result<()> {
        if let [byte] = wanted
            && let Some(next) = self.block[..self.end].get(self.at)
        {
            *byte = *next;
            self.at += 1;
            return Ok(());
        }
        self.read_exact_across_blocks(wanted)
    }
}

impl BufRead for BlockReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.end {
            self.end = self.inner.read(&mut self.block)?;
            self.at = 0;
        }
        Ok(&self.block[self.at..self.end])
    }

    fn consume(&mut self, amount: usize) {
        self.at = (self.at + amount).min(self.end);
    }
}

impl Seek for BlockReader<'_> {
    /// A seek within the block reads nothing again.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let ahead = (self.end - self.at) as i64;
        let to = match to {
            SeekFrom::Current(by) => {
                let within = (self.at as i64).checked_add(by);
                if let Some(at) = within.filter(|at| (0..=self.end as i64).contains(at)) {
                    self.at = at as usize;
                    return Ok(self.inner.stream_position()? - (self.end - self.at) as u64);
                }
                let by = by.checked_sub(ahead).ok_or(ErrorKind::InvalidInput)?;
                SeekFrom::Current(by)
            }
            absolute => absolute,
        };
        let position = self.inner.seek(to)?;
        (self.at, self.end) = (0, 0);
        Ok(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a few bytes at a time, and is interrupted in between.
    struct Slow<'a>(io::Cursor<&'a [u8]>, usize);

    impl Read for Slow<'_> {
        fn read(&mut self, wanted: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(3) {
                return Err(ErrorKind::Interrupted.into());
            }
            let length = wanted.len().min(self.1 % 7 + 1);
            self.0.read(&mut wanted[..length])
        }
    }

    impl Seek for Slow<'_> {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn every_byte_is_read_once_and_in_order() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
        for step in [1, 2, 3, 1000, BLOCK, BLOCK + 1] {
            let mut memory = BlockReader::new(io::Cursor::new(&bytes[..]));
            let mut slow = BlockReader::new(Slow(io::Cursor::new(&bytes), 0));
            for expected in bytes.chunks_exact(step) {
                let mut read = vec![0; step];
                memory.read_exact(&mut read).unwrap();
                assert_eq!(read, expected);
                slow.read_exact(&mut read).unwrap();
                assert_eq!(read, expected);
            }
            let rest = vec![0; bytes.len() % step + 1];
            let end = memory.read_exact(&mut rest.clone()).unwrap_err();
            assert_eq!(end.kind(), ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn seeking_works_as_with_a_cursor() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
        let mut theirs = io::Cursor::new(&bytes[..]);
        let mut ours = BlockReader::new(io::Cursor::new(&bytes[..]));
        let mut state = 1u32;
        let mut refused = 0;
        for _ in 0..5000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let by = i64::from(state >> 8) % 90_000;
            let to = match state >> 29 {
                0 => SeekFrom::Start(by as u64 * 2),
                1 => SeekFrom::End(-by),
                2 => SeekFrom::End(by),
                3 => SeekFrom::Current(by),
                4 => SeekFrom::Current(-by),
                5 => SeekFrom::Current(0),
                6 => SeekFrom::Current(by % 50),
                _ => SeekFrom::Current(-(by % 50)),
            };
            let found = theirs.seek(to).ok();
            assert_eq!(ours.seek(to).ok(), found, "{to:?}");
            refused += usize::from(found.is_none());
            let (mut read, mut expected) = ([0; 7], [0; 7]);
            let length = theirs.read(&mut expected).unwrap();
            assert_eq!(ours.read_exact(&mut read[..length]).ok(), Some(()));
            assert_eq!(read, expected);
            assert_eq!(ours.stream_position().ok(), theirs.stream_position().ok());
        }
        assert!(refused > 20, "{refused}");
        assert!(ours.seek(SeekFrom::Current(i64::MIN)).is_err());
    }
}
