//! The sizes that are allowed, in whatever form they are published, and which of them suits an image.

use std::borrow::Cow;
use std::fmt;

use super::bounds::{Bounds, Kept, LONGEST_SIDE};
use super::resolution::Resolution;
use super::size::{AspectRatio, Size};

/// Listed sizes of at least this many pixels are large enough for any photo, unless more are asked for.
const ENOUGH_PIXELS: u64 = 1_000_000;

/// The sizes that are allowed: a range, or a list where a service takes only listed sizes.
///
/// [`PrepareOptions::bounds`](crate::PrepareOptions::bounds) takes any of them:
///
/// ```
/// use imgpost::{AllowedSizes, Bounds, PrepareOptions, Size};
///
/// let range = PrepareOptions::default().bounds(Bounds::square(32, 1536, 8));
///
/// const PAIRS: &[Size] = &[Size::new(1024, 1024), Size::new(1264, 848), Size::new(848, 1264)];
/// let plan = PrepareOptions::default().bounds(AllowedSizes::from(PAIRS)).plan_size(6000, 4000)?;
/// assert_eq!(plan.size(), Size::new(1264, 848));
/// # Ok::<(), imgpost::Error>(())
/// ```
///
/// Within a range, an image gets the largest size that crops at most 0.5 % of its pixels, and where there is none the
/// size of the nearest ratio. In a list the nearest ratio comes first. Of the sizes of that ratio, an image below one
/// megapixel gets the smallest that is at least as large as the image, and a larger image the smallest of at least one
/// megapixel; [`PrepareOptions::resolution`](crate::PrepareOptions::resolution) chooses another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AllowedSizes {
    /// Every size in a range.
    Range(Bounds),
    /// Listed sizes only. Those whose ratios differ by less than 2 % are resolutions of one ratio.
    Pairs(Cow<'static, [Size]>),
    /// Every listed width with every listed height, as far as `bounds` contain the pair.
    Sides {
        /// The allowed widths in pixels.
        widths: Cow<'static, [u32]>,
        /// The allowed heights in pixels.
        heights: Cow<'static, [u32]>,
        /// What a pair has to satisfy besides, for example a maximum ratio. [`Bounds::ANY`] for nothing.
        bounds: Bounds,
    },
}

impl AllowedSizes {
    /// Whether `size` is allowed.
    pub fn contains(&self, size: Size) -> bool {
        match self {
            Self::Range(bounds) => bounds.contains(size),
            Self::Pairs(pairs) => pairs.contains(&size),
            Self::Sides {
                widths,
                heights,
                bounds,
            } => {
                widths.contains(&size.width)
                    && heights.contains(&size.height)
                    && bounds.contains(size)
            }
        }
    }

    /// The listed sizes, all of them at most `limit`.
    fn listed(&self, limit: Size) -> Vec<Size> {
        let is_possible = |size: &Size| !size.is_empty() && size.fits_in(limit);
        match self {
            Self::Range(_) => Vec::new(),
            Self::Pairs(pairs) => pairs.iter().copied().filter(is_possible).collect(),
            Self::Sides {
                widths,
                heights,
                bounds,
            } => widths
                .iter()
                .flat_map(|width| heights.iter().map(|height| Size::new(*width, *height)))
                .filter(|size| is_possible(size) && bounds.contains(*size))
                .collect(),
        }
    }

