//! Promise: on a terminal every file has a bar, and Ctrl-C and a closed window end cleanly; shells complete the
//! commands; and the recipes of the reference do what they say.
//!
//! Needs what `.ci/run` installs: `IMGPOST_TEST_BIN` lists a folder with `python`; bash, zsh, fish, curl and jq are there.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use imgpost::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::command::{KEY, URL};
use crate::support::faults::{FaultServer, Step};
use crate::support::fixture;
use crate::support::tools::{run, script};

const IMGPOST: &str = env!("CARGO_BIN_EXE_imgpost");

/// Runs the command in a terminal and types `keys` when it shows `until`. Returns its exit code and output.
fn terminal(arguments: &[&str], env: &[(&str, &str)], until: &str, keys: &str) -> (i64, String) {
    in_terminal(&[&[IMGPOST], arguments].concat(), env, until, Some(keys))
}

/// Runs a program in a terminal. When it shows `until`, types `keys`, or closes the terminal if there are none.
fn in_terminal(
    argv: &[&str],
    env: &[(&str, &str)],
    until: &str,
    keys: Option<&str>,
) -> (i64, String) {
    in_columns(100, argv, env, until, keys)
}

fn in_columns(
    columns: u16,
    argv: &[&str],
    env: &[(&str, &str)],
    until: &str,
    keys: Option<&str>,
) -> (i64, String) {
    let env: BTreeMap<_, _> = env.iter().copied().collect();
    let asked = json!({
        "argv": argv,
        "env": env,
        "until": until,
        "keys": keys,
        "columns": columns,
    });
    let shown = run(&mut script("terminal.py"), asked.to_string().as_bytes());
    let shown: Value = serde_json::from_slice(&shown).unwrap();
    let text = shown["output"].as_str().unwrap().to_owned();
    (shown["exit"].as_i64().unwrap(), text)
}

/// A form for a fault server, and a file that is larger than the buffers of a connection.
fn raw_post(folder: &Path, url: &str) -> [String; 2] {
    let (form, film) = (folder.join("form.json"), folder.join("film.mp4"));
    std::fs::write(
        &form,
        json!({"url": url, "fields": {"key": "k"}}).to_string(),
    )
    .unwrap();
    std::fs::write(&film, vec![7; 20_000_000]).unwrap();
    [form, film].map(|path| path.display().to_string())
}

#[test]
fn a_bar_shows_how_far_a_file_is_and_goes_away() {
    let folder = tempfile::tempdir().unwrap();
    let server = FaultServer::start(vec![Step::ReadSlowly(Duration::from_millis(10))]);
    let [form, film] = raw_post(folder.path(), &server.url);
    let arguments = ["post", "--raw", &film, "--presigned", &form];
    let (exit, shown) = terminal(&arguments, &[], "", "");
    assert_eq!(exit, 0, "{shown}");
    let percents: Vec<u32> = shown
        .split('%')
        .filter_map(|before| before.rsplit(' ').next()?.parse().ok())
        .collect();
    assert!(percents.len() > 3 && percents.is_sorted(), "{percents:?}");
    assert!(
        shown.contains("film.mp4") && shown.contains("MiB"),
        "{shown}"
    );
    let (_, end) = shown.rsplit_once("\u{1b}[2K").unwrap();
    assert!(end.trim_start_matches('\r').starts_with(&film), "{end:?}");
    // If it is quiet or has no terminal, there is no bar, and a script gets the bare key.
    let (exit, shown) = terminal(&[&["-q"], &arguments[..]].concat(), &[], "", "");
    assert_eq!((exit, shown.as_str()), (0, "k\r\n"));
    let output = Command::new(IMGPOST).args(arguments).output().unwrap();
    let details = String::from_utf8(output.stderr).unwrap();
    assert_eq!(details, format!("imgpost: {film}: k 20000000 bytes\n"));
    assert_eq!(output.stdout, b"k\n");
}

#[test]
fn narrow_terminal_shows_the_name_and_wraps_the_help() {
    let folder = tempfile::tempdir().unwrap();
    let server = FaultServer::start(vec![Step::ReadSlowly(Duration::from_millis(10))]);
    let [form, film] = raw_post(folder.path(), &server.url);
    let argv = [IMGPOST, "post", "--raw", &film, "--presigned", &form];
    let (exit, shown) = in_columns(50, &argv, &[], "", Some(""));
    assert_eq!(exit, 0, "{shown}");
    assert!(
        shown.contains("film.mp4") && shown.contains('%') && !shown.contains("MiB"),
        "{shown}"
    );
    for columns in [50, 80] {
        let argv = [IMGPOST, "prepare", "--help"];
        let (_, help) = in_columns(columns, &argv, &[], "", Some(""));
        // clap does not wrap the usage.
        let lines = help.lines().filter(|line| !line.starts_with("Usage: "));
        let longest = lines.map(|line| line.chars().count()).max();
        assert!(longest <= Some(columns.into()), "{columns}: {help}");
        assert!(help.contains("--strip"), "{help}");
    }
}

