//! Promise: an upload reports its progress, can be cancelled at any time, times out if no data flows, reads a raw file
//! again for every attempt, and renews an expired form.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imgpost::leonardo::{self, Client};
use imgpost::sandbox::{Fault, Sandbox};
use imgpost::transport::{
    Request, Response, Transport, TransportError, TransportErrorKind, UreqTransport,
};
use imgpost::{CancelToken, Error, FileOperation, PresignedPost, PresignedPut, Uploader};

use crate::support::faults::{FaultServer, Step, form, image, respond};
use crate::support::secrets::log_lines;
use crate::support::{at_once, fixture};

fn uploader() -> Uploader {
    Uploader::default()
        .retries(3)
        .timeout(Duration::from_secs(20))
}

#[test]
fn progress_is_reported_to_the_last_byte_of_every_attempt() {
    let server = FaultServer::start(vec![Step::CloseInBody(50)]);
    let reports = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&reports);
    let uploader = uploader().on_progress(move |progress| {
        writer.lock().unwrap().push(progress);
        ControlFlow::Continue(())
    });
    let receipt = uploader
        .upload(&form(&server.url, Duration::from_secs(60)), &image())
        .unwrap();
    let reports = reports.lock().unwrap();
    let last = reports.last().unwrap();
    assert_eq!((receipt.attempts, last.attempt), (2, 2));
    assert_eq!(last.sent, last.total);
    assert_eq!(last.total, server.stored()[0].len() as u64);
    assert!(reports.is_sorted_by_key(|progress| (progress.attempt, progress.sent)));
}

#[test]
fn bytes_are_uploaded_with_their_name_and_content_type() {
    let server = FaultServer::start(vec![]);
    let form = PresignedPost::new(&server.url, [("key".into(), "a/${filename}".into())]).unwrap();
    let bytes = b"a,b\n1,2\n";
    let receipt = uploader()
        .upload_bytes(&form, bytes, "t\u{e4}ble.csv", Some("text/csv"))
        .unwrap();
    assert_eq!(receipt.bytes, bytes.len() as u64);
    assert_eq!(receipt.key.as_deref(), Some("a/t_ble.csv"));
    let stored = String::from_utf8(server.stored()[0].clone()).unwrap();
    let part = "filename=\"t_ble.csv\"\r\nContent-Type: text/csv\r\n\r\na,b\n1,2\n\r\n--";
    assert!(stored.contains(part), "{stored}");
    let form = PresignedPost::new(&server.url, [("key".into(), "k".into())]).unwrap();
    uploader()
        .upload_bytes(&form, bytes, "secret.csv", None)
        .unwrap();
    let stored = String::from_utf8(server.stored()[1].clone()).unwrap();
    assert!(stored.contains("Content-Type: text/csv"), "{stored}");
    assert!(!stored.contains("secret"), "{stored}");
    uploader().upload_bytes(&form, bytes, "", None).unwrap();
    let stored = String::from_utf8(server.stored()[2].clone()).unwrap();
    assert!(stored.contains("application/octet-stream"), "{stored}");
}

/// A form with this field `Content-Type`, if any, and a condition for it.
fn form_for_types(url: &str, field: Option<&str>) -> PresignedPost {
    let policy = r#"{"expiration":"2999-01-01T00:00:00Z","conditions":[
        {"key":"k"},["starts-with","$Content-Type","image/"]]}"#;
    let fields = [("key", "k"), ("policy", &STANDARD.encode(policy))];
    let content_type = field.map(|value| ("Content-Type", value));
    let fields = fields.into_iter().chain(content_type);
    PresignedPost::new(url, fields.map(|(n, v)| (n.to_owned(), v.to_owned()))).unwrap()
}

