//! Promise: whatever goes wrong on the way, the file is stored whole or not at all, attempts are made where they may
//! help and never past the form's life, and the caller is told what happened.
//!
//! The table is in `tests/it/faults.md`; the tests fail when it is not what comes out, on a server that knows nothing of
//! HTTP but what goes wrong, or on the sandbox.

use std::net::TcpListener;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use imgpost::sandbox::Sandbox;
use imgpost::{
    Error, Extension, PreparedImage, Presigned, PresignedPost, PresignedPut, Receipt, Uploader,
};

use crate::support::faults::{FaultServer, Step, answer, form, image, s3_error};
use crate::support::tls::TlsServer;

const RETRIES: u32 = 3;
const TIMEOUT: Duration = Duration::from_millis(2500);
const LONGER: Duration = Duration::from_secs(6);

fn uploader() -> Uploader {
    Uploader::default().retries(RETRIES).timeout(TIMEOUT)
}

/// Some faults are told by time, which a machine that has too much to do has not.
static ONE_TABLE_AT_A_TIME: Mutex<()> = Mutex::new(());

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
    let raw = |name, bytes: &str| fault(name, &[Step::Respond(bytes.into())]);
    let redirect = |to: &str| format!("Location: {to}\r\n");
    let entities = "<!DOCTYPE e [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><Error><Code>&b;</Code></Error>";
    let outside =
        "<!DOCTYPE e [<!ENTITY a SYSTEM \"file:///etc/hostname\">]><Error><Code>&a;</Code></Error>";
    let error = |status, code| s3_error(status, code);
    let busy = answer("503 E", "Retry-After: 2\r\n", "");
    // The sandbox cuts off what is finer than a second.
    let short = Duration::from_secs(7);
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
        fault("closed before the answer", &[Step::CloseBeforeResponse]),
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
        fault("nothing is answered", &[Step::StallBeforeResponse(LONGER)]),
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
            "307 to a path of the same server",
            "307 E",
            &redirect(&format!("/{}", Sandbox::BUCKET)),
            "",
        ),
        told(
            "303 that the form does not ask for",
            "303 E",
            &redirect("http://127.0.0.1/done"),
            "",
        ),
        told(
            "200 with an error of S3's",
            "200 OK",
            "",
            "<Error><Code>AccessDenied</Code><Message>m</Message></Error>",
        ),
        told(
            "200 with an error of S3's that may pass",
            "200 OK",
            "",
            "<Error><Code>InternalError</Code><Message>m</Message></Error>",
        ),
        told(
            "200 with the login page of a network",
            "200 OK",
            "Content-Type: text/html\r\n",
            "<!DOCTYPE html><title>Sign in</title>",
        ),
        told(
            "503 with a Retry-After of 584 billion years",
            "503 E",
            "Retry-After: 18446744073709551615\r\n",
            "",
        ),
    ]
}

