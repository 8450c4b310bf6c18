//! Which pixels of an image go where: exact integer geometry, no pixels and no I/O.

mod bounds;
mod gravity;
mod size;

pub use bounds::Bounds;
pub use gravity::{Gravity, ParseGravityError};
pub use size::{AspectRatio, ParsePairError, Region, Size};

/// How an image is laid into a size of another aspect ratio; the words are those of sharp and CSS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fit {
    /// Fill the size and keep the ratio; what sticks out is cropped as [`Gravity`] says.
    #[default]
    Cover,
    /// Show the whole image and keep the ratio; what is left empty gets the background. [`Gravity`] says where the
    /// image lies.
    Contain,
    /// Fill the size by stretching. Deforms the image.
    Fill,
    /// Keep the ratio and be no larger than the size in either direction.
    Inside,
}

/// The size that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// The size within the [`Bounds`] that suits the image's own ratio.
    #[default]
    Undistorted,
    /// As `Undistorted`, no larger than this in either direction and never larger than the image.
    Within(Size),
    /// The size within the [`Bounds`] that suits this ratio.
    Aspect(AspectRatio),
    /// Exactly this size, whatever the bounds.
    Exact(Size),
}

/// Where the pixels go: `crop` of the source is resampled to `scaled`, which lies at `left`, `top` of `canvas`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    pub crop: Region,
    pub scaled: Size,
    pub left: u32,
    pub top: u32,
    pub canvas: Size,
}

impl Placement {
    /// Leaves an image of size `source` as it is.
    pub fn identity(source: Size) -> Self {
        Self {
            crop: Region::new(0, 0, source),
            scaled: source,
            left: 0,
            top: 0,
            canvas: source,
        }
    }

    /// Whether every pixel of an image of size `source` stays where and what it is.
    pub fn is_identity(&self, source: Size) -> bool {
        *self == Self::identity(source)
    }
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
    pub gravity: Gravity,
    pub without_enlargement: bool,
}

impl Resize {
    /// Decides which pixels of an upright image of size `source` go where.
    pub fn plan(&self, source: Size) -> Result<Placement, GeometryError> {
        if source.is_empty() {
            return Err(GeometryError::Empty);
        }
        let target = self.target_size(source)?;
        let (x, y) = self.gravity.positions();
        let whole = Region::new(0, 0, source);
        let filling = |crop, target| Placement {
            crop,
            scaled: target,
            left: 0,
            top: 0,
            canvas: target,
        };
        Ok(match self.fit {
            Fit::Fill => filling(whole, target),
            Fit::Inside => filling(whole, inscribed(source.into(), target)),
            Fit::Cover => {
                let part = inscribed(target.into(), source);
                let left = x.crop(source.width, part.width);
                let top = y.crop(source.height, part.height);
                filling(Region::new(left, top, part), target)
            }
            Fit::Contain => {
                let scaled = inscribed(source.into(), target);
                Placement {
                    crop: whole,
                    scaled,
                    left: x.pad(target.width, scaled.width),
                    top: y.pad(target.height, scaled.height),
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
        let size = if without_enlargement {
            let small = bounds.without_enlargement(source, ratio);
            small.nearest(ratio).or_else(|| bounds.nearest(ratio))
        } else {
            bounds.nearest(ratio)
        };
        size.ok_or(no_size)
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

const fn round_div(a: u64, b: u64) -> u64 {
    (a + b / 2) / b
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: Resize = Resize {
        target: Target::Undistorted,
        bounds: Bounds::LEONARDO_V1,
        fit: Fit::Cover,
        gravity: Gravity::Center,
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

    #[test]
    fn cover_crops_the_middle_and_nothing_else() {
        let placement = exact(1024, 768, Fit::Cover)
            .plan(Size::new(4128, 2322))
            .unwrap();
        assert_eq!(
            placement,
            Placement {
                crop: Region::new(516, 0, Size::new(3096, 2322)),
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
        assert_eq!(
            (fill.crop.size(), fill.scaled),
            (source, Size::new(200, 200))
        );
    }

    #[test]
    fn gravity_chooses_what_is_kept_and_where_it_lies() {
        let plan = |fit, gravity| {
            let resize = Resize {
                gravity,
                ..exact(100, 100, fit)
            };
            resize.plan(Size::new(400, 200)).unwrap()
        };
        let kept = |gravity| plan(Fit::Cover, gravity).crop.left;
        assert_eq!(kept(Gravity::West), 0);
        assert_eq!(kept(Gravity::Center), 100);
        assert_eq!(kept(Gravity::Northeast), 200);
        assert_eq!(kept(Gravity::Focal { x: 300, y: 0 }), 20);
        let lies = |gravity| plan(Fit::Contain, gravity).top;
        assert_eq!(lies(Gravity::North), 0);
        assert_eq!(lies(Gravity::Focal { x: 0, y: 0 }), 25);
        assert_eq!(lies(Gravity::Southwest), 50);
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
                        assert!(!p.crop.size().is_empty() && !p.scaled.is_empty());
                        assert!(p.crop.left + p.crop.width <= width);
                        assert!(p.crop.top + p.crop.height <= height);
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
    fn without_enlargement_no_more_is_enlarged_than_the_bounds_demand() {
        let resize = Resize {
            bounds: Bounds::LEONARDO_GPT_IMAGE,
            without_enlargement: true,
            ..DEFAULT
        };
        let size = |width, height| resize.plan(Size::new(width, height)).unwrap().canvas;
        assert_eq!(size(400, 300), Size::new(944, 704));
        assert_eq!(size(2000, 1500), Size::new(1984, 1488));
        assert_eq!(size(9000, 10), Size::new(1440, 480));
        assert_eq!(size(10, 9000), Size::new(480, 1440));
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
