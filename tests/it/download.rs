//! Promise: a download is a complete image or video within the size limit; otherwise the target file stays unchanged
//! and no other file is left behind.

use std::path::Path;
use std::time::Duration;

use imgpost::leonardo::{Client, DownloadError, Error};
use imgpost::{CancelToken, FileOperation};

use crate::support::faults::{FaultServer, Step};
use crate::support::{capture_one, fixture, names};

const KEY: &str = "SECRET-API-KEY";

fn client() -> Client {
    let builder = Client::builder(KEY).max_download_bytes(100_000);
    builder.retries(0).build().unwrap()
}

fn response(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.into_bytes(), body.to_vec()].concat()
}

fn image_bytes() -> Vec<u8> {
    std::fs::read(fixture("tiny/rgb.png")).unwrap()
}

#[test]
fn image_is_written_and_the_key_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let (url, server) = capture_one(response("200 OK", &image_bytes()));
    let downloaded = client()
        .download(&format!("{url}/a.png?b=c"), &path)
        .unwrap();
    let captured = server.join().unwrap();
    assert!(
        captured.head.starts_with("GET /a.png?b=c HTTP/1.1\r\n"),
        "{}",
        captured.head
    );
    assert!(!captured.head.contains(KEY) && captured.header("authorization").is_none());
    assert_eq!(std::fs::read(&path).unwrap(), image_bytes());
    assert_eq!(
        (downloaded.bytes, downloaded.content_type),
        (image_bytes().len() as u64, "image/png")
    );
    assert_eq!(names(folder.path()), ["a.png"]);
}

#[test]
fn failed_download_leaves_the_existing_file_unchanged() {
    let large = [image_bytes(), vec![0; 100_000]].concat();
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n\x89PNG\r\n\x1A\n".to_vec();
    let chunked =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n\x89PNG\r\n\x1A\n\r\n".to_vec();
    let too_large = DownloadError::TooLarge { max_bytes: 100_000 };
    for (response, expected) in [
        (
            response("404 Not Found", b"<html>"),
            Some(DownloadError::Status(404)),
        ),
        (
            response("500 Error", &image_bytes()),
            Some(DownloadError::Status(500)),
        ),
        (
            response("206 Partial Content", &image_bytes()),
            Some(DownloadError::Status(206)),
        ),
        (
            response("204 No Content", b""),
            Some(DownloadError::Status(204)),
        ),
        (
            response("200 OK", b"<html>expired</html>"),
            Some(DownloadError::ContentType),
        ),
        (response("200 OK", b""), Some(DownloadError::ContentType)),
        (response("200 OK", &large), Some(too_large)),
        (
            response("302 Found\r\nLocation: http://example.com/a.png", b""),
            Some(DownloadError::Url),
        ),
        (response("302 Found", b""), Some(DownloadError::Status(302))),
        (short, None),
        (chunked, None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        std::fs::write(&path, "before").unwrap();
        let (url, server) = capture_one(response.clone());
        let error = client().download(&url, &path).unwrap_err();
        server.join().unwrap();
        match (&error, &expected) {
            (Error::Download(error), Some(expected)) => assert_eq!(error, expected),
            (error, None) if error.transport().is_some() => {}
            other => panic!("{other:?}: {}", String::from_utf8_lossy(&response)),
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"before");
        assert_eq!(names(folder.path()), ["a.png"]);
    }
}

#[test]
fn redirects_are_followed_to_the_image() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let (target, second) = capture_one(response("200 OK", &image_bytes()));
    let moved = format!("302 Found\r\nLocation: {target}/moved.png");
    let (url, first) = capture_one(response(&moved, b"moved"));
    client().download(&url, &path).unwrap();
    first.join().unwrap();
    assert!(second.join().unwrap().head.starts_with("GET /moved.png"));
    assert_eq!(std::fs::read(&path).unwrap(), image_bytes());
}

#[test]
fn relative_redirect_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gif");
    let moved = "HTTP/1.1 302 Found\r\nLocation: /moved\r\nContent-Length: 0\r\n\r\n";
    let gif = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nGIF89a";
    let server = FaultServer::start(vec![Step::Respond(moved.into()), Step::Respond(gif.into())]);
    let client = Client::builder(KEY).build().unwrap();
    client.download(&server.url, &path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"GIF89a");
}

#[test]
fn transient_failures_are_retried() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let gif = Step::Respond("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nGIF89a".into());
    let busy = Step::Respond("HTTP/1.1 503 E\r\nContent-Length: 0\r\n\r\n".into());
    let server = FaultServer::start(vec![busy, Step::CloseOnAccept, gif]);
    let client = Client::builder(KEY).build().unwrap();
    client.download(&server.url, &path).unwrap();
    assert_eq!(
        (server.requests(), std::fs::read(&path).unwrap()),
        (3, b"GIF89a".to_vec())
    );
}

#[test]
fn transient_statuses_are_retried() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::builder(KEY).retries(1).build().unwrap();
    for (status, is_retried) in [
        (408, true),
        (425, true),
        (429, true),
        (502, true),
        (520, true),
        (521, true),
        (522, true),
        (523, true),
        (524, true),
        (404, false),
        (409, false),
        (501, false),
        (525, false),
        (526, false),
    ] {
        let gif = Step::Respond("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nGIF89a".into());
        let first = Step::Respond(format!("HTTP/1.1 {status} E\r\nContent-Length: 0\r\n\r\n"));
        let server = FaultServer::start(vec![first, gif]);
        let downloaded = client.download(&server.url, folder.path().join("a.gif"));
        assert_eq!(downloaded.is_ok(), is_retried, "{status}: {downloaded:?}");
        assert_eq!(server.requests(), 1 + usize::from(is_retried), "{status}");
    }
}

