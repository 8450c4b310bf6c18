//! Promise: an upload tells how far it is, ends when it is told to, gives up where nothing moves, reads a raw file anew
//! for every attempt, and asks for another form where one expired.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use imgpost::leonardo::{self, Client};
use imgpost::transport::{
    Request, Response, Transport, TransportError, TransportErrorKind, UreqTransport,
};
use imgpost::{CancelToken, Error, FileOperation, PresignedPost, PresignedPut, Uploader};

use crate::support::faults::{FaultServer, Step, answer, form, image};

fn uploader() -> Uploader {
    Uploader::default()
        .retries(3)
        .timeout(Duration::from_secs(20))
}

#[test]
fn progress_is_told_to_the_last_byte_of_every_attempt() {
    let server = FaultServer::start(vec![Step::CloseInBody(50)]);
    let told = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&told);
    let uploader = uploader().on_progress(move |progress| {
        writer.lock().unwrap().push(progress);
        ControlFlow::Continue(())
    });
    let receipt = uploader
        .upload(&form(&server.url, Duration::from_secs(60)), &image())
        .unwrap();
    let told = told.lock().unwrap();
    let last = told.last().unwrap();
    assert_eq!((receipt.attempts, last.attempt), (2, 2));
    assert_eq!(last.sent, last.total);
    assert_eq!(last.total, server.stored()[0].len() as u64);
    assert!(told.is_sorted_by_key(|progress| (progress.attempt, progress.sent)));
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
    assert!(stored.contains("application/octet-stream"), "{stored}");
    assert!(!stored.contains("secret"), "{stored}");
}

