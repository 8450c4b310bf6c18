//! Standard output and standard error. No other module writes to them: `println!` and `eprintln!` panic if nobody reads
//! or the disk is full.

use std::io::{self, ErrorKind, Write};
use std::thread;
use std::time::Duration;

/// Pause while the reader of a non-blocking stream is behind.
const PAUSE: Duration = Duration::from_millis(10);

/// Writes all of `bytes` to standard output.
pub fn write_stdout(bytes: &[u8]) -> io::Result<()> {
    write(&mut io::stdout().lock(), bytes)
}

/// Writes to standard error. Failures are ignored: a message that nobody can read must not stop the work.
pub fn write_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Unlike `write_all`, waits where a parent process has made the stream non-blocking, as Node.js does to its pipes.
fn write(stream: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    loop {
        let written = if bytes.is_empty() {
            match stream.flush() {
                Ok(()) => return Ok(()),
                Err(error) => Err(error),
            }
        } else {
            stream.write(bytes)
        };
        match written {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
