//! A storage that goes wrong on purpose, one way after the other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine;
use imgpost::sandbox::Fault;
use imgpost::{PrepareOptions, PreparedImage, PresignedPost};

use super::fixture;

/// What is done with one request.
#[derive(Clone, Debug)]
pub enum Step {
    /// Store the file and answer 204.
    Store,
    /// Close the connection before anything is read.
    CloseOnAccept,
    /// Close it when so many bytes of the head were read.
    CloseInHead(usize),
    /// Close it when this part of the body, in hundredths, was read.
    CloseInBody(u8),
    /// Read everything, store nothing, and close it.
    CloseBeforeResponse,
    /// Store the file, and close it without a word.
    StoreAndClose,
    /// Read everything and answer this, byte for byte; then close it.
    Respond(String),
    /// Respond this when the head was read, and read no more.
    RespondEarly(String),
    /// Read nothing for so long.
    StallOnAccept(Duration),
    /// Read this part of the body, in hundredths, and nothing more for so long.
    StallInBody(u8, Duration),
    /// Read everything, and answer nothing for so long.
    StallBeforeResponse(Duration),
    /// Read a hundredth of the body at a time with pauses between, then store and answer.
    ReadSlowly(Duration),
}

impl Step {
    /// The same as the sandbox does it, which reads the head of every request before it knows what to do with it.
    pub fn in_sandbox(self) -> Option<Fault> {
        Some(match self {
            Self::Store => return None,
            Self::CloseOnAccept | Self::CloseInHead(_) => Fault::CloseInBody(0),
            Self::CloseInBody(hundredths) => Fault::CloseInBody(hundredths),
            Self::CloseBeforeResponse => Fault::CloseBeforeResponse,
            Self::StoreAndClose => Fault::LoseResponse,
            Self::Respond(bytes) | Self::RespondEarly(bytes) => Fault::Raw(bytes.into()),
            Self::StallOnAccept(pause) => Fault::Stall(pause),
            Self::StallInBody(hundredths, pause) => Fault::StallInBody(hundredths, pause),
            Self::StallBeforeResponse(pause) => Fault::StallBeforeResponse(pause),
            Self::ReadSlowly(pause) => Fault::ReadSlowly(pause),
        })
    }
}

/// A photo of some kilobytes.
pub fn image() -> PreparedImage {
    let prepare = PrepareOptions::default().size(256, 256);
    prepare.open(fixture("images/lighthouse.jpg")).unwrap()
}

/// A form that lives for so long.
pub fn form(url: &str, life: Duration) -> PresignedPost {
    let expiration = jiff::Timestamp::try_from(SystemTime::now() + life).unwrap();
    let policy = format!(r#"{{"expiration":"{expiration}","conditions":[{{"key":"k"}}]}}"#);
    let policy = base64::engine::general_purpose::STANDARD.encode(policy);
    let fields = [
        ("key", "k"),
        ("Policy", &policy),
        ("X-Amz-Signature", "SECRET-SIGNATURE"),
    ];
    PresignedPost::new(url, fields.map(|(name, value)| (name.into(), value.into()))).unwrap()
}

/// Answers `status` with a body.
pub fn answer(status: &str, headers: &str, body: &str) -> Step {
    let length = body.len();
    Step::Respond(format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
    ))
}

/// Answers with an error of S3's.
pub fn s3_error(status: &str, code: &str) -> Step {
    let xml = format!("<Error><Code>{code}</Code><Message>m</Message></Error>");
    answer(status, "", &xml)
}

/// A server that takes one step a request, and stores when there is none left.
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
    /// Its thread ends with the process: it waits for connections, of which there may be none.
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
                // A stalled connection must not hold up the next one. What goes wrong here was meant to.
                std::thread::spawn(move || serve(&stream.unwrap(), &step, &shared).ok());
            }
        });
        Self { url, seen }
    }

    pub fn requests(&self) -> usize {
        self.seen.lock().unwrap().requests
    }

    /// The bodies that were stored, whole.
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
    // The uploader asks for the time if a form seems to have expired. That is not an upload.
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
    let wanted = match step {
        Step::CloseInBody(hundredths) | Step::StallInBody(hundredths, _) => {
            length * u64::from(*hundredths) / 100
        }
        _ => length,
    };
    let mut body = Vec::new();
    while (body.len() as u64) < wanted {
        let part = (wanted - body.len() as u64).min(length / 100 + 1);
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
