//! Reads files that may block or never end: standard input, pipes and devices.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use imgpost::Error;

use crate::failure::Failure;
use crate::signals;

/// The name of standard input in messages.
pub const STANDARD_INPUT: &str = "standard input";

/// Reads standard input to its end. Returns `None` if it has more than `max_bytes`.
pub fn standard_input(max_bytes: u64) -> Result<Option<Vec<u8>>, Failure> {
    read(STANDARD_INPUT, max_bytes, || Ok(io::stdin()))
}

/// Reads the file at `path`, which messages call `name`. Returns `None` if it has more than `max_bytes`.
pub fn file(path: &Path, name: &str, max_bytes: u64) -> Result<Option<Vec<u8>>, Failure> {
    let owned = path.to_owned();
    read(name, max_bytes, move || File::open(owned))
}

/// Reads on a separate thread, because neither opening a pipe nor reading from it can be interrupted. After a signal the
/// thread is abandoned and ends with the process.
fn read<R: Read>(
    name: &str,
    max_bytes: u64,
    open: impl FnOnce() -> io::Result<R> + Send + 'static,
) -> Result<Option<Vec<u8>>, Failure> {
    log::info!("reading {name}");
    let (sender, receiver) = mpsc::channel();
    let (token, cancelled) = (signals::token(), sender.clone());
    // Only the first message is received.
    let _hook = token.on_cancel(move || drop(cancelled.send(None)));
    let work = move || {
        let mut bytes = Vec::new();
        // One byte more than the limit shows that it is exceeded.
        let most = max_bytes.saturating_add(1);
        let read = open().and_then(|source| source.take(most).read_to_end(&mut bytes));
        drop(sender.send(Some(read.map(|_| bytes))));
    };
    let thread = thread::Builder::new().name("read".into()).spawn(work);
    thread.map_err(|error| Failure::file(Path::new(name), error))?;
    match receiver.recv() {
        Ok(Some(read)) => {
            let bytes = read.map_err(|error| Failure::file(Path::new(name), error))?;
            Ok((bytes.len() as u64 <= max_bytes).then_some(bytes))
        }
        Ok(None) | Err(_) => Err(Error::Cancelled.into()),
    }
}

/// The name of a file in messages.
pub fn name(path: &Path) -> Cow<'_, str> {
    if path == Path::new("-") {
        STANDARD_INPUT.into()
    } else {
        path.to_string_lossy()
    }
}
