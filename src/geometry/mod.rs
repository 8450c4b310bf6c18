//! Which pixels of a picture go where: exact integer geometry, no pixels and no I/O.

use std::cmp::Ordering;

mod size;

pub use size::{AspectRatio, ParsePairError, Size};

/// The sizes a service accepts: a smallest, a largest, and a number both sides must be a multiple of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// The least width and the least height.
    pub min: Size,
    /// The greatest width and the greatest height.
    pub max: Size,
    /// What both sides are a multiple of; 1 for any size.
    pub multiple: u32,
}

impl Bounds {
    /// What Leonardo's `POST /v1/generations` accepts: 32 to 1536, multiples of 8
    /// ([API reference](https://docs.leonardo.ai/reference/creategeneration)).
    pub const LEONARDO_V1: Self = Self {
        min: Size::new(32, 32),
        max: Size::new(1536, 1536),
        multiple: 8,
    };
}

/// How a picture is laid into a size of another aspect ratio; the words are those of sharp and CSS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fit {
    /// Fill the size and keep the ratio; what sticks out is cropped evenly from both ends.
    #[default]
    Cover,
    /// Show the whole picture and keep the ratio; what is left empty gets the background.
    Contain,
    /// Fill the size by stretching. Deforms the picture.
    Fill,
    /// Keep the ratio and be no larger than the size in either direction.
    Inside,
}

/// The size that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// The size within the [`Bounds`] that suits the picture's own ratio.
    #[default]
    Undistorted,
    /// As `Undistorted`, no larger than this in either direction and never larger than the picture.
    Within(Size),
    /// The size within the [`Bounds`] that suits this ratio.
    Aspect(AspectRatio),
    /// Exactly this size, whatever the bounds.
    Exact(Size),
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rect {
    pub left: u32,
    pub top: u32,
    pub size: Size,
}

/// Where the pixels go: `crop` of the source is resampled to `scaled`, which lies at `left`, `top` of `canvas`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    pub crop: Rect,
    pub scaled: Size,
    pub left: u32,
    pub top: u32,
    pub canvas: Size,
}

/// No size can be given for what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GeometryError {
    /// A side of the source, the target or the ratio is zero.
    Empty,
    /// The bounds hold no size.
    NoAllowedSize(Bounds),
}

/// What is asked of the geometry; see [`plan`](Self::plan).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Resize {
    pub target: Target,
    pub bounds: Bounds,
    pub fit: Fit,
    pub without_enlargement: bool,
}

impl Resize {
    /// Decides which pixels of an upright picture of size `source` go where.
    pub fn plan(&self, source: Size) -> Result<Placement, GeometryError> {
        if source.is_empty() {
            return Err(GeometryError::Empty);
        }
        let target = self.target_size(source)?;
        let whole = Rect {
            left: 0,
            top: 0,
            size: source,
        };
        Ok(match self.fit {
            Fit::Fill => Placement {
                crop: whole,
                scaled: target,
                left: 0,
                top: 0,
                canvas: target,
            },
            Fit::Cover => Placement {
                crop: centred_crop(source, target.into()),
                scaled: target,
                left: 0,
                top: 0,
                canvas: target,
            },
            Fit::Inside => {
                let scaled = inscribed(source.into(), target);
                Placement {
                    crop: whole,
                    scaled,
                    left: 0,
                    top: 0,
                    canvas: scaled,
                }
            }
            Fit::Contain => {
                let scaled = inscribed(source.into(), target);
                Placement {
                    crop: whole,
                    scaled,
                    left: (target.width - scaled.width) / 2,
                    top: (target.height - scaled.height) / 2,
                    canvas: target,
                }
            }
        })
    }

    fn target_size(&self, source: Size) -> Result<Size, GeometryError> {
        let mut bounds = self.bounds;
        let mut without_enlargement = self.without_enlargement;
        let ratio = match self.target {
            Target::Exact(size) if size.is_empty() => return Err(GeometryError::Empty),
            Target::Exact(size) => {
                return Ok(if without_enlargement {
                    inscribed(size.into(), at_most(size, source))
                } else {
                    size
                });
            }
            Target::Undistorted => source.into(),
            Target::Aspect(ratio) => ratio,
            Target::Within(size) => {
                bounds.max = size;
                without_enlargement = true;
                source.into()
            }
        };
        if ratio.width == 0 || ratio.height == 0 {
            return Err(GeometryError::Empty);
        }
        let no_size = GeometryError::NoAllowedSize(bounds);
        if without_enlargement {
            // A picture smaller than the least allowed size cannot be had without enlarging.
            let least = |min: u32| min.max(1).div_ceil(bounds.multiple.max(1)) * bounds.multiple;
            bounds.max.width = bounds
                .max
                .width
                .min(source.width.max(least(bounds.min.width)));
            bounds.max.height = bounds
                .max
                .height
                .min(source.height.max(least(bounds.min.height)));
        }
        allowed_size(ratio, bounds).ok_or(no_size)
    }
}

