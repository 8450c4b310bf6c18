//! One file a group of commands.

mod download;
mod folder;
mod form;
mod generate;
mod image_files;
mod input;
mod local;
mod output;
mod records;
mod result;
mod shell;
mod upload;

use crate::args::Command;
use crate::context::Context;
use crate::failure::Failure;
use crate::signals;

pub fn run(context: &Context, command: Command) -> Result<(), Failure> {
    // The sandbox runs until a signal ends the process.
    if !matches!(command, Command::Sandbox { .. }) {
        signals::cancel_on_signal();
    }
    match command {
        Command::Prepare {
            files,
            output,
            prepare,
        } => local::prepare(context, &files, &output, &prepare),
        Command::Plan { files, prepare } => local::plan(context, &files, &prepare),
        Command::Check { form, file, half } => form::check(context, form, file.as_deref(), half),
        Command::Post {
            file,
            raw,
            presigned,
            half,
            no_check,
            connect,
            prepare,
        } => {
            let form = input::form(presigned, half, &file)?;
            let uploader = connect.uploader(context)?.validate_policy(!no_check);
            if raw {
                form::post_raw(context, &file, &form, uploader)
            } else {
                form::post(context, &file, &form, uploader, &prepare)
            }
        }
        Command::Upload {
            files,
            recursive,
            dataset,
            new_dataset,
            jobs,
            api,
            prepare,
        } => {
            let client = api.client(context)?;
            let files = upload::Files::new(context, &files, recursive)?;
            let dataset = match new_dataset {
                // Nothing would be uploaded into it.
                Some(_) if files.is_empty() => None,
                None => dataset,
                Some(name) => {
                    let id = client.create_dataset(&name, None)?;
                    context.tell(&format!("made the dataset {id}"));
                    Some(id)
                }
            };
            upload::upload(context, &client, &files, dataset.as_deref(), jobs, &prepare)
        }
        Command::Canvas {
            init,
            mask,
            threshold,
            api,
            prepare,
        } => upload::canvas(
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
        Command::Video(args) => generate::video(context, &args),
        Command::Dataset(command) => records::dataset(context, command),
        Command::InitImage(command) => records::init_image(context, command),
        Command::Me { api } => records::me(context, &api),
        Command::Sandbox { port } => shell::sandbox(context, port),
        Command::Completions { shell } => shell::completions(context, shell),
        Command::Man => shell::man(context),
    }
}
