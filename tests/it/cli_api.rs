//! Promise: every command that calls the API works on the sandbox, and reports a failure in one line with an exit code.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use image::{GrayImage, Luma};
use imgpost::sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use crate::support::command::{KEY, URL, imgpost, json, on, refused, run};
use crate::support::{at_once, fixture};

fn photo() -> String {
    fixture("images/gray.jpg").display().to_string()
}

fn one(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    json(&run(on(sandbox).arg("--json").args(arguments))).remove(0)
}

fn text(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn folders_and_patterns_are_uploaded_into_a_new_dataset() {
    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.JPG", "a.jpg", ".hidden.jpg"] {
        std::fs::copy(fixture("images/gray.jpg"), folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("notes.txt"), "about them").unwrap();
    let output = run(on(&sandbox)
        .args([
            "upload",
            "--size",
            "64x64",
            "--json",
            "--new-dataset",
            "d",
            "--jobs",
            "2",
        ])
        .arg(folder.path()));
    let messages = String::from_utf8(output.stderr.clone()).unwrap();
    let lines: Vec<Value> = messages
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let lines: Vec<_> = lines
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    let [skipped, made] = *lines else {
        panic!("{messages}")
    };
    assert_eq!(
        skipped,
        "skipped 1 file that is not an image, 1 hidden entry"
    );
    let dataset = made.strip_prefix("created dataset ").unwrap().to_owned();
    let reports = json(&output);
    let mut files: Vec<_> = reports
        .iter()
        .map(|report| report["file"].as_str().unwrap())
        .collect();
    files.sort();
    let expected = ["a.jpg", "b.JPG"].map(|name| folder.path().join(name).display().to_string());
    assert_eq!(files, expected);
    let shown = one(&sandbox, &["dataset", "show", &dataset]);
    assert_eq!(shown["dataset_images"].as_array().unwrap().len(), 2);

    let pattern = folder.path().join("*.jpg");
    let reports = json(&run(on(&sandbox)
        .args(["upload", "--size", "64x64", "--json"])
        .arg(&pattern)));
    assert_eq!(reports.len(), 1);
    let empty = tempfile::tempdir().unwrap();
    for nothing in [folder.path().join("*.gif"), empty.path().into()] {
        let (code, message) = refused(&run(on(&sandbox).arg("upload").arg(nothing)));
        let is_reported = code == 2 && message.contains("no image found");
        assert!(is_reported, "{message}");
    }
}

#[test]
fn generation_from_a_photo_is_downloaded() {
    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new");
    let output = run(on(&sandbox)
        .args([
            "generate",
            "--prompt",
            "at dusk",
            "--size",
            "128x64",
            "-n",
            "2",
            "--init-image",
        ])
        .arg(photo())
        .arg("--download")
        .arg(&out));
    let files = text(&output);
    let files: Vec<_> = files.lines().map(Path::new).collect();
    assert_eq!(files.len(), 2);
    for file in files {
        assert_eq!(file.extension().unwrap(), "jpg");
        let decoded = image::load_from_memory(&std::fs::read(file).unwrap()).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (128, 64));
    }
    let messages = String::from_utf8(output.stderr).unwrap();
    assert!(
        messages.contains("started ") && messages.contains("credits"),
        "{messages}"
    );

    let init = one(&sandbox, &["upload", "--size", "64x64", &photo()]);
    let init = init["id"].as_str().unwrap();
    let job = one(
        &sandbox,
        &[
            "generate",
            "-p",
            "p",
            "--init-image",
            init,
            "--size",
            "64x64",
        ],
    );
    assert!(job["images"].as_array().unwrap().is_empty() && job["status"].is_null());
    assert_eq!(job["cost"]["unit"], "CREDITS");
    let done = one(&sandbox, &["wait", job["id"].as_str().unwrap()]);
    assert_eq!(
        (&done["status"], &done["id"]),
        (&"COMPLETE".into(), &job["id"])
    );
    assert_eq!(done["images"].as_array().unwrap().len(), 4);
}

