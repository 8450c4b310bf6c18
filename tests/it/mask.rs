//! Promise: a mask has the size and shows the part of its image, in black and white.

use image::{GrayImage, Luma};
use imgpost::{Bounds, Extension, Fit, Gravity, PrepareErrorKind, PrepareOptions, PreparedImage};

use crate::support::fixture;

/// White over the right half and a quarter of the rest, in the shape of the lighthouse fixture or a part of it.
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
fn a_mask_follows_its_picture_whatever_was_done_to_that() {
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
        let picture = prepare.open(&photo).unwrap();
        for (width, height) in [(300, 400), (150, 200), (1200, 1600), (901, 1201)] {
            let drawn = mask(width, height).into();
            let made = picture
                .mask_options()
                .threshold(128)
                .prepare_image(drawn)
                .unwrap();
            assert_eq!(made.size(), picture.size());
            assert_eq!(made.extension(), Extension::Png);
            let found = decode(&made);
            assert!(found.pixels().all(|p| p[0] == 0 || p[0] == 255));
            // Where each pixel lies in the upright image, told by the plan alone.
            let (crop, shown) = (picture.plan().crop(), picture.plan().image_region());
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
            // One line of pixels along each edge of the mask may fall either way.
            let edge = 2 * (made.size().width + made.size().height);
            assert!(
                wrong <= edge,
                "{wrong} of at most {edge} at {}",
                made.size()
            );
            cases += 1;
        }
    }
    assert_eq!(cases, 24);
}

#[test]
fn grays_stay_unless_a_threshold_is_set_and_transparency_is_black() {
    let picture = PrepareOptions::default()
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
    let made = decode(
        &picture
            .mask_options()
            .prepare_rgba8(64, 64, &quarters)
            .unwrap(),
    );
    let at = |image: &GrayImage, x, y| image.get_pixel(x, y)[0];
    let corners = |image: &GrayImage| {
        [(5, 5), (1530, 5), (5, 1530), (1530, 1530)].map(|(x, y)| at(image, x, y))
    };
    assert_eq!(corners(&made), [255, 100, 0, 150]);
    let sharp = picture
        .mask_options()
        .threshold(120)
        .prepare_rgba8(64, 64, &quarters)
        .unwrap();
    assert_eq!(corners(&decode(&sharp)), [255, 0, 0, 255]);
}

#[test]
fn a_mask_of_another_ratio_is_refused_with_both_sizes() {
    let picture = PrepareOptions::default()
        .open(fixture("images/lighthouse.jpg"))
        .unwrap();
    let error = picture
        .mask_options()
        .prepare_image(mask(1600, 1200).into())
        .unwrap_err();
    assert!(matches!(
        error.kind(),
        PrepareErrorKind::MaskOfAnotherRatio { .. }
    ));
    let told = error.to_string();
    assert!(
        told.contains("1600x1200") && told.contains("1200x1600"),
        "{told}"
    );
    // A mask on its side is turned first, as any image is.
    assert!(
        picture
            .mask_options()
            .open(fixture("images/orientation-6.png"))
            .is_ok()
    );
}
