//! What a post that succeeds gives back, and that it can be repeated.

use imgpost::{Error, S3ErrorCode, Uploader, upload};
use serde_json::{Value, json};

use super::image;
use crate::support::s3::{ACCESS_KEY, BUCKET, Kind, SESSION_TOKEN, Server, Storage};

const REDIRECT: &str = "http://127.0.0.1/done?a=b";

fn ask(key: &str, field: &str, value: &str) -> Value {
    json!({"key": key, "fields": {field: value}, "conditions": [{field: value}]})
}

#[test]
fn a_receipt_holds_what_the_server_tells() {
    let asked = [
        json!({"key": "default"}),
        ask("200", "success_action_status", "200"),
        ask("201", "success_action_status", "201"),
        ask("204", "success_action_status", "204"),
        ask("303", "success_action_redirect", REDIRECT),
    ];
    let image = image();
    // The MD5 of the image, as MiniStack and s3s-fs both make it.
    let mut etags = Vec::new();
    for kind in Kind::ALL {
        let server = Server::start(kind);
        for (form, asked) in server.presign(&asked).iter().zip(&asked) {
            let key = asked["key"].as_str().unwrap();
            let receipt = upload(form, &image).unwrap();
            assert_eq!(receipt.key.as_deref(), Some(key));
            assert_eq!(receipt.bytes, image.bytes().len() as u64);
            assert_eq!((receipt.attempts, receipt.form_renewed), (1, false));
            let next = format!("{REDIRECT}&bucket={BUCKET}&key=303&etag=");
            let location = match (kind, key) {
                (_, "303") => Some(next),
                (Kind::MiniStack, key) => Some(format!("http://{BUCKET}.s3.amazonaws.com/{key}")),
                // It tells where the file is only where it is asked to.
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
            let tells_etag = kind == Kind::MiniStack || key == "201";
            assert_eq!(receipt.etag.is_some(), tells_etag, "{kind}, {key}");
            etags.extend(receipt.etag);
        }
        let objects = server.objects();
        assert_eq!(objects.len(), asked.len());
        assert!(objects.values().all(|content| content == image.bytes()));
    }
    assert_eq!(etags.len(), 6);
    assert!(
        etags[0].len() == 32 && etags.iter().all(|etag| *etag == etags[0]),
        "{etags:?}"
    );
}

/// Bytes that look like the end of their part all over.
fn confusing(bytes: usize, pieces: &[&[u8]]) -> Vec<u8> {
    let mut state = 1u32;
    let mut content = Vec::new();
    while content.len() < bytes {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        content.extend_from_slice(pieces[(state >> 16) as usize % pieces.len()]);
    }
    content
}

/// 9 MiB are so many that the storage is asked first whether it takes them.
#[test]
fn a_file_of_many_megabytes_arrives_as_it_is() {
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
            // It refuses a file where a carriage return happens to be the last byte of what it reads at once.
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
fn a_form_can_be_posted_again_and_the_last_file_stays() {
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

/// The file is too small to be asked for first, and too large to be sent before the answer is there.
#[test]
fn a_refusal_is_heard_while_a_file_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.bin");
    std::fs::write(&path, vec![b'a'; 1 << 20]).unwrap();
    let uploader = Uploader::default().retries(0);
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let mut ask = json!({"key": "refused"});
        ask["credentials"] = json!([ACCESS_KEY, "another-secret-key", SESSION_TOKEN]);
        let form = server.presign(&[ask]).remove(0);
        for _ in 0..5 {
            let error = uploader.upload_file(&form, &path, None).unwrap_err();
            let told = matches!(&error, Error::Storage(s3) if s3.code == Some(S3ErrorCode::SignatureDoesNotMatch));
            assert!(told, "{kind}: {error:?}");
        }
        assert!(server.objects().is_empty(), "{kind}");
    }
}
