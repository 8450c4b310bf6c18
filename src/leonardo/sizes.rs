//! The sizes that the API documents for its endpoints and model families.
//!
//! ```no_run
//! use imgpost::leonardo;
//!
//! // For the models of version 1.
//! let image = leonardo::prepare().open("photo.jpg")?;
//! // For another family.
//! let options = leonardo::prepare().bounds(leonardo::sizes::GPT_IMAGE);
//! # Ok::<(), imgpost::Error>(())
//! ```

use super::model::{Model, ModelKind};
use crate::geometry::{AllowedSizes, Bounds, Size};
use crate::prepare::PrepareOptions;

/// `POST /v1/generations`: sides of 32 to 1536 pixels, multiples of 8
/// ([API reference](https://docs.leonardo.ai/reference/creategeneration)).
pub const V1: Bounds = Bounds::square(32, 1536, 8);

/// The canvas of `POST /v1/generations`, for an image and its mask: as [`V1`]
/// ([API reference](https://docs.leonardo.ai/reference/uploadcanvasinitimage)).
pub const CANVAS: Bounds = V1;

/// FLUX.1 Kontext on version 2: sides of 32 to 2048 pixels. Multiples of 8 are always accepted.
pub const FLUX_KONTEXT: Bounds = Bounds::square(32, 2048, 8);

/// GPT Image 2: sides below 3840 pixels, multiples of 16, between 655,360 and 8,294,400 pixels, at most 3:1.
pub const GPT_IMAGE: Bounds = Bounds::square(16, 3824, 16)
    .with_min_pixels(655_360)
    .with_max_pixels(8_294_400)
    .with_max_ratio(3);

/// Lucid Origin on version 2: sides of 16 to 3840 by 16 to 3616 pixels, multiples of 8.
pub const LUCID: Bounds = Bounds::new(Size::new(16, 16), Size::new(3840, 3616), 8);

/// The images of a dataset: 1024×1024 ([API reference](https://docs.leonardo.ai/reference/uploaddatasetimage)).
pub const DATASET: Bounds = Bounds::square(1024, 1024, 8);

/// The constants of this module by name.
pub const PRESETS: &[(&str, Bounds)] = &[
    ("v1", V1),
    ("canvas", CANVAS),
    ("flux-kontext", FLUX_KONTEXT),
    ("gpt-image", GPT_IMAGE),
    ("lucid", LUCID),
    ("dataset", DATASET),
];

/// Options that prepare an image for `POST /v1/generations`: the default options with the bounds [`V1`].
///
/// The image keeps its aspect ratio and is reduced to the largest allowed size. It is enlarged only if a side is below
/// 32 pixels.
pub fn prepare() -> PrepareOptions {
    PrepareOptions::default().bounds(V1)
}

/// What is wrong with the size of an init image: no call of the API generates it, so that a generation would be distorted
/// or rejected. It is no error, because the documentation limits the sizes of generations, not those of references.
pub(super) fn init_image_warning(size: Size) -> Option<String> {
    let warning = || {
        format!(
            "no model of the API generates {size}, the size of the image; unless it is for an upscaler or remove-bg, \
             prepare it with leonardo::prepare() or leonardo::prepare_for(&model)"
        )
    };
    (!is_usable(size)).then(warning)
}

/// What is wrong with the size of an image for a dataset: the API recommends another one.
pub(super) fn dataset_warning(size: Size) -> Option<String> {
    let warning = || {
        format!(
            "the image has {size} pixels, and the API recommends {} for datasets; prepare it with the bounds \
             leonardo::sizes::DATASET",
            DATASET.max
        )
    };
    (!DATASET.contains(size)).then(warning)
}

/// Whether a call generates images of this size, as far as is documented. An upscaler takes any image, but generates none
/// of its size.
fn is_usable(size: Size) -> bool {
    let contains = |model: &Model| match &model.sizes {
        // There are no limits in the documentation.
        Some(AllowedSizes::Range(bounds)) if bounds.min == Size::new(1, 1) => false,
        Some(sizes) => sizes.contains(size),
        None => false,
    };
    let models = Model::all().iter();
    let mut generating = models.filter(|model| model.kind != ModelKind::Upscaler);
    V1.contains(size) || generating.any(contains)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(bounds: Bounds, width: u32, height: u32) -> Size {
        let options = PrepareOptions::default().bounds(bounds);
        options.plan_size(width, height).unwrap().size()
    }

    #[test]
    fn sizes_that_some_call_generates_are_usable() {
        for usable in [
            (640, 480),
            (1536, 1152),
            (77, 33),
            (3808, 2160),
            (1584, 672),
        ] {
            assert!(is_usable(Size::new(usable.0, usable.1)), "{usable:?}");
        }
        for unusable in [(10, 10), (4001, 3001), (100, 5001), (9000, 4000)] {
            assert!(
                !is_usable(Size::new(unusable.0, unusable.1)),
                "{unusable:?}"
            );
        }
    }

    #[test]
    fn every_preset_accepts_every_camera() {
        for (name, bounds) in PRESETS {
            for (width, height) in [
                (4000, 3000),
                (3000, 2000),
                (1600, 900),
                (9, 16),
                (5000, 500),
            ] {
                let size = size(*bounds, width, height);
                assert!(bounds.contains(size), "{name}: {size}");
            }
        }
        assert_eq!(size(GPT_IMAGE, 6000, 4000), Size::new(3520, 2352));
        assert_eq!(size(GPT_IMAGE, 6000, 600), Size::new(1776, 592));
        assert_eq!(size(DATASET, 3000, 2000), Size::new(1024, 1024));
        assert_eq!(size(LUCID, 5000, 5000), Size::new(3616, 3616));
    }

    #[test]
    fn photos_are_reduced_to_the_bounds_and_small_images_keep_their_size() {
        let plan = |width, height| prepare().plan_size(width, height).unwrap().size();
        assert_eq!(plan(4000, 3000), Size::new(1536, 1152));
        assert_eq!(plan(640, 480), Size::new(640, 480));
        assert_eq!(plan(64, 64), Size::new(64, 64));
        assert_eq!(plan(16, 16), Size::new(32, 32));
    }
}
