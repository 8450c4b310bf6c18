//! Promise: the command does its job without a reader of standard error, loses no result silently, and prints nothing
//! that a terminal would interpret.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use imgpost::sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use crate::support::command::{KEY, URL, imgpost, json as parsed, on, run};
use crate::support::{capture_one, fixture};

/// A folder of copies of a small photo.
fn folder_of(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..count {
        let to = folder.path().join(format!("{number:03}.jpg"));
        std::fs::copy(fixture("images/gray.jpg"), to).unwrap();
    }
    folder
}

fn upload(sandbox: &Sandbox, folder: &Path) -> Command {
    let mut command = on(sandbox);
    command
        .args(["upload", "--size", "64x64", "--jobs", "2"])
        .arg(folder)
        .stdin(Stdio::null());
    command
}

/// A file that takes nothing.
#[cfg(target_os = "linux")]
fn full() -> Stdio {
    std::fs::File::create("/dev/full").unwrap().into()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn uploads_go_on_without_a_reader_of_standard_error() {
    let folder = folder_of(8);
    let uploads = |stderr: Stdio| {
        let sandbox = Sandbox::start().unwrap();
        let mut command = upload(&sandbox, folder.path());
        let mut child = command
            .arg("-vv")
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        drop(child.stderr.take());
        let output = child.wait_with_output().unwrap();
        let lines = output.stdout.split(|byte| *byte == b'\n').count() - 1;
        (output.status.code(), lines, sandbox.keys().len())
    };
    assert_eq!(uploads(Stdio::piped()), (Some(0), 8, 8));
    #[cfg(target_os = "linux")]
    assert_eq!(uploads(full()), (Some(0), 8, 8));
}

#[test]
#[cfg(target_os = "linux")]
fn a_failure_has_its_exit_code_without_a_reader_of_standard_error() {
    let photo = fixture("images/gray.jpg");
    for (arguments, code) in [
        (&["plan", "missing.jpg"][..], 3),
        (
            &["post", photo.to_str().unwrap(), "--presigned", "missing"],
            2,
        ),
        (&["nonsense"], 2),
        (&[], 2),
    ] {
        let status = imgpost().args(arguments).stderr(full()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_result_that_cannot_be_written_is_reported() {
    let sandbox = Sandbox::start().unwrap();
    let folder = folder_of(1);
    for option in ["--json", "--color=never"] {
        let before = sandbox.keys();
        let output = upload(&sandbox, folder.path())
            .arg(option)
            .stdout(full())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let told = stderr(&output);
        let (error, result) = told.split_once('\n').unwrap();
        assert!(
            error.contains("cannot write to standard output: No space left"),
            "{told}"
        );
        let keys = sandbox.keys();
        let stored = keys.iter().find(|key| !before.contains(key)).unwrap();
        // The key of an init image holds its id.
        let id = result
            .split(['"', ' '])
            .find(|word| word.len() == 36)
            .unwrap();
        assert!(stored.contains(id), "{stored}: {told}");
        if option == "--json" {
            let report: Value = serde_json::from_str(result.lines().next().unwrap()).unwrap();
            assert_eq!(report["id"], id);
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn uploads_stop_at_a_full_disk_and_report_what_is_stored() {
    let sandbox = Sandbox::start().unwrap();
    let folder = folder_of(20);
    let output = upload(&sandbox, folder.path())
        .stdout(full())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = stderr(&output);
    let stored = sandbox.keys().len();
    assert!((1..=4).contains(&stored), "{stored}: {told}");
    assert_eq!(told.matches(" 64x64 jpg, ").count(), stored, "{told}");
    let end = format!("imgpost: stopped; {stored} of 20 images are done\n");
    assert!(told.ends_with(&end), "{told}");
}

#[test]
fn uploads_end_quietly_when_nobody_reads_their_results() {
    // One of the first two takes longer than the other and those after it.
    let slow = Fault::ReadSlowly(Duration::from_millis(10));
    let sandbox = Sandbox::start().unwrap().with_fault(slow);
    let folder = folder_of(40);
    let mut child = upload(&sandbox, folder.path())
        .arg("-q")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut line).unwrap();
    drop(reader);
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), stderr(&output).as_str()),
        (Some(1), "")
    );
    // What was begun was finished: there is a file for every form.
    let forms = sandbox.requests();
    let forms = forms
        .iter()
        .filter(|request| request.path.ends_with("/init-image"));
    let stored = sandbox.keys().len();
    assert_eq!(forms.count(), stored);
    assert!((2..40).contains(&stored), "{stored}");
}

#[test]
#[cfg(target_os = "linux")]
fn every_command_reports_a_full_standard_output() {
    let photo = fixture("images/gray.jpg");
    let photo = photo.to_str().unwrap();
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["upload", "-h"],
        &["help", "upload"],
        &["completions", "bash"],
        &["man"],
        &["sandbox"],
        &["plan", photo],
        &["plan", photo, photo],
        &["prepare", photo, "-o", "-"],
        &["generate", "-p", "p", "--dry-run"],
    ] {
        let output = imgpost().args(arguments).stdout(full()).output().unwrap();
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
        let error = "imgpost: cannot write to standard output: No space left on device";
        assert!(told.starts_with(error), "{arguments:?}: {told}");
    }
}

/// A parent such as Node.js makes its end of a socket non-blocking, and so the child's.
#[test]
#[cfg(unix)]
fn a_slow_reader_of_a_nonblocking_stream_gets_everything() {
    use std::io::Read;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    let (mut ours, theirs) = UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    let mut command = imgpost();
    command
        .args(["plan", "--json"])
        .args(vec![fixture("images/gray.jpg"); 5000])
        .stdout(OwnedFd::from(theirs));
    let mut child = command.spawn().unwrap();
    // It holds the other end.
    drop(command);
    std::thread::sleep(Duration::from_millis(300));
    let mut text = String::new();
    ours.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(text.lines().count(), 5000);
    assert!(text.len() > 500_000);
}

/// Clears the screen, sets the window's title, is an escape in one byte, reorders, hides, and breaks the line.
const HOSTILE: &str = "a\u{1b}[2J\u{1b}]0;b\u{7}\u{9b}31m\u{202e}c\u{2066}\u{200b}\u{feff}\r\nimgpost: d\u{2028}e\u{7f}";
const ESCAPED: &str = r"a\u{1b}[2J\u{1b}]0;b\u{7}\u{9b}31m\u{202e}c\u{2066}\u{200b}\u{feff}\r\nimgpost: d\u{2028}e\u{7f}";

/// The lines of a text that a terminal only shows.
fn plain_lines(bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).unwrap();
    let is_bad = |c: char| {
        c.is_control() && c != '\n' || "\u{202e}\u{2066}\u{200b}\u{feff}\u{2028}".contains(c)
    };
    assert!(!text.contains(is_bad), "{text:?}");
    text.lines().map(str::to_owned).collect()
}

/// The command on an API that gives one answer.
fn on_answer(status: &str, body: &Value) -> Command {
    let body = body.to_string();
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close");
    let (url, _) = capture_one(format!("{head}\r\n\r\n{body}"));
    let mut command = imgpost();
    command
        .env(URL, url)
        .env(KEY, "00000000-0000-4000-8000-000000000000");
    command
}

/// What a command prints on an API that gives this answer: lines of text, and JSON.
fn printed(body: &Value, arguments: &[&str]) -> (Vec<String>, String) {
    let text = run(on_answer("200 OK", body).args(arguments));
    assert!(text.status.success(), "{arguments:?}: {}", stderr(&text));
    plain_lines(&text.stderr);
    let json = run(on_answer("200 OK", body).arg("--json").args(arguments));
    assert_eq!(plain_lines(&json.stdout).len(), 1, "{arguments:?}");
    assert_eq!(parsed(&json).len(), 1);
    (
        plain_lines(&text.stdout),
        String::from_utf8(json.stdout).unwrap(),
    )
}

#[test]
fn records_of_a_hostile_api_are_escaped() {
    let id = "00000000-0000-4000-8000-000000000011";
    let image = json!({"id": HOSTILE, "url": HOSTILE, "createdAt": HOSTILE});
    let dataset = json!({"datasets_by_pk": {
        "id": HOSTILE, "name": HOSTILE, "dataset_images": [image, image],
    }});
    let user = json!({"user_details": [{
        "user": {"id": "1", "username": HOSTILE}, "tokenRenewalDate": HOSTILE, "apiPaidTokens": 1,
    }]});
    for (body, arguments, expected) in [
        (dataset, &["dataset", "show", id][..], 3),
        (
            json!({"init_images_by_pk": image}),
            &["init-image", "show", id],
            1,
        ),
        (
            json!({"insert_datasets_one": {"id": HOSTILE}}),
            &["dataset", "create", "d"],
            1,
        ),
        (user, &["me"], 3),
    ] {
        let (lines, json) = printed(&body, arguments);
        assert_eq!(lines.len(), expected, "{lines:?}");
        assert!(lines[0].contains(ESCAPED), "{lines:?}");
        // The value of the JSON is what the API sent.
        let record: Value = serde_json::from_str(&json).unwrap();
        assert!(holds(&record, HOSTILE), "{json}");
    }
}

/// Whether one of the texts in `value` is `text`.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value == text,
        Value::Array(values) => values.iter().any(|value| holds(value, text)),
        Value::Object(values) => values.values().any(|value| holds(value, text)),
        _ => false,
    }
}

