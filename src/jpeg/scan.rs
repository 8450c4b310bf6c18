//! One scan: which components and coefficients it codes, and its restart intervals.

use std::io::Read;

use super::channel::Channel;
use super::error::Error;
use super::header::{Process, Scan};
use super::huffman::Table;
use super::progressive::{self, Pass};
use super::segments::Segments;
use super::sequential::{self, Predictions};
use super::window::{Bits, Window};

/// The restart intervals of a scan.
pub(super) struct Restarts {
    interval: usize,
    /// MCUs before the next marker.
    left: usize,
    /// Number of the next marker, 0 to 7.
    number: u8,
}

impl Restarts {
    fn new(interval: usize) -> Self {
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

/// One component in a row of MCUs, and the Huffman tables that the scan has for it.
pub(super) struct Part<'a> {
    pub channel: &'a mut Channel,
    /// Index of the component.
    pub component: usize,
    pub dc: Option<&'a Table>,
    pub ac: Option<&'a Table>,
    /// First row of blocks, of those that the channel has allocated.
    pub row: usize,
    /// Blocks of an MCU across and down.
    pub across: usize,
    pub down: usize,
}

/// A scan that is being decoded.
pub(super) struct ScanDecoder {
    scan: Scan,
    /// `None` in a sequential image.
    pass: Option<Pass>,
    bits: Bits,
    restarts: Restarts,
    predictions: Predictions,
}

impl ScanDecoder {
    /// Checks what the scan needs and enters its data.
    pub fn begin<R: Read>(
        scan: Scan,
        process: Process,
        segments: &mut Segments<R>,
        channels: &mut [Channel],
    ) -> Result<Self, Error> {
        if process == Process::Sequential {
            segments.default_huffman_tables()?;
        }
        let source = &segments.window.source;
        let pass = match process {
            Process::Sequential => None,
            Process::Progressive => {
                Some(Pass::new(&scan).map_err(|reason| source.damaged(reason))?)
            }
        };
        for part in &scan.components {
            let channel = &mut channels[part.index];
            if !channel.is_dequantized() {
                let index = usize::from(channel.component.quantization);
                let table = segments.quantization[index].as_ref();
                channel.dequantize(
                    table.ok_or_else(|| source.damaged("a quantization table is missing"))?,
                );
            }
            // The spectrum of a sequential scan is always whole, whatever its header says.
            let (spectrum, high, low) = match &pass {
                None => (0..=63, 0, 0),
                Some(pass) => (pass.spectrum(), scan.high, scan.low),
            };
            for level in &mut channel.levels[spectrum] {
                let previous = level.replace(low);
                if previous.unwrap_or(0) != high || (high == 0 && previous.is_some()) {
                    return Err(source.damaged("scans contradict each other"));
                }
            }
            let (needs_dc, needs_ac) = match &pass {
                None => (true, true),
                Some(pass) => (pass.needs_dc(), pass.needs_ac()),
            };
            let (dc, ac) = (&segments.dc[part.dc], &mut segments.ac[part.ac]);
            if needs_dc && dc.is_none() || needs_ac && ac.is_none() {
                return Err(source.damaged("a Huffman table is missing"));
            }
            if let (None, Some(ac), 0..63) = (&pass, ac, channel.last) {
                ac.prepare_skips();
            }
        }
        Ok(Self {
            restarts: Restarts::new(segments.restart_interval),
            bits: segments.window.begin()?,
            predictions: Predictions::default(),
            scan,
            pass,
        })
    }

    /// Index of the component, if the scan has only one.
    pub fn only_component(&self) -> Option<usize> {
        match self.scan.components[..] {
            [part] => Some(part.index),
            _ => None,
        }
    }

    /// Decodes row number `row` of those that are allocated, of `mcus` MCUs.
    #[inline(always)]
    pub fn row<R: Read>(
        &mut self,
        segments: &mut Segments<R>,
        channels: &mut [Channel],
        row: usize,
        mcus: usize,
    ) -> Result<(), Error> {
        let Segments { window, dc, ac, .. } = segments;
        let is_interleaved = self.scan.components.len() > 1;
        let mut channels: Vec<_> = channels.iter_mut().map(Some).collect();
        let parts = self.scan.components.iter().filter_map(|part| {
            let channel = channels[part.index].take()?;
            let (across, down) = if is_interleaved {
                (usize::from(channel.component.horizontal), channel.rows())
            } else {
                (1, 1)
            };
            Some(Part {
                channel,
                component: part.index,
                dc: dc[part.dc].as_ref(),
                ac: ac[part.ac].as_ref(),
                row: row * down,
                across,
                down,
            })
        });
        let (bits, restarts) = (&mut self.bits, &mut self.restarts);
        let predictions = &mut self.predictions;
        match &mut self.pass {
            None => {
                let mut rows: Vec<_> = parts.flat_map(Part::into_rows).collect();
                sequential::mcu_row(window, bits, restarts, predictions, &mut rows, mcus)
            }
            Some(pass) => {
                let mut parts: Vec<_> = parts.collect();
                progressive::mcu_row(pass, window, bits, restarts, predictions, &mut parts, mcus)
            }
        }
    }
}

impl<'a> Part<'a> {
    /// The rows of blocks for the sequential decoder.
    fn into_rows(self) -> impl Iterator<Item = sequential::Row<'a>> {
        let Channel {
            coefficients,
            row_length,
            places,
            last,
            ..
        } = self.channel;
        let (places, last) = (&*places, *last);
        let tables = self.dc.zip(self.ac);
        let start = self.row * *row_length;
        let rows = coefficients[start..]
            .chunks_exact_mut(*row_length)
            .take(self.down);
        rows.filter_map(move |coefficients| {
            let (dc, ac) = tables?;
            Some(sequential::Row {
                coefficients,
                places,
                last,
                dc,
                ac,
                skips: ac.skips().filter(|_| last < 63),
                component: self.component,
                across: self.across,
            })
        })
    }
}