#[test]
fn every_other_way_to_generate() {
    let sandbox = Sandbox::start().unwrap();
    let photo = photo();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    let size = ["--size", "64x64"];
    let download = ["--download", &out];
    let generate = ["generate", "-p", "p"];
    let file = |done: &Value| {
        let file = done["images"][0]["file"].as_str();
        file.unwrap().to_owned()
    };
    let version_2_and_upscaled = || {
        let reference = ["--model", "flux-kontext-pro", "--image-reference", &photo];
        let done = one(
            &sandbox,
            &[&generate[..], &reference, &size, &["--wait"]].concat(),
        );
        assert_eq!(done["status"], "COMPLETE");
        let generated = done["images"][0]["id"].as_str().unwrap();
        let again = one(&sandbox, &["upscale", generated, "--generated"]);
        let waited = one(&sandbox, &["wait", again["id"].as_str().unwrap()]);
        assert_eq!(
            (&waited["status"], &waited["id"]),
            (&"COMPLETE".into(), &again["id"])
        );
    };
    let canvas_of_files = || {
        let canvas = ["--canvas", &photo, &photo];
        let arguments = [&generate[..], &size, &canvas, &download].concat();
        assert!(file(&one(&sandbox, &arguments)).ends_with(".png"));
    };
    let canvas_of_ids = || {
        let ids = one(&sandbox, &[&["canvas", &photo, &photo], &size[..]].concat());
        let [init, mask] = ["init_id", "mask_id"].map(|name| ids[name].as_str().unwrap());
        let canvas = ["--canvas", init, mask, "--wait"];
        let drawn = one(&sandbox, &[&generate[..], &size, &canvas].concat());
        assert_eq!(drawn["status"], "COMPLETE");
    };
    let upscale = || {
        let upscale = ["upscale", &photo, "--multiplier", "2"];
        let done = one(&sandbox, &[&upscale[..], &size, &download].concat());
        let large = std::fs::read(file(&done)).unwrap();
        assert_eq!(image::load_from_memory(&large).unwrap().width(), 128);
    };
    let video = || {
        let video = ["video", &photo, "-p", "waves"];
        let done = one(&sandbox, &[&video[..], &size, &download].concat());
        assert!(file(&done).ends_with(".mp4"));
    };
    at_once([
        &version_2_and_upscaled,
        &canvas_of_files,
        &canvas_of_ids,
        &upscale,
        &video,
    ]);
}

/// An image in color and its mask: an eighth is white, an eighth light gray, an eighth dark gray, the rest black.
fn image_and_mask(folder: &Path) -> ([String; 2], GrayImage) {
    let image = image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8 * 3, y as u8 * 3, 90]));
    let mask = GrayImage::from_fn(64, 64, |x, y| {
        Luma([if y < 32 {
            0
        } else {
            [255, 200, 100, 0][x as usize / 16]
        }])
    });
    let paths = ["image.png", "mask.png"].map(|name| folder.join(name));
    image.save(&paths[0]).unwrap();
    mask.save(&paths[1]).unwrap();
    (paths.map(|path| path.display().to_string()), mask)
}

/// White where the mask is at least this bright, and black elsewhere.
fn thresholded(mask: &GrayImage, threshold: u8) -> GrayImage {
    let mut mask = mask.clone();
    for pixel in mask.pixels_mut() {
        pixel[0] = if pixel[0] >= threshold { 255 } else { 0 };
    }
    mask
}

/// The stored image with this id.
fn stored_image(sandbox: &Sandbox, id: &Value) -> image::DynamicImage {
    let record = sandbox.client().unwrap().init_image(id.as_str().unwrap());
    let url = record.unwrap().url.unwrap();
    let mut keys = sandbox.keys().into_iter();
    let key = keys.find(|key| url.ends_with(key.as_str())).unwrap();
    image::load_from_memory(&sandbox.stored(&key).unwrap().bytes).unwrap()
}

#[test]
fn canvas_keeps_the_grays_of_a_mask_unless_a_threshold_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let ([image, mask], drawn) = image_and_mask(folder.path());
    let sandbox = Sandbox::start().unwrap();
    let stored = |more: &[&str]| {
        let canvas = ["canvas", "--size", "64x64", &image, &mask];
        let ids = one(&sandbox, &[&canvas[..], more].concat());
        let sent = stored_image(&sandbox, &ids["init_id"]);
        let sent = sent.to_rgb8();
        assert!(sent.get_pixel(60, 2)[0] > 150 && sent.get_pixel(2, 60)[1] > 150);
        stored_image(&sandbox, &ids["mask_id"]).to_luma8()
    };
    assert_eq!(stored(&[]), drawn);
    assert_eq!(stored(&["--threshold", "128"]), thresholded(&drawn, 128));
    assert_eq!(stored(&["--threshold", "1"]), thresholded(&drawn, 1));
    assert_eq!(stored(&["--threshold", "255"]), thresholded(&drawn, 255));
}

