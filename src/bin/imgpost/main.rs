//! The `imgpost` command: arguments in, the public API, one line a result out.

mod args;
mod commands;
mod context;
mod failure;
mod report;

use std::process::ExitCode;

use context::Context;

fn main() -> ExitCode {
    let args = args::parse();
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
