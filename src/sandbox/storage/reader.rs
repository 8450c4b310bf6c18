//! Reads a posted form: `multipart/form-data` (RFC 7578, RFC 2046) as S3 accepts it, fields first and then one file.
//!
//! This code is independent of the client's, so that they cannot share a bug. It is strict: it rejects a preamble, lines
//! that do not end in CRLF, and names and values that are not UTF-8.

use std::io::{ErrorKind, Read};

/// Maximum size of everything before the file's content, including boundaries and headers
/// ([POST object](https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html)).
pub(super) const MAX_BYTES_BEFORE_FILE: u64 = 20 * 1024;

/// Size of one read from the body.
const BLOCK: usize = 64 * 1024;

/// The reason why a form is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormError {
    /// The body is not a valid form, or ends early.
    Malformed,
    /// More than [`MAX_BYTES_BEFORE_FILE`] precede the file.
    TooMuchBeforeFile,
    NoFile,
    TwoFiles,
    /// The file exceeds the maximum given to [`FormReader::read_file`].
    FileTooLarge,
}

/// Everything before the content of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    /// Names and values, in order.
    pub fields: Vec<(String, String)>,
    /// The name of the file; empty if none is given.
    pub file_name: String,
}

/// The boundary in a `Content-Type`; `None` if that is not the type of a form.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let (mime, parameters) = content_type.split_once(';')?;
    let value = parameters.trim().strip_prefix("boundary=")?;
    let boundary = match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => value,
    };
    // RFC 2046, 5.1.1.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    let is_boundary = (1..=70).contains(&boundary.len())
        && boundary.bytes().all(allowed)
        && !boundary.ends_with(' ');
    let is_form = mime.trim().eq_ignore_ascii_case("multipart/form-data");
    (is_form && is_boundary).then(|| boundary.to_owned())
}

pub(super) struct FormReader<R> {
    body: R,
    /// The delimiter after the content of a part.
    delimiter: Vec<u8>,
    /// Buffer for one read.
    block: Box<[u8]>,
    /// Bytes that were read but maybe not yet consumed.
    buffer: Vec<u8>,
    /// Number of consumed bytes at the start of the buffer.
    consumed: usize,
    /// Number of bytes still allowed before the file.
    left: u64,
}

/// The continuation after a boundary.
enum Next {
    Part,
    End,
}

impl<R: Read> FormReader<R> {
    /// Creates a reader of a body with this boundary.
    pub fn new(body: R, boundary: &str) -> Self {
        Self {
            body,
            delimiter: [b"\r\n--", boundary.as_bytes()].concat(),
            block: vec![0; BLOCK].into(),
            // Every delimiter starts with a line break, except the first; add it here.
            buffer: b"\r\n".to_vec(),
            consumed: 0,
            left: MAX_BYTES_BEFORE_FILE + 2,
        }
    }

    /// Reads all parts up to the content of the part named `file`.
    pub fn read_fields(&mut self) -> Result<Fields, FormError> {
        let mut fields = Vec::new();
        if !self.read_to_delimiter_before_file()?.is_empty() {
            return Err(FormError::Malformed);
        }
        loop {
            let Next::Part = self.read_next()? else {
                return Err(FormError::NoFile);
            };
            let (name, file_name) = self.read_headers()?;
            if is_file(&name) {
                let file_name = file_name.unwrap_or_default();
                return Ok(Fields { fields, file_name });
            }
            let value = self.read_to_delimiter_before_file()?;
            let value = String::from_utf8(value).map_err(|_| FormError::Malformed)?;
            fields.push((name, value));
        }
    }

    /// Appends the content of the file to `content`, and reads the rest of the form. S3 ignores fields after the file.
    pub fn read_file(&mut self, content: &mut Vec<u8>, max: u64) -> Result<(), FormError> {
        let delimiter = self.delimiter.clone();
        self.read_until(&delimiter, max, FormError::FileTooLarge, |bytes| {
            content.extend_from_slice(bytes);
        })?;
        while let Next::Part = self.read_next()? {
            self.left = MAX_BYTES_BEFORE_FILE;
            let (name, _) = self.read_headers()?;
            if is_file(&name) {
                return Err(FormError::TwoFiles);
            }
            self.read_until(&delimiter, u64::MAX, FormError::Malformed, |_| {})?;
        }
        Ok(())
    }

