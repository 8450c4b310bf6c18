//! The tests that need the whole repository, or servers, browsers, shells and other tools that `.ci/run` installs.

#[path = "../support/mod.rs"]
mod support;

mod docs;
mod jpeg_readers;
mod other_readers;
mod other_writers;
mod page;
mod real_s3;
mod terminal;
