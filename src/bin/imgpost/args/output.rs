//! The options that choose what is printed.

use clap::ValueEnum;

use crate::template::Template;

#[derive(clap::Args)]
#[command(next_help_heading = "Output options")]
pub struct OutputArgs {
    /// Print JSON, one object per line; failures too, on standard error
    #[arg(long, global = true)]
    pub json: bool,
    /// Print each result as this text, for example '{id} {width}x{height} {key}'
    #[arg(long, global = true, value_name = "TEXT", conflicts_with = "json")]
    pub format: Option<Template>,
    /// Print only errors and what a script captures: ids, URLs and names of downloaded files
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Log each step (-vv: every API call)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to color messages
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
