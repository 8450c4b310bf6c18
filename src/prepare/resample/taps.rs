//! The kernels, and the weights of the pixels that each pixel of the result is made of.

use std::f64::consts::PI;

/// How pixels become more or fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::prepare) enum Kernel {
    /// Three lobes: sharp, for images.
    Lanczos3,
    /// The mean of the area that a pixel covers, or the nearest pixel when enlarging. It makes no values between those
    /// of the source where a flat area is enlarged: for masks.
    Area,
}

/// The weights along one side: an even number of them, the same for every pixel of the result, so that loops over them
/// have one length. Where fewer are needed, the last ones are 0.
pub(super) struct Taps {
    /// By pixel of the result: the first pixel of the source.
    starts: Vec<usize>,
    /// By pixel of the result: the end of the pixels of the source whose weight counts.
    ends: Vec<usize>,
    /// `count` for each pixel of the result; the sum of each is 1.
    weights: Vec<f32>,
    count: usize,
}

impl Taps {
    /// For `to` pixels that come from `length` of the `source` pixels, from `start` on.
    pub fn new(source: u32, start: f64, length: f64, to: u32, kernel: Kernel) -> Self {
        let step = length / f64::from(to);
        let all: Vec<(usize, Vec<f64>)> = (0..to)
            .map(|number| {
                let center = start + (f64::from(number) + 0.5) * step;
                pixel(source, center, step, kernel)
            })
            .collect();
        let longest = all.iter().map(|(_, weights)| weights.len()).max();
        let count = longest.unwrap_or(1).next_multiple_of(2);
        let mut weights = vec![0.0; count * all.len()];
        for ((_, exact), weights) in all.iter().zip(weights.chunks_exact_mut(count)) {
            let sum: f64 = exact.iter().sum();
            for (weight, exact) in weights.iter_mut().zip(exact) {
                *weight = (exact / sum) as f32;
            }
        }
        Self {
            starts: all.iter().map(|(start, _)| *start).collect(),
            ends: all
                .iter()
                .map(|(start, weights)| start + weights.len())
                .collect(),
            weights,
            count,
        }
    }

    /// The number of pixels of the result.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// The number of weights of a pixel.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first pixel of the source whose weight counts for this one.
    pub fn start(&self, number: usize) -> usize {
        self.starts[number]
    }

    /// The end of the pixels of the source whose weight counts for this one.
    pub fn end(&self, number: usize) -> usize {
        self.ends[number]
    }

    /// By pixel of the result: the first pixel of the source, and the weights from there on.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.starts
            .iter()
            .copied()
            .zip(self.weights.chunks_exact(self.count))
    }
}

/// Weights in whole numbers, two in each: those of a pixel of the source with an even number and of the next one, in
/// the low and the high half.
pub(super) struct PairedTaps {
    weights: Vec<i32>,
    count: usize,
}

/// What the weights of a pixel sum to.
pub(super) const WHOLE: i32 = 1 << 14;

impl PairedTaps {
    pub fn new(taps: &Taps) -> Self {
        let pairs = |n: usize| taps.end(n).div_ceil(2) - taps.start(n) / 2;
        let count = (0..taps.len()).map(pairs).max().unwrap_or(1);
        let mut weights = Vec::with_capacity(count * taps.len());
        for (number, (start, exact)) in taps.iter().enumerate() {
            let mut whole = vec![0; 2 * count];
            let used = &mut whole[start % 2..][..taps.end(number) - start];
            for (whole, exact) in used.iter_mut().zip(exact) {
                *whole = (exact * WHOLE as f32).round() as i32;
            }
            let missing = WHOLE - used.iter().sum::<i32>();
            // Where it matters least, so that a flat area stays what it is.
            let largest = used.iter_mut().max_by_key(|weight| **weight);
            *largest.expect("every pixel has a weight") += missing;
            let pairs = whole.as_chunks::<2>().0.iter();
            weights.extend(pairs.map(|[even, odd]| even & 0xFFFF | odd << 16));
        }
        Self { weights, count }
    }

    /// The number of pairs of a pixel.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Of a pixel of the result: from the pair on that the first pixel of the source belongs to.
    pub fn weights(&self, number: usize) -> &[i32] {
        &self.weights[number * self.count..][..self.count]
    }
}

/// The first pixel of the source that has a weight, and the weights from there on.
fn pixel(source: u32, center: f64, step: f64, kernel: Kernel) -> (usize, Vec<f64>) {
    let last = source - 1;
    if kernel == Kernel::Area && step < 1.0 {
        return ((center as u32).min(last) as usize, vec![1.0]);
    }
    // A reduced image needs the kernel as wide as its pixels are now.
    let stretch = step.max(1.0);
    let (radius, weight): (f64, fn(f64) -> f64) = match kernel {
        Kernel::Lanczos3 => (3.0, lanczos3),
        Kernel::Area => (0.5, |_| 1.0),
    };
    // The middle of a pixel is half a pixel behind its start.
    let first = ((center - radius * stretch + 0.5).max(0.0) as u32).min(last);
    let end = ((center + radius * stretch + 0.5) as u32).clamp(first + 1, source);
    let weights = (first..end).map(|n| weight((f64::from(n) + 0.5 - center) / stretch));
    (first as usize, weights.collect())
}

pub(super) fn lanczos3(x: f64) -> f64 {
    let sinc = |x: f64| {
        if x == 0.0 {
            1.0
        } else {
            (PI * x).sin() / (PI * x)
        }
    };
    if x.abs() < 3.0 {
        sinc(x) * sinc(x / 3.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_stay_within_the_source_and_sum_to_one() {
        for (source, start, length) in [
            (1, 0.0, 1.0),
            (7, 0.0, 7.0),
            (40, 3.25, 20.5),
            (40, 39.0, 1.0),
        ] {
            for to in [1, 2, 3, 39, 40, 41, 100] {
                for kernel in [Kernel::Lanczos3, Kernel::Area] {
                    let taps = Taps::new(source, start, length, to, kernel);
                    assert_eq!(taps.len(), to as usize);
                    for (number, (start, weights)) in taps.iter().enumerate() {
                        assert!(start < taps.end(number) && taps.end(number) <= source as usize);
                        let (counting, rest) = weights.split_at(taps.end(number) - start);
                        assert!((counting.iter().sum::<f32>() - 1.0).abs() < 1e-5);
                        assert!(rest.iter().all(|weight| *weight == 0.0));
                    }
                    let pairs = PairedTaps::new(&taps);
                    for number in 0..taps.len() {
                        let halves = |pair: &i32| i32::from(*pair as i16) + (pair >> 16);
                        assert_eq!(pairs.weights(number).iter().map(halves).sum::<i32>(), WHOLE);
                    }
                }
            }
        }
    }
}
