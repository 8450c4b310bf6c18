//! What preparation does to an image, known before it is done.

use image::metadata::Orientation;

use crate::geometry::{Crop, Placement, Region, Size};

/// What preparation does to an image: which part is kept, and the resulting size.
///
/// ```no_run
/// use imgpost::PrepareOptions;
///
/// let plan = PrepareOptions::default().aspect(1, 1).plan("photo.jpg")?;
/// println!("{:?} of {} becomes {}", plan.crop(), plan.source_size(), plan.size());
/// # Ok::<(), imgpost::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
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

    /// The EXIF orientation with which the image is stored, 1 to 8; 1 is upright.
    pub fn orientation(&self) -> u8 {
        self.orientation.to_exif()
    }

    /// The part of the upright image that is kept, rounded to whole pixels.
    ///
    /// The crop itself has fractions of pixels, so that an image is never distorted.
    pub fn crop(&self) -> Region {
        self.placement.crop.rounded()
    }

    /// The share of the upright image that is cropped away, 0 to 1.
    pub fn cropped_share(&self) -> f64 {
        let Crop { width, height, .. } = self.placement.crop;
        (1.0 - width * height / self.source_size.area() as f64).max(0.0)
    }

    /// Where the kept part lies in the result. With [`Fit::Contain`](crate::Fit::Contain) the rest is background.
    pub fn image_region(&self) -> Region {
        let Placement { left, top, .. } = self.placement;
        Region::new(left, top, self.placement.scaled)
    }

    /// The resulting size in pixels.
    pub fn size(&self) -> Size {
        self.placement.canvas
    }

    /// The placement of a mask of size `mask`, if its ratio is the image's to within a pixel of rounding.
    pub(super) fn for_mask(&self, mask: Size) -> Option<Placement> {
        let (ours, theirs) = (self.source_size, mask);
        let cross = |w: u32, h: u32| u64::from(w) * u64::from(h);
        let off = cross(ours.width, theirs.height).abs_diff(cross(ours.height, theirs.width));
        // One pixel more or less on a side of the smaller of the two.
        let sides = [ours.width, ours.height, theirs.width, theirs.height];
        if off > u64::from(sides.into_iter().max()?) {
            return None;
        }
        let x = f64::from(theirs.width) / f64::from(ours.width);
        let y = f64::from(theirs.height) / f64::from(ours.height);
        let crop = self.placement.crop;
        Some(Placement {
            crop: Crop {
                left: crop.left * x,
                top: crop.top * y,
                width: crop.width * x,
                height: crop.height * y,
            },
            ..self.placement
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(source: Size, crop: Crop) -> Plan {
        Plan {
            source_size: source,
            orientation: Orientation::NoTransforms,
            placement: Placement::filling(crop, Size::new(64, 64)),
        }
    }

    fn crop(left: f64, top: f64, width: f64, height: f64) -> Crop {
        Crop {
            left,
            top,
            width,
            height,
        }
    }

    #[test]
    fn a_mask_is_cropped_as_its_image_is() {
        let whole = crop(500.0, 0.0, 3000.0, 3000.0);
        let plan = plan(Size::new(4000, 3000), whole);
        let of = |w, h| plan.for_mask(Size::new(w, h)).map(|p| p.crop);
        assert_eq!(of(4000, 3000), Some(whole));
        assert_eq!(of(400, 300), Some(crop(50.0, 0.0, 300.0, 300.0)));
        assert_eq!(of(3000, 4000), None);
        assert_eq!(of(400, 302), None);
        assert_eq!(of(4, 3), Some(crop(0.5, 0.0, 3.0, 3.0)));
    }

    #[test]
    fn the_crop_of_a_mask_lies_inside_the_mask() {
        let mut cases = 0;
        for width in 1..40 {
            for height in 1..40 {
                for left in [0.0, 333.3, 999.0] {
                    let plan = plan(Size::new(1000, 1000), crop(left, 0.0, 1.0, 1000.0));
                    let Some(placement) = plan.for_mask(Size::new(width, height)) else {
                        continue;
                    };
                    let crop = placement.crop;
                    assert!(crop.width > 0.0 && crop.height > 0.0);
                    assert!(crop.left + crop.width <= f64::from(width) + 1e-9);
                    assert!(crop.top + crop.height <= f64::from(height) + 1e-9);
                    cases += 1;
                }
            }
        }
        assert!(cases >= 3 * 39);
    }

    #[test]
    fn cropped_share_counts_fractions_of_pixels() {
        let plan = |crop| plan(Size::new(3, 3), crop);
        assert_eq!(plan(Crop::whole(Size::new(3, 3))).cropped_share(), 0.0);
        let share = plan(crop(0.0, 0.375, 3.0, 2.25)).cropped_share();
        assert!((share - 0.25).abs() < 1e-12, "{share}");
    }
}
