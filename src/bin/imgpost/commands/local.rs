//! What needs no network: preparing, and telling what would be done.

use std::collections::HashSet;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use imgpost::{Error, Plan, PreparedImage};
use serde::Serialize;

use super::input::{self, is_standard};
use crate::args::PrepareArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::Report;

pub fn prepare(
    context: &Context,
    files: &[PathBuf],
    output: &Path,
    prepare: &PrepareArgs,
) -> Result<(), Failure> {
    let to_folder = files.len() > 1 || output.is_dir() || ends_with_separator(output);
    if is_standard(output) && files.len() > 1 {
        return Err(Failure::usage(
            "standard output takes one image; give a folder",
        ));
    }
    if to_folder && !is_standard(output) {
        std::fs::create_dir_all(output).map_err(|error| Failure::file(output, error))?;
    }
    let mut written = HashSet::new();
    each(context, files, |file| {
        let image = input::image(file, prepare, None)?;
        if is_standard(output) {
            let mut stdout = std::io::stdout().lock();
            let sent = stdout
                .write_all(image.bytes())
                .and_then(|()| stdout.flush());
            return sent.map_err(|_| Failure::closed_output());
        }
        let path = match to_folder {
            true => output.join(name(file, &image)),
            false => output.to_owned(),
        };
        if !written.insert(path.clone()) {
            let path = path.display();
            return Err(Failure::usage(format!(
                "{path} was just made from another picture"
            )));
        }
        if is_same(file, &path) {
            let path = path.display();
            return Err(Failure::usage(format!(
                "{path} is the picture itself; write elsewhere"
            )));
        }
        write(&path, image.bytes())?;
        match context.json() {
            true => context.result(&Report::prepared(&path, &image)),
            false => context.print(&format!(
                "{} -> {}",
                file.display(),
                Report::prepared(&path, &image)
            )),
        }
    })
}

pub fn plan(context: &Context, files: &[PathBuf], prepare: &PrepareArgs) -> Result<(), Failure> {
    let options = prepare.prepare(None);
    each(context, files, |file| {
        let plan = options.plan(file).map_err(Error::from)?;
        context.result(&PlanReport::new(file, &plan))
    })
}

/// Does something with each of several files; one that fails keeps no other from being done.
fn each(
    context: &Context,
    files: &[PathBuf],
    mut with: impl FnMut(&Path) -> Result<(), Failure>,
) -> Result<(), Failure> {
    files.iter().try_for_each(|file| input::check_name(file))?;
    let mut failed = 0;
    for (done, file) in files.iter().enumerate() {
        if context.cancel_token().is_cancelled() {
            return Err(Failure::cancelled(done - failed, files.len()));
        }
        match with(file) {
            Ok(()) => {}
            Err(failure) if files.len() == 1 || failure.is_told() => return Err(failure),
            Err(failure) => {
                failed += 1;
                context.fail(&failure.about(file));
            }
        }
    }
    Failure::of_some(failed, files.len())
}

fn ends_with_separator(path: &Path) -> bool {
    path.to_string_lossy().ends_with(std::path::is_separator)
}

fn name(file: &Path, image: &PreparedImage) -> PathBuf {
    let stem = match is_standard(file) {
        true => "stdin".into(),
        false => file.file_stem().unwrap_or_default().to_os_string(),
    };
    let mut name = stem;
    name.push(format!(".{}", image.extension()));
    name.into()
}

fn is_same(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// Writes beside the file and renames, so that a full disk leaves no half picture under its name; a device or a
/// pipe is written to as it is.
fn write(output: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let special = std::fs::metadata(output).is_ok_and(|m| !m.is_file() && !m.is_dir());
    if special {
        return std::fs::write(output, bytes).map_err(|error| Failure::file(output, error));
    }
    let mut beside = output.as_os_str().to_owned();
    beside.push(".part");
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, output));
    written.map_err(|error| {
        // Nothing may be there; what failed is told either way.
        let _ = std::fs::remove_file(&beside);
        Failure::file(output, error)
    })
}

/// What would be done to a picture.
#[derive(Serialize)]
struct PlanReport {
    file: String,
    source_width: u32,
    source_height: u32,
    orientation: u8,
    crop: [u32; 4],
    width: u32,
    height: u32,
}

impl PlanReport {
    fn new(file: &Path, plan: &Plan) -> Self {
        let (source, size, crop) = (plan.source_size(), plan.size(), plan.crop());
        Self {
            file: file.display().to_string(),
            source_width: source.width,
            source_height: source.height,
            orientation: plan.orientation(),
            crop: [crop.left, crop.top, crop.width, crop.height],
            width: size.width,
            height: size.height,
        }
    }
}

impl fmt::Display for PlanReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [left, top, width, height] = self.crop;
        write!(
            f,
            "{}: {}x{}",
            self.file, self.source_width, self.source_height
        )?;
        if self.orientation != 1 {
            write!(f, " (stored with orientation {})", self.orientation)?;
        }
        match (width, height) == (self.source_width, self.source_height) {
            true => f.write_str(", nothing cropped")?,
            false => write!(f, ", cropped to {width}x{height} at {left},{top}")?,
        }
        write!(f, " -> {}x{}", self.width, self.height)
    }
}
