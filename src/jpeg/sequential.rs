//! Entropy decoding of sequential scans.

use std::io::Read;

use super::error::Error;
use super::huffman::{NUMBERS, Skips, Table};
use super::scan::Restarts;
use super::window::{Bits, Bytes, Corrupt, Window};

/// One row of blocks of a component in a row of MCUs.
pub(super) struct Row<'a> {
    pub coefficients: &'a mut [i16],
    /// By number of a coefficient, where those of the row begin.
    pub places: &'a [u32; NUMBERS],
    /// Number of the last coefficient that is needed.
    pub last: u32,
    pub dc: &'a Table,
    pub ac: &'a Table,
    /// `None` if all coefficients are needed.
    pub skips: Option<&'a Skips>,
    /// Index of the component's prediction.
    pub component: usize,
    /// Blocks of an MCU in the row.
    pub across: usize,
}

/// The previous DC coefficient of each component.
pub(super) type Predictions = [i32; 4];

/// Decodes a row of `mcus` MCUs.
#[inline(always)]
pub(super) fn mcu_row<R: Read>(
    window: &mut Window<R>,
    bits: &mut Bits,
    restarts: &mut Restarts,
    predictions: &mut Predictions,
    rows: &mut [Row<'_>],
    mcus: usize,
) -> Result<(), Error> {
    let mut local = *bits;
    for mcu in 0..mcus {
        if restarts.next(window, &mut local)? {
            *predictions = Predictions::default();
        }
        window.prepare(&mut local)?;
        let bytes = window.bytes();
        for row in &mut *rows {
            let prediction = &mut predictions[row.component % 4];
            if let Err(corrupt) = row.blocks(&mut local, bytes, prediction, mcu) {
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

impl Row<'_> {
    /// Decodes the blocks of this row in an MCU.
    #[inline(always)]
    fn blocks(
        &mut self,
        bits: &mut Bits,
        bytes: &Bytes,
        prediction: &mut i32,
        mcu: usize,
    ) -> Result<(), Corrupt> {
        let first = mcu * self.across;
        for block in first..first + self.across {
            let (start, difference) = self.dc.difference(bits, bytes);
            *prediction = prediction.wrapping_add(difference);
            self.coefficients[block] = *prediction as i16;
            let put = |number: u32, value: i32| {
                let place = self.places[number as usize % NUMBERS] as usize;
                self.coefficients[place + block] = value as i16;
            };
            match self.skips {
                None => self.ac.end(self.ac.read(bits, bytes, start, 63, put))?,
                Some(skips) if self.last == 0 => self.ac.skip(skips, bits, bytes, start)?,
                Some(skips) => {
                    let number = self.ac.read(bits, bytes, start, self.last, put);
                    self.ac.skip(skips, bits, bytes, number)?;
                }
            }
        }
        Ok(())
    }
}
