//! Promise: what was looked at and found right stays as it is.
//!
//! The images in `fixtures/golden` were made by the ignored test here and looked at:
//! `cargo test --test it golden -- --ignored`.

use image::DynamicImage;
use imgpost::{Extension, Fit, Gravity, PrepareOptions, PreparedImage};

use crate::support::{files, fixture, psnr};

/// Decibels: instruction sets round differently, and nothing else may differ.
const LEAST: f64 = 45.0;

fn cases() -> Vec<(&'static str, PreparedImage)> {
    let png = PrepareOptions::default().extension(Extension::Png);
    let prepare = |name: &str, prepare: &PrepareOptions| {
        let path = fixture(&format!("images/{name}"));
        prepare.open(path).unwrap()
    };
    let small = png.clone().size(60, 80);
    let top = png.clone().size(90, 90).gravity(Gravity::North);
    let padded = png.clone().size(120, 80).fit(Fit::Contain);
    let stretched = png.clone().size(120, 60).fit(Fit::Fill);
    let on_orange = small.clone().background([255, 128, 0]);
    let mask = prepare("lighthouse.jpg", &top)
        .mask_options()
        .threshold(128);
    vec![
        ("cover", prepare("lighthouse.jpg", &small)),
        ("cover-north", prepare("lighthouse.jpg", &top)),
        (
            "contain",
            prepare("lighthouse.jpg", &padded.background([0, 96, 64])),
        ),
        ("fill", prepare("lighthouse.jpg", &stretched)),
        (
            "enlarged",
            prepare("orientation-8.webp", &png.clone().size(126, 168)),
        ),
        ("alpha", prepare("alpha.png", &small)),
        (
            "flattened",
            prepare("rgba-16-bit.png", &on_orange.extension(Extension::Jpg)),
        ),
        (
            "palette-transparent",
            prepare("palette-transparent.png", &small),
        ),
        ("display-p3", prepare("display-p3.jpg", &small)),
        ("prophoto", prepare("prophoto.png", &small)),
        ("cmyk-profile", prepare("cmyk-profile.jpg", &small)),
        ("gray-gamma", prepare("gray-gamma-1.8.jpg", &small)),
        ("linear", prepare("gamma-linear.png", &small)),
        ("mask", mask.open(fixture("images/alpha.png")).unwrap()),
    ]
}

fn decode(image: &PreparedImage) -> DynamicImage {
    image::load_from_memory(image.bytes()).unwrap()
}

#[test]
fn golden_images_are_reproduced() {
    let cases = cases();
    assert_eq!(files("golden").len(), cases.len());
    let mut different = Vec::new();
    for (name, image) in cases {
        let golden = image::open(fixture(&format!("golden/{name}.png"))).unwrap();
        let found = psnr(&decode(&image), &golden);
        if found < LEAST {
            different.push(format!("{name}: {found:.1} dB"));
        }
        assert_eq!(
            decode(&image).color().has_alpha(),
            golden.color().has_alpha(),
            "{name}"
        );
    }
    assert!(different.is_empty(), "{different:?}");
}

#[test]
#[ignore = "overwrites what is compared with"]
fn write_the_golden_images() {
    for (name, image) in cases() {
        decode(&image)
            .save(fixture(&format!("golden/{name}.png")))
            .unwrap();
    }
}
