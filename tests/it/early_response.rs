//! Promise: a response that arrives while the body is still being sent is read, whether the server closes the
//! connection or keeps it, over http and https; interim responses are skipped; and nothing but a response to the whole
//! body is a success.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use imgpost::{Error, Receipt, Uploader};

use crate::support::faults;
use crate::support::tls::{Listener, Stream};

/// What a server does with one connection, after it has read the head of the request.
type Script = dyn Fn(&mut Connection) -> std::io::Result<()> + Send + Sync;

struct Connection {
    stream: Box<dyn Stream>,
    path: String,
    content_length: usize,
    /// Number of body bytes read so far, starting with those that arrived with the head.
    read: usize,
}

impl Connection {
    fn open(mut stream: Box<dyn Stream>) -> std::io::Result<Self> {
        let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
        let end = loop {
            let read = stream.read(&mut buffer)?;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            head.extend(&buffer[..read]);
            if let Some(end) = memchr::memmem::find(&head, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = String::from_utf8_lossy(&head[..end]).to_ascii_lowercase();
        assert!(!text.contains("expect:"), "{text}");
        let length = text.split("content-length: ").nth(1).unwrap();
        Ok(Self {
            stream,
            path: text.split(' ').nth(1).unwrap().into(),
            content_length: length.lines().next().unwrap().parse().unwrap(),
            read: head.len() - end,
        })
    }

    fn respond(&mut self, response: &str) -> std::io::Result<()> {
        self.stream.write_all(response.as_bytes())?;
        self.stream.flush()
    }

    fn read_body(&mut self) -> std::io::Result<()> {
        self.read_until(self.content_length)
    }

    fn read_until(&mut self, length: usize) -> std::io::Result<()> {
        let mut buffer = vec![0; 1 << 16];
        while self.read < length {
            match self.stream.read(&mut buffer)? {
                0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                read => self.read += read,
            }
        }
        Ok(())
    }
}

/// A server that runs a script on every connection, optionally over TLS.
struct Server {
    url: String,
    uploader: Uploader,
    /// The number of bytes read of each body, sent when its script ends.
    bodies: Receiver<usize>,
    connections: Arc<Mutex<usize>>,
}

impl Server {
    fn start(is_tls: bool, script: Arc<Script>) -> Self {
        let listener = Listener::bind(is_tls);
        let url = format!("{}/", listener.url);
        let uploader = Uploader::new(listener.transport())
            .retries(0)
            .idle_timeout(Duration::from_secs(300));
        let (sender, bodies) = mpsc::channel();
        let connections = Arc::new(Mutex::new(0));
        let counter = Arc::clone(&connections);
        std::thread::spawn(move || {
            loop {
                let stream = listener.accept();
                *counter.lock().unwrap() += 1;
                let (script, sender) = (Arc::clone(&script), sender.clone());
                std::thread::spawn(move || {
                    let Ok(mut connection) = Connection::open(stream) else {
                        return;
                    };
                    // The client may close the connection at any time.
                    let _ = script(&mut connection);
                    let _ = sender.send(connection.read);
                });
            }
        });
        Self {
            url,
            uploader,
            bodies,
            connections,
        }
    }

    fn post(&self, path: &str, file: &PathBuf) -> Result<Receipt, Error> {
        let url = format!("{}{path}", self.url);
        let form = faults::form(&url, Duration::from_secs(300));
        let started = Instant::now();
        let result = self.uploader.upload_file(&form, file, None);
        println!("{url}: {:?}", started.elapsed());
        result
    }
}

fn file(bytes: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    std::fs::write(&path, vec![7; bytes]).unwrap();
    (folder, path)
}

const STORED: &str = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";

/// More than the buffers of a connection hold.
const LARGE: usize = 50_000_000;

const TOO_LARGE: &str = "HTTP/1.1 413 Request Entity Too Large\r\nContent-Type: text/html\r\n\
                         Content-Length: 31\r\n\r\n<title>413 Too Large</title>\r\n\r\n\r\n";

const PATHS: [&str; 6] = [
    "reads-nothing",
    "reads-on",
    "in-the-middle",
    "in-pieces",
    "closes-at-once",
    "closes-later",
];

/// The behavior of servers after an early response, by path.
fn early(connection: &mut Connection) -> std::io::Result<()> {
    let tunnel_end = &mut [0];
    match &*connection.path.to_owned() {
        "/reads-nothing" => {
            connection.respond(TOO_LARGE)?;
            std::thread::park();
        }
        "/reads-on" => {
            connection.respond(TOO_LARGE)?;
            connection.read_body()?;
            connection.stream.read_exact(tunnel_end)?;
        }
        "/in-the-middle" => {
            connection.read_until(LARGE / 2)?;
            connection.respond(TOO_LARGE)?;
            std::thread::park();
        }
        "/in-pieces" => {
            for piece in TOO_LARGE.as_bytes().chunks(9) {
                connection.respond(std::str::from_utf8(piece).unwrap())?;
                std::thread::sleep(Duration::from_millis(5));
            }
            std::thread::park();
        }
        "/closes-at-once" => connection.respond(TOO_LARGE)?,
        "/closes-later" => {
            connection.read_until(1_000_000)?;
            connection.respond(TOO_LARGE)?;
        }
        other => panic!("{other}"),
    }
    Ok(())
}

#[test]
fn early_response_is_read_while_the_body_is_being_sent() {
    let (_folder, file) = file(LARGE);
    for is_tls in [false, true] {
        let server = Server::start(is_tls, Arc::new(early));
        for path in PATHS {
            let error = server.post(path, &file).unwrap_err();
            let Error::Storage(error) = &error else {
                panic!("{path}: {error:?}")
            };
            assert_eq!(
                (error.status, &*error.message),
                (413, "413 Too Large"),
                "{path}"
            );
        }
        assert_eq!(*server.connections.lock().unwrap(), PATHS.len());
    }
}

#[test]
fn body_is_not_sent_after_an_early_response() {
    let (_folder, file) = file(LARGE);
    let sent = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&sent);
    let mut server = Server::start(false, Arc::new(early));
    server.uploader = server.uploader.on_progress(move |progress| {
        *seen.lock().unwrap() = progress.sent;
        std::ops::ControlFlow::Continue(())
    });
    server.post("reads-nothing", &file).unwrap_err();
    let sent = *sent.lock().unwrap();
    assert!(sent < LARGE as u64 / 2, "{sent}");
}

#[test]
fn early_redirect_is_followed_with_the_whole_body() {
    let (_folder, file) = file(LARGE);
    for is_tls in [false, true] {
        let script = |connection: &mut Connection| {
            if connection.path == "/there" {
                connection.read_body()?;
                return connection.respond(STORED);
            }
            connection.respond(
                "HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n",
            )?;
            std::thread::park();
            Ok(())
        };
        let server = Server::start(is_tls, Arc::new(script));
        let receipt = server.post("here", &file).unwrap();
        assert_eq!(receipt.bytes, LARGE as u64);
        let read = server.bodies.recv().unwrap();
        assert!(read > LARGE, "{read}");
    }
}

#[test]
fn interim_responses_are_skipped_for_bodies_of_any_size() {
    let interim: [(&str, &[&str]); 8] = [
        ("plain", &["HTTP/1.1 100 Continue\r\n\r\n"]),
        ("no-reason", &["HTTP/1.1 100\r\n\r\n"]),
        (
            "headers",
            &[
                "HTTP/1.1 100 \r\ndate: Wed, 25 Nov 2026 13:40:46 GMT\r\nserver: hypercorn-h11\r\n\r\n",
            ],
        ),
        ("hints", &["HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"]),
        (
            "both",
            &["HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"],
        ),
        (
            "twice",
            &[
                "HTTP/1.1 100 Continue\r\n\r\n",
                "HTTP/1.1 100 Continue\r\na: b\r\n\r\n",
            ],
        ),
        ("http10", &["HTTP/1.0 100 Continue\r\n\r\n"]),
        (
            "pieces",
            &["HTTP/1.1 100 Conti", "nue\r\nserver: x\r", "\n\r\n"],
        ),
    ];
    for is_tls in [false, true] {
        let script = move |connection: &mut Connection| {
            let (_, pieces) = interim
                .into_iter()
                .find(|(name, _)| connection.path.ends_with(name))
                .unwrap();
            // Send the interim response before or after reading the body.
            let is_late = connection.path.starts_with("/late");
            if is_late {
                connection.read_body()?;
            }
            for piece in pieces {
                connection.respond(piece)?;
                std::thread::sleep(Duration::from_millis(5));
            }
            connection.read_body()?;
            connection.respond(STORED)
        };
        let server = Server::start(is_tls, Arc::new(script));
        for bytes in [100, 9 << 20] {
            let (_folder, file) = file(bytes);
            for (name, _) in interim {
                for path in [name.to_owned(), format!("late-{name}")] {
                    let receipt = server.post(&path, &file).unwrap();
                    assert_eq!(receipt.attempts, 1, "{path} {bytes}");
                }
            }
        }
    }
}

#[test]
fn success_before_the_whole_body_is_an_error() {
    let (_folder, file) = file(12_500_000);
    for (early, status) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", "204"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200"),
        ("HTTP/1.0 200 OK\r\n\r\n", "200"),
        (
            "HTTP/1.1 303 See Other\r\nLocation: http://127.0.0.1/done\r\nContent-Length: 0\r\n\r\n",
            "303",
        ),
    ] {
        for read_before in [0, 12_000] {
            let script = move |connection: &mut Connection| {
                connection.read_until(read_before)?;
                connection.respond(early)?;
                std::thread::park();
                Ok(())
            };
            let server = Server::start(false, Arc::new(script));
            let error = server.post("", &file).unwrap_err();
            let Error::Transport(error) = &error else {
                panic!("{early}: {error:?}")
            };
            let source = std::error::Error::source(error).unwrap().to_string();
            assert!(
                source.contains(&format!("responded {status} before")),
                "{source}"
            );
        }
    }
}

#[test]
fn upload_continues_after_a_server_that_sends_without_reading_reads_again() {
    let (_folder, file) = file(LARGE);
    for is_tls in [false, true] {
        // Interim responses keep arriving while the buffers of the connection are full.
        let script = |connection: &mut Connection| {
            for _ in 0..200 {
                connection.respond("HTTP/1.1 102 Processing\r\n\r\n")?;
                std::thread::sleep(Duration::from_millis(1));
            }
            connection.read_body()?;
            connection.respond(STORED)
        };
        let server = Server::start(is_tls, Arc::new(script));
        assert_eq!(server.post("", &file).unwrap().attempts, 1);
        let read = server.bodies.recv().unwrap();
        assert!(read > LARGE, "{read}");
    }
}
