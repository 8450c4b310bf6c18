//! The crop that the user chose, and the options it means for imgpost.

use imgpost::{
    AspectRatio, Extension, Gravity, Plan, PrepareError, PrepareOptions, Region, Size, Target,
    leonardo,
};

/// The aspect ratios on offer, with their labels. `None` keeps the ratio of the image.
pub const RATIOS: [(&str, Option<AspectRatio>); 6] = [
    ("Original", None),
    ("1:1", Some(AspectRatio::new(1, 1))),
    ("4:3", Some(AspectRatio::new(4, 3))),
    ("3:4", Some(AspectRatio::new(3, 4))),
    ("16:9", Some(AspectRatio::new(16, 9))),
    ("9:16", Some(AspectRatio::new(9, 16))),
];

/// A point of the image, in thousandths of its width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    pub x: u16,
    pub y: u16,
}

impl Point {
    pub const CENTER: Self = Self { x: 500, y: 500 };

    /// Moves the point by so many thousandths, at most to the edge.
    pub fn moved(self, x: i16, y: i16) -> Self {
        let clamped = |at: u16, by: i16| at.saturating_add_signed(by).min(1000);
        Self {
            x: clamped(self.x, x),
            y: clamped(self.y, y),
        }
    }
}

/// How much of an image a crop removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    Nothing,
    /// At most a hundredth of each side: there is nothing to move.
    Edges,
    /// So much that it matters which part is kept.
    Part,
}

impl Loss {
    /// Compares the size of an image with the region that the crop keeps.
    pub fn from_region(image: Size, kept: Region) -> Self {
        let is_visible = |kept: u32, whole: u32| (whole - kept) * 100 > whole;
        if kept.size() == image {
            Self::Nothing
        } else if is_visible(kept.width, image.width) || is_visible(kept.height, image.height) {
            Self::Part
        } else {
            Self::Edges
        }
    }
}

/// The aspect ratio, and the point that stays as close to the center as possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop {
    pub ratio: Option<AspectRatio>,
    pub focus: Point,
}

impl Default for Crop {
    fn default() -> Self {
        Self {
            ratio: None,
            focus: Point::CENTER,
        }
    }
}

impl Crop {
    fn options(&self) -> PrepareOptions {
        let Point { x, y } = self.focus;
        let target = self.ratio.map_or(Target::Undistorted, Target::Aspect);
        leonardo::prepare()
            .target(target)
            .gravity(Gravity::Focal { x, y })
    }

    /// The options that prepare the image for its upload.
    pub fn prepare(&self, extension: Extension) -> PrepareOptions {
        self.options().extension(extension)
    }

    /// Plans the region and the size of the result for an upright image of this size. Fast enough for every frame.
    pub fn plan(&self, image: Size) -> Result<Plan, PrepareError> {
        self.options().plan_size(image.width, image.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHOTO: Size = Size::new(1200, 1600);

    #[test]
    fn region_follows_the_focus_up_to_the_edges() {
        let top = |y| {
            let crop = Crop {
                ratio: Some(AspectRatio::new(1, 1)),
                focus: Point { x: 500, y },
            };
            let region = crop.plan(PHOTO).unwrap().crop();
            assert_eq!((region.left, region.width, region.height), (0, 1200, 1200));
            region.top
        };
        assert_eq!([0, 375, 500, 600, 1000].map(top), [0, 0, 200, 360, 400]);
    }

    #[test]
    fn every_ratio_has_a_size() {
        let mut sizes = Vec::new();
        for (_, ratio) in RATIOS {
            let crop = Crop {
                ratio,
                ..Crop::default()
            };
            sizes.push(crop.plan(PHOTO).unwrap().size().to_string());
        }
        let expected = [
            "1152x1536",
            "1200x1200",
            "1200x896",
            "1152x1536",
            "1200x672",
            "864x1536",
        ];
        assert_eq!(sizes, expected);
    }

    #[test]
    fn only_a_visible_loss_counts_as_a_part() {
        let loss = |width, height, ratio| {
            let image = Size::new(width, height);
            let crop = Crop {
                ratio,
                ..Crop::default()
            };
            Loss::from_region(image, crop.plan(image).unwrap().crop())
        };
        assert_eq!(loss(1200, 1600, None), Loss::Nothing);
        assert_eq!(loss(3000, 1999, None), Loss::Edges);
        assert_eq!(loss(1200, 1600, RATIOS[1].1), Loss::Part);
    }

    #[test]
    fn point_stays_inside_the_image() {
        assert_eq!(Point::CENTER.moved(-10, 50), Point { x: 490, y: 550 });
        assert_eq!(Point::CENTER.moved(-600, 600), Point { x: 0, y: 1000 });
    }
}
