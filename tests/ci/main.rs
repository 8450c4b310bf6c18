//! The tests that need servers, browsers, shells and other tools, which `.ci/run` installs.

#[path = "../support/mod.rs"]
mod support;

mod other_readers;
mod other_writers;
mod page;
mod real_s3;
mod terminal;
