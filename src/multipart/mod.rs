//! The body of a presigned POST: `multipart/form-data` (RFC 7578), fields first and the file last.
//!
//! [`Uploader`](crate::Uploader) builds it itself. Use this module to send a form with another HTTP client.

mod content;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;

use crate::random;
use crate::text::one_line;

use content::ContentReader;
pub(crate) use content::{Content, FileContent};

/// The parts of a form, in the order in which they are sent.
///
/// ```
/// use imgpost::multipart::Form;
///
/// let form = Form::new().field("key", "photo.jpg");
/// let body = form.file("file", "photo.jpg", "image/jpeg", b"raw bytes".as_slice())?;
/// assert_eq!(body.content_length(), std::io::copy(&mut body.reader(), &mut std::io::sink()).unwrap());
/// # Ok::<(), imgpost::multipart::FormError>(())
/// ```
#[derive(Clone, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// A form without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a field.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Appends the file, which S3 requires as the last part, and finishes the body. Its boundary occurs nowhere in it.
    ///
    /// # Errors
    ///
    /// [`FormError`] if a name, the file name or the content type contains a line break or a NUL.
    pub fn file<'a>(
        self,
        name: &str,
        file_name: &str,
        content_type: &str,
        content: impl Into<Cow<'a, [u8]>>,
    ) -> Result<Body<'a>, FormError> {
        self.with_content(name, file_name, content_type, content.into())
    }

    /// Like [`file`](Self::file), with the file at `path`, which has `length` bytes. It is opened each time that a reader
    /// reaches it, and is never in memory as a whole.
    ///
    /// # Errors
    ///
    /// As [`file`](Self::file). A file that cannot be opened, or is not of that length any more, is an error of the
    /// reader.
    pub fn file_at(
        self,
        name: &str,
        file_name: &str,
        content_type: &str,
        path: impl Into<PathBuf>,
        length: u64,
    ) -> Result<Body<'static>, FormError> {
        let content = Content::File(FileContent::with_length(path, length));
        self.with_content(name, file_name, content_type, content)
    }

    pub(crate) fn with_content<'a>(
        &self,
        name: &str,
        file_name: &str,
        content_type: &str,
        content: impl Into<Content<'a>>,
    ) -> Result<Body<'a>, FormError> {
        self.close(name, file_name, content_type, content.into(), draw_boundary)
    }

    /// Finishes the body with the first boundary from `draw` that occurs nowhere in it.
    fn close<'a>(
        &self,
        name: &str,
        file_name: &str,
        content_type: &str,
        content: Content<'a>,
        mut draw: impl FnMut() -> String,
    ) -> Result<Body<'a>, FormError> {
        let boundary = loop {
            let drawn = draw();
            let occurs = |text: &[u8]| memchr::memmem::find(text, drawn.as_bytes()).is_some();
            let mut fields = self.fields.iter();
            if !content.contains(drawn.as_bytes())
                && !fields.any(|(_, value)| occurs(value.as_bytes()))
            {
                break drawn;
            }
        };
        let mut head = String::new();
        for (name, value) in &self.fields {
            let name = quoted(name)?;
            head += &format!(
                "--{boundary}\r\nContent-Disposition: form-data; name={name}\r\n\r\n{value}\r\n"
            );
        }
        let (name, file_name) = (quoted(name)?, quoted(file_name)?);
        check_header(content_type)?;
        head += &format!(
            "--{boundary}\r\nContent-Disposition: form-data; name={name}; filename={file_name}\r\n\
             Content-Type: {content_type}\r\n\r\n"
        );
        Ok(Body {
            head: head.into_bytes(),
            content,
            tail: format!("\r\n--{boundary}--\r\n").into_bytes(),
            content_type: format!("multipart/form-data; boundary={boundary}"),
        })
    }
}

/// Shows the names of the fields. Their values are secrets.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.fields.iter().map(|(name, _)| name);
        f.write_str("Form ")?;
        f.debug_list().entries(names).finish()
    }
}

/// Unpredictable, so no image can be made to contain it.
fn draw_boundary() -> String {
    format!("imgpost-{:032x}", random::draw())
}

/// Quotes a name for a part's header the way browsers do
/// ([HTML, multipart form data](https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data)).
fn quoted(name: &str) -> Result<String, FormError> {
    check_header(name)?;
    Ok(format!("\"{}\"", name.replace('"', "%22")))
}

pub(crate) fn check_header(text: &str) -> Result<(), FormError> {
    if text.contains(['\r', '\n', '\0']) {
        Err(FormError { text: text.into() })
    } else {
        Ok(())
    }
}

/// A name contains a line break or a NUL, which would end the header of its part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormError {
    text: String,
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = one_line(&self.text.escape_debug().to_string());
        write!(
            f,
            "the name \"{text}\" contains a line break or a NUL; rename it"
        )
    }
}

impl std::error::Error for FormError {}

