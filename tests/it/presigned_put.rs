//! Promise: a presigned PUT stores the file under the signed URL, with exactly the signed headers, on a storage that
//! verifies the signature. It reports progress, can be cancelled, and its query stays secret.

use std::fmt::Write;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use imgpost::sandbox::{Fault, Sandbox};
use imgpost::{CancelToken, Error, PresignedPut, PresignedUpload, S3ErrorCode, Uploader};
use sha2::{Digest, Sha256};

use crate::support::faults::{FaultServer, Step, image, respond};
use crate::support::secrets::{log_lines, shown};

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Signs a PUT of `key` with `headers` for `seconds` from now, as the documentation of Signature Version 4 specifies.
fn sign(sandbox: &Sandbox, key: &str, headers: &[(&str, &str)], seconds: u64) -> String {
    let credentials = sandbox.credentials();
    let now = jiff::Timestamp::now();
    let (date, time) = (now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ"));
    let scope = format!("{date}/{}/s3/aws4_request", Sandbox::REGION);
    let address = format!("{}/{key}", sandbox.bucket_url());
    let (host, path) = address["http://".len()..].split_once('/').unwrap();
    let mut signed = vec![("host", host)];
    signed.extend(headers);
    signed.sort_unstable();
    let names: Vec<_> = signed.iter().map(|(name, _)| *name).collect();
    let query = [
        "X-Amz-Algorithm=AWS4-HMAC-SHA256".to_owned(),
        format!(
            "X-Amz-Credential={}%2F{}",
            credentials.access_key_id,
            scope.replace('/', "%2F")
        ),
        format!("X-Amz-Date={time}"),
        format!("X-Amz-Expires={seconds}"),
        format!("X-Amz-Security-Token={}", credentials.session_token),
        format!("X-Amz-SignedHeaders={}", names.join("%3B")),
    ]
    .join("&");
    let lines: String = signed
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let canonical = format!(
        "PUT\n/{path}\n{query}\n{lines}\n{}\nUNSIGNED-PAYLOAD",
        names.join(";")
    );
    let digest = hex(&Sha256::digest(canonical.as_bytes()));
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}");
    let secret = format!("AWS4{}", credentials.secret_access_key).into_bytes();
    let steps = [&date.to_string(), Sandbox::REGION, "s3", "aws4_request"];
    let key = steps.iter().fold(secret, |key, step| hmac(&key, step));
    format!(
        "{address}?{query}&X-Amz-Signature={}",
        hex(&hmac(&key, &text))
    )
}

fn presigned(url: String, headers: &[(&str, &str)]) -> PresignedPut {
    let headers = headers.iter();
    PresignedPut::new(url, headers.map(|(n, v)| ((*n).into(), (*v).into()))).unwrap()
}

fn secret(url: &str) -> &str {
    url.rsplit('=').next().unwrap()
}

#[test]
fn file_is_stored_with_the_signed_headers() {
    let sandbox = Sandbox::start().unwrap();
    let headers = [
        ("content-type", "image/jpeg"),
        ("x-amz-meta-owner", "somebody"),
    ];
    let url = sign(&sandbox, "a%20b/photo.jpg", &headers, 60);
    let receipt = imgpost::upload(&presigned(url.clone(), &headers), &image()).unwrap();
    let stored = sandbox.stored("a b/photo.jpg").unwrap();
    assert_eq!(stored.bytes, image().bytes());
    assert_eq!(stored.content_type.as_deref(), Some("image/jpeg"));
    assert_eq!(receipt.bytes, image().bytes().len() as u64);
    assert_eq!(
        receipt.key.as_deref(),
        Some("imgpost-sandbox/a b/photo.jpg")
    );
    assert_eq!(receipt.location.as_deref(), url.split('?').next());
    assert!(receipt.etag.is_some() && receipt.attempts == 1);
}

#[test]
fn bytes_and_files_are_sent_without_unsigned_headers() {
    let server = FaultServer::start(vec![]);
    let url = format!("{}k?X-Amz-SignedHeaders=host&X-Amz-Signature=s", server.url);
    let uploader = Uploader::default();
    let put = PresignedUpload::parse(&url).unwrap();
    uploader
        .upload_bytes(&put, b"a,b\n", "table.csv", Some("text/csv"))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.mp4");
    std::fs::write(&path, vec![7; 300_000]).unwrap();
    uploader.upload_file(&put, &path, None).unwrap();
    assert_eq!(server.stored(), [b"a,b\n".to_vec(), vec![7; 300_000]]);
}

#[test]
fn transient_failures_are_retried() {
    for fault in [
        Fault::CloseInBody(50),
        Fault::LoseResponse,
        Fault::s3_error(503, "SlowDown"),
    ] {
        let sandbox = Sandbox::start().unwrap().with_fault(fault);
        let put = presigned(sign(&sandbox, "photo.jpg", &[], 60), &[]);
        let receipt = imgpost::upload(&put, &image()).unwrap();
        assert_eq!(receipt.attempts, 2);
        let stored = sandbox.stored("photo.jpg").unwrap();
        assert_eq!(stored.bytes, image().bytes());
    }
}

