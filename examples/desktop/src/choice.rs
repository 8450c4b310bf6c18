//! What is kept of the picture, as the user chose it, and what that asks of imgpost.

use imgpost::{AspectRatio, Extension, Gravity, Plan, Prepare, PrepareError, Size, Target};

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
    fn a_point_does_not_leave_the_picture() {
        assert_eq!(Point::MIDDLE.moved(-10, 50), Point { x: 490, y: 550 });
        assert_eq!(Point::MIDDLE.moved(-600, 600), Point { x: 0, y: 1000 });
    }
}
