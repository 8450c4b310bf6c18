//! The commands without network: `prepare` and `plan`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use imgpost::image::{ImageFormat, guess_format};
use imgpost::{Error, Extension, Plan, PrepareOptions, PreparedImage};
use serde::Serialize;

use super::files::Files;
use super::input::{self, is_standard};
use super::ledger::Ledger;
use super::models;
use super::output::Output;
use crate::args::{FilesArgs, PrepareArgs};
use crate::context::{Context, Outcome};
use crate::failure::Failure;
use crate::read;
use crate::report::Report;

/// What `prepare` does beyond preparing.
pub struct PrepareMode {
    pub no_clobber: bool,
    pub strip: bool,
    pub dry_run: bool,
}

pub fn prepare(
    context: &Context,
    files: &FilesArgs,
    output: &Path,
    mode: &PrepareMode,
    prepare: &PrepareArgs,
) -> Result<(), Failure> {
    let files = Files::find(context, files, false)?;
    let output = Output::new(output, &files.paths, prepare.extension)?;
    models::find(context, None, prepare)?;
    let options = prepare.options(PrepareOptions::default(), output.declared());
    let mut ledger = Ledger::new(&output, &files.paths, prepare)?;
    if let Output::Folder(folder) = output
        && !mode.dry_run
    {
        create_folder(folder)?;
    }
    files.each(context, |file| {
        let options = if mode.strip {
            keeping_format(file, &output, options.clone())?
        } else {
            options.clone()
        };
        let is_kept = |path: &Path| mode.no_clobber && path.symlink_metadata().is_ok();
        // A file that is kept need not be prepared.
        let kept = ledger.only_candidate(file, prepare);
        if let Some(path) = kept.filter(|path| is_kept(path) && !mode.strip) {
            report_kept(context, &path);
            return Ok(());
        }
        let image = if mode.strip {
            input::stripped(file, &options)?
        } else {
            input::image(file, &options)?
        };
        let Some(path) = ledger.result(file, &image) else {
            if mode.dry_run {
                return context.result(&Report::prepared(file, &image).dry_run(true));
            }
            return context.print_bytes(image.bytes());
        };
        ledger.check(file, &path)?;
        if is_kept(&path) {
            report_kept(context, &path);
            return Ok(());
        }
        if !mode.dry_run {
            if let (Output::Names(..), Some(folder)) = (&output, path.parent()) {
                create_folder(folder)?;
            }
            save(context, &image, &path)?;
            ledger.has_written(file, &path);
        }
        let report = Report::prepared(&path, &image).made_of(file);
        context.result(&report.dry_run(mode.dry_run))
    })
}

fn create_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, error))
}

fn report_kept(context: &Context, path: &Path) {
    context.note(&format!("{} exists and is kept", path.display()));
}

/// The options for `--strip`: the format of the file, unless the name of the output says otherwise.
fn keeping_format(
    file: &Path,
    output: &Output<'_>,
    options: PrepareOptions,
) -> Result<PrepareOptions, Failure> {
    if is_standard(file) {
        return Err(Failure::usage(
            "--strip needs a file to recognize its format, not standard input; give a file, or --ext instead of --strip",
        ));
    }
    if output.declared().is_some() {
        return Ok(options);
    }
    let mut head = Vec::new();
    let read = File::open(file).and_then(|file| file.take(64).read_to_end(&mut head));
    let format = read.ok().and_then(|_| guess_format(&head).ok());
    let name = file.extension().unwrap_or_default().to_string_lossy();
    let extension = match format {
        Some(ImageFormat::Jpeg) if name.eq_ignore_ascii_case("jpeg") => Extension::Jpeg,
        Some(ImageFormat::Jpeg) => Extension::Jpg,
        Some(ImageFormat::Png) => Extension::Png,
        Some(ImageFormat::WebP) => Extension::Webp,
        Some(_) => {
            return Err(Failure::image(
                file,
                "its format can only be read, so --strip cannot keep it; omit --strip, and choose a format with --ext",
            ));
        }
        // Preparing it reports what is wrong.
        None => return Ok(options),
    };
    Ok(options.extension(extension))
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

pub fn plan(context: &Context, files: &FilesArgs, prepare: &PrepareArgs) -> Result<(), Failure> {
    let files = Files::find(context, files, false)?;
    models::find(context, None, prepare)?;
    let options = prepare.options(PrepareOptions::default(), None);
    files.each(context, |file| {
        input::check_format(file)?;
        let plan = if input::is_stream(file) {
            *input::image(file, &options)?.plan()
        } else {
            options.plan(file)?
        };
        context.result(&PlanReport::new(file, &plan))
    })
}

/// What would be done to an image.
#[derive(Serialize)]
pub struct PlanReport {
    file: String,
    source_width: u32,
    source_height: u32,
    orientation: u8,
    crop: [u32; 4],
    cropped_share: f64,
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
            cropped_share: plan.cropped_share(),
            width: size.width,
            height: size.height,
        }
    }
}

impl PlanReport {
    /// The names for `--format`.
    pub const NAMES: &[&str] = &[
        "file",
        "source_width",
        "source_height",
        "orientation",
        "cropped_share",
        "width",
        "height",
    ];
}

impl Outcome for PlanReport {
    fn to_lines(&self) -> Vec<String> {
        let [left, top, width, height] = self.crop;
        let name = read::name(Path::new(&self.file));
        let mut line = format!("{name}: {}x{}", self.source_width, self.source_height);
        if self.orientation != 1 {
            line += &format!(" (stored with orientation {})", self.orientation);
        }
        if (width, height) == (self.source_width, self.source_height) {
            line += ", nothing cropped";
        } else {
            let share = 100.0 * self.cropped_share;
            line += &format!(", cropped to {width}x{height} at {left},{top} ({share:.1} % lost)");
        }
        line += &format!(" -> {}x{}", self.width, self.height);
        vec![line]
    }
}
