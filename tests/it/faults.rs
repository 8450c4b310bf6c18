//! Promise: whatever fails during an upload, the storage keeps the whole file or nothing, transient failures are
//! retried until the form expires, and the caller gets an error with the reason.
//!
//! The tests compare their results with the table in `tests/it/faults.md`, on a scripted server and on the sandbox.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use imgpost::sandbox::Sandbox;
use imgpost::{
    Error, Extension, PreparedImage, Presigned, PresignedPost, PresignedPut, Receipt, Uploader,
};

use crate::support::at_once;
use crate::support::faults::{FaultServer, Step, form, image, respond, s3_error};
use crate::support::tls::TlsServer;

const RETRIES: u32 = 3;
/// The timeout for a server that stalls for [`LONGER`]. Any other has so much time that a busy machine makes no difference.
const SHORT_TIMEOUT: Duration = Duration::from_millis(2500);
const LONGER: Duration = Duration::from_secs(6);

/// A row of the table.
struct Fault {
    name: &'static str,
    /// How long the form is valid.
    validity: Duration,
    /// The timeout of an attempt.
    timeout: Duration,
    storage: Storage,
}

enum Storage {
    /// The server performs these steps.
    Responds(Vec<Step>),
    Unreachable,
    Untrusted,
}

impl Fault {
    fn new(name: &'static str, storage: Storage) -> Self {
        Self {
            name,
            validity: Duration::from_secs(60),
            timeout: Duration::from_secs(60),
            storage,
        }
    }

    fn valid_for(self, validity: Duration) -> Self {
        Self { validity, ..self }
    }

    fn stalls(self) -> Self {
        Self {
            timeout: SHORT_TIMEOUT,
            ..self
        }
    }
}