#[test]
fn jobs_of_a_hostile_api_are_escaped() {
    let id = "00000000-0000-4000-8000-000000000011";
    let cost = json!({"amount": "1", "unit": HOSTILE});
    let job = json!({"sdGenerationJob": {"generationId": HOSTILE, "cost": cost}});
    let (lines, _) = printed(&job, &["generate", "-p", "p"]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with(ESCAPED), "{lines:?}");
    let image = json!({"id": HOSTILE, "url": HOSTILE, "nsfw": false});
    let generation = json!({"generations_by_pk": {
        "id": HOSTILE, "status": "COMPLETE", "generated_images": [image, image],
    }});
    let (lines, json) = printed(&generation, &["wait", id]);
    assert_eq!(lines, [ESCAPED, ESCAPED]);
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["images"][1]["url"], HOSTILE);
}

#[test]
fn errors_of_a_hostile_api_are_on_one_line() {
    let body = json!({"error": HOSTILE, "code": HOSTILE, "path": HOSTILE});
    for status in ["200 OK", "400 Bad", "403 Forbidden"] {
        for arguments in [&["me"][..], &["-vv", "--color", "never", "me"]] {
            let output = run(on_answer(status, &body).args(arguments));
            assert_eq!(output.status.code(), Some(4));
            let lines = plain_lines(&output.stderr);
            let errors = lines.iter().filter(|line| line.starts_with("imgpost: "));
            assert_eq!(errors.count(), 1, "{lines:?}");
        }
    }
}

