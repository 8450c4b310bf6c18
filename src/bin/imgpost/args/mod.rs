//! The arguments of the command.

mod api;
mod jobs;
mod prepare;
mod secret;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use api::{ApiArgs, ConnectArgs};
pub use jobs::{GenerateArgs, JobArgs, ResultArgs, UpscaleArgs, VideoArgs};
pub use prepare::PrepareArgs;
pub use secret::{FormSource, Usage, is_plain, parse};

const EXAMPLES: &str = "\
Examples:
  imgpost post photo.jpg --presigned form.json --size 1024x768
      fit the photo and post it with a form that an API handed out
  imgpost upload photo.jpg
      the whole job on Leonardo.Ai: prepare, ask for a form, post; prints the id
  imgpost generate --prompt 'at dusk' --init-image photo.jpg --download .
      upload, generate, wait, fetch the pictures
  imgpost sandbox
      try all of it without a key and without cost

Environment: LEONARDO_API_KEY, LEONARDO_BASE_URL, SSL_CERT_FILE, HTTPS_PROXY, NO_PROXY, NO_COLOR.
Exit codes: 0 done, 1 some of several failed or a result was not printed, 2 usage, 3 the image, 4 the API refused,
5 the form forbids it or the storage refused, 6 network, 7 the form expired, 8 a call was sent and no usable response
came: check before you send it again, 70 a bug in imgpost, 130 cancelled (143 by SIGTERM, 129 by SIGHUP).";

/// Fit an image to what a presigned S3 POST is waiting for, and post it there.
#[derive(Parser)]
#[command(name = "imgpost", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    pub output: OutputArgs,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Print one JSON object a line instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Print nothing but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Tell the steps and when they are made; twice for every call
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Whether to color what is told
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
pub enum Command {
    /// Prepare images and write them to files; no network
    Prepare {
        /// JPEG, PNG, WebP, GIF, BMP, TIFF or HEIC files; - reads standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Where to write: a file, a folder for several images, or - for standard output
        #[arg(short, long, value_name = "OUT|DIR")]
        output: PathBuf,
        #[command(flatten)]
        prepare: PrepareArgs,
    },
    /// Tell what would be done to an image; no network
    Plan {
        /// The images, of which only the headers are read
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        prepare: PrepareArgs,
    },
    /// Explain a presigned form, and what would be refused; no network
    Check {
        /// The form as JSON: a file, or the JSON itself; - reads standard input
        #[arg(value_parser = FormSource::parser())]
        form: FormSource,
        /// A file to check it with, as it is
        file: Option<PathBuf>,
        /// Which form of a canvas answer to use
        #[arg(long, value_name = "HALF")]
        half: Option<Half>,
    },
    /// Prepare an image and post it with a presigned form obtained elsewhere
    Post {
        /// A JPEG, PNG, WebP, GIF, BMP, TIFF or HEIC file; any file with --raw; - reads standard input
        file: PathBuf,
        /// Post the file as it is, of any size: a video, a 3D model, an image that is right already
        #[arg(long)]
        raw: bool,
        /// The form as JSON, an answer of the API or {"url": …, "fields": …}: a file, or the JSON itself; - reads standard
        /// input
        #[arg(long, value_name = "FORM.json", value_parser = FormSource::parser())]
        presigned: FormSource,
        /// Which form of a canvas answer to use
        #[arg(long, value_name = "HALF")]
        half: Option<Half>,
        /// Post even what the form's policy forbids; for a machine whose clock is wrong
        #[arg(long)]
        no_check: bool,
        #[command(flatten)]
        connect: ConnectArgs,
        #[command(flatten)]
        prepare: PrepareArgs,
    },
    /// Prepare images and upload them to Leonardo.Ai; prints their ids
    Upload {
        /// Images, folders of images, or patterns such as '*.jpg'; - reads standard input
        #[arg(required = true, value_name = "FILE|DIR|GLOB")]
        files: Vec<PathBuf>,
        /// Upload the images in the folders of a folder too
        #[arg(short, long)]
        recursive: bool,
        /// Upload images of this dataset instead of init images
        #[arg(long, value_name = "ID")]
        dataset: Option<String>,
        /// Make a dataset with this name, and upload its images
        #[arg(long, value_name = "NAME", conflicts_with = "dataset")]
        new_dataset: Option<String>,
        /// How many images are worked on at once
        #[arg(short, long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
        jobs: u8,
        #[command(flatten)]
        api: ApiArgs,
        #[command(flatten)]
        prepare: PrepareArgs,
    },
    /// Upload an image and its mask for the canvas; prints both ids
    Canvas {
        /// The image
        init: PathBuf,
        /// The mask, white where the image is to be made anew
        mask: PathBuf,
        /// Pixels of the mask from this brightness on become white, the others black [default: grays stay gray]
        #[arg(long, value_name = "1-255", value_parser = jobs::threshold())]
        threshold: Option<u8>,
        #[command(flatten)]
        api: ApiArgs,
        #[command(flatten)]
        prepare: PrepareArgs,
    },
    /// Start a generation, from words alone or from images; prints its id
    Generate(GenerateArgs),
    /// Wait for a job started by `generate`, `upscale` or `video`
    Wait {
        /// The id of the job
        id: String,
        #[command(flatten)]
        result: ResultArgs,
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Enlarge an image with the universal upscaler
    Upscale(UpscaleArgs),
    /// Make a video that begins with an image
    Video(VideoArgs),
    /// Make, show, fill or delete datasets
    #[command(subcommand)]
    Dataset(DatasetCommand),
    /// Show or delete init images
    #[command(subcommand)]
    InitImage(InitImageCommand),
    /// Show the account and what is left of its tokens
    Me {
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Serve a stand-in for the API and its storage on 127.0.0.1
    Sandbox {
        /// The port; 0 for any that is free
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
    /// Print the completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, in roff
    Man,
}

#[derive(Subcommand)]
pub enum DatasetCommand {
    /// Make a dataset; prints its id
    Create {
        /// Its name
        name: String,
        /// What it is
        #[arg(long)]
        description: Option<String>,
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Show a dataset and its images
    Show(RecordArgs),
    /// Delete a dataset
    Delete(RecordArgs),
    /// Take a generated image into a dataset; prints its id there
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

/// One thing the API has.
#[derive(clap::Args)]
pub struct RecordArgs {
    /// Its id
    pub id: String,
    #[command(flatten)]
    pub api: ApiArgs,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Half {
    Init,
    Mask,
}
