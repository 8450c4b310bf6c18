//! Promise: a mask has the size and the crop of its image, in grayscale or in black and white.

use image::{GrayImage, Luma};
use imgpost::{Bounds, Extension, Fit, Gravity, PrepareErrorKind, PrepareOptions, PreparedImage};

use crate::support::fixture;

/// A mask with the right half and the top quarter in white.
fn mask(width: u32, height: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| {
        Luma([if x * 2 >= width || y * 4 < height {
            255
        } else {
            0
        }])
    })
}

fn decode(image: &PreparedImage) -> GrayImage {
    let decoded = image::load_from_memory(image.bytes()).unwrap();
    assert_eq!(
        (decoded.width(), decoded.height()),
        (image.size().width, image.size().height)
    );
    decoded.into_luma8()
}

#[test]
fn mask_follows_the_crop_and_size_of_its_image() {
    let photo = fixture("images/lighthouse.jpg");
    let mut cases = 0;
    let small = PrepareOptions::default().bounds(Bounds::square(8, 384, 8));
    for prepare in [
        small.clone(),
        small.clone().aspect(1, 1),
        small.clone().size(256, 128).gravity(Gravity::North),
        small.clone().size(256, 256).fit(Fit::Contain),
        small.clone().size(150, 150).fit(Fit::Fill),
        small.max_bytes(5000).allow_shrinking(true),
    ] {
        let image = prepare.open(&photo).unwrap();
        for (width, height) in [(300, 400), (150, 200), (1200, 1600), (901, 1201)] {
            let drawn = mask(width, height).into();
            let prepared = image
                .mask_options()
                .threshold(128)
                .prepare_image(drawn)
                .unwrap();
            assert_eq!(prepared.size(), image.size());
            assert_eq!(prepared.extension(), Extension::Png);
            let found = decode(&prepared);
            assert!(found.pixels().all(|p| p[0] == 0 || p[0] == 255));
            // The plan maps each pixel to its position in the upright image.
            let (crop, shown) = (image.plan().crop(), image.plan().image_region());
            let mut wrong = 0;
            for (x, y, pixel) in found.enumerate_pixels() {
                let inside = (shown.left..shown.left + shown.width).contains(&x)
                    && (shown.top..shown.top + shown.height).contains(&y);
                let expected = inside && {
                    let u = f64::from(x - shown.left) + 0.5;
                    let v = f64::from(y - shown.top) + 0.5;
                    let u =
                        f64::from(crop.left) + u * f64::from(crop.width) / f64::from(shown.width);
                    let v =
                        f64::from(crop.top) + v * f64::from(crop.height) / f64::from(shown.height);
                    u / 1200.0 >= 0.5 || v / 1600.0 < 0.25
                };
                wrong += u32::from((pixel[0] == 255) != expected);
            }
            // One line of pixels along each edge of the mask may be black or white.
            let edge = 2 * (prepared.size().width + prepared.size().height);
            assert!(
                wrong <= edge,
                "{wrong} of at most {edge} at {}",
                prepared.size()
            );
            cases += 1;
        }
    }
    assert_eq!(cases, 24);
}

#[test]
fn grays_are_kept_without_a_threshold_and_transparency_is_black() {
    let image = PrepareOptions::default()
        .size(1536, 1536)
        .prepare_rgba8(64, 64, &[9; 64 * 64 * 4])
        .unwrap();
    let quarters: Vec<u8> = (0..64 * 64)
        .flat_map(|i| match (i % 64 < 32, i / 64 < 32) {
            (true, true) => [255, 255, 255, 255],
            (false, true) => [100, 100, 100, 255],
            (true, false) => [255, 255, 255, 0],
            (false, false) => [0, 255, 0, 255],
        })
        .collect();
    let prepared = decode(
        &image
            .mask_options()
            .prepare_rgba8(64, 64, &quarters)
            .unwrap(),
    );
    let at = |image: &GrayImage, x, y| image.get_pixel(x, y)[0];
    let corners = |image: &GrayImage| {
        [(5, 5), (1530, 5), (5, 1530), (1530, 1530)].map(|(x, y)| at(image, x, y))
    };
    assert_eq!(corners(&prepared), [255, 100, 0, 150]);
    let sharp = image
        .mask_options()
        .threshold(120)
        .prepare_rgba8(64, 64, &quarters)
        .unwrap();
    assert_eq!(corners(&decode(&sharp)), [255, 0, 0, 255]);
}

#[test]
fn mask_of_another_ratio_is_rejected_with_both_sizes() {
    let image = PrepareOptions::default()
        .open(fixture("images/lighthouse.jpg"))
        .unwrap();
    let error = image
        .mask_options()
        .prepare_image(mask(1600, 1200).into())
        .unwrap_err();
    assert!(matches!(
        error.kind(),
        PrepareErrorKind::MaskOfAnotherRatio { .. }
    ));
    let message = error.to_string();
    assert!(
        message.contains("1600x1200") && message.contains("1200x1600"),
        "{message}"
    );
    // A mask is rotated upright first, like any image.
    assert!(
        image
            .mask_options()
            .open(fixture("images/orientation-6.png"))
            .is_ok()
    );
}