#[test]
fn an_upload_to_a_hostile_api_and_storage_is_escaped() {
    let photo = fixture("images/gray.jpg");
    let arguments = ["upload", "--size", "64x64", photo.to_str().unwrap()];
    let body = || {
        let (url, _) = capture_one("HTTP/1.1 204 No Content\r\n\r\n");
        let fields = json!({"key": HOSTILE}).to_string();
        json!({"uploadInitImage": {"id": HOSTILE, "url": url, "key": HOSTILE, "fields": fields}})
    };
    let text = run(on_answer("200 OK", &body()).args(["-vv"]).args(arguments));
    assert!(text.status.success(), "{}", stderr(&text));
    let lines = plain_lines(&text.stdout);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(ESCAPED), "{lines:?}");
    let (log, details): (Vec<_>, Vec<_>) = plain_lines(&text.stderr)
        .into_iter()
        .partition(|line| line.starts_with('['));
    assert!(!log.is_empty() && details.len() == 1, "{details:?}");
    assert!(details[0].contains(ESCAPED), "{details:?}");
    let json = run(on_answer("200 OK", &body()).arg("--json").args(arguments));
    assert_eq!(plain_lines(&json.stdout).len(), 1);
    assert_eq!(parsed(&json)[0]["key"], HOSTILE);
}