/// Reads every body and responds with 204.
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
fn plain_http_to_another_machine_has_to_be_allowed() {
    let storage = Arc::new(Stores::default());
    let uploader = Uploader::new(Arc::clone(&storage) as _);
    let form = |url: &str| form(url, Duration::from_secs(60));
    let minio = form("http://minio.example:9000/bucket");
    let error = uploader.upload(&minio, &image()).unwrap_err();
    assert!(matches!(error, Error::PresignedPost(_)), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("minio.example:9000"), "{message}");
    assert_eq!(storage.0.load(Ordering::Relaxed), 0);
    uploader
        .clone()
        .allow_http(true)
        .upload(&minio, &image())
        .unwrap();
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
fn form_that_has_expired_by_a_wrong_clock_only_is_uploaded() {
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
fn names_below_localhost_lead_to_the_loopback_interface() {
    let server = FaultServer::start(vec![]);
    let url = server.url.replace("127.0.0.1", "bucket.localhost");
    assert_ne!(url, server.url);
    uploader()
        .upload(&form(&url, Duration::from_secs(60)), &image())
        .unwrap();
    assert_eq!(server.stored().len(), 1);
}

#[test]
fn a_callback_ends_an_upload_while_data_flows() {
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
fn a_token_ends_an_upload_that_waits_for_its_next_attempt() {
    let busy = answer("503 E", "Retry-After: 50\r\n", "");
    let server = FaultServer::start(vec![busy]);
    let token = CancelToken::new();
    let uploader = uploader().cancel_token(&token);
    let form = form(&server.url, Duration::from_secs(100));
    let image = image();
    let thread = std::thread::spawn(move || uploader.upload(&form, &image));
    while server.requests() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    // Long enough for the answer to arrive, and the pause to begin.
    std::thread::sleep(Duration::from_millis(300));
    let started = Instant::now();
    token.cancel();
    assert!(matches!(thread.join().unwrap(), Err(Error::Cancelled)));
    println!("ended after {:?}", started.elapsed());
    assert_eq!(server.requests(), 1);
}

/// More than the buffers of a connection take, so that sending stalls too.
const LARGE: usize = 50_000_000;

#[test]
fn a_connection_on_which_nothing_moves_ends_with_the_idle_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    std::fs::write(&path, vec![7; LARGE]).unwrap();
    let stall = Duration::from_secs(60);
    let idle = Duration::from_millis(300);
    for step in [
        Step::StallOnAccept(stall),
        Step::StallInBody(10, stall),
        Step::StallBeforeResponse(stall),
    ] {
        let server = FaultServer::start(vec![step.clone()]);
        let form = form(&server.url, Duration::from_secs(50));
        let uploader = Uploader::default().retries(0).idle_timeout(idle);
        let error = uploader.upload_file(&form, &path, None).unwrap_err();
        let Error::Transport(error) = error else {
            panic!("{step:?}: {error:?}")
        };
        assert_eq!(error.kind(), TransportErrorKind::Timeout, "{step:?}");
    }
    // What takes longer in all, and moves all the time, is no reason to give up.
    let server = FaultServer::start(vec![Step::ReadSlowly(Duration::from_millis(20))]);
    let idle = Duration::from_secs(1);
    let started = Instant::now();
    let form = form(&server.url, Duration::from_secs(50));
    let uploader = Uploader::default().retries(0).idle_timeout(idle);
    uploader.upload_file(&form, &path, None).unwrap();
    assert!(started.elapsed() > idle, "{:?}", started.elapsed());
}

#[test]
fn a_token_ends_an_upload_while_nothing_moves() {
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
        // Long enough for the buffers to fill.
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
    // The same connections serve what comes after.
    let server = FaultServer::start(vec![]);
    uploader
        .upload(&form(&server.url, stall), &image())
        .unwrap();
}

/// An API that hands out forms which live for so long, one after the other, and a storage that takes everything, or is
/// busy for so long at first.
#[derive(Debug)]
struct FormGiver {
    lives: Mutex<VecDeque<Duration>>,
    busy: Duration,
    posts: Mutex<usize>,
}

impl Transport for FormGiver {
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
        let mut lives = self.lives.lock().unwrap();
        let left = lives.len();
        let form = form("http://127.0.0.1/", lives.pop_front().unwrap());
        for (name, value) in form.fields() {
            body += &format!(",\\\"{name}\\\":\\\"{value}\\\"");
        }
        let fields = body.strip_prefix(',').unwrap();
        let answer = format!(
            r#"{{"uploadInitImage":{{"id":"id-{left}","fields":"{{{fields}}}","key":"k","url":"http://127.0.0.1/"}}}}"#
        );
        Ok(Response::new(200, answer))
    }
}

/// The id and whether it was signed anew, or none when the form has expired; and how many posts it took.
fn upload_with(
    lives: &[Duration],
    busy: Duration,
) -> (Result<(String, bool), leonardo::Error>, usize) {
    let transport = Arc::new(FormGiver {
        lives: Mutex::new(lives.iter().copied().collect()),
        busy,
        posts: Mutex::new(0),
    });
    let builder = Client::builder("key").transport(transport.clone());
    let uploaded = builder.build().unwrap().upload_init_image(&image());
    let posts = *transport.posts.lock().unwrap();
    let told = uploaded.map(|uploaded| {
        let json = serde_json::to_value(&uploaded.receipt).unwrap();
        assert_eq!(json["form_renewed"], uploaded.receipt.form_renewed);
        assert!(json["elapsed"].is_f64());
        (uploaded.id, uploaded.receipt.form_renewed)
    });
    (told, posts)
}

#[test]
fn a_form_that_expired_is_replaced_once_and_the_receipt_says_so() {
    let (gone, minute, at_once) = (Duration::ZERO, Duration::from_secs(60), Duration::ZERO);
    let (told, posts) = upload_with(&[minute], at_once);
    assert_eq!((told.unwrap(), posts), (("id-1".into(), false), 1));
    let (told, posts) = upload_with(&[gone, minute], at_once);
    assert_eq!((told.unwrap(), posts), (("id-1".into(), true), 1));
    let (told, posts) = upload_with(&[gone, gone, minute], at_once);
    assert!(told.unwrap_err().is_expired());
    assert_eq!(posts, 0);
}

#[test]
fn a_storage_that_asks_to_wait_beyond_the_form_s_life_is_not_asked_again() {
    let minute = Duration::from_secs(60);
    let (told, posts) = upload_with(&[minute, minute], Duration::from_secs(3600));
    let Err(leonardo::Error::Core(Error::Storage(error))) = told else {
        panic!("{told:?}")
    };
    assert_eq!((error.status, posts), (503, 1));
    assert_eq!(error.retry_after, Some(Duration::from_secs(3600)));
    assert!(error.to_string().contains("asks to wait 3600 s"), "{error}");
}

#[test]
fn an_upload_that_started_in_time_may_outlive_its_form() {
    let server = FaultServer::start(vec![Step::ReadSlowly(Duration::from_millis(30))]);
    let form = form(&server.url, Duration::from_secs(2));
    let receipt = Uploader::default().upload(&form, &image()).unwrap();
    assert!(receipt.elapsed > Duration::from_secs(2), "{receipt:?}");
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
fn a_host_that_is_not_known_is_told_from_one_that_does_not_respond() {
    let form = form("https://storage.invalid/", Duration::from_secs(60));
    let uploader = Uploader::default().retries(0);
    let Err(Error::Transport(error)) = uploader.upload(&form, &image()) else {
        panic!("there is no such host")
    };
    assert_eq!(error.kind(), TransportErrorKind::Resolve);
    assert!(error.is_unsent());
}

/// A server that accepts no more connections: the operating system leaves further ones waiting.
#[cfg(target_os = "linux")]
#[test]
fn a_token_ends_an_upload_that_waits_for_a_connection() {
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
fn a_raw_file_is_read_again_for_every_attempt() {
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
fn a_raw_file_that_cannot_be_read_is_told_by_its_name_and_tried_once() {
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
    // It grows while it is sent.
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
fn a_success_before_the_whole_body_is_retried() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    std::fs::write(&path, vec![7; 8_000_000]).unwrap();
    let success = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    let server = FaultServer::start(vec![Step::RespondEarly(success.into())]);
    let form = form(&server.url, Duration::from_secs(60));
    let receipt = uploader().upload_file(&form, &path, None).unwrap();
    assert_eq!((receipt.attempts, server.stored().len()), (2, 1));
}
