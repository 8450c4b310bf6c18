//! Decides where prepared images are written. Before anything is written, it makes sure that no input is overwritten and
//! that no two results have the same name.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use imgpost::{Extension, PrepareOptions, PreparedImage, Size};

use super::input::is_standard;
use super::output::Output;
use crate::args::PrepareArgs;
use crate::failure::Failure;
use crate::file_id::FileId;
use crate::template::Template;

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
        // --max-bytes may reduce the size.
        if let Output::Names(template, _) = self.output
            && template
                .names()
                .any(|name| ["width", "height"].contains(&name))
        {
            return None;
        }
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
