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