/// A finished body. It owns both its bytes and their number, so that they always agree.
#[derive(Clone)]
pub struct Body<'a> {
    content_type: String,
    head: Vec<u8>,
    content: Content<'a>,
    tail: Vec<u8>,
}

impl<'a> Body<'a> {
    /// The body of a presigned PUT: the file alone.
    pub(crate) fn raw(content_type: &str, content: Content<'a>) -> Self {
        Self {
            content_type: content_type.into(),
            head: Vec::new(),
            content,
            tail: Vec::new(),
        }
    }
}

impl Body<'_> {
    /// The value of the request's `Content-Type` header.
    pub fn content_type(&self) -> String {
        self.content_type.clone()
    }

    /// The value of the request's `Content-Length` header, in bytes.
    pub fn content_length(&self) -> u64 {
        self.head.len() as u64 + self.content.length() + self.tail.len() as u64
    }

    /// Number of bytes before the content of the file, which S3 limits to 20 KB.
    pub(crate) fn head_length(&self) -> usize {
        self.head.len()
    }

    /// A reader from the beginning of the body. Each attempt to send it needs a new one.
    pub fn reader(&self) -> Reader<'_> {
        Reader {
            head: &self.head,
            content: self.content.reader(),
            tail: &self.tail,
        }
    }
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("content_length", &self.content_length())
            .finish_non_exhaustive()
    }
}

/// The bytes of a [`Body`], in order.
pub struct Reader<'a> {
    head: &'a [u8],
    content: ContentReader<'a>,
    tail: &'a [u8],
}

