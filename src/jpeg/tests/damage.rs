//! Each row of the table of conditions in the documentation of the module.

use super::build::{File, GRAY, YCC_420, segment};
use super::*;

fn damaged(file: &[u8]) -> &'static str {
    match planes(file) {
        Err(Error::Damaged { reason, position }) => {
            assert!(position <= file.len() as u64, "{reason} at {position}");
            reason
        }
        other => panic!("not damaged: {other:?}"),
    }
}

/// A file of 4 MCUs with a restart marker behind each of the first three, and where these are.
fn restarts() -> (Vec<u8>, [usize; 3]) {
    let file = File::new((32, 32), YCC_420, 1, false).bytes();
    let places = [0xD0, 0xD1, 0xD2].map(|marker| {
        let is_marker = |pair: &[u8]| pair == [0xFF, marker];
        file.windows(2).rposition(is_marker).unwrap()
    });
    (file, places)
}

#[test]
fn missing_data_in_front_of_another_marker_is_damage() {
    let (file, [first, second, _]) = restarts();
    let reason = "the entropy-coded data ends before its last block";
    let cut = [&file[..second - 2], &file[second..]].concat();
    assert_eq!(damaged(&cut), reason);
    let other = [&file[..first], &segment(0xFE, b"comment")].concat();
    assert_eq!(damaged(&other), reason);
}

#[test]
fn lost_restart_interval_is_damage() {
    let (file, [first, second, third]) = restarts();
    let lost = [&file[..first], &file[second..]].concat();
    assert_eq!(damaged(&lost), "a restart marker has the wrong number");
    // The last interval is not there at all.
    let end = [&file[..third], &[0xFF, 0xD9]].concat();
    assert!(is_truncated(planes(&end)));
    assert!(is_truncated(planes(&file[..third])));
    // Without its marker, an interval is too long.
    let merged = [&file[..first], &file[first + 2..]].concat();
    assert_eq!(
        damaged(&merged),
        "a restart interval has more data than blocks"
    );
}

#[test]
fn bytes_left_in_a_restart_interval_are_damage() {
    let (file, [first, ..]) = restarts();
    let padded = [&file[..first], &[0x55], &file[first..]].concat();
    assert_eq!(
        damaged(&padded),
        "a restart interval has more data than blocks"
    );
}

#[test]
fn fill_bytes_are_skipped() {
    let (file, places) = restarts();
    let whole = planes(&file).unwrap();
    let mut filled = file.clone();
    for place in places.into_iter().rev() {
        filled.splice(place..place, [0xFF; 3]);
    }
    filled.splice(2..2, [0xFF; 5]);
    assert_eq!(planes(&filled).unwrap(), whole);
}

#[test]
fn bytes_between_segments_and_behind_a_scan_are_skipped() {
    let file = File::new((32, 32), YCC_420, 0, false);
    let whole = planes(&file.bytes()).unwrap();
    assert_eq!(planes(&file.with(b"\0what\xFF\0ever", &[])).unwrap(), whole);
    assert_eq!(planes(&file.with(&[], b"\0what\xFF\0ever")).unwrap(), whole);
    // Segments there change nothing either, even if the last one is cut.
    let tail = [&segment(0xFE, b"comment")[..], &[0xFF, 0xD3]].concat();
    assert_eq!(planes(&file.with(&[], &tail)).unwrap(), whole);
    assert_eq!(planes(&file.with(&[], &[0xFF, 0xFE, 0x77])).unwrap(), whole);
    let split = File::new((32, 32), YCC_420, 0, true);
    let whole = planes(&split.bytes()).unwrap();
    let mut padded = split;
    for (_, data) in &mut padded.scans {
        data.extend(b"\0what\xFF\0ever");
    }
    assert_eq!(planes(&padded.bytes()).unwrap(), whole);
}

#[test]
fn undefined_code_is_damage() {
    let mut file = File::new((32, 32), GRAY, 0, false);
    // The longest code of the AC table is not all ones.
    file.scans[0]
        .1
        .splice(8..8, [0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0]);
    assert_eq!(
        damaged(&file.bytes()),
        "the entropy-coded data contains an undefined Huffman code"
    );
}

