//! Agrees with libjpeg-turbo on the files that tests/ci/jpeg_matrix.py makes.

use std::path::Path;
use std::{env, fs};

use super::*;

/// `NAME.jpg` comes with `NAME.N.raw` for one or more N of 1, 2, 4 and 8: pixels at 1/N of the size, and the greatest
/// difference that is allowed as the first byte, then the number of channels and a byte for each channel and pixel.
#[test]
#[ignore = "needs the files of tests/ci/jpeg_matrix.py"]
fn matrix_agrees_with_libjpeg() {
    let folder = env::var_os("IMGPOST_JPEG_MATRIX").expect("IMGPOST_JPEG_MATRIX is the folder");
    let mut compared = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jpg") {
            compared += compare(&path);
        }
    }
    assert!(compared > 500, "only {compared} images were compared");
}

fn compare(path: &Path) -> usize {
    let file = fs::read(path).unwrap();
    let mut compared = 0;
    for by in [Divisor::One, Divisor::Two, Divisor::Four, Divisor::Eight] {
        let Ok(expected) = fs::read(path.with_extension(format!("{}.raw", by as u8))) else {
            continue;
        };
        let [tolerance, channels, expected @ ..] = &expected[..] else {
            panic!("{path:?} has an empty result");
        };
        let mut rows = PixelRows::new(Decoder::new(&file[..]).unwrap(), by).unwrap();
        assert_eq!(rows.channels(), usize::from(*channels), "{path:?}");
        let mut actual = Vec::new();
        while let Some(rows) = rows
            .next_rows()
            .unwrap_or_else(|error| panic!("{path:?}: {error}"))
        {
            actual.extend_from_slice(rows);
        }
        assert_eq!(actual.len(), expected.len(), "{path:?} at 1/{}", by as u8);
        let differences = actual.iter().zip(expected).map(|(a, b)| a.abs_diff(*b));
        let greatest = differences.max().unwrap_or(0);
        assert!(
            greatest <= *tolerance,
            "{path:?} at 1/{}: {greatest}",
            by as u8
        );
        compared += 1;
    }
    compared
}