fn at_most(size: Size, limit: Size) -> Size {
    Size::new(size.width.min(limit.width), size.height.min(limit.height))
}

/// The largest size of `ratio` inside `outer`, rounded to whole pixels, at least one each way.
fn inscribed(ratio: AspectRatio, outer: Size) -> Size {
    let (rw, rh) = (u64::from(ratio.width), u64::from(ratio.height));
    let (w, h) = (u64::from(outer.width), u64::from(outer.height));
    if rw * h >= w * rh {
        Size::new(outer.width, round_div(w * rh, rw).clamp(1, h) as u32)
    } else {
        Size::new(round_div(h * rw, rh).clamp(1, w) as u32, outer.height)
    }
}

/// The largest rectangle of `ratio` in the middle of `source`.
fn centred_crop(source: Size, ratio: AspectRatio) -> Rect {
    let size = inscribed(ratio, source);
    Rect {
        left: (source.width - size.width) / 2,
        top: (source.height - size.height) / 2,
        size,
    }
}

const fn round_div(a: u64, b: u64) -> u64 {
    (a + b / 2) / b
}

/// Of the sizes in `bounds`, the one whose ratio is nearest to `ratio`, and the largest such.
///
/// The very nearest ratio can belong to a size only half as large (1170×2532 comes nearest with 536×1160, while
/// 712×1536 loses five rows of pixels), so only sizes with both sides at least 15/16 of the largest box of
/// `ratio` compete, as long as there are any.
fn allowed_size(ratio: AspectRatio, bounds: Bounds) -> Option<Size> {
    let ideal = inscribed(ratio, bounds.max);
    let most_of = |side: u32| (u64::from(side) * 15).div_ceil(16) as u32;
    let large = Bounds {
        min: Size::new(
            bounds.min.width.max(most_of(ideal.width)),
            bounds.min.height.max(most_of(ideal.height)),
        ),
        ..bounds
    };
    let nearest = |bounds| candidates(ratio, bounds).max_by(|a, b| nearness(*a, *b, ratio));
    nearest(large).or_else(|| nearest(bounds))
}

/// For every allowed width the two allowed heights around the exact one: no other height can be the best.
fn candidates(ratio: AspectRatio, bounds: Bounds) -> impl Iterator<Item = Size> {
    let step = u64::from(bounds.multiple.max(1));
    let range = |min: u32, max: u32| {
        let (least, greatest) = (u64::from(min.max(1)).div_ceil(step), u64::from(max) / step);
        (least <= greatest).then_some((least, greatest))
    };
    let widths = range(bounds.min.width, bounds.max.width);
    let heights = range(bounds.min.height, bounds.max.height);
    let sizes = widths
        .zip(heights)
        .map(|((narrowest, widest), (lowest, highest))| {
            (narrowest..=widest).flat_map(move |width| {
                let exact = width * u64::from(ratio.height) / u64::from(ratio.width);
                [exact, exact + 1].map(|height| {
                    let height = height.clamp(lowest, highest);
                    Size::new((width * step) as u32, (height * step) as u32)
                })
            })
        });
    sizes.into_iter().flatten()
}

