//! Promise: whatever goes wrong on the way, the file is stored whole or not at all, attempts are made where they may
//! help and never past the form's life, and the caller is told what happened.
//!
//! The table is in `tests/faults.md`; the test fails when it is not what comes out.

mod support;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use imgpost::leonardo::Client;
use imgpost::transport::{Request, Response, Transport, TransportError};
use imgpost::{CancelToken, Error, Prepare, PreparedImage, PresignedPost, Uploader};
use support::faults::{FaultServer, Step, answer, s3_error};
use support::fixture;

const RETRIES: u32 = 3;
const TIMEOUT: Duration = Duration::from_millis(1500);
const LONGER: Duration = Duration::from_secs(4);

fn image() -> PreparedImage {
    let prepare = Prepare::default().size(256, 256);
    prepare.open(fixture("images/lighthouse.jpg")).unwrap()
}

/// A form that lives for so long.
fn form(url: &str, life: Duration) -> PresignedPost {
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

fn uploader() -> Uploader {
    Uploader::default().retries(RETRIES).timeout(TIMEOUT)
}

/// What goes wrong, and what the server does about it.
fn faults(elsewhere: &str) -> Vec<(&'static str, Vec<Step>)> {
    let redirect = |to: &str| answer("307 Temporary Redirect", &format!("Location: {to}\r\n"), "");
    let entity = "<!DOCTYPE e [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><Error><Code>&b;</Code></Error>";
    let busy = || answer("503 Service Unavailable", "", "");
    vec![
        ("nothing", vec![]),
        (
            "the connection is closed at once",
            vec![Step::CloseOnAccept],
        ),
        ("closed within the head", vec![Step::CloseInHead(20)]),
        (
            "closed at the first byte of the body",
            vec![Step::CloseInBody(0)],
        ),
        (
            "closed in the middle of the body",
            vec![Step::CloseInBody(50)],
        ),
        (
            "closed before the last bytes of the body",
            vec![Step::CloseInBody(99)],
        ),
        ("closed before the answer", vec![Step::CloseBeforeAnswer]),
        ("stored, and the answer is lost", vec![Step::StoreAndClose]),
        (
            "half a status line",
            vec![Step::Answer("HTTP/1.1 2".into())],
        ),
        (
            "half the headers",
            vec![Step::Answer("HTTP/1.1 204 No Content\r\nETag: \"a".into())],
        ),
        (
            "an answer shorter than its length",
            vec![Step::Answer(
                "HTTP/1.1 500 E\r\nContent-Length: 99\r\n\r\n<Err".into(),
            )],
        ),
        (
            "another protocol",
            vec![Step::Answer("SSH-2.0-OpenSSH_9.2\r\n".into())],
        ),
        ("nothing is read", vec![Step::StallOnAccept(LONGER)]),
        ("nothing is answered", vec![Step::StallBeforeAnswer(LONGER)]),
        (
            "a slow reader",
            vec![Step::ReadSlowly(Duration::from_millis(5))],
        ),
        (
            "500 twice",
            vec![
                s3_error("500 E", "InternalError"),
                s3_error("500 E", "InternalError"),
            ],
        ),
        ("503 SlowDown", vec![s3_error("503 E", "SlowDown")]),
        ("503 without a word", vec![busy()]),
        (
            "400 RequestTimeout",
            vec![s3_error("400 E", "RequestTimeout")],
        ),
        (
            "400 IncompleteBody",
            vec![s3_error("400 E", "IncompleteBody")],
        ),
        (
            "429 with Retry-After",
            vec![answer("429 E", "Retry-After: 1\r\n", "")],
        ),
        (
            "503 with a Retry-After beyond the form's life",
            vec![answer("503 E", "Retry-After: 500\r\n", "")],
        ),
        (
            "502 with a page of a proxy",
            vec![answer(
                "502 E",
                "",
                "<html><title>Bad Gateway</title></html>",
            )],
        ),
        (
            "500 with entities in its XML",
            vec![answer("500 E", "", entity)],
        ),
        (
            "500 with broken XML",
            vec![answer("500 E", "", "<Error><Code>Inter")],
        ),
        ("503 for ever", vec![busy(), busy(), busy(), busy(), busy()]),
        ("403 AccessDenied", vec![s3_error("403 E", "AccessDenied")]),
        (
            "403 SignatureDoesNotMatch",
            vec![s3_error("403 E", "SignatureDoesNotMatch")],
        ),
        (
            "400 EntityTooLarge",
            vec![s3_error("400 E", "EntityTooLarge")],
        ),
        (
            "403 with 10 MB of text",
            vec![answer("403 E", "", &"x".repeat(10_000_000))],
        ),
        ("307 to another address", vec![redirect(elsewhere)]),
        (
            "307 to an address without TLS",
            vec![redirect("http://storage.example.com/")],
        ),
        (
            "301 to another address",
            vec![answer("301 E", &format!("Location: {elsewhere}\r\n"), "")],
        ),
        (
            "303, as the form may ask for",
            vec![answer(
                "303 See Other",
                "Location: http://127.0.0.1/done\r\n",
                "",
            )],
        ),
    ]
}

fn outcome(result: Result<imgpost::Receipt, Error>) -> String {
    match result {
        Ok(receipt) if receipt.attempts == 1 => "success".into(),
        Ok(receipt) => format!("success at attempt {}", receipt.attempts),
        Err(error) => {
            let told = format!("{error} {error:?}");
            assert!(!told.contains("SECRET") && told.len() < 2000, "{told}");
            match error {
                Error::Storage(error) => match &error.code {
                    Some(code) => format!("error {} {code}", error.status),
                    None => format!("error {}", error.status),
                },
                other => format!("error: {other}"),
            }
        }
    }
}

#[test]
fn every_fault_ends_as_the_table_says() {
    let elsewhere = FaultServer::start(vec![]);
    let image = image();
    let faults = faults(&elsewhere.url);
    assert!(faults.len() >= 25);
    let rows = Mutex::new(vec![String::new(); faults.len()]);
    std::thread::scope(|scope| {
        for (number, (fault, steps)) in faults.into_iter().enumerate() {
            let (image, rows, elsewhere) = (&image, &rows, &elsewhere);
            scope.spawn(move || {
                let server = FaultServer::start(steps);
                let started = Instant::now();
                let life = Duration::from_secs(60);
                let result = uploader().upload(&form(&server.url, life), image);
                let elapsed = started.elapsed();
                let mut stored = server.stored();
                if fault == "307 to another address" {
                    stored.extend(elsewhere.stored());
                }
                for body in &stored {
                    let whole = memchr::memmem::find(body, image.bytes()).is_some();
                    assert!(
                        whole && body.ends_with(b"--\r\n"),
                        "{fault}: half a file is stored"
                    );
                }
                assert!(elapsed < life, "{fault}: {elapsed:?}");
                println!("{fault}: {elapsed:?}");
                let stored = match stored.len() {
                    0 => "no".into(),
                    1 => "yes".into(),
                    n => format!("yes, {n} times the same under one key"),
                };
                let requests = server.requests();
                let row = format!(
                    "| {fault} | {} | {requests} | {stored} |\n",
                    outcome(result)
                );
                rows.lock().unwrap()[number] = row;
            });
        }
    });
    let rows = rows.into_inner().unwrap().concat();
    let table = format!(
        "| what goes wrong | what the caller gets | requests | stored |\n|---|---|---|---|\n{rows}"
    );
    println!("{table}");
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults.md")).unwrap();
    assert!(
        committed.contains(&table),
        "tests/faults.md wants this table:\n{table}"
    );
}

#[test]
fn nobody_listening_is_tried_again_and_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = uploader()
        .upload(&form(&url, Duration::from_secs(60)), &image())
        .unwrap_err();
    assert!(
        error.is_retryable() && error.to_string().contains("cannot connect"),
        "{error}"
    );
}

