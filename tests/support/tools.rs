//! The programs that `.ci/run` installs for tests. A missing program fails the test.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn variable(name: &str) -> std::ffi::OsString {
    std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set: use .ci/run"))
}

/// Finds a program in the folders of `IMGPOST_TEST_BIN`, a list like `PATH`.
pub fn tool(name: &str) -> PathBuf {
    let folders = variable("IMGPOST_TEST_BIN");
    std::env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("{name} is missing in {folders:?}: use .ci/run"))
}

/// A command that runs a script of this folder: with Node if it ends in `.js`, otherwise with Python.
pub fn script(name: &str) -> Command {
    let mut command = if name.ends_with(".js") {
        let mut node = Command::new("node");
        node.env("NODE_PATH", variable("IMGPOST_TEST_NODE_MODULES"));
        node
    } else {
        Command::new(tool("python"))
    };
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/").to_owned() + name);
    command
}

/// Runs Chromium with these arguments and without a window, on a new profile in `folder`.
pub fn chromium(folder: &Path, args: &[&str]) -> Output {
    let profile = folder.join("profile");
    Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(args)
        .output()
        .unwrap_or_else(|error| panic!("chromium: {error}: use .ci/run"))
}

/// Runs a command with this standard input and returns its standard output.
pub fn run(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}: use .ci/run"));
    let mut stdin = child.stdin.take().unwrap();
    // If the script fails before it reads its input, it prints the reason to standard error.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?} failed: use .ci/run");
    output.stdout
}
