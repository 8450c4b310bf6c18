//! Decides where prepared images are written. Before anything is written, it makes sure that no input is overwritten and
//! that no two results have the same name.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use imgpost::{Extension, PrepareOptions, PreparedImage, Size};

use super::image_files::has_image_extension;
use super::input::is_standard;
use crate::args::PrepareArgs;
use crate::failure::Failure;
use crate::file_id::FileId;
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

/// The inputs of a call and the files that were made of them.
pub struct Ledger<'a> {
    output: &'a Output<'a>,
    inputs: HashMap<FileId, &'a Path>,
    written: HashMap<FileId, &'a Path>,
}

/// An input, and the files of which one will be its result.
struct Planned<'a> {
    input: &'a Path,
    results: Vec<PathBuf>,
}

/// Inputs, by index, whose planned results would overwrite something.
struct Conflict {
    between: Vec<usize>,
    failure: Failure,
}

impl<'a> Ledger<'a> {
    /// Checks the results of all inputs.
    pub fn new(
        output: &'a Output<'a>,
        inputs: &'a [PathBuf],
        prepare: &PrepareArgs,
    ) -> Result<Self, Failure> {
        let identities = inputs.iter().filter_map(|input| {
            let identity = FileId::of(opened_as(input)).ok()?;
            Some((identity, input.as_path()))
        });
        let ledger = Self {
            output,
            inputs: identities.collect(),
            written: HashMap::new(),
        };
        let mut planned: Vec<_> = inputs
            .iter()
            .map(|input| Planned {
                input,
                results: ledger.candidates(input, prepare),
            })
            .collect();
        // An input is decoded only if its result is ambiguous and a conflict depends on it.
        let ambiguous = ledger.conflicts(&planned).into_iter();
        for index in ambiguous.flat_map(|conflict| conflict.between) {
            let Planned { input, results } = &mut planned[index];
            if results.len() > 1 && is_regular(input) {
                let image = prepare
                    .options(PrepareOptions::default(), None)
                    .open(*input);
                // An image that cannot be prepared has no result; its failure is reported later.
                let result = image.ok().and_then(|image| ledger.result(input, &image));
                *results = Vec::from_iter(result);
            }
        }
        match ledger.conflicts(&planned).into_iter().next() {
            Some(conflict) => Err(conflict.failure),
            None => Ok(ledger),
        }
    }

    /// The file for `image`, which was made of `input`; `None` for standard output.
    pub fn result(&self, input: &Path, image: &PreparedImage) -> Option<PathBuf> {
        match self.output {
            Output::Standard => None,
            Output::File(path, _) => Some((*path).into()),
            Output::Folder(folder) => Some(folder.join(name(input, image.extension()))),
            Output::Names(template, _) => {
                Some(named(template, input, image.size(), image.extension()))
            }
        }
    }

    /// The results that are possible: without `--ext`, the format depends on whether the image has transparency.
    fn candidates(&self, input: &Path, prepare: &PrepareArgs) -> Vec<PathBuf> {
        match self.output {
            Output::Standard => vec![],
            Output::File(path, _) => vec![(*path).into()],
            Output::Folder(folder) => {
                let paths = self.extensions(input, prepare).into_iter();
                paths
                    .map(|extension| folder.join(name(input, extension)))
                    .collect()
            }
            Output::Names(template, declared) => {
                let options = prepare.options(PrepareOptions::default(), *declared);
                // Without a size, the result is checked when it is written.
                let size = options.plan(input).ok().filter(|_| is_regular(input));
                let Some(size) = size.map(|plan| plan.size()) else {
                    return vec![];
                };
                let paths = self.extensions(input, prepare).into_iter();
                paths
                    .map(|extension| named(template, input, size, extension))
                    .collect()
            }
        }
    }

    fn extensions(&self, input: &Path, prepare: &PrepareArgs) -> Vec<Extension> {
        match prepare.extension.or(self.output.declared()) {
            Some(extension) => vec![extension],
            None if is_regular(input) && is_jpeg(input) => vec![Extension::Jpg],
            None => vec![Extension::Jpg, Extension::Png],
        }
    }

    /// The result, if it can be known without decoding the image.
    pub fn only_candidate(&self, input: &Path, prepare: &PrepareArgs) -> Option<PathBuf> {
        let mut candidates = self.candidates(input, prepare);
        candidates.pop().filter(|_| candidates.is_empty())
    }

    fn conflicts(&self, planned: &[Planned<'_>]) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        let mut owners: HashMap<PathBuf, usize> = HashMap::new();
        for (index, Planned { input, results }) in planned.iter().enumerate() {
            for path in results {
                if let Err(failure) = self.check_inputs(path) {
                    conflicts.push(Conflict {
                        between: vec![index],
                        failure,
                    });
                }
                // A link may be another name of a result.
                let key = path.canonicalize().unwrap_or_else(|_| path.clone());
                if let Some(other) = owners.insert(key, index)
                    && other != index
                {
                    conflicts.push(Conflict {
                        between: vec![other, index],
                        failure: same_result(planned[other].input, input, path),
                    });
                }
            }
        }
        conflicts
    }

    fn check_inputs(&self, path: &Path) -> Result<(), Failure> {
        match FileId::of(path).ok().and_then(|id| self.inputs.get(&id)) {
            None => Ok(()),
            Some(input) => Err(Failure::usage(format!(
                "{} would overwrite the input {}; write to another file or folder",
                path.display(),
                input.display()
            ))),
        }
    }

    /// Makes sure, right before `path` is written, that it is neither an input nor a result. Names alone do not reveal every
    /// conflict.
    pub fn check(&self, input: &Path, path: &Path) -> Result<(), Failure> {
        self.check_inputs(path)?;
        match FileId::of(path).ok().and_then(|id| self.written.get(&id)) {
            None => Ok(()),
            Some(other) => Err(same_result(other, input, path)),
        }
    }

    pub fn has_written(&mut self, input: &'a Path, path: &Path) {
        if let Ok(id) = FileId::of(path) {
            self.written.insert(id, input);
        }
    }
}

fn same_result(one: &Path, other: &Path, path: &Path) -> Failure {
    Failure::usage(format!(
        "{} and {} would both be written to {}; prepare them into different folders",
        one.display(),
        other.display(),
        path.display()
    ))
}

fn stem(input: &Path) -> OsString {
    match input.file_stem() {
        Some(stem) if !is_standard(input) => stem.to_os_string(),
        _ => "stdin".into(),
    }
}

fn name(input: &Path, extension: Extension) -> PathBuf {
    let mut name = stem(input);
    name.push(format!(".{extension}"));
    name.into()
}

fn named(template: &Template, input: &Path, size: Size, extension: Extension) -> PathBuf {
    let path = template.render(|name| match name {
        "stem" => stem(input).to_string_lossy().into_owned(),
        "width" => size.width.to_string(),
        "height" => size.height.to_string(),
        _ => extension.to_string(),
    });
    path.into()
}

/// The path under which the file system knows an input: standard input may be a file.
fn opened_as(input: &Path) -> &Path {
    if cfg!(unix) && is_standard(input) {
        Path::new("/dev/stdin")
    } else {
        input
    }
}

/// Whether a file can be read more than once.
fn is_regular(input: &Path) -> bool {
    !is_standard(input) && input.is_file()
}

fn is_jpeg(input: &Path) -> bool {
    let mut head = [0; 3];
    let read = File::open(input).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == *b"\xFF\xD8\xFF"
}