#[test]
fn raw_file_without_a_type_is_sent_with_its_own() {
    let server = FaultServer::start(vec![]);
    let photo = fixture("images/gray.jpg");
    let bytes = std::fs::read(&photo).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let unnamed = folder.path().join("photo");
    std::fs::copy(&photo, &unnamed).unwrap();
    for (field, sent) in [
        (None, "image/jpeg"),
        (Some("image/"), "image/jpeg"),
        (Some("image/*"), "image/jpeg"),
        // The form says so, and storage accepts nothing else.
        (Some("image/png"), "image/png"),
    ] {
        let form = form_for_types(&server.url, field);
        let uploader = uploader();
        uploader.upload_file(&form, &photo, None).unwrap();
        uploader.upload_file(&form, &unnamed, None).unwrap();
        uploader.upload_bytes(&form, &bytes, "", None).unwrap();
        let stored = server.stored();
        for body in &stored[stored.len() - 3..] {
            let head = String::from_utf8_lossy(body);
            let field = format!("name=\"Content-Type\"\r\n\r\n{sent}\r\n");
            let part = format!("\r\nContent-Type: {sent}\r\n\r\n\u{fffd}");
            assert!(
                head.contains(&field) && head.contains(&part),
                "{sent}: {head}"
            );
        }
    }
    // What is no image is not passed off as one.
    let form = form_for_types(&server.url, None);
    let error = uploader()
        .upload_bytes(&form, b"a,b\n", "t.csv", None)
        .unwrap_err();
    assert!(error.to_string().contains("text/csv"), "{error}");
}

#[test]
fn validation_finds_what_an_upload_would_and_sends_nothing() {
    let server = FaultServer::start(vec![]);
    let uploader = uploader();
    let form = form_for_types(&server.url, None);
    let validated = uploader.validate(&form, &image()).unwrap();
    assert_eq!(validated.bytes, image().bytes().len() as u64);
    assert_eq!(validated.content_type, image().extension().content_type());
    let photo = fixture("images/gray.jpg");
    let validated = uploader.validate_file(&form, &photo, None).unwrap();
    assert_eq!(validated.bytes, std::fs::metadata(&photo).unwrap().len());
    assert_eq!(validated.content_type, "image/jpeg");
    let http = form_for_types("http://minio.example:9000/", None);
    let r2 = form_for_types("https://a.r2.cloudflarestorage.com/", None);
    let checksum = form
        .clone()
        .field("Content-MD5", "kAFQmDzST7DWlj99KOF/cg==")
        .unwrap();
    for (form, words) in [
        (&http, "not https"),
        (&r2, "does not accept POST"),
        (&checksum, "Content-MD5"),
    ] {
        let error = uploader.validate(form, &image()).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(
        uploader
            .clone()
            .allow_http(true)
            .validate(&http, &image())
            .is_ok()
    );
    assert!(
        uploader
            .clone()
            .validate_policy(false)
            .validate(&r2, &image())
            .is_ok()
    );
    let error = uploader
        .validate_bytes(&form, b"a,b", "t.csv", None)
        .unwrap_err();
    assert!(error.to_string().contains("text/csv"), "{error}");
    let missing = uploader
        .validate_file(&form, "missing.jpg", None)
        .unwrap_err();
    assert!(matches!(missing, Error::File(_)), "{missing:?}");
    assert_eq!(server.requests(), 0);
}

/// A transport that reads every body and responds 204.
#[derive(Debug, Default)]
struct Stores(AtomicU32);

impl Transport for Stores {
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let (reader, _) = request.body.unwrap();
        std::io::copy(reader, &mut std::io::sink()).unwrap();
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Response::new(204, ""))
    }
}

#[test]
fn plain_http_to_another_machine_is_rejected_unless_allowed() {
    let storage = Arc::new(Stores::default());
    let uploader = Uploader::new(Arc::clone(&storage) as _);
    let form = |url: &str| form(url, Duration::from_secs(60));
    let minio = form("http://minio.example:9000/bucket");
    let error = uploader.upload(&minio, &image()).unwrap_err();
    assert!(matches!(error, Error::PresignedPost(_)), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("minio.example:9000"), "{message}");
    assert_eq!(storage.0.load(Ordering::Relaxed), 0);
    log_lines();
    uploader
        .clone()
        .allow_http(true)
        .upload(&minio, &image())
        .unwrap();
    let warned = log_lines();
    let is_warning = |line: &&String| line.starts_with("WARN") && line.contains("plain http");
    let warnings: Vec<_> = warned.iter().filter(is_warning).collect();
    assert!(
        warnings
            .iter()
            .any(|line| line.contains("minio.example:9000")),
        "{warnings:?}"
    );
    uploader
        .upload(&form("http://minio.localhost:9000/bucket"), &image())
        .unwrap();
    assert_eq!(storage.0.load(Ordering::Relaxed), 2);
}

