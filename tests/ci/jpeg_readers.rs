//! Promise: libjpeg-turbo, ImageMagick and Chromium read every JPEG of the encoder without a warning.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imgpost::{ChromaSubsampling, Extension, PrepareOptions, Size};

use crate::support::fixture;
use crate::support::tools::chromium;

/// Writes a photo in sizes around those of blocks and MCUs, with every setting of the encoder.
fn write_files(folder: &Path) -> Vec<(PathBuf, Size)> {
    let mut files = Vec::new();
    for (width, height) in [(1, 1), (7, 5), (8, 8), (16, 17), (33, 15), (240, 319)] {
        for quality in [1, 50, 90, 100] {
            for chroma in [ChromaSubsampling::Cs420, ChromaSubsampling::Cs444] {
                for optimize in [false, true] {
                    let options = PrepareOptions::default()
                        .size(width, height)
                        .extension(Extension::Jpg)
                        .quality(quality)
                        .chroma_subsampling(chroma)
                        .optimize_coding(optimize);
                    // From planes, and from pixels.
                    for name in ["lighthouse.jpg", "rgb.bmp"] {
                        let image = options.open(fixture(&format!("images/{name}"))).unwrap();
                        let path = folder.join(format!("{}.jpg", files.len()));
                        std::fs::write(&path, image.bytes()).unwrap();
                        files.push((path, image.size()));
                    }
                }
            }
        }
    }
    files
}

/// The output of a program that must succeed and print nothing on standard error.
fn run(command: &mut Command) -> Vec<u8> {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}: use .ci/run"));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && message.is_empty(),
        "{command:?}: {message}"
    );
    output.stdout
}

#[test]
fn other_readers_accept_every_jpeg_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let files = write_files(folder.path());
    assert_eq!(files.len(), 192);
    for (path, size) in &files {
        let ppm = run(Command::new("djpeg").args(["-strict", "-ppm"]).arg(path));
        let head = format!("P6\n{} {}\n255\n", size.width, size.height);
        assert!(ppm.starts_with(head.as_bytes()), "{path:?}");
        assert_eq!(ppm.len() as u64, head.len() as u64 + 3 * size.area());
    }

    let paths = files.iter().map(|(path, _)| path);
    let mut identify = Command::new("identify");
    identify.args(["-regard-warnings", "-format", "%w %h\n"]);
    let found = String::from_utf8(run(identify.args(paths))).unwrap();
    let expected: String = files
        .iter()
        .map(|(_, size)| format!("{} {}\n", size.width, size.height))
        .collect();
    assert_eq!(found, expected);

    assert_eq!(sizes_in_chromium(&files, folder.path()), expected);
}

/// The sizes of the images, one per line, as Chromium decodes them; 0 0 for an invalid file.
fn sizes_in_chromium(files: &[(PathBuf, Size)], folder: &Path) -> String {
    let image = |(path, _): &(PathBuf, Size)| {
        let data = STANDARD.encode(std::fs::read(path).unwrap());
        format!("<img src='data:image/jpeg;base64,{data}'>")
    };
    let script = "onload = () => document.body.textContent =
        [...document.images].map(i => `${i.naturalWidth} ${i.naturalHeight}\n`).join('')";
    let images: String = files.iter().map(image).collect();
    let page = folder.join("page.html");
    std::fs::write(&page, format!("<script>{script}</script><body>{images}")).unwrap();
    let url = format!("file://{}", page.display());
    let output = chromium(folder, &["--dump-dom", &url]);
    let page = String::from_utf8(output.stdout).unwrap();
    let (_, body) = page.split_once("<body>").expect("a page");
    let (body, _) = body.split_once("</body>").expect("a page");
    body.to_owned()
}
