//! Sizes as `models.json` and the schemas of the API state them.

use serde::Deserialize;

use crate::geometry::{AllowedSizes, Bounds, Size};

/// One of the three forms in which sizes are stated.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SizeRule {
    Pairs(Vec<(u32, u32)>),
    Sides {
        widths: Vec<u32>,
        heights: Vec<u32>,
        #[serde(flatten)]
        limits: PixelLimits,
    },
    Range {
        min: (u32, u32),
        max: (u32, u32),
        multiple: u32,
        #[serde(flatten)]
        limits: PixelLimits,
    },
}

/// What holds for width and height together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct PixelLimits {
    pub min_pixels: Option<u64>,
    pub max_pixels: Option<u64>,
    pub max_ratio: Option<u32>,
}

impl From<SizeRule> for AllowedSizes {
    fn from(rule: SizeRule) -> Self {
        match rule {
            SizeRule::Pairs(pairs) => {
                let sizes = pairs
                    .into_iter()
                    .map(|(width, height)| Size::new(width, height));
                Self::Pairs(sizes.collect())
            }
            SizeRule::Sides {
                widths,
                heights,
                limits,
            } => Self::Sides {
                widths: widths.into(),
                heights: heights.into(),
                bounds: limits.apply(Bounds::ANY),
            },
            SizeRule::Range {
                min,
                max,
                multiple,
                limits,
            } => {
                let size = |(width, height)| Size::new(width, height);
                Self::Range(limits.apply(Bounds::new(size(min), size(max), multiple)))
            }
        }
    }
}

impl PixelLimits {
    fn apply(self, mut bounds: Bounds) -> Bounds {
        bounds.min_pixels = self.min_pixels;
        bounds.max_pixels = self.max_pixels;
        bounds.max_ratio = self.max_ratio;
        bounds
    }
}