fn faults(elsewhere: &str) -> Vec<Fault> {
    let fault = |name, steps: &[Step]| Fault::new(name, Storage::Responds(steps.into()));
    let response =
        |name, status, headers: &str, body: &str| fault(name, &[respond(status, headers, body)]);
    let raw = |name, bytes: &str| fault(name, &[Step::Respond(bytes.into())]);
    let redirect = |to: &str| format!("Location: {to}\r\n");
    let entities = "<!DOCTYPE e [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><Error><Code>&b;</Code></Error>";
    let outside =
        "<!DOCTYPE e [<!ENTITY a SYSTEM \"file:///etc/hostname\">]><Error><Code>&a;</Code></Error>";
    let error = |status, code| s3_error(status, code);
    let busy = respond("503 E", "Retry-After: 4\r\n", "");
    // A second is kept in reserve and the sandbox truncates to whole seconds. The third attempt, after 8 s, is in time even
    // if the machine is 3 s late, and the fourth never is.
    let short = Duration::from_secs(13);
    vec![
        fault("nothing", &[]),
        Fault::new("nobody listens", Storage::Unreachable),
        Fault::new("a certificate that is not trusted", Storage::Untrusted),
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
        fault("closed before the response", &[Step::CloseBeforeResponse]),
        fault("stored, and the response is lost", &[Step::StoreAndClose]),
        raw("half a status line", "HTTP/1.1 2"),
        raw("half the headers", "HTTP/1.1 204 No Content\r\nETag: \"a"),
        raw(
            "a response shorter than its length",
            "HTTP/1.1 500 E\r\nContent-Length: 99\r\n\r\n<Err",
        ),
        raw(
            "a response longer than its length",
            "HTTP/1.1 500 E\r\nContent-Length: 2\r\n\r\n<Error>",
        ),
        raw(
            "a length that is no number",
            "HTTP/1.1 500 E\r\nContent-Length: many\r\n\r\n<Error>",
        ),
        raw("another protocol", "SSH-2.0-OpenSSH_9.2\r\n"),
        fault("nothing is read", &[Step::StallOnAccept(LONGER)]).stalls(),
        fault(
            "nothing is read after half the body",
            &[Step::StallInBody(50, LONGER)],
        )
        .stalls(),
        fault("no response", &[Step::StallBeforeResponse(LONGER)]).stalls(),
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
        response("503 without a word", "503 E", "", ""),
        fault("400 RequestTimeout", &[error("400 E", "RequestTimeout")]),
        fault("400 IncompleteBody", &[error("400 E", "IncompleteBody")]),
        response("429 with Retry-After", "429 E", "Retry-After: 1\r\n", ""),
        response(
            "503 with a Retry-After beyond the form's life",
            "503 E",
            "Retry-After: 500\r\n",
            "",
        ),
        fault(
            "503 every four seconds until the form expires",
            &vec![busy; 9],
        )
        .valid_for(short),
        fault("nothing, with a form that expires now", &[]).valid_for(Duration::ZERO),
        response(
            "502 with a page of a proxy",
            "502 E",
            "",
            "<html><title>Bad Gateway</title></html>",
        ),
        response("500 with entities in its XML", "500 E", "", entities),
        response("500 with an entity that is a file", "500 E", "", outside),
        response("500 with broken XML", "500 E", "", "<Error><Code>Inter"),
        fault("503 for ever", &vec![respond("503 E", "", ""); 9]),
        fault("403 AccessDenied", &[error("403 E", "AccessDenied")]),
        fault(
            "403 SignatureDoesNotMatch",
            &[error("403 E", "SignatureDoesNotMatch")],
        ),
        fault("400 EntityTooLarge", &[error("400 E", "EntityTooLarge")]),
        response(
            "403 with 10 MB of text",
            "403 E",
            "",
            &"x".repeat(10_000_000),
        ),
        response("307 to another address", "307 E", &redirect(elsewhere), ""),
        response(
            "307 to an address without TLS",
            "307 E",
            &redirect("http://storage.example.com/"),
            "",
        ),
        response("301 to another address", "301 E", &redirect(elsewhere), ""),
        response(
            "307 to a path of the same server",
            "307 E",
            &redirect(&format!("/{}", Sandbox::BUCKET)),
            "",
        ),
        response(
            "303 that the form does not ask for",
            "303 E",
            &redirect("http://127.0.0.1/done"),
            "",
        ),
        response(
            "200 with an error of S3's",
            "200 OK",
            "",
            "<Error><Code>AccessDenied</Code><Message>m</Message></Error>",
        ),
        response(
            "200 with an error of S3's that may pass",
            "200 OK",
            "",
            "<Error><Code>InternalError</Code><Message>m</Message></Error>",
        ),
        response(
            "200 with the login page of a network",
            "200 OK",
            "Content-Type: text/html\r\n",
            "<!DOCTYPE html><title>Sign in</title>",
        ),
        response(
            "503 with a Retry-After of 584 billion years",
            "503 E",
            "Retry-After: 18446744073709551615\r\n",
            "",
        ),
    ]
}

/// The table's text for a result, whose output must not contain `secret`.
fn outcome(result: Result<Receipt, Error>, secret: &str) -> String {
    let error = match result {
        Ok(receipt) if receipt.attempts == 1 => return "success".into(),
        Ok(receipt) => return format!("success at attempt {}", receipt.attempts),
        Err(error) => error,
    };
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(secret) && shown.len() < 2000, "{shown}");
    match error {
        Error::Storage(error) => match &error.code {
            Some(code) => format!("error {} {code}", error.status),
            None => format!("error {}", error.status),
        },
        // The address contains the port, which changes with every run.
        Error::Transport(error) => {
            let message = error.to_string();
            format!("error: {}", message.replace(error.host(), "the storage"))
        }
        error if error.is_expired() => "error: the form has expired".into(),
        other => panic!("{other:?}"),
    }
}

/// Uploads an image and returns the table's text for the result.
fn upload(
    fault: &Fault,
    presigned: &impl Presigned,
    image: &PreparedImage,
    secret: &str,
) -> String {
    let uploader = Uploader::default().retries(RETRIES).timeout(fault.timeout);
    let started = Instant::now();
    let result = uploader.upload(presigned, image);
    println!("{}: {:?}", fault.name, started.elapsed());
    outcome(result, secret)
}

fn post(fault: &Fault, form: &PresignedPost, image: &PreparedImage) -> String {
    let signature = form.fields().find(|(name, _)| *name == "X-Amz-Signature");
    upload(fault, form, image, signature.unwrap().1)
}

