//! What needs no network: preparing, and telling what would be done.

use std::fmt;
use std::path::{Path, PathBuf};

use imgpost::{Error, Plan, PrepareOptions, PreparedImage};
use serde::Serialize;

use super::input;
use super::output::{Ledger, Output};
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
    files.iter().try_for_each(|file| input::check_name(file))?;
    let output = Output::new(output, files, prepare.extension)?;
    let options = prepare.options(PrepareOptions::default(), output.declared());
    let mut ledger = Ledger::new(&output, files, prepare)?;
    if let Output::Folder(folder) = output {
        std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, error))?;
    }
    each(context, files, |file| {
        let image = input::image(file, &options)?;
        let Some(path) = ledger.result(file, &image) else {
            return context.print_bytes(image.bytes());
        };
        ledger.check(file, &path)?;
        save(context, &image, &path)?;
        ledger.has_written(file, &path);
        let report = Report::prepared(&path, &image);
        if context.json() {
            context.result(&report)
        } else {
            context.print(&format!("{} -> {report}", file.display()))
        }
    })
}

fn save(context: &Context, image: &PreparedImage, path: &Path) -> Result<(), Failure> {
    let token = context.cancel_token();
    let saved = image.save_with(path, &token);
    saved.map_err(|error| {
        if token.is_cancelled() {
            Error::Cancelled.into()
        } else {
            Failure::file(path, error)
        }
    })
}

pub fn plan(context: &Context, files: &[PathBuf], prepare: &PrepareArgs) -> Result<(), Failure> {
    files.iter().try_for_each(|file| input::check_name(file))?;
    let options = prepare.options(PrepareOptions::default(), None);
    each(context, files, |file| {
        input::check_format(file)?;
        let plan = options.plan(file)?;
        context.result(&PlanReport::new(file, &plan))
    })
}

/// Does something with each of several files; one that fails keeps no other from being done.
fn each<'a>(
    context: &Context,
    files: &'a [PathBuf],
    mut with: impl FnMut(&'a Path) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut failed = 0;
    for (done, file) in files.iter().enumerate() {
        if context.cancel_token().is_cancelled() {
            return Err(Failure::cancelled(done - failed, files.len()));
        }
        match with(file) {
            Ok(()) => {}
            Err(failure) if files.len() == 1 => return Err(failure),
            Err(failure) if failure.is_told() => {
                return Err(failure.stopped(done + 1 - failed, files.len()));
            }
            Err(_) if context.cancel_token().is_cancelled() => {
                return Err(Failure::cancelled(done - failed, files.len()));
            }
            Err(failure) => {
                failed += 1;
                context.fail(&failure.about(file));
            }
        }
    }
    Failure::of_some(failed, files.len())
}

/// What would be done to an image.
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
        if (width, height) == (self.source_width, self.source_height) {
            f.write_str(", nothing cropped")?
        } else {
            write!(f, ", cropped to {width}x{height} at {left},{top}")?
        }
        write!(f, " -> {}x{}", self.width, self.height)
    }
}
