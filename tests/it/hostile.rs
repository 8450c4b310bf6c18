//! Promise: a file that is cut, damaged, made to exhaust memory or no image at all is refused in one clear line,
//! never half used, and never a panic.

use std::time::Instant;

use image::DynamicImage;
use imgpost::{Extension, Limits, PrepareError, PrepareErrorKind, PrepareOptions};

use crate::support::{files, fixture};

const TINY: usize = 14;

/// Bytes of a row of MCUs: 2 rows of 200 blocks of luma with 4 coefficients each, and for each of two colors one row of
/// 104 blocks with 16; a coefficient more for each of those that are skipped; two bytes each, and one for a sample.
const LIGHTHOUSE_AT_A_QUARTER: u64 = 2 * 200 * (2 * 5 + 4) + 2 * 104 * (2 * 17 + 16);

fn refused(bytes: &[u8]) -> String {
    PrepareOptions::default()
        .prepare_bytes(bytes)
        .expect_err("the file is invalid")
        .to_string()
}

#[test]
fn a_file_cut_at_any_byte_is_refused_or_whole() {
    let prepare = PrepareOptions::default()
        .size(18, 24)
        .extension(Extension::Png);
    let files = files("tiny");
    assert_eq!(files.len(), TINY);
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let whole = prepare.prepare_bytes(&bytes).unwrap();
        let mut refused = 0;
        for cut in 0..bytes.len() {
            match prepare.prepare_bytes(&bytes[..cut]) {
                Err(_) => refused += 1,
                // Only what follows on the image is missing, such as the end chunk of a PNG.
                Ok(image) => {
                    let same = decoded(image.bytes()) == decoded(whole.bytes());
                    assert!(
                        same,
                        "{path:?} cut at {cut} of {} is half an image",
                        bytes.len()
                    );
                }
            }
        }
        assert!(
            refused * 10 > bytes.len() * 8,
            "{path:?}: {refused} cuts refused"
        );
    }
}

fn decoded(png: &[u8]) -> Vec<u8> {
    image::load_from_memory(png)
        .unwrap()
        .into_rgba8()
        .into_raw()
}

#[test]
fn damaged_byte_never_panics() {
    let prepare = PrepareOptions::default()
        .size(9, 12)
        .extension(Extension::Png);
    let mut cases = 0;
    for path in files("tiny") {
        let bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            for damage in [0x00, 0xFF, bytes[at] ^ 0x10] {
                let mut damaged = bytes.clone();
                damaged[at] = damage;
                // Either is right: a changed pixel is an image too.
                if let Ok(image) = prepare.prepare_bytes(&damaged) {
                    decoded(image.bytes());
                }
                cases += 1;
            }
        }
    }
    assert!(cases > 20_000, "{cases}");
}

#[test]
fn a_photo_cut_in_its_data_is_refused() {
    let bytes = std::fs::read(fixture("images/lighthouse.jpg")).unwrap();
    for keep in [bytes.len() / 2, bytes.len() * 9 / 10, bytes.len() - 3] {
        for end in [b"".as_slice(), b"\xFF\xD9"] {
            let error = refused(&[&bytes[..keep], end].concat());
            assert!(
                error.contains("the JPEG data is truncated or damaged"),
                "{error}"
            );
        }
    }
}

#[test]
fn jpeg_of_the_requested_size_is_complete_or_refused() {
    for name in ["restart", "chroma-444", "progressive"] {
        let bytes = std::fs::read(fixture(&format!("images/{name}.jpg"))).unwrap();
        let whole = PrepareOptions::default().prepare_bytes(&bytes).unwrap();
        assert!(whole.is_unchanged(), "{name}");
        let data = bytes.len() - 2;
        for keep in [data / 2, data * 3 / 4, data - 8] {
            refused(&[&bytes[..keep], b"\xFF\xD9"].concat());
        }
        // Only the end-of-image marker is missing.
        let endless = PrepareOptions::default().prepare_bytes(&bytes[..data]);
        let endless = endless.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!endless.is_unchanged(), "{name}");
        assert_eq!(endless.size(), whole.size(), "{name}");
    }
}

#[test]
fn file_that_is_no_image_is_rejected_with_its_type() {
    assert!(refused(b"").contains("is empty"));
    assert!(refused(b"<html>").contains("is not an image"));
    for (head, name) in [
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf".as_slice(), "AVIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"II\x2B\0\x08\0\0\0\x10\0\0\0", "BigTIFF"),
    ] {
        let error = refused(head);
        let expected = format!("{name} is not supported; export it as JPEG or PNG");
        assert_eq!(error, expected);
    }
    // A film is in the same container.
    assert!(refused(b"\0\0\0\x18ftypisom\0\0\0\0isomiso2").contains("is not an image"));
    let open = |path: &str| {
        PrepareOptions::default()
            .open(path)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(open("no/such/file.jpg"), "cannot read no/such/file.jpg");
    let folder = env!("CARGO_MANIFEST_DIR");
    assert_eq!(open(folder), format!("cannot read {folder}"));
}

