//! Promise: an upload sends the POST that S3 specifies, and S3's response is interpreted as documented.

use imgpost::{Error, PrepareOptions, PreparedImage, PresignedPost, S3ErrorCode, Uploader, upload};

use crate::support::{capture_one, fixture, read_parts};

fn image() -> PreparedImage {
    PrepareOptions::default()
        .size(64, 64)
        .open(fixture("images/lighthouse.jpg"))
        .unwrap()
}

fn form(url: &str) -> PresignedPost {
    let fields = [
        ("Content-Type", "image/jpeg"),
        ("key", "users/1/${filename}"),
        ("X-Amz-Security-Token", "TOKEN-SECRET"),
        ("Policy", "POLICY-SECRET"),
        ("X-Amz-Signature", "SIGNATURE-SECRET"),
        ("x-amz-meta-upload_type", "INIT"),
        ("empty", ""),
        ("lines", "a\r\nb"),
        ("unicode", "Straße \u{1F30A}"),
    ];
    PresignedPost::new(url, fields.map(|(n, v)| (n.to_owned(), v.to_owned()))).unwrap()
}

/// Uploads to a server with this response, which must be an error.
fn rejection(response: &str) -> Error {
    let (url, server) = capture_one(response);
    let error = upload(&form(&url), &image()).unwrap_err();
    server.join().unwrap();
    error
}

#[test]
fn all_fields_are_sent_in_order_before_the_file() {
    let (url, server) = capture_one("HTTP/1.1 204 \r\nETag: \"abc\"\r\nContent-Length: 0\r\n\r\n");
    let (form, image) = (form(&url), image());
    let receipt = upload(&form, &image).unwrap();
    let captured = server.join().unwrap();

    assert!(
        captured.head.starts_with("POST / HTTP/1.1\r\n"),
        "{}",
        captured.head
    );
    assert_eq!(captured.header("authorization"), None);
    assert_eq!(captured.header("cookie"), None);
    assert_eq!(captured.header("transfer-encoding"), None);
    assert_eq!(
        captured
            .head
            .to_lowercase()
            .matches("content-length:")
            .count(),
        1
    );

    let parts = read_parts(&captured);
    let mut expected: Vec<crate::support::Part> = form
        .fields()
        .map(|(name, value)| (name.into(), None, None, value.into()))
        .collect();
    expected.push((
        "file".into(),
        Some("lighthouse.jpg".into()),
        Some("image/jpeg".into()),
        image.bytes().into(),
    ));
    assert_eq!(parts, expected);
    assert!(captured.body.ends_with(b"--\r\n"));
    assert_eq!(receipt.etag.as_deref(), Some("abc"));
    assert_eq!(receipt.key.as_deref(), Some("users/1/lighthouse.jpg"));
    assert_eq!(
        (receipt.bytes, receipt.attempts),
        (image.bytes().len() as u64, 1)
    );
}

#[test]
fn file_name_is_not_sent_unless_the_key_requires_it() {
    let (url, server) = capture_one("HTTP/1.1 204 \r\nContent-Length: 0\r\n\r\n");
    let form = PresignedPost::new(url, [("key".into(), "a.jpg".into())]).unwrap();
    upload(&form, &image()).unwrap();
    let parts = read_parts(&server.join().unwrap());
    assert_eq!(parts.last().unwrap().1.as_deref(), Some("image.jpg"));
}

#[test]
fn statuses_200_201_and_204_are_successes() {
    let body =
        "<PostResponse><Location>http://l/</Location><Key>k</Key><ETag>\"e\"</ETag></PostResponse>";
    for (status, body) in [(200, ""), (201, body), (204, "")] {
        let length = body.len();
        let (url, server) = capture_one(format!(
            "HTTP/1.1 {status} \r\nContent-Length: {length}\r\n\r\n{body}"
        ));
        let receipt = upload(&form(&url), &image()).unwrap();
        server.join().unwrap();
        if status == 201 {
            assert_eq!(receipt.key.as_deref(), Some("k"));
            assert_eq!(receipt.etag.as_deref(), Some("e"));
            assert_eq!(receipt.location.as_deref(), Some("http://l/"));
        }
    }
}

#[test]
fn status_303_is_a_success_only_if_the_form_requests_it() {
    let response =
        "HTTP/1.1 303 \r\nLocation: https://app.example/done?key=k\r\nContent-Length: 0\r\n\r\n";
    let (url, server) = capture_one(response);
    let redirect = ("success_action_redirect", "https://app.example/done");
    let fields = [("key", "k"), redirect].map(|(name, value)| (name.into(), value.into()));
    let receipt = upload(&PresignedPost::new(url, fields).unwrap(), &image()).unwrap();
    server.join().unwrap();
    assert_eq!(
        receipt.location.as_deref(),
        Some("https://app.example/done?key=k")
    );
    assert!(matches!(rejection(response), Error::Storage(s3) if s3.status == 303));
}

#[test]
fn rejection_shows_s3s_message_without_secrets() {
    let xml = "<Error><Code>AccessDenied</Code><Message>Policy Condition failed: [\"eq\", \
               \"$X-Amz-Security-Token\", \"TOKEN-SECRET\"]</Message><RequestId>R1</RequestId></Error>";
    let length = xml.len();
    let error = rejection(&format!(
        "HTTP/1.1 403 Forbidden\r\nContent-Length: {length}\r\n\r\n{xml}"
    ));
    let Error::Storage(s3) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(s3.code, Some(S3ErrorCode::AccessDenied));
    assert_eq!(s3.request_id.as_deref(), Some("R1"));
    assert!(s3.message.contains("Policy Condition failed"));
    assert!(!format!("{error} {error:?}").contains("SECRET"));
}

#[test]
fn redirects_that_lose_the_body_or_expose_secrets_are_not_followed() {
    for (status, location) in [
        (301, "http://127.0.0.1:1/"),
        (302, "http://127.0.0.1:1/"),
        (307, "http://storage.example.com/"),
        (308, "ftp://127.0.0.1:1/"),
        (307, "//storage.example.com:bad/"),
    ] {
        let error = rejection(&format!(
            "HTTP/1.1 {status} \r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        ));
        assert!(
            matches!(&error, Error::Storage(s3) if s3.status == status),
            "{error:?}"
        );
        assert!(error.to_string().contains("ask for a "), "{error}");
    }
}

#[test]
fn unreachable_host_is_a_transport_error_that_names_it() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let uploader = Uploader::default().retries(0);
    let error = uploader.upload(&form(&format!("http://{address}/")), &image());
    let error = error.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error:?}");
    assert!(error.to_string().contains(&address), "{error}");
}

#[test]
fn no_part_of_a_secret_longer_than_a_message_is_shown() {
    let token = "TOKEN".repeat(300);
    let xml = format!("<Error><Code>AccessDenied</Code><Message>failed: {token}</Message></Error>");
    for body in [xml, format!("failed: {token}")] {
        let length = body.len();
        let response = format!("HTTP/1.1 403 Forbidden\r\nContent-Length: {length}\r\n\r\n{body}");
        let (url, server) = capture_one(response);
        let fields = [
            ("key".into(), "k".into()),
            ("X-Amz-Security-Token".into(), token.clone()),
        ];
        let form = PresignedPost::new(url, fields).unwrap();
        let message = upload(&form, &image()).unwrap_err().to_string();
        server.join().unwrap();
        assert!(
            message.contains("failed: [redacted]") && !message.contains("TOKEN"),
            "{message}"
        );
    }
}
