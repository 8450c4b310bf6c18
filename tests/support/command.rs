//! The command, and what it says.

use std::process::{Command, Output, Stdio};

use imgpost::sandbox::Sandbox;

/// The variable of the key.
pub const KEY: &str = "LEONARDO_API_KEY";
/// The variable of the base URL.
pub const URL: &str = "LEONARDO_BASE_URL";

/// The variables that have to do with proxies, which exist in small letters too.
const PROXIES: [&str; 4] = ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"];

/// The command, without what the environment of this test says.
pub fn imgpost() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_imgpost"));
    command.env_remove(KEY).env_remove(URL);
    // The width of the help.
    command.env_remove("COLUMNS");
    without_proxies(&mut command);
    command
}

/// Keeps what the environment of this test says of proxies from a program.
pub fn without_proxies(command: &mut Command) {
    for name in PROXIES {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
}

/// Runs it without input.
pub fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

/// The command on a sandbox.
pub fn on(sandbox: &Sandbox) -> Command {
    let mut command = imgpost();
    command
        .env(KEY, sandbox.api_key())
        .env(URL, sandbox.base_url());
    command
}

/// The lines of a success.
pub fn json(output: &Output) -> Vec<serde_json::Value> {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = std::str::from_utf8(&output.stdout).unwrap().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The API's response with a form for an init image.
pub fn form(sandbox: &Sandbox, extension: &str) -> Vec<u8> {
    ureq::post(format!("{}/v1/init-image", sandbox.base_url()))
        .header("Authorization", format!("Bearer {}", sandbox.api_key()))
        .send(format!(r#"{{"extension":"{extension}"}}"#))
        .unwrap()
        .into_body()
        .read_to_vec()
        .unwrap()
}

/// The exit code and the message, which must be one or two lines.
pub fn refused(output: &Output) -> (i32, String) {
    let message = String::from_utf8(output.stderr.clone()).unwrap();
    assert!((1..=2).contains(&message.lines().count()), "{message}");
    assert!(output.stdout.is_empty());
    (output.status.code().unwrap(), message)
}
