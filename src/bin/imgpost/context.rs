//! What the caller sees: results on standard output; messages, progress and the log on standard error.
//!
//! All text is escaped here, so no other module has to.

use std::fmt;
use std::io::{self, ErrorKind, IsTerminal};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use imgpost::{CancelToken, Progress};
use serde::Serialize;

use crate::args::{Color, OutputArgs};
use crate::bars::{Bars, Spinner};
use crate::escape;
use crate::failure::Failure;
use crate::output::{write_stderr, write_stdout};
use crate::signals;

/// What a person reads of a result: its lines, not yet escaped.
pub trait Text {
    fn to_lines(&self) -> Vec<String>;
}

/// One line, even where a value has a line break in it.
impl<T: fmt::Display> Text for T {
    fn to_lines(&self) -> Vec<String> {
        vec![self.to_string()]
    }
}

/// The ways out of the command. Clones are one and the same.
#[derive(Clone)]
pub struct Context {
    inner: Arc<Inner>,
}

struct Inner {
    json: bool,
    quiet: bool,
    color: bool,
    bars: Option<Bars>,
}

impl Context {
    pub fn new(args: &OutputArgs) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let color = match args.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        };
        let bars = (is_terminal && !args.quiet && args.verbose == 0).then(Bars::new);
        Log::start(args.verbose);
        Self {
            inner: Arc::new(Inner {
                json: args.json,
                quiet: args.quiet,
                color,
                bars,
            }),
        }
    }

    pub fn json(&self) -> bool {
        self.inner.json
    }

    pub fn cancel_token(&self) -> CancelToken {
        signals::token()
    }

    /// Prints a result: its JSON, or its text.
    pub fn result(&self, result: &(impl Serialize + Text)) -> Result<(), Failure> {
        if self.inner.json {
            let json = serde_json::to_string(result).expect("every result has a JSON form");
            return self.write_lines(&escape::json(&json));
        }
        let lines = result.to_lines();
        let lines: Vec<_> = lines.iter().map(|line| escape::line(line)).collect();
        self.write_lines(&lines.join("\n"))
    }

    /// Prints one line of text to standard output.
    pub fn print(&self, line: &str) -> Result<(), Failure> {
        self.write_lines(&escape::line(line))
    }

    /// Prints lines that are escaped. If they cannot be written, standard error shows them.
    fn write_lines(&self, lines: &str) -> Result<(), Failure> {
        if self.inner.quiet && !self.inner.json {
            return Ok(());
        }
        let lines = format!("{lines}\n");
        self.write(lines.as_bytes())
            .map_err(|error| self.lost_output(&error, Some(&lines)))
    }

    /// Writes bytes to standard output as they are, even if the command is quiet.
    pub fn print_bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.write(bytes)
            .map_err(|error| self.lost_output(&error, None))
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.beside_the_bars(|| write_stdout(bytes))
    }

    /// Reports what standard output did not take.
    fn lost_output(&self, error: &io::Error, lines: Option<&str>) -> Failure {
        let reader_left = error.kind() == ErrorKind::BrokenPipe;
        if !reader_left {
            let failure = format!("cannot write to standard output: {error}");
            match lines {
                Some(lines) => self.error(&format!("{failure}; the result is:"), lines),
                None => self.fail(&failure),
            }
        }
        Failure::lost_output(reader_left)
    }

    /// Prints a message that is no result.
    pub fn tell(&self, line: &str) {
        if !self.inner.quiet {
            self.write_message("imgpost:", line, "");
        }
    }

    /// Prints an error.
    pub fn fail(&self, line: &str) {
        self.error(line, "");
    }

    /// Prints an error, and lines that are escaped.
    fn error(&self, line: &str, lines: &str) {
        let name = if self.inner.color {
            "\u{1b}[1;31mimgpost:\u{1b}[0m"
        } else {
            "imgpost:"
        };
        self.write_message(name, line, lines);
    }

    fn write_message(&self, name: &str, line: &str, lines: &str) {
        let message = format!("{name} {}\n{lines}", escape::line(line));
        self.beside_the_bars(|| write_stderr(&message));
    }

    fn beside_the_bars<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.inner.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }

    /// Shows how much of a file is sent.
    pub fn progress(&self, file: &Path, progress: Progress) -> ControlFlow<()> {
        if let Some(bars) = &self.inner.bars {
            bars.update(file, progress);
        }
        ControlFlow::Continue(())
    }

    /// Removes the bar of a file.
    pub fn finished(&self, file: &Path) {
        if let Some(bars) = &self.inner.bars {
            bars.remove(file);
        }
    }

    /// Shows that the command is waiting, until the value is dropped.
    pub fn spinner(&self, message: String) -> Spinner {
        Spinner::new(self.inner.bars.as_ref(), &message)
    }
}

/// The steps of this crate, with the time since the start. Those of others may hold secrets.
struct Log;

static STARTED: OnceLock<Instant> = OnceLock::new();

impl Log {
    fn start(verbose: u8) {
        let level = match verbose {
            0 => return,
            1 => log::LevelFilter::Info,
            _ => log::LevelFilter::Debug,
        };
        STARTED.get_or_init(Instant::now);
        if log::set_logger(&Self).is_ok() {
            log::set_max_level(level);
        }
    }
}

impl log::Log for Log {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("imgpost")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let elapsed = STARTED.get().map_or(0.0, |at| at.elapsed().as_secs_f64());
            let line = escape::line(&record.args().to_string());
            write_stderr(&format!("[{elapsed:7.3} s] {line}\n"));
        }
    }

    fn flush(&self) {}
}
