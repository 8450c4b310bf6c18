//! Entropy decoding of sequential scans.

use std::io::Read;

use super::channel::Channel;
use super::error::Error;
use super::huffman::Table;
use super::window::{Bits, Bytes, Corrupt, Window};

/// The restart intervals of a scan.
pub(super) struct Restarts {
    interval: usize,
    /// MCUs before the next marker.
    left: usize,
    /// Number of the next marker, 0 to 7.
    number: u8,
}

impl Restarts {
    pub fn new(interval: usize) -> Self {
        Self {
            interval,
            left: interval,
            number: 0,
        }
    }

    /// To be called before each MCU. Whether a new interval begins, in which nothing is predicted from the last one.
    #[inline(always)]
    pub fn next<R: Read>(
        &mut self,
        window: &mut Window<R>,
        bits: &mut Bits,
    ) -> Result<bool, Error> {
        if self.interval == 0 {
            return Ok(false);
        }
        let is_due = self.left == 0;
        if is_due {
            *bits = window.restart(bits, self.number)?;
            self.number = (self.number + 1) % 8;
            self.left = self.interval;
        }
        self.left -= 1;
        Ok(is_due)
    }
}

/// One component in a row of MCUs.
pub(super) struct Part<'a> {
    pub channel: &'a mut Channel,
    pub dc: &'a Table,
    pub ac: &'a Table,
    /// First row of blocks, of those that the channel has allocated.
    pub row: usize,
    /// Blocks of an MCU across and down.
    pub across: usize,
    pub down: usize,
}

/// Decodes a row of `mcus` MCUs.
#[inline(always)]
pub(super) fn mcu_row<R: Read>(
    window: &mut Window<R>,
    bits: &mut Bits,
    restarts: &mut Restarts,
    parts: &mut [Part<'_>],
    mcus: usize,
) -> Result<(), Error> {
    let mut local = *bits;
    for mcu in 0..mcus {
        if restarts.next(window, &mut local)? {
            for part in &mut *parts {
                part.channel.prediction = 0;
            }
        }
        window.prepare(&mut local)?;
        let bytes = window.bytes();
        for part in &mut *parts {
            if let Err(corrupt) = part.blocks(&mut local, bytes, mcu) {
                return Err(window.corrupt(&local, corrupt));
            }
        }
        if window.is_overrun(&local) {
            return Err(window.premature_end());
        }
    }
    *bits = local;
    Ok(())
}

impl Part<'_> {
    /// Decodes the blocks of this component in an MCU.
    #[inline(always)]
    fn blocks(&mut self, bits: &mut Bits, bytes: &Bytes, mcu: usize) -> Result<(), Corrupt> {
        let Channel {
            places,
            last,
            prediction,
            coefficients,
            row_length,
            ..
        } = &mut *self.channel;
        for row in self.row..self.row + self.down {
            let row = &mut coefficients[row * *row_length..][..*row_length];
            for block in mcu * self.across..(mcu + 1) * self.across {
                let difference = self.dc.difference(bits, bytes)?;
                *prediction = prediction.wrapping_add(difference);
                row[block] = *prediction as i16;
                if *last == 0 {
                    self.ac.skip(bits, bytes, 1)?;
                } else {
                    self.ac.read(bits, bytes, *last, |number, value| {
                        row[places[number as usize % places.len()] as usize + block] = value as i16;
                    })?;
                }
            }
        }
        Ok(())
    }
}
