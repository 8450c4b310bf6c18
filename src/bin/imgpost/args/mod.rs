//! The arguments of the command.

mod api;
mod files;
mod jobs;
mod mistakes;
mod output;
mod prepare;
mod secret;
mod topics;
mod values;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use api::{ApiArgs, ConnectArgs};
pub use files::FilesArgs;
pub use jobs::{GenerateArgs, JobArgs, RemoveBackgroundArgs, ResultArgs, UpscaleArgs, VideoArgs};
pub use output::{Color, OutputArgs};
pub use prepare::PrepareArgs;
pub use secret::{FormSource, is_plain};
pub use topics::{Usage, parse};

const EXAMPLES: &str = "\
Examples:
  imgpost post photo.jpg form.json --size 1024x768
      prepare the photo and upload it with a presigned form
  imgpost upload photo.jpg
      prepare the photo and upload it to Leonardo.Ai; prints its id
  imgpost generate --prompt 'at dusk' --init-image photo.jpg --download .
      upload the photo, generate from it, wait, and download the results
  imgpost sandbox
      try everything without a key and at no cost

More help: imgpost help exit-codes, imgpost help environment, imgpost help json";

const COMPLETIONS: &str = "\
Where to put the script:
  bash        ~/.local/share/bash-completion/completions/imgpost
  zsh         a folder in $fpath, as _imgpost; then restart zsh
  fish        ~/.config/fish/completions/imgpost.fish
  PowerShell  append it to the file that $PROFILE names
  elvish      ~/.config/elvish/lib/imgpost.elv, and `use imgpost` in rc.elv
For example: imgpost completions fish > ~/.config/fish/completions/imgpost.fish";