#[test]
fn a_hostile_form_is_explained_without_its_escapes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("form.json");
    let policy = json!({"expiration": "2999-01-01T00:00:00Z", "conditions": [
        ["eq", "$key", HOSTILE], {(HOSTILE): HOSTILE},
    ]});
    let policy = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        policy.to_string(),
    );
    // A name with a line break is refused.
    let name = HOSTILE.replace(['\r', '\n'], "");
    let form = json!({"id": HOSTILE, "url": "https://example.com/", "key": HOSTILE, "fields": {
        "key": HOSTILE, "policy": policy, (name): "1",
    }});
    std::fs::write(&path, form.to_string()).unwrap();
    let output = run(imgpost().arg("check").arg(&path));
    let lines = plain_lines(&output.stdout);
    let titles: Vec<_> = lines.iter().map(|line| line[..10].trim_end()).collect();
    let expected = ["host", "key", "id", "expires", "fields", "conditions", ""];
    assert_eq!(titles, expected, "{lines:?}");
    assert_eq!(lines[1], format!("key         {ESCAPED}"));
    assert_eq!(plain_lines(&output.stderr).len(), 1);
    let output = run(imgpost().args(["check", "--json"]).arg(&path));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["id"], plain_lines(&output.stdout).len()),
        (&HOSTILE.into(), 1)
    );
}

#[test]
#[cfg(unix)]
fn hostile_file_names_are_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join(format!("{HOSTILE}.jpg"));
    std::fs::copy(fixture("images/gray.jpg"), &photo).unwrap();
    let out = folder.path().join(format!("out{HOSTILE}"));
    let missing = Path::new(HOSTILE).to_owned();
    let commands: [&[&Path]; 6] = [
        &["plan".as_ref(), &photo],
        &["prepare".as_ref(), &photo, "-o".as_ref(), &out],
        &["plan".as_ref(), &missing],
        &["plan".as_ref(), &missing, &photo],
        &["check".as_ref(), &missing],
        &["post".as_ref(), &photo, "--presigned".as_ref(), &missing],
    ];
    for arguments in commands {
        for options in [&["--color", "never"][..], &["-vv"], &["--json"]] {
            let output = run(imgpost().args(options).args(arguments));
            let (printed, told) = (plain_lines(&output.stdout), plain_lines(&output.stderr));
            assert!(printed.len() <= 1, "{arguments:?}: {printed:?}");
            let is_ours = |line: &String| {
                ["imgpost: ", "[", "{"]
                    .iter()
                    .any(|start| line.starts_with(start))
            };
            assert!(told.iter().all(is_ours), "{arguments:?}: {told:?}");
            let shown = [printed, told].concat().concat();
            let escaped = if options == ["--json"] {
                "a\\u"
            } else {
                ESCAPED
            };
            // What is no file and has a line break may be a form, and is not repeated.
            let is_repeated = !arguments.contains(&missing.as_path());
            assert_eq!(shown.contains(escaped), is_repeated, "{shown}");
        }
    }
    // What clap says of an argument.
    let output = run(imgpost().arg(HOSTILE.replace('\n', "")));
    assert_eq!(output.status.code(), Some(2));
    plain_lines(&output.stderr);
}

#[test]
fn a_dry_run_prints_json_that_a_terminal_only_shows() {
    let arguments = ["generate", "--dry-run", "-p", HOSTILE];
    for options in [&[][..], &["--json"]] {
        let output = run(imgpost().args(options).args(arguments));
        plain_lines(&output.stdout);
        let sent: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(sent["prompt"], HOSTILE);
    }
}
