//! Promise: whatever the storage responds, the file counts as stored only with a status that says so; an error is one line
//! without secrets; and the fields are sent by https alone, each time in full.

#![no_main]

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use imgpost::transport::{Request, Response, Transport, TransportError};
use imgpost::{Error, Extension, PrepareOptions, PreparedImage, PresignedPost, Uploader};
use imgpost_fuzz::{assert_printable, text};
use libfuzzer_sys::fuzz_target;

/// Secret fields. A byte from 1 on stands for each in an input, as storages repeat what they received. The last value
/// begins with the one before it.
const SECRETS: [(&str, &str); 5] = [
    (
        "X-Amz-Credential",
        "ASIAEXAMPLE/20261122/us-east-1/s3/aws4_request",
    ),
    ("X-Amz-Security-Token", "FwoGZXIvYXdzEBYaDG+made/up+token=="),
    (
        "Policy",
        "eyJleHBpcmF0aW9uIjoiMjAyNi0xMS0yMlQxNTowMzo0N1oiLCJjb25kaXRpb25zIjpbXX0=",
    ),
    ("x-upload-token", "0123456789abcdef"),
    (
        "X-Amz-Signature",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    ),
];

// The status in two bytes, the length of the `Location` in one, `Location`, and the body.
fuzz_target!(|data: &[u8]| {
    let (head, rest) = data.split_at(data.len().min(3));
    let &[high, low, length] = head else { return };
    let status = 100 + u16::from_be_bytes([high, low]) % 900;
    let (location, body) = rest.split_at(rest.len().min(length.into()));
    let storage = Arc::new(Storage {
        response: Response::new(status, with_secrets(body))
            .with_header("location", text(location))
            .with_header("retry-after", text(location)),
        requests: AtomicU32::new(0),
    });
    let uploader = Uploader::new(Arc::clone(&storage) as Arc<dyn Transport>)
        .retries(0)
        .validate_policy(false);
    let (form, image) = (form(), image());
    let uploaded = uploader.upload(form, image);
    let requests = storage.requests.load(Ordering::Relaxed);
    assert!(
        requests == 1 || matches!(status, 307 | 308) && requests == 4,
        "{requests}"
    );
    match uploaded {
        Ok(receipt) => {
            // The form does not ask for a redirect, so a 303 is no success.
            assert!(matches!(status, 200 | 201 | 204), "{status}");
            assert_eq!(receipt.bytes, image.bytes().len() as u64);
            assert_eq!((receipt.attempts, receipt.form_renewed), (1, false));
        }
        Err(error) => {
            // An error document or a web page.
            let is_markup = storage.response.body.contains(&b'<');
            assert!(!matches!(status, 200 | 201 | 204) || is_markup, "{status}");
            assert_printable(&error);
            let message = format!("{error} {error:?}");
            for (name, value) in SECRETS {
                assert!(!message.contains(value), "{name} in {message}");
            }
            // Half a secret is one as well.
            assert!(!message.contains("cdef0123"), "{message}");
            let Error::Storage(rejection) = &error else {
                panic!("{message}");
            };
            assert_eq!(rejection.status, status);
            assert_eq!(error.is_retryable(), rejection.is_retryable());
            assert!(!rejection.is_expired() || rejection.code.is_some());
            assert!(rejection.extra.len() <= 50);
        }
    }
});

fn with_secrets(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for byte in body {
        match SECRETS.get(usize::from(*byte).wrapping_sub(1)) {
            Some((_, secret)) => bytes.extend(secret.as_bytes()),
            None => bytes.push(*byte),
        }
    }
    bytes
}

fn form() -> &'static PresignedPost {
    static FORM: OnceLock<PresignedPost> = OnceLock::new();
    FORM.get_or_init(|| {
        let fields = [("key", "users/${filename}")].into_iter().chain(SECRETS);
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        PresignedPost::new("https://bucket.example.com/", fields).unwrap()
    })
}

fn image() -> &'static PreparedImage {
    static IMAGE: OnceLock<PreparedImage> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let prepare = PrepareOptions::default()
            .size(1, 1)
            .extension(Extension::Png);
        prepare.prepare_rgba8(1, 1, &[0, 0, 0, 255]).unwrap()
    })
}

/// Gives the same response to every request.
#[derive(Debug)]
struct Storage {
    response: Response,
    requests: AtomicU32,
}

impl Transport for Storage {
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        assert!(
            request.url.to_ascii_lowercase().starts_with("https://"),
            "{}",
            request.url
        );
        assert!(
            request
                .headers
                .iter()
                .all(|(name, _)| *name == "content-type")
        );
        let (body, length) = request.body.unwrap();
        assert_eq!(io::copy(body, &mut io::sink()).unwrap(), length);
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut response = self.response.clone();
        response
            .body
            .truncate(request.max_response_bytes.try_into().unwrap());
        Ok(response)
    }
}