impl Read for Reader<'_> {
    /// Fills the buffer: a small body that is sent in one piece arrives before a storage that rejects its fields closes the
    /// connection, so that the response is not lost.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = self.head.read(buffer)?;
        while filled < buffer.len() {
            let rest = &mut buffer[filled..];
            let read = match self.content.read(rest)? {
                0 => self.tail.read(rest)?,
                read => read,
            };
            if read == 0 {
                break;
            }
            filled += read;
        }
        Ok(filled)
    }
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn body(fields: &[(&str, &str)], content: &'static [u8]) -> Body<'static> {
        let form = fields
            .iter()
            .fold(Form::new(), |form, (name, value)| form.field(*name, *value));
        let content = Content::Bytes(Cow::Borrowed(content));
        let boundary = || "BOUNDARY".into();
        form.close("file", "a\"b.jpg", "image/jpeg", content, boundary)
            .unwrap()
    }

    /// The cause of the [`FileError`](crate::FileError) that a reader returned.
    fn reason(error: &io::Error) -> String {
        let file = error.get_ref().and_then(|error| error.source());
        file.expect("a file error has a cause").to_string()
    }

    fn read(body: &Body<'_>) -> String {
        let mut text = String::new();
        body.reader().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn wire_format_is_exact() {
        let body = body(&[("key", "a/b.jpg"), ("Policy", "e30=")], b"RAW\r\nBYTES");
        let expected = "--BOUNDARY\r\n\
            Content-Disposition: form-data; name=\"key\"\r\n\r\n\
            a/b.jpg\r\n\
            --BOUNDARY\r\n\
            Content-Disposition: form-data; name=\"Policy\"\r\n\r\n\
            e30=\r\n\
            --BOUNDARY\r\n\
            Content-Disposition: form-data; name=\"file\"; filename=\"a%22b.jpg\"\r\n\
            Content-Type: image/jpeg\r\n\r\n\
            RAW\r\nBYTES\r\n\
            --BOUNDARY--\r\n";
        assert_eq!(read(&body), expected);
        assert_eq!(body.content_length(), expected.len() as u64);
        assert_eq!(body.head_length(), expected.find("RAW").unwrap());
        assert_eq!(
            body.content_type(),
            "multipart/form-data; boundary=BOUNDARY"
        );
    }

    #[test]
    fn body_that_fits_into_a_buffer_is_read_at_once() {
        let body = body(&[("key", "value")], b"content");
        let whole = read(&body);
        let mut buffer = vec![0; whole.len() + 1];
        assert_eq!(body.reader().read(&mut buffer).unwrap(), whole.len());
    }

    #[test]
    fn body_reads_the_same_in_pieces_of_any_size() {
        let body = body(&[("key", "value")], b"content");
        let whole = read(&body);
        for piece in 1..=whole.len() + 1 {
            let mut bytes = Vec::new();
            let mut reader = body.reader();
            let mut buffer = vec![0; piece];
            loop {
                match reader.read(&mut buffer).unwrap() {
                    0 => break,
                    n => bytes.extend_from_slice(&buffer[..n]),
                }
            }
            assert_eq!(bytes, whole.as_bytes(), "in pieces of {piece}");
        }
    }

    #[test]
    fn file_reads_like_its_bytes_and_must_keep_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("raw");
        std::fs::write(&path, b"content").unwrap();
        let at = |length| {
            let form = Form::new().field("key", "value");
            let content = Content::File(FileContent::with_length(&path, length));
            form.close("file", "f", "video/mp4", content, || "boundary".into())
                .unwrap()
        };
        let bytes = Content::from(b"content".as_slice());
        let in_memory = Form::new().field("key", "value");
        let in_memory = in_memory.close("file", "f", "video/mp4", bytes, || "boundary".into());
        let body = at(7);
        assert_eq!(read(&body), read(&in_memory.unwrap()));
        assert_eq!(body.content_length(), read(&body).len() as u64);
        for (length, kind) in [
            (8, io::ErrorKind::UnexpectedEof),
            (6, io::ErrorKind::InvalidData),
            (0, io::ErrorKind::InvalidData),
        ] {
            let body = at(length);
            let error = body.reader().read_to_end(&mut Vec::new()).unwrap_err();
            assert_eq!(error.kind(), kind);
            assert!(reason(&error).contains("the file became"), "{error:?}");
        }
        std::fs::write(&path, b"").unwrap();
        assert!(at(0).reader().read_to_end(&mut Vec::new()).is_ok());
        std::fs::remove_file(&path).unwrap();
        let error = at(7).reader().read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn file_that_is_overwritten_or_replaced_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("raw");
        let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
        let write = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            File::options().write(true).open(&path).unwrap()
        };
        write(b"content").set_modified(hour_ago).unwrap();
        let metadata = std::fs::metadata(&path).unwrap();
        let content = Content::File(FileContent::new(&path, &metadata));
        let form = Form::new().with_content("file", "f", "video/mp4", content);
        let body = form.unwrap();
        assert!(body.reader().read_to_end(&mut Vec::new()).is_ok());
        // In place, with the same length, while it is read.
        let mut reader = body.reader();
        let mut buffer = vec![0; body.head_length() + 1];
        reader.read_exact(&mut buffer).unwrap();
        write(b"CONTENT");
        let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(
            reason(&error).contains("changed while it was read"),
            "{error:?}"
        );
        // Before it is read again.
        let error = body.reader().read_to_end(&mut Vec::new()).unwrap_err();
        assert!(reason(&error).contains("replaced or changed"), "{error:?}");
        // By another file with the same time.
        write(b"content").set_modified(hour_ago).unwrap();
        assert!(body.reader().read_to_end(&mut Vec::new()).is_ok());
        if cfg!(unix) {
            let other = folder.path().join("other");
            std::fs::write(&other, b"CONTENT").unwrap();
            File::options()
                .write(true)
                .open(&other)
                .unwrap()
                .set_modified(hour_ago)
                .unwrap();
            std::fs::rename(&other, &path).unwrap();
            assert!(body.reader().read_to_end(&mut Vec::new()).is_err());
        }
    }

    #[test]
    fn empty_field_and_empty_file_are_parts() {
        let text = read(&body(&[("empty", "")], b""));
        assert!(text.starts_with(
            "--BOUNDARY\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--"
        ));
        assert!(text.ends_with("Content-Type: image/jpeg\r\n\r\n\r\n--BOUNDARY--\r\n"));
    }

    #[test]
    fn names_with_line_breaks_are_refused() {
        let content = b"".as_slice();
        for bad in ["a\rb", "a\nb", "a\0b", "a\r\nContent-Type: text/html"] {
            let form = Form::new().field(bad, "v");
            assert!(form.file("file", "f", "image/png", content).is_err());
            assert!(Form::new().file("file", bad, "image/png", content).is_err());
            assert!(Form::new().file("file", "f", bad, content).is_err());
            let error = Form::new()
                .file(bad, "f", "image/png", content)
                .unwrap_err();
            assert!(!error.to_string().contains(['\r', '\n', '\0']));
        }
    }

    #[test]
    fn boundaries_differ_and_are_short_enough() {
        let drawn: std::collections::HashSet<_> = (0..1000).map(|_| draw_boundary()).collect();
        assert_eq!(drawn.len(), 1000);
        let longest = drawn.iter().map(String::len).max();
        assert!(longest <= Some(70), "RFC 2046, section 5.1.1");
    }

    #[test]
    fn boundary_that_occurs_is_drawn_again() {
        let mut draws = ["in-field", "in-file", "nowhere"]
            .map(String::from)
            .into_iter();
        let form = Form::new().field("key", "a in-field b");
        let content = Content::Bytes(Cow::Borrowed(b"a in-file b".as_slice()));
        let body = form
            .close("file", "f", "image/png", content, || draws.next().unwrap())
            .unwrap();
        assert_eq!(body.content_type(), "multipart/form-data; boundary=nowhere");
    }

    #[test]
    fn debug_shows_no_value() {
        let form = Form::new().field("X-Amz-Signature", "SECRET");
        assert!(!format!("{form:?}").contains("SECRET"));
        let body = form
            .file("file", "f", "image/png", b"SECRET".as_slice())
            .unwrap();
        assert!(!format!("{body:?} {:?}", body.reader()).contains("SECRET"));
    }
}
