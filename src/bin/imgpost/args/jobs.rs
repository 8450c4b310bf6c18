//! What is asked of generations, enlargements and videos.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use serde_json::Value;

use super::{ApiArgs, PrepareArgs};

#[derive(clap::Args)]
pub struct GenerateArgs {
    /// What is to be seen
    #[arg(short, long)]
    pub prompt: String,
    /// Start from this image: an id, or a file that is prepared and uploaded first
    #[arg(long, value_name = "ID|FILE", group = "from")]
    pub init_image: Option<String>,
    /// Be guided by this image (version 2: needs --model SLUG); may be given again
    #[arg(long, value_name = "ID|FILE", group = "from")]
    pub image_reference: Vec<String>,
    /// Make the part of this image anew that is white in the mask: two ids, or two files
    #[arg(long, value_names = ["INIT", "MASK"], num_args = 2, group = "from")]
    pub canvas: Vec<String>,
    /// What is done on the canvas
    #[arg(long, value_name = "TYPE", default_value = "INPAINT", requires = "canvas",
          value_parser = PossibleValuesParser::new(["INPAINT", "OUTPAINT", "SKETCH2IMG", "IMG2IMG"]))]
    pub canvas_request_type: String,
    /// Pixels of the mask file from this brightness on become white, the others black [default: grays stay gray]
    #[arg(long, value_name = "1-255", requires = "canvas", value_parser = threshold())]
    pub threshold: Option<u8>,
    /// How much of the init image is kept, 0.1 to 0.9
    #[arg(long, value_name = "0.1-0.9")]
    pub strength: Option<f64>,
    /// How many images to make
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub num_images: Option<u32>,
    /// The model: an id of version 1, or a slug of version 2 such as flux-kontext-pro
    #[arg(long, value_name = "ID|SLUG")]
    pub model: Option<String>,
    /// What is not to be seen
    #[arg(long, value_name = "PROMPT")]
    pub negative_prompt: Option<String>,
    /// The same seed makes the same image
    #[arg(long)]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub job: JobArgs,
}

/// What every job takes.
#[derive(clap::Args)]
pub struct JobArgs {
    /// Any other variable of the API, by its name; the value is JSON, or a text. May be given again
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_extra)]
    pub extra: Vec<(String, Value)>,
    /// Print the JSON that would be sent, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub result: ResultArgs,
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub prepare: PrepareArgs,
}

#[derive(clap::Args)]
#[command(next_help_heading = "The result")]
pub struct ResultArgs {
    /// Wait until it is complete, and print where its images are
    #[arg(long)]
    pub wait: bool,
    /// WaitOptions, and fetch its images into this folder
    #[arg(long, value_name = "DIR")]
    pub download: Option<PathBuf>,
    /// How long to wait at most, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub wait_timeout: u64,
}

#[derive(clap::Args)]
pub struct UpscaleArgs {
    /// The image: the id of an init image, or a file that is prepared and uploaded first
    #[arg(value_name = "ID|FILE")]
    pub image: String,
    /// The id is that of a generated image
    #[arg(long)]
    pub generated: bool,
    /// How many times as wide and as high it becomes
    #[arg(long, value_name = "1-2")]
    pub multiplier: Option<f64>,
    /// How much is invented
    #[arg(long, value_name = "1-10")]
    pub creativity_strength: Option<u32>,
    /// What is to be seen
    #[arg(short, long)]
    pub prompt: Option<String>,
    #[command(flatten)]
    pub job: JobArgs,
}

#[derive(clap::Args)]
pub struct VideoArgs {
    /// The image it begins with: the id of an init image, or a file that is prepared and uploaded first
    #[arg(value_name = "ID|FILE")]
    pub image: String,
    /// The id is that of a generated image
    #[arg(long)]
    pub generated: bool,
    /// What is to be seen
    #[arg(short, long)]
    pub prompt: String,
    /// What makes it: MOTION2, MOTION2FAST, KLING2_1, KLING2_5 …
    #[arg(long)]
    pub model: Option<String>,
    /// How high it is: RESOLUTION_480, RESOLUTION_720 or RESOLUTION_1080
    #[arg(long)]
    pub resolution: Option<String>,
    /// How long it is, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub duration: Option<u32>,
    #[command(flatten)]
    pub job: JobArgs,
}

/// With 0, all of the mask would become white, and all of the image would be replaced.
pub fn threshold() -> clap::builder::RangedI64ValueParser<u8> {
    clap::value_parser!(u8).range(1..)
}

/// A value that is no JSON is meant as a text.
fn parse_extra(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((name.into(), value))
}