#[test]
fn ctrl_c_ends_a_post_with_130() {
    let folder = tempfile::tempdir().unwrap();
    let stall = Step::StallInBody(10, Duration::from_secs(60));
    let server = FaultServer::start(vec![stall]);
    let [form, film] = raw_post(folder.path(), &server.url);
    let arguments = ["post", "--raw", &film, "--presigned", &form];
    let (exit, shown) = terminal(&arguments, &[], "%", "\u{3}");
    assert_eq!(exit, 130, "{shown}");
    assert!(shown.contains("cancelled"), "{shown}");
    assert!(server.stored().is_empty());
}

#[test]
fn ctrl_c_reports_how_much_of_a_folder_is_done() {
    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for number in 0..200 {
        let to = folder.path().join(format!("{number:03}.jpg"));
        std::fs::copy(fixture("images/gray.jpg"), to).unwrap();
    }
    let (url, path) = (sandbox.base_url(), folder.path().display().to_string());
    let env = [(URL, url.as_str()), (KEY, sandbox.api_key())];
    let arguments = ["upload", "--jobs", "1", "--size", "64x64", &path];
    let (exit, shown) = terminal(&arguments, &env, "64x64 jpg", "\u{3}");
    assert_eq!(exit, 130, "{shown}");
    let (_, messages) = shown.rsplit_once("cancelled; ").unwrap();
    let done: usize = messages.split(' ').next().unwrap().parse().unwrap();
    assert!(
        (1..200).contains(&done) && messages.contains("of 200 images are done"),
        "{messages}"
    );
    assert_eq!(shown.matches("64x64 jpg").count(), done);
}

#[test]
fn a_closed_window_ends_a_post_with_129() {
    let folder = tempfile::tempdir().unwrap();
    let stall = Step::StallInBody(10, Duration::from_secs(60));
    let server = FaultServer::start(vec![stall]);
    let [form, film] = raw_post(folder.path(), &server.url);
    let argv = [IMGPOST, "post", "--raw", &film, "--presigned", &form];
    let (exit, shown) = in_terminal(&argv, &[], "%", None);
    assert_eq!(exit, 129, "{shown}");
    assert!(server.stored().is_empty());
}

/// Under `nohup`, the upload continues although nothing can be drawn any more.
#[test]
fn an_upload_outlives_its_window() {
    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for number in 0..20 {
        let to = folder.path().join(format!("{number:03}.jpg"));
        std::fs::copy(fixture("images/gray.jpg"), to).unwrap();
    }
    let (url, path) = (sandbox.base_url(), folder.path().display().to_string());
    let env = [(URL, url.as_str()), (KEY, sandbox.api_key())];
    let ids = folder.path().join("ids").display().to_string();
    let script = r#"trap "" HUP; ids=$1; shift; exec "$@" > "$ids""#;
    let upload = [IMGPOST, "upload", "--size", "64x64", "--jobs", "1", &path];
    let argv = [&["sh", "-c", script, "sh", &ids], &upload[..]].concat();
    let (exit, shown) = in_terminal(&argv, &env, "%", None);
    assert_eq!(exit, 0, "{shown}");
    let ids = std::fs::read_to_string(ids).unwrap();
    assert_eq!((ids.lines().count(), sandbox.keys().len()), (20, 20));
}

#[test]
fn colors_are_for_terminals_that_want_them() {
    let missing = ["prepare", "missing.jpg", "-o", "x.jpg"];
    let red = "\u{1b}[1;31m";
    assert!(
        terminal(&missing, &[("NO_COLOR", "")], "", "")
            .1
            .contains(red)
    );
    assert!(
        !terminal(&missing, &[("NO_COLOR", "1")], "", "")
            .1
            .contains(red)
    );
    let output = Command::new(IMGPOST).args(missing).output().unwrap();
    assert!(!String::from_utf8(output.stderr).unwrap().contains(red));
    let always = [&["--color", "always"], &missing[..]].concat();
    let output = Command::new(IMGPOST).args(always).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains(red));
}

