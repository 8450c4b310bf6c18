//! Reads in chunks, as quickly as from memory where single bytes are asked for.

use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom};

const CHUNK: usize = 64 << 10;

/// Where an image is read from: a file, or bytes in memory.
pub(super) trait Origin: Read + Seek {}

impl<T: Read + Seek> Origin for T {}

/// What `BufReader` is for, made for a decoder that reads byte by byte: with that one, reading is a quarter of the
/// time of decoding. It is one type for every origin, so that every decoder is there once.
pub(super) struct BlockReader<'a> {
    inner: Box<dyn Origin + 'a>,
    chunk: Box<[u8]>,
    /// What of the chunk has not been read: from `at` to `end`.
    at: usize,
    end: usize,
}

impl<'a> BlockReader<'a> {
    pub fn new(inner: impl Origin + 'a) -> Self {
        Self {
            inner: Box::new(inner),
            chunk: vec![0; CHUNK].into(),
            at: 0,
            end: 0,
        }
    }

    #[cold]
    #[inline(never)]
    fn read_exact_across_chunks(&mut self, mut wanted: &mut [u8]) -> io::Result<()> {
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
            && let Some(next) = self.chunk[..self.end].get(self.at)
        {
            *byte = *next;
            self.at += 1;
            return Ok(());
        }
        self.read_exact_across_chunks(wanted)
    }
}

impl BufRead for BlockReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.end {
            self.end = self.inner.read(&mut self.chunk)?;
            self.at = 0;
        }
        Ok(&self.chunk[self.at..self.end])
    }

    fn consume(&mut self, amount: usize) {
        self.at = (self.at + amount).min(self.end);
    }
}

impl Seek for BlockReader<'_> {
    /// Within the chunk nothing is read again.
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

    /// Gives a few bytes at a time, and is interrupted in between.
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
    fn every_byte_comes_once_and_in_order() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
        for step in [1, 2, 3, 1000, CHUNK, CHUNK + 1] {
            let mut chunked = BlockReader::new(io::Cursor::new(&bytes[..]));
            let mut slow = BlockReader::new(Slow(io::Cursor::new(&bytes), 0));
            for expected in bytes.chunks_exact(step) {
                let mut read = vec![0; step];
                chunked.read_exact(&mut read).unwrap();
                assert_eq!(read, expected);
                slow.read_exact(&mut read).unwrap();
                assert_eq!(read, expected);
            }
            let rest = vec![0; bytes.len() % step + 1];
            let end = chunked.read_exact(&mut rest.clone()).unwrap_err();
            assert_eq!(end.kind(), ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn it_seeks_as_a_cursor_does() {
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
