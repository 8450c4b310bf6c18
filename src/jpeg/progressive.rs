//! Entropy decoding of progressive scans, each of which adds some bits to some coefficients.

use std::io::Read;
use std::ops::RangeInclusive;

use super::channel::Channel;
use super::error::Error;
use super::header::Scan;
use super::huffman::Table;
use super::scan::{Part, Restarts};
use super::sequential::Predictions;
use super::window::{Bits, Bytes, Corrupt, Window};

/// What a scan codes.
pub(super) struct Pass {
    coding: Coding,
    /// First and last coefficient.
    first: u32,
    last: u32,
    /// The lowest bit that the scan codes.
    low: u32,
    /// Blocks without further new coefficients, of which the next is the first.
    end_of_band: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum Coding {
    DcFirst,
    DcRefinement,
    AcFirst,
    AcRefinement,
}

impl Pass {
    /// Fails with a reason.
    pub fn new(scan: &Scan) -> Result<Self, &'static str> {
        let [first, last] = scan.spectrum;
        let is_dc = first == 0;
        let is_spectrum_valid = if is_dc {
            last == 0
        } else {
            first <= last && last <= 63
        };
        if !is_spectrum_valid || (!is_dc && scan.components.len() > 1) {
            return Err("a scan has an invalid range of coefficients");
        }
        if scan.low > 13 || (scan.high > 0 && scan.low + 1 != scan.high) {
            return Err("a scan has an invalid range of bits");
        }
        let coding = match (is_dc, scan.high) {
            (true, 0) => Coding::DcFirst,
            (true, _) => Coding::DcRefinement,
            (false, 0) => Coding::AcFirst,
            (false, _) => Coding::AcRefinement,
        };
        Ok(Self {
            coding,
            first: first.into(),
            last: last.into(),
            low: scan.low.into(),
            end_of_band: 0,
        })
    }

    pub fn spectrum(&self) -> RangeInclusive<usize> {
        self.first as usize..=self.last as usize
    }

    pub fn needs_dc(&self) -> bool {
        self.coding == Coding::DcFirst
    }

    pub fn needs_ac(&self) -> bool {
        matches!(self.coding, Coding::AcFirst | Coding::AcRefinement)
    }

    /// Reads how many blocks, with this one, have no further new coefficients.
    #[inline(always)]
    fn read_end_of_band(&mut self, bits: &mut Bits, run: u32) {
        self.end_of_band = (1 << run) + bits.take(run);
    }
}

