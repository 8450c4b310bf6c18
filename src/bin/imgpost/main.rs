//! The `imgpost` command: parses arguments, calls the public API and prints a line per result.

#![forbid(unsafe_code)]
// These macros panic if the stream cannot be written to; `output` does not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod advice;
mod args;
mod bars;
mod commands;
mod context;
mod crash;
mod escape;
mod failure;
mod file_id;
mod output;
mod read;
mod report;
mod signals;
mod template;
#[path = "../../unprintable.rs"]
mod unprintable;

use std::io::ErrorKind;
use std::process::ExitCode;

use context::Context;
use failure::Failure;
use output::{write_stderr, write_stdout};

fn main() -> ExitCode {
    crash::run(|| match args::parse() {
        Ok(args) => run(args),
        Err(usage) => print_usage(&usage),
    })
}

fn run(args: args::Args) -> ExitCode {
    let context = Context::new(&args.output);
    match commands::run(&context, args.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_reported() {
                context.fail(&failure);
            }
            failure.exit_code()
        }
    }
}

/// Prints help, the version, or an error in the arguments.
fn print_usage(usage: &args::Usage) -> ExitCode {
    let text = escape::lines(&usage.text);
    if usage.is_error {
        let text = if usage.json {
            let json = Failure::arguments(&usage.text).to_json().to_string();
            escape::json(&json) + "\n"
        } else {
            text
        };
        write_stderr(&text);
        return ExitCode::from(2);
    }
    match write_stdout(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if error.kind() != ErrorKind::BrokenPipe {
                write_stderr(&format!(
                    "imgpost: cannot write to standard output: {error}\n"
                ));
            }
            ExitCode::FAILURE
        }
    }
}
