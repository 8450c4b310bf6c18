//! As much of an HTTP/1.1 server as the sandbox needs: one exchange a connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const MAX_HEAD_BYTES: u64 = 64 * 1024;

/// A request whose head has been read.
pub(super) struct Incoming<'a> {
    pub method: String,
    pub path: String,
    headers: Vec<(String, String)>,
    pub content_length: Option<u64>,
    pub body: Body<'a>,
}

/// The body of a request, which ends where `Content-Length` says.
pub(super) struct Body<'a> {
    rest: io::Take<&'a mut BufReader<&'a TcpStream>>,
    /// As many bytes as are read at once, and the pause before each.
    slowly: Option<(usize, Duration)>,
}

impl Body<'_> {
    /// How many bytes are to be read yet.
    pub fn left(&self) -> u64 {
        self.rest.limit()
    }

    /// From here on a hundredth of what is left is read at a time, with a pause before each.
    pub fn read_slowly(&mut self, pause: Duration) {
        let hundredth = self.left().div_ceil(100).max(1);
        self.slowly = Some((hundredth.try_into().unwrap_or(usize::MAX), pause));
    }
}

impl Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some((most, pause)) = self.slowly else {
            return self.rest.read(buffer);
        };
        if self.left() > 0 {
            std::thread::sleep(pause);
        }
        let most = most.min(buffer.len());
        self.rest.read(&mut buffer[..most])
    }
}

impl Incoming<'_> {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find_map(|(n, value)| n.eq_ignore_ascii_case(name).then_some(value.as_str()))
    }
}

pub(super) struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", content_type.into())],
            body: body.into(),
        }
    }

    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::new(status, "application/json", value.to_string())
    }
}

/// What is sent back.
pub(super) enum Reply {
    Answer(Answer),
    /// These bytes, whatever they are.
    Raw(Vec<u8>),
}

/// Reads one request, answers it, and reads the rest of its body: closing before that would reset the connection
/// under the client, and the answer would be lost.
pub(super) fn serve(
    stream: &TcpStream,
    answer: impl FnOnce(&mut Incoming<'_>) -> io::Result<Reply>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    let mut reader = BufReader::new(stream);
    let head = read_head(&mut reader)?;
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    let invalid = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    if parsed
        .parse(&head)
        .map_err(|e| invalid(&e.to_string()))?
        .is_partial()
    {
        return Err(invalid("the head ends early"));
    }
    let headers: Vec<_> = parsed
        .headers
        .iter()
        .map(|h| {
            (
                h.name.to_owned(),
                String::from_utf8_lossy(h.value).into_owned(),
            )
        })
        .collect();
    let content_length = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.parse().ok());
    let mut request = Incoming {
        method: parsed.method.unwrap_or_default().into(),
        path: parsed.path.unwrap_or_default().into(),
        headers,
        content_length,
        body: Body {
            rest: (&mut reader).take(content_length.unwrap_or(0)),
            slowly: None,
        },
    };
    let mut writer = stream;
    if request.header("expect").is_some() {
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let reply = answer(&mut request)?;
    io::copy(&mut request.body, &mut io::sink())?;
    let answer = match reply {
        Reply::Answer(answer) => answer,
        Reply::Raw(bytes) => return writer.write_all(&bytes),
    };
    let mut bytes = format!(
        "HTTP/1.1 {} \r\nContent-Length: {}\r\nConnection: close\r\n",
        answer.status,
        answer.body.len()
    );
    for (name, value) in &answer.headers {
        bytes += &format!("{name}: {value}\r\n");
    }
    bytes += "\r\n";
    writer.write_all(bytes.as_bytes())?;
    writer.write_all(&answer.body)?;
    writer.flush()
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
