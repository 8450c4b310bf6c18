//! Promise: the prepared image is upright and complete, has the requested size and format, and contains no metadata.

use image::{DynamicImage, GenericImageView, ImageFormat};
use imgpost::{Extension, Fit, PrepareOptions, PreparedImage, Size};

use crate::support::{files, fixture, psnr};

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

#[test]
fn eight_orientations_give_the_same_upright_image_in_every_format() {
    let original = image::open(fixture("images/orientation-1.png")).unwrap();
    let mut seen = 0;
    for size in [Size::new(120, 160), Size::new(60, 80)] {
        let prepare = PrepareOptions::default()
            .size(size.width, size.height)
            .extension(Extension::Png);
        let expected = original.resize_exact(
            size.width,
            size.height,
            image::imageops::FilterType::Lanczos3,
        );
        for extension in ["jpg", "png", "webp"] {
            let upright = fixture(&format!("images/orientation-1.{extension}"));
            let upright = decode(&prepare.open(upright).unwrap());
            for orientation in 1..=8 {
                let file = fixture(&format!("images/orientation-{orientation}.{extension}"));
                let image = prepare.open(&file).unwrap();
                assert_eq!(image.source_size(), Size::new(120, 160), "{file:?}");
                assert_eq!(image.plan().orientation(), orientation);
                let decoded = decode(&image);
                let found = psnr(&decoded, &upright);
                assert!(
                    found >= 40.0,
                    "{file:?} at {size}: {found:.1} dB from upright"
                );
                // A JPEG of this image is itself some 38 dB from the original.
                let least = if extension == "jpg" { 34.0 } else { 50.0 };
                let found = psnr(&decoded, &expected);
                assert!(found >= least, "{file:?} at {size}: {found:.1} dB");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 48);
}

#[test]
fn every_fixture_is_prepared_in_every_extension() {
    let files = files("images");
    for path in &files {
        for extension in Extension::ALL.iter().copied() {
            let prepare = PrepareOptions::default().size(48, 64).extension(extension);
            let image = prepare.open(path).unwrap();
            assert_eq!(image.extension(), extension);
            let mime = image.extension().content_type();
            let format = image::guess_format(image.bytes()).unwrap();
            assert_eq!(format.to_mime_type(), mime, "{path:?}");
            decode(&image);
            let plan = prepare.plan(path).unwrap();
            assert_eq!(plan, *image.plan(), "{path:?}");
        }
    }
    let message = "a fixture is missing, or this number wants changing";
    assert_eq!(files.len(), 69, "{message}");
}

#[test]
fn metadata_is_removed_in_every_format() {
    for path in files("images") {
        for extension in Extension::ALL.iter().copied() {
            let prepare = PrepareOptions::default().size(48, 64).extension(extension);
            let image = prepare.open(&path).unwrap();
            for trace in [
                b"Exif".as_slice(),
                b"EXIF",
                b"eXIf",
                b"http://ns.adobe.com",
                b"ICC_PROFILE",
                b"iCCP",
                b"ICCP",
                b"acTL",
                b"ANIM",
            ] {
                let found = memchr::memmem::find(image.bytes(), trace);
                assert_eq!(found, None, "{path:?} as {extension}");
            }
        }
    }
}

#[test]
fn every_variant_of_a_file_looks_like_the_original() {
    let original = image::open(fixture("images/orientation-1.png")).unwrap();
    let gray = DynamicImage::from(original.to_luma8());
    for (name, expected, least) in [
        ("progressive.jpg", &original, 28.0),
        ("cmyk.jpg", &original, 26.0),
        ("ycck.jpg", &original, 28.0),
        ("gray.jpg", &gray, 28.0),
        // Made with other weights of the three colors than `to_luma8` has.
        ("gray-16-bit.png", &gray, 36.0),
        ("palette.png", &original, 24.0),
        ("restart.jpg", &original, 30.0),
        ("chroma-422.jpg", &original, 30.0),
        ("chroma-444.jpg", &original, 32.0),
        ("rgb-16-bit.png", &original, 48.0),
        ("interlaced.png", &original, 90.0),
        ("animated.png", &original, 90.0),
        ("animated.webp", &original, 30.0),
        ("lossy.webp", &original, 30.0),
        ("gamma-linear.png", &original, 36.0),
        ("lzw.tiff", &original, 90.0),
        ("orientation-6.tiff", &original, 90.0),
        ("rgb.bmp", &original, 90.0),
        ("animated.gif", &original, 26.0),
    ] {
        let prepare = PrepareOptions::default()
            .size(120, 160)
            .extension(Extension::Png);
        let image = prepare.open(fixture(&format!("images/{name}"))).unwrap();
        let found = psnr(&decode(&image), expected);
        assert!(found >= least, "{name}: {found:.1} dB");
    }
}

#[test]
fn reduced_decoding_gives_the_same_image() {
    let file = fixture("images/lighthouse.jpg");
    let mut whole = image::open(&file).unwrap();
    whole.apply_orientation(image::metadata::Orientation::Rotate90);
    for (width, height) in [(600, 800), (300, 400), (150, 200), (100, 300)] {
        let prepare = PrepareOptions::default()
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
fn transparency_is_kept_or_flattened() {
    let alpha = fixture("images/alpha.png");
    let size = PrepareOptions::default().size(120, 160);
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
fn contain_pads_with_the_background() {
    let prepare = PrepareOptions::default()
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
fn embedded_profile_is_converted_to_srgb_and_removed() {
    let p3 = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let pixels = [200, 100, 50].repeat(64 * 64);
    let mut png = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
    image::ImageEncoder::set_icc_profile(&mut encoder, p3.clone()).unwrap();
    image::ImageEncoder::write_image(encoder, &pixels, 64, 64, image::ExtendedColorType::Rgb8)
        .unwrap();
    let mut jpeg = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 100);
    image::ImageEncoder::set_icc_profile(&mut encoder, p3).unwrap();
    image::ImageEncoder::write_image(encoder, &pixels, 64, 64, image::ExtendedColorType::Rgb8)
        .unwrap();
    for file in [png, jpeg] {
        let prepare = PrepareOptions::default()
            .size(32, 32)
            .extension(Extension::Png);
        let image = prepare.prepare_bytes(&file).unwrap();
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
fn pixels_in_memory_are_prepared_like_files() {
    let path = fixture("images/alpha.png");
    let decoded = image::open(&path).unwrap();
    let prepare = PrepareOptions::default().size(60, 80);
    let from_file = prepare.open(&path).unwrap();
    let rgba = decoded.to_rgba8();
    let from_pixels = prepare.prepare_rgba8(120, 160, rgba.as_raw()).unwrap();
    let from_image = prepare.prepare_image(decoded).unwrap();
    assert_eq!(from_pixels.bytes(), from_file.bytes());
    assert_eq!(from_image.bytes(), from_file.bytes());
    assert_eq!(from_file.file_name(), "alpha.png");
    assert_eq!(from_pixels.file_name(), "image.png");
    // Opaque ones become a JPEG, as from a file.
    let opaque = prepare.prepare_rgba8(1, 1, &[1, 2, 3, 255]).unwrap();
    assert_eq!(opaque.extension(), Extension::Jpg);
}

#[test]
fn gravity_decides_what_is_kept() {
    // Red on the left, blue on the right.
    let pixels = [[255, 0, 0, 255].repeat(100), [0, 0, 255, 255].repeat(100)].concat();
    let rows = pixels.repeat(100);
    let middle = |gravity: &str| {
        let prepare = PrepareOptions::default()
            .size(64, 64)
            .gravity(gravity.parse().unwrap());
        let image = prepare
            .extension(Extension::Png)
            .prepare_rgba8(200, 100, &rows)
            .unwrap();
        let pixels = decode(&image).to_rgb8();
        [pixels.get_pixel(8, 32).0, pixels.get_pixel(55, 32).0]
    };
    let (red, blue) = ([255, 0, 0], [0, 0, 255]);
    assert_eq!(middle("center"), [red, blue]);
    assert_eq!(middle("west"), [red, red]);
    assert_eq!(middle("southeast"), [blue, blue]);
    assert_eq!(middle("10%,50%"), [red, red]);
    assert_eq!(middle("100%,50%"), [blue, blue]);
}

#[test]
fn transparent_pixels_do_not_color_visible_edges() {
    // An opaque white disc on transparent green, and the same on transparent magenta.
    let disc = |hidden: [u8; 3]| -> Vec<u8> {
        let pixels = (0..200 * 200).flat_map(|i: i32| {
            let (x, y) = (i % 200 - 100, i / 200 - 100);
            if x * x + y * y < 80 * 80 {
                [255; 4]
            } else {
                [hidden[0], hidden[1], hidden[2], 0]
            }
        });
        pixels.collect()
    };
    let small = |hidden| {
        let image = PrepareOptions::default()
            .size(48, 48)
            .prepare_rgba8(200, 200, &disc(hidden))
            .unwrap();
        assert_eq!(image.extension(), Extension::Png);
        decode(&image).to_rgba8()
    };
    let (green, magenta) = (small([0, 255, 0]), small([255, 0, 255]));
    let mut edges = 0;
    for (a, b) in green.pixels().zip(magenta.pixels()) {
        assert_eq!(a[3], b[3]);
        if a[3] > 0 {
            assert!(a.0[..3].iter().all(|c| *c >= 254), "{a:?}");
            assert!(b.0[..3].iter().all(|c| *c >= 254), "{b:?}");
        }
        edges += usize::from((1..255).contains(&a[3]));
    }
    assert!(edges > 50, "{edges}");
}

#[test]
fn narrow_jpeg_keeps_its_longer_side() {
    let prepare = PrepareOptions::default()
        .extension(Extension::Jpg)
        .quality(100);
    let whole = PrepareOptions::default().extension(Extension::Png);
    for width in 1..=9 {
        // A step from black to white half-way down.
        let shade = |_, y| image::Luma([if y < 24 { 0 } else { 255 }]);
        let gradient = DynamicImage::from(image::GrayImage::from_fn(width, 48, shade));
        let png = prepare
            .clone()
            .size(width, 48)
            .prepare_image(gradient)
            .unwrap();
        for (height, reduced) in [(48, 1), (24, 2), (12, 4), (6, 8)] {
            let width = width.div_ceil(reduced);
            let made = whole.clone().size(width, height).prepare_bytes(png.bytes());
            let made = image::load_from_memory(made.unwrap().bytes()).unwrap();
            let made = made.to_luma8();
            assert_eq!(made.dimensions(), (width, height));
            let (top, bottom) = (made.get_pixel(0, 0), made.get_pixel(0, height - 1));
            assert!(
                top[0] < 20 && bottom[0] > 235,
                "{width}x{height}: {top:?} {bottom:?}"
            );
        }
    }
}

#[test]
fn first_exif_block_of_a_jpeg_with_an_orientation_counts() {
    // One entry of a directory in a big-endian TIFF: the tag, its type, a count and the value.
    let exif = |tag: u8, value: u8| {
        let entry = [1, tag, 0, 3, 0, 0, 0, 1, 0, value, 0, 0];
        [b"Exif\0\0MM\0*\0\0\0\x08\0\x01".as_slice(), &entry, &[0; 4]].concat()
    };
    let jpeg = std::fs::read(fixture("tiny/baseline.jpg")).unwrap();
    let orientation = |blocks: &[Vec<u8>]| {
        let mut file = jpeg[..2].to_vec();
        for block in blocks {
            file.extend([0xFF, 0xE1, 0, block.len() as u8 + 2]);
            file.extend(block);
        }
        file.extend(&jpeg[2..]);
        let image = PrepareOptions::default().prepare_bytes(&file).unwrap();
        image.plan().orientation()
    };
    let (broken, none) = (b"Exif\0\0broken".to_vec(), exif(0x13, 3));
    let (six, three) = (exif(0x12, 6), exif(0x12, 3));
    assert_eq!(orientation(&[]), 1);
    assert_eq!(orientation(&[six.clone(), three.clone()]), 6);
    assert_eq!(orientation(&[broken, none, three.clone(), six]), 3);
    let xmp = b"http://ns.adobe.com/xap/1.0/".to_vec();
    assert_eq!(orientation(&[xmp, three]), 3);
}
