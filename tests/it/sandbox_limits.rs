//! Promise: the sandbox's memory is bounded, it rejects an invalid request before reading its body, and it accepts only
//! requests for the loopback interface.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use imgpost::multipart::Form;
use imgpost::sandbox::{Fault, Sandbox};
use imgpost::{Error, Extension, PrepareOptions, PreparedImage, PresignedPost, Uploader};
use serde_json::json;

use crate::support::raw_api::{RawApi, small};

/// A guard against hanging; only a failing test waits that long.
const GUARD: Duration = Duration::from_secs(60);

fn image(gray: u8) -> PreparedImage {
    let prepare = PrepareOptions::default()
        .size(32, 32)
        .extension(Extension::Png);
    prepare
        .prepare_rgba8(1, 1, &[gray, gray, gray, 255])
        .unwrap()
}

fn form(sandbox: &Sandbox) -> PresignedPost {
    let client = sandbox.client().unwrap();
    client.create_init_image(Extension::Png).unwrap().form
}

/// The headers and the body of a post with `form`, after `change` has changed or removed fields.
fn post(
    form: &PresignedPost,
    content: &[u8],
    change: impl Fn(&str, &str) -> Option<String>,
) -> (String, Vec<u8>) {
    let fields = form
        .fields()
        .filter_map(|(name, value)| Some((name, change(name, value)?)));
    let body = fields.fold(Form::new(), |body, (name, value)| body.field(name, value));
    let body = body.file("file", "a.png", "image/png", content).unwrap();
    let mut bytes = Vec::new();
    body.reader().read_to_end(&mut bytes).unwrap();
    let headers = format!(
        "Content-Type: {}\r\nContent-Length: {}\r\n",
        body.content_type(),
        bytes.len()
    );
    (headers, bytes)
}

fn unchanged(_: &str, value: &str) -> Option<String> {
    Some(value.into())
}

/// A connection for sending a request in pieces.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(sandbox: &Sandbox, start: &str, headers: &str) -> Self {
        let host = host(sandbox);
        Self::open_for(sandbox, start, &format!("Host: {host}\r\n{headers}"))
    }

    /// Like [`open`](Self::open), but `headers` include the `Host`.
    fn open_for(sandbox: &Sandbox, start: &str, headers: &str) -> Self {
        let stream = TcpStream::connect(host(sandbox)).unwrap();
        stream.set_read_timeout(Some(GUARD)).unwrap();
        let mut connection = Self(BufReader::new(stream));
        connection.send(format!("{start} HTTP/1.1\r\n{headers}\r\n").as_bytes());
        connection
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    /// The status and the whole response.
    fn response(mut self) -> (u16, String) {
        let mut response = Vec::new();
        self.0.read_to_end(&mut response).unwrap();
        let response = String::from_utf8(response).unwrap();
        let status = response
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("{response:?}")), response)
    }
}

fn host(sandbox: &Sandbox) -> String {
    let url = sandbox.page_url();
    url.trim_start_matches("http://")
        .trim_end_matches('/')
        .into()
}

fn post_start() -> String {
    format!("POST /{}", Sandbox::BUCKET)
}

#[test]
fn newest_files_are_kept_within_the_limits() {
    let lengths = (0..10).map(|gray| image(gray).bytes().len() as u64);
    let (shortest, longest) = (lengths.clone().min().unwrap(), lengths.max().unwrap());
    for (max_bytes, max_files) in [(3 * longest, 1000), (4 * shortest - 1, 1000), (u64::MAX, 3)] {
        let sandbox = Sandbox::start()
            .unwrap()
            .with_storage_limit(max_bytes, max_files);
        let client = sandbox.client().unwrap();
        let mut posted = Vec::new();
        for gray in 0..10 {
            let uploaded = client.upload_init_image(&image(gray)).unwrap();
            posted.push(uploaded.receipt.key.unwrap());
            let mut newest = posted[posted.len().saturating_sub(3)..].to_vec();
            newest.sort();
            assert_eq!(sandbox.keys(), newest, "{max_bytes} {max_files}");
        }
        let stored = sandbox.stored(posted.last().unwrap()).unwrap();
        assert_eq!(stored.bytes, image(9).bytes());
    }
}

#[test]
fn file_larger_than_the_storage_is_rejected_as_too_large() {
    let length = image(0).bytes().len() as u64;
    let sandbox = Sandbox::start().unwrap().with_storage_limit(length, 10);
    let client = sandbox.client().unwrap();
    client.upload_init_image(&image(0)).unwrap();
    let kept = sandbox.keys();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.png");
    for larger in [length + 1, length + 100_000] {
        std::fs::write(&path, vec![0; larger as usize]).unwrap();
        let rejected = Uploader::default().upload_file(&form(&sandbox), &path, None);
        assert!(
            matches!(&rejected, Err(Error::Storage(s3)) if s3.is_too_large()),
            "{larger}: {rejected:?}"
        );
        assert_eq!(sandbox.keys(), kept);
    }
}

