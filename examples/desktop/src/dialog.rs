//! The system's own dialog for a file. It may stay open for as long as it likes: the window goes on.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, TryRecvError};

use eframe::egui;

/// What imgpost reads here. A file is told by its content; this only sorts the list.
const EXTENSIONS: [&str; 4] = ["jpg", "jpeg", "png", "webp"];

/// The dialog, when it is open.
#[derive(Default)]
pub struct Dialog {
    picked: Option<Receiver<PathBuf>>,
}

impl Dialog {
    /// Shows it, unless it is there already.
    pub fn show(&mut self, context: &egui::Context, frame: &eframe::Frame) {
        if self.picked.is_some() {
            return;
        }
        // macOS wants it to be made on this thread, and waited for on another.
        let file = rfd::AsyncFileDialog::new()
            .set_parent(frame)
            .add_filter("Pictures", &EXTENSIONS)
            .pick_file();
        let (sender, picked) = mpsc::channel();
        self.picked = Some(picked);
        let context = context.clone();
        std::thread::spawn(move || {
            if let Some(file) = pollster::block_on(file) {
                // The window may have been closed meanwhile.
                let _ = sender.send(file.path().to_owned());
            }
            drop(sender);
            context.request_repaint();
        });
    }

    /// The file that was picked, once.
    pub fn picked(&mut self) -> Option<PathBuf> {
        let received = self.picked.as_ref()?.try_recv();
        if received != Err(TryRecvError::Empty) {
            self.picked = None;
        }
        received.ok()
    }
}
