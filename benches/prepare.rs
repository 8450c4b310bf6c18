//! Processor time and memory of preparing images, against Pillow, pyvips and sharp in the same run. Runs on Linux.
//!
//! ```sh
//! benches/rivals/install
//! cargo bench --bench prepare -- FOLDER
//! ```
//!
//! Every photo of the folder becomes a 1024×768 JPEG of quality 90, upright and without metadata; then images that
//! benches/rivals/inputs.py makes of the first photo. Each contender is a process that stays, uses one thread and measures
//! itself from the path to the bytes in memory, so the start of an interpreter is not counted. Images and contenders take
//! turns within a round. Peak memory is that of a fresh process that has prepared one photo.

mod support;

use std::hint::black_box;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use imgpost::{Extension, PrepareOptions};
use support::{geometric_mean, median, node, peak_kib, photos, python};

const ROUNDS: usize = 9;
const BATCH: usize = 32;

fn main() {
    // `cargo bench` adds an argument of its own.
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    match args.next().as_deref() {
        Some("--serve") => serve(),
        Some(folder) => compare(Path::new(folder)),
        None => panic!("name a folder of photos: cargo bench --bench prepare -- FOLDER"),
    }
}

/// An image and the size to make.
#[derive(Clone)]
struct Input {
    path: PathBuf,
    size: [u32; 2],
}

impl Input {
    fn photo(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            size: [1024, 768],
        }
    }

    /// For the contenders.
    fn line(&self) -> String {
        let [width, height] = self.size;
        format!("{width} {height} {}", self.path.display())
    }

    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.splitn(3, ' ');
        let mut side = || parts.next()?.parse().ok();
        let size = [side()?, side()?];
        let path = parts.next()?.into();
        Some(Self { path, size })
    }
}

fn prepare(input: &Input) -> usize {
    let [width, height] = input.size;
    let prepare = PrepareOptions::default()
        .size(width, height)
        .extension(Extension::Jpg);
    let image = prepare.open(&input.path).expect("an image");
    black_box(image.bytes()).len()
}

/// The line protocol of the rivals, so that all are measured in the same way.
fn serve() {
    for line in io::stdin().lines() {
        let line = line.expect("standard input");
        if line == "peak" {
            println!("{}", peak_kib());
            continue;
        }
        let input = Input::parse(&line).expect("a size and a path");
        let started = processor_nanoseconds();
        let bytes = prepare(&input);
        println!("{} {bytes}", processor_nanoseconds() - started);
    }
}

/// Of all threads, user and system.
#[cfg(unix)]
fn processor_nanoseconds() -> i64 {
    use nix::sys::time::TimeValLike;
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID);
    time.expect("a clock").num_nanoseconds()
}

#[cfg(not(unix))]
fn processor_nanoseconds() -> i64 {
    panic!("processor time is read on Unix")
}

struct Contender {
    name: &'static str,
    command: fn() -> Command,
}

const CONTENDERS: [Contender; 4] = [
    Contender {
        name: "imgpost",
        command: || {
            let mut command = Command::new(std::env::current_exe().expect("this program"));
            command.arg("--serve");
            command
        },
    },
    Contender {
        name: "Pillow, draft",
        command: || python("pillow.py"),
    },
    Contender {
        name: "pyvips",
        command: || python("vips.py"),
    },
    Contender {
        name: "sharp",
        command: || node("sharp.js"),
    },
];

struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Running {
    fn start(contender: &Contender) -> Self {
        let mut command = (contender.command)();
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.unwrap_or_else(|error| {
            let name = contender.name;
            panic!("{name} cannot be started: {error}; run benches/rivals/install first")
        });
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        Self {
            child,
            input,
            output,
        }
    }

    /// The first number of the response: nanoseconds, or KiB for `peak`.
    fn request(&mut self, line: &str) -> u64 {
        writeln!(self.input, "{line}").expect("a contender that reads");
        let mut response = String::new();
        self.output
            .read_line(&mut response)
            .expect("a contender that responds");
        let number = response
            .split_whitespace()
            .next()
            .and_then(|n| n.parse().ok());
        number.unwrap_or_else(|| panic!("{line}: the contender responded {response:?}"))
    }

    fn stop(mut self) {
        drop(self.input);
        self.child.wait().expect("a contender that ends");
    }
}