#[test]
fn generation_keeps_its_image_after_the_storage_evicts_it() {
    let sandbox = Sandbox::start().unwrap().with_storage_limit(u64::MAX, 1);
    let api = RawApi(sandbox);
    let id = api.init_image("png", image(0).bytes());
    let generation = api.begin(&small(json!({"init_image_id": id})));
    api.init_image("png", image(1).bytes());
    assert_eq!(api.finish(&generation)["status"], "COMPLETE");
    // New generations cannot use the image.
    let message = api.rejected("/v1/generations", &small(json!({"init_image_id": id})));
    assert!(message.contains("nothing was posted"), "{message}");
}

#[test]
fn invalid_form_is_rejected_before_the_file_is_sent() {
    let sandbox = Sandbox::start().unwrap();
    let form = form(&sandbox);
    let content = vec![0; 5 << 20];
    let without = |field: &'static str| {
        move |name: &str, value: &str| (name != field).then(|| value.to_owned())
    };
    let with = |field: &'static str, to: &'static str| {
        move |name: &str, value: &str| Some(if name == field { to } else { value }.to_owned())
    };
    for ((headers, body), expected) in [
        (post(&form, &content, without("key")), "InvalidArgument"),
        (
            post(&form, &content, without("X-Amz-Credential")),
            "AccessDenied",
        ),
        (post(&form, &content, without("Policy")), "InvalidArgument"),
        (
            post(&form, &content, with("X-Amz-Signature", "00")),
            "SignatureDoesNotMatch",
        ),
        (
            post(&form, &content, with("Policy", "e30=")),
            "SignatureDoesNotMatch",
        ),
        (
            post(&form, &content, with("key", "elsewhere")),
            "AccessDenied",
        ),
    ] {
        let mut connection = Connection::open(&sandbox, &post_start(), &headers);
        // All fields and the headers of the file.
        let fields = body.len() - content.len() - 200;
        connection.send(&body[..fields]);
        connection.send(&body[fields..fields + 200]);
        let (_, response) = connection.response();
        assert!(
            response.contains(&format!("<Code>{expected}</Code>")),
            "{response}"
        );
    }
    assert!(sandbox.keys().is_empty());
}

#[test]
fn invalid_head_is_rejected_before_the_body_is_sent() {
    let sandbox = Sandbox::start().unwrap();
    let form_type = "Content-Type: multipart/form-data; boundary=b\r\n";
    let (api, key) = ("POST /api/rest/v1/init-image", sandbox.api_key());
    let long = format!("GET /{}", "a".repeat(5000));
    for (start, headers, status, expected) in [
        (
            post_start(),
            format!("{form_type}Content-Length: 1000000000\r\n"),
            400,
            "EntityTooLarge",
        ),
        (
            post_start(),
            format!("{form_type}Content-Length: {}\r\n", u64::MAX),
            400,
            "EntityTooLarge",
        ),
        (post_start(), form_type.into(), 411, "MissingContentLength"),
        (
            post_start(),
            format!("{form_type}Transfer-Encoding: chunked\r\n"),
            411,
            "MissingContentLength",
        ),
        (
            post_start(),
            "Content-Length: 1000\r\n".into(),
            412,
            "PreconditionFailed",
        ),
        (
            post_start(),
            format!("{form_type}Content-Length: +5\r\n"),
            400,
            "not one number",
        ),
        (
            post_start(),
            format!("{form_type}Content-Length: 5\r\nContent-Length: 5\r\n"),
            400,
            "not one number",
        ),
        (
            api.into(),
            "Content-Length: 1000\r\n".into(),
            500,
            "authorization hook",
        ),
        (
            api.into(),
            format!("Authorization: Bearer {key}\r\nContent-Length: 1048577\r\n"),
            413,
            "more than 1048576",
        ),
        (
            api.into(),
            format!("Authorization: Bearer {key}\r\nTransfer-Encoding: chunked\r\n"),
            411,
            "Content-Length",
        ),
        (long, String::new(), 414, "4096"),
    ] {
        // A client that waits for `100 Continue` gets the error instead.
        for expect in ["", "Expect: 100-continue\r\n"] {
            let connection = Connection::open(&sandbox, &start, &format!("{headers}{expect}"));
            let (found, response) = connection.response();
            assert_eq!(found, status, "{headers}{expect}: {response}");
            assert!(response.contains(expected), "{headers}{expect}: {response}");
        }
    }
}

