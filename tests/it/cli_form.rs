//! Promise: `post` and `check` read forms of any service and presigned URLs, and show no secret of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::command::{imgpost, json as parsed, refused, run};
use crate::support::{capture_one, fixture, read_parts};

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

fn gray() -> String {
    fixture("images/gray.jpg").display().to_string()
}

/// A form with this policy's conditions.
fn form(url: &str, fields: &Value, conditions: &Value) -> String {
    let policy = json!({"expiration": "2999-01-01T00:00:00Z", "conditions": conditions});
    let mut fields = fields.clone();
    fields["policy"] = STANDARD.encode(policy.to_string()).into();
    json!({"url": url, "fields": fields}).to_string()
}

#[test]
fn fields_are_added_and_replaced() {
    let (url, server) = capture_one(NO_CONTENT);
    let form = json!({"url": url, "fields": {"key": "k", "acl": "private"}}).to_string();
    let output = run(imgpost().args(["post", "--raw", &gray(), &form]).args([
        "--field",
        "acl=public-read",
        "--field",
        "x-amz-meta-a=b=c",
    ]));
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"k\n");
    let parts = read_parts(&server.join().unwrap());
    let fields: Vec<_> = parts
        .iter()
        .map(|(name, _, _, value)| (name.as_str(), std::str::from_utf8(value).unwrap_or("")))
        .take(3)
        .collect();
    let expected = [
        ("acl", "public-read"),
        ("key", "k"),
        ("x-amz-meta-a", "b=c"),
    ];
    assert_eq!(fields, expected);
}

#[test]
fn index_chooses_one_of_several_forms() {
    let form = |key: &str| json!({"url": "https://example.com/", "fields": {"key": key}});
    let forms = json!([form("first"), form("second")]).to_string();
    let key = |index: &str| {
        parsed(&run(
            imgpost().args(["check", "--json", &forms, "--index", index])
        ))[0]["key"]
            .clone()
    };
    assert_eq!([key("0"), key("1")], ["first", "second"]);
    let (code, message) = refused(&run(imgpost().args(["check", &forms, "--index", "2"])));
    assert!(code == 5 && message.contains("0 to 1"), "{message}");
}

#[test]
fn presigned_url_is_uploaded_to_with_put() {
    for option in [&["--presigned"][..], &[]] {
        let (base, server) = capture_one("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        let url = format!("{base}/bucket/photo.webp?X-Amz-Signature=SECRET");
        let output = run(imgpost()
            .args(["post", "--json", "--size", "64x64", &gray()])
            .args(option)
            .arg(&url));
        let report = &parsed(&output)[0];
        let captured = server.join().unwrap();
        assert!(
            captured
                .head
                .starts_with("PUT /bucket/photo.webp?X-Amz-Signature=SECRET ")
        );
        assert_eq!(captured.header("content-type"), Some("image/webp"));
        assert_eq!(&captured.body[8..12], b"WEBP");
        assert_eq!(
            (report["extension"].as_str(), report["width"].as_u64()),
            (Some("webp"), Some(64))
        );
    }
    let url = "https://example.com/bucket/a.png?X-Amz-Signature=SECRET&X-Amz-Date=20200101T000000Z&X-Amz-Expires=60";
    let output = run(imgpost().args(["check", url]));
    let printed = String::from_utf8(output.stdout).unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(7), "{message}");
    for words in [
        "method      PUT",
        "bucket/a.png",
        "expired     ",
        "extension   png",
    ] {
        assert!(printed.contains(words), "{printed}");
    }
    assert!(!printed.contains("SECRET") && !message.contains("SECRET"));
}

#[test]
fn check_says_whether_a_file_fits_and_what_is_public() {
    let fields = json!({"key": "k", "acl": "public-read", "x-amz-signature": "SECRET"});
    let conditions =
        json!([{"key": "k"}, {"acl": "public-read"}, ["content-length-range", 1, 100_000]]);
    let form = form("https://example.com/", &fields, &conditions);
    let output = run(imgpost().args(["check", &form, &gray()]));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    let bytes = std::fs::metadata(gray()).unwrap().len();
    for words in [
        "public      acl: public-read (everyone can read the file)".to_owned(),
        format!("fits        {} ({bytes} bytes, image/jpeg)", gray()),
    ] {
        assert!(printed.contains(&words), "{words}: {printed}");
    }
    assert!(!printed.contains("SECRET"));
    let output = run(imgpost().args(["check", "--json", &form, &gray()]));
    let report = &parsed(&output)[0];
    assert_eq!(report["fits"], true);
    assert_eq!(report["public"], json!([["acl", "public-read"]]));
    assert_eq!(
        report["conditions"][2],
        json!(["content-length-range", 1, 100_000])
    );

    let large = fixture("images/lighthouse.jpg").display().to_string();
    let output = run(imgpost().args(["check", "--json", &form, &large]));
    assert_eq!(output.status.code(), Some(5));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["fits"], false);
}

