//! Time and memory of preparing photos, compared with Pillow, pyvips and sharp.
//!
//! ```sh
//! benches/rivals/install
//! cargo bench --bench prepare -- FOLDER
//! ```
//!
//! Every contender converts every photo of the folder to an upright 1024×768 JPEG of quality 90 without metadata. A
//! contender is a long-running process with one thread that measures the time from the path to the bytes in memory, so
//! that the start of an interpreter does not count. Photos and contenders alternate within a round. Peak memory is that
//! of a new process after one photo.

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
    // `cargo bench` adds `--bench`.
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    match args.next().as_deref() {
        Some("--serve") => serve(),
        Some(folder) => compare(Path::new(folder)),
        None => panic!("name a folder of photos: cargo bench --bench prepare -- FOLDER"),
    }
}

fn prepare(path: &Path) -> usize {
    let prepare = PrepareOptions::default()
        .size(1024, 768)
        .extension(Extension::Jpg);
    let image = prepare.open(path).expect("a photo");
    black_box(image.bytes()).len()
}

/// Serves the line protocol of the other contenders, so that all are measured in the same way.
fn serve() {
    for line in io::stdin().lines() {
        let line = line.expect("standard input");
        if line == "peak" {
            println!("{}", peak_kib());
            continue;
        }
        let started = Instant::now();
        let bytes = prepare(Path::new(&line));
        println!("{} {bytes}", started.elapsed().as_nanos());
    }
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

    /// Sends a line and returns the first number of the reply: nanoseconds, or KiB for `peak`.
    fn request(&mut self, line: &str) -> u64 {
        writeln!(self.input, "{line}").expect("a running contender");
        let mut reply = String::new();
        self.output.read_line(&mut reply).expect("a reply");
        let number = reply.split_whitespace().next().and_then(|n| n.parse().ok());
        number.unwrap_or_else(|| panic!("{line}: the contender replied {reply:?}"))
    }

    fn stop(mut self) {
        drop(self.input);
        self.child.wait().expect("a stopped contender");
    }
}

fn compare(folder: &Path) {
    let photos = photos(folder);
    println!(
        "{} photos, {ROUNDS} rounds, one thread each\n",
        photos.len()
    );
    let times = times(&photos);
    println!("| | geometric mean, ms | of imgpost | peak memory, MiB |\n|---|---|---|---|");
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
    for (contender, times) in CONTENDERS.iter().zip(&times).skip(1) {
        println!(
            "imgpost takes {:.2} of the time of {}",
            ours / geometric_mean(times),
            contender.name
        );
    }
    let batch: Vec<_> = photos.iter().cycle().take(BATCH).collect();
    let speedups = (0..5).map(|_| elapsed(&batch, 1) / elapsed(&batch, 2));
    println!(
        "{BATCH} photos on two threads: {:.2} times as fast as on one",
        median(speedups.collect())
    );
}

/// Nanoseconds for each contender and photo: the median of all rounds except the first, a warm-up.
fn times(photos: &[PathBuf]) -> Vec<Vec<f64>> {
    let mut running: Vec<_> = CONTENDERS.iter().map(Running::start).collect();
    let mut all = vec![vec![Vec::new(); photos.len()]; running.len()];
    for round in 0..=ROUNDS {
        for (p, photo) in photos.iter().enumerate() {
            for turn in 0..running.len() {
                let c = (turn + round + p) % running.len();
                let nanoseconds = running[c].request(&photo.display().to_string());
                if round > 0 {
                    all[c][p].push(nanoseconds as f64);
                }
            }
        }
    }
    running.into_iter().for_each(Running::stop);
    all.into_iter()
        .map(|photos| photos.into_iter().map(median).collect())
        .collect()
}

fn peak(contender: &Contender, photo: &Path) -> u64 {
    let mut running = Running::start(contender);
    running.request(&photo.display().to_string());
    let peak = running.request("peak");
    running.stop();
    peak
}

/// Seconds to prepare all `photos` with this number of threads.
fn elapsed(photos: &[&PathBuf], threads: usize) -> f64 {
    let next = AtomicUsize::new(0);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(photo) = photos.get(next.fetch_add(1, Ordering::Relaxed)) {
                    prepare(photo);
                }
            });
        }
    });
    started.elapsed().as_secs_f64()
}