#[test]
fn client_that_waits_for_continue_receives_it() {
    let sandbox = Sandbox::start().unwrap();
    let (headers, body) = post(&form(&sandbox), b"content", unchanged);
    let mut connection = Connection::open(
        &sandbox,
        &post_start(),
        &format!("{headers}Expect: 100-continue\r\n"),
    );
    let mut line = String::new();
    connection.0.read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 100 Continue\r\n");
    connection.send(&body);
    let mut rest = String::new();
    connection.0.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("\r\nHTTP/1.1 204 "), "{rest}");
    assert_eq!(sandbox.keys().len(), 1);
}

#[test]
fn response_to_head_has_no_body() {
    let sandbox = Sandbox::start().unwrap();
    for path in ["/", "/unknown", "/api/rest/v1/me"] {
        let (_, head) = Connection::open(&sandbox, &format!("HEAD {path}"), "").response();
        assert!(head.ends_with("\r\n\r\n"), "{head}");
        assert!(!head.contains("Content-Length: 0\r\n"), "{head}");
    }
}

#[test]
fn truncated_body_is_not_stored() {
    let sandbox = Sandbox::start().unwrap();
    let (headers, body) = post(&form(&sandbox), b"content", unchanged);
    // The body ends in the fields, in the file, in its boundary, or after it.
    for missing in [body.len() - 100, 60, 10, 4, 2, 1] {
        let mut connection = Connection::open(&sandbox, &post_start(), &headers);
        connection.send(&body[..body.len() - missing]);
        connection.0.get_ref().shutdown(Shutdown::Write).unwrap();
        let (status, response) = connection.response();
        assert_eq!(status, 400, "{missing}: {response}");
        assert!(sandbox.keys().is_empty(), "{missing}");
    }
    let mut connection = Connection::open(&sandbox, &post_start(), &headers);
    connection.send(&body);
    assert_eq!(connection.response().0, 204);
    assert_eq!(sandbox.keys().len(), 1);
}

#[test]
fn file_sent_in_pieces_of_any_size_is_stored() {
    let sandbox = Sandbox::start().unwrap();
    // Line breaks and the start of a boundary, at every position of a piece.
    let content: Vec<u8> = b"\r\n--imgpost-\r\n\r\r\n--".repeat(40);
    for size in [1, 7, 50, 1000] {
        let form = form(&sandbox);
        let (headers, body) = post(&form, &content, unchanged);
        let mut connection = Connection::open(&sandbox, &post_start(), &headers);
        connection.0.get_ref().set_nodelay(true).unwrap();
        body.chunks(size).for_each(|piece| connection.send(piece));
        assert_eq!(connection.response().0, 204);
        assert_eq!(sandbox.stored(form.key().unwrap()).unwrap().bytes, content);
    }
}

#[test]
fn only_requests_for_the_loopback_interface_are_accepted() {
    let fault = Fault::s3_error(503, "SlowDown");
    let sandbox = Sandbox::start().unwrap().with_fault(fault);
    let host = host(&sandbox);
    let (_, port) = host.split_once(':').unwrap();
    for name in [
        &host,
        &format!("localhost:{port}"),
        &format!("[::1]:{port}"),
    ] {
        let connection = Connection::open_for(&sandbox, "GET /", &format!("Host: {name}\r\n"));
        assert_eq!(connection.response().0, 200, "{name}");
    }
    let before = sandbox.requests().len();
    let starts = ["GET /".into(), post_start(), "GET /api/rest/v1/me".into()];
    for start in &starts {
        let headers = format!("Host: attacker.example:{port}\r\nContent-Length: 0\r\n");
        let (status, response) = Connection::open_for(&sandbox, start, &headers).response();
        assert_eq!(status, 421, "{response}");
        assert!(
            response.contains(&format!("localhost:{port}")),
            "{response}"
        );
        assert!(!response.contains("<html"), "{response}");
        let (status, response) = Connection::open_for(&sandbox, start, "").response();
        assert_eq!(status, 400, "{response}");
        assert!(response.contains("Host header"), "{response}");
    }
    // The rejected requests are listed, and do not use up the fault.
    let requests = sandbox.requests();
    assert_eq!(requests.len(), before + 2 * starts.len());
    assert_eq!(requests.last().unwrap().status, Some(400));
    let uploaded = sandbox
        .client()
        .unwrap()
        .upload_init_image(&image(0))
        .unwrap();
    assert_eq!(uploaded.receipt.attempts, 2);
}

#[test]
fn sandbox_stops_while_connections_are_open() {
    let sandbox = Sandbox::start()
        .unwrap()
        .with_fault(Fault::Stall(Duration::from_secs(3600)));
    let idle: Vec<_> = (0..20)
        .map(|_| TcpStream::connect(host(&sandbox)).unwrap())
        .collect();
    let (headers, body) = post(&form(&sandbox), b"content", unchanged);
    let mut stalled = Connection::open(&sandbox, &post_start(), &headers);
    stalled.send(&body);
    let address = host(&sandbox);
    drop(sandbox);
    assert!(TcpStream::connect(address).is_err());
    drop((idle, stalled));
}
