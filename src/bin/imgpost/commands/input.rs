//! Reads what the arguments name: images, forms, folders and patterns.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use imgpost::leonardo::{UploadForm, UploadResponse};
use imgpost::{
    Extension, Limits, PrepareOptions, PreparedImage, PresignedPost, PresignedPostError,
    PresignedUpload,
};

use super::folder::Found;
use super::image_files::{has_image_extension, is_camera_raw};
use crate::args::{FormSource, Half, SelectArgs, is_plain};
use crate::failure::Failure;
use crate::read;

pub fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether a path is standard input, or neither a regular file nor a folder, for example a pipe.
pub fn is_stream(path: &Path) -> bool {
    let metadata = std::fs::metadata(path);
    is_standard(path) || metadata.is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Rejects a form or a URL in place of a file name, without repeating it: it may contain a signature.
pub fn check_name(file: &Path) -> Result<(), Failure> {
    if file.starts_with("file:") && !file.exists() {
        return Err(Failure::usage(
            "expected a file name, but found a URL; give the path without file://",
        ));
    }
    if file.starts_with("~") && !file.exists() {
        return Err(Failure::usage(format!(
            "{} does not exist; omit the quotes, because the shell replaces ~ only outside of them",
            file.display()
        )));
    }
    Err(Failure::usage(
        match FormSource::from(file.as_os_str().to_owned()) {
            FormSource::Standard | FormSource::File(_) => return Ok(()),
            FormSource::Text(_) => {
                "expected a file name, but found a form or other text; give the name of an image file"
            }
            FormSource::Url(_) => {
                "expected a file name, but found a URL; download the file first, for example with `curl -O`"
            }
        },
    ))
}

/// Prepares the image in a file.
pub fn image(file: &Path, options: &PrepareOptions) -> Result<PreparedImage, Failure> {
    check_name(file)?;
    check_format(file)?;
    let image = if is_stream(file) {
        image_from_stream(file, options)?
    } else {
        options.open(file)?
    };
    let (from, to, extension) = (image.source_size(), image.size(), image.extension());
    log::info!("prepared {}: {from} -> {to} {extension}", read::name(file));
    Ok(image)
}

/// Removes the metadata of an image, and encodes it again only if that is necessary.
pub fn stripped(file: &Path, options: &PrepareOptions) -> Result<PreparedImage, Failure> {
    check_name(file)?;
    check_format(file)?;
    Ok(options.strip(file)?)
}

/// Prepares an image of unknown length.
fn image_from_stream(file: &Path, prepare: &PrepareOptions) -> Result<PreparedImage, Failure> {
    let max_bytes = Limits::default().max_input_bytes;
    let name = read::name(file);
    let bytes = if is_standard(file) {
        read::standard_input(max_bytes)?
    } else {
        read::file(file, &name, max_bytes)?
    };
    let bytes = bytes.ok_or_else(|| Failure::image_too_large(&name, max_bytes))?;
    let image = prepare.prepare_bytes(bytes);
    image.map_err(|error| Failure::from(error).with_name(&name))
}

/// Rejects raw files of cameras, of which only the thumbnail would be read.
pub fn check_format(file: &Path) -> Result<(), Failure> {
    if is_camera_raw(file) {
        return Err(Failure::image(
            file,
            "is a camera's raw file, which is not supported; export it as JPEG or PNG",
        ));
    }
    Ok(())
}

/// A presigned form or URL, and the id of the file that it uploads if a response of the API contains one.
pub struct Given {
    pub presigned: PresignedUpload,
    pub id: Option<String>,
}

impl Given {
    /// Whether it is from a response of the Leonardo.Ai API: these always have an id.
    pub fn is_leonardo(&self) -> bool {
        self.id.is_some()
    }

    /// The extension it was made for.
    pub fn extension(&self) -> Option<Extension> {
        match &self.presigned {
            PresignedUpload::Post(form) => form.extension(),
            PresignedUpload::Put(put) => put.extension(),
            _ => None,
        }
    }

    /// Checks what can be checked without a file.
    pub fn validate_without_file(&self) -> Result<(), Failure> {
        let now = SystemTime::now();
        match &self.presigned {
            PresignedUpload::Post(form) => form.validate_fields(now)?,
            PresignedUpload::Put(put) => put
                .validate_headers(now)
                .map_err(PresignedPostError::from)?,
            _ => {}
        }
        Ok(())
    }
}

impl From<UploadForm> for Given {
    fn from(upload: UploadForm) -> Self {
        Self {
            presigned: upload.form.into(),
            id: Some(upload.id),
        }
    }
}

/// Reads a form or a URL, and adds the fields of the arguments. Standard input cannot be both the form and the file.
pub fn presigned(source: FormSource, select: &SelectArgs, file: &Path) -> Result<Given, Failure> {
    check_name(file)?;
    let text = read_form(source, file)?;
    let mut given = select_form(text, select)?;
    for (name, value) in &select.field {
        given.presigned = match given.presigned {
            PresignedUpload::Post(form) => form.field(name, value)?.into(),
            _ => {
                return Err(Failure::usage(
                    "--field is for forms, but this is a presigned URL; omit --field",
                ));
            }
        };
    }
    Ok(given)
}

fn read_form(source: FormSource, file: &Path) -> Result<Vec<u8>, Failure> {
    let max_bytes = PresignedPost::MAX_JSON_BYTES;
    let limit = max_bytes as u64;
    let text = match source {
        FormSource::Standard if is_standard(file) => {
            return Err(Failure::usage(
                "standard input is either the form or the file, not both; give one of them as a file",
            ));
        }
        FormSource::Standard => read::standard_input(limit)?,
        FormSource::Url(url) if is_cut_off(&url) => {
            return Err(Failure::usage(
                "the presigned URL ends before its signature; put it into quotes, because the shell ends an argument at &",
            ));
        }
        FormSource::Text(text) | FormSource::Url(text) => Some(text.into_bytes()),
        FormSource::File(path) if path.is_dir() => {
            return Err(Failure::usage(
                "the form is a folder; give the file that contains the form",
            ));
        }
        FormSource::File(path) if has_image_extension(&path) => {
            return Err(Failure::usage(
                "the form is an image file; give the image first, then the JSON of the form",
            ));
        }
        FormSource::File(path) if is_plain(path.as_os_str()) => {
            read::file(&path, &path.to_string_lossy(), limit)?
        }
        // It may be a part of a form rather than a file name.
        FormSource::File(path) => {
            let name = "the form (give the name of its file, or the JSON itself)";
            read::file(&path, name, limit)?
        }
    };
    let text = text.ok_or(PresignedPostError::JsonTooLong { max_bytes })?;
    if text.trim_ascii().is_empty() {
        return Err(Failure::usage(
            "the form is empty; check that the request for it succeeded, and give the whole response",
        ));
    }
    Ok(text)
}

/// Whether a URL has other parameters of a signature, but not the signature itself.
fn is_cut_off(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    let marks = ["x-amz-", "x-goog-", "awsaccesskeyid=", "googleaccessid="];
    marks.iter().any(|mark| url.contains(mark)) && !url.contains("signature=")
}

fn select_form(text: Vec<u8>, select: &SelectArgs) -> Result<Given, Failure> {
    if let Some(index) = select.index {
        return Ok(Given {
            presigned: PresignedUpload::parse_nth(text, index)?,
            id: None,
        });
    }
    match (UploadResponse::from_json(&text)?, select.half) {
        (Some(UploadResponse::Canvas(canvas)), Some(Half::Init)) => Ok(canvas.init.into()),
        (Some(UploadResponse::Canvas(canvas)), Some(Half::Mask)) => Ok(canvas.mask.into()),
        (Some(UploadResponse::Canvas(_)), None) => Err(Failure::usage(
            "the response contains the two forms of a canvas; choose one with --half init or --half mask",
        )),
        (_, Some(_)) => Err(Failure::usage(
            "--half is for the response of a canvas, but this response contains one form; omit --half",
        )),
        (Some(UploadResponse::Form(upload)), None) => Ok(upload.into()),
        _ => Ok(Given {
            presigned: PresignedUpload::parse(text)?,
            id: None,
        }),
    }
}

/// Finds the files that paths and patterns lead to. Those of a folder or a pattern are sorted by name.
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
            let mut message = format!("{}: no image found", path.display());
            if found.skipped.is_empty() {
                message += "; give an image, a folder of images or a pattern";
            } else {
                message += &format!("; {}", found.skipped);
            }
            return Err(Failure::usage(message));
        }
    }
    Ok(found)
}

fn matching(pattern: &str) -> Result<Vec<PathBuf>, Failure> {
    let options = glob::MatchOptions {
        require_literal_leading_dot: true,
        ..glob::MatchOptions::new()
    };
    let paths = glob::glob_with(pattern, options)
        .map_err(|error| Failure::usage(format!("{pattern}: the pattern is invalid: {error}")))?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| Failure::usage(error.to_string()))?;
        if path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}
