//! What the segments in front of the image mean.

use super::build::{Components, File, GRAY, YCC_420, segment};
use super::*;
use crate::jpeg::ColorModel;
use crate::jpeg::header::{Header, Process};

const JFIF: &[u8] = b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0";
const THREE: Components<'_> = &[(1, 1, 1), (2, 1, 1), (3, 1, 1)];
const RGB: Components<'_> = &[(b'R', 1, 1), (b'G', 1, 1), (b'B', 1, 1)];
const FOUR: Components<'_> = &[(1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 1, 1)];

fn header(components: Components<'_>, segments: &[(u8, &[u8])]) -> Header {
    let file = File::new((9, 9), components, 0, false);
    let segments: Vec<u8> = segments
        .iter()
        .flat_map(|(marker, payload)| segment(*marker, payload))
        .collect();
    let file = file.with(&segments, &[]);
    planes(&file).unwrap();
    Decoder::new(&file[..]).unwrap().header().clone()
}

fn adobe(transform: u8) -> Vec<u8> {
    [b"Adobe\0d\0\0\0\0", &[transform][..]].concat()
}

#[test]
fn color_follows_the_rules_of_libjpeg() {
    let color = |components, segments: &[(u8, &[u8])]| header(components, segments).color;
    let inverted = true;
    assert_eq!(color(GRAY, &[]), ColorModel::Gray);
    assert_eq!(color(THREE, &[]), ColorModel::YCbCr);
    assert_eq!(color(RGB, &[]), ColorModel::Rgb);
    assert_eq!(color(RGB, &[(0xE0, JFIF)]), ColorModel::YCbCr);
    assert_eq!(color(RGB, &[(0xEE, &adobe(1))]), ColorModel::YCbCr);
    assert_eq!(color(THREE, &[(0xEE, &adobe(0))]), ColorModel::Rgb);
    assert_eq!(
        color(THREE, &[(0xEE, &adobe(0)), (0xE0, JFIF)]),
        ColorModel::YCbCr
    );
    assert_eq!(color(THREE, &[(0xEE, &adobe(77))]), ColorModel::YCbCr);
    assert_eq!(
        color(FOUR, &[]),
        ColorModel::Cmyk {
            is_inverted: !inverted
        }
    );
    assert_eq!(
        color(FOUR, &[(0xE0, JFIF)]),
        ColorModel::Cmyk {
            is_inverted: !inverted
        }
    );
    assert_eq!(
        color(FOUR, &[(0xEE, &adobe(0))]),
        ColorModel::Cmyk {
            is_inverted: inverted
        }
    );
    assert_eq!(
        color(FOUR, &[(0xEE, &adobe(2))]),
        ColorModel::Ycck {
            is_inverted: inverted
        }
    );
    assert_eq!(
        color(FOUR, &[(0xEE, &adobe(77))]),
        ColorModel::Ycck {
            is_inverted: inverted
        }
    );
    // Too short to be what they say.
    assert_eq!(color(RGB, &[(0xE0, &JFIF[..13])]), ColorModel::Rgb);
    assert_eq!(color(RGB, &[(0xEE, &adobe(1)[..11])]), ColorModel::Rgb);
}

#[test]
fn chunks_of_a_profile_are_joined_in_order() {
    let chunk = |number: u8, count: u8, text: &str| {
        [b"ICC_PROFILE\0", &[number, count][..], text.as_bytes()].concat()
    };
    let profile = |chunks: &[Vec<u8>]| {
        let segments: Vec<_> = chunks.iter().map(|chunk| (0xE2, &chunk[..])).collect();
        header(GRAY, &segments).icc_profile
    };
    let (a, b) = (chunk(1, 2, "one, "), chunk(2, 2, "two"));
    assert_eq!(profile(&[]), None);
    assert_eq!(profile(&[b.clone(), a.clone()]).unwrap(), b"one, two");
    assert_eq!(profile(std::slice::from_ref(&a)), None);
    assert_eq!(profile(&[a.clone(), a.clone()]), None);
    assert_eq!(profile(&[a.clone(), chunk(2, 3, "two")]), None);
    assert_eq!(profile(&[chunk(0, 1, "none")]), None);
    assert_eq!(profile(&[chunk(2, 1, "none")]), None);
    assert_eq!(profile(&[chunk(1, 1, "")]), None);
}

