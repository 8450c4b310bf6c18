//! The sizes a service accepts, and which of them suits a ratio best.

use std::cmp::Ordering;
use std::fmt;

use super::inscribed;
use super::size::{AspectRatio, Size};

/// No image is made wider or higher than a JPEG can be.
const LONGEST_SIDE: u32 = 65_535;

/// The sizes a service accepts.
///
/// The presets are what Leonardo.Ai publishes for its model families; for another service use [`Bounds::new`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// The least width and the least height.
    pub min: Size,
    /// The greatest width and the greatest height.
    pub max: Size,
    /// What both sides are a multiple of; 1 for any size.
    pub multiple: u32,
    /// The least number of pixels; 0 for any.
    pub min_pixels: u64,
    /// The greatest number of pixels; `u64::MAX` for any.
    pub max_pixels: u64,
    /// How many times as long as the shorter side the longer one may be; `u32::MAX` for any.
    pub max_ratio: u32,
}

impl Bounds {
    /// What `POST /v1/generations` accepts: 32 to 1536, multiples of 8
    /// ([API reference](https://docs.leonardo.ai/reference/creategeneration)).
    pub const LEONARDO_V1: Self = Self::square(32, 1536, 8);

    /// What the canvas of `POST /v1/generations` accepts for an image and its mask: at most 1536, multiples of 8
    /// ([API reference](https://docs.leonardo.ai/reference/uploadcanvasinitimage)).
    pub const LEONARDO_CANVAS: Self = Self::square(32, 1536, 8);

    /// FLUX.1 Kontext on v2: 32 to 2048. Multiples of 8 are always accepted.
    pub const LEONARDO_FLUX_KONTEXT: Self = Self::square(32, 2048, 8);

    /// GPT Image on v2: multiples of 16, between 655,360 and 8,294,400 pixels, at most 3:1 either way.
    pub const LEONARDO_GPT_IMAGE: Self = Self {
        min_pixels: 655_360,
        max_pixels: 8_294_400,
        max_ratio: 3,
        // The longest side that the number of pixels and the ratio leave.
        ..Self::square(16, 4976, 16)
    };

    /// Lucid Origin on v2: 16 to 3840. Multiples of 8 are always accepted.
    pub const LEONARDO_LUCID: Self = Self::square(16, 3840, 8);

    /// The images of a dataset: 1024×1024
    /// ([API reference](https://docs.leonardo.ai/reference/uploaddatasetimage)).
    pub const LEONARDO_DATASET: Self = Self::square(1024, 1024, 8);

