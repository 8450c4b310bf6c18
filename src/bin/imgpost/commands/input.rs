//! Files, folders, patterns and standard input, as the arguments name them.

use std::io::Read;
use std::path::{Path, PathBuf};

use imgpost::{Error, Extension, PreparedImage, PresignedPost};

use super::folder::Found;
use super::image_files::is_camera_raw;
use crate::args::{Half, PrepareArgs};
use crate::failure::Failure;

pub fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

fn read_standard() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| Failure::file(Path::new("standard input"), error))?;
    Ok(bytes)
}

/// Prepares an image; `declared` is the extension where the arguments name none.
pub fn image(
    file: &Path,
    prepare: &PrepareArgs,
    declared: Option<Extension>,
) -> Result<PreparedImage, Failure> {
    check_format(file)?;
    let prepare = prepare.prepare(declared);
    let image = match is_standard(file) {
        true => prepare.bytes(read_standard()?),
        false => prepare.open(file),
    };
    let image = image.map_err(Error::from)?;
    let (from, to, extension) = (image.source_size(), image.size(), image.extension());
    log::info!("prepared {}: {from} -> {to} {extension}", file.display());
    Ok(image)
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

/// Reads a form from a file or standard input, of which the file to be posted may not be the other one.
pub fn form(source: &Path, half: Option<Half>, file: &Path) -> Result<PresignedPost, Failure> {
    if is_standard(source) && is_standard(file) {
        return Err(Failure::usage(
            "standard input can be the form or the file, not both",
        ));
    }
    let json = match is_standard(source) {
        true => read_standard()?,
        false => std::fs::read(source).map_err(|error| Failure::file(source, error))?,
    };
    let form = match half {
        None => PresignedPost::from_json(json),
        Some(half) => PresignedPost::canvas_from_json(json).map(|(init, mask)| match half {
            Half::Init => init,
            Half::Mask => mask,
        }),
    };
    Ok(form.map_err(Error::from)?)
}

/// The files that files, folders and patterns stand for, each once. Those of a folder or a pattern come by name.
pub fn expand(given: &[PathBuf], recursive: bool) -> Result<Found, Failure> {
    let mut found = Found::default();
    for path in given {
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
