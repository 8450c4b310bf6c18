//! The images that the arguments name.

use std::path::{Path, PathBuf};

use super::input::{self, is_standard};
use crate::args::FilesArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::read;

/// The longest list of names that is read.
const MAX_LIST_BYTES: u64 = 64 << 20;

/// The images to process.
pub struct Files {
    pub paths: Vec<PathBuf>,
    /// The number of images that cannot be processed; each was reported.
    pub failed: usize,
    /// Whether the arguments name the files one by one, rather than folders and patterns.
    is_named: bool,
}

impl Files {
    /// Finds the images, and reports those that cannot be processed and what is skipped.
    pub fn find(context: &Context, args: &FilesArgs) -> Result<Self, Failure> {
        let mut given = args.files.clone();
        if let Some(list) = &args.from_file {
            if is_standard(list) && given.iter().any(|file| is_standard(file)) {
                return Err(Failure::usage(
                    "standard input is either an image or the list of --from-file; give one of them as a file",
                ));
            }
            given.extend(listed(list)?);
        }
        let mut found = input::expand(&given, args.recursive)?;
        let is_named = found.files == given;
        if !is_named {
            found.drop_repeated();
            found.files.retain(|path| match input::check_format(path) {
                Ok(()) => true,
                Err(failure) => {
                    found.failed.push(failure);
                    false
                }
            });
        }
        for failure in &found.failed {
            context.fail(failure);
        }
        if !found.skipped.is_empty() {
            context.note(&found.skipped.to_string());
        }
        Ok(Self {
            paths: found.files,
            failed: found.failed.len(),
            is_named,
        })
    }

    /// The number of images, including those that cannot be processed.
    pub fn count(&self) -> usize {
        self.paths.len() + self.failed
    }

    /// The file, if the arguments name exactly one.
    pub fn single(&self) -> Option<&Path> {
        match self.paths.as_slice() {
            [file] if self.is_named => Some(file),
            _ => None,
        }
    }

    /// Calls `with` for each image, in order. The failure of one does not affect the others.
    pub fn each<'a>(
        &'a self,
        context: &Context,
        mut with: impl FnMut(&'a Path) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if let Some(file) = self.single() {
            return with(file);
        }
        let (mut failed, all) = (self.failed, self.count());
        for (done, file) in self.paths.iter().enumerate() {
            let succeeded = done + self.failed - failed;
            if context.cancel_token().is_cancelled() {
                return Err(Failure::cancelled(succeeded, all));
            }
            match with(file) {
                Ok(()) => {}
                Err(failure) if failure.is_reported() => {
                    return Err(failure.stopped(succeeded + 1, all));
                }
                Err(_) if context.cancel_token().is_cancelled() => {
                    return Err(Failure::cancelled(succeeded, all));
                }
                Err(failure) => {
                    failed += 1;
                    context.fail(&failure.about(file));
                }
            }
        }
        Failure::of_some(failed, all)
    }
}

/// Reads names from a list. They are separated by NUL if it contains one, as `find -print0` writes, and by line breaks
/// otherwise.
fn listed(list: &Path) -> Result<Vec<PathBuf>, Failure> {
    let name = read::name(list);
    let bytes = if is_standard(list) {
        read::standard_input(MAX_LIST_BYTES)?
    } else {
        read::file(list, &name, MAX_LIST_BYTES)?
    };
    let bytes = bytes.ok_or_else(|| {
        Failure::usage(format!(
            "{name} has more than {MAX_LIST_BYTES} bytes; give a list of file names"
        ))
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::usage(format!(
            "{name} is not UTF-8 text; give a list of file names"
        ))
    })?;
    let separator = if text.contains('\0') { '\0' } else { '\n' };
    let names = text
        .split(separator)
        .map(|name| name.strip_suffix('\r').unwrap_or(name))
        .filter(|name| !name.is_empty());
    let paths: Vec<_> = names.map(PathBuf::from).collect();
    if paths.is_empty() {
        return Err(Failure::usage(format!("{name} lists no files")));
    }
    Ok(paths)
}
