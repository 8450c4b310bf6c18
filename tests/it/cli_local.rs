//! Promise: the commands without network read and write the given files and streams, lose nothing, and predict what
//! would be done or rejected.

use std::io::Write;
use std::process::{Output, Stdio};

use imgpost::sandbox::Sandbox;

use crate::support::command::{form, imgpost, json, refused, run};
use crate::support::{fixture, names};

fn with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = imgpost()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn several_pictures_go_into_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/folder");
    let files = ["images/gray.jpg", "images/alpha.png"].map(fixture);
    let mut command = imgpost();
    let output = run(command
        .args(["prepare", "--size", "64x64", "--json", "-o"])
        .arg(&out)
        .args(&files));
    let reports = json(&output);
    assert_eq!(names(&out), ["alpha.png", "gray.jpg"]);
    for report in reports {
        let file = report["file"].as_str().unwrap();
        assert_eq!(
            std::fs::metadata(file).unwrap().len(),
            report["bytes"].as_u64().unwrap()
        );
    }
    // The failure of one does not affect the others.
    let readme = fixture("README.md");
    let mut command = imgpost();
    let output = run(command
        .args(["prepare", "--size", "64x64", "-o"])
        .arg(folder.path())
        .arg(readme)
        .args(&files));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(names(folder.path()), ["alpha.png", "gray.jpg", "new"]);
}

#[test]
fn standard_input_and_output() {
    let photo = std::fs::read(fixture("images/gray.jpg")).unwrap();
    let output = with_input(
        &["prepare", "-", "-o", "-", "--size", "64x48", "--ext", "png"],
        &photo,
    );
    assert!(output.status.success());
    let decoded = image::load_from_memory(&output.stdout).unwrap();
    assert_eq!((decoded.width(), decoded.height()), (64, 48));
    let output = with_input(&["prepare", "-", "-o", "-"], b"no image");
    assert_eq!(refused(&output).0, 3);
    let output = with_input(&["plan", "-", "--size", "32x32"], &photo);
    let planned = String::from_utf8(output.stdout).unwrap();
    assert!(
        planned.starts_with("standard input: ") && planned.ends_with(" -> 32x32\n"),
        "{planned}"
    );
    let output = with_input(&["post", "-", "--presigned", "-"], b"{}");
    assert!(
        refused(&output)
            .1
            .contains("the form or the file, not both")
    );
    let output = with_input(&["post", "-", "--raw", "--presigned", "x.json"], b"");
    assert_eq!(refused(&output).0, 2);
}

#[test]
fn quiet_prepare_prints_nothing_and_verbose_logs_steps() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a.jpg");
    let photo = fixture("images/gray.jpg");
    let mut command = imgpost();
    let output = run(command
        .args(["-q", "prepare"])
        .arg(&photo)
        .arg("-o")
        .arg(&out));
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty());
    let mut command = imgpost();
    let verbose = run(command
        .args(["-v", "prepare"])
        .arg(&photo)
        .arg("-o")
        .arg(&out));
    let messages = String::from_utf8(verbose.stderr).unwrap();
    assert!(
        messages.starts_with("[") && messages.contains("s] prepared"),
        "{messages}"
    );
}

#[test]
fn plan_predicts_prepare() {
    let photo = fixture("images/lighthouse.jpg");
    let folder = tempfile::tempdir().unwrap();
    for options in [
        &[][..],
        &["--size", "640x640"],
        &["--within", "300x300"],
        &["--bounds", "gpt-image"],
    ] {
        let mut command = imgpost();
        let planned = json(&run(command
            .args(["plan", "--json"])
            .arg(&photo)
            .args(options)));
        let mut command = imgpost();
        let out = folder.path().join("a.jpg");
        let prepared = json(&run(command
            .args(["prepare", "--json"])
            .arg(&photo)
            .arg("-o")
            .arg(out)
            .args(options)));
        for side in ["width", "height"] {
            assert_eq!(planned[0][side], prepared[0][side], "{options:?}");
        }
        assert_eq!(planned[0]["orientation"], 6);
        assert_eq!(planned[0]["source_width"], 1200);
    }
    let text = run(imgpost().args(["plan", "--size", "640x640"]).arg(&photo));
    let text = String::from_utf8(text.stdout).unwrap();
    let expected = "lighthouse.jpg: 1200x1600 (stored with orientation 6), cropped to 1200x1200 at 0,200 (25.0 % lost) -> 640x640\n";
    assert!(text.ends_with(expected), "{text}");
    assert_eq!(
        refused(&run(imgpost().arg("plan").arg(fixture("README.md")))).0,
        3
    );
}

