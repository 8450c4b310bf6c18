//! Files, folders, patterns and standard input, as the arguments name them.

use std::io::Read;
use std::path::{Path, PathBuf};

use imgpost::{Error, Extension, PreparedImage, PresignedPost};

use crate::args::{FormSource, Half, PrepareArgs, is_plain};
use crate::failure::Failure;

/// The extensions of the files that a folder is searched for.
const EXTENSIONS: [&str; 9] = [
    "jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "jpe",
];

pub fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
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
    check_name(file)?;
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

/// Reads a form. Standard input cannot be both the form and the file to be posted.
pub fn form(source: FormSource, half: Option<Half>, file: &Path) -> Result<PresignedPost, Failure> {
    check_name(file)?;
    let json = match source {
        FormSource::Standard if is_standard(file) => {
            return Err(Failure::usage(
                "standard input can be the form or the file, not both",
            ));
        }
        FormSource::Standard => read_standard()?,
        FormSource::Text(json) => json.into_bytes(),
        FormSource::File(path) if is_plain(path.as_os_str()) => {
            std::fs::read(&path).map_err(|error| Failure::file(&path, error))?
        }
        // If it is not the name of a file, it may be a part of a form.
        FormSource::File(path) => std::fs::read(path).map_err(|error| {
            let advice = "give the name of its file, or the JSON itself";
            Failure::usage(format!("the form cannot be read: {error}; {advice}"))
        })?,
        FormSource::Url => {
            return Err(Failure::usage(
                "the form is a URL; give the JSON of a presigned POST, or a file that holds it",
            ));
        }
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

/// The files that files, folders and patterns stand for. Those of a folder or a pattern come by name.
pub fn expand(given: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in given {
        check_name(path)?;
        let found = match path.to_str().filter(|text| text.contains(['*', '?', '['])) {
            _ if path.is_dir() => in_folder(path)?,
            Some(pattern) if !path.exists() => matching(pattern)?,
            _ => vec![path.clone()],
        };
        if found.is_empty() {
            let path = path.display();
            return Err(Failure::usage(format!("{path}: there is no image")));
        }
        files.extend(found);
    }
    Ok(files)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| Failure::file(folder, error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Failure::file(folder, error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with('.') && is_image(&path) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
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

fn is_image(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str())
}
