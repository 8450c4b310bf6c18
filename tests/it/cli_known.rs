//! Promise: `upload --skip-known` uploads each image once, whatever it is called, and always prints its id.

use std::path::Path;
use std::process::Output;

use imgpost::sandbox::Sandbox;

use crate::support::command::{imgpost, json, on, run};
use crate::support::fixture;

fn upload(sandbox: &Sandbox, folder: &Path, arguments: &[&str]) -> Output {
    run(on(sandbox)
        .current_dir(folder)
        .args(["upload", "--json", "--skip-known", "known.jsonl"])
        .args(arguments))
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    for (name, source) in [("a.jpg", "tiny/baseline.jpg"), ("b.jpg", "images/gray.jpg")] {
        std::fs::copy(fixture(source), folder.path().join("in").join(name)).unwrap();
    }
    folder
}

/// File and id of each result, sorted.
fn ids(output: &Output) -> Vec<(String, String)> {
    let reports = json(output);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let mut ids: Vec<_> = reports
        .iter()
        .map(|report| (text(&report["file"]), text(&report["id"])))
        .collect();
    ids.sort();
    ids
}

#[test]
fn known_images_are_not_uploaded_again() {
    let sandbox = Sandbox::start().unwrap();
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let size = ["--size", "64x64", "in"];
    let first = ids(&upload(&sandbox, folder.path(), &size));
    assert_eq!((first.len(), sandbox.keys().len()), (2, 2));
    let manifest = std::fs::read_to_string(at("known.jsonl")).unwrap();
    assert_eq!(manifest.lines().count(), 2);

    let requests = sandbox.requests().len();
    let output = upload(&sandbox, folder.path(), &size);
    assert_eq!(ids(&output), first);
    assert!(json(&output).iter().all(|report| report["known"] == true));
    assert_eq!(sandbox.requests().len(), requests);

    // The content counts, and not the name.
    std::fs::rename(at("in/a.jpg"), at("in/renamed.jpg")).unwrap();
    std::fs::write(
        at("in/b.jpg"),
        std::fs::read(fixture("images/cmyk.jpg")).unwrap(),
    )
    .unwrap();
    let second = ids(&upload(&sandbox, folder.path(), &size));
    assert_eq!(sandbox.keys().len(), 3);
    assert_eq!(second[1], ("in/renamed.jpg".into(), first[0].1.clone()));
    assert_ne!(second[0].1, first[1].1);

    // Another size is another image, also for a single file.
    let renamed = ["--size", "32x32", "in/renamed.jpg"];
    let third = ids(&upload(&sandbox, folder.path(), &renamed));
    assert_eq!(sandbox.keys().len(), 4);
    assert_eq!(ids(&upload(&sandbox, folder.path(), &renamed)), third);
    assert_eq!(sandbox.keys().len(), 4);
}

#[test]
fn manifest_survives_an_interrupted_write_and_rejects_other_files() {
    let sandbox = Sandbox::start().unwrap();
    let folder = folder();
    let known = folder.path().join("known.jsonl");
    let size = ["--size", "64x64", "in"];
    upload(&sandbox, folder.path(), &size);
    let manifest = std::fs::read_to_string(&known).unwrap();
    std::fs::write(&known, &manifest[..manifest.len() - 60]).unwrap();
    assert_eq!(ids(&upload(&sandbox, folder.path(), &size)).len(), 2);
    assert_eq!(sandbox.keys().len(), 3);

    std::fs::write(&known, "file,id\na.jpg,1\n").unwrap();
    let output = upload(&sandbox, folder.path(), &size);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        std::fs::read_to_string(&known).unwrap(),
        "file,id\na.jpg,1\n"
    );
    assert_eq!(sandbox.keys().len(), 3);
}

#[test]
fn dry_run_uploads_nothing_and_needs_no_key() {
    let folder = folder();
    let output =
        run(imgpost()
            .current_dir(folder.path())
            .args(["upload", "--dry-run", "--json", "in"]));
    let reports = json(&output);
    assert_eq!(reports.len(), 2);
    assert!(
        reports
            .iter()
            .all(|report| report["id"].is_null() && report["dry_run"] == true)
    );
}