#[test]
fn check_explains_a_form_without_its_secrets() {
    let sandbox = Sandbox::start().unwrap();
    let response = form(&sandbox, "jpg");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("form.json");
    std::fs::write(&path, &response).unwrap();
    let output = run(imgpost().arg("check").arg(&path));
    let messages = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for words in [
        "host        127.0.0.1",
        "extension   jpg",
        "expires     in 1",
        "X-Amz-Signature",
        "$Content-Type",
    ] {
        assert!(messages.contains(words), "{words}: {messages}");
    }
    let read = imgpost::PresignedPost::from_json(&response).unwrap();
    let is_public = [
        "key",
        "bucket",
        "Content-Type",
        "X-Amz-Algorithm",
        "X-Amz-Date",
    ];
    let secrets = read.fields().filter(|(name, _)| !is_public.contains(name));
    let mut count = 0;
    for (name, value) in secrets {
        assert!(!messages.contains(value), "{name}");
        count += 1;
    }
    assert!(
        count >= 4 && messages.contains("AWS4-HMAC-SHA256"),
        "{messages}"
    );
    // Rejected as `post` would reject it before sending.
    let mut command = imgpost();
    let output = run(command
        .arg("check")
        .arg(&path)
        .arg(fixture("images/alpha.png")));
    assert_eq!(output.status.code(), Some(5));
    let report = &json(&with_input(&["check", "-", "--json"], &response))[0];
    assert!((100..=120).contains(&report["expires_in"].as_i64().unwrap()));
    assert!(
        report["conditions"]
            .as_array()
            .is_some_and(|all| all.len() == 7),
        "{report}"
    );
}

#[test]
fn check_of_an_expired_form_ends_with_7() {
    let policy = "eyJleHBpcmF0aW9uIjoiMjAyMC0wMS0wMVQwMDowMDowMFoiLCJjb25kaXRpb25zIjpbXX0=";
    let form = format!(r#"{{"url":"https://example.com/","fields":{{"policy":"{policy}"}}}}"#);
    let output = with_input(&["check", "-"], form.as_bytes());
    assert_eq!(output.status.code(), Some(7));
    let messages = String::from_utf8(output.stdout).unwrap();
    assert!(
        messages.contains("expired     ") && messages.contains(" years ago"),
        "{messages}"
    );
}

/// Compares every help page with `tests/it/cli_help.txt`.
#[test]
fn the_help_is_what_is_committed() {
    let commands: [&[&str]; 23] = [
        &[],
        &["prepare"],
        &["plan"],
        &["check"],
        &["post"],
        &["upload"],
        &["canvas"],
        &["generate"],
        &["wait"],
        &["upscale"],
        &["video"],
        &["dataset"],
        &["dataset", "create"],
        &["dataset", "show"],
        &["dataset", "delete"],
        &["dataset", "add-generated"],
        &["init-image"],
        &["init-image", "show"],
        &["init-image", "delete"],
        &["me"],
        &["sandbox"],
        &["completions"],
        &["man"],
    ];
    let mut pages = String::new();
    for command in commands {
        let output = run(imgpost().args(command).arg("-h"));
        assert!(output.status.success());
        let page = String::from_utf8(output.stdout).unwrap();
        pages += &format!(
            "$ imgpost {}\n{page}\n",
            [command, &["-h"]].concat().join(" ")
        );
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/cli_help.txt");
    if std::env::var_os("IMGPOST_WRITE_HELP").is_some() {
        std::fs::write(path, &pages).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        pages == committed,
        "run this test with IMGPOST_WRITE_HELP=1, and read the difference"
    );
}

#[test]
fn the_manual_and_the_completions_are_printed() {
    let page = run(imgpost().arg("man"));
    let page = String::from_utf8(page.stdout).unwrap();
    assert!(
        page.contains(".TH imgpost 1") && page.contains("More help"),
        "{page}"
    );
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(imgpost().args(["completions", shell]));
        assert!(
            String::from_utf8(script.stdout)
                .unwrap()
                .contains("init-image")
        );
    }
}

#[test]
fn closed_reader_causes_no_message() {
    let mut child = imgpost()
        .args(["plan", "--json"])
        .args(vec![fixture("images/gray.jpg"); 5000])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(1), 0));
}

#[test]
fn error_is_one_short_line_whatever_the_file_contains() {
    // A TIFF of one pixel that announces 30,000 bits per sample, and one whose compression has no name.
    let tiff = |entries: &[(u16, u32, u32)]| {
        let mut file = b"II*\0\x08\0\0\0".to_vec();
        file.extend((entries.len() as u16).to_le_bytes());
        for (tag, count, value) in entries {
            file.extend(tag.to_le_bytes());
            file.extend(3_u16.to_le_bytes());
            file.extend(count.to_le_bytes());
            file.extend(value.to_le_bytes());
        }
        file.resize(200, 0);
        file.extend((0..30_000_u16).flat_map(u16::to_le_bytes));
        file
    };
    let (width, height) = ((256, 1, 1), (257, 1, 1));
    let folder = tempfile::tempdir().unwrap();
    for (name, entries) in [
        ("bits.tif", [width, height, (258, 30_000, 200)]),
        ("compression.tif", [width, height, (259, 1, 54_321)]),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, tiff(&entries)).unwrap();
        let output = run(imgpost().args(["prepare", "-o", "-"]).arg(&path));
        let (code, message) = refused(&output);
        let message = message.replace(path.to_str().unwrap(), "");
        assert_eq!(
            (code, message.trim_end().lines().count()),
            (3, 1),
            "{message}"
        );
        assert!(message.chars().count() <= 300, "{message}");
        assert!(message.contains("TIFF with"), "{message}");
    }
}
