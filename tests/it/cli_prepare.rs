//! Promise: `prepare` and `plan` take folders, patterns and lists, and write where and only what they are asked to.

use std::path::Path;
use std::process::Output;

use crate::support::command::{imgpost, json, run};
use crate::support::{fixture, names};

/// A folder with copies of fixtures.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, source) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(fixture(source), path).unwrap();
    }
    folder
}

fn images() -> tempfile::TempDir {
    folder(&[
        ("in/a.jpg", "images/gray.jpg"),
        ("in/b.png", "images/alpha.png"),
        ("in/sub/c.jpg", "tiny/baseline.jpg"),
    ])
}

fn imgpost_in(folder: &Path, arguments: &[&str]) -> Output {
    run(imgpost().current_dir(folder).args(arguments))
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn folders_patterns_and_lists_are_prepared() {
    let folder = images();
    let at = |name: &str| folder.path().join(name);
    let output = imgpost_in(folder.path(), &["prepare", "in", "-o", "out"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(names(&at("out")), ["a.jpg", "b.png"]);
    assert!(stderr(&output).contains("--recursive includes it"));
    imgpost_in(folder.path(), &["prepare", "-r", "in", "-o", "all"]);
    assert_eq!(names(&at("all")), ["a.jpg", "b.png", "c.jpg"]);
    imgpost_in(folder.path(), &["prepare", "in/*.jpg", "-o", "some/"]);
    assert_eq!(names(&at("some")), ["a.jpg"]);

    for (list, separator) in [("lines", "\r\n"), ("nul", "\0")] {
        std::fs::write(at(list), ["in/a.jpg", "in/b.png", ""].join(separator)).unwrap();
        let output = imgpost_in(folder.path(), &["plan", "--json", "--from-file", list]);
        let reports = json(&output);
        let files: Vec<_> = reports
            .iter()
            .map(|report| report["file"].as_str().unwrap())
            .collect();
        assert_eq!(files, ["in/a.jpg", "in/b.png"]);
    }
    std::fs::write(at("empty"), "\n").unwrap();
    let output = imgpost_in(folder.path(), &["plan", "--from-file", "empty"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn output_names_have_the_values_of_each_image() {
    let folder = images();
    let template = "out/{width}/{stem}-{width}x{height}.{ext}";
    let arguments = ["prepare", "-r", "in", "--within", "64x64", "-o", template];
    let output = imgpost_in(folder.path(), &arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.lines().count(), 3);
    for line in printed.lines() {
        let (_, rest) = line.split_once(" -> ").unwrap();
        let (path, rest) = rest.split_once(": ").unwrap();
        let size = rest.split(' ').next().unwrap();
        let image = image::open(folder.path().join(path)).unwrap();
        assert_eq!(size, format!("{}x{}", image.width(), image.height()));
        assert!(path.contains(&format!("-{size}.")), "{line}");
    }
    // The extension at the end decides the format.
    let output = imgpost_in(folder.path(), &["prepare", "in", "-o", "png/{stem}.png"]);
    assert!(output.status.success());
    assert_eq!(names(&folder.path().join("png")), ["a.png", "b.png"]);
    // Two images with one name are found before anything is written.
    let output = imgpost_in(
        folder.path(),
        &["prepare", "in", "-o", "one/x.{ext}", "--ext", "png"],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("would both be written to one/x.png"));
    assert!(!folder.path().join("one").exists());
}

#[test]
fn existing_files_are_kept_on_request() {
    let folder = images();
    let kept = folder.path().join("out/a.jpg");
    std::fs::create_dir(folder.path().join("out")).unwrap();
    std::fs::write(&kept, "mine").unwrap();
    let output = imgpost_in(
        folder.path(),
        &["prepare", "in", "-o", "out", "--no-clobber"],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(std::fs::read(&kept).unwrap(), b"mine");
    assert!(stderr(&output).contains("a.jpg exists and is kept"));
    assert_eq!(names(&folder.path().join("out")), ["a.jpg", "b.png"]);
}

#[test]
fn dry_run_writes_nothing() {
    let folder = images();
    let prepare = ["prepare", "in", "-o", "out", "--json"];
    let dry = imgpost_in(folder.path(), &[&prepare[..], &["--dry-run"]].concat());
    let planned = json(&dry);
    assert!(!folder.path().join("out").exists());
    let written = json(&imgpost_in(folder.path(), &prepare));
    for (planned, written) in planned.iter().zip(&written) {
        assert_eq!(planned["dry_run"], true);
        for field in ["file", "width", "height", "bytes", "extension"] {
            assert_eq!(planned[field], written[field]);
        }
    }
    assert_eq!(planned.len(), 2);
}

#[test]
fn strip_keeps_size_and_format_and_removes_metadata() {
    let folder = folder(&[
        ("a.jpg", "images/orientation-6.jpg"),
        ("b.png", "images/orientation-6.png"),
        ("c.webp", "images/orientation-6.webp"),
        ("d.gif", "images/animated.gif"),
    ]);
    let arguments = [
        "prepare", "a.jpg", "b.png", "c.webp", "-o", "out", "--strip",
    ];
    let output = imgpost_in(folder.path(), &arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(
        names(&folder.path().join("out")),
        ["a.jpg", "b.png", "c.webp"]
    );
    for name in ["a.jpg", "b.png", "c.webp"] {
        let before = std::fs::read(folder.path().join(name)).unwrap();
        let after = std::fs::read(folder.path().join("out").join(name)).unwrap();
        let has_exif = |bytes: &[u8]| {
            ["Exif", "eXIf", "EXIF"]
                .iter()
                .any(|word| bytes.windows(4).any(|window| window == word.as_bytes()))
        };
        assert!(has_exif(&before) && !has_exif(&after), "{name}");
        let format = |bytes: &[u8]| image::guess_format(bytes).unwrap();
        assert_eq!(format(&before), format(&after));
        let (before, after) = (
            image::load_from_memory(&before).unwrap(),
            image::load_from_memory(&after).unwrap(),
        );
        // It is upright, so width and height are exchanged.
        assert_eq!(
            (before.width(), before.height()),
            (after.height(), after.width()),
            "{name}"
        );
    }
    let output = imgpost_in(folder.path(), &["prepare", "d.gif", "-o", "out", "--strip"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("choose a format with --ext"),
        "{}",
        stderr(&output)
    );
    let output = imgpost_in(
        folder.path(),
        &["prepare", "a.jpg", "-o", "out", "--strip", "--size", "9x9"],
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn effort_makes_a_png_smaller() {
    let folder = images();
    let bytes = |effort: &str| {
        let arguments = [
            "prepare",
            "--dry-run",
            "--json",
            "in/a.jpg",
            "-o",
            "a.png",
            "--effort",
            effort,
        ];
        json(&imgpost_in(folder.path(), &arguments))[0]["bytes"]
            .as_u64()
            .unwrap()
    };
    assert!(bytes("best") < bytes("fast"));
}
