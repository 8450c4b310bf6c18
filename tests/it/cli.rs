//! Promise: the command prepares and uploads, and reports every bad input in one line with the problem and the remedy.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;

use imgpost::sandbox::Sandbox;

use crate::support::command::{KEY, URL, form, imgpost, json, on, refused, run};
use crate::support::{capture_one, fixture};

#[test]
fn upload_stores_what_prepare_makes() {
    let sandbox = Sandbox::start().unwrap();
    let photo = fixture("images/lighthouse.jpg");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.jpg");
    let prepared = run(imgpost()
        .args(["prepare", "--json", "--bounds", "v1", "-o"])
        .arg(&out)
        .arg(&photo));
    let uploaded = run(on(&sandbox).args(["upload", "--json"]).arg(&photo));
    let (prepared, uploaded) = (&json(&prepared)[0], &json(&uploaded)[0]);
    for field in ["extension", "width", "height", "bytes"] {
        assert_eq!(prepared[field], uploaded[field]);
    }
    assert_eq!(
        (uploaded["width"].as_u64(), uploaded["height"].as_u64()),
        (Some(1152), Some(1536))
    );
    assert_eq!(uploaded["attempts"], 1);
    assert!(uploaded["id"].is_string() && uploaded["etag"].is_string());
    let stored = sandbox.stored(uploaded["key"].as_str().unwrap()).unwrap();
    assert_eq!(stored.bytes, std::fs::read(&out).unwrap());
}

#[test]
fn post_takes_a_form_from_standard_input_and_its_extension_from_the_form() {
    let sandbox = Sandbox::start().unwrap();
    let response = form(&sandbox, "webp");
    let mut child = imgpost()
        .args(["post", "--presigned", "-", "--size", "64x48", "--json"])
        .arg(fixture("images/lighthouse.jpg"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&response).unwrap();
    let report = &json(&child.wait_with_output().unwrap())[0];
    assert_eq!(report["extension"], "webp");
    let stored = sandbox.stored(report["key"].as_str().unwrap()).unwrap();
    assert_eq!(stored.content_type.as_deref(), Some("image/webp"));
    assert_eq!(&stored.bytes[8..12], b"WEBP");
}

#[test]
fn one_bad_file_of_several_does_not_stop_the_others() {
    let sandbox = Sandbox::start().unwrap();
    let files = ["images/alpha.png", "README.md", "images/gray.jpg"].map(fixture);
    let output = run(on(&sandbox).args(["upload", "--size", "64x64"]).args(files));
    assert_eq!(output.status.code(), Some(1));
    let (messages, printed) = (String::from_utf8(output.stderr).unwrap(), output.stdout);
    assert!(
        messages.contains("README.md: the file is not an image") && messages.contains("1 of 3"),
        "{messages}"
    );
    assert_eq!(std::str::from_utf8(&printed).unwrap().lines().count(), 2);
}

#[test]
fn bad_images_end_with_3() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let photo = std::fs::read(fixture("images/lighthouse.jpg")).unwrap();
    for (file, words) in [
        (
            write("text.jpg", b"not an image"),
            "is not an image; give a JPEG, PNG or WebP file",
        ),
        (write("empty.jpg", b""), "is empty"),
        (
            write("cut.jpg", &photo[..photo.len() / 2]),
            "the JPEG data is truncated or damaged",
        ),
        (
            folder.path().join("missing.jpg"),
            "missing.jpg: No such file",
        ),
    ] {
        let out = folder.path().join("out.jpg");
        let output = run(imgpost().arg("prepare").arg(&file).arg("-o").arg(&out));
        let (code, message) = refused(&output);
        assert_eq!(code, 3, "{message}");
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(
            message.contains(name) && message.contains(words),
            "{message}"
        );
        assert!(!out.exists(), "a partial image was left behind");
    }
}

fn post(form: &Path) -> (i32, String) {
    let photo = fixture("images/gray.jpg");
    refused(&run(imgpost()
        .args(["post", "--retries", "1"])
        .arg(photo)
        .arg("--presigned")
        .arg(form)))
}

#[test]
fn post_raw_stores_a_file_unchanged() {
    let sandbox = Sandbox::start().unwrap();
    let response = form(&sandbox, "jpg");
    let folder = tempfile::tempdir().unwrap();
    let form = folder.path().join("form.json");
    std::fs::write(&form, &response).unwrap();
    // Truncated, so that only an unchanged upload succeeds.
    let file = folder.path().join("part of a photo.jpg");
    let photo = std::fs::read(fixture("images/lighthouse.jpg")).unwrap();
    std::fs::write(&file, &photo[..50_000]).unwrap();
    let output = run(imgpost()
        .args(["post", "--raw", "--json", "--presigned"])
        .arg(&form)
        .arg(&file));
    let report = &json(&output)[0];
    assert_eq!(report["bytes"], 50_000);
    assert!(report["width"].is_null());
    let stored = sandbox.stored(report["key"].as_str().unwrap()).unwrap();
    assert_eq!(stored.bytes, &photo[..50_000]);
}