/// Orders sizes by how much of a picture of `ratio` they keep when it is cropped to them, then by area.
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

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: Resize = Resize {
        target: Target::Undistorted,
        bounds: Bounds::LEONARDO_V1,
        fit: Fit::Cover,
        without_enlargement: false,
    };

    fn undistorted(width: u32, height: u32) -> Size {
        DEFAULT.plan(Size::new(width, height)).unwrap().canvas
    }

    fn exact(width: u32, height: u32, fit: Fit) -> Resize {
        Resize {
            target: Target::Exact(Size::new(width, height)),
            fit,
            ..DEFAULT
        }
    }

    #[test]
    fn cameras_get_their_own_ratio() {
        for (source, expected) in [
            ((3264, 2448), (1536, 1152)),
            ((2448, 3264), (1152, 1536)),
            ((4608, 3072), (1536, 1024)),
            ((4128, 2322), (1536, 864)),
            ((1000, 1000), (1536, 1536)),
            ((1170, 2532), (680, 1472)),
            ((1, 1), (1536, 1536)),
            ((10_000, 10), (1536, 32)),
            ((u32::MAX, u32::MAX), (1536, 1536)),
            ((u32::MAX, 1), (1536, 32)),
        ] {
            let size = undistorted(source.0, source.1);
            assert_eq!(size, Size::new(expected.0, expected.1), "{source:?}");
        }
    }

    /// Every allowed size competes here, without the shortcut of two heights a width.
    fn brute_force(ratio: AspectRatio, bounds: Bounds) -> Option<Size> {
        let ideal = inscribed(ratio, bounds.max);
        let mut all = Vec::new();
        for width in bounds.min.width..=bounds.max.width {
            for height in bounds.min.height..=bounds.max.height {
                if width % bounds.multiple == 0 && height % bounds.multiple == 0 {
                    all.push(Size::new(width, height));
                }
            }
        }
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
    fn the_allowed_size_is_the_best_of_all() {
        let mut cases = 0;
        for multiple in [1, 3, 8] {
            for (min, max) in [(8, 40), (16, 24), (1, 9)] {
                let bounds = Bounds {
                    min: Size::new(min, min + 1),
                    max: Size::new(max, max + 5),
                    multiple,
                };
                for width in 1..30 {
                    for height in 1..30 {
                        let ratio = AspectRatio::new(width, height);
                        let found = allowed_size(ratio, bounds);
                        assert_eq!(found, brute_force(ratio, bounds), "{ratio} in {bounds:?}");
                        cases += 1;
                    }
                }
            }
        }
        assert_eq!(cases, 9 * 29 * 29);
    }

    #[test]
    fn cover_crops_the_middle_and_nothing_else() {
        let placement = exact(1024, 768, Fit::Cover)
            .plan(Size::new(4128, 2322))
            .unwrap();
        assert_eq!(
            placement,
            Placement {
                crop: Rect {
                    left: 516,
                    top: 0,
                    size: Size::new(3096, 2322)
                },
                scaled: Size::new(1024, 768),
                left: 0,
                top: 0,
                canvas: Size::new(1024, 768),
            }
        );
    }

    #[test]
    fn contain_pads_and_inside_does_not() {
        let source = Size::new(400, 100);
        let contain = exact(200, 200, Fit::Contain).plan(source).unwrap();
        assert_eq!(contain.scaled, Size::new(200, 50));
        assert_eq!((contain.left, contain.top), (0, 75));
        assert_eq!(contain.canvas, Size::new(200, 200));
        let inside = exact(200, 200, Fit::Inside).plan(source).unwrap();
        assert_eq!(inside.canvas, Size::new(200, 50));
        let fill = exact(200, 200, Fit::Fill).plan(source).unwrap();
        assert_eq!((fill.crop.size, fill.scaled), (source, Size::new(200, 200)));
    }

    #[test]
    fn whatever_is_asked_the_rectangles_lie_inside_each_other() {
        let sides = [1, 2, 3, 7, 32, 1000, 65_535, u32::MAX];
        let mut cases = 0;
        for fit in [Fit::Cover, Fit::Contain, Fit::Fill, Fit::Inside] {
            for width in sides {
                for height in sides {
                    for target in [(1, 1), (1, 500), (500, 1), (1024, 768)] {
                        let p = exact(target.0, target.1, fit)
                            .plan(Size::new(width, height))
                            .unwrap();
                        assert!(!p.crop.size.is_empty() && !p.scaled.is_empty());
                        assert!(p.crop.left + p.crop.size.width <= width);
                        assert!(p.crop.top + p.crop.size.height <= height);
                        assert!(p.left + p.scaled.width <= p.canvas.width);
                        assert!(p.top + p.scaled.height <= p.canvas.height);
                        assert!(fit == Fit::Inside || p.canvas == Size::new(target.0, target.1));
                        cases += 1;
                    }
                }
            }
        }
        assert_eq!(cases, 4 * 64 * 4);
    }

    #[test]
    fn within_never_enlarges_but_keeps_to_the_least_size() {
        let within = |source, limit| {
            let target = Target::Within(limit);
            Resize { target, ..DEFAULT }.plan(source).map(|p| p.canvas)
        };
        let limit = Size::new(1024, 1024);
        assert_eq!(within(Size::new(640, 480), limit), Ok(Size::new(640, 480)));
        assert_eq!(
            within(Size::new(3000, 2000), limit),
            Ok(Size::new(1008, 672))
        );
        assert_eq!(within(Size::new(20, 20), limit), Ok(Size::new(32, 32)));
        assert!(matches!(
            within(Size::new(640, 480), Size::new(24, 24)),
            Err(GeometryError::NoAllowedSize(_))
        ));
    }

    #[test]
    fn without_enlargement_a_small_picture_stays_small() {
        let plan = |target| {
            let resize = Resize {
                target,
                without_enlargement: true,
                ..DEFAULT
            };
            resize.plan(Size::new(640, 480)).unwrap().canvas
        };
        assert_eq!(plan(Target::Undistorted), Size::new(640, 480));
        assert_eq!(
            plan(Target::Exact(Size::new(1280, 640))),
            Size::new(640, 320)
        );
        assert_eq!(
            plan(Target::Aspect(AspectRatio::new(1, 1))),
            Size::new(480, 480)
        );
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        assert_eq!(DEFAULT.plan(Size::new(0, 9)), Err(GeometryError::Empty));
        let none = exact(0, 9, Fit::Cover).plan(Size::new(9, 9));
        assert_eq!(none, Err(GeometryError::Empty));
        let aspect = Resize {
            target: Target::Aspect(AspectRatio::new(0, 1)),
            ..DEFAULT
        };
        assert_eq!(aspect.plan(Size::new(9, 9)), Err(GeometryError::Empty));
    }
}
