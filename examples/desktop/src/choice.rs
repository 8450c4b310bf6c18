//! What is kept of the picture, as the user chose it, and what that asks of imgpost.

use imgpost::{AspectRatio, Extension, Gravity, Plan, Prepare, PrepareError, Region, Size, Target};

/// The shapes on offer: a label, and the ratio; none keeps that of the picture.
pub const SHAPES: [(&str, Option<AspectRatio>); 6] = [
    ("As it is", None),
    ("1:1", Some(AspectRatio::new(1, 1))),
    ("4:3", Some(AspectRatio::new(4, 3))),
    ("3:4", Some(AspectRatio::new(3, 4))),
    ("16:9", Some(AspectRatio::new(16, 9))),
    ("9:16", Some(AspectRatio::new(9, 16))),
];

/// A point of the picture, in thousandths of its width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    pub x: u16,
    pub y: u16,
}

impl Point {
    pub const MIDDLE: Self = Self { x: 500, y: 500 };

    /// The point so many thousandths further, and never outside.
    pub fn moved(self, x: i16, y: i16) -> Self {
        let inside = |at: u16, by: i16| at.saturating_add_signed(by).min(1000);
        Self {
            x: inside(self.x, x),
            y: inside(self.y, y),
        }
    }
}

/// How much of a picture is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    Nothing,
    /// A few pixels at the edges: nothing to move about.
    Edges,
    /// So much that it matters which part is kept.
    Part,
}

impl Loss {
    /// Of a picture of this size, when this is kept.
    pub fn of(picture: Size, kept: Region) -> Self {
        let more_than_a_hundredth = |kept: u32, whole: u32| (whole - kept) * 100 > whole;
        if kept.size() == picture {
            Self::Nothing
        } else if more_than_a_hundredth(kept.width, picture.width)
            || more_than_a_hundredth(kept.height, picture.height)
        {
            Self::Part
        } else {
            Self::Edges
        }
    }
}

/// The shape, and the point around which the rest is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    pub ratio: Option<AspectRatio>,
    pub focus: Point,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            ratio: None,
            focus: Point::MIDDLE,
        }
    }
}

impl Choice {
    /// The options for imgpost.
    fn options(&self) -> Prepare {
        let Point { x, y } = self.focus;
        let target = self.ratio.map_or(Target::Undistorted, Target::Aspect);
        Prepare::default()
            .target(target)
            .gravity(Gravity::Focal { x, y })
    }

    /// What prepares the picture for its upload. The extension is the one that was shown.
    pub fn prepare(&self, extension: Extension) -> Prepare {
        self.options().extension(extension)
    }

    /// What will be kept of an upright picture of this size, and which size comes out. Integers only: this can be
    /// asked for every frame.
    pub fn plan(&self, picture: Size) -> Result<Plan, PrepareError> {
        self.options().plan_size(picture.width, picture.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHOTO: Size = Size::new(1200, 1600);

    #[test]
    fn what_is_kept_follows_the_point_as_far_as_the_edges_allow() {
        let top = |y| {
            let choice = Choice {
                ratio: Some(AspectRatio::new(1, 1)),
                focus: Point { x: 500, y },
            };
            let crop = choice.plan(PHOTO).unwrap().crop();
            assert_eq!((crop.left, crop.width, crop.height), (0, 1200, 1200));
            crop.top
        };
        assert_eq!([0, 375, 500, 600, 1000].map(top), [0, 0, 200, 360, 400]);
    }

    #[test]
    fn every_shape_has_a_size() {
        let mut sizes = Vec::new();
        for (_, ratio) in SHAPES {
            let choice = Choice {
                ratio,
                ..Choice::default()
            };
            sizes.push(choice.plan(PHOTO).unwrap().size().to_string());
        }
        let expected = [
            "1152x1536",
            "1536x1536",
            "1536x1152",
            "1152x1536",
            "1536x864",
            "864x1536",
        ];
        assert_eq!(sizes, expected);
    }

    #[test]
    fn only_what_can_be_seen_counts_as_a_part() {
        let loss = |width, height, ratio| {
            let picture = Size::new(width, height);
            let choice = Choice {
                ratio,
                ..Choice::default()
            };
            Loss::of(picture, choice.plan(picture).unwrap().crop())
        };
        assert_eq!(loss(1200, 1600, None), Loss::Nothing);
        assert_eq!(loss(3000, 1999, None), Loss::Edges);
        assert_eq!(loss(1200, 1600, SHAPES[1].1), Loss::Part);
    }

    #[test]
    fn a_point_does_not_leave_the_picture() {
        assert_eq!(Point::MIDDLE.moved(-10, 50), Point { x: 490, y: 550 });
        assert_eq!(Point::MIDDLE.moved(-600, 600), Point { x: 0, y: 1000 });
    }
}
