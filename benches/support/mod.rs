//! Helpers shared by the benchmarks.

#![allow(dead_code, reason = "each benchmark uses a part of these helpers")]

pub mod job;
pub mod sink;

use std::path::{Path, PathBuf};
use std::process::Command;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A command that runs a Python script of `benches/rivals` with its installed packages.
pub fn python(script: &str) -> Command {
    let mut command = Command::new(root().join("target/rivals/venv/bin/python"));
    command.arg(root().join("benches/rivals").join(script));
    command
}

/// A command that runs a Node.js script of `benches/rivals` with its installed packages.
pub fn node(script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(root().join("benches/rivals").join(script));
    command.env("NODE_PATH", root().join("target/rivals/node_modules"));
    command
}

/// The photo at `path`, or all photos of that folder, sorted by name.
pub fn photos(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries =
        std::fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let is_jpeg = |path: &PathBuf| {
        path.extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("jpg"))
    };
    let mut photos: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(is_jpeg)
        .collect();
    assert!(
        !photos.is_empty(),
        "{} contains no .jpg file",
        path.display()
    );
    photos.sort();
    photos
}

/// The peak memory of this process, in KiB.
pub fn peak_kib() -> u64 {
    let status =
        std::fs::read_to_string("/proc/self/status").expect("peak memory is read on Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    number.expect("VmHWM in kB")
}

pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

pub fn geometric_mean(numbers: &[f64]) -> f64 {
    (numbers.iter().map(|n| n.ln()).sum::<f64>() / numbers.len() as f64).exp()
}
