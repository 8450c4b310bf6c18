use super::*;

fn put(query: &str, headers: &[(&str, &str)]) -> PresignedPut {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    PresignedPut::new(
        format!("https://bucket.example.com/up/a%20b.jpg?{query}"),
        headers,
    )
    .unwrap()
}

fn sent(query: &str, headers: &[(&str, &str)]) -> String {
    let headers = put(query, headers).headers_for("image/jpeg");
    let headers = headers
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    headers.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_headers_that_each_cloud_requires_are_sent() {
    let v4 = "X-Amz-Signature=s&X-Amz-SignedHeaders=content-type%3Bhost%3Bx-amz-acl";
    let oss = "x-oss-signature=s&x-oss-signature-version=OSS4-HMAC-SHA256";
    for (query, headers, expected) in [
        (
            v4,
            &[("X-Amz-Acl", "private")][..],
            "x-amz-acl=private content-type=image/jpeg",
        ),
        (
            v4,
            &[
                ("x-amz-acl", "private"),
                ("Host", "h"),
                ("Content-Type", "image/png"),
                ("Content-Length", "3"),
            ],
            "x-amz-acl=private content-type=image/png",
        ),
        (
            "X-Amz-Signature=s&X-Amz-SignedHeaders=host;x-amz-content-sha256",
            &[],
            "content-type=image/jpeg x-amz-content-sha256=UNSIGNED-PAYLOAD",
        ),
        (
            "X-Goog-Signature=s&X-Goog-SignedHeaders=host",
            &[],
            "content-type=image/jpeg",
        ),
        (
            "q-signature=s&q-header-list=",
            &[],
            "content-type=image/jpeg",
        ),
        // Signature version 2 covers a Content-Type that nobody gave.
        ("AWSAccessKeyId=a&Signature=s&Expires=1", &[], ""),
        (
            "OSSAccessKeyId=a&Signature=s&Expires=1",
            &[("Content-Type", "image/png")],
            "content-type=image/png",
        ),
        (oss, &[], ""),
        (
            "sv=2024-11-04&sr=b&sig=s",
            &[],
            "content-type=image/jpeg x-ms-blob-type=BlockBlob",
        ),
        (
            "sv=2024-11-04&sr=b&sig=s",
            &[("x-ms-blob-type", "AppendBlob")],
            "x-ms-blob-type=AppendBlob content-type=image/jpeg",
        ),
        ("token=s", &[], "content-type=image/jpeg"),
    ] {
        assert_eq!(sent(query, headers), expected, "{query}");
    }
}

#[test]
fn what_storage_would_reject_is_found() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_359_600);
    let validate =
        |query: &str, headers: &[(&str, &str)]| put(query, headers).validate(5, "image/jpeg", now);
    let v4 = "X-Amz-Signature=s&X-Amz-SignedHeaders=host;content-type;content-length";
    assert_eq!(validate(v4, &[]), Ok(()));
    assert_eq!(
        validate(
            v4,
            &[("Content-Type", "image/jpg"), ("Content-Length", "5")]
        ),
        Ok(())
    );
    assert_eq!(
        validate(v4, &[("content-type", "image/png")])
            .unwrap_err()
            .to_string(),
        "the presigned URL is for image/png, but the file is image/jpeg; convert the file, or ask for a URL for its type"
    );
    let error = validate(v4, &[("Content-Length", "6")]).unwrap_err();
    assert_eq!(
        error,
        PresignedPutError::ContentLength {
            signed: 6,
            bytes: 5
        }
    );
    let name = String::from("x-goog-content-length-range");
    let range = format!("X-Goog-Signature=s&X-Goog-SignedHeaders=host;{name}");
    assert_eq!(validate(&range, &[(&name, "0,9")]), Ok(()));
    assert_eq!(
        validate(&range, &[]),
        Err(PresignedPutError::MissingHeader { name })
    );
    // It expires at 15:00:00, which is now.
    for (date, expected) in [
        ("20261122T150001Z", Err(Duration::ZERO)),
        ("20261122T150002Z", Ok(())),
        ("20261122T145917Z", Err(Duration::from_secs(43))),
    ] {
        let query = format!("X-Amz-Date={date}&X-Amz-Expires=0&X-Amz-Signature=s");
        let expected = expected.map_err(|ago| PresignedPutError::Expired { ago });
        assert_eq!(validate(&query, &[]), expected, "{date}");
    }
}

#[test]
fn clock_skew_is_taken_into_account() {
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let mut put = put("Expires=1000&Signature=s", &[]);
    assert_eq!(put.remaining(at(900)), Some(Duration::from_secs(99)));
    put.set_server_time(at(800), at(900));
    assert_eq!(put.remaining(at(900)), Some(Duration::from_secs(199)));
    assert_eq!(put.remaining(at(2000)), Some(Duration::ZERO));
}

#[test]
fn neither_the_query_nor_a_header_is_shown() {
    let query = "X-Amz-Credential=AKIASECRET1%2F20261122%2Feu-west-1&X-Amz-Signature=SECRET-2&X-Amz-Expires=60&id=SECRET-3";
    let put = put(
        query,
        &[
            ("Authorization", "Bearer SECRET-4"),
            ("Content-Type", "image/jpeg"),
        ],
    );
    let shown = format!("{put:?}");
    assert!(
        shown.contains("bucket.example.com") && !shown.contains("SECRET"),
        "{shown}"
    );
    for text in [
        query,
        "SECRET-2 SECRET-3",
        "AKIASECRET1",
        "AKIASECRET1/20261122/eu-west-1",
        "Authorization: Bearer SECRET-4",
    ] {
        let redacted = put.redact(text);
        assert!(!redacted.contains("SECRET"), "{redacted}");
    }
    let public = "eu-west-1 image/jpeg up/a b.jpg";
    assert_eq!(put.redact(public), public);
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let new =
        |url: &str, name: &str, value: &str| PresignedPut::new(url, [(name.into(), value.into())]);
    let url = "https://example.com/a?Signature=SECRET";
    assert!(new(url, "Content-Type", "image/jpeg").is_ok());
    for (url, name, value) in [
        ("ftp://example.com/?Signature=SECRET", "a", "b"),
        ("example.com?SECRET", "a", "b"),
        (url, "a b", "SECRET"),
        (url, "", "SECRET"),
        (url, "a", "SECRET\r\nb: c"),
    ] {
        let error = new(url, name, value).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("SECRET"), "{shown}");
    }
}

#[test]
fn the_path_and_the_extension_are_those_of_the_file() {
    let put = put("Signature=s", &[]);
    assert_eq!(put.path(), "up/a b.jpg");
    assert_eq!(put.extension(), Some(Extension::Jpg));
    let header = ("content-type".into(), "image/png".into());
    let put = PresignedPut::new("https://example.com?a/b.c", [header]).unwrap();
    assert_eq!(put.path(), "");
    assert_eq!(put.extension(), Some(Extension::Png));
}
