//! Entropy decoding of sequential scans.

use std::io::Read;

use super::channel::Channel;
use super::error::Error;
use super::huffman::Table;
use super::scan::{Part, Restarts};
use super::window::{Bits, Bytes, Corrupt, Window};

/// The tables of a component.
#[derive(Clone, Copy)]
pub(super) struct Tables<'a> {
    pub dc: &'a Table,
    pub ac: &'a Table,
}

/// Decodes a row of `mcus` MCUs.
#[inline(always)]
pub(super) fn mcu_row<R: Read>(
    window: &mut Window<R>,
    bits: &mut Bits,
    restarts: &mut Restarts,
    parts: &mut [Part<'_, Tables<'_>>],
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

impl Part<'_, Tables<'_>> {
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
                let difference = self.tables.dc.difference(bits, bytes)?;
                *prediction = prediction.wrapping_add(difference);
                row[block] = *prediction as i16;
                if *last == 0 {
                    self.tables.ac.skip(bits, bytes, 1)?;
                } else {
                    self.tables.ac.read(bits, bytes, *last, |number, value| {
                        row[places[number as usize % places.len()] as usize + block] = value as i16;
                    })?;
                }
            }
        }
        Ok(())
    }
}