#[test]
fn oversized_profile_is_refused() {
    let mut head = vec![0xFF, 0xD8];
    for number in 1..=129 {
        let chunk = [b"ICC_PROFILE\0", &[number, 129][..], &[0; 65_519]].concat();
        head.extend(segment(0xE2, &chunk));
    }
    let error = Decoder::new(&head[..]).err().unwrap();
    assert!(
        matches!(
            error,
            Error::Unsupported {
                position: 8_454_275,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn exif_blocks_are_kept_in_order() {
    let exif = |text: &str| [b"Exif\0\0", text.as_bytes()].concat();
    let (first, second) = (exif("first"), exif("second"));
    let segments: [(u8, &[u8]); 3] = [
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
        (0xE1, &first),
        (0xE1, &second),
    ];
    assert_eq!(
        header(GRAY, &segments).exif,
        [b"first".to_vec(), b"second".to_vec()]
    );
}

#[test]
fn frame_is_described() {
    let header = header(YCC_420, &[(0xEE, &adobe(1))]);
    assert_eq!((header.width, header.height), (9, 9));
    assert_eq!(header.process, Process::Sequential);
    let sampling: Vec<_> = header
        .components
        .iter()
        .map(|c| (c.id, c.horizontal, c.vertical))
        .collect();
    assert_eq!(sampling, [(1, 2, 2), (2, 1, 1), (3, 1, 1)]);
    let progressive = Decoder::new(PROGRESSIVE).unwrap();
    assert_eq!(progressive.header().process, Process::Progressive);
    assert!(progressive.is_buffered());
    let split = File::new((9, 9), THREE, 0, true).bytes();
    assert!(Decoder::new(&split[..]).unwrap().is_buffered());
    assert!(!Decoder::new(BASELINE).unwrap().is_buffered());
}

#[test]
fn what_the_decoder_does_not_have_is_named() {
    let file = File::new((9, 9), THREE, 0, false);
    let with_frame = |marker: u8, change: fn(&mut Vec<u8>)| {
        let mut frame = file.frame.clone();
        frame[1] = marker;
        change(&mut frame);
        let bytes = [&file.tables[..], &frame, &file.scans[0].0, &file.scans[0].1].concat();
        match Decoder::new(&bytes[..]).err() {
            Some(Error::Unsupported { feature, position }) => {
                assert!((file.tables.len()..bytes.len()).contains(&(position as usize)));
                feature
            }
            other => panic!("{marker:#x}: {other:?}"),
        }
    };
    assert_eq!(with_frame(0xC3, |_| {}), "lossless JPEG");
    assert_eq!(with_frame(0xC5, |_| {}), "hierarchical JPEG");
    assert_eq!(with_frame(0xC9, |_| {}), "JPEG with arithmetic coding");
    assert_eq!(with_frame(0xCA, |_| {}), "JPEG with arithmetic coding");
    let deep: fn(&mut Vec<u8>) = |frame| frame[4] = 12;
    assert_eq!(
        with_frame(0xC1, deep),
        "a JPEG of more than 8 bits per sample"
    );
    let endless: fn(&mut Vec<u8>) = |frame| frame[5..7].fill(0);
    assert_eq!(
        with_frame(0xC0, endless),
        "a JPEG that defines its height behind the image"
    );
    let two: fn(&mut Vec<u8>) = |frame| {
        frame.truncate(16);
        (frame[3], frame[9]) = (14, 2);
    };
    assert_eq!(
        with_frame(0xC0, two),
        "a JPEG of two or more than four components"
    );
}

#[test]
fn pixels_of_each_color_model_are_those_of_libjpeg() {
    // One block of gray 200 in every component, but for what the color makes of it.
    let first = |file: &[u8], channels: usize| pixels(file).unwrap()[..channels].to_vec();
    let constant = |components, segments: &[u8], values: [i16; 4]| {
        let mut file = File::new((8, 8), components, 0, false);
        file.set_blocks(&values.map(|value| (value - 128) * 8 / 3));
        file.with(segments, &[])
    };
    let adobe = |transform| segment(0xEE, &adobe(transform));
    assert_eq!(first(&constant(GRAY, &[], [98; 4]), 1), [98]);
    let ycc = [98, 158, 188, 38];
    // 98 + 1.402·60, 98 − 0.344·30 − 0.714·60, 98 + 1.772·30
    assert_eq!(first(&constant(THREE, &[], ycc), 3), [182, 45, 151]);
    assert_eq!(first(&constant(RGB, &[], ycc), 3), [98, 158, 188]);
    assert_eq!(first(&constant(FOUR, &[], ycc), 4), [98, 158, 188, 38]);
    assert_eq!(
        first(&constant(FOUR, &adobe(0), ycc), 4),
        [157, 97, 67, 217]
    );
    assert_eq!(
        first(&constant(FOUR, &adobe(2), ycc), 4),
        [182, 45, 151, 217]
    );
}
