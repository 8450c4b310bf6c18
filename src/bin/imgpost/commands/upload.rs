//! Uploads through the API.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use imgpost::leonardo::assets::Manifest;
use imgpost::leonardo::{self, BatchItem, BatchOptions, BatchOutcome, Client, UploadedImage};
use imgpost::{PrepareOptions, Progress};

use super::files::Files;
use super::input::{self, is_standard};
use super::models;
use crate::args::{ApiArgs, FilesArgs, PrepareArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::read;
use crate::report::Report;

/// The options of `upload`.
pub struct UploadMode<'a> {
    pub files: &'a FilesArgs,
    pub dataset: Option<String>,
    pub new_dataset: Option<String>,
    pub jobs: u8,
    pub skip_known: Option<&'a Path>,
    pub dry_run: bool,
}

pub fn upload(
    context: &Context,
    api: &ApiArgs,
    mode: &UploadMode<'_>,
    prepare: &PrepareArgs,
) -> Result<(), Failure> {
    // A missing key is reported before anything is read.
    let client = if mode.dry_run {
        None
    } else {
        Some(api.client(context)?)
    };
    let files = Files::find(context, mode.files, true)?;
    if files.single().is_none() && files.paths.iter().any(|file| is_standard(file)) {
        return Err(Failure::usage(
            "standard input is one image, and has to be the only one; give the others in another call",
        ));
    }
    let model = models::find(context, client.as_ref(), prepare)?;
    let options = prepare.options(models::base(model.as_ref(), leonardo::prepare()), None);
    let target = mode.dataset.as_ref().or(mode.new_dataset.as_ref());
    let known = match mode.skip_known {
        Some(path) => Some(Arc::new(open_manifest(
            path,
            api,
            &options,
            target.map(String::as_str),
            mode.dry_run,
        )?)),
        None => None,
    };
    let Some(client) = client else {
        return dry_run(context, &files, known.as_deref(), &options);
    };
    let dataset = match &mode.new_dataset {
        // Nothing would be uploaded into it.
        Some(_) if files.paths.is_empty() => None,
        Some(name) => {
            let id = client.create_dataset(name, None)?;
            context.note(&format!("created dataset {id}"));
            Some(id)
        }
        None => mode.dataset.clone(),
    };
    if let Some(file) = files.single() {
        return upload_one(
            context,
            &client,
            file,
            dataset.as_deref(),
            known.as_deref(),
            &options,
        );
    }
    upload_many(
        context,
        &client,
        &files,
        dataset.as_deref(),
        mode.jobs,
        known,
        options,
    )
}

fn open_manifest(
    path: &Path,
    api: &ApiArgs,
    options: &PrepareOptions,
    dataset: Option<&str>,
    dry_run: bool,
) -> Result<Manifest, Failure> {
    // The same file is another upload with other options, or in a dataset.
    let mut recipe = options.fingerprint();
    if let Some(dataset) = dataset {
        recipe += &format!(" dataset={dataset}");
    }
    let opened = Manifest::open(path, &api.base_url(), &recipe).and_then(|manifest| {
        if !dry_run {
            manifest.ensure_writable()?;
        }
        Ok(manifest)
    });
    opened.map_err(|error| Failure::file(path, error))
}

/// Adds an uploaded file to the manifest.
fn remember(
    context: &Context,
    known: Option<&Manifest>,
    file: &Path,
    image: &UploadedImage,
) -> Result<(), Failure> {
    let Some(known) = known else {
        return Ok(());
    };
    let added = known.add(file, image);
    if !added.map_err(|error| Failure::file(known.path(), error))? && file.is_file() {
        context.note(&format!(
            "{} changed while it was uploaded, so it is not in {}",
            file.display(),
            known.path().display()
        ));
    }
    Ok(())
}

fn dry_run(
    context: &Context,
    files: &Files,
    known: Option<&Manifest>,
    options: &PrepareOptions,
) -> Result<(), Failure> {
    let several = files.single().is_none();
    files.each(context, |file| {
        let entry = known.and_then(|known| known.find(file));
        let report = match entry {
            Some(entry) => Report::known(file, &entry),
            None => Report::prepared(file, &input::image(file, options)?),
        };
        context.result(&report.dry_run(true).several(several))
    })
}

