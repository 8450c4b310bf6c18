//! The options that name images.

use std::path::PathBuf;

#[derive(clap::Args)]
pub struct FilesArgs {
    /// Images, folders of images, or patterns such as '*.jpg'; - reads an image from standard input
    #[arg(value_name = "FILE|DIR|GLOB", required_unless_present = "from_file")]
    pub files: Vec<PathBuf>,
    /// Include the folders in a folder
    #[arg(short, long)]
    pub recursive: bool,
    /// Read more names from this file, one per line or separated by NUL; - reads standard input
    #[arg(long, value_name = "LIST")]
    pub from_file: Option<PathBuf>,
}
