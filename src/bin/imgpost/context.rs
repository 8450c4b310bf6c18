//! How the command talks to whoever called it: results on standard output, the rest on standard error, and Ctrl-C.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use imgpost::{CancelToken, Progress};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::args::{Color, OutputArgs};
use crate::failure::Failure;
use crate::signals;

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
    cancel_token: CancelToken,
}

/// A bar for every file that is on its way, on a terminal.
struct Bars {
    all: MultiProgress,
    by_file: Mutex<HashMap<PathBuf, ProgressBar>>,
}

impl Context {
    pub fn new(args: &OutputArgs) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let color = match args.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        };
        let bars = (is_terminal && !args.quiet && args.verbose == 0).then(|| Bars {
            all: MultiProgress::new(),
            by_file: Mutex::default(),
        });
        Log::start(args.verbose);
        Self {
            inner: Arc::new(Inner {
                json: args.json,
                quiet: args.quiet,
                color,
                bars,
                cancel_token: CancelToken::new(),
            }),
        }
    }

    pub fn json(&self) -> bool {
        self.inner.json
    }

    pub fn cancel_token(&self) -> CancelToken {
        self.inner.cancel_token.clone()
    }

    /// Makes Ctrl-C, SIGTERM and SIGHUP end what is going on, and end the process at once the second time. Files that
    /// are being written are gone by then: cancelling removes them.
    pub fn end_on_ctrl_c(&self) {
        let token = self.cancel_token();
        let handler = move || match token.is_cancelled() {
            true => std::process::exit(130),
            false => token.cancel(),
        };
        // Without a handler, Ctrl-C ends the process, which is what is wanted too.
        if let Err(error) = signals::set_handler(handler) {
            log::debug!("signals cannot be handled: {error}");
        }
    }

    /// Prints a result: its JSON, or its text.
    pub fn result(&self, result: &(impl Serialize + fmt::Display)) -> Result<(), Failure> {
        match self.inner.json {
            true => {
                let json = serde_json::to_string(result);
                self.print(&json.expect("texts and numbers can be written"))
            }
            false => self.print(&result.to_string()),
        }
    }

    /// Prints a line to standard output.
    pub fn print(&self, line: &str) -> Result<(), Failure> {
        if self.inner.quiet && !self.inner.json {
            return Ok(());
        }
        self.beside_the_bars(|| writeln!(io::stdout().lock(), "{line}"))
            .map_err(|_| Failure::closed_output())
    }

    /// Tells a person something that is no result.
    pub fn tell(&self, line: &str) {
        if !self.inner.quiet {
            self.beside_the_bars(|| eprintln!("imgpost: {line}"));
        }
    }

    /// Tells of a failure.
    pub fn fail(&self, line: &str) {
        let name = match self.inner.color {
            true => "\u{1b}[1;31mimgpost:\u{1b}[0m",
            false => "imgpost:",
        };
        self.beside_the_bars(|| eprintln!("{name} {line}"));
    }

    fn beside_the_bars<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.inner.bars {
            Some(bars) => bars.all.suspend(write),
            None => write(),
        }
    }

    /// Shows how far the post of a file is.
    pub fn progress(&self, file: &Path, progress: Progress) -> ControlFlow<()> {
        if let Some(bars) = &self.inner.bars {
            let mut by_file = bars.by_file.lock().unwrap_or_else(PoisonError::into_inner);
            let bar = by_file.entry(file.to_owned()).or_insert_with(|| {
                let name = file.file_name().unwrap_or(file.as_os_str());
                bars.add(
                    ProgressBar::new(progress.total),
                    BYTES,
                    name.to_string_lossy().into(),
                )
            });
            bar.set_position(progress.sent);
            if progress.attempt > 1 {
                bar.set_prefix(format!("attempt {} ", progress.attempt));
            }
        }
        ControlFlow::Continue(())
    }

    /// Takes the bar of a file away.
    pub fn finished(&self, file: &Path) {
        if let Some(bars) = &self.inner.bars {
            let mut by_file = bars.by_file.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(bar) = by_file.remove(file) {
                bar.finish_and_clear();
            }
        }
    }

    /// Shows that something is waited for, until the value is dropped.
    pub fn spinner(&self, message: String) -> Spinner {
        let bar = self.inner.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner(), SPINNER, message);
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Spinner { bar }
    }
}

const BYTES: &str = "{prefix}{wide_msg} {bytes}/{total_bytes} [{bar:24}] {percent:>3}%";
const SPINNER: &str = "{spinner} {wide_msg} {elapsed}";

impl Bars {
    fn add(&self, bar: ProgressBar, template: &str, message: String) -> ProgressBar {
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        let bar = self.all.add(bar.with_style(style.progress_chars("=> ")));
        bar.set_message(message);
        bar
    }
}

/// Something that is waited for.
pub struct Spinner {
    bar: Option<ProgressBar>,
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
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
            eprintln!("[{elapsed:7.3} s] {}", record.args());
        }
    }

    fn flush(&self) {}
}
