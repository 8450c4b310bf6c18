//! Promise: the sandbox reads back what was put into a form, in pieces of every size; whatever else it accepts is what
//! splitting the body at its boundaries gives.

#![no_main]

use std::io::{self, Read};

use imgpost_fuzz::{split, text};
use libfuzzer_sys::fuzz_target;
use reader::{Fields, FormError, FormReader, MAX_BYTES_BEFORE_FILE};

#[path = "../../src/sandbox/storage/reader.rs"]
#[allow(dead_code, reason = "the boundary is fixed here")]
#[rustfmt::skip] // Its module of tests is beside it only in its own place.
mod reader;

type Posted = (Vec<(String, String)>, String, Vec<u8>);

const BOUNDARY: &str = "b0";

// How much is read at once, then a body; or, behind a zero byte, the names and values of fields and at last the content
// of the file.
fuzz_target!(|data: &[u8]| {
    let Some((piece, rest)) = data.split_first() else {
        return;
    };
    let piece = usize::from(*piece) + 1;
    match rest.split_first() {
        Some((0, rest)) => check_written(rest, piece),
        _ => check_any(rest, piece),
    }
});

fn read(body: &[u8], piece: usize, max: u64) -> Result<Posted, FormError> {
    let mut reader = FormReader::new(Pieces { body, piece }, BOUNDARY);
    let Fields { fields, file_name } = reader.read_fields()?;
    let mut content = Vec::new();
    reader.read_file(&mut content, max)?;
    Ok((fields, file_name, content))
}

struct Pieces<'a> {
    body: &'a [u8],
    piece: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.piece.min(buffer.len());
        self.body.read(&mut buffer[..length])
    }
}

fn check_written(input: &[u8], piece: usize) {
    let mut parts: Vec<_> = split(input, 64).collect();
    let content = parts.pop().unwrap_or_default();
    let texts: Vec<_> = parts.into_iter().map(text).collect();
    let (pairs, rest) = texts.as_chunks::<2>();
    let file_name = rest.first().cloned().unwrap_or_default();
    let ends = |name: &str| name.contains(|c: char| c.is_control() || c == '"');
    let delimiter = format!("\r\n--{BOUNDARY}");
    let is_content = |bytes: &[u8]| {
        let lines = [b"\r\n", bytes].concat();
        memchr::memmem::find(&lines, delimiter.as_bytes()).is_none()
    };
    let is_field = |[name, value]: &[String; 2]| {
        !ends(name) && !name.eq_ignore_ascii_case("file") && is_content(value.as_bytes())
    };
    if !pairs.iter().all(is_field) || ends(&file_name) || !is_content(content) {
        return;
    }
    let mut body = Vec::new();
    for [name, value] in pairs {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"");
        body.extend(format!("{head}\r\n\r\n{value}\r\n").as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    );
    body.extend(head.as_bytes());
    let before_file = body.len() as u64;
    body.extend(content);
    body.extend(format!("{delimiter}--\r\n").as_bytes());

    let fields = pairs.iter().cloned().map(|[name, value]| (name, value));
    let expected = if before_file > MAX_BYTES_BEFORE_FILE {
        Err(FormError::TooMuchBeforeFile)
    } else {
        Ok((fields.collect(), file_name, content.to_vec()))
    };
    let length = content.len() as u64;
    assert_eq!(read(&body, piece, length), expected);
    if expected.is_ok() && length > 0 {
        assert_eq!(read(&body, piece, length - 1), Err(FormError::FileTooLarge));
    }
}

fn check_any(body: &[u8], piece: usize) {
    let whole = read(body, usize::MAX, u64::MAX);
    assert_eq!(read(body, piece, u64::MAX), whole);
    let Ok((fields, _, content)) = whole else {
        return;
    };
    let values = fields.iter().map(|(_, value)| value.as_bytes());
    let read: Vec<_> = values.chain([content.as_slice()]).collect();
    let with_break = [b"\r\n", body].concat();
    let found = contents(&with_break);
    // Fields behind the file are not read.
    assert!(found.starts_with(&read), "{read:?} {found:?}");
}

/// The contents of the parts up to the last boundary.
fn contents(body: &[u8]) -> Vec<&[u8]> {
    let delimiter = format!("\r\n--{BOUNDARY}");
    let delimiter = delimiter.as_bytes();
    let mut starts: Vec<_> = memchr::memmem::find_iter(body, delimiter).collect();
    starts.push(body.len());
    let mut contents = Vec::new();
    for (start, end) in starts.iter().zip(&starts[1..]) {
        let part = &body[start + delimiter.len()..*end];
        if part.starts_with(b"--") {
            break;
        }
        let head = memchr::memmem::find(part, b"\r\n\r\n").unwrap();
        contents.push(&part[head + 4..]);
    }
    contents
}
