//! The `imgpost` command: arguments in, the public API, one line a result out.

#![forbid(unsafe_code)]
// They panic where the stream cannot be written to; `output` does not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

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
#[path = "../../unprintable.rs"]
mod unprintable;

use std::io::ErrorKind;
use std::process::ExitCode;

use context::Context;
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
            if !failure.is_told() {
                context.fail(&failure.to_string());
            }
            failure.exit_code()
        }
    }
}

/// Prints the help or the version that was asked for, or what is wrong with the arguments.
fn print_usage(usage: &args::Usage) -> ExitCode {
    let text = escape::lines(&usage.text);
    if usage.is_error {
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