/// Prepare images and upload them with presigned S3 forms, or to Leonardo.Ai.
#[derive(Parser)]
#[command(name = "imgpost", version, arg_required_else_help = true, max_term_width = 100, after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    pub output: OutputArgs,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Prepare images and write them to files; no network
    Prepare {
        #[command(flatten)]
        files: FilesArgs,
        /// Where to write: a file, a folder, names such as 'out/{stem}-{width}.{ext}', or - for standard output
        #[arg(short, long, value_name = "OUT|DIR")]
        output: PathBuf,
        /// Keep files that exist instead of replacing them
        #[arg(long)]
        no_clobber: bool,
        /// Remove the metadata, and keep the size, the format and the encoded pixels; only an image that EXIF rotates is encoded again
        #[arg(long, conflicts_with_all = ["target", "bounds", "model", "extension"])]
        strip: bool,
        /// Prepare the images and print the results, but write nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        prepare: PrepareArgs,
    },
    /// Print what would be done to images, from their headers alone; no network
    Plan {
        #[command(flatten)]
        files: FilesArgs,
        #[command(flatten)]
        prepare: PrepareArgs,
    },
    /// Explain a presigned form or URL, and validate a file against it; no network
    Check {
        /// The form as JSON, or a presigned PUT URL: a file, or the text itself; - reads standard input
        #[arg(value_parser = FormSource::parser())]
        form: FormSource,
        /// A file to validate, unchanged
        file: Option<PathBuf>,
        #[command(flatten)]
        select: SelectArgs,
    },
    /// Prepare an image and upload it with a presigned form or URL of any service
    Post {
        /// A JPEG, PNG, WebP, GIF, BMP, TIFF or HEIC file; any file with --raw; - reads standard input
        file: PathBuf,
        /// The form as JSON, such as a response of an API or {"url": …, "fields": …}, or a presigned PUT URL: a file, or the
        /// text itself; - reads standard input
        #[arg(value_parser = FormSource::parser(), required_unless_present = "presigned")]
        form: Option<FormSource>,
        /// The form, as an option instead of the second argument
        #[arg(long, value_name = "FORM", value_parser = FormSource::parser(), conflicts_with = "form")]
        presigned: Option<FormSource>,
        #[command(flatten)]
        select: SelectArgs,
        /// Upload the file unchanged, whatever its type and size: a video, a 3D model, a finished image
        #[arg(long)]
        raw: bool,
        /// Upload even if the form's policy forbids it, for example because this machine's clock is wrong
        #[arg(long)]
        no_check: bool,
        /// Allow plain http to other machines; everyone on the network can read the form and the file
        #[arg(long)]
        allow_http: bool,
        /// Prepare the image and validate it, but upload nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        connect: ConnectArgs,
        #[command(flatten)]
        prepare: PrepareArgs,
    },
    /// Prepare images and upload them to Leonardo.Ai; prints their ids
    Upload {
        #[command(flatten)]
        files: FilesArgs,
        /// Upload into this dataset instead of as init images
        #[arg(long, value_name = "ID")]
        dataset: Option<String>,
        /// Create a dataset with this name and upload into it
        #[arg(long, value_name = "NAME", conflicts_with = "dataset")]
        new_dataset: Option<String>,
        /// Number of images to process at once
        #[arg(short, long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
        jobs: u8,
        /// Skip images that this file lists, and add those that are uploaded; the file is created if it is missing
        #[arg(long, value_name = "MANIFEST")]
        skip_known: Option<PathBuf>,
        /// Prepare the images and print the results, but upload nothing; needs no key
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        api: ApiArgs,
        #[command(flatten)]
        prepare: PrepareArgs,
    },
    /// Upload an image and its mask for the canvas; prints both ids
    Canvas {
        /// The image
        init: PathBuf,
        /// The mask: white where the image is to be regenerated
        mask: PathBuf,
        /// Make pixels of the mask white from this brightness on, and the others black [default: keep grays]
        #[arg(long, value_name = "1-255", value_parser = jobs::threshold())]
        threshold: Option<u8>,
        #[command(flatten)]
        api: ApiArgs,
        #[command(flatten)]
        prepare: PrepareArgs,
    },
    /// Start a generation from a prompt and images; prints its id
    Generate(GenerateArgs),
    /// Wait for a job started by `generate`, `upscale` or `video`
    Wait {
        /// The id of the job, or what those commands print; - reads it from standard input
        id: String,
        #[command(flatten)]
        result: ResultArgs,
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Enlarge an image with the universal upscaler
    Upscale(UpscaleArgs),
    /// Remove the background of an image
    RemoveBackground(RemoveBackgroundArgs),
    /// Create a video that starts with an image
    Video(VideoArgs),
    /// Create, show, fill or delete datasets
    #[command(subcommand)]
    Dataset(DatasetCommand),
    /// Show or delete init images
    #[command(subcommand)]
    InitImage(InitImageCommand),
    /// List the models of the API: their sizes, and what may guide them
    Models(ModelsArgs),
    /// Show the account and its remaining tokens
    Me {
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Serve a stand-in for the API and its storage on 127.0.0.1
    Sandbox {
        /// The port; 0 for any free port
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
    /// Print a script that completes commands in a shell
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write a page for every command
    Man {
        /// The folder to write the pages into, for example ~/.local/share/man/man1 [default: print the main page]
        dir: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
pub enum DatasetCommand {
    /// Create a dataset; prints its id
    Create {
        /// The name
        name: String,
        /// A description
        #[arg(long)]
        description: Option<String>,
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Show a dataset and its images
    Show(RecordArgs),
    /// Delete a dataset
    Delete(RecordArgs),
    /// Add a generated image to a dataset; prints its id there
    AddGenerated {
        /// The dataset's id
        dataset: String,
        /// The generated image's id
        image: String,
        #[command(flatten)]
        api: ApiArgs,
    },
}

#[derive(Subcommand)]
pub enum InitImageCommand {
    /// Show an init image
    Show(RecordArgs),
    /// Delete an init image
    Delete(RecordArgs),
}

/// One record of the API.
#[derive(clap::Args)]
pub struct RecordArgs {
    /// The id
    pub id: String,
    #[command(flatten)]
    pub api: ApiArgs,
}

/// Which form of a response to use, and what to add to it.
#[derive(clap::Args)]
pub struct SelectArgs {
    /// Which of the two forms in the response for a canvas
    #[arg(long, value_name = "HALF")]
    pub half: Option<Half>,
    /// Which form of a list, counted from 0
    #[arg(long, value_name = "N", conflicts_with = "half")]
    pub index: Option<usize>,
    /// Add a field that the form leaves to you, or replace its value; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::field)]
    pub field: Vec<(String, String)>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Half {
    Init,
    Mask,
}

#[derive(clap::Args)]
pub struct ModelsArgs {
    /// Only these, with all their sizes
    #[arg(value_name = "MODEL", conflicts_with = "online")]
    pub ids: Vec<String>,
    /// Ask the API which models it offers now, and where they differ from the documentation
    #[arg(long)]
    pub online: bool,
    #[command(flatten)]
    pub api: ApiArgs,
}