    /// The best size for an image of `ratio`.
    ///
    /// It is none larger than `limit` unless enlarging was allowed or is required. `max` holds in any case.
    pub(super) fn best(&self, ratio: AspectRatio, wish: &Wish) -> Option<Size> {
        let limit = Size::new(LONGEST_SIDE, LONGEST_SIDE);
        let limit = wish.max.map_or(limit, |max| max.at_most(limit));
        if let Self::Range(bounds) = self {
            let mut bounds = bounds.at_most(limit);
            if let Some(resolution) = wish.resolution {
                let pixels = resolution.pixels();
                bounds.max_pixels = Some(bounds.max_pixels.map_or(pixels, |max| max.min(pixels)));
            }
            return match wish.not_beyond {
                Some(source) => bounds.nearest_within(ratio, source),
                None => bounds.nearest(ratio),
            };
        }
        let mut sizes = self.listed(limit);
        let kept = |size: &Size| Kept::of(*size, ratio);
        let nearest = sizes.iter().map(kept).max()?;
        sizes.retain(|size| match self {
            Self::Pairs(_) => kept(size).is_close_to(nearest),
            // Among many pairs, one that differs is no other resolution of the same ratio.
            _ => kept(size).is_invisible() || kept(size) == nearest,
        });
        let by_ratio = |size: &Size| (kept(size), size.width);
        if let Some(resolution) = wish.resolution {
            let pixels = resolution.pixels();
            let fitting = sizes.iter().filter(|size| size.area() <= pixels);
            let largest = fitting.max_by_key(|size| (size.area(), by_ratio(size)));
            return largest.or_else(|| smallest(&sizes, by_ratio)).copied();
        }
        let enough = wish.source_pixels.min(ENOUGH_PIXELS);
        let mut large_enough = sizes.clone();
        large_enough.retain(|size| size.area() >= enough);
        smallest(&large_enough, by_ratio)
            .or_else(|| {
                sizes
                    .iter()
                    .max_by_key(|size| (size.area(), by_ratio(size)))
            })
            .copied()
    }

    /// Of all sizes the one of the nearest ratio.
    pub(super) fn nearest(&self, ratio: AspectRatio) -> Option<Size> {
        let limit = Size::new(LONGEST_SIDE, LONGEST_SIDE);
        match self {
            Self::Range(bounds) => bounds.nearest(ratio),
            list => {
                let sizes = list.listed(limit).into_iter();
                sizes.max_by_key(|size| (Kept::of(*size, ratio), size.area()))
            }
        }
    }

    /// The size for about `wanted` / `found` of the pixels of `size` in its ratio; smaller in both directions.
    pub(crate) fn shrink(&self, size: Size, wanted: u64, found: u64) -> Option<Size> {
        if let Self::Range(bounds) = self {
            return bounds.shrink(size, wanted, found);
        }
        let ratio = size.into();
        let smaller = Size::new(size.width.saturating_sub(1), size.height.saturating_sub(1));
        let mut sizes = self.listed(smaller);
        sizes.retain(|size| Kept::of(*size, ratio).is_acceptable());
        let enough = |s: &&Size| {
            u128::from(s.area()) * u128::from(found) <= u128::from(size.area()) * u128::from(wanted)
        };
        let fitting = sizes.iter().filter(enough).max_by_key(|size| size.area());
        fitting
            .or_else(|| sizes.iter().min_by_key(|size| size.area()))
            .copied()
    }
}

/// What decides between allowed sizes besides their ratio.
pub(super) struct Wish {
    /// The size beyond which an image is not enlarged unless it is required. `None`: as large as possible.
    pub not_beyond: Option<Size>,
    /// The pixels of the source that are to be shown.
    pub source_pixels: u64,
    /// The maximum of both sides.
    pub max: Option<Size>,
    pub resolution: Option<Resolution>,
}

fn smallest<K: Ord>(sizes: &[Size], by_ratio: impl Fn(&Size) -> K) -> Option<&Size> {
    let key = |size: &&Size| (std::cmp::Reverse(size.area()), by_ratio(size));
    sizes.iter().max_by_key(key)
}

impl From<Bounds> for AllowedSizes {
    fn from(bounds: Bounds) -> Self {
        Self::Range(bounds)
    }
}

impl From<&'static [Size]> for AllowedSizes {
    fn from(pairs: &'static [Size]) -> Self {
        Self::Pairs(pairs.into())
    }
}

