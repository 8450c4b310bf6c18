//! Promise: a script captures ids without parsing, chooses what is printed, and reads failures as JSON.

use std::io::Write;
use std::process::{Output, Stdio};

use imgpost::sandbox::Sandbox;
use serde_json::Value;

use crate::support::command::{imgpost, json, on, refused, run};
use crate::support::fixture;

fn photo() -> String {
    fixture("tiny/baseline.jpg").display().to_string()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The key of an init image contains its id.
fn is_stored(sandbox: &Sandbox, id: &str) -> bool {
    id.len() == 36 && sandbox.keys().iter().any(|key| key.contains(id))
}

#[test]
fn upload_prints_the_bare_id() {
    let sandbox = Sandbox::start().unwrap();
    let output = run(on(&sandbox).args(["upload", "--size", "64x64", &photo()]));
    let printed = stdout(&output);
    let id = printed.strip_suffix('\n').unwrap();
    assert!(is_stored(&sandbox, id), "{printed:?}");
    let details = stderr(&output);
    assert!(
        details.starts_with("imgpost: ") && details.contains(&format!("{id} 64x64 jpg, ")),
        "{details}"
    );
    let output = run(on(&sandbox).args(["-q", "upload", "--size", "64x64", &photo()]));
    assert!(is_stored(&sandbox, stdout(&output).trim_end()));
    assert_eq!(stderr(&output), "");
}

#[test]
fn several_files_print_file_and_id() {
    let sandbox = Sandbox::start().unwrap();
    let other = fixture("images/gray.jpg").display().to_string();
    let output = run(on(&sandbox).args(["upload", "--size", "64x64", &photo(), &other]));
    let printed = stdout(&output);
    let mut rows: Vec<_> = printed
        .lines()
        .map(|line| line.split_once('\t').unwrap())
        .collect();
    rows.sort_unstable();
    let mut files = [photo(), other];
    files.sort_unstable();
    assert_eq!(rows.len(), 2, "{printed}");
    for ((file, id), expected) in rows.iter().zip(&files) {
        assert_eq!(file, expected);
        assert!(is_stored(&sandbox, id), "{id}");
    }
    assert_eq!(stderr(&output).lines().count(), 2);
}

#[test]
fn format_chooses_what_is_printed() {
    let sandbox = Sandbox::start().unwrap();
    let output = run(on(&sandbox)
        .args(["upload", "--size", "64x48", &photo()])
        .args(["--format", r"{id}\t{width}x{height} {key} {{{extension}}}"]));
    let printed = stdout(&output);
    let (id, rest) = printed.split_once('\t').unwrap();
    let key = sandbox.keys().pop().unwrap();
    assert!(key.contains(id), "{printed}");
    assert_eq!(rest, format!("64x48 {key} {{jpg}}\n"));
    assert_eq!(stderr(&output), "");
}

#[test]
fn name_without_a_value_is_rejected_before_anything_is_sent() {
    let sandbox = Sandbox::start().unwrap();
    let (code, message) = refused(&run(on(&sandbox).args([
        "upload",
        &photo(),
        "--format",
        "{title}",
    ])));
    assert_eq!(code, 2);
    assert!(
        message.contains("no value for {title}; the names are file, id, key"),
        "{message}"
    );
    assert!(sandbox.requests().is_empty());
    for (arguments, words) in [
        (&["--format", "{id", "me"][..], "is not closed"),
        (&["--format", "{id}", "man"], "omit it"),
    ] {
        let output = run(imgpost().args(arguments));
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{output:?}");
    }
}

#[test]
fn canvas_prints_both_ids() {
    let sandbox = Sandbox::start().unwrap();
    let output = run(on(&sandbox).args(["canvas", "--size", "64x64", &photo(), &photo()]));
    let printed = stdout(&output);
    let (init, mask) = printed.trim_end().split_once('\t').unwrap();
    assert!(
        is_stored(&sandbox, init) && is_stored(&sandbox, mask),
        "{printed}"
    );
}

#[test]
fn wait_takes_what_generate_prints() {
    let sandbox = Sandbox::start().unwrap();
    let generate = ["generate", "-p", "p", "--size", "64x64", "-n", "1"];
    let bare = run(on(&sandbox).args(generate));
    let details = stderr(&bare);
    let bare = stdout(&bare);
    assert_eq!(bare.trim_end().len(), 36, "{bare}");
    assert!(details.contains("credits"), "{details}");
    let line = details.strip_prefix("imgpost: ").unwrap();
    let object = stdout(&run(on(&sandbox).args(generate).arg("--json")));
    for printed in [bare.as_str(), line, &object] {
        let waited = stdout(&run(on(&sandbox).args(["wait", printed])));
        assert!(waited.starts_with("http://127.0.0.1"), "{waited}");
    }
    let mut child = on(&sandbox)
        .args(["wait", "-", "--format", "{job} {id} {url}"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(object.as_bytes()).unwrap();
    drop(stdin);
    let waited = stdout(&child.wait_with_output().unwrap());
    let id = serde_json::from_str::<Value>(&object).unwrap()["id"].clone();
    let fields: Vec<_> = waited.split(' ').collect();
    assert_eq!(
        (fields[0], fields.len()),
        (id.as_str().unwrap(), 3),
        "{waited}"
    );
}

#[test]
fn failures_are_json() {
    let failure = |output: &Output| -> Value {
        assert!(!output.status.success() && output.stdout.is_empty());
        let failure: Value = serde_json::from_str(&stderr(output)).unwrap();
        assert_eq!(
            failure["code"].as_i64(),
            output.status.code().map(i64::from)
        );
        assert!(failure["error"].is_string(), "{failure}");
        failure
    };
    let readme = fixture("README.md").display().to_string();
    let refused = failure(&run(imgpost().args(["--json", "plan", &readme])));
    assert_eq!(refused["code"], 3);
    assert_eq!(refused["remedy"], "give a JPEG, PNG or WebP file");
    let refused = failure(&run(imgpost().args(["--json", "upload", &readme])));
    assert_eq!(refused["error"], "no API key is set");
    // clap's own message.
    let refused = failure(&run(
        imgpost().args(["--json", "plan", &readme, "--size", "1024"])
    ));
    let remedy = refused["remedy"].as_str().unwrap();
    assert!(remedy.contains("--within 1024x1024"), "{refused}");

    let output = run(imgpost().args(["--json", "plan", &readme, &photo()]));
    assert_eq!(
        output.stdout.iter().filter(|byte| **byte == b'\n').count(),
        1
    );
    let lines = stderr(&output);
    let failures: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(failures[0]["file"], readme.as_str());
    assert_eq!(failures[1]["error"], "1 of 2 images failed");
    assert!(failures[1]["remedy"].is_null());
}

/// Instead of the program that shows images.
#[test]
#[cfg(target_os = "linux")]
fn open_opens_each_result() {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let opener = folder.path().join("xdg-open");
    std::fs::write(&opener, "#!/bin/sh\necho \"$1\" >> \"$OPENED\"\n").unwrap();
    std::fs::set_permissions(&opener, PermissionsExt::from_mode(0o755)).unwrap();
    let opened = folder.path().join("opened");
    let path = std::env::var("PATH").unwrap();
    let mut command = on(&sandbox);
    command
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .env("OPENED", &opened)
        .args([
            "generate", "-p", "p", "--size", "64x64", "-n", "2", "--open",
        ]);
    let urls = stdout(&run(&mut command));
    assert_eq!(urls.lines().count(), 2);
    assert_eq!(std::fs::read_to_string(&opened).unwrap(), urls);
    std::fs::remove_file(&opened).unwrap();
    let files = stdout(&run(command.arg("--download").arg(folder.path())));
    assert_eq!(std::fs::read_to_string(&opened).unwrap(), files);
    assert!(
        files
            .lines()
            .all(|file| std::path::Path::new(file).is_file())
    );
}

#[test]
fn json_omits_what_is_usual() {
    let sandbox = Sandbox::start().unwrap();
    let output = run(on(&sandbox).args(["upload", "--json", "--size", "64x64", &photo()]));
    let report = &json(&output)[0];
    assert!(report.get("known").is_none() && report.get("dry_run").is_none());
    let output = run(imgpost().args(["upload", "--json", "--dry-run", &photo()]));
    assert_eq!(json(&output)[0]["dry_run"], true);
}
