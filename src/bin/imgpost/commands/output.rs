//! The meaning of `--output`.

use std::fs;
use std::path::{Path, PathBuf};

use imgpost::Extension;

use super::image_files::has_image_extension;
use super::input::is_standard;
use crate::failure::Failure;
use crate::template::Template;

/// The meaning of `--output`.
pub enum Output<'a> {
    Standard,
    /// One file, whose name decides the format unless `--ext` does.
    File(&'a Path, Option<Extension>),
    Folder(&'a Path),
    /// Names with the values of each image. The extension is the one at the end, unless it is a name in braces.
    Names(Template, Option<Extension>),
}

/// The names in a template of files.
const NAMES: &[&str] = &["stem", "width", "height", "ext"];

impl<'a> Output<'a> {
    pub fn new(
        output: &'a Path,
        inputs: &[PathBuf],
        extension: Option<Extension>,
    ) -> Result<Self, Failure> {
        if let Some(text) = output.to_str().filter(|text| text.contains('{'))
            && !output.exists()
        {
            return Self::from_template(text, extension);
        }
        let is_folder = output.is_dir() || ends_with_separator(output);
        match inputs {
            _ if is_standard_output(output) => match inputs {
                [_] => Ok(Self::Standard),
                _ => Err(Failure::usage(
                    "standard output takes one image; give a folder",
                )),
            },
            _ if is_folder => Ok(Self::Folder(output)),
            [_] => Ok(Self::File(output, extension_for(output, extension)?)),
            // Otherwise a folder would get the name of an image.
            _ if output.exists() || has_image_extension(output) => Err(Failure::usage(format!(
                "{} is not a folder; several images need one",
                output.display()
            ))),
            _ => Ok(Self::Folder(output)),
        }
    }

    fn from_template(text: &str, extension: Option<Extension>) -> Result<Self, Failure> {
        let template = Template::from_path(text)
            .map_err(|error| Failure::usage(format!("the names of --output are wrong: {error}")))?;
        if let Some(name) = template.unknown_name(NAMES) {
            return Err(Failure::usage(format!(
                "--output has no value for {{{name}}}; use {{stem}}, {{width}}, {{height}} or {{ext}}"
            )));
        }
        let rendered = template.render(|name| {
            if name == "ext" {
                String::new()
            } else {
                name.into()
            }
        });
        let extension = extension_for(Path::new(&rendered), extension)?;
        Ok(Self::Names(template, extension))
    }

    /// The extension that the file name decides.
    pub fn declared(&self) -> Option<Extension> {
        match self {
            Self::File(_, extension) | Self::Names(_, extension) => *extension,
            Self::Standard | Self::Folder(_) => None,
        }
    }
}

fn ends_with_separator(path: &Path) -> bool {
    path.to_string_lossy().ends_with(std::path::is_separator)
}

fn is_standard_output(path: &Path) -> bool {
    is_standard(path) || (cfg!(unix) && path == Path::new("/dev/stdout"))
}

/// The extension to encode for a file called `output`, where `given` is that of `--ext`.
fn extension_for(output: &Path, given: Option<Extension>) -> Result<Option<Extension>, Failure> {
    let name = output.extension().unwrap_or_default().to_string_lossy();
    let is_special = fs::metadata(output).is_ok_and(|metadata| !metadata.is_file());
    if name.is_empty() || is_special {
        return Ok(given);
    }
    let named: Option<Extension> = name.parse().ok();
    let contradicts = |given: Extension| match named {
        Some(named) => given.content_type() != named.content_type(),
        None => has_image_extension(output) && !is_other_name_of(&name, given),
    };
    let output = output.display();
    match given {
        Some(given) if contradicts(given) => Err(Failure::usage(format!(
            "--ext {given} contradicts the name {output}; omit --ext or change the name"
        ))),
        None if named.is_none() => Err(Failure::usage(format!(
            "{output}: .{name} files cannot be written; name it .png, .jpg, .jpeg or .webp, or give --ext"
        ))),
        // jpg and jpeg are the same format, but a form may require one of them.
        given => Ok(given.or(named)),
    }
}

/// Whether `name` is an extension of JPEG files that the API does not know.
fn is_other_name_of(name: &str, extension: Extension) -> bool {
    let is_jpeg = extension.content_type() == Extension::Jpg.content_type();
    is_jpeg && ["jpe", "jfif"].contains(&name.to_ascii_lowercase().as_str())
}
