//! No change to a file makes the decoder panic or loop, and no cut makes half an image.

use super::build::{File, GRAY};
use super::*;

/// Five files of different processes, small enough to be cut at every byte.
fn files() -> [Vec<u8>; 5] {
    let split = File::new((20, 9), &[(1, 2, 1), (2, 1, 1), (3, 1, 1)], 2, true).bytes();
    [
        BASELINE.to_vec(),
        PROGRESSIVE.to_vec(),
        RESTART.to_vec(),
        CMYK.to_vec(),
        split,
    ]
}

#[test]
fn file_is_refused_as_truncated_wherever_it_is_cut() {
    for file in files() {
        let (eoi, whole) = (file.len() - 2, planes(&file).unwrap());
        for cut in 0..file.len() {
            let result = planes(&file[..cut]);
            let is_complete = cut >= eoi;
            assert_eq!(
                is_truncated(result),
                !is_complete,
                "cut at {cut} of {}",
                file.len()
            );
            // A cut inside a segment makes its end and EOI part of each other.
            let closed = [&file[..cut], &[0xFF, 0xD9]].concat();
            match planes(&closed) {
                Ok(planes) => assert!(is_complete && planes == whole, "cut at {cut} and closed"),
                Err(error) => assert!(!is_complete, "cut at {cut} and closed: {error}"),
            }
        }
    }
}

#[test]
fn missing_end_marker_is_accepted_and_reported() {
    for file in files() {
        for (cut, is_missing) in [(0, false), (1, true), (2, true)] {
            let file = &file[..file.len() - cut];
            let mut bands = Decoder::new(file)
                .unwrap()
                .start(&[Reduction::NONE; 4])
                .unwrap();
            while bands.next_band().unwrap().is_some() {}
            assert_eq!(bands.is_eoi_missing(), is_missing, "{cut} bytes less");
        }
    }
}

#[test]
fn mutated_file_never_panics() {
    let mut files = files().to_vec();
    files.push(File::new((64, 64), GRAY, 1, false).bytes());
    let mut random = Numbers(0x5EED);
    let mut decoded = 0;
    for _ in 0..6000 {
        let mut file = files[random.below(files.len())].clone();
        for _ in 0..=random.below(6) {
            let near = if random.below(2) == 0 {
                file.len()
            } else {
                file.len().min(700)
            };
            let at = random.below(near);
            match random.below(6) {
                0 => file[at] = 0xFF,
                1 => file[at] = 0,
                2 => drop(file.drain(at..(at + random.below(20)).min(file.len()))),
                3 => file.truncate(at.max(2)),
                4 => file.insert(at, random.below(256) as u8),
                _ => file[at] = random.below(256) as u8,
            }
            if file.is_empty() {
                file.push(0xFF);
            }
        }
        let by = [Divisor::One, Divisor::Two, Divisor::Four, Divisor::Eight][random.below(4)];
        let Ok(decoder) = Decoder::new(&file[..]) else {
            continue;
        };
        if decoder.memory(&[Reduction::by(by); 4]) > 1 << 20 {
            continue;
        }
        let _ = decode(&file, &[Reduction::by(by); 4]);
        let Ok(mut rows) = PixelRows::new(decoder, by) else {
            continue;
        };
        decoded += loop {
            match rows.next_rows() {
                Ok(Some(_)) => {}
                Ok(None) => break 1,
                Err(_) => break 0,
            }
        };
    }
    assert!(decoded > 500, "only {decoded} of them were images");
}