/// Decodes a row of `mcus` MCUs.
#[inline(always)]
pub(super) fn mcu_row<R: Read>(
    pass: &mut Pass,
    window: &mut Window<R>,
    bits: &mut Bits,
    restarts: &mut Restarts,
    predictions: &mut Predictions,
    parts: &mut [Part<'_>],
    mcus: usize,
) -> Result<(), Error> {
    let mut local = *bits;
    for mcu in 0..mcus {
        if restarts.next(window, &mut local)? {
            pass.end_of_band = 0;
            *predictions = Predictions::default();
        }
        if pass.coding == Coding::AcFirst && pass.end_of_band > 0 {
            pass.end_of_band -= 1;
            continue;
        }
        window.prepare(&mut local)?;
        let bytes = window.bytes();
        for part in &mut *parts {
            let prediction = &mut predictions[part.component % 4];
            if let Err(corrupt) = part.blocks(pass, &mut local, bytes, prediction, mcu) {
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
    fn blocks(
        &mut self,
        pass: &mut Pass,
        bits: &mut Bits,
        bytes: &Bytes,
        prediction: &mut i32,
        mcu: usize,
    ) -> Result<(), Corrupt> {
        for row in self.row..self.row + self.down {
            for block in mcu * self.across..(mcu + 1) * self.across {
                let block = Block::new(self.channel, row, block);
                match (pass.coding, self.dc, self.ac) {
                    (Coding::DcFirst, Some(table), _) => {
                        block.dc_first(pass, table, bits, bytes, prediction)?;
                    }
                    (Coding::AcFirst, _, Some(table)) => {
                        block.ac_first(pass, table, bits, bytes)?
                    }
                    (Coding::AcRefinement, _, Some(table)) => {
                        block.ac_refinement(pass, table, bits, bytes)?;
                    }
                    _ => block.dc_refinement(pass, bits, bytes),
                }
            }
        }
        Ok(())
    }
}

/// A block of coefficients.
struct Block<'a> {
    /// The coefficients of a row of blocks, and where those of each number begin.
    row: &'a mut [i16],
    places: &'a [u32],
    /// Index in the row.
    index: usize,
    nonzero: &'a mut u64,
}

impl<'a> Block<'a> {
    #[inline(always)]
    fn new(channel: &'a mut Channel, row: usize, index: usize) -> Self {
        let length = channel.row_length;
        Self {
            row: &mut channel.coefficients[row * length..][..length],
            places: &channel.places,
            index,
            nonzero: &mut channel.nonzero[row * channel.blocks + index],
        }
    }

    #[inline(always)]
    fn coefficient(&mut self, number: u32) -> &mut i16 {
        &mut self.row[self.places[number as usize] as usize + self.index]
    }

    #[inline(always)]
    fn dc_first(
        mut self,
        pass: &Pass,
        table: &Table,
        bits: &mut Bits,
        bytes: &Bytes,
        prediction: &mut i32,
    ) -> Result<(), Corrupt> {
        let (undefined, difference) = table.difference(bits, bytes);
        if undefined > 0 {
            return Err(Corrupt::Code);
        }
        *prediction = prediction.wrapping_add(difference);
        *self.coefficient(0) = (*prediction << pass.low) as i16;
        Ok(())
    }

    #[inline(always)]
    fn dc_refinement(mut self, pass: &Pass, bits: &mut Bits, bytes: &Bytes) {
        *self.coefficient(0) |= i16::from(bits.bit(bytes)) << pass.low;
    }

    #[inline(always)]
    fn ac_first(
        mut self,
        pass: &mut Pass,
        table: &Table,
        bits: &mut Bits,
        bytes: &Bytes,
    ) -> Result<(), Corrupt> {
        let mut number = pass.first;
        while number <= pass.last {
            bits.refill(bytes);
            let (run, size, value) = table.run_and_value(bits)?;
            if size == 0 && run < 15 {
                pass.read_end_of_band(bits, run);
                pass.end_of_band -= 1;
                break;
            }
            number += run;
            if number > pass.last {
                return Err(Corrupt::Run);
            }
            // A run of 16 has the value zero.
            *self.coefficient(number) = (value << pass.low) as i16;
            *self.nonzero |= u64::from(size > 0) << number;
            number += 1;
        }
        Ok(())
    }

    #[inline(always)]
    fn ac_refinement(
        mut self,
        pass: &mut Pass,
        table: &Table,
        bits: &mut Bits,
        bytes: &Bytes,
    ) -> Result<(), Corrupt> {
        let mut number = pass.first;
        // Coefficients that are new in this scan are not refined.
        let mut new = 0;
        while pass.end_of_band == 0 && number <= pass.last {
            bits.refill(bytes);
            let (run, size, value) = table.run_and_value(bits)?;
            if size == 0 && run < 15 {
                pass.read_end_of_band(bits, run);
                break;
            }
            if size > 1 {
                return Err(Corrupt::Code);
            }
            let at = self.refine(pass, number, Some(run), bits, bytes);
            if at > pass.last {
                return Err(Corrupt::Run);
            }
            if size > 0 {
                *self.coefficient(at) = (value << pass.low) as i16;
                new |= 1 << at;
            }
            number = at + 1;
        }
        if pass.end_of_band > 0 {
            self.refine(pass, number, None, bits, bytes);
            pass.end_of_band -= 1;
        }
        *self.nonzero |= new;
        Ok(())
    }

    /// Reads a bit for each coefficient from `number` on that is not zero, as far as the zero behind `zeros` others, or
    /// to the end of the band. Where that is.
    #[inline(always)]
    fn refine(
        &mut self,
        pass: &Pass,
        number: u32,
        zeros: Option<u32>,
        bits: &mut Bits,
        bytes: &Bytes,
    ) -> u32 {
        let mut at = number;
        let mut zeros = zeros.unwrap_or(64);
        while at <= pass.last {
            let next = at + (*self.nonzero >> at).trailing_zeros();
            if zeros < next - at || next > pass.last {
                return at + zeros;
            }
            zeros -= next - at;
            if bits.bit(bytes) {
                let step = 1 << pass.low;
                let coefficient = self.coefficient(next);
                if *coefficient & step == 0 {
                    let step = if *coefficient >= 0 { step } else { -step };
                    *coefficient = coefficient.wrapping_add(step);
                }
            }
            at = next + 1;
        }
        // Only a run is too long here.
        at
    }
}
