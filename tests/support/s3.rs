//! Real S3 servers, and a client for them that is not ours.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imgpost::PresignedPost;
use serde_json::Value;

use super::tools::{run, script, tool};

pub const BUCKET: &str = "photos";
pub const ACCESS_KEY: &str = "ASIATESTTESTTESTTEST";
pub const SECRET_KEY: &str = "made-up-secret-key";
pub const SESSION_TOKEN: &str = "made-up-session-token";
const CREDENTIALS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
    ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
    ("AWS_SESSION_TOKEN", SESSION_TOKEN),
];

/// Runs the Python client; `input` is its standard input.
pub fn python(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut client = script("s3.py");
    run(client.args(arguments).envs(CREDENTIALS), input)
}

/// The servers there are. All verify signatures and policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Checks the session token too, and words its refusals most like AWS.
    MiniStack,
    /// Reads forms as strictly as AWS: the fields, then the file.
    S3sFs,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::MiniStack, Self::S3sFs];

    fn command(self, port: u16, folder: &tempfile::TempDir) -> Command {
        let port = port.to_string();
        match self {
            Self::MiniStack => {
                let mut command = Command::new(tool("ministack"));
                command
                    .envs(CREDENTIALS)
                    .env("AUTH", "true")
                    .env("SERVICES", "s3")
                    .env("BIND_HOST", "127.0.0.1")
                    .env("GATEWAY_PORT", port)
                    .env("HOME", folder.path());
                command
            }
            Self::S3sFs => {
                let mut command = Command::new(tool("s3s-fs"));
                command
                    .args(["--host", "127.0.0.1", "--port", &port])
                    .args(["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY])
                    .arg(folder.path());
                command
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MiniStack => "MiniStack",
            Self::S3sFs => "s3s-fs",
        })
    }
}

/// A server on a port of its own, with nothing in it, until it is dropped.
pub struct Server {
    pub kind: Kind,
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Server {
    pub fn start(kind: Kind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let folder = tempfile::tempdir().unwrap();
        let process = kind
            .command(port, &folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self {
            kind,
            process,
            port,
            _folder: folder,
        };
        let patience = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < patience, "{kind} does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        // Another one may have got the port.
        assert_eq!(server.process.try_wait().unwrap(), None, "{kind} has ended");
        server
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A form for each of what is asked, as JSON that boto3 printed; see `s3.py`.
    pub fn presign_json(&self, asked: &[Value]) -> Vec<Value> {
        let input = Value::from(asked).to_string();
        let arguments = ["presign", &self.endpoint(), BUCKET];
        serde_json::from_slice(&python(&arguments, input.as_bytes())).unwrap()
    }

    /// A form for each of what is asked; see `s3.py`.
    pub fn presign(&self, asked: &[Value]) -> Vec<PresignedPost> {
        let forms = self.presign_json(asked);
        assert_eq!(forms.len(), asked.len());
        let read = |form: &Value| PresignedPost::from_json(form.to_string()).unwrap();
        forms.iter().map(read).collect()
    }

    /// All that is stored, by key.
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let listed = python(&["objects", &self.endpoint(), BUCKET], b"");
        let listed: BTreeMap<String, String> = serde_json::from_slice(&listed).unwrap();
        let read = |(key, content)| (key, STANDARD.decode(content).unwrap());
        listed.into_iter().map(read).collect()
    }

    /// Posts a body that may be one our crate would not make. Gives the status and what follows it.
    pub fn post_raw(&self, content_type: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!(
            "POST /{BUCKET} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\
             Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (status, rest) = answer.strip_prefix("HTTP/1.1 ").unwrap().split_at(3);
        (status.parse().unwrap(), rest.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