/// A file that is no image has the type that the form declares, or its own, as `post --raw` sends it.
#[test]
fn check_of_another_type_names_the_command_that_converts() {
    let fields = json!({"key": "k", "Content-Type": "image/png"});
    let conditions = json!([{"Content-Type": "image/png"}, {"key": "k"}]);
    let form = form("https://example.com/", &fields, &conditions);
    let output = run(imgpost().args(["check", &form, &gray()]));
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{message}");
    let advice = "but the file is image/jpeg; convert the file, or ask for a form for its type (`imgpost post` without `--raw` converts an image)";
    assert!(message.contains(advice), "{message}");
}

#[test]
fn file_that_is_no_image_is_checked_with_the_type_of_the_form() {
    let fields = json!({"key": "k", "Content-Type": "text/markdown"});
    let conditions = json!([{"key": "k"}, ["starts-with", "$Content-Type", "text/"]]);
    let readme = fixture("README.md").display().to_string();
    let text = form("https://example.com/", &fields, &conditions);
    let output = run(imgpost().args(["check", &text, &readme]));
    assert!(output.status.success(), "{output:?}");
    // Without a declared type, the extension decides.
    let untyped = form("https://example.com/", &json!({"key": "k"}), &conditions);
    assert!(
        run(imgpost().args(["check", &untyped, &readme]))
            .status
            .success()
    );
    let folder = tempfile::tempdir().unwrap();
    let unknown = folder.path().join("notes.unknown");
    std::fs::write(&unknown, "notes").unwrap();
    let (code, message) = {
        let output = run(imgpost().args(["check", &untyped]).arg(&unknown));
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    assert_eq!(code, Some(5));
    assert!(message.contains("Content-Type"), "{message}");
}

#[test]
fn dry_run_validates_and_sends_nothing() {
    // The port is closed.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let conditions = json!([{"key": "k.jpg"}, ["content-length-range", 1, 1_500]]);
    let form = form(&url, &json!({"key": "k.jpg"}), &conditions);
    let post = |more: &[&str]| {
        run(imgpost()
            .args(["post", "--dry-run", "--json", &gray(), &form])
            .args(more))
    };
    let report = &parsed(&post(&["--size", "16x16"]))[0];
    assert_eq!(
        (&report["width"], &report["dry_run"]),
        (&json!(16), &json!(true))
    );
    let bytes = std::fs::metadata(gray()).unwrap().len();
    assert!(bytes > 1_500, "{bytes}");
    assert_eq!(post(&["--raw"]).status.code(), Some(5));
    let report = &parsed(&post(&["--raw", "--no-check"]))[0];
    assert_eq!(report["bytes"], bytes);
}

#[test]
fn dry_run_reports_what_would_fail() {
    let fields = json!({"key": "k"});
    let post = |url: &str, raw: &[&str], more: &[&str]| {
        let form = json!({"url": url, "fields": fields}).to_string();
        let output = run(imgpost()
            .args(["post", "--dry-run", &gray(), &form])
            .args(raw)
            .args(more));
        let message = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), message)
    };
    for raw in [&[][..], &["--raw"]] {
        for (url, words) in [
            ("http://minio:9000/bucket", "not https"),
            (
                "https://a.r2.cloudflarestorage.com/b",
                "does not accept POST",
            ),
            (
                "https://s3.us-west-002.backblazeb2.com/b",
                "does not accept POST",
            ),
        ] {
            let (code, message) = post(url, raw, &[]);
            assert_eq!(code, Some(5), "{url}: {message}");
            assert!(message.contains(words), "{message}");
        }
        let http = "http://minio:9000/bucket";
        assert_eq!(post(http, raw, &["--allow-http"]).0, Some(0));
        assert_eq!(post("https://minio/bucket", raw, &[]).0, Some(0));
        let url = "http://minio:9000/b/k.jpg?X-Amz-Signature=SECRET";
        let output = run(imgpost()
            .args(["post", "--dry-run", &gray(), url])
            .args(raw));
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(
            message.contains("--allow-http") && !message.contains("SECRET"),
            "{message}"
        );
    }
}