/// What the caller gets, who is never shown `secret`.
fn outcome(result: Result<Receipt, Error>, secret: &str) -> String {
    let error = match result {
        Ok(receipt) if receipt.attempts == 1 => return "success".into(),
        Ok(receipt) => return format!("success at attempt {}", receipt.attempts),
        Err(error) => error,
    };
    let told = format!("{error} {error:?}");
    assert!(!told.contains(secret) && told.len() < 2000, "{told}");
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

/// Uploads an image, and returns the outcome.
fn upload(
    fault: &Fault,
    presigned: &impl Presigned,
    image: &PreparedImage,
    secret: &str,
) -> String {
    let started = Instant::now();
    let result = uploader().upload(presigned, image);
    let elapsed = started.elapsed();
    println!("{}: {elapsed:?}", fault.name);
    // One attempt at the end of a form's life is given a moment for its answer.
    assert!(
        elapsed < fault.life.max(TIMEOUT),
        "{}: {elapsed:?}",
        fault.name
    );
    outcome(result, secret)
}

fn post(fault: &Fault, form: &PresignedPost, image: &PreparedImage) -> String {
    let signature = form.fields().find(|(name, _)| *name == "X-Amz-Signature");
    upload(fault, form, image, signature.unwrap().1)
}

fn put(fault: &Fault, url: &str, image: &PreparedImage) -> String {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let life = fault.life.as_secs();
    let url = format!(
        "{url}k?X-Amz-Date={now}&X-Amz-Expires={life}&X-Amz-SignedHeaders=host&X-Amz-Signature=SECRET-SIGNATURE"
    );
    let presigned = PresignedPut::new(url, []).unwrap();
    upload(fault, &presigned, image, "SECRET-SIGNATURE")
}

/// Lets one fault happen, and returns its row of the table.
fn row(fault: Fault, is_put: bool, elsewhere: &FaultServer) -> String {
    let image = image();
    let name = fault.name;
    let post = |url: &str| {
        if is_put {
            put(&fault, url, &image)
        } else {
            post(&fault, &form(url, fault.life), &image)
        }
    };
    let (told, requests, mut stored) = match &fault.storage {
        Storage::Takes(steps) => {
            let server = FaultServer::start(steps.clone());
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
        let is_complete = if is_put {
            body == image.bytes()
        } else {
            whole && body.ends_with(b"--\r\n")
        };
        assert!(is_complete, "{name}: half a file is stored");
    }
    let stored = match stored.len() {
        0 => "no".into(),
        1 => "yes".into(),
        n => format!("yes, {n} times the same under one key"),
    };
    format!("| {name} | {told} | {requests} | {stored} |\n")
}

/// The same in the sandbox, which keeps one file under one key.
fn row_in_sandbox(fault: Fault, steps: Vec<Step>, elsewhere: &FaultServer) -> String {
    let image = image();
    let sandbox = Sandbox::start().unwrap().with_expiry(fault.life);
    let form = sandbox.client().unwrap().create_init_image(Extension::Jpg);
    let form = form.unwrap().form;
    let asked = sandbox.requests().len();
    let in_turn = steps.into_iter().filter_map(Step::in_sandbox);
    let sandbox = in_turn.fold(sandbox, Sandbox::with_fault);
    let told = post(&fault, &form, &image);
    let stored = sandbox.stored(form.key().unwrap());
    assert!(stored.as_ref().is_none_or(|s| s.bytes == image.bytes()));
    let statuses = sandbox.requests().into_iter().skip(asked);
    let statuses: Vec<_> = statuses.map(|request| request.status).collect();
    let lost = fault.name == "stored, and the answer is lost";
    let is_stored = stored.is_some() || !elsewhere.stored().is_empty();
    let stored = match (is_stored, lost) {
        (false, _) => "no",
        (true, false) => "yes",
        (true, true) => "yes, 2 times the same under one key",
    };
    let name = fault.name;
    format!("| {name} | {told} | {} | {stored} |\n", statuses.len())
}

/// The rows of all of them, each on a thread of its own.
fn rows<F: Send>(faults: Vec<F>, row: impl Fn(F) -> String + Sync) -> Vec<String> {
    let _only = ONE_TABLE_AT_A_TIME.lock();
    std::thread::scope(|scope| {
        let row = &row;
        let threads = faults
            .into_iter()
            .map(|fault| scope.spawn(move || row(fault)));
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    })
}

fn committed() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/faults.md")).unwrap()
}

#[test]
fn every_fault_ends_as_the_table_says() {
    check_table(false);
}

#[test]
fn every_fault_ends_as_the_table_says_for_a_presigned_put() {
    check_table(true);
}

fn check_table(is_put: bool) {
    let elsewhere = FaultServer::start(vec![]);
    let faults = faults(&elsewhere.url);
    let rows = rows(faults, |fault| row(fault, is_put, &elsewhere)).concat();
    let table = format!(
        "| what goes wrong | what the caller gets | requests | stored |\n|---|---|---|---|\n{rows}"
    );
    println!("{table}");
    assert!(
        committed().contains(&table),
        "tests/it/faults.md wants this table:\n{table}"
    );
}

#[test]
fn every_fault_ends_in_the_sandbox_as_the_table_says() {
    let numbers: Vec<_> = (0..faults("").len()).collect();
    let rows = rows(numbers, |number| {
        let elsewhere = FaultServer::start(vec![]);
        let mut fault = faults(&elsewhere.url).swap_remove(number);
        match &mut fault.storage {
            Storage::Takes(steps) => {
                let steps = std::mem::take(steps);
                row_in_sandbox(fault, steps, &elsewhere)
            }
            // Neither has anything to do with what a server does.
            Storage::IsNotThere | Storage::IsNotTrusted => String::new(),
        }
    });
    let told: Vec<_> = rows.iter().filter(|row| !row.is_empty()).collect();
    assert_eq!(told.len(), rows.len() - 2);
    let committed = committed();
    for row in told {
        assert!(
            committed.contains(row),
            "tests/it/faults.md does not say\n{row}"
        );
    }
}