/// A storage whose clock is an hour behind this machine's.
#[derive(Debug, Default)]
struct SlowClock(AtomicU32);

impl Transport for SlowClock {
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let time = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
        let date = time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        if let Some((reader, _)) = request.body {
            std::io::copy(reader, &mut std::io::sink()).unwrap();
            self.0.fetch_add(1, Ordering::Relaxed);
        } else {
            assert_eq!(request.url, "https://storage.example/");
            assert!(request.headers.is_empty());
        }
        Ok(Response::new(204, "").with_header("date", date))
    }
}

#[test]
fn form_that_seems_expired_because_of_clock_skew_is_uploaded() {
    let storage = Arc::new(SlowClock::default());
    let uploader = Uploader::new(Arc::clone(&storage) as _);
    let expired_by = |seconds: i64| {
        let time = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(seconds);
        let (date, url) = (time.strftime("%Y%m%dT%H%M%SZ"), "https://storage.example/k");
        let query = format!("X-Amz-Date={date}&X-Amz-Expires=0&X-Amz-Signature=SECRET");
        PresignedPut::new(format!("{url}?{query}"), []).unwrap()
    };
    uploader.upload(&expired_by(1800), &image()).unwrap();
    assert_eq!(storage.0.load(Ordering::Relaxed), 1);
    let error = uploader
        .upload(&expired_by(2 * 3600), &image())
        .unwrap_err();
    assert!(error.is_expired(), "{error:?}");
    assert_eq!(storage.0.load(Ordering::Relaxed), 1);
}

#[test]
fn subdomains_of_localhost_resolve_to_the_loopback_interface() {
    let server = FaultServer::start(vec![]);
    let url = server.url.replace("127.0.0.1", "bucket.localhost");
    assert_ne!(url, server.url);
    uploader()
        .upload(&form(&url, Duration::from_secs(60)), &image())
        .unwrap();
    assert_eq!(server.stored().len(), 1);
}

#[test]
fn callback_cancels_an_upload_while_data_flows() {
    let server = FaultServer::start(vec![]);
    let uploader = uploader().on_progress(|progress| match progress.sent {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    });
    let error = uploader
        .upload(&form(&server.url, Duration::from_secs(60)), &image())
        .unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error:?}");
    assert!(server.stored().is_empty());
}

#[test]
fn token_cancels_an_upload_that_waits_for_its_next_attempt() {
    let busy = respond("503 E", "Retry-After: 50\r\n", "");
    let server = FaultServer::start(vec![busy]);
    let token = CancelToken::new();
    let uploader = uploader().cancel_token(&token);
    let form = form(&server.url, Duration::from_secs(100));
    let image = image();
    let thread = std::thread::spawn(move || uploader.upload(&form, &image));
    while server.requests() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    // Wait until the response has arrived and the pause has started.
    std::thread::sleep(Duration::from_millis(300));
    let started = Instant::now();
    token.cancel();
    assert!(matches!(thread.join().unwrap(), Err(Error::Cancelled)));
    println!("ended after {:?}", started.elapsed());
    assert_eq!(server.requests(), 1);
}

/// More than the buffers of a connection hold, so that sending stalls too.
const LARGE: usize = 50_000_000;

