//! A desktop program that shows a photo, lets the user choose a crop, and uploads it: how to use imgpost in a program
//! with a window.
//!
//! Read `worker` first: all decoding and all network access happen there, on one thread. `crop` turns the user's choice
//! into imgpost's options. `upload_state` and `transform` are pure; the rest is egui. `main.rs` opens the window.

#![forbid(unsafe_code)]

mod app;
mod crop;
pub mod file_dialog;
mod preview;
mod service;
mod sidebar;
pub mod theme;
mod transform;
mod upload_state;
mod viewer;
mod worker;

pub use app::App;
pub use service::Service;