#[test]
fn generate_keeps_the_grays_of_a_mask_unless_a_threshold_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let ([image, mask], drawn) = image_and_mask(folder.path());
    let stored = |more: &[&str]| {
        let sandbox = Sandbox::start().unwrap();
        let generate = [
            "generate", "-p", "p", "--size", "64x64", "--canvas", &image, &mask,
        ];
        one(&sandbox, &[&generate[..], more].concat());
        // The image is a JPEG.
        let mut masks = sandbox
            .keys()
            .into_iter()
            .filter(|key| key.ends_with(".png"));
        let mask = masks.next().unwrap();
        assert!(masks.next().is_none() && sandbox.keys().len() == 2);
        let bytes = sandbox.stored(&mask).unwrap().bytes;
        image::load_from_memory(&bytes).unwrap().to_luma8()
    };
    assert_eq!(stored(&[]), drawn);
    assert_eq!(stored(&["--threshold", "128"]), thresholded(&drawn, 128));
}

#[test]
fn useless_threshold_is_rejected() {
    let sandbox = Sandbox::start().unwrap();
    let photo = photo();
    let id = "00000000-0000-4000-8000-000000000000";
    let generate = ["generate", "-p", "p"];
    for (arguments, words) in [
        (
            vec!["canvas", &photo, &photo, "--threshold", "0"],
            "1..=255",
        ),
        (
            [
                &generate[..],
                &["--canvas", &photo, &photo, "--threshold", "0"],
            ]
            .concat(),
            "1..=255",
        ),
        (
            [&generate[..], &["--threshold", "128"]].concat(),
            "--canvas <INIT> <MASK>",
        ),
        (
            [&generate[..], &["--canvas-request-type", "IMG2IMG"]].concat(),
            "--canvas <INIT> <MASK>",
        ),
        (
            [&generate[..], &["--canvas", id, id, "--threshold", "128"]].concat(),
            "needs a mask file",
        ),
        ([&generate[..], &["-n", "0"]].concat(), "1.."),
        (vec!["video", &photo, "-p", "p", "--duration", "0"], "1.."),
        (
            [&generate[..], &["--model", ""]].concat(),
            "a value is required for '--model",
        ),
    ] {
        let output = run(on(&sandbox).args(&arguments));
        let messages = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {messages}");
        assert!(messages.contains(words), "{arguments:?}: {messages}");
    }
    assert!(sandbox.requests().is_empty(), "{:?}", sandbox.requests());
}

#[test]
fn wait_recognizes_every_job_by_its_id() {
    let sandbox = Sandbox::start().unwrap();
    let photo = photo();
    let check = |start: &[&str]| {
        let job = one(&sandbox, start);
        let done = one(&sandbox, &["wait", job["id"].as_str().unwrap()]);
        assert_eq!(done["status"], "COMPLETE", "{start:?}");
        assert_eq!(done["id"], job["id"], "{start:?}");
        assert!(done["images"][0]["url"].is_string(), "{start:?}");
    };
    let size = ["--size", "64x64"];
    let generate = ["generate", "-p", "p"];
    at_once([
        &|| check(&generate),
        &|| check(&[&generate[..], &["--model", "lucid-origin"], &size].concat()),
        &|| check(&[&["video", &photo, "-p", "p"], &size[..]].concat()),
        &|| check(&[&["upscale", &photo], &size[..]].concat()),
    ]);
    let unknown = "00000000-0000-4000-8000-000000000000";
    let (code, message) = refused(&run(on(&sandbox).args(["wait", unknown])));
    assert_eq!(code, 4, "{message}");
    let words = format!("there is no job {unknown}; check the id");
    assert!(message.contains(&words), "{message}");
    // Another error of the first call is not mistaken for an unknown job.
    let sandbox = sandbox.with_api_fault(Fault::api_error(401, "access-denied", "no"));
    let (code, message) = refused(&run(on(&sandbox).args(["wait", unknown])));
    assert!(
        code == 4 && message.contains("check the API key"),
        "{message}"
    );
}

#[test]
fn the_longest_timeouts_are_accepted() {
    let sandbox = Sandbox::start().unwrap();
    let job = one(&sandbox, &["generate", "-p", "p"]);
    let id = job["id"].as_str().unwrap();
    let most = u64::MAX.to_string();
    let done = one(
        &sandbox,
        &["wait", id, "--wait-timeout", &most, "--timeout", &most],
    );
    assert_eq!(done["status"], "COMPLETE");
}

