//! Options for generations, upscales and videos.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use serde_json::Value;

use super::{ApiArgs, PrepareArgs};

#[derive(clap::Args)]
pub struct GenerateArgs {
    /// Text that describes the images
    #[arg(short, long)]
    pub prompt: String,
    /// Start from this image: an id, or a file that is prepared and uploaded first
    #[arg(long, value_name = "ID|FILE", group = "from")]
    pub init_image: Option<String>,
    /// Use this image as a reference of a model of version 2, see --model; repeatable
    #[arg(long, value_name = "ID|FILE", group = "from")]
    pub image_reference: Vec<String>,
    /// Regenerate the part of this image that is white in the mask: two ids, or two files
    #[arg(long, value_names = ["INIT", "MASK"], num_args = 2, group = "from")]
    pub canvas: Vec<String>,
    /// How the canvas is edited
    #[arg(long, value_name = "TYPE", default_value = "INPAINT", requires = "canvas",
          value_parser = PossibleValuesParser::new(["INPAINT", "OUTPAINT", "SKETCH2IMG", "IMG2IMG"]))]
    pub canvas_request_type: String,
    /// Make pixels of the mask file white from this brightness on, and the others black [default: keep grays]
    #[arg(long, value_name = "1-255", requires = "canvas", value_parser = threshold())]
    pub threshold: Option<u8>,
    /// How much of the init image to keep
    #[arg(long, value_name = "0.1-0.9")]
    pub strength: Option<f64>,
    /// Number of images
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub num_images: Option<u32>,
    /// Text that describes what to avoid
    #[arg(long, value_name = "PROMPT")]
    pub negative_prompt: Option<String>,
    /// Seed; the same seed and options produce the same images
    #[arg(long)]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub job: JobArgs,
}

/// Options of every job.
#[derive(clap::Args)]
pub struct JobArgs {
    /// Set another parameter of the API; VALUE is JSON or text. Repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_extra)]
    pub extra: Vec<(String, Value)>,
    /// Print the JSON of the request and start nothing; with an API key, the price is asked for and reported
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
#[command(next_help_heading = "Result options")]
pub struct ResultArgs {
    /// Wait until the job is complete, and print the URLs of its results
    #[arg(long)]
    pub wait: bool,
    /// Wait, and download the results into this folder
    #[arg(long, value_name = "DIR")]
    pub download: Option<PathBuf>,
    /// Maximum time to wait, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub wait_timeout: u64,
    /// Wait, and open the results: the downloaded files, otherwise their URLs
    #[arg(long)]
    pub open: bool,
}

#[derive(clap::Args)]
pub struct UpscaleArgs {
    /// The image: the id of an init image, or a file that is prepared and uploaded first
    #[arg(value_name = "ID|FILE")]
    pub image: String,
    /// The id is that of a generated image, not of an init image
    #[arg(long)]
    pub generated: bool,
    /// Factor for width and height: 1 to 2, or one of those that `imgpost models` lists for the model of --model
    #[arg(long, value_name = "FACTOR")]
    pub multiplier: Option<f64>,
    /// How much detail the upscaler may invent
    #[arg(long, value_name = "1-10")]
    pub creativity_strength: Option<u32>,
    /// Text that describes the image
    #[arg(short, long)]
    pub prompt: Option<String>,
    #[command(flatten)]
    pub job: JobArgs,
}

#[derive(clap::Args)]
pub struct RemoveBackgroundArgs {
    /// The image: the id of an init image, or a file that is prepared and uploaded first
    #[arg(value_name = "ID|FILE")]
    pub image: String,
    /// The id is that of a generated image, not of an init image
    #[arg(long)]
    pub generated: bool,
    /// Put this image behind the subject: an id, or a file that is prepared and uploaded first
    #[arg(long, value_name = "ID|FILE")]
    pub background_image: Option<String>,
    /// Put this color behind the subject: a hexadecimal code such as '#ff8800', or a name
    #[arg(long, value_name = "COLOR", conflicts_with = "background_image")]
    pub background_color: Option<String>,
    /// Maximum size of the result: 0.25, 25, 25 or 50 megapixels [default: the API's]
    #[arg(long, value_name = "SIZE", value_parser = PossibleValuesParser::new(["preview", "auto", "full", "50MP"]))]
    pub cutout_size: Option<String>,
    /// Format of the result; a png has at most 10 megapixels [default: the API's]
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(["png", "jpg", "webp"]))]
    pub cutout_format: Option<String>,
    /// Let the API keep nothing: the URL of the result is valid for 30 minutes
    #[arg(long)]
    pub ephemeral: bool,
    /// Set another parameter of the API; VALUE is JSON or text. Repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_extra)]
    pub extra: Vec<(String, Value)>,
    /// Print the JSON of the request and start nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Download the result into this folder
    #[arg(long, value_name = "DIR", help_heading = "Result options")]
    pub download: Option<PathBuf>,
    /// Open the result: the downloaded file, otherwise its URL
    #[arg(long, help_heading = "Result options")]
    pub open: bool,
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub prepare: PrepareArgs,
}

#[derive(clap::Args)]
pub struct VideoArgs {
    /// The first frame: the id of an init image, or a file that is prepared and uploaded first
    #[arg(value_name = "ID|FILE")]
    pub image: String,
    /// The id is that of a generated image, not of an init image
    #[arg(long)]
    pub generated: bool,
    /// Text that describes the video
    #[arg(short, long)]
    pub prompt: String,
    /// The last frame, for the models that take one: an id, or a file that is prepared and uploaded first
    #[arg(long, value_name = "ID|FILE")]
    pub end_frame: Option<String>,
    /// Height of a video of version 1 in pixels: RESOLUTION_480, RESOLUTION_720 or RESOLUTION_1080
    #[arg(long, value_name = "RESOLUTION")]
    pub video_resolution: Option<String>,
    /// Length in seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub duration: Option<u32>,
    #[command(flatten)]
    pub job: JobArgs,
}

/// With 0 the whole mask would become white, and the whole image would be replaced.
pub fn threshold() -> clap::builder::RangedI64ValueParser<u8> {
    clap::value_parser!(u8).range(1..)
}

/// A value that is not JSON is text.
fn parse_extra(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((name.into(), value))
}
