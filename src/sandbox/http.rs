//! A minimal HTTP/1.1 server: one exchange per connection.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::storage::StoredObject;

const MAX_HEAD_BYTES: u64 = 64 * 1024;
/// S3 keys have at most 1024 bytes, each of which may be percent-encoded.
const MAX_PATH_BYTES: usize = 4096;
/// The longest registered method has 17 letters (UPDATEREDIRECTREF).
const MAX_METHOD_BYTES: usize = 20;
/// Maximum number of body bytes to read after the response was sent; larger than any accepted file.
const MAX_DRAINED_BYTES: u64 = 1 << 30;

const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// A request whose head has been read.
pub(super) struct Incoming<'a> {
    pub method: String,
    pub path: String,
    headers: Vec<(String, String)>,
    pub content_length: Option<u64>,
    pub body: Body<'a>,
}

/// The body of a request. If the connection ends before `Content-Length` bytes, reading fails.
pub(super) struct Body<'a> {
    rest: io::Take<&'a mut BufReader<&'a TcpStream>>,
    /// Where to send `100 Continue` before the first read, if the client waits for it.
    waiting: Option<&'a TcpStream>,
    slowly: Option<Slowly>,
}

/// Pauses before each portion of the body; a portion may take several reads.
struct Slowly {
    portion: u64,
    left_of_portion: u64,
    pause: Duration,
}

impl Body<'_> {
    /// Number of bytes not yet read.
    pub fn left(&self) -> u64 {
        self.rest.limit()
    }

    /// Reads to the end.
    pub fn skip(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink()).map(drop)
    }

    /// Pauses before every hundredth of the remaining body.
    pub fn read_slowly(&mut self, pause: Duration) {
        self.slowly = Some(Slowly {
            portion: self.left().div_ceil(100).max(1),
            left_of_portion: 0,
            pause,
        });
    }
}

impl Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left() == 0 || buffer.is_empty() {
            return Ok(0);
        }
        if let Some(mut stream) = self.waiting.take() {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let read = match &mut self.slowly {
            None => self.rest.read(buffer)?,
            Some(slowly) => {
                if slowly.left_of_portion == 0 {
                    std::thread::sleep(slowly.pause);
                    slowly.left_of_portion = slowly.portion;
                }
                let portion = self.rest.by_ref().take(slowly.left_of_portion);
                let read = { portion }.read(buffer)?;
                slowly.left_of_portion -= read as u64;
                read
            }
        };
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(read)
    }
}

impl Incoming<'_> {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter();
        headers.filter_map(move |(n, value)| n.eq_ignore_ascii_case(name).then_some(value.as_str()))
    }
}

pub(super) struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Content,
}

/// The body of a response.
pub(super) enum Content {
    Bytes(Vec<u8>),
    /// A stored file, shared instead of copied.
    Object(Arc<StoredObject>),
}

impl<T: Into<Vec<u8>>> From<T> for Content {
    fn from(bytes: T) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl Content {
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Object(object) => &object.bytes,
        }
    }
}

impl Response {
    pub fn new(status: u16, content_type: &str, body: impl Into<Content>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", content_type.into())],
            body: body.into(),
        }
    }

    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::new(status, "application/json", value.to_string())
    }

    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text.into())
    }

    pub fn add_header(&mut self, name: &'static str, value: impl Into<String>) {
        self.headers.push((name, value.into()));
    }

    pub fn content_type(&self) -> Option<&str> {
        let mut headers = self.headers.iter();
        let header = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        header.map(|(_, value)| value.as_str())
    }

    fn write(&self, mut writer: impl Write, is_head: bool) -> io::Result<()> {
        let body = self.body.as_slice();
        let (status, length) = (self.status, body.len());
        let mut head =
            format!("HTTP/1.1 {status} \r\nContent-Length: {length}\r\nConnection: close\r\n");
        for (name, value) in &self.headers {
            // A key may contain control characters, and `Location` contains the key.
            let value = value.replace(|c: char| c.is_control(), "");
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        writer.write_all(head.as_bytes())?;
        // RFC 9110, 9.3.2.
        if !is_head {
            writer.write_all(body)?;
        }
        writer.flush()
    }
}

