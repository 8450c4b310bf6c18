//! Promise: the prepared picture is upright, whole, of the size and format that was asked for, and nothing else.

mod support;

use image::{DynamicImage, GenericImageView, ImageFormat};
use imgpost::{Extension, Fit, Prepare, PreparedImage, Size};
use support::fixture;

fn decode(image: &PreparedImage) -> DynamicImage {
    let format = match image.extension() {
        Extension::Png => ImageFormat::Png,
        Extension::Webp => ImageFormat::WebP,
        _ => ImageFormat::Jpeg,
    };
    let decoded = image::load_from_memory_with_format(image.bytes(), format).unwrap();
    assert_eq!(
        decoded.dimensions(),
        (image.size().width, image.size().height)
    );
    decoded
}

/// Peak signal-to-noise ratio of two pictures, in decibels.
fn psnr(a: &DynamicImage, b: &DynamicImage) -> f64 {
    let (a, b) = (a.to_rgb8(), b.to_rgb8());
    assert_eq!(a.dimensions(), b.dimensions());
    let pairs = a.as_raw().iter().zip(b.as_raw());
    let sum: f64 = pairs.map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
    let mean = sum / a.as_raw().len() as f64;
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}

fn refused(bytes: &[u8]) -> String {
    Prepare::default()
        .bytes(bytes)
        .expect_err("this is no good picture")
        .to_string()
}