fn put(fault: &Fault, url: &str, image: &PreparedImage) -> String {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let validity = fault.validity.as_secs();
    let url = format!(
        "{url}k?X-Amz-Date={now}&X-Amz-Expires={validity}&X-Amz-SignedHeaders=host&X-Amz-Signature=SECRET-SIGNATURE"
    );
    let presigned = PresignedPut::new(url, []).unwrap();
    upload(fault, &presigned, image, "SECRET-SIGNATURE")
}

/// Uploads with one fault and returns the row of the table.
fn row(fault: Fault, is_put: bool, elsewhere: &FaultServer) -> String {
    let image = image();
    let name = fault.name;
    let post = |url: &str| {
        if is_put {
            put(&fault, url, &image)
        } else {
            post(&fault, &form(url, fault.validity), &image)
        }
    };
    let (outcome, requests, mut stored) = match &fault.storage {
        Storage::Responds(steps) => {
            let server = FaultServer::start(steps.clone());
            (post(&server.url), server.requests(), server.stored())
        }
        Storage::Unreachable => {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap());
            drop(listener);
            (post(&url), 0, vec![])
        }
        Storage::Untrusted => {
            let server = TlsServer::start();
            let outcome = post(&server.url);
            assert!(server.received.lock().unwrap().is_empty());
            (outcome, *server.connections.lock().unwrap(), vec![])
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
        assert!(is_complete, "{name}: an incomplete file is stored");
    }
    let stored = match stored.len() {
        0 => "no".into(),
        1 => "yes".into(),
        n => format!("yes, {n} times the same under one key"),
    };
    format!("| {name} | {outcome} | {requests} | {stored} |\n")
}

/// Uploads to the sandbox with one fault and returns the row of the table. The sandbox keeps one file per key.
fn row_in_sandbox(fault: Fault, steps: Vec<Step>, elsewhere: &FaultServer) -> String {
    let image = image();
    let sandbox = Sandbox::start().unwrap().with_expiry(fault.validity);
    let form = sandbox.client().unwrap().create_init_image(Extension::Jpg);
    let form = form.unwrap().form;
    let before = sandbox.requests().len();
    let faults = steps.into_iter().filter_map(Step::in_sandbox);
    let sandbox = faults.fold(sandbox, Sandbox::with_fault);
    let outcome = post(&fault, &form, &image);
    let stored = sandbox.stored(form.key().unwrap());
    assert!(stored.as_ref().is_none_or(|s| s.bytes == image.bytes()));
    let statuses = sandbox.requests().into_iter().skip(before);
    let statuses: Vec<_> = statuses.map(|request| request.status).collect();
    let is_lost = fault.name == "stored, and the response is lost";
    let is_stored = stored.is_some() || !elsewhere.stored().is_empty();
    let stored = if !is_stored {
        "no"
    } else if is_lost {
        "yes, 2 times the same under one key"
    } else {
        "yes"
    };
    let name = fault.name;
    format!("| {name} | {outcome} | {} | {stored} |\n", statuses.len())
}

/// The rows of all faults, each computed on its own thread.
fn rows<F: Send>(faults: Vec<F>, row: impl Fn(F) -> String + Sync) -> Vec<String> {
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
fn faults_have_the_outcomes_of_the_table() {
    // A post, a PUT, and a post to the sandbox.
    at_once([
        &|| check_table(false),
        &|| check_table(true),
        &check_table_in_sandbox,
    ]);
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
        "replace the table in tests/it/faults.md by:\n{table}"
    );
}

fn check_table_in_sandbox() {
    let numbers: Vec<_> = (0..faults("").len()).collect();
    let rows = rows(numbers, |number| {
        let elsewhere = FaultServer::start(vec![]);
        let mut fault = faults(&elsewhere.url).swap_remove(number);
        match &mut fault.storage {
            Storage::Responds(steps) => {
                let steps = std::mem::take(steps);
                row_in_sandbox(fault, steps, &elsewhere)
            }
            // The sandbox cannot be unreachable or untrusted.
            Storage::Unreachable | Storage::Untrusted => String::new(),
        }
    });
    let tested: Vec<_> = rows.iter().filter(|row| !row.is_empty()).collect();
    assert_eq!(tested.len(), rows.len() - 2);
    let committed = committed();
    for row in tested {
        assert!(
            committed.contains(row),
            "tests/it/faults.md does not contain\n{row}"
        );
    }
}