#[test]
fn stalled_connection_ends_with_the_idle_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    std::fs::write(&path, vec![7; LARGE]).unwrap();
    let stall = Duration::from_secs(60);
    let idle = Duration::from_millis(300);
    let times_out = |step: Step| {
        let server = FaultServer::start(vec![step.clone()]);
        let form = form(&server.url, Duration::from_secs(50));
        let uploader = Uploader::default().retries(0).idle_timeout(idle);
        let error = uploader.upload_file(&form, &path, None).unwrap_err();
        let Error::Transport(error) = error else {
            panic!("{step:?}: {error:?}")
        };
        assert_eq!(error.kind(), TransportErrorKind::Timeout, "{step:?}");
    };
    // A transfer that takes longer but keeps moving does not time out.
    let moves = || {
        let server = FaultServer::start(vec![Step::ReadSlowly(Duration::from_millis(20))]);
        let idle = Duration::from_secs(1);
        let started = Instant::now();
        let form = form(&server.url, Duration::from_secs(50));
        let uploader = Uploader::default().retries(0).idle_timeout(idle);
        uploader.upload_file(&form, &path, None).unwrap();
        assert!(started.elapsed() > idle, "{:?}", started.elapsed());
    };
    at_once([
        &|| times_out(Step::StallOnAccept(stall)),
        &|| times_out(Step::StallInBody(10, stall)),
        &|| times_out(Step::StallBeforeResponse(stall)),
        &moves,
    ]);
}

#[test]
fn token_cancels_a_stalled_upload() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    std::fs::write(&path, vec![7; LARGE]).unwrap();
    let stall = Duration::from_secs(60);
    let uploader = uploader();
    for step in [
        Step::StallOnAccept(stall),
        Step::StallInBody(10, stall),
        Step::StallBeforeResponse(stall),
    ] {
        let server = FaultServer::start(vec![step.clone()]);
        let token = CancelToken::new();
        let cancelled = uploader.clone().cancel_token(&token);
        let (form, path) = (form(&server.url, stall), path.clone());
        let thread = std::thread::spawn(move || cancelled.upload_file(&form, path, None));
        while server.requests() == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        // Wait until the buffers are full.
        std::thread::sleep(Duration::from_millis(300));
        let started = Instant::now();
        token.cancel();
        let ended = thread.join().unwrap();
        assert!(
            matches!(ended, Err(Error::Cancelled)),
            "{step:?}: {ended:?}"
        );
        println!("{step:?}: ended after {:?}", started.elapsed());
        assert!(server.stored().is_empty());
    }
    // The uploader still works afterwards.
    let server = FaultServer::start(vec![]);
    uploader
        .upload(&form(&server.url, stall), &image())
        .unwrap();
}

/// An API that issues forms, and a storage that accepts everything.
#[derive(Debug)]
struct FormIssuer {
    /// The validity of each form.
    validities: Mutex<VecDeque<Duration>>,
    /// If not zero, the storage rejects the first post with this `Retry-After`.
    busy: Duration,
    posts: Mutex<usize>,
}

impl Transport for FormIssuer {
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let mut body = String::new();
        if !request.url.ends_with("/v1/init-image") {
            let (reader, _) = request.body.unwrap();
            std::io::copy(reader, &mut std::io::sink()).unwrap();
            let mut posts = self.posts.lock().unwrap();
            *posts += 1;
            let is_busy = *posts == 1 && !self.busy.is_zero();
            let busy = self.busy.as_secs().to_string();
            let status = if is_busy { 503 } else { 204 };
            return Ok(Response::new(status, "").with_header("retry-after", busy));
        }
        let mut validities = self.validities.lock().unwrap();
        let left = validities.len();
        let form = form("http://127.0.0.1/", validities.pop_front().unwrap());
        for (name, value) in form.fields() {
            body += &format!(",\\\"{name}\\\":\\\"{value}\\\"");
        }
        let fields = body.strip_prefix(',').unwrap();
        let response = format!(
            r#"{{"uploadInitImage":{{"id":"id-{left}","fields":"{{{fields}}}","key":"k","url":"http://127.0.0.1/"}}}}"#
        );
        Ok(Response::new(200, response))
    }
}