#[test]
fn a_lost_response_to_a_paid_call_says_that_it_may_have_been_charged() {
    for fault in [
        Fault::LoseResponse,
        Fault::proxy_page(502),
        Fault::Raw(b"no HTTP\r\n\r\n".into()),
    ] {
        let sandbox = Sandbox::start().unwrap().with_api_fault(fault);
        let (code, message) = refused(&run(on(&sandbox).args(["generate", "-p", "p"])));
        assert_eq!(code, 8, "{message}");
        for words in [
            "may have been started and charged",
            "`imgpost me` prints the remaining tokens",
        ] {
            assert!(message.contains(words), "{message}");
        }
        assert!(!message.contains("try again"), "{message}");
        assert_eq!(sandbox.requests().len(), 1);
    }
    let sandbox = Sandbox::start()
        .unwrap()
        .with_api_fault(Fault::LoseResponse);
    let (code, message) = refused(&run(on(&sandbox).args(["dataset", "create", "d"])));
    assert!(
        code == 8 && message.contains("it may have been carried out"),
        "{message}"
    );
    assert!(!message.contains("tokens"), "{message}");
}

/// A sandbox on which the first call succeeds and the second one meets this fault.
fn second_call_fails(fault: Fault) -> Sandbox {
    let sandbox = Sandbox::start().unwrap();
    let sandbox = sandbox.with_api_fault(Fault::ReadSlowly(Duration::ZERO));
    sandbox.with_api_fault(fault)
}

fn complete_with(images: &Value) -> Fault {
    let generation = json!({"status": "COMPLETE", "generated_images": images});
    Fault::Respond {
        status: 200,
        headers: vec![],
        body: json!({"generations_by_pk": generation}).to_string(),
    }
}

#[test]
fn a_job_that_was_started_is_named_in_the_error() {
    let check = |fault, words| {
        let sandbox = second_call_fails(fault);
        let generate = ["generate", "-p", "p", "--wait", "--quiet"];
        let output = run(on(&sandbox).args(generate));
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(4), "{message}");
        assert!(message.contains(words), "{message}");
        // Only results are printed.
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(
            ["", "https://a.example/\n"].contains(&printed.as_str()),
            "{printed}"
        );
        let requests = sandbox.requests();
        let id = requests[1].path.rsplit('/').next().unwrap();
        assert!(message.contains(id), "{message}");
        // The id leads to the job's results.
        assert_eq!(one(&sandbox, &["wait", id])["status"], "COMPLETE");
    };
    let denied = || Fault::api_error(401, "access-denied", "no");
    let one_of_two = json!([{"id": "a", "url": "https://a.example/"}, {"id": "b"}]);
    let no_results = "is complete, but the API lists no results";
    at_once([
        &|| check(denied(), "check the API key"),
        &|| check(complete_with(&json!([])), no_results),
        &|| {
            check(
                complete_with(&one_of_two),
                "URLs for only 1 of its 2 results",
            )
        },
    ]);
}

#[test]
fn a_dry_run_sends_nothing_and_needs_no_key() {
    let photo = photo();
    let arguments = [
        "generate",
        "-p",
        "p",
        "--dry-run",
        "--strength",
        "0.4",
        "--size",
        "64x32",
    ];
    let extra = [
        "--extra",
        "highContrast=true",
        "--extra",
        "presetStyle=DYNAMIC",
        "--init-image",
        &photo,
    ];
    let output = run(imgpost().arg("--json").args(arguments).args(extra));
    let sent = &json(&output)[0];
    let expected = serde_json::json!({
        "prompt": "p", "init_strength": 0.4, "width": 64, "height": 32, "highContrast": true,
        "presetStyle": "DYNAMIC", "init_image_id": format!("the id of {photo}"),
    });
    assert_eq!(sent, &expected);
    for arguments in [
        &["upscale", &photo, "--dry-run"][..],
        &["video", &photo, "-p", "p", "--dry-run"],
        &[
            "generate",
            "-p",
            "p",
            "--dry-run",
            "--canvas",
            &photo,
            &photo,
        ],
    ] {
        assert_eq!(
            json(&run(imgpost().arg("--json").args(arguments))).len(),
            1,
            "{arguments:?}"
        );
    }
}

