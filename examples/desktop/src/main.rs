//! Starts the program in a window of the system. Everything else is in the library next to this file, where tests can
//! run it without a window.

#![forbid(unsafe_code)]
// On Windows, open no console next to the window.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::path::PathBuf;

use eframe::egui;
use imgpost_desktop::{App, Service, file_dialog, theme};

fn main() -> eframe::Result {
    let photo = std::env::args_os().nth(1).map(PathBuf::from);
    file_dialog::record_errors();
    let viewport = egui::ViewportBuilder::default()
        .with_inner_size(theme::WINDOW_SIZE)
        .with_min_inner_size([640.0, 520.0])
        .with_icon(egui::IconData::default());
    let options = eframe::NativeOptions {
        viewport,
        ..eframe::NativeOptions::default()
    };
    eframe::run_native(
        "imgpost",
        options,
        Box::new(|creation| {
            theme::apply(&creation.egui_ctx);
            let dialog = file_dialog::system(creation);
            let service = Service::from_env();
            let app = App::new(&creation.egui_ctx, service, dialog, photo);
            Ok(Box::new(Window(app)))
        }),
    )
}

struct Window(App);

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.0.ui(ui);
    }
}
