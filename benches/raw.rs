//! CPU time and memory of posting an unmodified 1 GiB file, compared with `curl -F`.
//!
//! ```sh
//! cargo bench --bench raw
//! ```
//!
//! Both post to a local server that discards the body. The CPU time is the user and system time of the whole process,
//! in hundredths of a second. Runs on Linux.

mod support;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use imgpost::{PresignedPost, Uploader};
use support::{median, peak_kib, sink};

const MIB: usize = 1024;
const ROUNDS: usize = 7;

fn main() {
    let args: Vec<_> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("--post") => post(&args[2], Path::new(&args[3])),
        Some("--sink") => serve(),
        _ => compare(),
    }
}

/// Posts one file and prints the peak memory in KiB.
fn post(url: &str, path: &Path) {
    let form = PresignedPost::new(url, [("key".into(), "k".into())]).expect("a form");
    let receipt = Uploader::default().upload_file(&form, path, None);
    assert_eq!(receipt.expect("a successful post").attempts, 1);
    println!("{}", peak_kib());
}

fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("http://{}/", listener.local_addr().expect("an address"));
    for stream in listener.incoming() {
        let stream = stream.expect("a connection");
        sink::read(&stream, &mut io::sink()).expect("a post");
        sink::respond(&stream).expect("an open connection");
    }
}

fn compare() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("raw");
    let mut file = File::create(&path).expect("a file");
    let mib: Vec<u8> = (0..1 << 20).map(|i: u32| (i % 251) as u8).collect();
    for _ in 0..MIB {
        file.write_all(&mib).expect("a gibibyte of space");
    }
    let this = std::env::current_exe().expect("this program");
    let mut sink = Command::new(&this);
    let mut sink = sink
        .arg("--sink")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("a sink");
    let mut url = String::new();
    let output = sink.stdout.take().expect("a pipe");
    BufReader::new(output)
        .read_line(&mut url)
        .expect("an address");
    let url = url.trim();
    let (mut ours, mut curls, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (seconds, output) = measure(Command::new(&this).arg("--post").arg(url).arg(&path));
        ours.push(seconds);
        peaks.push(output.trim().parse::<u64>().expect("KiB"));
        let file = format!("file=@{}", path.display());
        curls.push(measure(Command::new("curl").args(["-sS", "-F", "key=k", "-F", &file, url])).0);
    }
    sink.kill().expect("a running sink");
    sink.wait().expect("a stopped sink");
    let (ours, curls) = (median(ours), median(curls));
    let peak = peaks.into_iter().max().expect("a round") as f64 / 1024.0;
    println!("imgpost: {ours:.2} s of CPU time, {peak:.1} MiB at most");
    println!("curl -F: {curls:.2} s of CPU time");
    println!("imgpost takes {:.2} of the CPU time of curl", ours / curls);
}

/// Runs a process. Returns its CPU time in seconds and its standard output.
fn measure(command: &mut Command) -> (f64, String) {
    let before = children_ticks();
    let output = command.output().expect("a running program");
    assert!(output.status.success(), "{output:?}");
    let seconds = (children_ticks() - before) as f64 / 100.0;
    (seconds, String::from_utf8(output.stdout).expect("text"))
}

/// User and system time of all finished child processes, in hundredths of a second: proc(5), fields 16 and 17.
fn children_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields = stat.rsplit_once(')').expect("a name in parentheses").1;
    let numbers = fields.split_whitespace().skip(13).take(2);
    numbers
        .map(|number| number.parse::<u64>().expect("a number"))
        .sum()
}
