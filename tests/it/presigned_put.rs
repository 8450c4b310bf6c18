//! Promise: a presigned PUT stores the file under the signed URL, with exactly the signed headers, on a storage that
//! verifies the signature.

use std::fmt::Write;

use hmac::{Hmac, Mac};
use imgpost::sandbox::{Fault, Sandbox};
use imgpost::{Error, PresignedPut, PresignedUpload, S3ErrorCode, Uploader};
use sha2::{Digest, Sha256};

use crate::support::faults::{FaultServer, image};

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

/// Signs a PUT of `key` with `headers` for `seconds` from now, as the documentation of Signature Version 4 says.
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
fn bytes_and_files_are_sent_with_their_length_alone() {
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
fn wrong_signature_and_expired_url_are_refused_by_storage_too() {
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
    // Its Date confirms this machine's clock.
    let error = Uploader::default().upload(&expired, &image()).unwrap_err();
    assert!(
        matches!(error, Error::PresignedPost(_)) && error.is_expired(),
        "{error:?}"
    );
    assert!(sandbox.keys().is_empty());
}
