//! Uploads through the API.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use imgpost::Progress;
use imgpost::leonardo::{self, BatchOptions, BatchOutcome, CanvasImages, Client, Error};
use serde::Serialize;

use super::input::{self, is_standard};
use crate::args::PrepareArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::Report;

/// The images that the arguments stand for.
pub struct Files {
    paths: Vec<PathBuf>,
    /// The number of those that cannot be uploaded, each of which was reported.
    failed: usize,
    /// Whether one file was named, and not found in a folder.
    is_named: bool,
}

impl Files {
    /// Finds them, and reports what is not going to be uploaded.
    pub fn new(context: &Context, given: &[PathBuf], recursive: bool) -> Result<Self, Failure> {
        let mut found = input::expand(given, recursive)?;
        let is_named = given.len() == 1 && found.files == given;
        if !is_named {
            found.files.retain(|path| match input::check_format(path) {
                Ok(()) => true,
                Err(failure) => {
                    found.failed.push(failure);
                    false
                }
            });
        }
        for failure in &found.failed {
            context.fail(&failure.to_string());
        }
        if !found.skipped.is_empty() {
            context.tell(&found.skipped.to_string());
        }
        Ok(Self {
            paths: found.files,
            failed: found.failed.len(),
            is_named,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}

pub fn upload(
    context: &Context,
    client: &Client,
    files: &Files,
    dataset: Option<&str>,
    jobs: u8,
    prepare: &PrepareArgs,
) -> Result<(), Failure> {
    let count = files.paths.len() + files.failed;
    if let [file] = &*files.paths
        && files.is_named
    {
        return upload_one(context, client, file, dataset, prepare);
    }
    let files = &files.paths;
    if files.iter().any(|file| is_standard(file)) {
        return Err(Failure::usage(
            "standard input is one image, and has to be the only one",
        ));
    }
    // The failure to print a result. Nobody reads the ids after that, so no more images are begun.
    let lost: Arc<Mutex<Option<Failure>>> = Arc::default();
    let batch = BatchOptions::new(prepare.options(leonardo::prepare(), None)).jobs(jobs.into());
    let batch = batch
        .skip({
            let lost = Arc::clone(&lost);
            move |_| lock(&lost).is_some()
        })
        .on_progress({
            let context = context.clone();
            move |file, progress| context.progress(file, progress)
        })
        .on_done({
            let (context, lost) = (context.clone(), Arc::clone(&lost));
            move |item| {
                context.finished(&item.path);
                let told = match &item.outcome {
                    BatchOutcome::Uploaded(image) => {
                        context.result(&Report::uploaded(&item.path, image))
                    }
                    BatchOutcome::Failed(Error::Cancelled) => Ok(()),
                    BatchOutcome::Failed(error) => {
                        context.fail(&Failure::of(error).about(&item.path));
                        Ok(())
                    }
                    _ => Ok(()),
                };
                if let Err(failure) = told {
                    *lock(&lost) = Some(failure);
                }
            }
        });
    let items = match dataset {
        Some(dataset) => client.upload_dataset(dataset, files, &batch),
        None => client.upload_init_images(files, &batch),
    };
    let uploaded = |item: &&_| {
        let item: &imgpost::leonardo::BatchItem = item;
        matches!(item.outcome, BatchOutcome::Uploaded(_))
    };
    let done = items.iter().filter(uploaded).count();
    if context.cancel_token().is_cancelled() {
        return Err(Failure::cancelled(done, count));
    }
    match lock(&lost).take() {
        Some(failure) => Err(failure.stopped(done, count)),
        None => Failure::of_some(count - done, count),
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
    prepare: &PrepareArgs,
) -> Result<(), Failure> {
    let image = input::image(file, &prepare.options(leonardo::prepare(), None))?;
    let client = with_progress(context, client, file);
    let uploaded = match dataset {
        Some(dataset) => client.upload_dataset_image(dataset, &image),
        None => client.upload_init_image(&image),
    };
    context.finished(file);
    context.result(&Report::uploaded(file, &uploaded?))
}

/// The client, which shows how far the uploads of a file are.
pub fn with_progress(context: &Context, client: &Client, file: &Path) -> Client {
    let (context, file) = (context.clone(), file.to_owned());
    client
        .clone()
        .on_progress(move |progress: Progress| context.progress(&file, progress))
}

pub fn canvas(
    context: &Context,
    client: &Client,
    files: [&Path; 2],
    threshold: Option<u8>,
    prepare: &PrepareArgs,
) -> Result<(), Failure> {
    let uploaded = upload_canvas(context, client, files, threshold, prepare)?;
    context.result(&CanvasReport {
        init_id: uploaded.init.id,
        mask_id: uploaded.mask.id,
        width: uploaded.init.size.width,
        height: uploaded.init.size.height,
    })
}

/// Prepares an image and its mask alike, and uploads both.
pub fn upload_canvas(
    context: &Context,
    client: &Client,
    [init, mask]: [&Path; 2],
    threshold: Option<u8>,
    prepare: &PrepareArgs,
) -> Result<CanvasImages, Failure> {
    let image = input::image(init, &prepare.options(leonardo::prepare(), None))?;
    input::check_name(mask)?;
    let prepare_mask = match threshold {
        Some(threshold) => image.mask_options().threshold(threshold),
        None => image.mask_options(),
    };
    let mask = prepare_mask.open(mask)?;
    let uploaded = with_progress(context, client, init).upload_canvas(&image, &mask);
    context.finished(init);
    Ok(uploaded?)
}

#[derive(Serialize)]
struct CanvasReport {
    init_id: String,
    mask_id: String,
    width: u32,
    height: u32,
}

impl fmt::Display for CanvasReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "init {} mask {} {}x{}",
            self.init_id, self.mask_id, self.width, self.height
        )
    }
}
