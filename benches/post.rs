//! Time and memory of a process that prepares and posts a photo, compared with Python, Node.js and the shell.
//!
//! ```sh
//! benches/rivals/install
//! cargo bench --bench post -- PHOTO-OR-FOLDER… [--json FILE]
//! ```
//!
//! Every contender converts every photo to an upright 1024×768 JPEG of quality 90 and posts it with the fields of a
//! presigned form to a local server that responds 204. The time is that of the whole process. Photos and contenders
//! alternate within a round. Peak memory is that of the largest process, measured in separate runs. After every run,
//! the posted form and image are verified.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use image::RgbImage;
use serde_json::{Value, json};
use support::job::Job;
use support::{geometric_mean, median, node, photos, python, root};

const ROUNDS: usize = 9;
const MEMORY_ROUNDS: usize = 3;
const STARTS: usize = 51;
/// Maximum mean difference to the first contender's image. Other decoders and resamplers stay below, as does a crop that is
/// rounded to another half of a pixel: 13 in foliage. Another crop or orientation exceeds it.
const MAX_DIFFERENCE: f64 = 20.0;
/// Environment variables about the network, removed from the contenders' environment.
const REMOVED_VARIABLES: [&str; 5] = [
    "ALL_PROXY",
    "HTTP_PROXY",
    "all_proxy",
    "http_proxy",
    "SSL_CERT_FILE",
];

fn main() {
    let mut paths = Vec::new();
    let mut numbers = None;
    // `cargo bench` adds `--bench`.
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--json" => numbers = Some(args.next().expect("--json FILE")),
            path => paths.extend(photos(Path::new(path))),
        }
    }
    assert!(
        !paths.is_empty(),
        "name photos or a folder of them: cargo bench --bench post -- FOLDER"
    );
    let results = compare(&paths);
    if let Some(file) = numbers {
        let text = serde_json::to_string_pretty(&results).expect("numbers and names");
        std::fs::write(&file, text + "\n").unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}

struct Contender {
    name: &'static str,
    command: fn(&Job, &Path) -> Command,
}

const CONTENDERS: [Contender; 4] = [
    Contender {
        name: "imgpost",
        command: |job, photo| {
            let mut command = imgpost();
            command.arg("post").arg(photo).arg("--presigned");
            command.arg(job.form());
            command.args([
                "--size",
                "1024x768",
                "--ext",
                "jpg",
                "--quality",
                "90",
                "-q",
            ]);
            command
        },
    },
    Contender {
        name: "Python: Pillow, requests",
        command: |job, photo| {
            let mut command = python("post.py");
            command.arg(photo).arg(job.form());
            command
        },
    },
    Contender {
        name: "Node.js: sharp, fetch",
        command: |job, photo| {
            let mut command = node("post.js");
            command.arg(photo).arg(job.form());
            command
        },
    },
    Contender {
        name: "Shell: vipsthumbnail, curl",
        command: |job, photo| {
            let mut command = Command::new(root().join("benches/rivals/post.sh"));
            command.arg(photo).arg(job.folder.path().join("photo.jpg"));
            command.arg(&job.url);
            command.args(
                job.fields
                    .iter()
                    .map(|(name, value)| format!("{name}={value}")),
            );
            command
        },
    },
];

fn imgpost() -> Command {
    Command::new(env!("CARGO_BIN_EXE_imgpost"))
}

/// Seconds from the start of a process to its successful end.
fn elapsed(mut command: Command) -> f64 {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let started = Instant::now();
    let status = command.status();
    let elapsed = started.elapsed().as_secs_f64();
    let ended = status.unwrap_or_else(|error| {
        panic!("{command:?} cannot be started: {error}; run benches/rivals/install first")
    });
    assert!(ended.success(), "{command:?}: {ended}");
    elapsed
}

/// The peak memory of the largest process that `command` starts, in KiB.
fn peak(command: &Command) -> f64 {
    let mut measured = python("peak.py");
    measured.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => measured.env(name, value),
            None => measured.env_remove(name),
        };
    }
    let output = measured.output().expect("benches/rivals/install was run");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("a number");
    text.trim().parse().expect("a number")
}

fn compare(photos: &[PathBuf]) -> Value {
    let job = Job::new();
    let runs = rounds(photos, &job, 1 + ROUNDS, |command| elapsed(command) * 1e3);
    let peaks = rounds(photos, &job, 1 + MEMORY_ROUNDS, |command| {
        peak(&command) / 1024.0
    });
    let starts = (0..STARTS).map(|_| {
        let mut command = imgpost();
        command.arg("--version");
        elapsed(command) * 1e3
    });
    let start = median(starts.collect());

    println!(
        "{} photos, {ROUNDS} rounds; geometric means of the medians\n",
        photos.len()
    );
    println!("| | time, ms | peak memory, MiB |\n|---|---|---|");
    for (contender, (time, peak)) in CONTENDERS.iter().zip(runs.iter().zip(&peaks)) {
        println!("| {} | {time:.0} | {peak:.1} |", contender.name);
    }
    let least = |numbers: &[f64]| numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let time_ratio = runs[0] / least(&runs[1..]);
    let memory_ratio = peaks[0] / least(&peaks[1..]);
    println!("\nimgpost takes {time_ratio:.2} of the time of the fastest of the others");
    println!("imgpost takes {memory_ratio:.2} of the memory of the smallest of the others");
    println!("imgpost --version: {start:.1} ms");
    let contenders = CONTENDERS.iter().zip(runs.iter().zip(&peaks));
    let contenders: Vec<_> = contenders
        .map(|(contender, (time, peak))| {
            json!({ "name": contender.name, "milliseconds": time, "mebibytes": peak })
        })
        .collect();
    json!({
        "photos": photos.len(),
        "contenders": contenders,
        "time_ratio": time_ratio,
        "memory_ratio": memory_ratio,
        "version_milliseconds": start,
    })
}

/// For each contender, the geometric mean over all photos of the median over all rounds except the first, a warm-up.
fn rounds(photos: &[PathBuf], job: &Job, rounds: usize, measure: fn(Command) -> f64) -> Vec<f64> {
    let mut all = vec![vec![Vec::new(); photos.len()]; CONTENDERS.len()];
    for round in 0..rounds {
        for (p, photo) in photos.iter().enumerate() {
            let mut first: Option<RgbImage> = None;
            for turn in 0..CONTENDERS.len() {
                let c = (turn + round + p) % CONTENDERS.len();
                let mut command = (CONTENDERS[c].command)(job, photo);
                REMOVED_VARIABLES.iter().for_each(|name| {
                    command.env_remove(name);
                });
                let number = measure(command);
                let image = job.check(CONTENDERS[c].name);
                let difference = difference(&image, first.get_or_insert_with(|| image.clone()));
                assert!(
                    difference < MAX_DIFFERENCE,
                    "{}: {difference}",
                    CONTENDERS[c].name
                );
                if round > 0 {
                    all[c][p].push(number);
                }
            }
        }
    }
    all.into_iter()
        .map(|photos| geometric_mean(&photos.into_iter().map(median).collect::<Vec<_>>()))
        .collect()
}

/// Mean absolute difference of the samples of two images of the same size.
fn difference(a: &RgbImage, b: &RgbImage) -> f64 {
    let pairs = a.as_raw().iter().zip(b.as_raw());
    let sum: f64 = pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    sum / a.as_raw().len() as f64
}