#[test]
fn cancelled_download_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let server = FaultServer::start(vec![Step::StallOnAccept(Duration::from_secs(60))]);
    let token = CancelToken::new();
    let client = Client::builder(KEY).build().unwrap().cancel_token(&token);
    let (url, to) = (server.url.clone(), path.clone());
    let thread = std::thread::spawn(move || client.download(&url, to));
    while server.requests() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    token.cancel();
    assert!(matches!(thread.join().unwrap(), Err(Error::Cancelled)));
    assert!(names(folder.path()).is_empty());
}

/// A response whose body ends with the connection.
fn undelimited(body: &[u8]) -> Vec<u8> {
    [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", body].concat()
}

#[test]
fn truncated_body_without_a_length_is_not_kept() {
    let video = [
        &b"\0\0\0\x10ftypisom\0\0\0\0"[..],
        b"\0\0\0\x08moov",
        b"\0\0\x20\0mdat",
        &[7; 0x2000 - 8],
    ]
    .concat();
    let image = |name: &str| std::fs::read(fixture(name)).unwrap();
    for whole in [
        image("images/gray.jpg"),
        image("tiny/progressive.jpg"),
        image_bytes(),
        image("tiny/lossy.webp"),
        image("tiny/palette.gif"),
        video,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "before").unwrap();
        for length in [20, whole.len() / 2, whole.len() - 1] {
            let (url, server) = capture_one(undelimited(&whole[..length]));
            let error = client().download(&url, &path).unwrap_err();
            server.join().unwrap();
            let is_incomplete = matches!(error, Error::Download(DownloadError::Incomplete));
            assert!(is_incomplete, "{length} of {}: {error}", whole.len());
            assert_eq!(std::fs::read(&path).unwrap(), b"before");
            assert_eq!(names(folder.path()), ["a"]);
        }
        let (url, server) = capture_one(undelimited(&whole));
        client().download(&url, &path).unwrap();
        server.join().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn truncated_body_is_requested_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gif");
    let gif = "GIF89a\x01\0\x01\0\0\0\0";
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    let server = FaultServer::start(vec![
        Step::Respond(format!("{head}{gif}")),
        Step::Respond(format!("{head}{gif};")),
    ]);
    let client = Client::builder(KEY).build().unwrap();
    client.download(&server.url, &path).unwrap();
    assert_eq!(server.requests(), 2);
    assert_eq!(std::fs::read(&path).unwrap(), format!("{gif};").as_bytes());
}

/// With a predictable temporary name, the download would overwrite a user's file of that name.
#[test]
fn files_beside_the_target_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let beside = [".a.png.part", "a.png.part", "a.png.tmp"].map(|name| folder.path().join(name));
    for path in &beside {
        std::fs::write(path, "mine").unwrap();
    }
    let (url, server) = capture_one(response("200 OK", &image_bytes()));
    client().download(&url, &path).unwrap();
    server.join().unwrap();
    for path in beside {
        assert_eq!(std::fs::read(path).unwrap(), b"mine");
    }
    assert_eq!(names(folder.path()).len(), 4);
}

#[test]
fn downloaded_file_gets_the_extension_of_its_type() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "mine").unwrap();
    let (url, server) = capture_one(response("200 OK", &image_bytes()));
    let downloaded = client().download_into(&url, folder.path(), "a").unwrap();
    server.join().unwrap();
    assert_eq!(downloaded.path, folder.path().join("a.png"));
    assert_eq!(names(folder.path()), ["a", "a.png"]);
    for name in ["", "..", ".a", "a/b", "../a", "/a", "c:a"] {
        let error = client().download_into(&url, folder.path(), name);
        assert!(matches!(error, Err(Error::InvalidParameter(_))), "{name:?}");
    }
}

#[cfg(unix)]
#[test]
fn fifo_is_written_to_in_one_attempt() {
    use std::os::unix::fs::FileTypeExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    let created = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(created.unwrap().success());
    // Bytes that a reader has received cannot be taken back.
    let truncated = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nGIF89a......";
    let server = FaultServer::start(vec![Step::Respond(truncated.into())]);
    let client = Client::builder(KEY).build().unwrap();
    let from = path.clone();
    let reader = std::thread::spawn(move || std::fs::read(from).unwrap());
    let error = client.download(&server.url, &path).unwrap_err();
    assert!(error.transport().is_some(), "{error}");
    assert_eq!(server.requests(), 1);
    assert_eq!(reader.join().unwrap(), b"GIF89a......");
    let is_fifo = std::fs::metadata(&path).unwrap().file_type().is_fifo();
    assert!(is_fifo, "the download replaced the FIFO with a file");
}

#[test]
fn missing_folder_is_reported() {
    let (url, _server) = capture_one(response("200 OK", &image_bytes()));
    let error = client().download(&url, "no/such/folder/a.png").unwrap_err();
    let Some(imgpost::Error::File(file)) = error.core() else {
        panic!("{error:?}")
    };
    assert_eq!(file.operation(), FileOperation::Write);
    assert_eq!(file.path(), Path::new("no/such/folder/a.png"));
    let message = format!("{error:#}");
    assert!(
        message.starts_with("cannot write no/such/folder/a.png: "),
        "{message}"
    );
}
