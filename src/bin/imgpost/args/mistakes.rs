//! Messages for common mistakes, with the command that was probably meant.

use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;

/// A better message than clap's, if there is one.
pub fn message(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return None;
    }
    let first = arguments
        .iter()
        .find(|argument| !argument.to_string_lossy().starts_with('-'))?;
    let path = Path::new(first);
    if path.is_dir() {
        return Some(format!(
            "error: '{}' is a folder, not a command; run `imgpost upload DIR`, or `imgpost prepare DIR -o OUT`\n",
            path.display()
        ));
    }
    if path.exists() || looks_like_image(path) {
        return Some(format!(
            "error: '{}' is a file, not a command; run `imgpost upload FILE` (Leonardo.Ai), `imgpost post FILE FORM.json` \
             (a presigned form) or `imgpost prepare FILE -o OUT`\n",
            path.display()
        ));
    }
    None
}

fn looks_like_image(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    [
        "jpg", "jpeg", "png", "webp", "gif", "tif", "tiff", "bmp", "heic",
    ]
    .contains(&extension.to_ascii_lowercase().as_str())
}