    /// The presets by name, as the command has them.
    pub const PRESETS: [(&'static str, Self); 6] = [
        ("v1", Self::LEONARDO_V1),
        ("canvas", Self::LEONARDO_CANVAS),
        ("flux-kontext", Self::LEONARDO_FLUX_KONTEXT),
        ("gpt-image", Self::LEONARDO_GPT_IMAGE),
        ("lucid", Self::LEONARDO_LUCID),
        ("dataset", Self::LEONARDO_DATASET),
    ];

    /// Both sides at least `min`, at most `max` and a multiple of `multiple`, any number of pixels and any ratio.
    pub const fn new(min: Size, max: Size, multiple: u32) -> Self {
        Self {
            min,
            max,
            multiple,
            min_pixels: 0,
            max_pixels: u64::MAX,
            max_ratio: u32::MAX,
        }
    }

    const fn square(min: u32, max: u32, multiple: u32) -> Self {
        Self::new(Size::new(min, min), Size::new(max, max), multiple)
    }

    /// Whether `size` is one of them.
    pub fn contains(&self, size: Size) -> bool {
        let Size { width, height } = size;
        let multiple = self.multiple.max(1);
        let longest = |shorter: u32| u64::from(shorter) * u64::from(self.max_ratio);
        (self.min.width..=self.max.width).contains(&width)
            && (self.min.height..=self.max.height).contains(&height)
            && width.is_multiple_of(multiple)
            && height.is_multiple_of(multiple)
            && (self.min_pixels..=self.max_pixels).contains(&size.area())
            && u64::from(width.max(height)) <= longest(width.min(height))
            && !size.is_empty()
    }

    /// Of these sizes, the one whose ratio is nearest to `ratio`, and the largest such.
    ///
    /// The very nearest ratio can belong to a size only half as large (1170×2532 comes nearest with 536×1160, while
    /// 712×1536 loses five rows of pixels), so only sizes with both sides at least 15/16 of the largest box of
    /// `ratio` compete, as long as there are any.
    pub(super) fn nearest(&self, ratio: AspectRatio) -> Option<Size> {
        if self.max.is_empty() {
            return None;
        }
        let ideal = self.largest_box(ratio);
        let most_of = |side: u32| (u64::from(side) * 15).div_ceil(16) as u32;
        let large = Self {
            min: Size::new(
                self.min.width.max(most_of(ideal.width)),
                self.min.height.max(most_of(ideal.height)),
            ),
            ..*self
        };
        let best = |bounds: Self| {
            let sizes = bounds.candidates(ratio);
            sizes.max_by(|a, b| nearness(*a, *b, ratio))
        };
        best(large).or_else(|| best(*self))
    }

    /// These bounds for an image of size `source` that is not to be enlarged more than they demand.
    pub(super) fn without_enlargement(self, source: Size, ratio: AspectRatio) -> Self {
        let least = self.least_box(ratio);
        let limit = |max: u32, source: u32, least: u32| max.min(source.max(least));
        Self {
            max: Size::new(
                limit(self.max.width, source.width, least.width),
                limit(self.max.height, source.height, least.height),
            ),
            ..self
        }
    }

    /// A size of the ratio of `size` with about `wanted` / `found` of its pixels, and at least one step smaller; none
    /// where the bounds hold no smaller one.
    pub(crate) fn shrink(&self, size: Size, wanted: u64, found: u64) -> Option<Size> {
        // Files shrink a little less than their pixels.
        let scaled = |side: u32| {
            let squared = u128::from(side).pow(2) * u128::from(wanted) / u128::from(found.max(1));
            let aim = squared.isqrt() as u32;
            (aim - aim / 32).min(side.saturating_sub(self.multiple.max(1)))
        };
        let smaller = Self {
            max: Size::new(scaled(size.width), scaled(size.height)),
            ..*self
        };
        smaller.nearest(size.into())
    }

    /// The largest box of `ratio`, as far as the bounds allow that ratio, without regard to the multiple.
    fn largest_box(&self, ratio: AspectRatio) -> Size {
        let ratio = self.allowed_ratio(ratio);
        let max = Size::new(
            self.max.width.min(LONGEST_SIDE),
            self.max.height.min(LONGEST_SIDE),
        );
        let inscribed = inscribed(ratio, max);
        if inscribed.area() <= self.max_pixels {
            return inscribed;
        }
        let (width, height) = (u128::from(ratio.width), u128::from(ratio.height));
        let side =
            |this: u128, other: u128| (u128::from(self.max_pixels) * this / other).isqrt() as u32;
        Size::new(side(width, height), side(height, width))
    }

    /// A box of `ratio` that is large enough, both sides a multiple.
    fn least_box(&self, ratio: AspectRatio) -> Size {
        let ratio = self.allowed_ratio(ratio);
        let (width, height) = (u128::from(ratio.width), u128::from(ratio.height));
        let multiple = self.multiple.max(1);
        let side = |min: u32, this: u128, other: u128| {
            let pixels = u128::from(self.min_pixels) * this / other;
            let side = (pixels.isqrt() as u32).saturating_add(1).max(min);
            side.div_ceil(multiple).saturating_mul(multiple)
        };
        match self.min_pixels {
            0 => {
                let least = |min: u32| min.max(1).div_ceil(multiple).saturating_mul(multiple);
                Size::new(least(self.min.width), least(self.min.height))
            }
            _ => Size::new(
                side(self.min.width, width, height),
                side(self.min.height, height, width),
            ),
        }
    }

    fn allowed_ratio(&self, ratio: AspectRatio) -> AspectRatio {
        let limit = u64::from(self.max_ratio);
        let (width, height) = (u64::from(ratio.width), u64::from(ratio.height));
        if width > height * limit {
            AspectRatio::new(self.max_ratio, 1)
        } else if height > width * limit {
            AspectRatio::new(1, self.max_ratio)
        } else {
            ratio
        }
    }

    /// For every allowed width the two allowed heights around the exact one: no other height can be the best.
    fn candidates(self, ratio: AspectRatio) -> impl Iterator<Item = Size> {
        let step = u64::from(self.multiple.max(1));
        let widest = u64::from(self.max.width.min(LONGEST_SIDE)) / step;
        let narrowest = u64::from(self.min.width.max(1)).div_ceil(step);
        (narrowest..=widest).flat_map(move |columns| {
            let width = columns * step;
            let limit = u64::from(self.max_ratio);
            let lowest = u64::from(self.min.height.max(1))
                .max(self.min_pixels.div_ceil(width))
                .max(width.div_ceil(limit.max(1)))
                .div_ceil(step);
            let highest = u64::from(self.max.height.min(LONGEST_SIDE))
                .min(self.max_pixels / width)
                .min(width * limit)
                / step;
            let exact = width * u64::from(ratio.height) / (u64::from(ratio.width) * step);
            let heights = if lowest <= highest {
                [Some(exact), Some(exact + 1)]
            } else {
                [None, None]
            };
            heights.into_iter().flatten().map(move |rows| {
                let rows = rows.clamp(lowest, highest);
                Size::new(width as u32, (rows * step) as u32)
            })
        })
    }
}

/// Orders sizes by how much of an image of `ratio` they keep when it is cropped to them, then by area.
fn nearness(a: Size, b: Size, ratio: AspectRatio) -> Ordering {
    let kept = |size: Size| {
        let x = u128::from(size.width) * u128::from(ratio.height);
        let y = u128::from(size.height) * u128::from(ratio.width);
        (x.min(y), x.max(y))
    };
    let ((a_part, a_whole), (b_part, b_whole)) = (kept(a), kept(b));
    (a_part * b_whole)
        .cmp(&(b_part * a_whole))
        .then(a.area().cmp(&b.area()))
        // Sizes that lose equally much on either side of the ratio: any rule will do, as long as it is one.
        .then(a.width.cmp(&b.width))
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (min, max) = (self.min, self.max);
        if min.width == min.height && max.width == max.height {
            write!(f, "{} to {}", min.width, max.width)?
        } else {
            write!(f, "{min} to {max}")?
        }
        if self.multiple > 1 {
            write!(f, ", a multiple of {}", self.multiple)?;
        }
        if (self.min_pixels, self.max_pixels) != (0, u64::MAX) {
            write!(f, ", {} to {} pixels", self.min_pixels, self.max_pixels)?;
        }
        if self.max_ratio != u32::MAX {
            write!(f, ", at most {}:1", self.max_ratio)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every allowed size competes here, without the shortcut of two heights a width.
    fn brute_force(ratio: AspectRatio, bounds: Bounds) -> Option<Size> {
        let mut all = Vec::new();
        for width in bounds.min.width..=bounds.max.width {
            for height in bounds.min.height..=bounds.max.height {
                let size = Size::new(width, height);
                if bounds.contains(size) {
                    all.push(size);
                }
            }
        }
        let ideal = bounds.largest_box(ratio);
        let large =
            |s: &Size| s.width * 16 >= ideal.width * 15 && s.height * 16 >= ideal.height * 15;
        if all.iter().any(large) {
            all.retain(large);
        }
        let kept = |s: &Size| {
            let (a, b) = (s.width * ratio.height, s.height * ratio.width);
            f64::from(a.min(b)) / f64::from(a.max(b))
        };
        all.into_iter().max_by(|a, b| {
            let by_ratio = kept(a).partial_cmp(&kept(b)).unwrap();
            by_ratio
                .then(a.area().cmp(&b.area()))
                .then(a.width.cmp(&b.width))
        })
    }

    #[test]
    fn the_nearest_size_is_the_best_of_all() {
        let mut cases = 0;
        for multiple in [1, 3, 8] {
            for (min, max) in [(8, 40), (16, 24), (1, 9)] {
                let plain = Bounds::new(Size::new(min, min + 1), Size::new(max, max + 5), multiple);
                let tight = Bounds {
                    min_pixels: u64::from(max * max) / 3,
                    max_pixels: u64::from(max * max) / 2,
                    max_ratio: 2,
                    ..plain
                };
                for bounds in [plain, tight] {
                    for width in 1..30 {
                        for height in 1..30 {
                            let ratio = AspectRatio::new(width, height);
                            let found = bounds.nearest(ratio);
                            assert_eq!(found, brute_force(ratio, bounds), "{ratio} {bounds:?}");
                            assert!(found.is_none_or(|size| bounds.contains(size)));
                            cases += 1;
                        }
                    }
                }
            }
        }
        assert_eq!(cases, 2 * 9 * 29 * 29);
    }

    #[test]
    fn every_preset_takes_every_camera() {
        for (name, bounds) in Bounds::PRESETS {
            for (width, height) in [(4, 3), (3, 2), (16, 9), (9, 16), (1, 1), (10, 1), (1, 10)] {
                let size = bounds.nearest(AspectRatio::new(width, height)).unwrap();
                assert!(bounds.contains(size), "{name}: {size}");
            }
        }
        let gpt = |width, height| {
            let ratio = AspectRatio::new(width, height);
            Bounds::LEONARDO_GPT_IMAGE.nearest(ratio).unwrap()
        };
        assert_eq!(gpt(4, 3), Size::new(3264, 2448));
        assert_eq!(gpt(16, 9), Size::new(3840, 2160));
        assert_eq!(gpt(10, 1), Size::new(4944, 1648));
        let dataset = Bounds::LEONARDO_DATASET.nearest(AspectRatio::new(3, 2));
        assert_eq!(dataset, Some(Size::new(1024, 1024)));
    }

    #[test]
    fn bounds_without_limits_are_answered_at_once() {
        let any = Bounds::new(Size::new(0, 0), Size::new(u32::MAX, u32::MAX), 0);
        let size = any.nearest(AspectRatio::new(1, 1));
        assert_eq!(size, Some(Size::new(65_535, 65_535)));
        let none = Bounds {
            max_pixels: 0,
            ..any
        };
        assert_eq!(none.nearest(AspectRatio::new(1, 1)), None);
    }
}
