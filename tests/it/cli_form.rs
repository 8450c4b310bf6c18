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

/// A file that is no image has the type that the form declares, as `post --raw` sends it.
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
    // Without a declared type, the condition cannot be met.
    let untyped = form("https://example.com/", &json!({"key": "k"}), &conditions);
    let (code, message) = {
        let output = run(imgpost().args(["check", &untyped, &readme]));
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