#[test]
fn records_are_created_shown_and_deleted() {
    let sandbox = Sandbox::start().unwrap();
    let id = one(&sandbox, &["dataset", "create", "d", "--description", "e"]);
    let id = id["id"].as_str().unwrap();
    let shown = one(&sandbox, &["dataset", "show", id]);
    assert_eq!(
        (&shown["name"], &shown["description"]),
        (&"d".into(), &"e".into())
    );
    let generated = one(&sandbox, &["generate", "-p", "p", "-n", "1", "--wait"]);
    let generated = generated["images"][0]["id"].as_str().unwrap();
    one(&sandbox, &["dataset", "add-generated", id, generated]);
    let shown = text(&run(on(&sandbox).args(["dataset", "show", id])));
    assert!(
        shown.starts_with(&format!("{id} d, images: 1\n")),
        "{shown}"
    );
    let init = one(&sandbox, &["upload", "--size", "64x64", &photo()]);
    let init = init["id"].as_str().unwrap();
    assert_eq!(one(&sandbox, &["init-image", "show", init])["id"], init);
    for kind in [["dataset", "delete", id], ["init-image", "delete", init]] {
        assert!(run(on(&sandbox).args(kind)).status.success());
        let (code, message) = refused(&run(on(&sandbox).args(kind)));
        assert!(code == 4 && message.contains("check the id"), "{message}");
    }
    assert!(one(&sandbox, &["me"])["apiSubscriptionTokens"].is_i64());
    assert!(text(&run(on(&sandbox).arg("me"))).contains("API subscription tokens"));
}

#[test]
fn the_key_may_be_in_a_file_and_never_on_the_command_line() {
    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, format!("{}\n", sandbox.api_key())).unwrap();
    let me = || {
        let mut command = imgpost();
        command.args(["me", "--base-url", &sandbox.base_url()]);
        command
    };
    assert!(run(me().arg("--api-key-file").arg(&key)).status.success());
    let mut command = imgpost();
    command
        .env(URL, sandbox.base_url())
        .arg("me")
        .arg("--api-key-file")
        .arg(&key);
    assert!(run(&mut command).status.success());
    assert_eq!(refused(&run(&mut me())).0, 2);
    let missing = folder.path().join("missing");
    assert_eq!(refused(&run(me().arg("--api-key-file").arg(missing))).0, 2);
    let (code, message) = refused(&run(me().env(KEY, "no-uuid")));
    assert!(
        code == 4 && message.contains("check the API key"),
        "{message}"
    );
}

#[test]
fn contradicting_options_are_rejected() {
    let photo = photo();
    let sandbox = Sandbox::start().unwrap();
    for (arguments, words) in [
        (
            vec!["generate", "-p", "p", "--image-reference", &photo],
            "--model flux-kontext-pro",
        ),
        (
            vec![
                "generate",
                "-p",
                "p",
                "--model",
                "lucid-origin",
                "--init-image",
                &photo,
            ],
            "use --image-reference",
        ),
        (vec!["generate", "-p", "p", "--strength", "3"], "0.1 to 0.9"),
        (
            vec!["generate", "-p", "p", "--size", "1000x1001"],
            "multiples of 8",
        ),
        (vec!["upload", &photo, "-"], "standard input is one image"),
        (vec!["generate", "-p", "p", "--extra", "x"], "NAME=VALUE"),
        (
            vec!["upload", &photo, "--dataset", "1", "--new-dataset", "2"],
            "cannot be used with",
        ),
    ] {
        let output = run(on(&sandbox).args(&arguments));
        let messages = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {messages}");
        assert!(messages.contains(words), "{arguments:?}: {messages}");
    }
}

#[test]
fn unusable_folder_is_reported_before_anything_costs() {
    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let before = one(&sandbox, &["me"])["apiSubscriptionTokens"].clone();
    let download = file.join("folder").display().to_string();
    for arguments in [
        vec!["generate", "-p", "p", "--download", &download],
        vec!["upscale", &photo(), "--download", &download],
        vec![
            "wait",
            "00000000-0000-4000-8000-000000000000",
            "--download",
            &download,
        ],
    ] {
        let (code, message) = refused(&run(on(&sandbox).args(arguments)));
        assert!(code == 2 && message.contains("folder: "), "{message}");
    }
    assert_eq!(one(&sandbox, &["me"])["apiSubscriptionTokens"], before);
}
