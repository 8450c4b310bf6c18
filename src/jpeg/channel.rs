//! Coefficients and samples of one component, at the size that it is decoded to.

use fearless_simd::Simd;

use super::header::{Component, Process};
use super::huffman::NUMBERS;
use super::idct::{LANES, Workspace, inverse_dct};
use super::segments::Quantization;
use super::tables::ZIGZAG;

/// How many samples of a component become one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Divisor {
    One = 1,
    Two = 2,
    Four = 4,
    Eight = 8,
}

/// The reduction of one component, relative to its own samples.
///
/// With 4:2:0, where chroma has half as many samples as luma in both directions, a reduction of chroma by one and of luma
/// by two gives planes of equal size.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Reduction {
    pub horizontal: Divisor,
    pub vertical: Divisor,
}

impl Reduction {
    /// Every sample.
    pub const NONE: Self = Self::by(Divisor::One);

    /// The same in both directions.
    pub const fn by(divisor: Divisor) -> Self {
        Self {
            horizontal: divisor,
            vertical: divisor,
        }
    }
}

/// Geometry of a decoded component.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Plane {
    /// Size in samples after the reduction, rounded up.
    pub width: usize,
    pub height: usize,
    /// Exact number of samples per pixel of the image, at most 1. The last column and the last row can extend beyond the
    /// image.
    pub horizontal_scale: f64,
    pub vertical_scale: f64,
    /// Rows in each band but the last.
    pub band_height: usize,
}

/// One component while it is decoded.
pub(super) struct Channel {
    pub component: Component,
    pub plane: Plane,
    /// Blocks of the component across and down, without those that only complete an MCU.
    pub own_blocks: [usize; 2],
    /// Samples of a block across and down.
    across: usize,
    down: usize,
    /// Number of the last coefficient that is needed, in zigzag order.
    pub last: u32,
    /// By number of a coefficient, where those of a row of blocks begin in the row. Those that are not needed share a
    /// place behind the others.
    pub places: [u32; NUMBERS],
    /// Quantization and normalization, in the order of the places. `None` until the first scan of the component.
    factors: Option<[f32; 64]>,
    /// Row after row of blocks, in which all coefficients of one frequency lie side by side.
    pub coefficients: Vec<i16>,
    /// For each block of a progressive image, the numbers of the AC coefficients that are not zero.
    pub nonzero: Vec<u64>,
    /// By number of a coefficient, the lowest bit that was read of it.
    pub levels: [Option<u8>; 64],
    /// Blocks of a row, rounded up, and their coefficients.
    pub blocks: usize,
    pub row_length: usize,
    /// Samples of a row of MCUs.
    strip: Vec<u8>,
    stride: usize,
}

impl Channel {
    /// `size` is that of the image, `most` are the largest sampling factors.
    pub fn new(component: Component, size: [u16; 2], most: [u8; 2], reduction: Reduction) -> Self {
        let (across, down) = (
            8 / reduction.horizontal as usize,
            8 / reduction.vertical as usize,
        );
        let factors = [component.horizontal, component.vertical].map(usize::from);
        let [width, height] = [0, 1].map(|axis| {
            (usize::from(size[axis]) * factors[axis]).div_ceil(usize::from(most[axis]))
        });
        let mcus = usize::from(size[0]).div_ceil(8 * usize::from(most[0]));
        let blocks = (mcus * factors[0]).next_multiple_of(LANES);
        let needed = |number: &usize| {
            let index = usize::from(ZIGZAG[*number]);
            index % 8 < across && index / 8 < down
        };
        let mut places = [(across * down * blocks) as u32; NUMBERS];
        for number in (0..64).filter(needed) {
            let index = usize::from(ZIGZAG[number]);
            places[number] = ((index / 8 * across + index % 8) * blocks) as u32;
        }
        let scale = |axis: usize, samples: usize| {
            (factors[axis] * samples) as f64 / (8 * usize::from(most[axis])) as f64
        };
        Self {
            component,
            plane: Plane {
                width: (width * across).div_ceil(8),
                height: (height * down).div_ceil(8),
                horizontal_scale: scale(0, across),
                vertical_scale: scale(1, down),
                band_height: factors[1] * down,
            },
            own_blocks: [width.div_ceil(8), height.div_ceil(8)],
            across,
            down,
            last: (0..64).rfind(needed).unwrap_or(0) as u32,
            places,
            factors: None,
            coefficients: Vec::new(),
            nonzero: Vec::new(),
            levels: [None; 64],
            blocks,
            row_length: (across * down + 1) * blocks,
            strip: Vec::new(),
            stride: blocks * across,
        }
    }

