//! Rows of one component at the size of the image: chroma is interpolated as libjpeg does ("fancy upsampling").
//!
//! Where a component has half the samples in a direction, three quarters of the nearer sample and one quarter of the
//! farther one are mixed. Other ratios, and images of an eighth of their size, repeat samples, as in libjpeg.

use super::channel::{Plane, Strip};

/// The rows of a component that are still needed, and how they are enlarged.
pub(super) struct Upsampler {
    /// Pixels for samples: `ratio[axis].0` pixels for `ratio[axis].1` samples.
    ratio: [(usize, usize); 2],
    is_smooth: bool,
    width: usize,
    height: usize,
    rows: Vec<u8>,
    /// Number of the first row in `rows`, and the number behind the last.
    first: usize,
    end: usize,
    /// A row before it is enlarged horizontally, with a sample more at each end.
    line: Vec<u16>,
}

impl Upsampler {
    /// `ratio` has the pixels and the samples for each axis. `is_smooth` allows interpolation.
    pub fn new(plane: &Plane, ratio: [(usize, usize); 2], is_smooth: bool) -> Self {
        let [horizontal, vertical] =
            ratio.map(|(pixels, samples)| (pixels / samples, pixels % samples));
        // libjpeg repeats samples in all other cases.
        let is_half = match (horizontal, vertical) {
            ((2, 0), (1 | 2, 0)) => plane.width > 2,
            ((1, 0), (2, 0)) => true,
            _ => false,
        };
        Self {
            ratio,
            is_smooth: is_smooth && is_half,
            width: plane.width,
            height: plane.height,
            rows: Vec::new(),
            first: 0,
            end: 0,
            line: vec![0; plane.width + 2],
        }
    }

    /// Adds rows behind those that are there.
    pub fn push(&mut self, strip: &Strip<'_>) {
        for row in 0..strip.rows {
            self.rows.extend_from_slice(strip.row(row));
        }
        self.end = strip.first + strip.rows;
    }

    /// The nearer and the farther row that row `y` of the image is made of.
    fn sources(&self, y: usize) -> (usize, usize) {
        let (pixels, samples) = self.ratio[1];
        let last = self.height - 1;
        let near = (y * samples / pixels).min(last);
        let far = if !self.is_smooth || pixels == samples {
            near
        } else if y.is_multiple_of(2) {
            near.saturating_sub(1)
        } else {
            (near + 1).min(last)
        };
        (near, far)
    }

    /// Whether the rows for row `y` of the image are there.
    pub fn is_ready(&self, y: usize) -> bool {
        let (near, far) = self.sources(y);
        near.max(far) < self.end
    }

    /// Drops rows that no row of the image from `y` on needs.
    pub fn release(&mut self, y: usize) {
        let (near, far) = self.sources(y);
        let unused = near.min(far).clamp(self.first, self.end) - self.first;
        self.rows.drain(..unused * self.width);
        self.first += unused;
    }

    /// Makes row `y` of the image.
    #[inline(always)]
    pub fn row(&mut self, y: usize, out: &mut [u8]) {
        let (near, far) = self.sources(y);
        let near = &self.rows[(near - self.first) * self.width..][..self.width];
        let far = &self.rows[(far - self.first) * self.width..][..self.width];
        let (horizontal, vertical) = (self.ratio[0], self.ratio[1]);
        let is_doubled = |(pixels, samples): (usize, usize)| pixels == 2 * samples;
        match (
            self.is_smooth && is_doubled(vertical),
            self.is_smooth && is_doubled(horizontal),
        ) {
            (false, false) if horizontal.0 == horizontal.1 => {
                let length = out.len().min(near.len());
                out[..length].copy_from_slice(&near[..length]);
            }
            (false, false) => {
                for (x, out) in out.iter_mut().enumerate() {
                    *out = near[(x * horizontal.1 / horizontal.0).min(near.len() - 1)];
                }
            }
            (true, false) => {
                let bias = if y.is_multiple_of(2) { 1 } else { 2 };
                for ((out, near), far) in out.iter_mut().zip(near).zip(far) {
                    *out = ((3 * u16::from(*near) + u16::from(*far) + bias) >> 2) as u8;
                }
            }
            (false, true) => {
                for (value, near) in self.line[1..].iter_mut().zip(near) {
                    *value = u16::from(*near);
                }
                double::<2, 1, 2>(&mut self.line, out);
            }
            (true, true) => {
                for ((value, near), far) in self.line[1..].iter_mut().zip(near).zip(far) {
                    *value = 3 * u16::from(*near) + u16::from(*far);
                }
                double::<4, 8, 7>(&mut self.line, out);
            }
        }
    }
}

/// Makes two pixels of each value of `line` but those at its ends, which this sets. `LEFT` and `RIGHT` are added before
/// the sums for the two pixels are shifted: libjpeg rounds them differently, so that errors cancel out.
#[inline(always)]
fn double<const SHIFT: u32, const LEFT: u16, const RIGHT: u16>(line: &mut [u16], out: &mut [u8]) {
    let last = line.len() - 1;
    (line[0], line[last]) = (line[1], line[last - 1]);
    let left = |[a, b, _]: [u16; 3]| ((3 * b + a + LEFT) >> SHIFT) as u8;
    let right = |[_, b, c]: [u16; 3]| ((3 * b + c + RIGHT) >> SHIFT) as u8;
    let (pairs, odd) = out.as_chunks_mut::<2>();
    for ((pair, a), (b, c)) in pairs
        .iter_mut()
        .zip(&*line)
        .zip(line[1..].iter().zip(&line[2..]))
    {
        let values = [*a, *b, *c];
        *pair = [left(values), right(values)];
    }
    if let ([odd], Some(values)) = (
        odd,
        line.get(pairs.len()..)
            .and_then(|rest| rest.first_chunk::<3>()),
    ) {
        *odd = left(*values);
    }
}
