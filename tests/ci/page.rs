//! Promise: the sandbox's page shows the stored images and the requests in a browser.
//!
//! Needs `chromium`, which `.ci/run` installs. `IMGPOST_SCREENSHOT=fixtures/sandbox-page.png` saves the screenshot.

use image::RgbaImage;
use imgpost::leonardo::{CanvasRequestType, CreateGeneration};
use imgpost::sandbox::{Fault, Sandbox};
use imgpost::{Extension, PrepareOptions};

use crate::support::fixture;
use crate::support::tools::chromium;

/// Renders a page with Chromium.
fn screenshot(url: &str) -> RgbaImage {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.png");
    let screenshot = format!("--screenshot={}", path.display());
    let args = [
        "--hide-scrollbars",
        "--window-size=1180,760",
        &screenshot,
        url,
    ];
    let output = chromium(folder.path(), &args);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && path.exists(), "{message}");
    image::open(path).unwrap().into_rgba8()
}

/// The number of pixels with this color.
fn count_pixels(image: &RgbaImage, rgb: [u8; 3]) -> usize {
    let pixels = image.pixels();
    pixels.filter(|pixel| pixel.0[..3] == rgb).count()
}

#[test]
fn browser_shows_the_images_and_the_requests() {
    let sandbox = Sandbox::start().unwrap();
    let empty = screenshot(&sandbox.page_url());

    let sandbox = sandbox.with_fault(Fault::s3_error(503, "SlowDown"));
    let client = sandbox.client().unwrap();
    let photo = imgpost::leonardo::prepare()
        .open(fixture("images/lighthouse.jpg"))
        .unwrap();
    let init = client.upload_init_image(&photo).unwrap();
    let orange = [240, 120, 0, 255].repeat(16 * 16);
    let plain = PrepareOptions::default()
        .size(512, 512)
        .extension(Extension::Png);
    client
        .upload_init_image(&plain.prepare_rgba8(16, 16, &orange).unwrap())
        .unwrap();

    let (width, height) = (photo.source_size().width, photo.source_size().height);
    let is_sky = |n: u32| n / width < height / 3;
    let mask = (0..width * height).flat_map(|n| [[0; 3], [255; 3]][usize::from(is_sky(n))]);
    let mask: Vec<u8> = mask
        .collect::<Vec<_>>()
        .chunks(3)
        .flat_map(|p| [p[0], p[1], p[2], 255])
        .collect();
    let mask = photo
        .mask_options()
        .prepare_rgba8(width, height, &mask)
        .unwrap();
    let canvas = client.upload_canvas(&photo, &mask).unwrap();
    let inpaint = CreateGeneration::new("a red sky").canvas(&canvas, CanvasRequestType::Inpaint);
    let job = client.generate(&inpaint.num_images(1)).unwrap();
    client.wait(&job).unwrap();
    let dusk = CreateGeneration::new("a lighthouse at dusk").init_image(&init);
    let job = client.generate(&dusk.num_images(1)).unwrap();
    client.wait(&job).unwrap();
    client.generation("no-such-id").unwrap_err();

    let full = screenshot(&sandbox.page_url());
    // The orange image fills its square, except for a possible frame.
    let orange = [240, 120, 0];
    assert_eq!(count_pixels(&empty, orange), 0);
    let shown = count_pixels(&full, orange);
    assert!((5_000..=8_000).contains(&shown), "{shown}");
    // The images and the lines of text change many pixels.
    let differing = empty
        .pixels()
        .zip(full.pixels())
        .filter(|(a, b)| a != b)
        .count();
    assert!(differing > 50_000, "{differing}");
    if let Some(path) = std::env::var_os("IMGPOST_SCREENSHOT") {
        full.save(path).unwrap();
    }
}
