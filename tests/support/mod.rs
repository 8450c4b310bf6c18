//! Helpers shared by the test programs.

#![allow(dead_code, reason = "each program uses a part of these helpers")]

pub mod calls;
pub mod command;
pub mod faults;
pub mod others;
pub mod parts;
pub mod raw_api;
pub mod recorded;
pub mod s3;
pub mod schema;
pub mod secrets;
pub mod tls;
pub mod tools;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use image::DynamicImage;
pub use parts::Part;

/// The fields of a form in the order in which the AWS SDK for JavaScript writes them.
pub const AWS_SDK_FIELDS: [&str; 9] = [
    "Content-Type",
    "bucket",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "key",
    "Policy",
    "X-Amz-Signature",
];

/// The path of a file in the fixtures folder.
pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

/// The files in a folder of the fixtures, sorted by name.
pub fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fixture(folder)).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The names of all entries of a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// Runs these at the same time. It saves time where they wait for a server.
pub fn at_once<const N: usize>(checks: [&(dyn Fn() + Sync); N]) {
    std::thread::scope(|scope| {
        for check in checks {
            scope.spawn(check);
        }
    });
}

/// Peak signal-to-noise ratio of two images, in decibels.
pub fn psnr(a: &DynamicImage, b: &DynamicImage) -> f64 {
    let (a, b) = (a.to_rgb8(), b.to_rgb8());
    assert_eq!(a.dimensions(), b.dimensions());
    let pairs = a.as_raw().iter().zip(b.as_raw());
    let sum: f64 = pairs.map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
    let mean = sum / a.as_raw().len() as f64;
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}

/// A request as sent over the wire.
pub struct Captured {
    pub head: String,
    pub body: Vec<u8>,
}

impl Captured {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find_map(|(n, value)| n.eq_ignore_ascii_case(name).then_some(value.trim()))
    }
}

/// Starts a server for one request, which it responds to with exactly these bytes. Returns its address and a thread
/// that returns the request.
pub fn capture_one(response: impl Into<Vec<u8>>) -> (String, JoinHandle<Captured>) {
    let response = response.into();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(&stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(
                reader.read_line(&mut head).unwrap(),
                0,
                "the head ends early"
            );
        }
        let mut captured = Captured { head, body: vec![] };
        let length = captured
            .header("content-length")
            .map_or(0, |n| n.parse().unwrap());
        reader.take(length).read_to_end(&mut captured.body).unwrap();
        (&stream).write_all(&response).unwrap();
        captured
    });
    (address, thread)
}

/// The parts of the form in the body of a request.
pub fn read_parts(captured: &Captured) -> Vec<Part> {
    parts::read(captured.header("content-type").unwrap(), &captured.body)
}