#[test]
fn nothing_is_sent_with_a_form_that_has_expired() {
    let server = FaultServer::start(vec![]);
    let error = uploader()
        .upload(&form(&server.url, Duration::from_millis(500)), &image())
        .unwrap_err();
    assert!(error.is_expired(), "{error:?}");
    assert_eq!(server.requests(), 0);
}

#[test]
fn no_attempt_is_made_when_the_form_has_expired_in_between() {
    let busy = || s3_error("503 E", "SlowDown");
    let server = FaultServer::start(vec![busy(); 100]);
    let started = Instant::now();
    let life = Duration::from_secs(3);
    let error = uploader()
        .retries(99)
        .upload(&form(&server.url, life), &image())
        .unwrap_err();
    assert!(matches!(error, Error::Storage(_)), "{error:?}");
    assert!(started.elapsed() < life, "{:?}", started.elapsed());
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
    let uploader = uploader().cancel_token(token.clone());
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

/// An API that hands out forms which live for so long, one after the other, and a storage that takes everything.
#[derive(Debug)]
struct FormGiver {
    lives: Mutex<std::vec::IntoIter<Duration>>,
    posts: Mutex<usize>,
}

impl Transport for FormGiver {
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let mut body = String::new();
        if !request.url.ends_with("/v1/init-image") {
            *self.posts.lock().unwrap() += 1;
            return Ok(Response {
                status: 204,
                headers: vec![],
                body: vec![],
            });
        }
        let mut lives = self.lives.lock().unwrap();
        let left = lives.len();
        let form = form("http://127.0.0.1/", lives.next().unwrap());
        for (name, value) in form.fields() {
            body += &format!(",\\\"{name}\\\":\\\"{value}\\\"");
        }
        let fields = body.strip_prefix(',').unwrap();
        let answer = format!(
            r#"{{"uploadInitImage":{{"id":"id-{left}","fields":"{{{fields}}}","key":"k","url":"http://127.0.0.1/"}}}}"#
        );
        Ok(Response {
            status: 200,
            headers: vec![],
            body: answer.into(),
        })
    }
}

