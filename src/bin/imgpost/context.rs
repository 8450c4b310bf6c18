//! The output of the command: results on standard output; messages, progress and the log on standard error.
//!
//! All text is escaped here, so that no other module has to.

use std::io::{self, ErrorKind, IsTerminal};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use imgpost::{CancelToken, Progress};
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::{Color, OutputArgs};
use crate::bars::{Bars, Spinner};
use crate::escape;
use crate::failure::Failure;
use crate::output::{write_stderr, write_stdout};
use crate::signals;
use crate::template::Template;

/// A result of the command. [`Serialize`] is what `--json` prints.
pub trait Outcome: Serialize {
    /// Lines for people, not yet escaped.
    fn to_lines(&self) -> Vec<String>;

    /// What a script captures, such as an id. Its values are escaped; tabs and line breaks separate them. `None` if scripts
    /// get the same lines as people.
    fn to_bare(&self) -> Option<String> {
        None
    }

    /// The records that `--format` prints, one per line.
    fn to_records(&self) -> Vec<Value> {
        vec![serde_json::to_value(self).expect("every result has a JSON form")]
    }
}

/// How results are printed.
enum Mode {
    Json,
    Format(Template),
    /// For scripts: what they capture.
    Bare,
    /// For people.
    Lines,
}

/// The output of the command. Clones share it.
#[derive(Clone)]
pub struct Context {
    inner: Arc<Inner>,
}

struct Inner {
    mode: Mode,
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
        let mode = if args.json {
            Mode::Json
        } else if let Some(template) = &args.format {
            Mode::Format(template.clone())
        } else if args.quiet || !io::stdout().is_terminal() {
            Mode::Bare
        } else {
            Mode::Lines
        };
        Log::start(args.verbose);
        Self {
            inner: Arc::new(Inner {
                mode,
                quiet: args.quiet,
                color,
                bars,
            }),
        }
    }

    pub fn json(&self) -> bool {
        matches!(self.inner.mode, Mode::Json)
    }

    /// The template of `--format`.
    pub fn format(&self) -> Option<&Template> {
        match &self.inner.mode {
            Mode::Format(template) => Some(template),
            _ => None,
        }
    }

    pub fn cancel_token(&self) -> CancelToken {
        signals::token()
    }

    /// Prints a result. If it cannot be written, standard error shows it.
    pub fn result(&self, result: &impl Outcome) -> Result<(), Failure> {
        let lines = || escaped_lines(&result.to_lines());
        match &self.inner.mode {
            Mode::Json => {
                let json = serde_json::to_string(result).expect("every result has a JSON form");
                let json = escape::json(&json);
                self.write_lines(&json, &json)
            }
            Mode::Format(template) => {
                let records = result.to_records();
                let records = records
                    .iter()
                    .map(|record| template.render(|name| escape::line(&plain(&record[name]))));
                let text = records.collect::<Vec<_>>().join("\n");
                if text.is_empty() {
                    return Ok(());
                }
                self.write_lines(&text, &lines())
            }
            Mode::Bare => {
                let lines = lines();
                let Some(bare) = result.to_bare() else {
                    if self.inner.quiet {
                        return Ok(());
                    }
                    return self.write_lines(&lines, &lines);
                };
                self.write_lines(&bare, &lines)?;
                if bare != lines {
                    for line in result.to_lines() {
                        self.note(&line);
                    }
                }
                Ok(())
            }
            Mode::Lines => {
                let lines = lines();
                self.write_lines(&lines, &lines)
            }
        }
    }

    /// Writes lines that are escaped. If they cannot be written, standard error shows `details`.
    fn write_lines(&self, lines: &str, details: &str) -> Result<(), Failure> {
        self.write(format!("{lines}\n").as_bytes())
            .map_err(|error| self.lost_output(&error, Some(details)))
    }

    /// Writes bytes to standard output unchanged, even if the command is quiet.
    pub fn print_bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.write(bytes)
            .map_err(|error| self.lost_output(&error, None))
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.beside_the_bars(|| write_stdout(bytes))
    }

    /// Reports a result that standard output did not accept.
    fn lost_output(&self, error: &io::Error, lines: Option<&str>) -> Failure {
        let reader_left = error.kind() == ErrorKind::BrokenPipe;
        if !reader_left {
            let failure = format!("cannot write to standard output: {error}");
            match lines {
                Some(lines) => {
                    self.error(&format!("{failure}; the result is:"), &format!("{lines}\n"))
                }
                None => self.error(&failure, ""),
            }
        }
        Failure::lost_output(reader_left)
    }

    /// Prints a message that is neither a result nor an error.
    pub fn note(&self, line: &str) {
        if self.inner.quiet {
            return;
        }
        if self.json() {
            self.write_json(&json!({"message": line}));
        } else {
            self.write_message("imgpost:", line, "");
        }
    }

    /// Prints a failure.
    pub fn fail(&self, failure: &Failure) {
        if self.json() {
            self.write_json(&failure.to_json());
        } else {
            self.error(&failure.to_string(), "");
        }
    }

    fn write_json(&self, value: &Value) {
        let line = format!("{}\n", escape::json(&value.to_string()));
        self.beside_the_bars(|| write_stderr(&line));
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

    /// Shows the progress of an upload.
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

    /// Shows that the command is waiting, until the spinner is dropped.
    pub fn spinner(&self, message: String) -> Spinner {
        Spinner::new(self.inner.bars.as_ref(), &message)
    }
}

fn escaped_lines(lines: &[String]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| escape::line(line)).collect();
    lines.join("\n")
}

/// A value as `--format` prints it: a text without quotes, nothing for null.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Logs the steps of this crate with the time since the start. The log of other crates may contain secrets.
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
