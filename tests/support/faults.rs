//! A storage server that fails as scripted, one step per request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine;
use imgpost::sandbox::Fault;
use imgpost::{PrepareOptions, PreparedImage, PresignedPost};

use super::fixture;

/// How the server handles one request.
#[derive(Clone, Debug)]
pub enum Step {
    /// Store the body and respond 204.
    Store,
    /// Close the connection without reading.
    CloseOnAccept,
    /// Close the connection after this number of bytes of the head.
    CloseInHead(usize),
    /// Close the connection after this percentage of the body.
    CloseInBody(u8),
    /// Read everything, store nothing, and close the connection.
    CloseBeforeResponse,
    /// Store the body and close the connection without a response.
    StoreAndClose,
    /// Read everything, send exactly this, and close the connection.
    Respond(String),
    /// Send exactly this after the head, without reading the body.
    RespondEarly(String),
    /// Read nothing for this time.
    StallOnAccept(Duration),
    /// Read this percentage of the body, then nothing for this time.
    StallInBody(u8, Duration),
    /// Read everything, then send nothing for this time.
    StallBeforeResponse(Duration),
    /// Read one percent of the body at a time with pauses between, then store it and respond.
    ReadSlowly(Duration),
}

impl Step {
    /// The equivalent fault of the sandbox, which always reads the head of a request first.
    pub fn in_sandbox(self) -> Option<Fault> {
        Some(match self {
            Self::Store => return None,
            Self::CloseOnAccept | Self::CloseInHead(_) => Fault::CloseInBody(0),
            Self::CloseInBody(percent) => Fault::CloseInBody(percent),
            Self::CloseBeforeResponse => Fault::CloseBeforeResponse,
            Self::StoreAndClose => Fault::LoseResponse,
            Self::Respond(bytes) | Self::RespondEarly(bytes) => Fault::Raw(bytes.into()),
            Self::StallOnAccept(pause) => Fault::Stall(pause),
            Self::StallInBody(percent, pause) => Fault::StallInBody(percent, pause),
            Self::StallBeforeResponse(pause) => Fault::StallBeforeResponse(pause),
            Self::ReadSlowly(pause) => Fault::ReadSlowly(pause),
        })
    }
}

/// A photo of a few kilobytes.
pub fn image() -> PreparedImage {
    static IMAGE: LazyLock<PreparedImage> = LazyLock::new(|| {
        let prepare = PrepareOptions::default().size(256, 256);
        prepare.open(fixture("images/lighthouse.jpg")).unwrap()
    });
    IMAGE.clone()
}

/// A form that expires after `validity`.
pub fn form(url: &str, validity: Duration) -> PresignedPost {
    let expiration = jiff::Timestamp::try_from(SystemTime::now() + validity).unwrap();
    let policy = format!(r#"{{"expiration":"{expiration}","conditions":[{{"key":"k"}}]}}"#);
    let policy = base64::engine::general_purpose::STANDARD.encode(policy);
    let fields = [
        ("key", "k"),
        ("Policy", &policy),
        ("X-Amz-Signature", "SECRET-SIGNATURE"),
    ];
    PresignedPost::new(url, fields.map(|(name, value)| (name.into(), value.into()))).unwrap()
}

/// Responds with this status, headers and body.
pub fn respond(status: &str, headers: &str, body: &str) -> Step {
    let length = body.len();
    Step::Respond(format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
    ))
}

/// Responds with an error of S3.
pub fn s3_error(status: &str, code: &str) -> Step {
    let xml = format!("<Error><Code>{code}</Code><Message>m</Message></Error>");
    respond(status, "", &xml)
}

/// A server that performs one step per request, and stores the body once no steps are left.
pub struct FaultServer {
    pub url: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    requests: usize,
    stored: Vec<Vec<u8>>,
}

impl FaultServer {
    /// Starts the server. Its thread waits for connections until the process ends.
    pub fn start(steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut steps = steps.into_iter();
            for stream in listener.incoming() {
                shared.lock().unwrap().requests += 1;
                let step = steps.next().unwrap_or(Step::Store);
                let shared = Arc::clone(&shared);
                // One thread per connection, so that a stalled one does not block the next. Errors are expected.
                std::thread::spawn(move || serve(&stream.unwrap(), &step, &shared).ok());
            }
        });
        Self { url, seen }
    }

    pub fn requests(&self) -> usize {
        self.seen.lock().unwrap().requests
    }

    /// The stored bodies, headers of the parts included.
    pub fn stored(&self) -> Vec<Vec<u8>> {
        self.seen.lock().unwrap().stored.clone()
    }
}

fn serve(stream: &TcpStream, step: &Step, seen: &Mutex<Seen>) -> std::io::Result<()> {
    let mut reader = BufReader::with_capacity(1024, stream);
    match step {
        Step::CloseOnAccept => return Ok(()),
        Step::StallOnAccept(pause) => {
            std::thread::sleep(*pause);
            return Ok(());
        }
        Step::CloseInHead(bytes) => return reader.read_exact(&mut vec![0; *bytes]),
        _ => {}
    }
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    // The uploader reads the server's clock if a form seems to have expired. That is not an upload.
    let is_download = head.contains("accept: image/");
    if head.starts_with("GET / ") && !is_download {
        seen.lock().unwrap().requests -= 1;
        let mut stream = stream;
        return stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    }
    if let Step::RespondEarly(bytes) = step {
        let mut stream = stream;
        return stream.write_all(bytes.as_bytes());
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<u64>().unwrap())
    });
    let length = length.unwrap_or(0);
    let expected = match step {
        Step::CloseInBody(percent) | Step::StallInBody(percent, _) => {
            length * u64::from(*percent) / 100
        }
        _ => length,
    };
    let mut body = Vec::new();
    while (body.len() as u64) < expected {
        let part = (expected - body.len() as u64).min(length / 100 + 1);
        if reader.by_ref().take(part).read_to_end(&mut body)? == 0 {
            return Ok(());
        }
        if let Step::ReadSlowly(pause) = step {
            std::thread::sleep(*pause);
        }
    }
    let stores = matches!(
        step,
        Step::Store | Step::StoreAndClose | Step::ReadSlowly(_)
    );
    if stores {
        seen.lock().unwrap().stored.push(body);
    }
    let mut stream = stream;
    match step {
        Step::Respond(bytes) => stream.write_all(bytes.as_bytes()),
        Step::StallInBody(_, pause) | Step::StallBeforeResponse(pause) => {
            std::thread::sleep(*pause);
            Ok(())
        }
        Step::Store | Step::ReadSlowly(_) => {
            stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        }
        _ => Ok(()),
    }
}
