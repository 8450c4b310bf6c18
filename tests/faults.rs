//! Promise: whatever goes wrong on the way, the file is stored whole or not at all, attempts are made where they may
//! help and never past the form's life, and the caller is told what happened.
//!
//! The table is in `tests/faults.md`; the test fails when it is not what comes out.

mod support;

use std::net::TcpListener;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use imgpost::{Error, Receipt, Uploader};
use support::faults::{FaultServer, Step, answer, form, image, s3_error};
use support::tls::TlsServer;

const RETRIES: u32 = 3;
const TIMEOUT: Duration = Duration::from_millis(1500);
const LONGER: Duration = Duration::from_secs(4);

fn uploader() -> Uploader {
    Uploader::default().retries(RETRIES).timeout(TIMEOUT)
}

/// What goes wrong.
struct Fault {
    name: &'static str,
    /// How long the form lives.
    life: Duration,
    storage: Storage,
}

enum Storage {
    Takes(Vec<Step>),
    IsNotThere,
    IsNotTrusted,
}

impl Fault {
    fn new(name: &'static str, storage: Storage) -> Self {
        Self {
            name,
            life: Duration::from_secs(60),
            storage,
        }
    }

    fn lives(self, life: Duration) -> Self {
        Self { life, ..self }
    }
}

fn faults(elsewhere: &str) -> Vec<Fault> {
    let fault = |name, steps: &[Step]| Fault::new(name, Storage::Takes(steps.into()));
    let told =
        |name, status, headers: &str, body: &str| fault(name, &[answer(status, headers, body)]);
    let raw = |name, bytes: &str| fault(name, &[Step::Answer(bytes.into())]);
    let redirect = |to: &str| format!("Location: {to}\r\n");
    let entities = "<!DOCTYPE e [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><Error><Code>&b;</Code></Error>";
    let outside =
        "<!DOCTYPE e [<!ENTITY a SYSTEM \"file:///etc/hostname\">]><Error><Code>&a;</Code></Error>";
    let error = |status, code| s3_error(status, code);
    let busy = answer("503 E", "Retry-After: 2\r\n", "");
    let short = Duration::from_secs(6);
    vec![
        fault("nothing", &[]),
        Fault::new("nobody listens", Storage::IsNotThere),
        Fault::new("a certificate that is not trusted", Storage::IsNotTrusted),
        fault("the connection is closed at once", &[Step::CloseOnAccept]),
        fault("closed within the head", &[Step::CloseInHead(20)]),
        fault(
            "closed at the first byte of the body",
            &[Step::CloseInBody(0)],
        ),
        fault("closed in the middle of the body", &[Step::CloseInBody(50)]),
        fault(
            "closed before the last bytes of the body",
            &[Step::CloseInBody(99)],
        ),
        fault("closed before the answer", &[Step::CloseBeforeAnswer]),
        fault("stored, and the answer is lost", &[Step::StoreAndClose]),
        raw("half a status line", "HTTP/1.1 2"),
        raw("half the headers", "HTTP/1.1 204 No Content\r\nETag: \"a"),
        raw(
            "an answer shorter than its length",
            "HTTP/1.1 500 E\r\nContent-Length: 99\r\n\r\n<Err",
        ),
        raw(
            "an answer longer than its length",
            "HTTP/1.1 500 E\r\nContent-Length: 2\r\n\r\n<Error>",
        ),
        raw(
            "a length that is no number",
            "HTTP/1.1 500 E\r\nContent-Length: many\r\n\r\n<Error>",
        ),
        raw("another protocol", "SSH-2.0-OpenSSH_9.2\r\n"),
        fault("nothing is read", &[Step::StallOnAccept(LONGER)]),
        fault(
            "nothing is read after half the body",
            &[Step::StallInBody(50, LONGER)],
        ),
        fault("nothing is answered", &[Step::StallBeforeAnswer(LONGER)]),
        fault(
            "a slow reader",
            &[Step::ReadSlowly(Duration::from_millis(5))],
        ),
        fault(
            "500 twice",
            &[
                error("500 E", "InternalError"),
                error("500 E", "InternalError"),
            ],
        ),
        fault("503 SlowDown", &[error("503 E", "SlowDown")]),
        told("503 without a word", "503 E", "", ""),
        fault("400 RequestTimeout", &[error("400 E", "RequestTimeout")]),
        fault("400 IncompleteBody", &[error("400 E", "IncompleteBody")]),
        told("429 with Retry-After", "429 E", "Retry-After: 1\r\n", ""),
        told(
            "503 with a Retry-After beyond the form's life",
            "503 E",
            "Retry-After: 500\r\n",
            "",
        ),
        fault(
            "503 every two seconds until the form expires",
            &vec![busy; 9],
        )
        .lives(short),
        fault("nothing, with a form that expires now", &[]).lives(Duration::ZERO),
        told(
            "502 with a page of a proxy",
            "502 E",
            "",
            "<html><title>Bad Gateway</title></html>",
        ),
        told("500 with entities in its XML", "500 E", "", entities),
        told("500 with an entity that is a file", "500 E", "", outside),
        told("500 with broken XML", "500 E", "", "<Error><Code>Inter"),
        fault("503 for ever", &vec![answer("503 E", "", ""); 9]),
        fault("403 AccessDenied", &[error("403 E", "AccessDenied")]),
        fault(
            "403 SignatureDoesNotMatch",
            &[error("403 E", "SignatureDoesNotMatch")],
        ),
        fault("400 EntityTooLarge", &[error("400 E", "EntityTooLarge")]),
        told(
            "403 with 10 MB of text",
            "403 E",
            "",
            &"x".repeat(10_000_000),
        ),
        told("307 to another address", "307 E", &redirect(elsewhere), ""),
        told(
            "307 to an address without TLS",
            "307 E",
            &redirect("http://storage.example.com/"),
            "",
        ),
        told("301 to another address", "301 E", &redirect(elsewhere), ""),
        told(
            "303, as the form may ask for",
            "303 E",
            &redirect("http://127.0.0.1/done"),
            "",
        ),
    ]
}