    /// Rows of blocks in an MCU.
    pub fn rows(&self) -> usize {
        self.component.vertical.into()
    }

    /// Allocates the coefficients of `bands` rows of MCUs, and the samples of one.
    pub fn allocate(&mut self, bands: usize, process: Process) {
        let rows = self.rows() * bands;
        self.coefficients = vec![0; self.row_length * rows];
        if process == Process::Progressive {
            self.nonzero = vec![0; self.blocks * rows];
        }
        self.strip = vec![0; self.stride * self.plane.band_height];
    }

    /// Bytes that [`Self::allocate`] takes.
    pub fn memory(&self, bands: usize, process: Process) -> u64 {
        let nonzero = match process {
            Process::Sequential => 0,
            Process::Progressive => 8 * self.blocks,
        };
        let row = (2 * self.row_length + nonzero) as u64;
        row * (self.rows() * bands) as u64 + (self.stride * self.plane.band_height) as u64
    }

    /// Whether all bits of all coefficients were read.
    pub fn is_complete(&self) -> bool {
        self.levels.iter().all(|level| *level == Some(0))
    }

    pub fn is_dequantized(&self) -> bool {
        self.factors.is_some()
    }

    /// Sets the quantization. Later tables do not change it, as the format demands.
    pub fn dequantize(&mut self, table: &Quantization) {
        let mut factors = [0.0; 64];
        for y in 0..self.down {
            for x in 0..self.across {
                factors[y * self.across + x] = f32::from(table[y * 8 + x]) / 8.0;
            }
        }
        self.factors = Some(factors);
    }

    /// Makes the samples of a row of MCUs of the coefficients of row `band` of those that are allocated.
    #[inline(always)]
    pub fn transform<S: Simd>(&mut self, simd: S, band: usize, workspace: &mut Workspace) {
        let Some(factors) = &self.factors else { return };
        let rows = self
            .coefficients
            .chunks_exact(self.row_length)
            .skip(band * usize::from(self.component.vertical));
        for (coefficients, out) in rows.zip(self.strip.chunks_exact_mut(self.stride * self.down)) {
            for first in (0..self.blocks).step_by(LANES) {
                inverse_dct(
                    simd,
                    (self.across, self.down),
                    (&coefficients[first..], self.blocks),
                    factors,
                    workspace,
                    (&mut out[first * self.across..], self.stride),
                );
            }
        }
    }

    /// The samples that were made last, of row `band` of the image's MCUs.
    pub fn strip(&self, band: usize) -> Strip<'_> {
        let first = band * self.plane.band_height;
        Strip {
            first,
            rows: self
                .plane
                .band_height
                .min(self.plane.height.saturating_sub(first)),
            width: self.plane.width,
            stride: self.stride,
            samples: &self.strip,
        }
    }
}

/// Some rows of a plane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strip<'a> {
    /// Number of the first row in the plane.
    pub first: usize,
    /// Number of rows, at least one.
    pub rows: usize,
    /// Samples of a row, and the distance from each row to the next.
    width: usize,
    stride: usize,
    samples: &'a [u8],
}

impl<'a> Strip<'a> {
    /// Row number `row` of the strip.
    pub fn row(&self, row: usize) -> &'a [u8] {
        &self.samples[row * self.stride..][..self.width]
    }
}