/// Uploads with forms of these validities. Returns the id and whether the form was renewed, or the error; and the
/// number of posts.
fn upload_with(
    validities: &[Duration],
    busy: Duration,
) -> (Result<(String, bool), leonardo::Error>, usize) {
    let transport = Arc::new(FormIssuer {
        validities: Mutex::new(validities.iter().copied().collect()),
        busy,
        posts: Mutex::new(0),
    });
    let builder = Client::builder("key").transport(transport.clone());
    let uploaded = builder.build().unwrap().upload_init_image(&image());
    let posts = *transport.posts.lock().unwrap();
    let result = uploaded.map(|uploaded| {
        let json = serde_json::to_value(&uploaded.receipt).unwrap();
        assert_eq!(json["form_renewed"], uploaded.receipt.form_renewed);
        assert!(json["elapsed"].is_f64());
        (uploaded.id, uploaded.receipt.form_renewed)
    });
    (result, posts)
}

#[test]
fn expired_form_is_renewed_once_and_the_receipt_reports_it() {
    let (expired, minute, at_once) = (Duration::ZERO, Duration::from_secs(60), Duration::ZERO);
    let (result, posts) = upload_with(&[minute], at_once);
    assert_eq!((result.unwrap(), posts), (("id-1".into(), false), 1));
    let (result, posts) = upload_with(&[expired, minute], at_once);
    assert_eq!((result.unwrap(), posts), (("id-1".into(), true), 1));
    let (result, posts) = upload_with(&[expired, expired, minute], at_once);
    assert!(result.unwrap_err().is_expired());
    assert_eq!(posts, 0);
}

#[test]
fn form_that_has_expired_for_the_storage_is_renewed_once() {
    let responses = [
        "<Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message>",
        "<Code>InvalidRequest</Code><Message>Bad request: Expiration date is in the past</Message>",
        "<Code>ExpiredToken</Code><Message>The provided token has expired.</Message>\
         <Details>Request has expired: 1606000000</Details>",
    ];
    let expired = |elements: &str| Fault::Respond {
        status: 403,
        headers: vec![],
        body: format!("<Error>{elements}</Error>"),
    };
    for elements in responses {
        let sandbox = Sandbox::start().unwrap().with_fault(expired(elements));
        let client = sandbox.client().unwrap();
        let uploaded = client.upload_init_image(&image()).unwrap();
        assert!(uploaded.receipt.form_renewed, "{elements}");
        assert_eq!(sandbox.keys().len(), 1);
    }
    let sandbox = Sandbox::start().unwrap();
    let sandbox = sandbox.with_fault(expired(responses[0]));
    let sandbox = sandbox.with_fault(expired(responses[0]));
    let error = sandbox.client().unwrap().upload_init_image(&image());
    assert!(error.unwrap_err().is_expired());
    assert!(sandbox.keys().is_empty());
}

#[test]
fn upload_is_not_retried_if_retry_after_exceeds_the_validity_of_the_form() {
    let minute = Duration::from_secs(60);
    let (result, posts) = upload_with(&[minute, minute], Duration::from_secs(3600));
    let Err(leonardo::Error::Core(Error::Storage(error))) = result else {
        panic!("{result:?}")
    };
    assert_eq!((error.status, posts), (503, 1));
    assert_eq!(error.retry_after, Some(Duration::from_secs(3600)));
    assert!(error.to_string().contains("asks to wait 3600 s"), "{error}");
}

#[test]
fn upload_that_starts_in_time_may_outlive_its_form() {
    let server = FaultServer::start(vec![Step::ReadSlowly(Duration::from_millis(50))]);
    let image = image();
    // Enough to start even on a busy machine.
    let validity = Duration::from_secs(4);
    let form = form(&server.url, validity);
    let receipt = Uploader::default().upload(&form, &image).unwrap();
    assert!(receipt.elapsed > validity, "{receipt:?}");
    assert_eq!((receipt.attempts, server.stored().len()), (1, 1));
}

#[test]
fn timeouts_of_any_length_are_accepted() {
    let server = FaultServer::start(vec![Step::CloseInBody(50)]);
    let form = form(&server.url, Duration::from_secs(60));
    let transport = UreqTransport::builder().connect_timeout(Duration::MAX);
    let uploader = Uploader::new(Arc::new(transport.build()))
        .timeout(Duration::MAX)
        .idle_timeout(Duration::from_secs(u64::MAX));
    assert_eq!(uploader.upload(&form, &image()).unwrap().attempts, 2);
}

