//! Reads a file in chunks, as quickly as from memory where single bytes are asked for.

use std::io::{self, ErrorKind, Read};

const CHUNK: usize = 64 << 10;

/// What `BufReader` is for, made for a decoder that reads byte by byte: with that one, reading is a quarter of the
/// time of decoding.
pub(super) struct Chunked<R> {
    inner: R,
    chunk: Box<[u8]>,
    /// What of the chunk has not been read: from `at` to `end`.
    at: usize,
    end: usize,
}

impl<R: Read> Chunked<R> {
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            chunk: vec![0; CHUNK].into(),
            at: 0,
            end: 0,
        }
    }

    /// What it reads from; what has been read ahead is lost.
    pub fn into_inner(self) -> R {
        self.inner
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

impl<R: Read> Read for Chunked<R> {
    fn read(&mut self, wanted: &mut [u8]) -> io::Result<usize> {
        if self.at == self.end {
            self.end = self.inner.read(&mut self.chunk)?;
            self.at = 0;
        }
        let length = wanted.len().min(self.end - self.at);
        wanted[..length].copy_from_slice(&self.chunk[self.at..self.at + length]);
        self.at += length;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, and is interrupted in between.
    struct Slow<'a>(&'a [u8], usize);

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

    #[test]
    fn every_byte_comes_once_and_in_order() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
        for step in [1, 2, 3, 1000, CHUNK, CHUNK + 1] {
            let mut chunked = Chunked::new(&bytes[..]);
            let mut slow = Chunked::new(Slow(&bytes, 0));
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
}