#[test]
fn json_has_location_url_and_status() {
    let created =
        "HTTP/1.1 201 Created\r\nLocation: https://cdn.example.com/k\r\nContent-Length: 0\r\n\r\n";
    for raw in [&[][..], &["--raw"]] {
        let (url, server) = capture_one(created);
        let form = json!({"url": format!("{url}/b?SECRET"), "fields": {"key": "k"}}).to_string();
        let output = run(imgpost().args(["post", "--json", &gray(), &form]).args(raw));
        let report = &parsed(&output)[0];
        server.join().unwrap();
        assert_eq!(report["location"], "https://cdn.example.com/k");
        assert_eq!(report["url"], format!("{url}/b"));
        assert_eq!(report["status"], 201);
    }
    let (url, server) = capture_one("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let put = format!("{url}/b/k.jpg?X-Amz-Signature=SECRET");
    let output = run(imgpost().args(["post", "--json", &gray(), &put]));
    let report = &parsed(&output)[0];
    server.join().unwrap();
    let address = Value::from(format!("{url}/b/k.jpg"));
    assert_eq!((&report["location"], &report["url"]), (&address, &address));
    assert_eq!(report["status"], 200);
    let (url, server) = capture_one("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    let form = json!({"url": url, "fields": {"key": "k"}}).to_string();
    let output = run(imgpost().args(["post", "--json", &gray(), &form]));
    server.join().unwrap();
    let failure: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(
        (&failure["status"], &failure["code"]),
        (&json!(403), &json!(5))
    );
}

/// Only `imgpost upload` can request another form, and only from the API that issues it.
#[test]
fn expired_form_is_exit_7_and_the_advice_is_for_its_producer() {
    for (code, message) in [
        (
            "InvalidRequest",
            "Bad request: Expiration date is in the past",
        ),
        (
            "AccessDenied",
            "Invalid according to Policy: Policy expired.",
        ),
    ] {
        let xml = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        let length = xml.len();
        let response = format!("HTTP/1.1 400 E\r\nContent-Length: {length}\r\n\r\n{xml}");
        let forms = |url: &str| {
            let fields = json!({"key": "k.jpg"});
            let leonardo =
                json!({"id": "1", "url": url, "key": "k.jpg", "fields": fields.to_string()});
            [
                (json!({"url": url, "fields": fields}).to_string(), false),
                (json!({"uploadInitImage": leonardo}).to_string(), true),
            ]
        };
        for index in 0..2 {
            let (url, server) = capture_one(response.clone());
            let (form, is_leonardo) = &forms(&url)[index];
            let (code, message) = refused(&run(imgpost().args(["post", &gray(), form])));
            server.join().unwrap();
            assert_eq!(code, 7, "{message}");
            assert_eq!(
                message.contains("imgpost upload"),
                *is_leonardo,
                "{message}"
            );
        }
    }
}

#[test]
fn check_names_what_a_post_would_need() {
    let fields = json!({"key": "k"});
    let missing = json!([{"key": "k"}, {"success_action_status": "201"}]);
    let text = form("http://minio:9000/b", &fields, &missing);
    let output = run(imgpost().args(["check", &text]));
    let (printed, message) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(
        printed.contains("minio:9000 (plain http, which --allow-http allows)"),
        "{printed}"
    );
    assert!(message.contains("--field NAME=VALUE"), "{message}");
    let add = ["--field", "success_action_status=201"];
    assert!(
        run(imgpost().args(["check", &text]).args(add))
            .status
            .success()
    );
    // A presigned PUT for a file of a certain size is valid without one.
    let put = json!({
        "url": "https://example.com/k?X-Amz-Signature=s&X-Amz-SignedHeaders=host;content-length",
        "method": "PUT",
        "headers": {"Content-Length": "5"},
    });
    let output = run(imgpost().args(["check", &put.to_string()]));
    assert!(output.status.success(), "{output:?}");
    let contradiction = json!([{"key": "k"}, {"bucket": "a"}, {"bucket": "b"}]);
    let text = form("https://example.com/", &fields, &contradiction);
    let (code, message) = {
        let output = run(imgpost().args(["post", "--dry-run", &gray(), &text]));
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    assert!(
        code == Some(5) && message.contains("contradict each other"),
        "{message}"
    );
}

#[test]
fn http_to_other_machines_has_to_be_allowed() {
    let form = json!({"url": "http://imgpost.invalid/", "fields": {"key": "k"}}).to_string();
    let post = |more: &[&str]| {
        let arguments = ["post", "--raw", "--retries", "0", &gray(), &form].map(str::to_owned);
        refused(&run(imgpost().args(arguments).args(more)))
    };
    assert_eq!(post(&[]).0, 5);
    // The host does not exist.
    assert_eq!(post(&["--allow-http"]).0, 6);
}

#[test]
fn manual_pages_and_topics_are_complete() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(imgpost().arg("man").arg(folder.path()));
    assert!(output.status.success(), "{output:?}");
    let pages = crate::support::names(folder.path());
    for page in [
        "imgpost.1",
        "imgpost-post.1",
        "imgpost-dataset-create.1",
        "imgpost-man.1",
    ] {
        assert!(pages.iter().any(|name| name == page), "{pages:?}");
    }
    assert!(!pages.iter().any(|name| name.contains("help")), "{pages:?}");
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/command.md");
    let reference = std::fs::read_to_string(reference).unwrap();
    for topic in ["exit-codes", "environment", "json"] {
        let output = run(imgpost().args(["help", topic]));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().count() > 5, "{topic}");
        // The reference repeats it.
        assert!(reference.contains(text.trim_end()), "{topic}");
    }
    assert!(run(imgpost().args(["help", "post"])).status.success());
    let help = run(imgpost().args(["completions", "--help"]));
    assert!(
        String::from_utf8(help.stdout)
            .unwrap()
            .contains("~/.config/fish/completions/imgpost.fish")
    );
}
