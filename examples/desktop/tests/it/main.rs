//! Tests of the program. All but one run its user interface without a window and find widgets by their labels.

mod crop;
mod files;
mod support;
mod upload;
#[cfg(target_os = "linux")]
mod window;
#[cfg(target_os = "linux")]
mod x11;
