//! Promise: the commands of the README do what they say, as they stand.

#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use imgpost::sandbox::Sandbox;

use crate::support::command::{KEY, URL, form, imgpost, without_proxies};
use crate::support::fixture;

/// The blocks of shell commands, without those of cargo.
fn blocks(readme: &str) -> Vec<String> {
    let blocks = readme.split("```sh\n").skip(1);
    blocks
        .map(|block| {
            let (block, _) = block.split_once("```").unwrap();
            let lines = block.lines().filter(|line| !line.starts_with("cargo "));
            lines.map(|line| format!("{line}\n")).collect()
        })
        .filter(|block: &String| !block.is_empty())
        .collect()
}

#[test]
fn every_command_of_the_readme_succeeds() {
    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::copy(fixture("images/lighthouse.jpg"), at("photo.jpg")).unwrap();
    let programs = Path::new(imgpost().get_program())
        .parent()
        .unwrap()
        .to_owned();
    let path = std::env::var("PATH").unwrap();
    let readme = fixture("../README.md");
    let blocks = blocks(&std::fs::read_to_string(readme).unwrap());
    assert_eq!(blocks.len(), 2, "{blocks:?}");
    for block in blocks {
        std::fs::write(at("form.json"), form(&sandbox, "jpg")).unwrap();
        let script = format!("set -eu\n{block}echo \"id=${{id-none}}\"\n");
        let mut sh = Command::new("sh");
        without_proxies(&mut sh);
        let output = sh
            .args(["-c", &script])
            .current_dir(folder.path())
            .env("PATH", format!("{}:{path}", programs.display()))
            .env(URL, sandbox.base_url())
            .env(KEY, sandbox.api_key())
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let messages = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{block}{messages}");
        let id = printed.trim_end().rsplit_once("id=").unwrap().1;
        assert!(id == "none" || id.len() == 36, "{printed}");
    }
    // Two posts with a form, and one upload.
    assert_eq!(sandbox.keys().len(), 3);
    assert!(at("small.jpg").exists());
}
