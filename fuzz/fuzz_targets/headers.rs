//! Promise: a plan is made from the headers of a file alone, within the limits, and has the size that another decoder
//! reads; a file that is too large is rejected before anything is allocated for its pixels.

#![no_main]

use std::io::Cursor;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::OnceLock;

use image::ImageReader;
use imgpost::{Fit, Limits, PrepareOptions, Size};
use imgpost_fuzz::assert_printable;
use libfuzzer_sys::fuzz_target;

/// Large enough that a header is seldom rejected for its size alone.
const LIMITS: Limits = Limits::DEFAULT
    .with_max_pixels(1 << 24)
    .with_max_input_bytes(1 << 16)
    .with_max_alloc(1 << 18);

fuzz_target!(|file: &[u8]| {
    std::fs::write(path(), file).unwrap();
    let planned = prepare(LIMITS).plan(path());
    let plan = match planned {
        Ok(plan) => plan,
        Err(error) => return assert_printable(&error),
    };
    let source = plan.source_size();
    assert!(source.area() > 0 && source.area() <= LIMITS.max_pixels);
    assert_eq!(plan.size(), SIZE);
    let crop = plan.crop();
    assert_eq!((crop.left, crop.top), (0, 0));
    assert_eq!((crop.width, crop.height), (source.width, source.height));
    let is_turned = match plan.orientation() {
        1..=4 => false,
        5..=8 => true,
        other => panic!("orientation {other}"),
    };
    if let Some((width, height)) = dimensions(file) {
        let upright = if is_turned {
            (height, width)
        } else {
            (width, height)
        };
        // A first frame that is larger than the screen of a GIF enlarges it, as in browsers.
        let is_enlarged =
            file.starts_with(b"GIF8") && source.width >= upright.0 && source.height >= upright.1;
        assert!(
            is_enlarged || (source.width, source.height) == upright,
            "{source} {upright:?}"
        );
    }
    let fewer = LIMITS.with_max_pixels(source.area() - 1);
    let error = prepare(fewer).plan(path()).unwrap_err();
    let numbers = format!("{}x{}", source.width, source.height);
    let stored = format!("{}x{}", source.height, source.width);
    let message = error.to_string();
    assert!(
        message.contains(&numbers) || message.contains(&stored),
        "{message}"
    );
});

/// Width and height as stored, read by another reader.
fn dimensions(file: &[u8]) -> Option<(u32, u32)> {
    // The crate `tiff` allocates 128 MiB for what some headers announce.
    if file.starts_with(b"II*\0") || file.starts_with(b"MM\0*") {
        return Some((tiff_number(file, 256)?, tiff_number(file, 257)?));
    }
    let reader = ImageReader::new(Cursor::new(file)).with_guessed_format();
    reader.ok()?.into_dimensions().ok()
}

/// The value of an entry of the first directory that has one value of two or four bytes.
fn tiff_number(file: &[u8], tag: u32) -> Option<u32> {
    let number = |range: Range<usize>| {
        let bytes = file.get(range)?.iter();
        let add = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
        Some(if file[0] == b'I' {
            bytes.rev().fold(0, add)
        } else {
            bytes.fold(0, add)
        })
    };
    let directory = number(4..8)? as usize;
    let count = number(directory..directory + 2)? as usize;
    let mut entries = (0..count).map(|index| directory + 2 + 12 * index);
    let entry = entries.find(|at| number(*at..at + 2) == Some(tag))?;
    match (number(entry + 2..entry + 4)?, number(entry + 4..entry + 8)?) {
        (3, 1) => number(entry + 8..entry + 10),
        (4, 1) => number(entry + 8..entry + 12),
        _ => None,
    }
}

const SIZE: Size = Size::new(8, 8);

/// Keeps the whole image, whatever its ratio.
fn prepare(limits: Limits) -> PrepareOptions {
    let prepare = PrepareOptions::default().size(SIZE.width, SIZE.height);
    prepare.fit(Fit::Fill).limits(limits)
}

/// A file of this process.
fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let name = format!("imgpost-fuzz-headers-{}", std::process::id());
        std::env::temp_dir().join(name)
    })
}
