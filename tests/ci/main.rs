//! The tests that need servers, browsers, shells and other tools, which `.ci/run` installs, or the whole repository.

#[path = "../support/mod.rs"]
mod support;

mod docs;
mod other_readers;
mod other_writers;
mod page;
mod real_s3;
mod terminal;
