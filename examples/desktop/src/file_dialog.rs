//! The system's file dialog. It may stay open for any length of time; the window keeps working meanwhile.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::sync::{Mutex, PoisonError};

use eframe::egui;

/// Filters the list of files only. imgpost detects the format by the content of the file.
const EXTENSIONS: [&str; 4] = ["jpg", "jpeg", "png", "webp"];

/// Shows a dialog. It is called on the UI thread, as macOS requires, and must not block.
pub type ShowDialog = Box<dyn FnMut() -> WaitForFile>;

/// Blocks until the user chose a file (`Ok(Some)`) or cancelled (`Ok(None)`). It is called on a thread of its own. The
/// error says why no dialog can be shown.
pub type WaitForFile = Box<dyn FnOnce() -> Result<Option<PathBuf>, String> + Send>;

/// The dialog of the system, in front of the window that is being created.
pub fn system(window: &eframe::CreationContext<'_>) -> ShowDialog {
    let dialog = rfd::AsyncFileDialog::new().set_parent(window);
    Box::new(move || show(dialog.clone()))
}

fn show(dialog: rfd::AsyncFileDialog) -> WaitForFile {
    RFD_LOG.take();
    let chosen = dialog.add_filter("Images", &EXTENSIONS).pick_file();
    Box::new(move || {
        if let Some(file) = pollster::block_on(chosen) {
            return Ok(Some(file.path().to_owned()));
        }
        RFD_LOG.take().map_or(Ok(None), Err)
    })
}

/// At most one open dialog.
pub(crate) struct FileDialog {
    show: ShowDialog,
    chosen: Option<Receiver<Result<Option<PathBuf>, String>>>,
}

impl FileDialog {
    pub fn new(show: ShowDialog) -> Self {
        Self { show, chosen: None }
    }

    /// Shows the dialog unless it is open already. Requests a repaint when the user has chosen.
    pub fn open(&mut self, context: &egui::Context) {
        if self.chosen.is_some() {
            return;
        }
        let wait = (self.show)();
        let (sender, chosen) = mpsc::channel();
        self.chosen = Some(chosen);
        let context = context.clone();
        std::thread::spawn(move || {
            // Fails if the window was closed meanwhile.
            let _ = sender.send(wait());
            context.request_repaint();
        });
    }

    /// Returns the chosen file or the error, once.
    pub fn poll(&mut self) -> Option<Result<PathBuf, String>> {
        let received = self.chosen.as_ref()?.try_recv();
        if received != Err(TryRecvError::Empty) {
            self.chosen = None;
        }
        received.ok()?.transpose()
    }
}

/// Records rfd's errors, so that a missing dialog can be reported. It becomes the program's logger; a program that has
/// one already forwards rfd's records to it instead.
pub fn record_errors() {
    if log::set_logger(&RFD_LOG).is_ok() {
        log::set_max_level(log::LevelFilter::Warn);
    }
}

static RFD_LOG: RfdLog = RfdLog {
    error: Mutex::new(None),
};

/// rfd returns `None` both when the user cancels and when no dialog can be shown, and only logs the reason. Remove this
/// when rfd returns errors: <https://github.com/PolyMeilex/rfd/issues/320>.
struct RfdLog {
    error: Mutex<Option<String>>,
}

impl RfdLog {
    fn take(&self) -> Option<String> {
        let mut error = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        error.take()
    }
}

impl log::Log for RfdLog {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("rfd") && metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            // rfd logs an error for the desktop portal, a warning that it tries zenity, and an error for that. What
            // precedes the warning does not matter.
            let is_error = record.level() == log::Level::Error;
            let message = is_error.then(|| record.args().to_string());
            *self.error.lock().unwrap_or_else(PoisonError::into_inner) = message;
        }
    }

    fn flush(&self) {}
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;

    /// Set in the process that runs a test again, to the result that it has to get.
    const EXPECTED: &str = "IMGPOST_TEST_EXPECTED";

    /// Runs `test` again in a process without a desktop portal, where `zenity` is this script, if any.
    fn run_again(test: &str, zenity: Option<&str>, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        if let Some(script) = zenity {
            let path = folder.path().join("zenity");
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        }
        let no_bus = format!("unix:path={}", folder.path().join("no-bus").display());
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("file_dialog::tests::{test}")])
            .env("PATH", folder.path())
            .env("DBUS_SESSION_BUS_ADDRESS", no_bus)
            .env(EXPECTED, expected)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}");
        assert!(text.contains("1 passed"), "{text}");
    }

    /// In the process that runs a test again: shows the dialog and compares. Returns whether this is that process.
    fn is_run_again() -> bool {
        let Ok(expected) = std::env::var(EXPECTED) else {
            return false;
        };
        record_errors();
        let result = show(rfd::AsyncFileDialog::new())();
        let text = format!("{result:?}");
        assert!(text.contains(&expected), "{text} instead of {expected}");
        true
    }

    #[test]
    fn chosen_file_is_returned() {
        if !is_run_again() {
            let chosen = "Ok(Some(\"/a photo.jpg\"))";
            run_again("chosen_file_is_returned", Some("echo /a photo.jpg"), chosen);
        }
    }

    #[test]
    fn cancelled_dialog_is_no_error() {
        if !is_run_again() {
            run_again("cancelled_dialog_is_no_error", Some("exit 1"), "Ok(None)");
        }
    }

    #[test]
    fn missing_dialog_is_an_error() {
        if !is_run_again() {
            let error = "No such file or directory";
            run_again("missing_dialog_is_an_error", None, error);
        }
    }

    #[test]
    fn second_dialog_is_not_shown_while_one_is_open() {
        let (close, closed) = mpsc::channel::<()>();
        let mut closed = Some(closed);
        // Panics if it is called again.
        let mut dialog = FileDialog::new(Box::new(move || {
            let closed = closed.take().unwrap();
            Box::new(move || {
                let _ = closed.recv();
                Ok(Some("photo.jpg".into()))
            })
        }));
        let context = egui::Context::default();
        dialog.open(&context);
        dialog.open(&context);
        assert_eq!(dialog.poll(), None);
        close.send(()).unwrap();
        let chosen = std::iter::repeat_with(|| dialog.poll()).find_map(|chosen| chosen);
        assert_eq!(chosen, Some(Ok("photo.jpg".into())));
        assert_eq!(dialog.poll(), None);
    }
}
