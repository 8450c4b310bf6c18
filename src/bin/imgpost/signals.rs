//! The requests to end: Ctrl-C, and on Unix SIGTERM and SIGHUP too.

use std::io;

/// Runs `handler` on a thread of its own at each of these signals, except for those that this process was started to
/// ignore: `nohup` ignores SIGHUP, and a shell SIGINT for what runs in the background of a script.
#[cfg(unix)]
pub fn set_handler(mut handler: impl FnMut() + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let signals = [SIGINT, SIGTERM, SIGHUP];
    let mut signals = Signals::new(signals.into_iter().filter(|signal| !is_ignored(*signal)))?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || signals.forever().for_each(|_| handler()))?;
    Ok(())
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| {
        let mask = line.strip_prefix("SigIgn:")?;
        u64::from_str_radix(mask.trim(), 16).ok()
    });
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Reading the mask takes unsafe code here. `nohup` leaves no terminal for standard error.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn is_ignored(signal: i32) -> bool {
    use std::io::IsTerminal;
    signal == signal_hook::consts::SIGHUP && !io::stderr().is_terminal()
}

#[cfg(not(unix))]
pub fn set_handler(handler: impl FnMut() + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(handler).map_err(io::Error::other)
}
