//! Promise: by default, an image keeps its size; nothing is enlarged or distorted without request; and an impossible
//! request is rejected with the limits.

use imgpost::leonardo::sizes;
use imgpost::sandbox::Sandbox;
use imgpost::{
    AllowedSizes, Bounds, Extension, Fit, PrepareErrorKind, PrepareOptions, Resolution, Size,
    leonardo,
};

use crate::support::command::{form, imgpost, json, on, refused, run};
use crate::support::{files, fixture};

/// A PNG of `width` × `height` pixels in two colors.
fn icon(width: u32, height: u32) -> Vec<u8> {
    let pixels = image::RgbImage::from_fn(width, height, |x, _| {
        image::Rgb(if x % 2 == 0 {
            [200, 30, 30]
        } else {
            [30, 30, 200]
        })
    });
    let mut png = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

#[test]
fn default_keeps_the_size_of_every_image() {
    let mut cases = 0;
    for path in files("images").into_iter().chain(files("tiny")) {
        let image = PrepareOptions::default().open(&path).unwrap();
        assert_eq!(image.size(), image.source_size(), "{}", path.display());
        let plan = PrepareOptions::default().plan(&path).unwrap();
        assert_eq!(plan.size(), image.size(), "{}", path.display());
        assert_eq!(plan.cropped_share(), 0.0, "{}", path.display());
        cases += 1;
    }
    assert!(cases > 50, "{cases}");
}

#[test]
fn post_keeps_the_size_unless_the_form_is_leonardos() {
    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let small = folder.path().join("icon.png");
    std::fs::write(&small, icon(64, 64)).unwrap();
    let wide = folder.path().join("wide.png");
    std::fs::write(&wide, icon(2000, 400)).unwrap();
    let leonardos = || String::from_utf8(form(&sandbox, "jpg")).unwrap();
    let bare = || {
        let response: serde_json::Value = serde_json::from_str(&leonardos()).unwrap();
        let form = &response["uploadInitImage"];
        let fields: serde_json::Value =
            serde_json::from_str(form["fields"].as_str().unwrap()).unwrap();
        serde_json::json!({"url": form["url"], "fields": fields}).to_string()
    };
    for (name, form, file, options, expected) in [
        ("icon, bare", bare(), &small, vec![], (64, 64)),
        ("icon, Leonardo", leonardos(), &small, vec![], (64, 64)),
        ("large, bare", bare(), &wide, vec![], (2000, 400)),
        ("large, Leonardo", leonardos(), &wide, vec![], (1520, 304)),
        (
            "large, bare, with bounds",
            bare(),
            &wide,
            vec!["--bounds", "v1"],
            (1520, 304),
        ),
        (
            "icon, Leonardo, enlarged",
            leonardos(),
            &small,
            vec!["--allow-enlargement", "--within", "640x640"],
            (640, 640),
        ),
    ] {
        let path = folder.path().join("form.json");
        std::fs::write(&path, form).unwrap();
        let mut command = imgpost();
        command.args(["post", "--json", "--presigned"]).arg(&path);
        let report = &json(&run(command.arg(file).args(options)))[0];
        let stored = sandbox.stored(report["key"].as_str().unwrap()).unwrap();
        let stored = image::load_from_memory(&stored.bytes).unwrap();
        assert_eq!((stored.width(), stored.height()), expected, "{name}");
    }
}

#[test]
fn leonardos_commands_use_its_sizes_and_local_commands_keep_the_size() {
    let sandbox = Sandbox::start().unwrap();
    let photo = fixture("images/lighthouse.jpg");
    let size = |report: &serde_json::Value| (report["width"].as_u64(), report["height"].as_u64());
    let planned = json(&run(imgpost().args(["plan", "--json"]).arg(&photo)));
    assert_eq!(size(&planned[0]), (Some(1200), Some(1600)));
    let uploaded = json(&run(on(&sandbox).args(["upload", "--json"]).arg(&photo)));
    assert_eq!(size(&uploaded[0]), (Some(1152), Some(1536)));
    let mut command = on(&sandbox);
    command.args([
        "generate",
        "-p",
        "dusk",
        "--dry-run",
        "--json",
        "--init-image",
    ]);
    let sent = json(&run(command.arg(&photo)));
    assert_eq!(size(&sent[0]), (Some(1152), Some(1536)));
}

#[test]
fn impossible_ratio_is_rejected_with_the_limits() {
    let photo = fixture("images/gray.jpg");
    let plan = |options: &[&str]| {
        let mut command = imgpost();
        refused(&run(command.arg("plan").args(options).arg(&photo)))
    };
    let (code, message) = plan(&["--bounds", "v1", "--aspect", "1000:1"]);
    assert_eq!(code, 3, "{message}");
    for words in [
        "1000:1",
        "1536x32",
        "32 to 1536 pixels a side, multiples of 8",
    ] {
        assert!(message.contains(words), "{message}");
    }
    let (_, message) = plan(&["--bounds", "gpt-image", "--aspect", "10:1"]);
    assert!(message.contains("at most 3:1"), "{message}");
    let (_, message) = plan(&["--bounds", "v1", "--within", "16x16"]);
    assert!(
        message.contains("no allowed size is within 16x16"),
        "{message}"
    );
}

#[test]
fn small_image_is_not_distorted_by_its_crop() {
    // A white cross on black: both of its bars are one pixel wide.
    let cross = |x: usize, y: usize| if x == 1 || y == 1 { 255 } else { 0 };
    let pixels: Vec<u8> = (0..9)
        .flat_map(|i| [cross(i % 3, i / 3), 0, 0, 255])
        .collect();
    let image = PrepareOptions::default()
        .size(320, 240)
        .extension(Extension::Png)
        .prepare_rgba8(3, 3, &pixels)
        .unwrap();
    let image = image::load_from_memory(image.bytes()).unwrap().into_rgb8();
    let is_white = |x, y| image.get_pixel(x, y)[0] > 127;
    // Along the centers of the corner pixels, where only the bars are visible.
    let across = (0..320).filter(|x| is_white(*x, 13)).count();
    let down = (0..240).filter(|y| is_white(53, *y)).count();
    // A crop to whole pixels makes one of them an eighth wider.
    assert!((100..120).contains(&across), "{across}");
    assert!(across.abs_diff(down) <= 1, "{across} and {down}");
}

#[test]
fn listed_sizes_are_met_exactly() {
    const TIERS: &[Size] = &[
        Size::new(1024, 1024),
        Size::new(848, 1264),
        Size::new(1264, 848),
        Size::new(2048, 2048),
        Size::new(1696, 2528),
        Size::new(2528, 1696),
    ];
    let options = PrepareOptions::default().bounds(AllowedSizes::from(TIERS));
    let size =
        |options: &PrepareOptions, width, height| options.plan_size(width, height).unwrap().size();
    assert_eq!(size(&options, 4000, 6000), Size::new(848, 1264));
    assert_eq!(size(&options, 64, 64), Size::new(1024, 1024));
    let two_k = options.clone().resolution(Resolution::TwoK);
    assert_eq!(size(&two_k, 4000, 6000), Size::new(1696, 2528));
    let image = options.open(fixture("images/lighthouse.jpg")).unwrap();
    assert!(TIERS.contains(&image.size()), "{}", image.size());
    let error = options
        .clone()
        .aspect(5, 1)
        .plan_size(900, 900)
        .unwrap_err();
    assert!(
        matches!(error.kind(), PrepareErrorKind::NoAllowedAspect { nearest, .. } if TIERS.contains(nearest)),
        "{error}"
    );
    let sides = AllowedSizes::Sides {
        widths: vec![512, 768, 1024].into(),
        heights: vec![512, 640].into(),
        bounds: Bounds::ANY.with_max_ratio(1),
    };
    let options = PrepareOptions::default().bounds(sides);
    assert_eq!(size(&options, 3000, 2000), Size::new(512, 512));
}

#[test]
fn padding_keeps_the_pixels_of_the_image() {
    let pixels: Vec<u8> = (0..40 * 30 * 4)
        .map(|i| if i % 4 == 3 { 255 } else { i as u8 })
        .collect();
    let image = PrepareOptions::default()
        .aspect(1, 1)
        .fit(Fit::Contain)
        .extension(Extension::Png)
        .prepare_rgba8(40, 30, &pixels)
        .unwrap();
    assert_eq!(image.size(), Size::new(40, 40));
    let padded = image::load_from_memory(image.bytes()).unwrap().into_rgba8();
    let region = image.plan().image_region();
    assert_eq!((region.top, region.size()), (5, Size::new(40, 30)));
    let shown = image::imageops::crop_imm(&padded, 0, 5, 40, 30).to_image();
    assert_eq!(shown.as_raw(), &pixels);
}

#[test]
fn shrinking_uses_the_bytes_that_are_allowed() {
    let photo = leonardo::prepare()
        .within(400, 400)
        .extension(Extension::Png)
        .open(fixture("images/lighthouse.jpg"))
        .unwrap();
    let mut cases = 0;
    for extension in [Extension::Png, Extension::Webp] {
        let options = PrepareOptions::default().extension(extension);
        let whole = options.prepare_bytes(photo.bytes()).unwrap().bytes().len() as u64;
        for max_bytes in [whole - 1, whole * 9 / 10, whole / 2, whole / 4, whole / 10] {
            let options = options.clone().max_bytes(max_bytes).allow_shrinking(true);
            let image = options.prepare_bytes(photo.bytes()).unwrap();
            let found = image.bytes().len() as u64;
            assert!(found <= max_bytes, "{extension}: {found} of {max_bytes}");
            // One row or column more of a small image is a percent of its bytes.
            assert!(
                found >= max_bytes * 95 / 100,
                "{extension}: {found} of {max_bytes}"
            );
            cases += 1;
        }
    }
    assert_eq!(cases, 10);
}

#[test]
fn presets_are_reachable_by_name() {
    for (name, bounds) in sizes::PRESETS {
        let mut command = imgpost();
        command.args(["plan", "--json", "--bounds", name]);
        let report = &json(&run(command.arg(fixture("images/lighthouse.jpg"))))[0];
        let side = |name: &str| report[name].as_u64().unwrap() as u32;
        let size = Size::new(side("width"), side("height"));
        assert!(bounds.contains(size), "{name}: {size}");
    }
}
