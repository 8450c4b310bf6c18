//! A way around the reader of forms, which can take a line break for content.

use std::io::{self, Read};

/// Gives what `inner` gives, but never ends between CR and LF: where what `multipart` 0.18 has read so far ends
/// within the line break that ends a part, it yields the break as content.
pub(super) struct WholeBreaks<R> {
    inner: R,
    /// Whether a CR has been read that was not given.
    held: bool,
}

impl<R: Read> WholeBreaks<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, held: false }
    }
}

impl<R: Read> Read for WholeBreaks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let start = usize::from(self.held);
            buffer[..start].fill(b'\r');
            let read = self.inner.read(&mut buffer[start..])?;
            let length = start + read;
            self.held = read > 0 && buffer[length - 1] == b'\r';
            let given = length - usize::from(self.held);
            // Nothing would mean the end.
            if given > 0 || !self.held {
                return Ok(given);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use multipart::server::Multipart;

    use super::*;
    use crate::multipart::Form;

    #[test]
    fn a_part_of_any_length_ends_before_its_line_break() {
        // `multipart` reads 8192 bytes at once.
        for (byte, length) in [b'a', b'\r', b'\n']
            .into_iter()
            .flat_map(|byte| (7900..8300).map(move |length| (byte, length)))
        {
            let content = vec![byte; length];
            let form = Form::new().field("key", "a");
            let body = form.file("file", "f", "image/png", &content).unwrap();
            let content_type = body.content_type();
            let boundary = content_type.split_once("boundary=").unwrap().1;
            let mut bytes = Vec::new();
            body.reader().read_to_end(&mut bytes).unwrap();
            let mut contents = Vec::new();
            Multipart::with_body(WholeBreaks::new(bytes.as_slice()), boundary)
                .foreach_entry(|mut entry| {
                    let mut content = Vec::new();
                    entry.data.read_to_end(&mut content).unwrap();
                    contents.push(content);
                })
                .unwrap();
            assert!(contents == [b"a".to_vec(), content], "{byte} {length}");
        }
    }

    #[test]
    fn nothing_is_changed_and_no_break_is_cut() {
        let bytes = b"\r\ra\r\n\r\r\n\rbc\n\r\r";
        for inner in 1..6 {
            for outer in 1..6 {
                let mut reader = WholeBreaks::new(Pieces(bytes, inner));
                let (mut read, mut buffer) = (Vec::new(), vec![0; outer]);
                loop {
                    let length = reader.read(&mut buffer).unwrap();
                    if length == 0 {
                        break;
                    }
                    read.extend(&buffer[..length]);
                    let rest = &bytes[read.len()..];
                    let cut = outer > 1 && read.ends_with(b"\r") && rest.starts_with(b"\n");
                    assert!(!cut, "{inner} {outer}: {read:?}");
                }
                assert_eq!(read, bytes);
            }
        }
    }

    /// Gives its bytes in pieces.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(buffer.len());
            self.0.read(&mut buffer[..length])
        }
    }
}
