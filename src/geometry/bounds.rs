//! A range of allowed sizes, and which of them suits a ratio best.

use std::cmp::{Ordering, Reverse};
use std::fmt;

use super::size::{AspectRatio, Size};

/// The longest side of a JPEG, which no image exceeds here.
pub(super) const LONGEST_SIDE: u32 = 65_535;

/// A range of allowed sizes: limits of the sides, their multiple, the number of pixels and the ratio.
///
/// [`Bounds::ANY`] allows every size. Start from [`Bounds::new`] or [`Bounds::square`] and add limits:
///
/// ```
/// use imgpost::{Bounds, Size};
///
/// let bounds = Bounds::square(16, 3824, 16).with_max_pixels(8_294_400).with_max_ratio(3);
/// assert!(bounds.contains(Size::new(3072, 1024)));
/// assert!(!bounds.contains(Size::new(3088, 1024)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Bounds {
    /// Minimum width and minimum height in pixels.
    pub min: Size,
    /// Maximum width and maximum height in pixels.
    pub max: Size,
    /// Both sides are a multiple of this. Default: 1.
    pub multiple: u32,
    /// Minimum number of pixels. Default: none.
    pub min_pixels: Option<u64>,
    /// Maximum number of pixels. Default: none.
    pub max_pixels: Option<u64>,
    /// Maximum ratio of the longer to the shorter side. Default: none.
    pub max_ratio: Option<u32>,
}

impl Bounds {
    /// Every size from 1×1 to 65,535×65,535, the largest that a JPEG can have.
    pub const ANY: Self = Self::square(1, LONGEST_SIDE, 1);

    /// Sizes from `min` to `max` whose sides are multiples of `multiple`.
    pub const fn new(min: Size, max: Size, multiple: u32) -> Self {
        Self {
            min,
            max,
            multiple,
            min_pixels: None,
            max_pixels: None,
            max_ratio: None,
        }
    }

    /// Sizes whose sides are both from `min` to `max` pixels and multiples of `multiple`.
    pub const fn square(min: u32, max: u32, multiple: u32) -> Self {
        Self::new(Size::new(min, min), Size::new(max, max), multiple)
    }

    /// The same with at least `pixels` pixels.
    #[must_use]
    pub const fn with_min_pixels(mut self, pixels: u64) -> Self {
        self.min_pixels = Some(pixels);
        self
    }

    /// The same with at most `pixels` pixels.
    #[must_use]
    pub const fn with_max_pixels(mut self, pixels: u64) -> Self {
        self.max_pixels = Some(pixels);
        self
    }

    /// The same with the longer side at most `ratio` times the shorter one.
    #[must_use]
    pub const fn with_max_ratio(mut self, ratio: u32) -> Self {
        self.max_ratio = Some(ratio);
        self
    }

    /// Whether `size` is allowed.
    pub fn contains(&self, size: Size) -> bool {
        let Size { width, height } = size;
        let (shorter, longer) = (width.min(height), width.max(height));
        !size.is_empty()
            && (self.min.width..=self.max.width).contains(&width)
            && (self.min.height..=self.max.height).contains(&height)
            && width.is_multiple_of(self.step())
            && height.is_multiple_of(self.step())
            && self.min_pixels.is_none_or(|min| size.area() >= min)
            && self.max_pixels.is_none_or(|max| size.area() <= max)
            && self
                .max_ratio
                .is_none_or(|max| u64::from(longer) <= u64::from(shorter) * u64::from(max))
    }

    fn step(&self) -> u32 {
        self.multiple.max(1)
    }

    /// The same with both sides at most those of `limit`.
    pub(super) fn at_most(mut self, limit: Size) -> Self {
        self.max = self.max.at_most(limit);
        self
    }

    /// The best size for an image of `ratio` that is not enlarged beyond `limit` unless the bounds require it.
    ///
    /// They require it where all sizes up to `limit` are too small, or so coarse that the crop loses too much.
    pub(super) fn nearest_within(&self, ratio: AspectRatio, limit: Size) -> Option<Size> {
        let mut limit = limit.at_least(self.least_box(ratio));
        let found = self.at_most(limit).nearest(ratio);
        if let Some(size) = found
            && Kept::of(size, ratio).is_acceptable()
        {
            return found;
        }
        let best = Kept::of(self.nearest(ratio)?, ratio);
        loop {
            if let Some(size) = self.at_most(limit).nearest(ratio) {
                let kept = Kept::of(size, ratio);
                if kept.is_acceptable() || kept >= best {
                    return Some(size);
                }
            }
            // A sixteenth bounds the number of steps where nothing but the largest sizes will do.
            let grow = |side: u32| side.saturating_add(self.step().max(side / 16));
            limit = Size::new(grow(limit.width), grow(limit.height));
        }
    }

    /// The best size for an image of `ratio`: of those whose crop cannot be seen the one that shows the image largest,
    /// otherwise the one of the nearest ratio.
    pub(super) fn nearest(&self, ratio: AspectRatio) -> Option<Size> {
        if self.max.is_empty() {
            return None;
        }
        self.candidates(ratio).max_by(|a, b| by_fit(*a, *b, ratio))
    }

    /// The size for about `wanted` / `found` of the pixels of `size` in its ratio; smaller in both directions.
    pub(super) fn shrink(&self, size: Size, wanted: u64, found: u64) -> Option<Size> {
        let scaled = |side: u32| {
            let squared = u128::from(side).pow(2) * u128::from(wanted) / u128::from(found.max(1));
            (squared.isqrt() as u32).min(side.saturating_sub(self.step()))
        };
        let limit = Size::new(scaled(size.width), scaled(size.height));
        self.at_most(limit).nearest(size.into())
    }

