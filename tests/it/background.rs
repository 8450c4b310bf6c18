//! The background of an image is removed in one call, which is never sent twice, and the command downloads the result.

use imgpost::PrepareOptions;
use imgpost::leonardo::{
    CutoutFormat, CutoutSize, Error, ImageReference, Model, RemoveBackground, prepare_for,
};
use imgpost::sandbox::{Fault, Sandbox};

use crate::support::command::{imgpost, json, on, run};

/// White, with a red square in the middle.
fn red_square(width: u32, height: u32) -> Vec<u8> {
    let at = |x: u32, y: u32| {
        let is_red = x.abs_diff(width / 2) < width / 4 && y.abs_diff(height / 2) < height / 4;
        if is_red { [255, 0, 0, 255] } else { [255; 4] }
    };
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| at(x, y)));
    pixels.flatten().collect()
}

fn stored(sandbox: &Sandbox, url: &str) -> image::RgbaImage {
    let key = url.split_once("imgpost-sandbox/").unwrap().1;
    let bytes = sandbox.stored(key).unwrap().bytes;
    image::load_from_memory(&bytes).unwrap().into_rgba8()
}

#[test]
fn result_is_in_the_response() {
    let sandbox = Sandbox::start().unwrap();
    let client = sandbox.client().unwrap();
    let model = Model::find("remove-bg").unwrap();
    let image = prepare_for(model)
        .prepare_rgba8(80, 60, &red_square(80, 60))
        .unwrap();
    let image = client.upload_init_image(&image).unwrap();
    let removed = client
        .remove_background(&RemoveBackground::new(&image))
        .unwrap();
    assert_eq!(removed.blocked_count, 0);
    assert_eq!(removed.cost.unwrap().amount, "10");
    let cutout = &removed.results[0];
    assert_eq!(cutout.content_type, "image/png");
    assert_eq!((cutout.width, cutout.height), (Some(80), Some(60)));
    let pixels = stored(&sandbox, cutout.url.as_ref().unwrap());
    assert_eq!(pixels.dimensions(), (80, 60));
    assert_eq!(pixels.get_pixel(2, 2).0[3], 0);
    assert_eq!(pixels.get_pixel(40, 30).0[3], 255);

    // Inside the response, before another image.
    let behind = PrepareOptions::default();
    let behind = behind
        .prepare_rgba8(8, 8, &[0, 0, 255, 255].repeat(64))
        .unwrap();
    let behind = client.upload_init_image(&behind).unwrap();
    let call = RemoveBackground::new(&image)
        .background_image(&behind)
        .format(CutoutFormat::Jpg)
        .inline(true);
    let removed = client.remove_background(&call).unwrap();
    let cutout = &removed.results[0];
    assert_eq!(cutout.url, None);
    let pixels = image::load_from_memory(cutout.bytes.as_ref().unwrap()).unwrap();
    let [red, _, blue] = pixels.into_rgb8().get_pixel(2, 2).0;
    assert!(blue > 200 && red < 50, "{red} {blue}");
}

#[test]
fn preview_has_a_quarter_of_a_megapixel() {
    let sandbox = Sandbox::start().unwrap();
    let client = sandbox.client().unwrap();
    let image = PrepareOptions::default()
        .prepare_rgba8(800, 600, &red_square(800, 600))
        .unwrap();
    let image = client.upload_init_image(&image).unwrap();
    let call = RemoveBackground::new(&image).size(CutoutSize::Preview);
    let cutout = client.remove_background(&call).unwrap().results.remove(0);
    let pixels = cutout.width.unwrap() * cutout.height.unwrap();
    assert!((240_000..=250_000).contains(&pixels), "{cutout:?}");
}

#[test]
fn call_whose_response_is_lost_is_not_sent_again() {
    let sandbox = Sandbox::start()
        .unwrap()
        .with_api_fault(Fault::LoseResponse);
    let client = sandbox.client().unwrap();
    let image = ImageReference::uploaded("00000000-0000-4000-8000-000000000011");
    let error = client
        .remove_background(&RemoveBackground::new(image))
        .unwrap_err();
    assert!(matches!(error, Error::Unconfirmed(_)), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("may have been started and charged")
    );
    let sent = sandbox
        .requests()
        .into_iter()
        .filter(|request| request.path.ends_with("/generationssync"));
    assert_eq!(sent.count(), 1);
}

#[test]
fn command_uploads_the_image_and_downloads_the_result() {
    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("photo.png");
    let pixels = red_square(64, 48);
    image::save_buffer(&photo, &pixels, 64, 48, image::ExtendedColorType::Rgba8).unwrap();
    let photo = photo.to_str().unwrap();
    let out = folder.path().join("out");
    let output = run(on(&sandbox)
        .args([
            "remove-background",
            photo,
            "--cutout-format",
            "png",
            "--json",
            "--download",
        ])
        .arg(&out));
    assert!(output.status.success(), "{output:?}");
    let report = &json(&output)[0];
    let file = report["images"][0]["file"].as_str().unwrap();
    assert_eq!(report["cost"]["amount"], "10");
    let cut = image::open(file).unwrap().into_rgba8();
    assert_eq!((cut.dimensions(), cut.get_pixel(1, 1).0[3]), ((64, 48), 0));
    // Without a folder, its URL.
    let output = run(on(&sandbox).args(["remove-background", photo]));
    let url = String::from_utf8(output.stdout).unwrap();
    let [red, green, _, alpha] = stored(&sandbox, url.trim()).get_pixel(32, 24).0;
    assert!(
        red > 250 && green < 5 && alpha == 255,
        "{red} {green} {alpha}"
    );
}

#[test]
fn command_validates_before_anything_is_sent() {
    let dry = |arguments: &[&str]| {
        run(imgpost()
            .args([
                "remove-background",
                "fixtures/images/lighthouse.jpg",
                "--dry-run",
                "--json",
            ])
            .args(arguments))
    };
    let request = &json(&dry(&["--background-color", "#fff", "--ephemeral"]))[0];
    assert_eq!(request["model"], "remove-bg");
    assert_eq!(
        (&request["ephemeral"], &request["parameters"]["bg_color"]),
        (&true.into(), &"#fff".into())
    );
    for (arguments, expected) in [
        (
            &["--cutout-size", "50MP", "--cutout-format", "png"][..],
            "cannot be combined",
        ),
        (
            &["--model", "nano-banana-2"],
            "--model is not for remove-background",
        ),
        (&["--cutout-size", "large"], "large"),
    ] {
        let output = dry(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    }
}

#[test]
fn blocked_image_is_a_failure_that_names_the_generation() {
    let id = "00000000-0000-4000-8000-000000000011";
    let body = format!(r#"{{"id": "{id}", "results": [], "blockedCount": 1}}"#);
    let fault = Fault::Respond {
        status: 200,
        headers: vec![("Content-Type", "application/json".into())],
        body,
    };
    let sandbox = Sandbox::start().unwrap().with_api_fault(fault);
    let output = run(on(&sandbox).args(["remove-background", id]));
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    let expected = format!("the API blocked the image of generation {id}");
    assert!(stderr.contains(&expected), "{stderr}");
}
