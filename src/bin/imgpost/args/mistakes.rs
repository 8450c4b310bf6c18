//! Messages for common mistakes, with the command that was probably meant.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// A better message than clap's, if there is one.
pub fn message(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    let first = arguments
        .iter()
        .find(|argument| !argument.to_string_lossy().starts_with('-'))?;
    let invalid = error.get(ContextKind::InvalidArg);
    let message = match (error.kind(), invalid, first.to_str()) {
        (ErrorKind::InvalidSubcommand, _, _) => unknown_command(first)?,
        (ErrorKind::UnknownArgument, Some(ContextValue::String(argument)), Some(command)) => {
            unknown_argument(command, argument)?
        }
        (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing)), Some("post"))
            if missing == &["<FORM>"] =>
        {
            "the presigned form is missing; run `imgpost post FILE FORM.json`, or `imgpost upload FILE` for Leonardo.Ai"
                .into()
        }
        _ => return None,
    };
    Some(format!("error: {message}\n"))
}

fn unknown_argument(command: &str, argument: &str) -> Option<String> {
    match command {
        _ if argument.starts_with("--api-key") => Some(
            "the API key is never an argument, because other users of the machine can read it; set LEONARDO_API_KEY, or \
             name a file with --api-key-file"
                .into(),
        ),
        _ if argument.starts_with('-') => None,
        "generate" if looks_like_image(Path::new(argument)) => Some(format!(
            "generate does not expect '{argument}'; run `imgpost generate -p PROMPT --init-image {argument}`"
        )),
        "generate" => Some(format!(
            "generate does not expect '{argument}'; run `imgpost generate -p PROMPT`, with the prompt in quotes"
        )),
        "sandbox" => Some(format!(
            "sandbox does not expect '{argument}'; run `imgpost sandbox --port PORT`"
        )),
        _ => None,
    }
}

fn unknown_command(first: &OsStr) -> Option<String> {
    let path = Path::new(first);
    if path.is_dir() {
        return Some(format!(
            "'{}' is a folder, not a command; run `imgpost upload DIR`, or `imgpost prepare DIR -o OUT`",
            path.display()
        ));
    }
    if path.exists() || looks_like_image(path) {
        return Some(format!(
            "'{}' is a file, not a command; run `imgpost upload FILE` (Leonardo.Ai), `imgpost post FILE FORM.json` \
             (a presigned form) or `imgpost prepare FILE -o OUT`",
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
