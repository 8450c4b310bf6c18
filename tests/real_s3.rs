//! Promise: a real S3 server that verifies takes our posts, and its refusals become the right errors.
//!
//! Needs the environment `.ci/run` makes: `IMGPOST_TEST_BIN` is a folder with `python` (boto3) and
//! `ministack`. Nothing is skipped: what is missing is a failure.

mod support;

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use imgpost::{
    Error, Extension, Prepare, PreparedImage, PresignedPost, S3Error, S3ErrorCode, Uploader, upload,
};
use serde_json::{Value, json};
use support::fixture;

const BUCKET: &str = "photos";
const CREDENTIALS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "ASIATESTTESTTESTTEST"),
    ("AWS_SECRET_ACCESS_KEY", "made-up-secret-key"),
    ("AWS_SESSION_TOKEN", "made-up-session-token"),
];

fn tool(name: &str) -> PathBuf {
    let folder =
        std::env::var_os("IMGPOST_TEST_BIN").expect("IMGPOST_TEST_BIN is not set: use .ci/run");
    let path = PathBuf::from(folder).join(name);
    assert!(path.exists(), "{} is missing: use .ci/run", path.display());
    path
}

/// Runs the Python client; `input` is its standard input.
fn python(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(tool("python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/s3.py"))
        .args(arguments)
        .envs(CREDENTIALS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "s3.py {arguments:?} failed");
    output.stdout
}

/// MiniStack with signatures and the session token checked, on a port of its own, with an empty bucket.
struct MiniStack {
    process: Child,
    endpoint: String,
    _home: tempfile::TempDir,
}

impl MiniStack {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let home = tempfile::tempdir().unwrap();
        let process = Command::new(tool("ministack"))
            .envs(CREDENTIALS)
            .env("AUTH", "true")
            .env("SERVICES", "s3")
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("HOME", home.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            process,
            endpoint: format!("http://127.0.0.1:{port}"),
            _home: home,
        };
        let patience = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < patience, "MiniStack does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        python(&["create", &server.endpoint, BUCKET], b"");
        server
    }

    fn presign(&self, key: &str, options: Value) -> PresignedPost {
        let options = options.to_string();
        let arguments = ["presign", &self.endpoint, BUCKET, key];
        PresignedPost::from_json(python(&arguments, options.as_bytes())).unwrap()
    }

    fn get(&self, key: &str) -> Vec<u8> {
        python(&["get", &self.endpoint, BUCKET, key], b"")
    }
}

impl Drop for MiniStack {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn image() -> PreparedImage {
    let prepare = Prepare::default().size(128, 96).extension(Extension::Jpg);
    prepare.open(fixture("images/lighthouse.jpg")).unwrap()
}

fn jpeg() -> Value {
    json!({"fields": {"Content-Type": "image/jpeg"}, "conditions": [{"Content-Type": "image/jpeg"}]})
}

fn altered(form: &PresignedPost, field: &str, to: Option<&str>) -> PresignedPost {
    let mut found = false;
    let mut fields = Vec::new();
    for (name, value) in form.fields() {
        match name.eq_ignore_ascii_case(field) {
            true => {
                found = true;
                fields.extend(to.map(|to| (name.to_owned(), to.to_owned())));
            }
            false => fields.push((name.to_owned(), value.to_owned())),
        }
    }
    assert!(found, "the form has no {field}");
    PresignedPost::new(form.url(), fields).unwrap()
}

fn refusal(form: &PresignedPost) -> S3Error {
    // What is sent is the storage's to refuse here.
    match Uploader::default()
        .check_policy(false)
        .upload(form, &image())
    {
        Err(Error::Storage(error)) => *error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn ministack_stores_what_is_good_and_refuses_the_rest() {
    let server = MiniStack::start();

    let form = server.presign("good.jpg", jpeg());
    let receipt = upload(&form, &image()).unwrap();
    assert_eq!(receipt.key.as_deref(), Some("good.jpg"));
    assert!(receipt.etag.is_some_and(|etag| etag.len() == 32));
    assert_eq!(server.get("good.jpg"), image().bytes());

    let wrong = refusal(&altered(&form, "x-amz-signature", Some(&"0".repeat(64))));
    assert_eq!(
        (wrong.status, wrong.code.as_ref().map(S3ErrorCode::as_str)),
        (403, Some("SignatureDoesNotMatch"))
    );

    let missing = refusal(&altered(&form, "x-amz-security-token", None));
    assert_eq!(
        missing.code.as_ref().map(S3ErrorCode::as_str),
        Some("InvalidToken"),
        "{missing}"
    );

    let violated = refusal(&altered(&form, "Content-Type", Some("image/png")));
    assert_eq!(
        violated.code.as_ref().map(S3ErrorCode::as_str),
        Some("AccessDenied")
    );
    assert!(
        violated.message.contains("Policy Condition failed"),
        "{violated}"
    );

    let large = json!({"conditions": [["content-length-range", 1, 10]]});
    let large = refusal(&server.presign("large.jpg", large));
    assert_eq!(
        large.code.as_ref().map(S3ErrorCode::as_str),
        Some("EntityTooLarge"),
        "{large}"
    );

    let brief = json!({"expires": 1});
    let form = server.presign("late.jpg", brief);
    std::thread::sleep(Duration::from_millis(2100));
    let late = refusal(&form);
    assert!(late.is_expired(), "{late}");
    assert!(late.to_string().contains("ask for a new one"), "{late}");
}

/// The command of the README, on a photo that lies on its side.
#[test]
fn the_command_posts_an_upright_picture() {
    let server = MiniStack::start();
    let folder = tempfile::tempdir().unwrap();
    let form = folder.path().join("form.json");
    let json = python(&["presign", &server.endpoint, BUCKET, "photo.jpg"], b"{}");
    std::fs::write(&form, json).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_imgpost"))
        .args(["post", "--size", "768x1024", "--ext", "jpg", "--json"])
        .arg(fixture("images/lighthouse.jpg"))
        .arg("--presigned")
        .arg(&form)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let stored = image::load_from_memory(&server.get("photo.jpg"))
        .unwrap()
        .to_rgb8();
    assert_eq!(stored.dimensions(), (768, 1024));
    // Upright, the sky is above the sea: the horizon glows, the top is night.
    let (sky, glow) = (stored.get_pixel(30, 30).0, stored.get_pixel(30, 650).0);
    assert!(sky[0] < 60 && glow[0] > 200, "{sky:?} {glow:?}");
}
