//! Promise: stripping a file removes its metadata and changes no pixel.

use image::ImageFormat;
use imgpost::{Extension, PrepareErrorKind, PrepareOptions};

use crate::support::{files, fixture};

/// The pixels in sRGB.
fn pixels(bytes: &[u8]) -> Vec<u8> {
    let options = PrepareOptions::default().extension(Extension::Png);
    let png = options.prepare_bytes(bytes).unwrap().into_bytes();
    let image = image::load_from_memory_with_format(&png, ImageFormat::Png);
    image.unwrap().into_rgba8().into_raw()
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// A JPEG with more metadata: EXIF without orientation, Photoshop's data, a comment, and a second image after the first.
fn with_metadata(jpeg: &[u8]) -> Vec<u8> {
    let mut bytes = jpeg.to_vec();
    let segments = [
        b"\xFF\xE1\0\x12Exif\0\0SECRET-1\0\0".as_slice(),
        b"\xFF\xED\0\x0ASECRET-2",
        b"\xFF\xFE\0\x0ASECRET-3",
    ];
    bytes.splice(2..2, segments.concat());
    bytes.extend(b"\xFF\xD8SECRET-4\xFF\xD9");
    bytes
}

#[test]
fn every_upright_fixture_keeps_its_pixels_and_loses_its_metadata() {
    let mut stripped = 0;
    for path in files("images") {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let original = std::fs::read(&path).unwrap();
        let is_rotated = PrepareOptions::default().plan(&path).unwrap().orientation() != 1;
        let format = match image::guess_format(&original) {
            Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) => format,
            _ => continue,
        };
        if is_rotated {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(&name);
        let bytes = if format == ImageFormat::Jpeg {
            with_metadata(&original)
        } else {
            original
        };
        std::fs::write(&file, &bytes).unwrap();
        let image = PrepareOptions::default().strip(&file).unwrap();
        assert_eq!(
            image::guess_format(image.bytes()).unwrap(),
            format,
            "{name}"
        );
        assert!(image.bytes().len() <= bytes.len(), "{name}");
        assert!(pixels(image.bytes()) == pixels(&bytes), "{name}");
        for word in ["SECRET", "Exif", "EXIF", "eXIf", "http://ns.adobe", "tEXt"] {
            assert!(!contains(image.bytes(), word.as_bytes()), "{name}: {word}");
        }
        // Nothing is left to remove.
        std::fs::write(&file, image.bytes()).unwrap();
        let again = PrepareOptions::default().strip(&file).unwrap();
        assert!(
            again.is_unchanged() && again.bytes() == image.bytes(),
            "{name}"
        );
        stripped += 1;
    }
    assert!(stripped > 40, "{stripped}");
}

#[test]
fn profile_stays_unless_it_is_srgb() {
    let has_profile = |name: &str| {
        let image = PrepareOptions::default().strip(fixture(&format!("images/{name}")));
        let image = image.unwrap();
        ["ICC_PROFILE", "iCCP", "ICCP"]
            .iter()
            .any(|word| contains(image.bytes(), word.as_bytes()))
    };
    for name in [
        "display-p3.jpg",
        "display-p3.webp",
        "prophoto.png",
        "cmyk-profile.jpg",
    ] {
        assert!(has_profile(name), "{name}");
    }
    assert!(!has_profile("srgb.jpg"));
}

#[test]
fn rotated_image_becomes_upright_without_metadata() {
    for extension in ["jpg", "png", "webp"] {
        let file = fixture(&format!("images/orientation-6.{extension}"));
        let options = PrepareOptions::default().extension(extension.parse().unwrap());
        let image = options.strip(&file).unwrap();
        assert_eq!(image, options.open(&file).unwrap());
    }
}

#[test]
fn truncated_file_is_refused() {
    for name in [
        "baseline.jpg",
        "progressive.jpg",
        "rgb.png",
        "lossy.webp",
        "lossless.webp",
    ] {
        let bytes = std::fs::read(fixture(&format!("tiny/{name}"))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, &bytes[..bytes.len() * 2 / 3]).unwrap();
        let error = PrepareOptions::default().strip(&file).unwrap_err();
        assert!(
            matches!(error.kind(), PrepareErrorKind::Damaged { .. }),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn file_with_too_many_bytes_is_encoded_again() {
    let file = fixture("images/chroma-444.jpg");
    let bytes = std::fs::metadata(&file).unwrap().len();
    let image = PrepareOptions::default()
        .max_bytes(bytes / 2)
        .strip(&file)
        .unwrap();
    assert!(image.bytes().len() as u64 <= bytes / 2);
}
