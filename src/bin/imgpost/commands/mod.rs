//! The commands, grouped into files.

mod background;
mod canvas;
mod download;
mod files;
mod folder;
mod form;
mod generate;
mod image_files;
mod input;
mod ledger;
mod local;
mod models;
mod open;
mod output;
mod records;
mod result;
mod shell;
mod upload;

use canvas::CanvasReport;
use form::{Explained, PostMode};
use local::{PlanReport, PrepareMode};
use result::JobReport;
use upload::UploadMode;

use crate::args::Command;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::Report;
use crate::signals;

pub fn run(context: &Context, command: Command) -> Result<(), Failure> {
    // The sandbox runs until a signal ends the process.
    if !matches!(command, Command::Sandbox { .. }) {
        signals::cancel_on_signal();
    }
    check_format(context, &command)?;
    match command {
        Command::Prepare {
            files,
            output,
            no_clobber,
            strip,
            dry_run,
            prepare,
        } => {
            let mode = PrepareMode {
                no_clobber,
                strip,
                dry_run,
            };
            local::prepare(context, &files, &output, &mode, &prepare)
        }
        Command::Plan { files, prepare } => local::plan(context, &files, &prepare),
        Command::Check { form, file, select } => {
            form::check(context, form, file.as_deref(), &select)
        }
        Command::Post {
            file,
            form,
            presigned,
            select,
            raw,
            no_check,
            allow_http,
            dry_run,
            connect,
            prepare,
        } => {
            let source = form.or(presigned).expect("clap requires one of them");
            let given = input::presigned(source, &select, &file)?;
            let uploader = connect.uploader(context)?.allow_http(allow_http);
            let mode = PostMode {
                raw,
                dry_run,
                validate: !no_check,
            };
            form::post(context, &file, &given, uploader, &mode, &prepare)
        }
        Command::Upload {
            files,
            dataset,
            new_dataset,
            jobs,
            skip_known,
            dry_run,
            api,
            prepare,
        } => {
            let mode = UploadMode {
                files: &files,
                dataset,
                new_dataset,
                jobs,
                skip_known: skip_known.as_deref(),
                dry_run,
            };
            upload::upload(context, &api, &mode, &prepare)
        }
        Command::Canvas {
            init,
            mask,
            threshold,
            api,
            prepare,
        } => canvas::canvas(
            context,
            &api.client(context)?,
            [&init, &mask],
            threshold,
            &prepare,
        ),
        Command::Generate(args) => generate::generate(context, &args),
        Command::Wait { id, result, api } => {
            result::wait(context, &api.client(context)?, &id, &result)
        }
        Command::Upscale(args) => generate::upscale(context, &args),
        Command::RemoveBackground(args) => background::remove_background(context, &args),
        Command::Video(args) => generate::video(context, &args),
        Command::Dataset(command) => records::dataset(context, command),
        Command::InitImage(command) => records::init_image(context, command),
        Command::Models(args) => models::models(context, &args),
        Command::Me { api } => records::me(context, &api),
        Command::Sandbox { port } => shell::sandbox(context, port),
        Command::Completions { shell } => shell::completions(context, shell),
        Command::Man { dir } => shell::man(context, dir.as_deref()),
    }
}

/// Rejects names of `--format` that the command has no value for, before it does anything that cannot be repeated.
fn check_format(context: &Context, command: &Command) -> Result<(), Failure> {
    let Some(template) = context.format() else {
        return Ok(());
    };
    let known = match command {
        Command::Prepare { .. } | Command::Post { .. } | Command::Upload { .. } => Report::NAMES,
        Command::Plan { .. } => PlanReport::NAMES,
        Command::Check { .. } => Explained::NAMES,
        Command::Canvas { .. } => CanvasReport::NAMES,
        Command::Generate(_)
        | Command::Wait { .. }
        | Command::Upscale(_)
        | Command::RemoveBackground(_)
        | Command::Video(_) => JobReport::NAMES,
        Command::Models(_) => models::Row::NAMES,
        Command::Dataset(_) | Command::InitImage(_) => &["id"],
        Command::Me { .. }
        | Command::Sandbox { .. }
        | Command::Completions { .. }
        | Command::Man { .. } => {
            return Err(Failure::usage(
                "--format is for commands that print images, jobs or ids; omit it",
            ));
        }
    };
    match template.unknown_name(known) {
        None => Ok(()),
        Some(name) => Err(Failure::usage(format!(
            "--format has no value for {{{name}}}; the names are {}",
            known.join(", ")
        ))),
    }
}
