//! The `imgpost` command: arguments in, the public API, one line a result out.

mod args;
mod commands;
mod context;
mod failure;
mod file_id;
mod report;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use args::Args;
use context::Context;

fn main() -> ExitCode {
    let args = Args::parse();
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
