//! Promise: of a folder, `upload` uploads every image once, or reports why not.

use std::path::Path;
use std::process::Output;

use imgpost::sandbox::Sandbox;

use crate::support::command::{json, on, run};
use crate::support::fixture;

/// Runs `upload` with these arguments in `folder`.
fn upload(sandbox: &Sandbox, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = on(sandbox);
    command.current_dir(folder);
    run(command
        .args(["upload", "--json", "--size", "64x64", "--jobs", "1"])
        .args(arguments))
}

/// A folder with photos of these names.
fn folder(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(fixture("tiny/baseline.jpg"), path).unwrap();
    }
    folder
}

/// The files that were uploaded, as they were reported.
fn files(output: &Output) -> Vec<String> {
    let reports = json(output);
    let file = |report: &serde_json::Value| report["file"].as_str().unwrap().to_owned();
    reports.iter().map(file).collect()
}

/// The messages and failures, as they are without `--json`.
fn stderr(output: &Output) -> String {
    let lines = std::str::from_utf8(&output.stderr).unwrap().lines();
    let text = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = line["message"].as_str().or(line["error"].as_str()).unwrap();
        match line["remedy"].as_str() {
            Some(remedy) => format!("imgpost: {text}; {remedy}\n"),
            None => format!("imgpost: {text}\n"),
        }
    };
    lines.map(text).collect()
}

#[test]
fn every_image_is_uploaded_or_reported() {
    let sandbox = Sandbox::start().unwrap();
    let folder = folder(&["IMG_1.JPG", "b.jfif", "content", "IMG_3.DNG", ".hidden.jpg"]);
    let at = |name: &str| folder.path().join(name);
    let avif = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf";
    std::fs::write(at("IMG_2.avif"), avif).unwrap();
    std::fs::write(at("drawing.SVG"), "<svg/>").unwrap();
    std::fs::write(at("IMG_4"), avif).unwrap();
    std::fs::create_dir(at("album")).unwrap();
    for name in ["notes.txt", "list.csv", "film.mp4"] {
        std::fs::write(at(name), "no image").unwrap();
    }
    let mut failures = vec![
        ("IMG_2.avif", "AVIF is not supported"),
        ("IMG_3.DNG", "is a camera's raw file"),
        ("IMG_4", "AVIF is not supported"),
        ("drawing.SVG", "is not an image"),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere.png", at("link.png")).unwrap();
        let mut mkfifo = std::process::Command::new("mkfifo");
        assert!(mkfifo.arg(at("fifo.png")).status().unwrap().success());
        failures.push(("link.png", "No such file"));
        failures.push(("fifo.png", "is not a regular file"));
    }
    let output = upload(&sandbox, folder.path(), &["."]);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    for (name, reason) in &failures {
        let line = told
            .lines()
            .find(|line| line.contains(&format!("{name}: ")));
        assert!(
            line.is_some_and(|line| line.contains(reason)),
            "{name}: {told}"
        );
    }
    let (failed, all) = (failures.len(), failures.len() + 3);
    let last = format!("imgpost: {failed} of {all} images failed");
    assert_eq!(told.lines().last(), Some(&*last));
    let skipped = "imgpost: skipped 3 files that are not images, 1 hidden entry, 1 folder (--recursive includes it)";
    assert!(told.lines().any(|line| line == skipped), "{told}");
    let reported = String::from_utf8(output.stdout).unwrap();
    assert_eq!(reported.lines().count(), 3, "{reported}");
    assert_eq!(told.lines().count(), failures.len() + 2, "{told}");
}

/// Its exit code does not depend on what else is in the folder.
#[test]
fn folder_of_one_unreadable_image_ends_with_1_and_makes_no_dataset() {
    let sandbox = Sandbox::start().unwrap();
    let folder = folder(&["a.dng"]);
    let output = upload(&sandbox, folder.path(), &[".", "--new-dataset", "d"]);
    assert_eq!(output.status.code(), Some(1));
    let told = stderr(&output);
    assert!(
        told.contains("a.dng: is a camera's raw file") && !told.contains("dataset"),
        "{told}"
    );
    // A file that was named ends with the code of its own failure.
    let output = upload(&sandbox, folder.path(), &["a.dng"]);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn folder_without_images_is_an_error_that_counts_what_is_there() {
    let sandbox = Sandbox::start().unwrap();
    let folder = folder(&["album/1.jpg"]);
    std::fs::write(folder.path().join("notes.txt"), "about them").unwrap();
    let output = upload(&sandbox, folder.path(), &["."]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        stderr(&output),
        "imgpost: .: no image found; skipped 1 file that is not an image, 1 folder (--recursive includes it)\n"
    );
}

#[test]
fn folders_in_a_folder_are_included_on_request() {
    let sandbox = Sandbox::start().unwrap();
    let folder = folder(&["a/2.jpg", "a/b/c/3.jpg", "1.jpg", "z.jpg", "a/.git/4.jpg"]);
    let output = upload(&sandbox, folder.path(), &["."]);
    assert_eq!(files(&output), ["./1.jpg", "./z.jpg"]);
    let output = upload(&sandbox, folder.path(), &["--recursive", "."]);
    assert_eq!(
        files(&output),
        ["./1.jpg", "./a/2.jpg", "./a/b/c/3.jpg", "./z.jpg"]
    );
    assert_eq!(stderr(&output), "imgpost: skipped 1 hidden entry\n");
}

#[test]
fn file_reached_twice_is_uploaded_once() {
    let sandbox = Sandbox::start().unwrap();
    let folder = folder(&["a/1.jpg", "a/2.jpg"]);
    let at = |name: &str| folder.path().join(name);
    std::fs::hard_link(at("a/1.jpg"), at("a/3.jpg")).unwrap();
    let arguments = ["a/2.jpg", "a", "a/*.jpg", "./a/../a/2.jpg"];
    let output = upload(&sandbox, folder.path(), &arguments);
    assert_eq!(files(&output), ["a/2.jpg", "a/1.jpg"]);
    assert_eq!(stderr(&output), "imgpost: skipped 6 repeated files\n");
}

#[cfg(unix)]
#[test]
fn links_are_followed_but_not_in_circles() {
    use std::os::unix::fs::symlink;
    let sandbox = Sandbox::start().unwrap();
    let folder = folder(&["a/1.jpg", "a/b/2.jpg", "other/3.jpg", "outside.jpg"]);
    let at = |name: &str| folder.path().join(name);
    symlink("..", at("a/up")).unwrap();
    symlink(".", at("a/self")).unwrap();
    symlink("../../a", at("a/b/back")).unwrap();
    symlink(folder.path().join("other"), at("a/linked")).unwrap();
    symlink("../a/b", at("other/forth")).unwrap();
    symlink("b/2.jpg", at("a/same.jpg")).unwrap();
    let output = upload(&sandbox, folder.path(), &["--recursive", "a"]);
    assert_eq!(files(&output), ["a/1.jpg", "a/b/2.jpg", "a/linked/3.jpg"]);
}