    fn read_to_delimiter_before_file(&mut self) -> Result<Vec<u8>, FormError> {
        let delimiter = self.delimiter.clone();
        self.read_before_file(&delimiter)
    }

    /// Reads up to `end`, and skips `end`.
    fn read_before_file(&mut self, end: &[u8]) -> Result<Vec<u8>, FormError> {
        let mut bytes = Vec::new();
        let over = FormError::TooMuchBeforeFile;
        let max = self.left.checked_sub(end.len() as u64).ok_or(over)?;
        self.read_until(end, max, over, |part| bytes.extend_from_slice(part))?;
        self.left = max - bytes.len() as u64;
        Ok(bytes)
    }

    /// Reads what follows the boundary: another part, or the end.
    fn read_next(&mut self) -> Result<Next, FormError> {
        while self.buffer.len() - self.consumed < 2 {
            self.fill()?;
        }
        let next = match &self.buffer[self.consumed..self.consumed + 2] {
            b"\r\n" => Next::Part,
            b"--" => Next::End,
            _ => return Err(FormError::Malformed),
        };
        self.consumed += 2;
        self.left = self.left.saturating_sub(2);
        Ok(next)
    }

    /// Reads the headers of a part. Returns the names of the part and of its file.
    fn read_headers(&mut self) -> Result<(String, Option<String>), FormError> {
        let mut block = self.read_before_file(b"\r\n\r\n")?;
        block.extend(b"\r\n\r\n");
        let mut headers = [httparse::EMPTY_HEADER; 8];
        let parsed = httparse::parse_headers(&block, &mut headers);
        let Ok(httparse::Status::Complete((length, headers))) = parsed else {
            return Err(FormError::Malformed);
        };
        let named = |header: &&httparse::Header<'_>| {
            header.name.eq_ignore_ascii_case("content-disposition")
        };
        let mut dispositions = headers.iter().filter(named);
        let (Some(disposition), None) = (dispositions.next(), dispositions.next()) else {
            return Err(FormError::Malformed);
        };
        let names = str::from_utf8(disposition.value).ok().and_then(names);
        names
            .filter(|_| length == block.len())
            .ok_or(FormError::Malformed)
    }

    /// Passes the bytes before `end` to `take`, in pieces, and skips `end`. Returns the error `over` after `max` bytes.
    fn read_until(
        &mut self,
        end: &[u8],
        max: u64,
        over: FormError,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), FormError> {
        let mut left = max;
        loop {
            let rest = &self.buffer[self.consumed..];
            let found = memchr::memmem::find(rest, end);
            // The last bytes may be the start of `end`.
            let ready = found.unwrap_or_else(|| (rest.len() + 1).saturating_sub(end.len()));
            left = left.checked_sub(ready as u64).ok_or(over)?;
            take(&rest[..ready]);
            self.consumed += ready;
            if found.is_some() {
                self.consumed += end.len();
                return Ok(());
            }
            self.fill()?;
        }
    }

    /// Reads more bytes; fails at the end of the body.
    fn fill(&mut self) -> Result<(), FormError> {
        self.buffer.drain(..self.consumed);
        self.consumed = 0;
        let read = loop {
            match self.body.read(&mut self.block) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read.unwrap_or(0),
            }
        };
        self.buffer.extend_from_slice(&self.block[..read]);
        if read == 0 {
            Err(FormError::Malformed)
        } else {
            Ok(())
        }
    }
}

fn is_file(name: &str) -> bool {
    name.eq_ignore_ascii_case("file")
}

/// Parses the name and the file name in a `Content-Disposition`. A quoted value ends at the next quote: browsers write a
/// quote in a name as `%22`, and a backslash escapes nothing.
fn names(disposition: &str) -> Option<(String, Option<String>)> {
    let (kind, mut rest) = disposition.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return None;
    }
    let (mut name, mut file_name) = (None, None);
    loop {
        let (key, value) = rest.split_once('=')?;
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        let slot = match key.trim().to_ascii_lowercase().as_str() {
            "name" => Some(&mut name),
            "filename" => Some(&mut file_name),
            // Other parameters, such as `filename*`, which RFC 7578 forbids and S3 ignores.
            _ => None,
        };
        if let Some(slot) = slot
            && slot.replace(value.to_owned()).is_some()
        {
            return None;
        }
        match after.trim_start().strip_prefix(';') {
            Some(next) => rest = next,
            None if after.trim().is_empty() => return Some((name?, file_name)),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests;
