//! Receipts of successful posts, repeated posts, large files and early errors.

use imgpost::{Error, S3ErrorCode, Uploader, upload};
use serde_json::{Value, json};

use super::image;
use crate::support::s3::{ACCESS_KEY, BUCKET, Kind, SESSION_TOKEN, Server, Storage};

const REDIRECT: &str = "http://127.0.0.1/done?a=b";

fn request(key: &str, field: &str, value: &str) -> Value {
    json!({"key": key, "fields": {field: value}, "conditions": [{field: value}]})
}

#[test]
fn receipt_contains_the_data_of_the_response() {
    let requests = [
        json!({"key": "default"}),
        request("200", "success_action_status", "200"),
        request("201", "success_action_status", "201"),
        request("204", "success_action_status", "204"),
        request("303", "success_action_redirect", REDIRECT),
    ];
    let image = image();
    // The MD5 of the image, which both servers use as the ETag.
    let mut etags = Vec::new();
    for kind in Kind::ALL {
        let server = Server::start(kind);
        for (form, request) in server.presign(&requests).iter().zip(&requests) {
            let key = request["key"].as_str().unwrap();
            let receipt = upload(form, &image).unwrap();
            assert_eq!(receipt.key.as_deref(), Some(key));
            assert_eq!(receipt.bytes, image.bytes().len() as u64);
            assert_eq!((receipt.attempts, receipt.form_renewed), (1, false));
            let next = format!("{REDIRECT}&bucket={BUCKET}&key=303&etag=");
            let location = match (kind, key) {
                (_, "303") => Some(next),
                (Kind::MiniStack, key) => Some(format!("http://{BUCKET}.s3.amazonaws.com/{key}")),
                // s3s-fs returns the location only if the form requests it.
                (Kind::S3sFs, "201") => Some(format!("/{BUCKET}/201")),
                (Kind::S3sFs, _) => None,
            };
            assert_eq!(
                receipt.location.is_some(),
                location.is_some(),
                "{receipt:?}"
            );
            let starts = receipt
                .location
                .unwrap_or_default()
                .starts_with(&location.unwrap_or_default());
            assert!(starts, "{kind}, {key}");
            let has_etag = kind == Kind::MiniStack || key == "201";
            assert_eq!(receipt.etag.is_some(), has_etag, "{kind}, {key}");
            etags.extend(receipt.etag);
        }
        let objects = server.objects();
        assert_eq!(objects.len(), requests.len());
        assert!(objects.values().all(|content| content == image.bytes()));
    }
    assert_eq!(etags.len(), 6);
    assert!(
        etags[0].len() == 32 && etags.iter().all(|etag| *etag == etags[0]),
        "{etags:?}"
    );
}

/// Content full of bytes that look like the end of a part.
fn confusing(bytes: usize, pieces: &[&[u8]]) -> Vec<u8> {
    let mut state = 1u32;
    let mut content = Vec::new();
    while content.len() < bytes {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        content.extend_from_slice(pieces[(state >> 16) as usize % pieces.len()]);
    }
    content
}

#[test]
fn file_of_many_megabytes_is_stored_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.bin");
    let pieces: [&[u8]; 7] = [
        b"\n--imgpost-",
        b"--",
        b"\n",
        b"\0\xFF",
        b"a",
        b"\r",
        b"\r\n--imgpost-",
    ];
    for kind in Kind::ALL {
        let pieces = match kind {
            Kind::MiniStack => &pieces[..],
            // s3s-fs rejects a file if a carriage return is the last byte of one of its reads.
            Kind::S3sFs => &pieces[..5],
        };
        let server = Server::start(kind);
        let sizes = [("3", 3 << 20), ("9", 9 << 20)];
        let contents = sizes.map(|(key, bytes)| (key, confusing(bytes, pieces)));
        let forms = server.presign(&sizes.map(|(key, _)| json!({"key": key})));
        for (form, (_, content)) in forms.iter().zip(&contents) {
            std::fs::write(&path, content).unwrap();
            let receipt = Uploader::default().upload_file(form, &path, None).unwrap();
            assert_eq!(receipt.bytes, content.len() as u64);
            assert_eq!(receipt.attempts, 1, "{kind}");
        }
        let objects = server.objects();
        for (key, content) in contents {
            assert!(objects[key] == content, "{kind}, {key}");
        }
    }
}

#[test]
fn form_posted_again_replaces_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.txt");
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let form = server.presign(&[json!({"key": "again"})]).remove(0);
        for content in ["first", "second"] {
            std::fs::write(&path, content).unwrap();
            Uploader::default().upload_file(&form, &path, None).unwrap();
        }
        assert_eq!(server.objects()["again"], b"second", "{kind}");
    }
}

/// The file is too large to be sent before the response arrives.
#[test]
fn error_response_is_read_while_a_file_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.bin");
    std::fs::write(&path, vec![b'a'; 1 << 20]).unwrap();
    let uploader = Uploader::default().retries(0);
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let mut request = json!({"key": "rejected"});
        request["credentials"] = json!([ACCESS_KEY, "another-secret-key", SESSION_TOKEN]);
        let form = server.presign(&[request]).remove(0);
        for _ in 0..5 {
            let error = uploader.upload_file(&form, &path, None).unwrap_err();
            let is_rejected = matches!(&error, Error::Storage(s3) if s3.code == Some(S3ErrorCode::SignatureDoesNotMatch));
            assert!(is_rejected, "{kind}: {error:?}");
        }
        assert!(server.objects().is_empty(), "{kind}");
    }
}
