//! A window that shows a photo, lets you choose what is kept of it, and uploads that: how to embed imgpost in a
//! desktop program.
//!
//! `cargo run --release --manifest-path examples/desktop/Cargo.toml [PHOTO]` — on a sandbox of its own, or on the real
//! API when LEONARDO_API_KEY is set. README.md says what a bare Linux needs for windows.
//!
//! Read `worker` first: it has all that touches the network or decodes a picture, on one thread. `choice` is what is
//! asked of imgpost; `job` and `view` are pure; the rest is egui.

#![forbid(unsafe_code)]
// A program with a window opens no console next to it.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod app;
mod choice;
mod dialog;
mod job;
mod look;
mod pane;
mod panel;
mod preview;
mod service;
mod told;
mod view;
mod worker;

use std::path::PathBuf;

use eframe::egui;

fn main() -> eframe::Result {
    let photo = std::env::args_os().nth(1).map(PathBuf::from);
    let viewport = egui::ViewportBuilder::default()
        .with_inner_size([900.0, 640.0])
        .with_min_inner_size([640.0, 520.0])
        .with_icon(egui::IconData::default());
    let options = eframe::NativeOptions {
        viewport,
        ..eframe::NativeOptions::default()
    };
    eframe::run_native(
        "imgpost",
        options,
        Box::new(|creation| Ok(Box::new(app::App::new(&creation.egui_ctx, photo)))),
    )
}