#[test]
fn a_form_that_expired_is_replaced_once_and_the_receipt_says_so() {
    let minute = Duration::from_secs(60);
    for (lives, expected) in [
        (vec![minute], Some(("id-1", false))),
        (vec![Duration::ZERO, minute], Some(("id-1", true))),
        (vec![Duration::ZERO, Duration::ZERO, minute], None),
    ] {
        let lives = Mutex::new(lives.into_iter());
        let transport = Arc::new(FormGiver {
            lives,
            posts: Mutex::new(0),
        });
        let builder = Client::builder("key").transport(transport.clone());
        let uploaded = builder.build().unwrap().upload_init_image(&image());
        let posts = *transport.posts.lock().unwrap();
        match expected {
            Some((id, resigned)) => {
                let uploaded = uploaded.unwrap();
                assert_eq!(
                    (uploaded.id.as_str(), uploaded.receipt.resigned),
                    (id, resigned)
                );
                assert_eq!(posts, 1);
                let json = serde_json::to_value(&uploaded.receipt).unwrap();
                assert_eq!(json["resigned"], resigned);
                assert!(json["elapsed"].is_f64());
            }
            None => {
                assert!(uploaded.unwrap_err().is_expired());
                assert_eq!(posts, 0);
            }
        }
    }
}

#[test]
fn a_raw_file_is_read_again_for_every_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let film: Vec<u8> = (0..10_000_000_u32).map(|i| (i % 251) as u8).collect();
    std::fs::write(&path, &film).unwrap();
    let server = FaultServer::start(vec![Step::CloseInBody(50)]);
    let uploader = uploader().timeout(Duration::from_secs(20));
    let form = form(&server.url, Duration::from_secs(60));
    let receipt = uploader
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
            matches!(&error, Error::File(why) if why.to_string().contains(&*path.to_string_lossy()))
        );
    }
    assert_eq!(server.requests(), 0);
    // It grows while it is sent: the first bytes have been read when the callback is told of them.
    std::fs::write(&path, vec![7; 1_000_000]).unwrap();
    let growing = path.clone();
    let grow = move |progress: imgpost::Progress| {
        if progress.sent == 0 {
            std::fs::write(&growing, vec![7; 1_000_001]).unwrap();
        }
        ControlFlow::Continue(())
    };
    let error = uploader()
        .on_progress(grow)
        .upload_file(&form, &path, None)
        .unwrap_err();
    assert!(
        matches!(&error, Error::File(why) if why.to_string().contains("longer")),
        "{error:?}"
    );
    assert!(server.stored().is_empty());
}

#[test]
fn a_refusal_that_comes_before_a_large_body_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    std::fs::write(&path, vec![7; 50_000_000]).unwrap();
    let Step::Answer(refusal) = s3_error("403 E", "SignatureDoesNotMatch") else {
        unreachable!("an error is an answer")
    };
    let server = FaultServer::start(vec![Step::AnswerEarly(refusal)]);
    let form = form(&server.url, Duration::from_secs(60));
    let error = uploader().upload_file(&form, &path, None).unwrap_err();
    assert!(
        matches!(&error, Error::Storage(s3) if s3.status == 403),
        "{error:?}"
    );
    assert_eq!(server.requests(), 1);
}