#[test]
fn value_beyond_eight_bit_samples_is_damage() {
    // DC size 12, and AC size 11: the only codes of their tables.
    for (dc, ac) in [(12, 0), (0, 11)] {
        let counts = [&[1u8][..], &[0; 15]].concat();
        let tables = [&[0][..], &counts, &[dc], &[0x10], &counts, &[ac]].concat();
        let mut file = File::new((8, 8), GRAY, 0, false);
        file.scans[0].1 = vec![0x2A; 99];
        assert_eq!(
            damaged(&file.with(&segment(0xC4, &tables), &[])),
            "the entropy-coded data contains an undefined Huffman code"
        );
    }
}

#[test]
fn run_beyond_the_block_is_damage() {
    // A block of runs of 16.
    let counts = [&[1u8][..], &[0; 15]].concat();
    let tables = [&[0][..], &counts, &[0], &[0x10], &counts, &[0xF0]].concat();
    let mut file = File::new((8, 8), GRAY, 0, false);
    file.scans[0].1 = vec![0; 9];
    let file = file.with(&segment(0xC4, &tables), &[]);
    for by in [Divisor::One, Divisor::Two, Divisor::Eight] {
        let result = decode(&file, &[Reduction::by(by); 4]);
        assert!(
            matches!(
                result,
                Err(Error::Damaged {
                    reason: "a block has more than 64 coefficients",
                    ..
                })
            ),
            "{result:?}"
        );
    }
}

/// A progressive file, cut into its scans with the tables in front of each: the header, the scans and the end.
fn progressive_parts() -> (Vec<u8>, Vec<Vec<u8>>) {
    let is_marker = |at: &usize, marker| PROGRESSIVE[*at..].starts_with(&[0xFF, marker]);
    let mut scans = Vec::new();
    let mut end = PROGRESSIVE.len();
    for at in (0..end).rev().filter(|at| is_marker(at, 0xC4)) {
        if (at..end).any(|at| is_marker(&at, 0xDA)) {
            scans.insert(0, PROGRESSIVE[at..end].to_vec());
            end = at;
        }
    }
    (PROGRESSIVE[..end].to_vec(), scans)
}

#[test]
fn progressive_file_without_all_bits_is_truncated() {
    let (header, scans) = progressive_parts();
    assert!(scans.len() > 5);
    for missing in 0..scans.len() {
        let rest = scans
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != missing);
        let rest: Vec<u8> = rest.flat_map(|(_, scan)| scan.clone()).collect();
        let result = planes(&[&header[..], &rest, &[0xFF, 0xD9]].concat());
        let is_refused = matches!(result, Err(Error::Truncated { .. } | Error::Damaged { .. }));
        assert!(is_refused, "without group {missing}: {result:?}");
    }
}

#[test]
fn repeated_scan_is_damage() {
    let (header, scans) = progressive_parts();
    let twice = [&header[..], &scans[0], &scans[0], &scans[1..].concat()].concat();
    assert_eq!(damaged(&twice), "scans contradict each other");
    let split = File::new((32, 32), YCC_420, 0, true);
    let mut repeated = split;
    repeated.scans.insert(1, repeated.scans[0].clone());
    assert_eq!(damaged(&repeated.bytes()), "scans contradict each other");
    repeated.scans.drain(1..3);
    assert!(is_truncated(planes(&repeated.bytes())));
}

#[test]
fn file_of_too_many_scans_is_refused() {
    // Each of them says of one of the 63 AC coefficients of one component that it is zero, in one of nine bits.
    let mut file = File::new((8, 8), YCC_420, 0, true);
    file.frame[1] = 0xC2;
    file.scans.clear();
    for component in 1..=3 {
        for coefficient in 1..=63 {
            for low in (0..9).rev() {
                let high = if low == 8 { 0 } else { low + 1 };
                let header = [1, component, 0, coefficient, coefficient, high << 4 | low];
                file.scans.push((segment(0xDA, &header), vec![0x3F]));
            }
        }
    }
    let error = planes(&file.bytes()).err().unwrap();
    let is_expected = matches!(
        error,
        Error::Unsupported {
            feature: "a JPEG of more than 500 scans",
            ..
        }
    );
    assert!(is_expected, "{error:?}");
}

#[test]
fn spectrum_of_a_sequential_scan_is_ignored() {
    let mut file = File::new((32, 32), YCC_420, 0, false);
    let whole = planes(&file.bytes()).unwrap();
    let end = file.scans[0].0.len();
    file.scans[0].0[end - 3..].copy_from_slice(&[0, 0, 0]);
    assert_eq!(planes(&file.bytes()).unwrap(), whole);
}