    /// The smallest box of `ratio` that reaches the minimums, both sides rounded up to a multiple.
    fn least_box(&self, ratio: AspectRatio) -> Size {
        let ratio = self.allowed_ratio(ratio);
        let (rw, rh) = (u128::from(ratio.width), u128::from(ratio.height));
        let min = self.min.at_least(Size::new(1, 1));
        let min_pixels = u128::from(self.min_pixels.unwrap_or(0));
        let side = |min: u32, other_min: u32, this: u128, other: u128| {
            let by_ratio = (u128::from(other_min) * this).div_ceil(other);
            let squared = (min_pixels * this).div_ceil(other);
            let by_pixels = squared.isqrt() + u128::from(squared.isqrt().pow(2) < squared);
            let side = by_ratio.max(by_pixels).max(u128::from(min));
            let step = u128::from(self.step());
            u32::try_from(side.div_ceil(step) * step).unwrap_or(u32::MAX)
        };
        Size::new(
            side(min.width, min.height, rw, rh),
            side(min.height, min.width, rh, rw),
        )
    }

    fn allowed_ratio(&self, ratio: AspectRatio) -> AspectRatio {
        let Some(max) = self.max_ratio else {
            return ratio;
        };
        let (width, height) = (u64::from(ratio.width), u64::from(ratio.height));
        if width > height * u64::from(max) {
            AspectRatio::new(max, 1)
        } else if height > width * u64::from(max) {
            AspectRatio::new(1, max)
        } else {
            ratio
        }
    }

    /// For every allowed width the two allowed heights around the exact one: no other height can be the best.
    fn candidates(self, ratio: AspectRatio) -> impl Iterator<Item = Size> {
        let step = u64::from(self.step());
        let max = self.max.at_most(Size::new(LONGEST_SIDE, LONGEST_SIDE));
        let max_pixels = self.max_pixels.unwrap_or(u64::MAX);
        let max_ratio = u64::from(self.max_ratio.unwrap_or(u32::MAX));
        let widest = u64::from(max.width) / step;
        let narrowest = u64::from(self.min.width.max(1)).div_ceil(step);
        (narrowest..=widest).flat_map(move |columns| {
            let width = columns * step;
            let lowest = u64::from(self.min.height.max(1))
                .max(self.min_pixels.unwrap_or(0).div_ceil(width))
                .max(width.div_ceil(max_ratio.max(1)))
                .div_ceil(step);
            let highest = u64::from(max.height)
                .min(max_pixels / width)
                .min(width * max_ratio)
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

/// How much of an image is kept when it is cropped to a size: `part` of `whole`.
///
/// Between sizes for one ratio, a greater `part` shows the image larger.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    part: u128,
    whole: u128,
}

impl Kept {
    pub fn of(size: Size, ratio: AspectRatio) -> Self {
        let x = u128::from(size.width) * u128::from(ratio.height);
        let y = u128::from(size.height) * u128::from(ratio.width);
        Self {
            part: x.min(y),
            whole: x.max(y),
        }
    }

    fn is_at_least(self, thousandths: u128) -> bool {
        self.part * 1000 >= self.whole * thousandths
    }

    /// Whether the crop loses so little, 0.5 %, that nobody sees it.
    pub fn is_invisible(self) -> bool {
        self.is_at_least(995)
    }

    /// Whether the crop loses no more, 5 %, than may happen without being asked for.
    pub fn is_acceptable(self) -> bool {
        self.is_at_least(950)
    }

    /// Whether the crop loses at most 2 % more than `best`.
    pub fn is_close_to(self, best: Self) -> bool {
        self.part * best.whole * 100 >= best.part * self.whole * 98
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Kept {}

impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kept {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.part * other.whole).cmp(&(other.part * self.whole))
    }
}

/// Orders sizes by how well they suit an image of `ratio`; the greatest is the best.
fn by_fit(a: Size, b: Size, ratio: AspectRatio) -> Ordering {
    let (kept_a, kept_b) = (Kept::of(a, ratio), Kept::of(b, ratio));
    kept_a
        .is_invisible()
        .cmp(&kept_b.is_invisible())
        .then_with(|| {
            if kept_a.is_invisible() {
                let largest = |kept: Kept| (kept.part, Reverse(kept.whole));
                largest(kept_a).cmp(&largest(kept_b))
            } else {
                kept_a.cmp(&kept_b).then(a.area().cmp(&b.area()))
            }
        })
        // Sizes that lose equally much on either side of the ratio: any rule will do, as long as there is one.
        .then(a.width.cmp(&b.width))
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (min, max) = (self.min, self.max);
        let sides = if min.width == min.height && max.width == max.height {
            format!("{} to {} pixels a side", min.width, max.width)
        } else {
            format!("{min} to {max}")
        };
        let multiple = (self.multiple > 1).then(|| format!("multiples of {}", self.multiple));
        let pixels = match (self.min_pixels, self.max_pixels) {
            (None, None) => None,
            (Some(min), None) => Some(format!("at least {min} pixels")),
            (None, Some(max)) => Some(format!("at most {max} pixels")),
            (Some(min), Some(max)) => Some(format!("{min} to {max} pixels")),
        };
        let ratio = self.max_ratio.map(|ratio| format!("at most {ratio}:1"));
        let others: Vec<_> = [multiple, pixels, ratio].into_iter().flatten().collect();
        // That a side has a pixel and fits into the arithmetic is no news if there is more to say.
        let is_any = (min, max) == (Self::ANY.min, Self::ANY.max);
        let sides = (!is_any || others.is_empty()).then_some(sides);
        let all: Vec<_> = sides.into_iter().chain(others).collect();
        f.write_str(&all.join(", "))
    }
}

#[cfg(test)]
pub(super) mod tests;