#[test]
fn decompression_bomb_is_rejected_by_its_header_with_both_numbers() {
    let bomb = fixture("bad/bomb.png");
    assert!(std::fs::metadata(&bomb).unwrap().len() < 600_000);
    let started = Instant::now();
    let error = PrepareOptions::default()
        .open(&bomb)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("65535x65535") && error.contains("268402689"),
        "{error}"
    );
    assert!(PrepareOptions::default().plan(&bomb).is_err());
    // Decoding it takes seconds even where a machine is fast; this is printed, not judged.
    println!("refused in {:?}", started.elapsed());
}

#[test]
fn limits_are_enforced_before_decoding() {
    let photo = fixture("images/lighthouse.jpg");
    let with = |limits| {
        PrepareOptions::default()
            .limits(limits)
            .open(&photo)
            .unwrap_err()
    };
    let default = Limits::default();
    let pixels = with(default.with_max_pixels(1_919_999));
    assert!(matches!(
        pixels.kind(),
        PrepareErrorKind::TooLarge {
            max_pixels: 1_919_999,
            ..
        }
    ));
    let bytes = with(default.with_max_input_bytes(1000));
    assert!(matches!(
        bytes.kind(),
        PrepareErrorKind::FileTooLarge {
            max_input_bytes: 1000,
            ..
        }
    ));
    let alloc = with(default.with_max_alloc(100_000));
    assert!(matches!(
        alloc.kind(),
        PrepareErrorKind::TooMuchMemory {
            max_alloc: 100_000,
            ..
        }
    ));
    let least = default.with_max_alloc(LIGHTHOUSE_AT_A_QUARTER);
    assert!(
        PrepareOptions::default()
            .limits(least)
            .size(150, 200)
            .open(&photo)
            .is_ok()
    );
    let png = PrepareOptions::default().limits(default.with_max_alloc(50_000));
    let error = png.open(fixture("images/orientation-1.png")).unwrap_err();
    assert!(
        matches!(error.kind(), PrepareErrorKind::TooMuchMemory { .. }),
        "{error:?}"
    );
}

#[test]
fn every_entry_point_enforces_the_limits() {
    let file = fixture("images/orientation-1.png");
    let bytes = std::fs::read(&file).unwrap();
    let (width, height) = (120, 160);
    let pixels = vec![0; 4 * width as usize * height as usize];
    let image = DynamicImage::new_rgb8(width, height);
    let ways = |limits: Limits| {
        let small = PrepareOptions::default().size(48, 64);
        let mask = small.open(&file).unwrap().mask_options().limits(limits);
        let prepare = small.limits(limits);
        let of_files: [(&str, Result<(), PrepareError>); 5] = [
            ("open", prepare.open(&file).map(drop)),
            ("bytes", prepare.prepare_bytes(&bytes).map(drop)),
            ("plan", prepare.plan(&file).map(drop)),
            ("mask open", mask.open(&file).map(drop)),
            ("mask bytes", mask.prepare_bytes(&bytes).map(drop)),
        ];
        let of_pixels = [
            (
                "rgba8",
                prepare.prepare_rgba8(width, height, &pixels).map(drop),
            ),
            ("image", prepare.prepare_image(image.clone()).map(drop)),
            (
                "mask rgba8",
                mask.prepare_rgba8(width, height, &pixels).map(drop),
            ),
            ("mask image", mask.prepare_image(image.clone()).map(drop)),
        ];
        (of_files, of_pixels)
    };
    let default = Limits::default();
    let (of_files, of_pixels) = ways(default);
    for (way, result) in of_files.into_iter().chain(of_pixels) {
        assert!(result.is_ok(), "{way}: {result:?}");
    }
    let (of_files, _) = ways(default.with_max_input_bytes(bytes.len() as u64 - 1));
    for (way, result) in of_files {
        let error = result.expect_err(way);
        assert!(
            matches!(error.kind(), PrepareErrorKind::FileTooLarge { .. }),
            "{way}: {error:?}"
        );
    }
    let (of_files, _) = ways(default.with_max_alloc(50_000));
    for (way, result) in of_files {
        let error = result.expect_err(way);
        assert!(
            matches!(error.kind(), PrepareErrorKind::TooMuchMemory { .. }),
            "{way}: {error:?}"
        );
    }
    let (of_files, of_pixels) = ways(default.with_max_pixels(u64::from(width * height) - 1));
    for (way, result) in of_files.into_iter().chain(of_pixels) {
        let error = result.expect_err(way);
        assert!(
            matches!(error.kind(), PrepareErrorKind::TooLarge { .. }),
            "{way}: {error:?}"
        );
    }
}

#[test]
fn plan_refuses_a_jpeg_that_would_take_too_much_memory() {
    let photo = fixture("images/lighthouse.jpg");
    for (max_alloc, enough) in [
        (LIGHTHOUSE_AT_A_QUARTER, true),
        (LIGHTHOUSE_AT_A_QUARTER - 1, false),
    ] {
        let prepare = PrepareOptions::default()
            .size(150, 200)
            .limits(Limits::default().with_max_alloc(max_alloc));
        assert_eq!(prepare.plan(&photo).is_ok(), enough, "{max_alloc}");
        assert_eq!(prepare.open(&photo).is_ok(), enough, "{max_alloc}");
    }
}