#[test]
fn missing_huffman_tables_are_those_of_the_standard() {
    // libjpeg-turbo writes them unless it optimizes.
    let mut bare = BASELINE.to_vec();
    while let Some(at) = bare.windows(2).position(|pair| pair == [0xFF, 0xC4]) {
        let length = usize::from(u16::from_be_bytes([bare[at + 2], bare[at + 3]]));
        bare.drain(at..at + 2 + length);
    }
    assert!(bare.len() < BASELINE.len() - 400);
    assert_eq!(planes(&bare).unwrap(), planes(BASELINE).unwrap());
    let mut file = File::new((8, 8), GRAY, 0, false);
    file.scans[0].0[6] = 0x30;
    assert_eq!(damaged(&file.bytes()), "a Huffman table is missing");
}

#[test]
fn version_of_jfif_is_ignored() {
    let file = File::new((32, 32), YCC_420, 0, false);
    let jfif = segment(0xE0, b"JFIF\0\x07\x02\0\0\x01\0\x01\0\0");
    assert_eq!(
        planes(&file.with(&jfif, &[])).unwrap(),
        planes(&file.bytes()).unwrap()
    );
}

#[test]
fn contradictions_of_the_header_are_damage() {
    let file = File::new((32, 32), YCC_420, 0, false);
    let change = |at: usize, value: u8| {
        let mut frame = file.frame.clone();
        frame[at] = value;
        [
            &file.tables[..],
            &frame,
            &file.scans[0].0,
            &file.scans[0].1,
            &[0xFF, 0xD9],
        ]
        .concat()
    };
    assert_eq!(damaged(&change(8, 0)[..]), "the image has no width");
    assert_eq!(
        damaged(&change(11, 0x52)),
        "a sampling factor is not in 1 to 4"
    );
    assert_eq!(
        damaged(&change(11, 0x20)),
        "a sampling factor is not in 1 to 4"
    );
    assert_eq!(
        damaged(&change(11, 0x43)),
        "an MCU has more than ten blocks"
    );
    assert_eq!(
        damaged(&change(12, 4)),
        "a component refers to a fifth quantization table"
    );
    assert_eq!(damaged(&change(12, 3)), "a quantization table is missing");
    assert_eq!(
        damaged(&change(10, 9)),
        "a scan names a component that the frame does not have"
    );
    assert_eq!(
        damaged(&file.with(&file.frame, &[])),
        "it has two frame headers"
    );
    assert_eq!(
        damaged(&file.with(&[0xFF, 0xD8], &[])),
        "a second image begins inside the first"
    );
    assert_eq!(
        damaged(&file.with(&[0xFF, 0xC4, 0, 1], &[])),
        "a segment is shorter than its length field"
    );
    assert_eq!(
        damaged(&file.bytes()[1..]),
        "it does not begin with a start-of-image marker"
    );
    let crowded = [&[0][..], &[3], &[0; 15], &[0; 3]].concat();
    assert_eq!(
        damaged(&file.with(&segment(0xC4, &crowded), &[])),
        "a Huffman table has more codes than its lengths allow"
    );
    let missing = [&file.tables[..2], &file.frame, &file.scans[0].0].concat();
    assert_eq!(damaged(&missing), "a quantization table is missing");
    let scan = [&file.tables[..], &file.scans[0].0].concat();
    assert_eq!(damaged(&scan), "image data comes before the frame header");
}

#[test]
fn failure_of_the_reader_is_passed_on() {
    struct Failing<'a>(&'a [u8]);
    impl std::io::Read for Failing<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            match self.0 {
                [] => Err(std::io::Error::other("unplugged")),
                _ => self.0.read(out),
            }
        }
    }
    for length in [0, 1, 50, 400, BASELINE.len() - 2] {
        let decoder = Decoder::new(Failing(&BASELINE[..length]));
        let result = decoder.and_then(|decoder| {
            let mut bands = decoder.start(&[Reduction::NONE; 4])?;
            while bands.next_band()?.is_some() {}
            Ok(())
        });
        assert!(
            matches!(result, Err(Error::Read(_))),
            "{length}: {result:?}"
        );
    }
}