#[test]
fn eight_orientations_come_out_as_one_picture_in_every_format() {
    let expected = image::open(fixture("images/orientation-1.png")).unwrap();
    let mut seen = 0;
    for extension in ["jpg", "png", "webp"] {
        for orientation in 1..=8 {
            let file = fixture(&format!("images/orientation-{orientation}.{extension}"));
            for size in [Size::new(120, 160), Size::new(60, 80)] {
                let prepare = Prepare::default().size(size.width, size.height);
                let image = prepare.extension(Extension::Png).open(&file).unwrap();
                assert_eq!(image.source_size(), Size::new(120, 160), "{file:?}");
                let expected = expected.resize_exact(
                    size.width,
                    size.height,
                    image::imageops::FilterType::Lanczos3,
                );
                // A JPEG of this picture is itself some 38 dB from the original.
                let least = if extension == "jpg" { 34.0 } else { 50.0 };
                let found = psnr(&decode(&image), &expected);
                assert!(found >= least, "{file:?} at {size}: {found:.1} dB");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 48);
}

#[test]
fn every_fixture_comes_out_in_every_extension() {
    let mut seen = 0;
    for entry in std::fs::read_dir(fixture("images")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            continue;
        }
        for extension in Extension::ALL {
            let prepare = Prepare::default().size(48, 64).extension(extension);
            let image = prepare.open(&path).unwrap();
            assert_eq!(image.extension(), extension);
            let mime = image.extension().mime_type();
            let format = image::guess_format(image.bytes()).unwrap();
            assert_eq!(format.to_mime_type(), mime, "{path:?}");
            decode(&image);
        }
        seen += 1;
    }
    assert_eq!(
        seen, 33,
        "a fixture is missing, or this number wants changing"
    );
}

#[test]
fn other_kinds_of_jpeg_and_png_look_like_the_original() {
    let original = image::open(fixture("images/orientation-1.png")).unwrap();
    let gray = DynamicImage::from(original.to_luma8());
    for (name, expected, least) in [
        ("progressive.jpg", &original, 28.0),
        ("cmyk.jpg", &original, 26.0),
        ("gray.jpg", &gray, 28.0),
        // Made with other weights of the three colours than `to_luma8` has.
        ("gray-16-bit.png", &gray, 36.0),
        ("palette.png", &original, 24.0),
    ] {
        let prepare = Prepare::default().size(120, 160).extension(Extension::Png);
        let image = prepare.open(fixture(&format!("images/{name}"))).unwrap();
        let found = psnr(&decode(&image), expected);
        assert!(found >= least, "{name}: {found:.1} dB");
    }
}

#[test]
fn a_large_photo_decoded_small_is_the_same_picture() {
    let file = fixture("images/lighthouse.jpg");
    let mut whole = image::open(&file).unwrap();
    whole.apply_orientation(image::metadata::Orientation::Rotate90);
    for (width, height) in [(600, 800), (300, 400), (150, 200), (100, 300)] {
        let prepare = Prepare::default()
            .size(width, height)
            .extension(Extension::Png);
        let image = prepare.open(&file).unwrap();
        // What `cover` keeps of 1200x1600.
        let kept = (1600 * width / height).min(1200);
        let crop = whole.crop_imm((1200 - kept) / 2, 0, kept, 1600);
        let expected = crop.resize_exact(width, height, image::imageops::FilterType::Lanczos3);
        let found = psnr(&decode(&image), &expected);
        assert!(found >= 36.0, "{width}x{height}: {found:.1} dB");
    }
}

#[test]
fn transparency_is_kept_flattened_or_never_was() {
    let alpha = fixture("images/alpha.png");
    let size = Prepare::default().size(120, 160);
    let kept = size.open(&alpha).unwrap();
    assert_eq!(kept.extension(), Extension::Png);
    assert_eq!(decode(&kept).to_rgba8().get_pixel(0, 0)[3], 0);
    let red = size
        .clone()
        .extension(Extension::Jpg)
        .background([255, 0, 0]);
    let corner = *decode(&red.open(&alpha).unwrap()).to_rgb8().get_pixel(0, 0);
    assert!(
        corner[0] > 245 && corner[1] < 10 && corner[2] < 10,
        "{corner:?}"
    );
    let opaque = size.open(fixture("images/opaque-alpha.png")).unwrap();
    assert_eq!(opaque.extension(), Extension::Jpg);
}

#[test]
fn contain_shows_everything_on_the_background() {
    let prepare = Prepare::default()
        .size(200, 100)
        .fit(Fit::Contain)
        .background([0, 0, 255]);
    let prepare = prepare.extension(Extension::Png);
    let image = decode(&prepare.open(fixture("images/lighthouse.jpg")).unwrap()).to_rgb8();
    assert_eq!(image.get_pixel(0, 0).0, [0, 0, 255]);
    assert_eq!(image.get_pixel(199, 99).0, [0, 0, 255]);
    assert_ne!(image.get_pixel(100, 50).0, [0, 0, 255]);
}

#[test]
fn an_embedded_profile_is_converted_to_srgb_and_left_behind() {
    let p3 = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let pixels = [200, 100, 50].repeat(64 * 64);
    let mut png = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
    image::ImageEncoder::set_icc_profile(&mut encoder, p3.clone()).unwrap();
    image::ImageEncoder::write_image(encoder, &pixels, 64, 64, image::ExtendedColorType::Rgb8)
        .unwrap();
    let mut jpeg = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut jpeg, 100);
    encoder.add_icc_profile(&p3).unwrap();
    encoder
        .encode(&pixels, 64, 64, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    for file in [png, jpeg] {
        let prepare = Prepare::default().size(32, 32).extension(Extension::Png);
        let image = prepare.bytes(&file).unwrap();
        let found = decode(&image).to_rgb8().get_pixel(16, 16).0;
        let near = found
            .iter()
            .zip(SRGB_OF_P3)
            .all(|(a, b)| a.abs_diff(b) <= 3);
        assert!(near, "{found:?}");
        assert_eq!(memchr::memmem::find(image.bytes(), b"iCCP"), None);
    }
}

/// Display P3 (200, 100, 50) as sRGB, by the matrices of CSS Color 4.
const SRGB_OF_P3: [u8; 3] = [215, 93, 31];

#[test]
fn nothing_of_the_metadata_is_left() {
    let image = Prepare::default()
        .open(fixture("images/lighthouse.jpg"))
        .unwrap();
    assert_eq!(image.size(), Size::new(1152, 1536));
    assert_eq!(memchr::memmem::find(image.bytes(), b"Exif"), None);
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for (name, format) in [
        ("orientation-6.jpg", "JPEG"),
        ("progressive.jpg", "JPEG"),
        ("cmyk.jpg", "JPEG"),
        ("alpha.png", "PNG"),
        ("alpha.webp", "WebP"),
    ] {
        let bytes = std::fs::read(fixture(&format!("images/{name}"))).unwrap();
        assert!(Prepare::default().bytes(&bytes).is_ok());
        // The last bytes of a PNG are its end chunk: the picture before it is whole.
        let last = if format == "PNG" {
            bytes.len() - 16
        } else {
            bytes.len() - 2
        };
        for cut in (16..last).step_by(97).chain([last]) {
            let error = refused(&bytes[..cut]);
            assert!(
                error.contains(format),
                "{name} cut at {cut} of {}: {error}",
                bytes.len()
            );
        }
    }
}

#[test]
fn what_is_no_picture_is_told_what_it_is() {
    assert!(refused(b"").contains("empty"));
    assert!(refused(b"<html>").contains("not an image"));
    assert!(refused(b"GIF89a....").contains("GIF is not supported; export it as JPEG or PNG"));
    assert!(refused(b"\0\0\0\x18ftypheic....").contains("HEIC is not supported"));
    let open = |path: &str| Prepare::default().open(path).unwrap_err().to_string();
    assert!(open("no/such/file.jpg").starts_with("no/such/file.jpg: "));
    assert!(open(env!("CARGO_MANIFEST_DIR")).contains("cannot be read"));
}

#[test]
fn a_picture_too_large_to_hold_is_refused_by_its_header() {
    let mut header = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    header.extend([0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 8, 2, 0, 0, 0]);
    let crc = crc32(&header[12..]);
    header.extend(crc.to_be_bytes());
    header.extend(b"\0\0\0\0IDAT\x35\xAF\x06\x1E");
    let error = refused(&header);
    assert!(
        error.contains("65535x65535") && error.contains("268402689"),
        "{error}"
    );
}

/// CRC-32 as PNG has it (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