impl From<Vec<Size>> for AllowedSizes {
    fn from(pairs: Vec<Size>) -> Self {
        Self::Pairs(pairs.into())
    }
}

impl fmt::Display for AllowedSizes {
    /// Describes the sizes in a line. Long lists are shortened, but not with `{:#}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(bounds) => bounds.fmt(f),
            Self::Pairs(pairs) => write_list(f, pairs),
            Self::Sides {
                widths,
                heights,
                bounds,
            } => {
                if widths == heights {
                    f.write_str("widths and heights ")?;
                } else {
                    f.write_str("widths ")?;
                    write_list(f, widths)?;
                    f.write_str(" with heights ")?;
                }
                write_list(f, heights)?;
                if *bounds == Bounds::ANY {
                    Ok(())
                } else {
                    write!(f, " ({bounds})")
                }
            }
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display]) -> fmt::Result {
    let shown = if f.alternate() { items.len() } else { 6 };
    for (index, item) in items.iter().take(shown).enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{item}")?;
    }
    if items.len() > shown {
        write!(f, " and {} more", items.len() - shown)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::bounds::tests::loss;
    use super::*;

    /// Three ratios at three resolutions, as one model family publishes them.
    const TIERS: &[Size] = &[
        Size::new(1024, 1024),
        Size::new(1264, 848),
        Size::new(1376, 768),
        Size::new(2048, 2048),
        Size::new(2528, 1696),
        Size::new(2752, 1536),
        Size::new(4096, 4096),
        Size::new(5056, 3392),
        Size::new(5504, 3072),
    ];

    fn wish(source: Size) -> Wish {
        Wish {
            not_beyond: Some(source),
            source_pixels: source.area(),
            max: None,
            resolution: None,
        }
    }

    fn best(sizes: &AllowedSizes, width: u32, height: u32) -> (u32, u32) {
        let source = Size::new(width, height);
        let size = sizes.best(source.into(), &wish(source)).unwrap();
        (size.width, size.height)
    }

    #[test]
    fn nearest_ratio_comes_first_and_the_smallest_sufficient_size_second() {
        let tiers = AllowedSizes::from(TIERS);
        for ((width, height), expected) in [
            ((6000, 4000), (1264, 848)),
            ((4000, 3000), (1264, 848)),
            ((3840, 2160), (1376, 768)),
            ((64, 64), (1024, 1024)),
            ((1024, 1024), (1024, 1024)),
            ((1025, 1025), (1024, 1024)),
            ((2048, 2048), (1024, 1024)),
            ((10, 4000), (1024, 1024)),
        ] {
            assert_eq!(best(&tiers, width, height), expected, "{width}x{height}");
        }
        let videos = AllowedSizes::from(vec![
            Size::new(1280, 720),
            Size::new(1920, 1080),
            Size::new(3840, 2160),
        ]);
        assert_eq!(best(&videos, 1280, 720), (1280, 720));
        assert_eq!(best(&videos, 1000, 600), (1280, 720));
        assert_eq!(best(&videos, 1300, 731), (1920, 1080));
        assert_eq!(best(&videos, 8000, 4500), (1920, 1080));
    }

    #[test]
    fn resolution_chooses_the_tier() {
        let tiers = AllowedSizes::from(TIERS);
        let at = |sizes: &AllowedSizes, resolution| {
            let source = Size::new(6000, 4000);
            let wish = Wish {
                resolution: Some(resolution),
                ..wish(source)
            };
            sizes.best(source.into(), &wish)
        };
        assert_eq!(at(&tiers, Resolution::OneK), Some(Size::new(1264, 848)));
        assert_eq!(at(&tiers, Resolution::TwoK), Some(Size::new(2528, 1696)));
        assert_eq!(at(&tiers, Resolution::FourK), Some(Size::new(5056, 3392)));
        let one = AllowedSizes::from(vec![Size::new(2528, 1696)]);
        assert_eq!(at(&one, Resolution::OneK), Some(Size::new(2528, 1696)));
        assert_eq!(at(&one, Resolution::FourK), Some(Size::new(2528, 1696)));
        let range = AllowedSizes::from(Bounds::square(16, 3840, 8));
        let size = at(&range, Resolution::OneK).unwrap();
        assert!(
            (1_250_000..=1024 * 1024 * 5 / 4).contains(&size.area()),
            "{size}"
        );
    }

    #[test]
    fn sizes_of_almost_one_ratio_are_its_resolutions() {
        let sizes = vec![
            Size::new(856, 480),
            Size::new(1376, 768),
            Size::new(768, 768),
        ];
        assert_eq!(best(&sizes.into(), 3840, 2160), (1376, 768));
    }

    #[test]
    fn best_listed_size_is_the_best_of_all() {
        let widths: Vec<u32> = vec![640, 768, 800, 1024, 1280, 1536, 2048];
        let heights: Vec<u32> = vec![480, 512, 640, 768, 1024, 1100, 2000];
        let bounds = Bounds::ANY.with_max_ratio(3).with_min_pixels(400_000);
        let sizes = AllowedSizes::Sides {
            widths: widths.clone().into(),
            heights: heights.clone().into(),
            bounds,
        };
        let mut cases = 0;
        for width in (40..3000).step_by(97) {
            for height in (40..3000).step_by(89) {
                let source = Size::new(width, height);
                let found = sizes.best(source.into(), &wish(source)).unwrap();
                assert!(sizes.contains(found), "{source}: {found}");
                let pairs = widths
                    .iter()
                    .flat_map(|w| heights.iter().map(|h| Size::new(*w, *h)));
                let all: Vec<_> = pairs.filter(|size| bounds.contains(*size)).collect();
                let least = all
                    .iter()
                    .map(|s| loss(*s, source.into()))
                    .fold(1.0, f64::min);
                let suits = |s: &&Size| loss(**s, source.into()) <= least.max(0.005) + 1e-12;
                assert!(suits(&&found), "{source}: {found}");
                let enough = source.area().min(1_000_000);
                let smaller = |s: &&Size| s.area() >= enough && s.area() < found.area();
                let better = all.iter().filter(suits).find(smaller);
                assert_eq!(better, None, "{source}: {found}");
                if found.area() < enough {
                    let largest = all.iter().filter(suits).map(|s| s.area()).max();
                    assert_eq!(Some(found.area()), largest, "{source}: {found}");
                }
                cases += 1;
            }
        }
        assert!(cases > 900, "{cases}");
    }

    #[test]
    fn empty_list_has_no_size() {
        let source = Size::new(9, 9);
        for sizes in [vec![], vec![Size::new(0, 0)], vec![Size::new(70_000, 9)]] {
            let sizes = AllowedSizes::from(sizes);
            assert_eq!(sizes.best(source.into(), &wish(source)), None);
            assert_eq!(sizes.nearest(source.into()), None);
        }
    }

    #[test]
    fn long_lists_are_described_briefly() {
        let many: Vec<Size> = (1..100).map(|n| Size::new(n, n)).collect();
        assert!(
            AllowedSizes::from(many)
                .to_string()
                .ends_with("6x6 and 93 more")
        );
        assert_eq!(AllowedSizes::from(vec![Size::new(1, 2)]).to_string(), "1x2");
        let sides = |heights: &[u32]| AllowedSizes::Sides {
            widths: vec![8, 16].into(),
            heights: heights.to_vec().into(),
            bounds: Bounds::ANY.with_max_ratio(2),
        };
        assert_eq!(
            sides(&[8, 16]).to_string(),
            "widths and heights 8, 16 (at most 2:1)"
        );
        assert_eq!(
            sides(&[8]).to_string(),
            "widths 8, 16 with heights 8 (at most 2:1)"
        );
    }
}
