//! The bytes of the file: markers and segments, and the position for error messages.

use std::io::{self, Read};

use super::error::Error;

/// Bytes that are read at once.
const CHUNK: usize = 16 << 10;

/// A buffered reader that counts.
pub(super) struct Source<R> {
    reader: R,
    chunk: Box<[u8]>,
    /// The unread part of the chunk.
    start: usize,
    end: usize,
    /// Offset of the chunk in the file.
    offset: u64,
}

impl<R: Read> Source<R> {
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            chunk: vec![0; CHUNK].into_boxed_slice(),
            start: 0,
            end: 0,
            offset: 0,
        }
    }

    /// Offset of the next byte.
    pub fn position(&self) -> u64 {
        self.offset + self.start as u64
    }

    pub fn damaged(&self, reason: &'static str) -> Error {
        Error::Damaged {
            reason,
            position: self.position(),
        }
    }

    pub fn unsupported(&self, feature: &'static str) -> Error {
        Error::Unsupported {
            feature,
            position: self.position(),
        }
    }

    pub fn truncated(&self) -> Error {
        Error::Truncated {
            position: self.position(),
        }
    }

    /// The bytes that are there without waiting for the next read; empty at the end of the file.
    pub fn buffered(&mut self) -> Result<&[u8], Error> {
        if self.start == self.end {
            self.offset += self.end as u64;
            (self.start, self.end) = (0, 0);
            self.end = loop {
                match self.reader.read(&mut self.chunk) {
                    Ok(n) => break n.min(CHUNK),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(Error::Read(error)),
                }
            };
        }
        Ok(&self.chunk[self.start..self.end])
    }

    /// Goes on behind the first `n` of the buffered bytes.
    pub fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
    }

    /// The next byte, or `None` at the end of the file.
    pub fn next(&mut self) -> Result<Option<u8>, Error> {
        let byte = self.buffered()?.first().copied();
        self.consume(1);
        Ok(byte)
    }

    pub fn byte(&mut self) -> Result<u8, Error> {
        self.next()?.ok_or_else(|| self.truncated())
    }

    /// The next marker, behind any bytes that belong to none.
    pub fn marker(&mut self) -> Result<u8, Error> {
        loop {
            while self.byte()? != 0xFF {}
            let mut marker = 0xFF;
            while marker == 0xFF {
                marker = self.byte()?;
            }
            if marker != 0 {
                return Ok(marker);
            }
        }
    }

    /// Length of the payload of the segment that begins here.
    fn segment_length(&mut self) -> Result<usize, Error> {
        let length = u16::from_be_bytes([self.byte()?, self.byte()?]);
        usize::from(length)
            .checked_sub(2)
            .ok_or_else(|| self.damaged("a segment is shorter than its length field"))
    }

    /// Payload of a segment.
    pub fn segment(&mut self) -> Result<Vec<u8>, Error> {
        let length = self.segment_length()?;
        let mut payload = Vec::with_capacity(length);
        self.pass(length, |part| payload.extend_from_slice(part))?;
        Ok(payload)
    }

    pub fn skip_segment(&mut self) -> Result<(), Error> {
        let length = self.segment_length()?;
        self.pass(length, |_| {})
    }

    fn pass(&mut self, mut length: usize, mut take: impl FnMut(&[u8])) -> Result<(), Error> {
        while length > 0 {
            let part = self.buffered()?;
            let n = part.len().min(length);
            if n == 0 {
                return Err(self.truncated());
            }
            take(&part[..n]);
            self.consume(n);
            length -= n;
        }
        Ok(())
    }
}
