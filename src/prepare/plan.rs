//! What will be done to an image, told before it is done.

use image::metadata::Orientation;

use crate::geometry::{Placement, Region, Size};

/// What will be done to an image: which of its pixels are kept, and the size that comes out.
///
/// ```no_run
/// use imgpost::PrepareOptions;
///
/// let plan = PrepareOptions::default().aspect(1, 1).plan("photo.jpg")?;
/// println!("{:?} of {} becomes {}", plan.crop(), plan.source_size(), plan.size());
/// # Ok::<(), imgpost::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub(super) source_size: Size,
    pub(super) orientation: Orientation,
    pub(super) placement: Placement,
}

impl Plan {
    /// The size in pixels of the upright image.
    pub fn source_size(&self) -> Size {
        self.source_size
    }

    /// How the image is stored: the EXIF orientation, 1 to 8, where 1 is upright.
    pub fn orientation(&self) -> u8 {
        self.orientation.to_exif()
    }

    /// The part of the upright image that is kept, in its pixels.
    pub fn crop(&self) -> Region {
        self.placement.crop
    }

    /// Where that part lies in the result, and how large; with [`Fit::Contain`](crate::Fit::Contain) the rest is
    /// background.
    pub fn picture(&self) -> Region {
        let Placement { left, top, .. } = self.placement;
        Region::new(left, top, self.placement.scaled)
    }

    /// The size in pixels that comes out: the `width` and `height` to ask of a generation.
    pub fn size(&self) -> Size {
        self.placement.canvas
    }

    /// The same for a mask of size `mask`, if that is of the image's ratio to within a pixel of rounding.
    pub(super) fn for_mask(&self, mask: Size) -> Option<Placement> {
        let (ours, theirs) = (self.source_size, mask);
        let cross = |w: u32, h: u32| u64::from(w) * u64::from(h);
        let off = cross(ours.width, theirs.height).abs_diff(cross(ours.height, theirs.width));
        // One pixel more or less on a side of the smaller of the two.
        let pixel = u64::from(
            ours.width
                .max(ours.height)
                .max(theirs.width)
                .max(theirs.height),
        );
        if off > pixel {
            return None;
        }
        let crop = self.placement.crop;
        let x = |n: u32| scale(n, theirs.width, ours.width);
        let y = |n: u32| scale(n, theirs.height, ours.height);
        let (left, top) = (
            x(crop.left).min(theirs.width - 1),
            y(crop.top).min(theirs.height - 1),
        );
        let size = Size::new(
            (x(crop.left + crop.width)).saturating_sub(left).max(1),
            (y(crop.top + crop.height)).saturating_sub(top).max(1),
        );
        Some(Placement {
            crop: Region::new(left, top, size),
            ..self.placement
        })
    }
}

/// `n` · `to` / `from`, rounded.
fn scale(n: u32, to: u32, from: u32) -> u32 {
    let (n, to, from) = (u64::from(n), u64::from(to), u64::from(from));
    ((n * to + from / 2) / from) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(source: Size, crop: Region) -> Plan {
        let placement = Placement {
            crop,
            ..Placement::identity(Size::new(64, 64))
        };
        Plan {
            source_size: source,
            orientation: Orientation::NoTransforms,
            placement,
        }
    }

    #[test]
    fn a_mask_is_cropped_where_its_picture_is() {
        let crop = Region::new(500, 0, Size::new(3000, 3000));
        let plan = plan(Size::new(4000, 3000), crop);
        let of = |w, h| plan.for_mask(Size::new(w, h)).map(|p| p.crop);
        assert_eq!(of(4000, 3000), Some(crop));
        assert_eq!(of(400, 300), Some(Region::new(50, 0, Size::new(300, 300))));
        assert_eq!(
            of(1023, 767),
            Some(Region::new(128, 0, Size::new(767, 767)))
        );
        assert_eq!(of(3000, 4000), None);
        assert_eq!(of(400, 302), None);
        assert_eq!(of(4, 3), Some(Region::new(1, 0, Size::new(3, 3))));
    }

    #[test]
    fn whatever_its_size_the_crop_of_a_mask_lies_inside() {
        let mut cases = 0;
        for width in 1..40 {
            for height in 1..40 {
                for left in [0, 333, 999] {
                    let crop = Region::new(left, 0, Size::new(1, 1000));
                    let plan = plan(Size::new(1000, 1000), crop);
                    let Some(placement) = plan.for_mask(Size::new(width, height)) else {
                        continue;
                    };
                    let crop = placement.crop;
                    assert!(crop.width > 0 && crop.left + crop.width <= width);
                    assert!(crop.height > 0 && crop.top + crop.height <= height);
                    cases += 1;
                }
            }
        }
        assert!(cases >= 3 * 39);
    }
}
