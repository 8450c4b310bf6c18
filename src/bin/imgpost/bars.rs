//! Progress bars, if standard error is a terminal.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use console::Term;
use imgpost::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use crate::escape;

const BYTES: &str = "{prefix}{wide_msg} {bytes}/{total_bytes} [{bar:24}] {percent:>3}%";
/// For a terminal with fewer columns than [`LEAST_COLUMNS`], where the name would have no room.
const NARROW: &str = "{prefix}{wide_msg} {percent:>3}%";
const LEAST_COLUMNS: u16 = 72;
const SPINNER: &str = "{spinner} {wide_msg} {elapsed}";
const REDRAWS_PER_SECOND: u8 = 20;

/// A bar for each file that is being uploaded.
pub struct Bars {
    all: MultiProgress,
    by_file: Mutex<HashMap<PathBuf, ProgressBar>>,
}

impl Bars {
    pub fn new() -> Self {
        let mut target = ProgressDrawTarget::stderr();
        // indicatif hides its bars on a terminal that cannot move its cursor.
        if !target.is_hidden() {
            let terminal = Box::new(Terminal::new());
            target = ProgressDrawTarget::term_like_with_hz(terminal, REDRAWS_PER_SECOND);
        }
        Self {
            all: MultiProgress::with_draw_target(target),
            by_file: Mutex::default(),
        }
    }

    /// Runs `write` while the bars are off the screen.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.all.suspend(write)
    }

    pub fn update(&self, file: &Path, progress: Progress) {
        let mut by_file = self.by_file.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = by_file.entry(file.to_owned()).or_insert_with(|| {
            let name = file.file_name().unwrap_or(file.as_os_str());
            let bar = ProgressBar::new(progress.total);
            let is_narrow = Term::stderr().size().1 < LEAST_COLUMNS;
            let template = if is_narrow { NARROW } else { BYTES };
            self.add(bar, template, &name.to_string_lossy())
        });
        bar.set_position(progress.sent);
        if progress.attempt > 1 {
            bar.set_prefix(format!("attempt {} ", progress.attempt));
        }
    }

    pub fn remove(&self, file: &Path) {
        let mut by_file = self.by_file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = by_file.remove(file) {
            bar.finish_and_clear();
        }
    }

    fn add(&self, bar: ProgressBar, template: &str, message: &str) -> ProgressBar {
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        let bar = self.all.add(bar.with_style(style.progress_chars("=> ")));
        bar.set_message(escape::line(message));
        bar
    }
}

/// Turns while the command is waiting; disappears when dropped.
pub struct Spinner {
    bar: Option<ProgressBar>,
}

impl Spinner {
    pub fn new(bars: Option<&Bars>, message: &str) -> Self {
        let bar = bars.map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner(), SPINNER, message);
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Standard error, ignored after its first failure, which a closed window causes. indicatif 0.18 would panic in
/// `MultiProgress::suspend`, and console 0.16 keeps what it could not write.
#[derive(Debug)]
struct Terminal {
    term: Term,
    has_failed: AtomicBool,
}

impl Terminal {
    fn new() -> Self {
        Self {
            term: Term::buffered_stderr(),
            has_failed: AtomicBool::new(false),
        }
    }

    fn draw(&self, draw: impl FnOnce(&Term) -> io::Result<()>) -> io::Result<()> {
        if !self.has_failed.load(Ordering::Relaxed) && draw(&self.term).is_err() {
            self.has_failed.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        self.term.width()
    }

    fn height(&self) -> u16 {
        self.term.height()
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.draw(|terminal| terminal.move_cursor_up(n))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.draw(|terminal| terminal.move_cursor_down(n))
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.draw(|terminal| terminal.move_cursor_right(n))
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.draw(|terminal| terminal.move_cursor_left(n))
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.draw(|terminal| terminal.write_line(line))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.draw(|terminal| terminal.write_str(text))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.draw(Term::clear_line)
    }

    fn flush(&self) -> io::Result<()> {
        self.draw(Term::flush)
    }
}