#[cfg(unix)]
mod streams {
    use std::fs::File;
    use std::io::Write;
    use std::path::Path;
    use std::process::Command;

    use super::*;

    fn fifo(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("fifo");
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        path
    }

    #[test]
    fn device_without_an_end_is_no_image() {
        for error in [
            PrepareOptions::default().open("/dev/zero").unwrap_err(),
            PrepareOptions::default().plan("/dev/zero").unwrap_err(),
        ] {
            assert!(
                matches!(error.kind(), PrepareErrorKind::NotAnImage),
                "{error:?}"
            );
        }
    }

    #[test]
    fn pipe_is_read_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = fifo(folder.path());
        let limit = 1 << 20;
        let prepare =
            PrepareOptions::default().limits(Limits::default().with_max_input_bytes(limit));
        type Try<'a> = &'a dyn Fn() -> Option<PrepareError>;
        let tries: [Try<'_>; 2] = [&|| prepare.open(&path).err(), &|| prepare.plan(&path).err()];
        for attempt in tries {
            let path = path.clone();
            let writer = std::thread::spawn(move || {
                let mut pipe = File::options().write(true).open(path).unwrap();
                let mut written = 0;
                let mut block = vec![0; 4096];
                block[..3].copy_from_slice(b"\xFF\xD8\xFF");
                while pipe.write_all(&block).is_ok() {
                    written += block.len() as u64;
                }
                written
            });
            let error = attempt().unwrap();
            assert!(
                matches!(error.kind(), PrepareErrorKind::FileTooLarge { .. }),
                "{error:?}"
            );
            let written = writer.join().unwrap();
            // What the pipe holds was written, and not read.
            assert!((limit..limit + (2 << 20)).contains(&written), "{written}");
        }
    }

    #[test]
    fn image_in_a_pipe_is_prepared_and_planned() {
        let folder = tempfile::tempdir().unwrap();
        let path = fifo(folder.path());
        let photo = std::fs::read(fixture("images/lighthouse.jpg")).unwrap();
        let write = || {
            let (path, photo) = (path.clone(), photo.clone());
            std::thread::spawn(move || std::fs::write(path, photo).unwrap())
        };
        let writer = write();
        let prepared = PrepareOptions::default().size(96, 128).open(&path).unwrap();
        writer.join().unwrap();
        let writer = write();
        let plan = PrepareOptions::default().size(96, 128).plan(&path).unwrap();
        writer.join().unwrap();
        assert_eq!(plan, *prepared.plan());
        let expected = PrepareOptions::default()
            .size(96, 128)
            .prepare_bytes(&photo)
            .unwrap();
        assert_eq!(prepared.bytes(), expected.bytes());
    }
}

#[test]
fn bytes_in_memory_are_limited_like_a_file() {
    let photo = std::fs::read(fixture("images/gray.jpg")).unwrap();
    let of_bytes = |max_input_bytes| Limits::default().with_max_input_bytes(max_input_bytes);
    let (length, prepare) = (photo.len() as u64, PrepareOptions::default().size(64, 64));
    let enough = prepare.clone().limits(of_bytes(length));
    let image = enough.prepare_bytes(&photo).unwrap();
    let error = prepare.limits(of_bytes(length - 1)).prepare_bytes(&photo);
    let mask = image
        .mask_options()
        .limits(of_bytes(length - 1))
        .prepare_bytes(&photo);
    for error in [error.unwrap_err(), mask.unwrap_err()] {
        let is_too_large = matches!(
            *error.kind(),
            PrepareErrorKind::FileTooLarge { bytes, max_input_bytes }
                if bytes == length && max_input_bytes == length - 1
        );
        assert!(is_too_large, "{error:?}");
    }
}

#[test]
fn a_file_of_thousands_of_scans_is_refused() {
    let bytes = std::fs::read(fixture("tiny/progressive.jpg")).unwrap();
    let scan = memchr::memmem::find(&bytes, b"\xFF\xDA").unwrap();
    let next = scan + 2 + memchr::memmem::find(&bytes[scan + 2..], b"\xFF\xC4").unwrap();
    let many = [
        &bytes[..scan],
        &bytes[scan..next].repeat(501),
        &bytes[next..],
    ]
    .concat();
    // A scan that repeats bits would be enough to refuse it.
    assert!(refused(&many).contains("the JPEG data is truncated or damaged"));
}

#[test]
fn pixels_that_do_not_fill_their_size_are_refused() {
    let error = PrepareOptions::default()
        .prepare_rgba8(10, 10, &[0; 399])
        .unwrap_err();
    assert!(error.to_string().contains("399") && error.to_string().contains("400"));
    let error = PrepareOptions::default()
        .prepare_rgba8(u32::MAX, u32::MAX, &[])
        .unwrap_err();
    assert!(matches!(error.kind(), PrepareErrorKind::WrongLength { .. }));
    let error = PrepareOptions::default()
        .prepare_rgba8(0, 0, &[])
        .unwrap_err();
    assert!(matches!(error.kind(), PrepareErrorKind::ZeroSize));
}
