//! How far a JPEG is reduced while it is decoded: as far as the resampler still has enough to work on.

use crate::geometry::Size;
use crate::jpeg::Divisor;

/// The least number of samples, in each direction, from which the resampler makes one. A reduction while decoding is
/// cheap, but no Lanczos filter: the less is left to do after it, the more it shows.
const LEAST: f64 = 2.0;

/// The reduction of `samples` that become `wanted`.
pub(super) fn of_samples(samples: f64, wanted: u32) -> Divisor {
    // A crop is computed with fractions.
    let available = samples * (1.0 + 1e-9);
    let is_enough = |by: &Divisor| available >= f64::from(*by as u32) * LEAST * f64::from(wanted);
    [Divisor::Eight, Divisor::Four, Divisor::Two]
        .into_iter()
        .find(is_enough)
        .unwrap_or(Divisor::One)
}

/// The reduction of pixels, of which `crop` becomes `size`.
pub(in crate::prepare) fn reduction([_, _, width, height]: [f64; 4], size: Size) -> Divisor {
    of_samples(width, size.width).min(of_samples(height, size.height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_result_is_left_to_the_resampler() {
        for (samples, wanted, by) in [
            (3999.0, 1000, Divisor::One),
            (4000.0, 1000, Divisor::Two),
            (8000.0 - 1e-7, 1000, Divisor::Four),
            (16_000.0, 1000, Divisor::Eight),
            (65_535.0, 1, Divisor::Eight),
            (10.0, 1000, Divisor::One),
        ] {
            assert_eq!(of_samples(samples, wanted), by, "{samples} to {wanted}");
        }
        let size = Size::new(100, 100);
        assert_eq!(reduction([0.0, 0.0, 800.0, 400.0], size), Divisor::Two);
    }
}
