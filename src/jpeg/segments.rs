//! Everything but entropy-coded data: the tables, the frame and the headers of scans.

use std::io::Read;

use super::error::Error;
use super::header::{Component, Frame, Process, Refusal, Scan};
use super::huffman::{Class, Table};
use super::metadata::Metadata;
use super::tables::{HuffmanCodes, STANDARD_AC, STANDARD_DC, ZIGZAG};
use super::window::{End, Window};

/// A quantization table in the order of the rows of a block.
pub(super) type Quantization = [u16; 64];

/// The state that segments set and scans use.
pub(super) struct Segments<R> {
    pub window: Window<R>,
    pub frame: Option<(Process, Frame)>,
    pub metadata: Metadata,
    pub dc: [Option<Table>; 4],
    pub ac: [Option<Table>; 4],
    pub quantization: [Option<Quantization>; 4],
    /// MCUs between restart markers, or 0.
    pub restart_interval: usize,
}

impl<R: Read> Segments<R> {
    pub fn new(window: Window<R>) -> Self {
        Self {
            window,
            frame: None,
            metadata: Metadata::default(),
            dc: [const { None }; 4],
            ac: [const { None }; 4],
            quantization: [None; 4],
            restart_interval: 0,
        }
    }

    pub fn start_of_image(&mut self) -> Result<(), Error> {
        let source = &mut self.window.source;
        if [source.byte()?, source.byte()?] == [0xFF, 0xD8] {
            Ok(())
        } else {
            Err(source.damaged("it does not begin with a start-of-image marker"))
        }
    }

    /// Reads up to the next scan, of which `marker` is the first marker if that has been read. `None` is the end of the
    /// image.
    pub fn next_scan(&mut self, marker: Option<u8>) -> Result<Option<Scan>, Error> {
        let mut known = marker;
        loop {
            let marker = match known.take() {
                Some(marker) => marker,
                None => self.window.source.marker()?,
            };
            match marker {
                0xC0..=0xC2 => self.frame(marker)?,
                0xC4 => self.huffman_tables()?,
                0xDA => return self.scan().map(Some),
                0xDB => self.quantization_tables()?,
                0xDD => self.restart_interval()?,
                0xD9 => return Ok(None),
                0xE0..=0xEF => {
                    let payload = self.window.source.segment()?;
                    let taken = self.metadata.segment(marker, &payload);
                    taken.map_err(|feature| self.window.source.unsupported(feature))?;
                }
                // Comments, and a number of lines, which only matters where the frame gives none.
                0xFE | 0xDC => self.window.source.skip_segment()?,
                // Restart markers and the private TEM have no payload.
                0xD0..=0xD7 | 0x01 => {}
                _ => return Err(self.other(marker)),
            }
        }
    }

    /// Why a file with `marker` is refused.
    fn other(&self, marker: u8) -> Error {
        let feature = match marker {
            0xC3 | 0xC7 => "lossless JPEG",
            0xC5 | 0xC6 | 0xDE | 0xDF => "hierarchical JPEG",
            0xC9..=0xCF => "JPEG with arithmetic coding",
            0xD8 => {
                return self
                    .window
                    .source
                    .damaged("a second image begins inside the first");
            }
            _ => return self.window.source.damaged("a marker is not known"),
        };
        self.window.source.unsupported(feature)
    }

    fn refused(&self, refusal: Refusal) -> Error {
        match refusal {
            Refusal::Damaged(reason) => self.window.source.damaged(reason),
            Refusal::Unsupported(feature) => self.window.source.unsupported(feature),
        }
    }

    fn frame(&mut self, marker: u8) -> Result<(), Error> {
        let payload = self.window.source.segment()?;
        if self.frame.is_some() {
            return Err(self.window.source.damaged("it has two frame headers"));
        }
        let frame = Frame::parse(&payload).map_err(|refusal| self.refused(refusal))?;
        let process = if marker == 0xC2 {
            Process::Progressive
        } else {
            Process::Sequential
        };
        self.frame = Some((process, frame));
        Ok(())
    }

