//! Turns a panic into one message and an exit code of its own.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use crate::escape;
use crate::output::write_stderr;

/// The exit code of a bug: EX_SOFTWARE of sysexits.h.
const INTERNAL_ERROR: u8 = 70;

/// The last panic.
static LAST: Mutex<Option<Panic>> = Mutex::new(None);

struct Panic {
    /// The message and the place.
    what: String,
    /// Captured if `RUST_BACKTRACE` is set.
    backtrace: Backtrace,
}

/// Runs the command. If it panics, reports the panic and returns its exit code.
pub fn run(command: impl FnOnce() -> ExitCode) -> ExitCode {
    // The library recovers from a panic of a decoder, so the hook only remembers it.
    panic::set_hook(Box::new(remember));
    // No state of the command is used after a panic.
    panic::catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|_| {
        let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
        let what = last.as_ref().map_or("", |last| &last.what);
        let what = escape::line(what);
        let version = env!("CARGO_PKG_VERSION");
        write_stderr(&format!(
            "imgpost: internal error in version {version}: {what}; please report it\n"
        ));
        if let Some(last) = last
            && last.backtrace.status() == BacktraceStatus::Captured
        {
            write_stderr(&escape::lines(&last.backtrace.to_string()));
        }
        ExitCode::from(INTERNAL_ERROR)
    })
}

fn remember(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let message = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref().copied())
        .unwrap_or("no message");
    // The panic of the thread itself was remembered before.
    if message == "a scoped thread panicked" {
        return;
    }
    let place = info.location().map(ToString::to_string);
    let what = format!("{message} ({})", place.unwrap_or_default());
    log::info!("panicked: {what}");
    let backtrace = Backtrace::capture();
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Panic { what, backtrace });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_built_with_unwinding() {
        let manifest = include_str!("../../../Cargo.toml");
        assert!(!manifest.contains("panic = \"abort\""));
    }

    #[test]
    fn a_panic_of_any_thread_ends_with_70() {
        let hook = panic::take_hook();
        let code = |code| format!("{:?}", ExitCode::from(code));
        let run = |command: fn() -> ExitCode| format!("{:?}", run(command));
        assert_eq!(run(|| ExitCode::from(3)), code(3));
        assert_eq!(run(|| panic!("on the main thread")), code(70));
        let scoped = || {
            std::thread::scope(|scope| drop(scope.spawn(|| panic!("on another thread"))));
            ExitCode::SUCCESS
        };
        assert_eq!(run(scoped), code(70));
        panic::set_hook(hook);
    }
}