fn compare(folder: &Path) {
    let photos = photos(folder);
    println!(
        "{} photos, {ROUNDS} rounds, one thread each\n",
        photos.len()
    );
    let inputs: Vec<Input> = photos.iter().map(|photo| Input::photo(photo)).collect();
    let times = times(&inputs);
    println!(
        "| | geometric mean, ms of processor time | of imgpost | peak memory, MiB |\n|---|---|---|---|"
    );
    let ours = geometric_mean(&times[0]);
    for (contender, times) in CONTENDERS.iter().zip(&times) {
        let mean = geometric_mean(times);
        let peaks = photos.iter().map(|photo| peak(contender, photo));
        let peak = peaks.max().expect("a photo") as f64 / 1024.0;
        println!(
            "| {} | {:.1} | {:.2} | {peak:.1} |",
            contender.name,
            mean / 1e6,
            mean / ours
        );
    }
    println!();
    print_ratios("photos", &times);
    let folder = tempfile::tempdir().expect("a folder");
    for input in other_inputs(&photos[0], folder.path()) {
        let name = input.path.file_stem().expect("a name").to_string_lossy();
        print_ratios(&name, &self::times(std::slice::from_ref(&input)));
    }
    let batch: Vec<_> = photos.iter().cycle().take(BATCH).collect();
    let speedups = (0..5).map(|_| elapsed(&batch, 1) / elapsed(&batch, 2));
    println!(
        "{BATCH} photos on two threads: {:.2} times as fast as on one",
        median(speedups.collect())
    );
}

/// What benches/rivals/inputs.py makes of a photo. The size is in the name, behind the last `-to-`.
fn other_inputs(photo: &Path, folder: &Path) -> Vec<Input> {
    let made = python("inputs.py").arg(photo).arg(folder).status();
    assert!(made.expect("Python").success());
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let input = |path: PathBuf| {
        let stem = path.file_stem().expect("a name").to_string_lossy();
        let (_, size) = stem.rsplit_once("-to-").expect("a size");
        let (width, height) = size.split_once('x').expect("two sides");
        let size = [width, height].map(|side| side.parse().expect("a side"));
        Input { path, size }
    };
    paths.into_iter().map(input).collect()
}

/// Prints the time of imgpost and its ratio to that of every rival.
fn print_ratios(name: &str, times: &[Vec<f64>]) {
    let ours = geometric_mean(&times[0]);
    print!("{name}: {:.1} ms", ours / 1e6);
    for (contender, times) in CONTENDERS.iter().zip(times).skip(1) {
        print!(
            ", {:.2} of {}",
            ours / geometric_mean(times),
            contender.name
        );
    }
    println!();
}

/// Nanoseconds of processor time for each contender and image: the median of all rounds but the first, which warms up.
fn times(inputs: &[Input]) -> Vec<Vec<f64>> {
    let mut running: Vec<_> = CONTENDERS.iter().map(Running::start).collect();
    let mut all = vec![vec![Vec::new(); inputs.len()]; running.len()];
    for round in 0..=ROUNDS {
        for (p, input) in inputs.iter().enumerate() {
            for turn in 0..running.len() {
                let c = (turn + round + p) % running.len();
                let nanoseconds = running[c].request(&input.line());
                if round > 0 {
                    all[c][p].push(nanoseconds as f64);
                }
            }
        }
    }
    running.into_iter().for_each(Running::stop);
    all.into_iter()
        .map(|inputs| inputs.into_iter().map(median).collect())
        .collect()
}

fn peak(contender: &Contender, photo: &Path) -> u64 {
    let mut running = Running::start(contender);
    running.request(&Input::photo(photo).line());
    let peak = running.request("peak");
    running.stop();
    peak
}

/// Seconds for all `photos`, shared out one by one.
fn elapsed(photos: &[&PathBuf], threads: usize) -> f64 {
    let next = AtomicUsize::new(0);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(photo) = photos.get(next.fetch_add(1, Ordering::Relaxed)) {
                    prepare(&Input::photo(photo));
                }
            });
        }
    });
    started.elapsed().as_secs_f64()
}