fn outcome(result: Result<Receipt, Error>) -> String {
    let error = match result {
        Ok(receipt) if receipt.attempts == 1 => return "success".into(),
        Ok(receipt) => return format!("success at attempt {}", receipt.attempts),
        Err(error) => error,
    };
    let told = format!("{error} {error:?}");
    assert!(!told.contains("SECRET") && told.len() < 2000, "{told}");
    match error {
        Error::Storage(error) => match &error.code {
            Some(code) => format!("error {} {code}", error.status),
            None => format!("error {}", error.status),
        },
        // An address holds the port, which is another one every time.
        Error::Transport(error) => {
            let told = error.to_string();
            format!("error: {}", told.replace(error.host(), "the storage"))
        }
        error if error.is_expired() => "error: the form has expired".into(),
        other => panic!("{other:?}"),
    }
}

/// Lets one fault happen, and says in a row of the table what came of it.
fn row(fault: Fault, elsewhere: &FaultServer) -> String {
    let image = image();
    let name = fault.name;
    let post = |url: &str| {
        let started = Instant::now();
        let result = uploader().upload(&form(url, fault.life), &image);
        let elapsed = started.elapsed();
        println!("{name}: {elapsed:?}");
        // One attempt at the end of a form's life is given a moment for its answer.
        assert!(elapsed < fault.life.max(TIMEOUT), "{name}: {elapsed:?}");
        outcome(result)
    };
    let (told, requests, mut stored) = match fault.storage {
        Storage::Takes(steps) => {
            let server = FaultServer::start(steps);
            (post(&server.url), server.requests(), server.stored())
        }
        Storage::IsNotThere => {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap());
            drop(listener);
            (post(&url), 0, vec![])
        }
        Storage::IsNotTrusted => {
            let server = TlsServer::start();
            let told = post(&server.url);
            assert!(server.received.lock().unwrap().is_empty());
            (told, *server.connections.lock().unwrap(), vec![])
        }
    };
    if name == "307 to another address" {
        stored.extend(elsewhere.stored());
    }
    for body in &stored {
        let whole = memchr::memmem::find(body, image.bytes()).is_some();
        let ends = body.ends_with(b"--\r\n");
        assert!(whole && ends, "{name}: half a file is stored");
    }
    let stored = match stored.len() {
        0 => "no".into(),
        1 => "yes".into(),
        n => format!("yes, {n} times the same under one key"),
    };
    format!("| {name} | {told} | {requests} | {stored} |\n")
}

#[test]
fn every_fault_ends_as_the_table_says() {
    let elsewhere = FaultServer::start(vec![]);
    let faults = faults(&elsewhere.url);
    let rows = Mutex::new(vec![String::new(); faults.len()]);
    std::thread::scope(|scope| {
        for (number, fault) in faults.into_iter().enumerate() {
            let (rows, elsewhere) = (&rows, &elsewhere);
            scope.spawn(move || {
                let row = row(fault, elsewhere);
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