/// What the sandbox sends back.
pub(super) enum Reply {
    Response(Response),
    /// These bytes, unchecked.
    Raw(Vec<u8>),
}

/// Reads one request and sends the reply, possibly before the whole body was read. Then reads the rest of the body, up
/// to a limit: closing the connection earlier would reset it, and the client would lose the response.
pub(super) fn serve(
    stream: &TcpStream,
    respond: impl FnOnce(&mut Incoming<'_>) -> io::Result<Reply>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(IDLE_TIMEOUT))?;
    stream.set_write_timeout(Some(IDLE_TIMEOUT))?;
    let mut reader = BufReader::new(stream);
    let head = read_head(&mut reader)?;
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    let invalid = |why: &str| io::Error::new(ErrorKind::InvalidData, why.to_owned());
    if parsed
        .parse(&head)
        .map_err(|e| invalid(&e.to_string()))?
        .is_partial()
    {
        return Err(invalid("the head ends early"));
    }
    let headers = parsed.headers.iter().map(|header| {
        let value = String::from_utf8_lossy(header.value);
        (header.name.to_owned(), value.into_owned())
    });
    let mut request = Incoming {
        method: parsed.method.unwrap_or_default().into(),
        path: parsed.path.unwrap_or_default().into(),
        headers: headers.collect(),
        content_length: None,
        body: Body {
            rest: (&mut reader).take(0),
            waiting: None,
            slowly: None,
        },
    };
    let reply = match check_head(&mut request) {
        Ok(()) => {
            let expect = request.header("expect").unwrap_or_default();
            if expect.eq_ignore_ascii_case("100-continue") {
                request.body.waiting = Some(stream);
            }
            respond(&mut request)?
        }
        Err(refusal) => Reply::Response(refusal),
    };
    let mut writer = stream;
    match reply {
        Reply::Response(response) => response.write(writer, request.method == "HEAD")?,
        Reply::Raw(bytes) => writer.write_all(&bytes)?,
    }
    // The client may have closed the connection already.
    let _ = stream.shutdown(Shutdown::Write);
    stream.set_read_timeout(Some(DRAIN_TIMEOUT))?;
    // The client has the response; do not ask it to continue.
    request.body.waiting = None;
    if request.header("transfer-encoding").is_some() {
        // The length of a chunked body is unknown, so everything is read that the client sends.
        request.body.rest.set_limit(MAX_DRAINED_BYTES);
    }
    let mut rest = request.body.by_ref().take(MAX_DRAINED_BYTES);
    let _ = io::copy(&mut rest, &mut io::sink());
    Ok(())
}

/// Rejects requests that the sandbox cannot process, and sets the length of the body.
fn check_head(request: &mut Incoming<'_>) -> Result<(), Response> {
    if request.method.len() > MAX_METHOD_BYTES {
        return Err(Response::text(501, "the method is unknown\n"));
    }
    if request.path.len() > MAX_PATH_BYTES {
        let text = format!("the path has more than {MAX_PATH_BYTES} bytes\n");
        return Err(Response::text(414, text));
    }
    // A chunked body has no declared length to check, so the sandbox rejects it without reading it.
    if request.header("transfer-encoding").is_some() {
        return Ok(());
    }
    let lengths: Vec<_> = request.headers("content-length").collect();
    let length: Option<u64> = match lengths[..] {
        [] => return Ok(()),
        [length] if length.bytes().all(|byte| byte.is_ascii_digit()) => length.parse().ok(),
        _ => None,
    };
    let Some(length) = length else {
        return Err(Response::text(
            400,
            "the Content-Length is not one number\n",
        ));
    };
    request.content_length = Some(length);
    request.body.rest.set_limit(length);
    Ok(())
}

fn read_head(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut reader = reader.take(MAX_HEAD_BYTES);
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}
