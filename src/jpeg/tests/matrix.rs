//! Agrees with libjpeg-turbo on the files that tests/ci/jpeg_matrix.py makes.

use std::path::Path;
use std::{env, fs};

use super::*;

/// `NAME.jpg` comes with pixels in `NAME.N.raw` for some N of 1, 2, 4 and 8, at 1/N of the size, and with the samples of
/// the first component in `NAME.y.raw`. In front of them are the greatest difference allowed and the number of channels.
#[test]
#[ignore = "needs the files of tests/ci/jpeg_matrix.py"]
fn matrix_agrees_with_libjpeg() {
    let folder = env::var_os("IMGPOST_JPEG_MATRIX").expect("IMGPOST_JPEG_MATRIX is the folder");
    let (mut compared, mut different) = (0, Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jpg") {
            let results = compare(&path);
            assert!(!results.is_empty(), "{path:?} comes with nothing");
            compared += results.len();
            different.extend(results.into_iter().filter_map(Result::err));
        }
    }
    assert!(
        different.is_empty(),
        "{} of {compared}: {different:#?}",
        different.len()
    );
    assert!(compared > 900, "only {compared} images were compared");
}

/// Compares all that comes with a file. An error describes the difference.
fn compare(path: &Path) -> Vec<Result<(), String>> {
    let file = fs::read(path).unwrap();
    let divisors = [Divisor::One, Divisor::Two, Divisor::Four, Divisor::Eight].into_iter();
    let reduced = divisors.filter_map(|by| {
        compare_with(&path.with_extension(format!("{}.raw", by as u8)), || {
            let mut rows = PixelRows::new(Decoder::new(&file[..])?, by)?;
            let mut pixels = Vec::new();
            while let Some(rows) = rows.next_rows()? {
                pixels.extend_from_slice(rows);
            }
            Ok((rows.channels(), pixels))
        })
    });
    let luma = compare_with(&path.with_extension("y.raw"), || {
        Ok((1, planes(&file)?.swap_remove(0).values))
    });
    reduced.chain(luma).collect()
}

fn compare_with(
    path: &Path,
    decode: impl Fn() -> Result<(usize, Vec<u8>), Error>,
) -> Option<Result<(), String>> {
    let expected = fs::read(path).ok()?;
    let [tolerance, channels, expected @ ..] = &expected[..] else {
        panic!("{path:?} is empty");
    };
    let (actual_channels, actual) = match decode() {
        Ok(actual) => actual,
        Err(error) => return Some(Err(format!("{path:?}: {error}"))),
    };
    assert_eq!(actual_channels, usize::from(*channels), "{path:?}");
    assert_eq!(actual.len(), expected.len(), "{path:?}");
    let differences = actual.iter().zip(expected).map(|(a, b)| a.abs_diff(*b));
    let greatest = differences.max().unwrap_or(0);
    Some(if greatest <= *tolerance {
        Ok(())
    } else {
        Err(format!("{path:?}: {greatest}"))
    })
}
