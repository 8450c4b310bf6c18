//! The storage of the benchmarks: reads posts and responds that they are stored.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// Reads one post, with its body into `body`, and returns the head. Sends `100 Continue` if the client waits for it.
pub fn read(mut stream: &TcpStream, body: &mut impl Write) -> io::Result<String> {
    let mut reader = BufReader::with_capacity(1 << 20, stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    if header(&head, "expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let length = header(&head, "content-length").and_then(|value| value.parse().ok());
    let length = length.expect("a post of a declared length");
    let read = io::copy(&mut reader.take(length), body)?;
    if read == length {
        Ok(head)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// Responds like S3.
pub fn respond(mut stream: &TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
}

pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find_map(|(n, value)| n.eq_ignore_ascii_case(name).then_some(value.trim()))
}