#[test]
fn bad_forms_end_with_5() {
    let folder = tempfile::tempdir().unwrap();
    let form = folder.path().join("form.json");
    for (text, words) in [
        ("SECRET", "is not JSON"),
        (r#"{"fields":{"key":"SECRET"}}"#, "has no url"),
        (r#"{"url":"https://example.com/"}"#, "has no fields"),
        (
            r#"{"url":"http://example.com/","fields":{"key":"SECRET"}}"#,
            "which is not https",
        ),
    ] {
        std::fs::write(&form, text).unwrap();
        let (code, message) = post(&form);
        assert_eq!(code, 5, "{message}");
        assert!(
            message.contains(words) && !message.contains("SECRET"),
            "{message}"
        );
    }
    assert_eq!(post(&folder.path().join("missing.json")).0, 2);
}

#[test]
fn an_unreachable_host_ends_with_6_and_an_expired_form_with_7() {
    let folder = tempfile::tempdir().unwrap();
    let form = folder.path().join("form.json");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    std::fs::write(
        &form,
        format!(r#"{{"url":"http://{address}/","fields":{{"key":"k"}}}}"#),
    )
    .unwrap();
    let (code, message) = post(&form);
    assert_eq!(code, 6, "{message}");
    assert!(message.contains(&address.to_string()), "{message}");

    let xml = "<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>";
    let (url, server) = capture_one(format!(
        "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n{xml}",
        xml.len()
    ));
    std::fs::write(
        &form,
        format!(r#"{{"url":"{url}","fields":{{"key":"k"}}}}"#),
    )
    .unwrap();
    let (code, message) = post(&form);
    server.join().unwrap();
    assert_eq!(code, 7, "{message}");
    assert!(message.contains("ask for a new one"), "{message}");
}

#[test]
fn missing_or_unknown_key_is_reported() {
    let photo = fixture("images/gray.jpg");
    let (code, message) = refused(&run(imgpost().arg("upload").arg(&photo)));
    assert_eq!(code, 2);
    assert!(message.contains("set LEONARDO_API_KEY"), "{message}");
    let sandbox = Sandbox::start().unwrap();
    let key = "11111111-2222-4333-8444-555555555555";
    let (code, message) = refused(&run(on(&sandbox).env(KEY, key).arg("upload").arg(&photo)));
    assert_eq!(code, 4);
    assert!(
        message.contains("check the API key") && !message.contains(key),
        "{message}"
    );
}

#[test]
fn wrong_usage_ends_with_2() {
    let photo = fixture("images/gray.jpg");
    for arguments in [
        &["--size", "1024"][..],
        &["--size", "0x10"],
        &["--aspect", "16x9"],
        &["--size", "10x10", "--aspect", "1:1"],
        &["--quality", "101"],
        &["--ext", "gif"],
        &["--background", "reddish"],
    ] {
        let output = run(imgpost()
            .arg("prepare")
            .arg(&photo)
            .args(["-o", "x.jpg"])
            .args(arguments));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn sandbox_command_prints_what_upload_needs_and_a_line_per_request() {
    let mut server = imgpost()
        .args(["sandbox", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut upload = imgpost();
    upload
        .args(["upload", "--size", "64x64", "--json"])
        .arg(fixture("images/gray.jpg"));
    for name in [URL, KEY] {
        let line = lines.next().unwrap().unwrap();
        let value = line.strip_prefix(&format!("export {name}=")).unwrap();
        upload.env(name, value);
    }
    let output = run(&mut upload);
    let rejected = run(upload.env(KEY, "11111111-2222-4333-8444-555555555555"));
    assert_eq!(rejected.status.code(), Some(4));
    server.kill().unwrap();
    let messages = server.wait_with_output().unwrap().stderr;
    let messages = String::from_utf8(messages).unwrap();
    assert_eq!(json(&output)[0]["width"], 64);
    for line in [
        "POST /api/rest/v1/init-image: 200",
        "POST /imgpost-sandbox: 204",
        "POST /api/rest/v1/init-image: 401, access-denied: Invalid API key",
    ] {
        let line = format!("imgpost: {line}");
        assert!(messages.lines().any(|l| l == line), "{line}: {messages}");
    }
}

#[test]
fn an_output_that_cannot_be_written_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("missing").join("out.jpg");
    let photo = fixture("images/gray.jpg");
    let mut command = imgpost();
    let (code, message) = refused(&run(command.arg("prepare").arg(photo).arg("-o").arg(&out)));
    assert_eq!(code, 2);
    assert!(message.contains("out.jpg: "), "{message}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
