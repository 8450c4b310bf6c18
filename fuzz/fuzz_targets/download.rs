//! Promise: a download's format is that of its first bytes; a file that is there to its end stays complete whatever
//! follows, and no beginning of an incomplete file is complete.

#![no_main]

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use format::Format;
use libfuzzer_sys::fuzz_target;

#[path = "../../src/leonardo/download/format.rs"]
#[allow(dead_code, reason = "the names of formats are for others")]
mod format;

// The file, then how much of it is read at once: a seed is a file that any program shows.
fuzz_target!(|data: &[u8]| {
    let Some((piece, file)) = data.split_last() else {
        return;
    };
    let format = Format::recognize(file);
    let head = &file[..file.len().min(Format::HEAD)];
    assert_eq!(Format::recognize(head), format);
    let Some(format) = format else { return };
    let is_known = image::guess_format(file).is_ok();
    assert!(is_known || format == Format::Mp4, "{format:?}");

    let complete = is_complete(format, file);
    let pieces = Pieces(Cursor::new(file), usize::from(*piece) + 1);
    let in_pieces = format.is_complete(pieces, file.len() as u64).unwrap();
    assert_eq!(in_pieces, complete);
    if format == Format::Mp4 {
        assert_eq!(complete, has_index_and_media(file));
        return;
    }
    if !complete {
        for length in [file.len() - 1, file.len() / 2, usize::from(*piece)] {
            assert!(!is_complete(format, &file[..length.min(file.len())]));
        }
        return;
    }
    for more in [&[0; 9][..], b"\r\n", &[0xFF; 40]] {
        assert!(is_complete(format, &[file, more].concat()));
    }
    let lengths: Vec<_> = (0..file.len()).collect();
    let end = lengths.partition_point(|length| !is_complete(format, &file[..*length]));
    match format {
        Format::Jpeg => assert_eq!(file[end - 1], 0xD9),
        Format::Gif => assert_eq!(file[end - 1], b';'),
        Format::Png => assert!(memchr::memmem::find(&file[..end], b"IEND").is_some()),
        Format::Webp => {
            let length = u32::from_le_bytes(file[4..8].try_into().unwrap());
            assert_eq!(end as u64, u64::from(length) + 8);
        }
        Format::Mp4 => unreachable!(),
    }
});

fn is_complete(format: Format, file: &[u8]) -> bool {
    let length = file.len() as u64;
    format.is_complete(Cursor::new(file), length).unwrap()
}

/// The boxes of an MP4 file, read here once more.
fn has_index_and_media(mut file: &[u8]) -> bool {
    let mut kinds = Vec::new();
    while let Some((&[a, b, c, d, kind @ ..], rest)) = file.split_first_chunk::<8>() {
        kinds.push(kind);
        let (length, head) = match u32::from_be_bytes([a, b, c, d]) {
            0 => (file.len() as u64, 8),
            1 => match rest.first_chunk() {
                Some(length) => (u64::from_be_bytes(*length), 16),
                None => return false,
            },
            length => (length.into(), 8),
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX).max(head);
        match file.get(length..) {
            Some(rest) => file = rest,
            None => return false,
        }
    }
    file.is_empty() && kinds.contains(b"moov") && kinds.contains(b"mdat")
}

struct Pieces<'a>(Cursor<&'a [u8]>, usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(buffer.len());
        self.0.read(&mut buffer[..length])
    }
}

impl Seek for Pieces<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}
