//! S3 servers of other projects, and boto3 as a client for them.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imgpost::PresignedPost;
use imgpost::sandbox::Sandbox;
use serde_json::Value;

use super::tools::{run, script, tool};

pub const BUCKET: &str = "photos";
pub const ACCESS_KEY: &str = "ASIATESTTESTTESTTEST";
pub const SECRET_KEY: &str = "made-up-secret-key";
pub const SESSION_TOKEN: &str = "made-up-session-token";

/// The credentials and the bucket that forms are signed for.
pub struct Signer {
    pub bucket: String,
    pub access_key: String,
    pub secret_key: String,
    pub session_token: String,
}

impl Signer {
    pub fn for_servers() -> Self {
        Self {
            bucket: BUCKET.into(),
            access_key: ACCESS_KEY.into(),
            secret_key: SECRET_KEY.into(),
            session_token: SESSION_TOKEN.into(),
        }
    }

    pub fn environment(&self) -> [(&'static str, &str); 3] {
        [
            ("AWS_ACCESS_KEY_ID", &self.access_key),
            ("AWS_SECRET_ACCESS_KEY", &self.secret_key),
            ("AWS_SESSION_TOKEN", &self.session_token),
        ]
    }

    /// Runs `s3.py` on the bucket; `input` is its standard input.
    fn python(&self, command: &str, endpoint: &str, input: &[u8]) -> Vec<u8> {
        let mut client = script("s3.py");
        let client = client.args([command, endpoint, &self.bucket]);
        run(client.envs(self.environment()), input)
    }

    /// Presigns a form per request with boto3 and returns them as JSON; see `s3.py`.
    fn presign(&self, endpoint: &str, requests: &[Value]) -> Vec<Value> {
        let input = Value::from(requests).to_string();
        let printed = self.python("presign", endpoint, input.as_bytes());
        let forms: Vec<_> = serde_json::from_slice(&printed).unwrap();
        assert_eq!(forms.len(), requests.len());
        forms
    }
}

/// A storage that verifies signatures and policies.
pub trait Storage {
    fn signer(&self) -> Signer;

    /// Scheme, host and port.
    fn endpoint(&self) -> String;

    /// All stored files, by key.
    fn objects(&self) -> BTreeMap<String, Vec<u8>>;

    /// Presigns a form per request with boto3 and returns them as JSON; see `s3.py`.
    fn presign_json(&self, requests: &[Value]) -> Vec<Value> {
        self.signer().presign(&self.endpoint(), requests)
    }

    /// Presigns a URL for PUT per request with boto3; see `s3.py`.
    fn presign_put(&self, requests: &[Value]) -> Vec<String> {
        let input = Value::from(requests).to_string();
        let signer = self.signer();
        let printed = signer.python("presign-put", &self.endpoint(), input.as_bytes());
        serde_json::from_slice(&printed).unwrap()
    }

    /// Presigns a form per request with boto3; see `s3.py`.
    fn presign(&self, requests: &[Value]) -> Vec<PresignedPost> {
        let read = |form: &Value| PresignedPost::from_json(form.to_string()).unwrap();
        self.presign_json(requests).iter().map(read).collect()
    }
}

impl Storage for Sandbox {
    fn signer(&self) -> Signer {
        let credentials = self.credentials().clone();
        Signer {
            bucket: Self::BUCKET.into(),
            access_key: credentials.access_key_id,
            secret_key: credentials.secret_access_key,
            session_token: credentials.session_token,
        }
    }

    fn endpoint(&self) -> String {
        let url = self.bucket_url();
        url.strip_suffix(&format!("/{}", Self::BUCKET))
            .unwrap()
            .into()
    }

    fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let bytes = |key: String| (key.clone(), self.stored(&key).unwrap().bytes);
        self.keys().into_iter().map(bytes).collect()
    }
}

/// The servers to test with. All verify signatures and policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Also checks the session token; its error messages are closest to AWS's.
    MiniStack,
    /// Parses forms as strictly as AWS: the fields, then the file.
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
                    .envs(Signer::for_servers().environment())
                    .env("AUTH", "true")
                    .env("SERVICES", "s3")
                    .env("BIND_HOST", "127.0.0.1")
                    .env("GATEWAY_PORT", port)
                    // Where it leaves a file with the id of its process.
                    .env("TMPDIR", folder.path())
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

/// A server on its own port with an empty bucket. Dropping it stops the server.
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
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "{kind} does not respond");
            std::thread::sleep(Duration::from_millis(50));
        }
        // If another process took the port, the server has exited.
        assert_eq!(
            server.process.try_wait().unwrap(),
            None,
            "{kind} has exited"
        );
        server.signer().python("make", &server.endpoint(), b"");
        server
    }

    /// Posts a body that this crate might not produce. Returns the status and the rest of the response.
    pub fn post_raw(&self, content_type: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!(
            "POST /{BUCKET} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\
             Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        let response = String::from_utf8(response).unwrap();
        let (status, rest) = response.strip_prefix("HTTP/1.1 ").unwrap().split_at(3);
        (status.parse().unwrap(), rest.to_owned())
    }
}

impl Storage for Server {
    fn signer(&self) -> Signer {
        Signer::for_servers()
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let listed = self.signer().python("objects", &self.endpoint(), b"");
        let listed: BTreeMap<String, String> = serde_json::from_slice(&listed).unwrap();
        let read = |(key, content)| (key, STANDARD.decode(content).unwrap());
        listed.into_iter().map(read).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
