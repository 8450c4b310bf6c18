//! Promise: S3 servers that verify signatures accept our posts, and their error responses become the right errors.
//!
//! Needs the environment that `.ci/run` sets up: `IMGPOST_TEST_BIN` lists the folders with `python` (boto3 and Google's
//! SDK), `ministack` and `s3s-fs`, and `IMGPOST_TEST_NODE_MODULES` has the SDKs for JavaScript. No test is skipped: a
//! missing tool is a failure.

mod cases;
mod matrix;
mod names;
mod puts;
mod receipts;
mod sdks;

use std::process::Command;

use imgpost::{Extension, PrepareOptions, PreparedImage, Uploader};
use serde_json::json;

use crate::support::fixture;
use crate::support::s3::{Kind, Server, Storage};

fn image() -> PreparedImage {
    let prepare = PrepareOptions::default()
        .size(128, 96)
        .extension(Extension::Jpg);
    prepare.open(fixture("images/lighthouse.jpg")).unwrap()
}

/// An uploader that leaves the validation to the storage.
fn unchecked() -> Uploader {
    Uploader::default().validate_policy(false)
}

/// The command of the README, with a photo whose pixels are stored rotated.
#[test]
fn command_posts_an_upright_image() {
    let server = Server::start(Kind::MiniStack);
    let folder = tempfile::tempdir().unwrap();
    let form = folder.path().join("form.json");
    let forms = server.presign_json(&[json!({"key": "photo.jpg"})]);
    std::fs::write(&form, forms[0].to_string()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_imgpost"))
        .args(["post", "--size", "768x1024", "--ext", "jpg", "--json"])
        .arg(fixture("images/lighthouse.jpg"))
        .arg("--presigned")
        .arg(&form)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let stored = image::load_from_memory(&server.objects()["photo.jpg"])
        .unwrap()
        .to_rgb8();
    assert_eq!(stored.dimensions(), (768, 1024));
    // Upright, the top is the dark sky, and the glowing horizon is below it.
    let (sky, glow) = (stored.get_pixel(30, 30).0, stored.get_pixel(30, 650).0);
    assert!(sky[0] < 60 && glow[0] > 200, "{sky:?} {glow:?}");
}
