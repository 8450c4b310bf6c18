//! Decides which part of an image is scaled to which size.

use super::allowed::{AllowedSizes, Wish};
use super::bounds::Kept;
use super::fit::Fit;
use super::gravity::Gravity;
use super::resolution::Resolution;
use super::size::{AspectRatio, Region, Size};
use super::target::Target;

/// A part of an image in pixels and fractions of pixels.
///
/// A crop to whole pixels would distort a small image that is enlarged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Crop {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Crop {
    /// All of an image of size `source`.
    pub fn whole(source: Size) -> Self {
        Self {
            left: 0.0,
            top: 0.0,
            width: source.width.into(),
            height: source.height.into(),
        }
    }

    /// The whole pixels next to the edges, at least one in each direction.
    pub fn rounded(self) -> Region {
        let axis = |start: f64, length: f64| {
            let (start, end) = (start.round(), (start + length).round());
            let length = (end - start).max(1.0);
            // A part narrower than a pixel may round to nothing at the end of the image.
            let start = if end > start { start } else { start - 1.0 };
            (start.max(0.0) as u32, length as u32)
        };
        let (left, width) = axis(self.left, self.width);
        let (top, height) = axis(self.top, self.height);
        Region::new(left, top, Size::new(width, height))
    }
}

/// Where the pixels go: `crop` of the source is resampled to `scaled`, which lies at `left`, `top` of `canvas`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Placement {
    pub crop: Crop,
    pub scaled: Size,
    pub left: u32,
    pub top: u32,
    pub canvas: Size,
}

impl Placement {
    /// `crop` scaled to fill `canvas`.
    pub fn filling(crop: Crop, canvas: Size) -> Self {
        Self {
            crop,
            scaled: canvas,
            left: 0,
            top: 0,
            canvas,
        }
    }

    /// Whether an image of size `source` stays unchanged.
    pub fn is_identity(&self, source: Size) -> bool {
        *self == Self::filling(Crop::whole(source), source)
    }
}

/// There is no size for the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GeometryError {
    /// A side of the source, the target or the ratio is zero.
    Empty,
    /// No allowed size exists, or none within `max`.
    NoAllowedSize {
        sizes: Box<AllowedSizes>,
        max: Option<Size>,
    },
    /// The allowed size of the nearest ratio would crop more than 5 % of an image of the requested one.
    NoAllowedAspect {
        aspect: AspectRatio,
        nearest: Size,
        sizes: Box<AllowedSizes>,
    },
}

/// What is asked of the geometry; see [`plan`](Self::plan).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Resize {
    pub target: Target,
    pub sizes: AllowedSizes,
    pub resolution: Option<Resolution>,
    pub fit: Fit,
    pub gravity: Gravity,
    pub allow_enlargement: bool,
}

impl Resize {
    /// Decides which pixels of an upright image of size `source` go where.
    pub fn plan(&self, source: Size) -> Result<Placement, GeometryError> {
        if source.is_empty() {
            return Err(GeometryError::Empty);
        }
        let target = self.target_size(source)?;
        Ok(self.place(source, target))
    }

    /// Fits an image of size `source` into `target`.
    pub fn place(&self, source: Size, target: Size) -> Placement {
        let whole = Crop::whole(source);
        match self.fit {
            Fit::Fill => Placement::filling(whole, target),
            Fit::Inside => Placement::filling(whole, inscribed(source.into(), target)),
            Fit::Cover => Placement::filling(self.crop(source, target), target),
            Fit::Contain => {
                let (x, y) = self.gravity.positions();
                let scaled = inscribed(source.into(), target);
                Placement {
                    crop: whole,
                    scaled,
                    left: x.pad(target.width, scaled.width),
                    top: y.pad(target.height, scaled.height),
                    canvas: target,
                }
            }
        }
    }

    /// The part of `source` that has the ratio of `target`.
    fn crop(&self, source: Size, target: Size) -> Crop {
        let (x, y) = self.gravity.positions();
        let [sw, sh, tw, th] = [source.width, source.height, target.width, target.height];
        let (width, height) = if u64::from(tw) * u64::from(sh) >= u64::from(sw) * u64::from(th) {
            (f64::from(sw), f64::from(sw) * f64::from(th) / f64::from(tw))
        } else {
            (f64::from(sh) * f64::from(tw) / f64::from(th), f64::from(sh))
        };
        let crop = Crop {
            left: x.crop(sw, width),
            top: y.crop(sh, height),
            width,
            height,
        };
        if width == f64::from(tw) && height == f64::from(th) {
            // Pixels that keep their size are copied, not interpolated.
            Crop {
                left: crop.left.floor(),
                top: crop.top.floor(),
                ..crop
            }
        } else {
            crop
        }
    }

    fn target_size(&self, source: Size) -> Result<Size, GeometryError> {
        let (ratio, max) = match self.target {
            Target::Exact(size) if size.is_empty() => return Err(GeometryError::Empty),
            Target::Exact(size) => return Ok(size),
            Target::Undistorted => (source.into(), None),
            Target::Within(size) => (source.into(), Some(size)),
            Target::Aspect(ratio) => (ratio, None),
        };
        if ratio.width == 0 || ratio.height == 0 {
            return Err(GeometryError::Empty);
        }
        // The size in which all that is shown of the source keeps its size.
        let natural = match self.fit {
            Fit::Cover | Fit::Fill => inscribed(ratio, source),
            Fit::Contain | Fit::Inside => circumscribed(ratio, source),
        };
        let wish = Wish {
            not_beyond: (!self.allow_enlargement).then_some(natural),
            source_pixels: natural.area(),
            max,
            resolution: self.resolution,
        };
        let size = self.sizes.best(ratio, &wish);
        let size = size.ok_or_else(|| GeometryError::NoAllowedSize {
            sizes: Box::new(self.sizes.clone()),
            max,
        })?;
        if let Target::Aspect(aspect) = self.target
            && !Kept::of(size, aspect).is_acceptable()
        {
            let nearest = self.sizes.nearest(aspect).unwrap_or(size);
            return Err(GeometryError::NoAllowedAspect {
                aspect,
                nearest,
                sizes: Box::new(self.sizes.clone()),
            });
        }
        Ok(size)
    }
}

/// The largest size of `ratio` inside `outer`, rounded to whole pixels, at least one in each direction.
fn inscribed(ratio: AspectRatio, outer: Size) -> Size {
    let (rw, rh) = (u64::from(ratio.width), u64::from(ratio.height));
    let (w, h) = (u64::from(outer.width), u64::from(outer.height));
    if rw * h >= w * rh {
        Size::new(outer.width, round_div(w * rh, rw).clamp(1, h) as u32)
    } else {
        Size::new(round_div(h * rw, rh).clamp(1, w) as u32, outer.height)
    }
}

/// The smallest size of `ratio` around `inner`, rounded to whole pixels.
fn circumscribed(ratio: AspectRatio, inner: Size) -> Size {
    let (rw, rh) = (u64::from(ratio.width), u64::from(ratio.height));
    let (w, h) = (u64::from(inner.width), u64::from(inner.height));
    let side = |side: u64| u32::try_from(side).unwrap_or(u32::MAX);
    if rw * h >= w * rh {
        Size::new(side(round_div(h * rw, rh).max(w)), inner.height)
    } else {
        Size::new(inner.width, side(round_div(w * rh, rw).max(h)))
    }
}

const fn round_div(a: u64, b: u64) -> u64 {
    (a + b / 2) / b
}

#[cfg(test)]
mod tests;
