//! Reads a posted form: `multipart/form-data` (RFC 7578, RFC 2046) as S3 takes it, fields first and then one file.
//!
//! This shares no code with the client, so that no bug can hide in both. It is strict: nothing stands before the first
//! boundary, lines end in CRLF, and a name or a value that is not UTF-8 is refused.

use std::io::{ErrorKind, Read};

/// What S3 allows before the file's content, boundaries and headers included
/// ([POST object](https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html)).
pub(super) const MAX_BYTES_BEFORE_FILE: u64 = 20 * 1024;

/// As much is read at once.
const BLOCK: usize = 64 * 1024;

/// Why a form cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormError {
    /// It is no such form, or ends early.
    Malformed,
    /// More than [`MAX_BYTES_BEFORE_FILE`].
    TooMuchBeforeFile,
    NoFile,
    TwoFiles,
    /// More than the maximum that was given.
    FileTooLarge,
}

/// What stands before the content of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    /// Names and values, in order.
    pub fields: Vec<(String, String)>,
    /// The name of the file; empty where none is given.
    pub file_name: String,
}

/// The value of a request's `Content-Type` to the boundary; `None` where it is none of a form.
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
    /// What ends the content of a part.
    delimiter: Vec<u8>,
    /// What was read last.
    block: Box<[u8]>,
    /// What was read and may not have been taken.
    buffer: Vec<u8>,
    /// What of the buffer has been taken.
    taken: usize,
    /// How many bytes may still stand before the file.
    left: u64,
}

/// What follows on a boundary.
enum Next {
    Part,
    End,
}

impl<R: Read> FormReader<R> {
    /// Reads the body of a request with this boundary.
    pub fn new(body: R, boundary: &str) -> Self {
        Self {
            body,
            delimiter: [b"\r\n--", boundary.as_bytes()].concat(),
            block: vec![0; BLOCK].into(),
            // The line break that belongs to each boundary, which the first one does without.
            buffer: b"\r\n".to_vec(),
            taken: 0,
            left: MAX_BYTES_BEFORE_FILE + 2,
        }
    }

    /// Reads up to the content of the file, which is in the part named `file`.
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

    /// Reads the content of the file behind what is in `content`, and the rest of the form. S3 takes no notice of
    /// fields behind the file.
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

    /// The bytes up to `end`, which is skipped.
    fn read_before_file(&mut self, end: &[u8]) -> Result<Vec<u8>, FormError> {
        let mut bytes = Vec::new();
        let over = FormError::TooMuchBeforeFile;
        let max = self.left.checked_sub(end.len() as u64).ok_or(over)?;
        self.read_until(end, max, over, |part| bytes.extend_from_slice(part))?;
        self.left = max - bytes.len() as u64;
        Ok(bytes)
    }

    /// What follows on the boundary that has been read: another part, or the end.
    fn read_next(&mut self) -> Result<Next, FormError> {
        while self.buffer.len() - self.taken < 2 {
            self.fill()?;
        }
        let next = match &self.buffer[self.taken..self.taken + 2] {
            b"\r\n" => Next::Part,
            b"--" => Next::End,
            _ => return Err(FormError::Malformed),
        };
        self.taken += 2;
        self.left = self.left.saturating_sub(2);
        Ok(next)
    }

    /// Whether a boundary comes next, without the line break that belongs to it.
    fn is_at_boundary(&mut self) -> Result<bool, FormError> {
        let boundary = self.delimiter[2..].to_vec();
        while self.buffer.len() - self.taken < boundary.len() {
            self.fill()?;
        }
        Ok(self.buffer[self.taken..].starts_with(&boundary))
    }

    /// The names of a part and its file.
    fn read_headers(&mut self) -> Result<(String, Option<String>), FormError> {
        let mut block = self.read_before_file(b"\r\n\r\n")?;
        block.extend(b"\r\n\r\n");
        // Other readers take a boundary at the start of any line for the end of the part.
        let lines = [b"\r\n", block.as_slice()].concat();
        if memchr::memmem::find(&lines, &self.delimiter).is_some() || self.is_at_boundary()? {
            return Err(FormError::Malformed);
        }
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

    /// Gives `take` what stands before `end`, piece by piece, and skips `end`. More than `max` bytes are the error
    /// `over`.
    fn read_until(
        &mut self,
        end: &[u8],
        max: u64,
        over: FormError,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), FormError> {
        let mut left = max;
        loop {
            let rest = &self.buffer[self.taken..];
            let found = memchr::memmem::find(rest, end);
            // The last bytes may be the beginning of it.
            let ready = found.unwrap_or_else(|| (rest.len() + 1).saturating_sub(end.len()));
            left = left.checked_sub(ready as u64).ok_or(over)?;
            take(&rest[..ready]);
            self.taken += ready;
            if found.is_some() {
                self.taken += end.len();
                return Ok(());
            }
            self.fill()?;
        }
    }

    /// Reads more; the end of the body is an error.
    fn fill(&mut self) -> Result<(), FormError> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
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

/// The name and the file name in a `Content-Disposition`. In quotes stands everything up to the next quote: browsers
/// write a quote in a name as `%22`, and nothing escapes a backslash.
fn names(disposition: &str) -> Option<(String, Option<String>)> {
    let (kind, mut rest) = disposition.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return None;
    }
    let (mut name, mut file_name) = (None, None);
    loop {
        let (key, value) = rest.split_once('=')?;
        let (value, behind) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        let slot = match key.trim().to_ascii_lowercase().as_str() {
            "name" => Some(&mut name),
            "filename" => Some(&mut file_name),
            // Such as `filename*`, which RFC 7578 does not allow and S3 does not read.
            _ => None,
        };
        if let Some(slot) = slot
            && slot.replace(value.to_owned()).is_some()
        {
            return None;
        }
        match behind.trim_start().strip_prefix(';') {
            Some(next) => rest = next,
            None if behind.trim().is_empty() => return Some((name?, file_name)),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests;