    fn scan(&mut self) -> Result<Scan, Error> {
        let payload = self.window.source.segment()?;
        let frame = self.frame.as_ref().map(|(_, frame)| &frame.components[..]);
        let frame: &[Component] = frame.ok_or_else(|| {
            self.window
                .source
                .damaged("image data comes before the frame header")
        })?;
        Scan::parse(&payload, frame).map_err(|refusal| self.refused(refusal))
    }

    fn restart_interval(&mut self) -> Result<(), Error> {
        let payload = self.window.source.segment()?;
        let interval = <[u8; 2]>::try_from(&payload[..]).map_err(|_| {
            self.window
                .source
                .damaged("the restart interval has the wrong length")
        })?;
        self.restart_interval = u16::from_be_bytes(interval).into();
        Ok(())
    }

    fn quantization_tables(&mut self) -> Result<(), Error> {
        let payload = self.window.source.segment()?;
        let mut rest = &payload[..];
        while let [head, values @ ..] = rest {
            let is_wide = head >> 4 != 0;
            let size = if is_wide { 128 } else { 64 };
            let slot = self.quantization.get_mut(usize::from(head & 15));
            let (Some(slot), Some((values, tail))) = (slot, values.split_at_checked(size)) else {
                return Err(self
                    .window
                    .source
                    .damaged("a quantization table has the wrong length or index"));
            };
            let mut table = [0; 64];
            for (number, index) in ZIGZAG.iter().enumerate() {
                table[usize::from(*index)] = if is_wide {
                    u16::from_be_bytes([values[2 * number], values[2 * number + 1]])
                } else {
                    values[number].into()
                };
            }
            *slot = Some(table);
            rest = tail;
        }
        Ok(())
    }

    fn huffman_tables(&mut self) -> Result<(), Error> {
        let payload = self.window.source.segment()?;
        let mut rest = &payload[..];
        while let [head, tail @ ..] = rest {
            let parsed = tail.split_first_chunk::<16>().and_then(|(counts, tail)| {
                let length = counts.iter().map(|count| usize::from(*count)).sum();
                let (symbols, tail) = tail.split_at_checked(length)?;
                Some((counts, symbols, tail))
            });
            let class = [Class::Dc, Class::Ac].get(usize::from(head >> 4)).copied();
            let (Some(class), Some((counts, symbols, tail)), index @ 0..=3) =
                (class, parsed, usize::from(head & 15))
            else {
                return Err(self
                    .window
                    .source
                    .damaged("a Huffman table has the wrong length or index"));
            };
            let table = Table::new(class, counts, symbols)
                .map_err(|reason| self.window.source.damaged(reason))?;
            match class {
                Class::Dc => self.dc[index] = Some(table),
                Class::Ac => self.ac[index] = Some(table),
            }
            rest = tail;
        }
        Ok(())
    }

    /// Sets the tables that the file has not set so far to those of the standard. Frames of Motion JPEG leave them out.
    pub fn default_huffman_tables(&mut self) -> Result<(), Error> {
        let source = &self.window.source;
        let set = |slots: &mut [Option<Table>; 4], class, tables: &[HuffmanCodes; 2]| {
            for (slot, codes) in slots.iter_mut().zip(tables) {
                if slot.is_none() {
                    let table = Table::new(class, &codes.counts, codes.symbols);
                    *slot = Some(table.map_err(|reason| source.damaged(reason))?);
                }
            }
            Ok(())
        };
        set(&mut self.dc, Class::Dc, &STANDARD_DC)?;
        set(&mut self.ac, Class::Ac, &STANDARD_AC)
    }

    /// Reads from the end of the last scan to the end of the image, of which nothing is needed. Whether its marker is
    /// there.
    pub fn end_of_image(&mut self) -> Result<bool, Error> {
        let mut end = self.window.finish()?;
        loop {
            let marker = match end {
                End::File => return Ok(false),
                End::Marker(marker) => marker,
            };
            let skipped = match marker {
                0xD9 => return Ok(true),
                0xD0..=0xD8 | 0x01 => Ok(()),
                _ => self.window.source.skip_segment(),
            };
            end = match skipped.and_then(|()| self.window.source.marker()) {
                Ok(marker) => End::Marker(marker),
                Err(Error::Read(error)) => return Err(Error::Read(error)),
                Err(_) => End::File,
            };
        }
    }
}