#[test]
fn storage_rejects_a_wrong_signature_and_an_expired_url() {
    let sandbox = Sandbox::start().unwrap();
    let uploader = Uploader::default().validate_policy(false);
    let signed = [("content-type", "image/jpeg")];
    let url = sign(&sandbox, "photo.jpg", &signed, 60);
    let error = uploader
        .upload(
            &presigned(url.clone(), &[("content-type", "image/png")]),
            &image(),
        )
        .unwrap_err();
    let Error::Storage(storage) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(storage.code, Some(S3ErrorCode::SignatureDoesNotMatch));
    assert!(!format!("{error:#} {error:?}").contains(secret(&url)));
    let url = sign(&sandbox, "photo.jpg", &[], 0);
    let expired = presigned(url, &[]);
    let error = uploader.upload(&expired, &image()).unwrap_err();
    assert!(
        matches!(error, Error::Storage(_)) && error.is_expired(),
        "{error:?}"
    );
    // The storage's `Date` confirms this machine's clock.
    let error = Uploader::default().upload(&expired, &image()).unwrap_err();
    assert!(
        matches!(error, Error::PresignedPost(_)) && error.is_expired(),
        "{error:?}"
    );
    assert!(sandbox.keys().is_empty());
}

/// A signed URL at this address.
fn signed(base: &str) -> PresignedPut {
    let query = "X-Amz-SignedHeaders=host&X-Amz-Signature=HIDDEN-SIGNATURE/0123+abc=";
    presigned(format!("{base}k.jpg?{query}"), &[])
}

#[test]
fn progress_counts_the_bytes_of_the_file_in_every_attempt() {
    let server = FaultServer::start(vec![Step::CloseInBody(50)]);
    let reports = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&reports);
    let uploader = Uploader::default().on_progress(move |progress| {
        writer.lock().unwrap().push(progress);
        ControlFlow::Continue(())
    });
    uploader.upload(&signed(&server.url), &image()).unwrap();
    let reports = reports.lock().unwrap();
    let last = reports.last().unwrap();
    let bytes = image().bytes().len() as u64;
    assert_eq!((last.attempt, last.sent, last.total), (2, bytes, bytes));
    assert!(reports.is_sorted_by_key(|progress| (progress.attempt, progress.sent)));
}

#[test]
fn upload_is_cancelled_by_its_callback_and_by_its_token() {
    let server = FaultServer::start(vec![]);
    let stops = Uploader::default().on_progress(|progress| match progress.sent {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    });
    let error = stops.upload(&signed(&server.url), &image()).unwrap_err();
    assert!(error.is_cancelled(), "{error:?}");
    assert!(server.stored().is_empty());

    let minute = Duration::from_secs(60);
    for step in [
        Step::StallOnAccept(minute),
        Step::StallBeforeResponse(minute),
    ] {
        let server = FaultServer::start(vec![step]);
        let token = CancelToken::new();
        let uploader = Uploader::default().cancel_token(&token);
        let put = signed(&server.url);
        let thread = std::thread::spawn(move || uploader.upload(&put, &image()));
        while server.requests() == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        token.cancel();
        let error = thread.join().unwrap().unwrap_err();
        assert!(error.is_cancelled(), "{error:?}");
        assert_eq!((server.requests(), server.stored().len()), (1, 0));
    }
}

/// Servers repeat the address of a request as it is, inside a URL, JSON or HTML, or encoded as a whole.
#[test]
fn query_that_a_server_repeats_is_redacted_in_every_encoding() {
    log_lines();
    let secret = "HIDDEN-SIGNATURE/0123+abc=";
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let html: String = secret.bytes().map(|byte| format!("&#x{byte:x};")).collect();
    let json: String = secret
        .bytes()
        .map(|byte| format!("\\u{byte:04x}"))
        .collect();
    let encoded = [
        secret.to_owned(),
        secret.to_lowercase(),
        secret
            .replace('/', "%2F")
            .replace('+', "%2B")
            .replace('=', "%3D"),
        secret
            .replace('/', "%252F")
            .replace('+', "%252B")
            .replace('=', "%253D"),
        secret.replace('/', "\\/"),
        secret.replace('/', "&#x2F;").replace('=', "&#61;"),
        percent,
        html,
        json,
        hex(secret.as_bytes()),
        STANDARD.encode(secret),
        STANDARD.encode(format!("/k.jpg?X-Amz-Signature={secret}")),
    ];
    let bodies = encoded.iter().flat_map(|text| {
        [
            format!("<Error><Code>AccessDenied</Code><Message>{text}</Message><Resource>/k.jpg?X-Amz-Signature={text}</Resource></Error>"),
            format!(r#"{{"error": {{"message": "GET /k.jpg?X-Amz-Signature={text}"}}}}"#),
            format!("<html><title>{text}</title></html>"),
        ]
    });
    let steps: Vec<_> = bodies.map(|body| respond("403 E", "", &body)).collect();
    let count = steps.len();
    let server = FaultServer::start(steps);
    let put = signed(&server.url);
    let uploader = Uploader::default();
    for _ in 0..count {
        let error = uploader.upload(&put, &image()).unwrap_err();
        let shown = shown(&error);
        assert!(shown.contains("redacted"), "{shown}");
        for text in &encoded {
            // Without the first and the last characters, which may be changed with their neighbors.
            let part = &text[6..text.len() - 6];
            assert!(!shown.contains(part), "{part} in {shown}");
        }
    }
    assert_eq!(server.requests(), count);
    assert!(!format!("{put:?}").contains("HIDDEN"));
    // At this level, ureq logs addresses, of which the documentation warns.
    let lines = log_lines()
        .into_iter()
        .filter(|line| !line.contains(" ureq::"));
    for line in lines {
        assert!(!line.contains("HIDDEN-SIGNATURE"), "{line}");
    }
}