#[test]
fn unknown_host_is_distinguished_from_one_that_does_not_respond() {
    let form = form("https://storage.invalid/", Duration::from_secs(60));
    let uploader = Uploader::default().retries(0);
    let Err(Error::Transport(error)) = uploader.upload(&form, &image()) else {
        panic!("uploading to an unknown host must fail")
    };
    assert_eq!(error.kind(), TransportErrorKind::Resolve);
    assert!(error.is_unsent());
}

/// The backlog of the server is full, so the operating system leaves further connections waiting.
#[cfg(target_os = "linux")]
#[test]
fn token_cancels_an_upload_that_waits_for_a_connection() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let limit = Duration::from_millis(100);
    let waiting: Vec<_> =
        std::iter::from_fn(|| std::net::TcpStream::connect_timeout(&address, limit).ok()).collect();
    let token = CancelToken::new();
    let hour = Duration::from_secs(3600);
    let transport = UreqTransport::builder().connect_timeout(hour).build();
    let uploader = Uploader::new(Arc::new(transport)).cancel_token(&token);
    let form = form(&format!("http://{address}/"), hour);
    let image = image();
    let thread = std::thread::spawn(move || uploader.upload(&form, &image));
    std::thread::sleep(Duration::from_millis(200));
    assert!(!thread.is_finished(), "{} connections", waiting.len());
    token.cancel();
    assert!(matches!(thread.join().unwrap(), Err(Error::Cancelled)));
}

#[test]
fn raw_file_is_read_again_for_every_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let film: Vec<u8> = (0..10_000_000_u32).map(|i| (i % 251) as u8).collect();
    std::fs::write(&path, &film).unwrap();
    let server = FaultServer::start(vec![Step::CloseInBody(50)]);
    let form = form(&server.url, Duration::from_secs(60));
    let receipt = uploader()
        .upload_file(&form, &path, Some("video/mp4"))
        .unwrap();
    assert_eq!((receipt.attempts, receipt.bytes), (2, 10_000_000));
    let stored = server.stored();
    assert_eq!(stored.len(), 1);
    assert!(memchr::memmem::find(&stored[0], &film).is_some());
    assert!(memchr::memmem::find(&stored[0], b"Content-Type: video/mp4").is_some());
}

#[test]
fn unreadable_raw_file_is_named_and_not_retried() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let server = FaultServer::start(vec![]);
    let form = form(&server.url, Duration::from_secs(60));
    for path in [&path, folder.path()] {
        let error = uploader().upload_file(&form, path, None).unwrap_err();
        assert!(
            matches!(&error, Error::File(file) if file.path() == path && file.operation() == FileOperation::Read),
            "{error:?}"
        );
    }
    assert_eq!(server.requests(), 0);
    // The file grows while it is sent.
    std::fs::write(&path, vec![7; 1_000_000]).unwrap();
    let growing = path.clone();
    let grow = move |progress: imgpost::Progress| {
        if (1..progress.total).contains(&progress.sent) {
            std::fs::write(&growing, vec![7; 1_000_001]).unwrap();
        }
        ControlFlow::Continue(())
    };
    let error = uploader()
        .on_progress(grow)
        .upload_file(&form, &path, None)
        .unwrap_err();
    assert!(format!("{error:#}").contains("longer"), "{error:?}");
    assert!(server.stored().is_empty());
}

#[test]
fn success_before_the_whole_body_is_retried() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    std::fs::write(&path, vec![7; 8_000_000]).unwrap();
    let success = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    let server = FaultServer::start(vec![Step::RespondEarly(success.into())]);
    let form = form(&server.url, Duration::from_secs(60));
    let receipt = uploader().upload_file(&form, &path, None).unwrap();
    assert_eq!((receipt.attempts, server.stored().len()), (2, 1));
}
