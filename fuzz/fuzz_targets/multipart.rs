//! Promise: a reader that was not written here reads back from a body what was put into the form, byte for byte and in
//! order; the body has the length that it announces; and only what would end a header is rejected.

#![no_main]

use std::io::Read;

use imgpost::multipart::{Body, Form};
use imgpost_fuzz::{assert_printable, split, text};
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/support/parts.rs"]
mod parts;

// The number of fields and how much is read at once in a byte each; then the name of the file's part, its file name
// and its content type, names and values of the fields, and the content.
fuzz_target!(|data: &[u8]| {
    let (head, rest) = data.split_at(data.len().min(2));
    let &[number, piece] = head else { return };
    let number = usize::from(number % 32);
    let mut parts = split(rest, 4 + 2 * number);
    let mut next = || parts.next().unwrap_or_default();
    let [name, file_name, content_type] = [text(next()), text(next()), text(next())];
    let fields: Vec<_> = (0..number).map(|_| (text(next()), text(next()))).collect();
    let content = next();

    let form = fields
        .iter()
        .fold(Form::new(), |form, (name, value)| form.field(name, value));
    let closed = form.file(&name, &file_name, &content_type, content);
    let names = fields
        .iter()
        .map(|(name, _)| name)
        .chain([&name, &file_name]);
    let ends_a_header = |text: &String| text.contains(['\r', '\n', '\0']);
    let rejected = names.chain([&content_type]).any(ends_a_header);
    assert_eq!(closed.is_err(), rejected);
    let body = match closed {
        Ok(body) => body,
        Err(error) => return assert_printable(&error),
    };
    let bytes = read(&body, usize::from(piece) + 1);
    assert_eq!(bytes.len() as u64, body.content_length());

    let mut names = fields
        .iter()
        .map(|(name, _)| name)
        .chain([&name, &file_name]);
    if !names.all(|name| is_readable(name))
        || !TYPES.contains(&content_type.as_str())
        || bytes.len() >= READ_AT_ONCE
    {
        return;
    }
    let found = parts::read(&body.content_type(), &bytes);
    let (file, found) = found.split_last().unwrap();
    assert_eq!(found.len(), fields.len());
    for (found, (name, value)) in found.iter().zip(&fields) {
        assert_eq!(*found, (quoted(name), None, None, value.as_bytes().into()));
    }
    let content_type = Some(content_type);
    assert_eq!(
        *file,
        (
            quoted(&name),
            Some(quoted(&file_name)),
            content_type,
            content.into()
        )
    );
});

/// What `multipart` reads at once. Where that ends between the two characters of the line break that ends a part, it
/// takes the break for the end of the content.
const READ_AT_ONCE: usize = 8192;

/// `multipart` reads a content type with a parser of its own, rejects what it cannot read, and may write it in another
/// way; these come back as they are.
const TYPES: [&str; 4] = [
    "image/png",
    "image/jpeg",
    "image/webp",
    "application/octet-stream",
];

/// Whether `multipart` can give a name back: it ends a name at a semicolon though it is quoted, rejects control
/// characters in a header, and a header that is longer than its buffer is sure to hold: 1024 bytes, for two names.
fn is_readable(name: &str) -> bool {
    let is_control = |c: char| c.is_ascii_control() && c != '\t';
    !name.contains(';') && !name.contains(is_control) && name.len() <= 256
}

/// A name as browsers write it; `multipart` does not undo that.
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
}

/// Reads a body in pieces.
fn read(body: &Body<'_>, piece: usize) -> Vec<u8> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; piece]);
    let mut reader = body.reader();
    loop {
        match reader.read(&mut buffer).unwrap() {
            0 => return bytes,
            read => bytes.extend(&buffer[..read]),
        }
    }
}
