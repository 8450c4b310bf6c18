//! Ctrl-C, SIGTERM and SIGHUP: the first signal cancels, the second one ends the process at once.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use imgpost::CancelToken;

/// The number of SIGINT, which Ctrl-C sends.
const SIGINT: u8 = 2;

/// The number of the last signal, or 0.
static RECEIVED: AtomicU8 = AtomicU8::new(0);

/// The token that the first signal cancels. Signals are sent to processes, so there is one per process.
pub fn token() -> CancelToken {
    static TOKEN: OnceLock<CancelToken> = OnceLock::new();
    TOKEN.get_or_init(CancelToken::new).clone()
}

/// The exit code that shells expect after a signal: 130, 143 or 129.
pub fn exit_code() -> u8 {
    128 + match RECEIVED.load(Ordering::Relaxed) {
        0 => SIGINT,
        signal => signal,
    }
}

/// Cancels [`token`] on the first signal. Call it before any thread is started.
pub fn cancel_on_signal() {
    let on_signal = |signal| {
        if RECEIVED.swap(signal, Ordering::Relaxed) == 0 {
            token().cancel();
        } else {
            std::process::exit(exit_code().into());
        }
    };
    // An unhandled signal ends the process, as its sender intended.
    if let Err(error) = listen(on_signal) {
        log::debug!("cannot handle signals: {error}");
    }
}

/// Calls `on_signal` on a separate thread.
#[cfg(unix)]
fn listen(on_signal: impl Fn(u8) + Send + 'static) -> io::Result<()> {
    use nix::sys::signal::{SigSet, Signal};

    let ignored = ignored();
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        if ignored & (1 << (signal as u32 - 1)) == 0 {
            signals.add(signal);
        }
    }
    // Every later thread inherits the blocked signals, so only this one receives them.
    signals.thread_block()?;
    let wait = move || {
        while let Ok(signal) = signals.wait() {
            on_signal(signal as u8);
        }
    };
    let thread = std::thread::Builder::new().name("signals".into());
    match thread.spawn(wait) {
        Ok(_) => Ok(()),
        Err(error) => {
            signals.thread_unblock()?;
            Err(error)
        }
    }
}

/// The signals that were ignored when the process started, as bits: SIGHUP under `nohup`, SIGINT in the background of a
/// script. They stay ignored. Linux would deliver them although they are ignored, because they are blocked; other systems
/// do not.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bits = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    bits.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok())
        .unwrap_or_default()
}

#[cfg(not(unix))]
fn listen(on_signal: impl Fn(u8) + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(move || on_signal(SIGINT)).map_err(io::Error::other)
}
