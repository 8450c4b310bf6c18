//! A virtual X server, a user in front of it, and the real program.

pub mod clipboard;
pub mod drop;
pub mod input;
pub mod program;
pub mod screen;
