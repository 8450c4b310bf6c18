//! The command prepares images for the model that is named, and reports what is known of the models.

use imgpost::leonardo::Model;
use imgpost::sandbox::Sandbox;

use crate::support::at_once;
use crate::support::command::{imgpost, json, on, run};

const PHOTO: &str = "fixtures/images/lighthouse.jpg";

#[test]
fn models_are_listed_with_their_sizes() {
    let rows = json(&run(imgpost().args(["models", "--json"])));
    assert_eq!(rows.len(), Model::all().len());
    let row = rows
        .iter()
        .find(|row| row["id"] == "nano-banana-2")
        .unwrap();
    assert!(row["sizes"].as_str().unwrap().contains("1200x896"), "{row}");
    let ids = run(imgpost().arg("models"));
    let ids = String::from_utf8(ids.stdout).unwrap();
    assert!(
        ids.lines().any(|id| id == "openai/gpt-image-2.5-flare"),
        "{ids}"
    );
}

#[test]
fn online_models_are_compared_with_the_documentation() {
    let sandbox = Sandbox::start().unwrap();
    let rows = json(&run(on(&sandbox).args(["models", "--online", "--json"])));
    assert!(
        rows.len() > 70 && rows.iter().all(|row| row["known"] == true),
        "{rows:?}"
    );
    let row = rows.iter().find(|row| row["id"] == "gpt-image-2").unwrap();
    assert!(
        row["differences"][0]
            .as_str()
            .unwrap()
            .starts_with("sizes: "),
        "{row}"
    );
}

#[test]
fn plan_names_an_allowed_size_for_every_model() {
    for model in Model::all() {
        let output = run(imgpost().args(["plan", PHOTO, "--json", "--model", &model.id]));
        let plan = &json(&output)[0];
        let side = |name: &str| plan[name].as_u64().unwrap() as u32;
        let size = imgpost::Size::new(side("width"), side("height"));
        let is_allowed = model
            .sizes
            .as_ref()
            .is_none_or(|sizes| sizes.contains(size));
        assert!(is_allowed, "{}: {size}", model.id);
    }
}

#[test]
fn named_models_are_listed_with_all_sizes() {
    let output = run(imgpost().args(["models", "gpt-image-2", "flux-dev"]));
    assert_eq!(output.stdout, b"gpt-image-2\nflux-dev\n");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains(" more"), "{stderr}");
    let output = run(imgpost().args(["models", "flux-deb"]));
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("did you mean flux-dev"), "{stderr}");
}

#[test]
fn misspelled_model_is_rejected_before_anything_is_sent() {
    let sandbox = Sandbox::start().unwrap();
    let wrong = ["--model", "nano-banana2"];
    for command in [
        &["plan", PHOTO][..],
        &["upload", PHOTO],
        &["upload", PHOTO, "--dry-run"],
        &["generate", "--prompt", "p", "--image-reference", PHOTO],
    ] {
        let output = run(on(&sandbox).args(command).args(wrong));
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            stderr.contains("nano-banana2 is unknown; did you mean nano-banana-2"),
            "{stderr}"
        );
    }
    assert!(sandbox.keys().is_empty());
}

#[test]
fn model_that_is_new_is_used_with_a_size() {
    for args in [&["another/model"][..], &["nano-banana2", "--size", "64x64"]] {
        let output = run(imgpost().args(["plan", PHOTO, "--model"]).args(args));
        assert!(output.status.success());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("are unknown"), "{stderr}");
    }
}

#[test]
fn generation_of_a_model_has_the_size_of_the_prepared_image() {
    let request = &json(&run(imgpost().args([
        "generate",
        "-p",
        "p",
        "--model",
        "nano-banana-2",
        "--image-reference",
        PHOTO,
        "--dry-run",
        "--json",
    ])))[0];
    let parameters = &request["parameters"];
    assert_eq!(
        (&parameters["width"], &parameters["height"]),
        (&896.into(), &1200.into()),
        "{request}"
    );
    let request = &json(&run(imgpost().args([
        "video",
        PHOTO,
        "-p",
        "p",
        "--model",
        "veo-3.1-lite",
        "--dry-run",
        "--json",
    ])))[0];
    assert_eq!(
        request["parameters"]["guidances"]["start_frame"]
            .as_array()
            .unwrap()
            .len(),
        1,
        "{request}"
    );
    let output = run(imgpost().args([
        "generate",
        "-p",
        "p",
        "--model",
        "nano-banana-2",
        "--size",
        "1264x896",
        "--dry-run",
    ]));
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("which gives 1264x848"), "{stderr}");
}

/// Width divided by height of the dark disc in an image.
fn proportions(path: &std::path::Path) -> f64 {
    let image = image::open(path).unwrap().into_luma8();
    let (width, height) = image.dimensions();
    let is_dark = |x: u32, y: u32| image.get_pixel(x, y).0[0] < 128;
    let across = (0..width).filter(|x| is_dark(*x, height / 2)).count();
    let down = (0..height).filter(|y| is_dark(width / 2, *y)).count();
    across as f64 / down as f64
}

#[test]
fn generated_image_keeps_its_proportions_and_a_wrong_pair_deforms_it() {
    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    // A dark disc of 200 pixels in the middle of 640x360.
    let disc = image::GrayImage::from_fn(640, 360, |x, y| {
        let (x, y) = (f64::from(x) - 320.0, f64::from(y) - 180.0);
        image::Luma([if x.hypot(y) < 100.0 { 0 } else { 255 }])
    });
    let photo = folder.path().join("disc.png");
    disc.save(&photo).unwrap();
    let photo = photo.to_str().unwrap();
    let check = |more: &[&str], proportion: f64| {
        let arguments = ["generate", "-p", "p", "--model", "nano-banana-2", "-n", "1"];
        let output = run(on(&sandbox)
            .args(arguments)
            .args(["--image-reference", photo, "--json", "--download"])
            .arg(folder.path())
            .args(more));
        let report = &json(&output)[0];
        let file = report["images"][0]["file"].as_str().unwrap();
        let found = proportions(file.as_ref());
        assert!((found - proportion).abs() < 0.02, "{found}");
    };
    // Both sides are listed, but not as a pair, so that a square comes of 16:9.
    let no_pair = ["--extra", "width=1376", "--extra", "height=1152"];
    at_once([&|| check(&[], 1.0), &|| check(&no_pair, 9.0 / 16.0)]);
}

#[test]
fn upscaler_of_an_image_of_unknown_size_asks_for_it() {
    let id = "00000000-0000-4000-8000-000000000011";
    let upscale = [
        "upscale",
        id,
        "--model",
        "aurora-upscaler-precise",
        "--dry-run",
    ];
    let output = run(imgpost().args(upscale));
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("requires the width and height of its image"),
        "{stderr}"
    );
    assert!(stderr.contains("--size WxH"), "{stderr}");
    let output = run(imgpost()
        .args(upscale)
        .args(["--size", "640x480", "--json"]));
    assert_eq!(json(&output)[0]["parameters"]["width"], 640);
}

#[test]
fn retired_model_is_rejected_before_anything_is_sent() {
    let video = ["video", PHOTO, "-p", "p", "--dry-run", "--model"];
    let output = run(imgpost().args(video).arg("KLING2_1"));
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("retired the model KLING2_1 on 2026-09-15"),
        "{stderr}"
    );
    let output = run(imgpost().args(video).args(["KLING2_5", "--json"]));
    let request = &json(&output)[0];
    assert_eq!(
        (&request["width"], &request["height"]),
        (&1440.into(), &1440.into()),
        "{request}"
    );
}
