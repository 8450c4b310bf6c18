//! Files, folders, patterns and standard input, as the arguments name them.

use std::path::{Path, PathBuf};

use imgpost::{
    Extension, Limits, PrepareOptions, PreparedImage, PresignedPost, PresignedPostError,
};

use super::folder::Found;
use super::image_files::is_camera_raw;
use crate::args::{FormSource, Half, PrepareArgs, is_plain};
use crate::failure::Failure;
use crate::read::{self, STANDARD_INPUT};

pub fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether a file is none that ends, such as a pipe or a terminal.
fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Rejects a form or a URL in place of the name of a file, without repeating it: either may be signed.
pub fn check_name(file: &Path) -> Result<(), Failure> {
    let found = match FormSource::from(file.as_os_str().to_owned()) {
        FormSource::Text(_) => "a form or other text",
        FormSource::Url => "a URL",
        FormSource::Standard | FormSource::File(_) => return Ok(()),
    };
    Err(Failure::usage(format!(
        "expected the name of a file, and found {found}"
    )))
}

/// Prepares an image; `declared` is the extension where the arguments name none.
pub fn image(
    file: &Path,
    prepare: &PrepareArgs,
    declared: Option<Extension>,
) -> Result<PreparedImage, Failure> {
    check_name(file)?;
    check_format(file)?;
    let prepare = prepare.prepare(declared);
    let image = if is_standard(file) || is_special(file) {
        image_from_stream(file, &prepare)?
    } else {
        prepare.open(file)?
    };
    let (from, to, extension) = (image.source_size(), image.size(), image.extension());
    log::info!("prepared {}: {from} -> {to} {extension}", file.display());
    Ok(image)
}

/// Prepares an image that has to be read before it is known how long it is.
fn image_from_stream(file: &Path, prepare: &PrepareOptions) -> Result<PreparedImage, Failure> {
    let max_bytes = Limits::default().max_input_bytes;
    let (name, bytes) = if is_standard(file) {
        (STANDARD_INPUT.into(), read::standard_input(max_bytes)?)
    } else {
        let name = file.to_string_lossy();
        let bytes = read::file(file, &name, max_bytes)?;
        (name, bytes)
    };
    let bytes = bytes.ok_or_else(|| Failure::image_too_large(&name, max_bytes))?;
    let image = prepare.prepare_bytes(bytes);
    image.map_err(|error| Failure::from(error).with_name(&name))
}

/// Refuses what would be read as something else than it is: the thumbnail in a camera's raw file.
pub fn check_format(file: &Path) -> Result<(), Failure> {
    if is_camera_raw(file) {
        return Err(Failure::image(
            file,
            "is a camera's raw file, which is not supported; export it as JPEG or PNG",
        ));
    }
    Ok(())
}

/// Reads a form. Standard input cannot be both the form and the file to be posted.
pub fn form(source: FormSource, half: Option<Half>, file: &Path) -> Result<PresignedPost, Failure> {
    check_name(file)?;
    let max_bytes = PresignedPost::MAX_JSON_BYTES;
    let limit = max_bytes as u64;
    let json = match source {
        FormSource::Standard if is_standard(file) => {
            return Err(Failure::usage(
                "standard input can be the form or the file, not both",
            ));
        }
        FormSource::Standard => read::standard_input(limit)?,
        FormSource::Text(json) => Some(json.into_bytes()),
        FormSource::File(path) if is_plain(path.as_os_str()) => {
            read::file(&path, &path.to_string_lossy(), limit)?
        }
        // If it is not the name of a file, it may be a part of a form.
        FormSource::File(path) => {
            let name = "the form (give the name of its file, or the JSON itself)";
            read::file(&path, name, limit)?
        }
        FormSource::Url => {
            return Err(Failure::usage(
                "the form is a URL; give the JSON of a presigned POST, or a file that holds it",
            ));
        }
    };
    let too_long = PresignedPostError::JsonTooLong { max_bytes };
    let json = json.ok_or(too_long)?;
    let form = match half {
        None => PresignedPost::from_json(json),
        Some(half) => PresignedPost::canvas_from_json(json).map(|(init, mask)| match half {
            Half::Init => init,
            Half::Mask => mask,
        }),
    };
    Ok(form?)
}

/// The files that files, folders and patterns stand for, each once. Those of a folder or a pattern come by name.
pub fn expand(given: &[PathBuf], recursive: bool) -> Result<Found, Failure> {
    let mut found = Found::default();
    for path in given {
        check_name(path)?;
        let before = found.count();
        match path.to_str().filter(|text| text.contains(['*', '?', '['])) {
            _ if path.is_dir() => found.scan(path, recursive)?,
            Some(pattern) if !path.exists() => found.files.extend(matching(pattern)?),
            _ => found.files.push(path.clone()),
        }
        if found.count() == before {
            let mut message = format!("{}: there is no image", path.display());
            if !found.skipped.is_empty() {
                message += &format!("; {}", found.skipped);
            }
            return Err(Failure::usage(message));
        }
    }
    found.drop_repeated();
    Ok(found)
}

fn matching(pattern: &str) -> Result<Vec<PathBuf>, Failure> {
    let options = glob::MatchOptions {
        require_literal_leading_dot: true,
        ..glob::MatchOptions::new()
    };
    let paths = glob::glob_with(pattern, options)
        .map_err(|error| Failure::usage(format!("{pattern}: is no pattern: {error}")))?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| Failure::usage(error.to_string()))?;
        if path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}