fn upload_many(
    context: &Context,
    client: &Client,
    files: &Files,
    dataset: Option<&str>,
    jobs: u8,
    known: Option<Arc<Manifest>>,
    options: PrepareOptions,
) -> Result<(), Failure> {
    let count = files.count();
    let stopping: Arc<Mutex<Option<Failure>>> = Arc::default();
    let known_count = Arc::new(AtomicUsize::new(0));
    let is_dataset = dataset.is_some();
    let batch = BatchOptions::new(options)
        .jobs(jobs.into())
        .skip({
            let (context, stopping) = (context.clone(), Arc::clone(&stopping));
            let (known, known_count) = (known.clone(), Arc::clone(&known_count));
            move |file| {
                // Nobody reads further ids, so no further images are started.
                if lock(&stopping).is_some() {
                    return true;
                }
                let Some(entry) = known.as_ref().and_then(|known| known.find(file)) else {
                    return false;
                };
                known_count.fetch_add(1, Ordering::Relaxed);
                let printed = context.result(&Report::known(file, &entry).several(true));
                if let Err(failure) = printed {
                    *lock(&stopping) = Some(failure);
                }
                true
            }
        })
        .on_progress({
            let context = context.clone();
            move |file, progress| context.progress(file, progress)
        })
        .on_done({
            let (context, stopping) = (context.clone(), Arc::clone(&stopping));
            move |item| {
                context.finished(&item.path);
                let printed = match &item.outcome {
                    BatchOutcome::Uploaded(image) => {
                        if !is_dataset {
                            report_warning(&context, &item.path, image);
                        }
                        let added = remember(&context, known.as_deref(), &item.path, image);
                        let report = Report::uploaded(&item.path, image).several(true);
                        context.result(&report).and(added)
                    }
                    BatchOutcome::Failed(error) if !error.is_cancelled() => {
                        context.fail(&Failure::from_error(error).about(&item.path));
                        Ok(())
                    }
                    _ => Ok(()),
                };
                if let Err(failure) = printed {
                    if !failure.is_reported() {
                        context.fail(&failure);
                    }
                    *lock(&stopping) = Some(failure);
                }
            }
        });
    let items = match dataset {
        Some(dataset) => client.upload_dataset(dataset, &files.paths, &batch),
        None => client.upload_init_images(&files.paths, &batch),
    };
    let is_uploaded = |item: &&BatchItem| matches!(item.outcome, BatchOutcome::Uploaded(_));
    let uploaded = items.iter().filter(is_uploaded).count();
    let done = uploaded + known_count.load(Ordering::Relaxed);
    if context.cancel_token().is_cancelled() {
        return Err(Failure::cancelled(done, count));
    }
    match lock(&stopping).take() {
        Some(failure) => Err(failure.stopped(done, count)),
        None => Failure::of_some(count - done, count),
    }
}

/// Reports what is wrong with the size of an init image that was uploaded. (Other sizes than the recommended one are usual
/// in a dataset.)
pub fn report_warning(context: &Context, file: &Path, image: &UploadedImage) {
    if let Some(warning) = &image.warning {
        let (name, option) = (
            read::name(file),
            "(`--model` or `--bounds` chooses such a size)",
        );
        context.note(&format!("{name}: {warning} {option}"));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn upload_one(
    context: &Context,
    client: &Client,
    file: &Path,
    dataset: Option<&str>,
    known: Option<&Manifest>,
    options: &PrepareOptions,
) -> Result<(), Failure> {
    if let Some(entry) = known.and_then(|known| known.find(file)) {
        return context.result(&Report::known(file, &entry));
    }
    let image = input::image(file, options)?;
    let client = with_progress(context, client, file);
    let uploaded = match dataset {
        Some(dataset) => client.upload_dataset_image(dataset, &image),
        None => client.upload_init_image(&image),
    };
    context.finished(file);
    let uploaded = uploaded?;
    if dataset.is_none() {
        report_warning(context, file, &uploaded);
    }
    let added = remember(context, known, file, &uploaded);
    context
        .result(&Report::uploaded(file, &uploaded))
        .and(added)
}

/// The client with a progress bar for the uploads of `file`.
pub fn with_progress(context: &Context, client: &Client, file: &Path) -> Client {
    let (context, file) = (context.clone(), file.to_owned());
    client
        .clone()
        .on_progress(move |progress: Progress| context.progress(&file, progress))
}