fn shell(program: &str, arguments: &[&str]) -> String {
    let folder = Path::new(IMGPOST).parent().unwrap().display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
    let output = Command::new(program)
        .args(arguments)
        .env("PATH", path)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}: use .ci/run"));
    let messages = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{program}: {messages}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn shells_complete_the_commands() {
    let bash = "source <(imgpost completions bash)
        COMP_WORDS=(imgpost pre) COMP_CWORD=1
        _imgpost imgpost pre imgpost
        echo \"${COMPREPLY[@]}\"";
    assert_eq!(shell("bash", &["--norc", "-c", bash]).trim(), "prepare");
    let zsh = "autoload -Uz compinit && compinit -D -u
        source <(imgpost completions zsh)
        print ${_comps[imgpost]}";
    assert_eq!(shell("zsh", &["-f", "-c", zsh]).trim(), "_imgpost");
    let fish = "imgpost completions fish | source; complete -C 'imgpost pre'";
    let completed = shell("fish", &["--no-config", "-c", fish]);
    assert!(completed.starts_with("prepare\t"), "{completed}");
}

/// A person sees a line with the details, and where to put what is meant for a file.
#[test]
fn results_on_a_terminal_are_for_people() {
    let sandbox = Sandbox::start().unwrap();
    let url = sandbox.base_url();
    let env = [(URL, url.as_str()), (KEY, sandbox.api_key())];
    let photo = fixture("images/gray.jpg").display().to_string();
    let (exit, shown) = terminal(&["upload", "--size", "64x64", &photo], &env, "", "");
    assert_eq!(exit, 0, "{shown}");
    assert_eq!(shown.matches(" 64x64 jpg, ").count(), 1, "{shown}");
    let (exit, shown) = terminal(&["generate", "-p", "p", "--size", "64x64"], &env, "", "");
    assert!(exit == 0 && shown.contains("credits)"), "{shown}");
    let (exit, shown) = terminal(&["completions", "fish"], &[], "", "");
    assert_eq!(exit, 0);
    assert!(shown.contains("redirect the script to a file"), "{shown}");
}

/// Each block of the section, run as it stands.
#[test]
fn recipes_of_the_reference_do_what_they_say() {
    let reference =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/command.md")).unwrap();
    let (_, section) = reference.split_once("## Recipes").unwrap();
    let blocks: Vec<_> = section.split("```").skip(1).step_by(2).collect();
    assert_eq!(blocks.len(), 6);

    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::copy(fixture("images/lighthouse.jpg"), at("photo.jpg")).unwrap();
    std::fs::create_dir(at("photos")).unwrap();
    for name in ["gray.jpg", "alpha.png"] {
        std::fs::copy(fixture(&format!("images/{name}")), at("photos").join(name)).unwrap();
    }
    // Instead of the program that shows an image.
    let opener = "#!/bin/sh\necho \"$@\" > opened\n";
    std::fs::write(at("xdg-open"), opener).unwrap();
    std::fs::set_permissions(at("xdg-open"), PermissionsExt::from_mode(0o755)).unwrap();
    let imgpost = Path::new(IMGPOST).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{}:{path}", folder.path().display(), imgpost.display());
    let mut printed = Vec::new();
    for block in blocks {
        let recipe = block.strip_prefix("sh\n").unwrap();
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", recipe])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env(KEY, sandbox.api_key())
            .env(URL, sandbox.base_url())
            .output()
            .unwrap();
        let messages = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{recipe}: {messages}");
        printed.push(String::from_utf8(output.stdout).unwrap());
    }
    for printed in [printed[0].strip_prefix("uploaded ").unwrap(), &printed[2]] {
        assert_eq!(printed.trim_end().len(), 36, "{printed:?}");
    }
    assert_eq!(
        std::fs::read_to_string(at("jobs.txt"))
            .unwrap()
            .lines()
            .count(),
        2
    );
    assert_eq!(printed[4].lines().count(), 2, "{printed:?}");
    assert!(at("thumbnails/gray.jpg").is_file() && at("thumbnails/alpha.jpg").is_file());
    let ids = std::fs::read_to_string(at("ids.tsv")).unwrap();
    let mut files: Vec<_> = ids
        .lines()
        .map(|line| line.split('\t').next().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["photos/alpha.png", "photos/gray.jpg"]);
    assert!(
        ids.lines()
            .all(|line| line.split('\t').nth(1).unwrap().len() == 36),
        "{ids}"
    );
    let opened = std::fs::read_to_string(at("opened")).unwrap();
    let image = image::load_from_memory(&std::fs::read(at(opened.trim())).unwrap()).unwrap();
    assert_eq!((image.width(), image.height()), (1152, 1536));
}
