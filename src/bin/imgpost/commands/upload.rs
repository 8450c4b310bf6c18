//! Uploads through the API.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::{Arc, PoisonError};

use imgpost::leonardo::{Batch, CanvasImages, Client, Outcome};
use imgpost::{Error, Progress};
use serde::Serialize;

use super::input::{self, is_standard};
use crate::args::PrepareArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::Report;

pub fn upload(
    context: &Context,
    client: &Client,
    files: &[PathBuf],
    dataset: Option<&str>,
    jobs: u8,
    prepare: &PrepareArgs,
) -> Result<(), Failure> {
    if let [file] = files {
        return upload_one(context, client, file, dataset, prepare);
    }
    if files.iter().any(|file| is_standard(file)) {
        return Err(Failure::usage(
            "standard input is one image, and has to be the only one",
        ));
    }
    let closed = Arc::new(Mutex::new(None));
    let batch = Batch::new(prepare.prepare(None)).jobs(jobs.into());
    let batch = batch
        .on_progress({
            let context = context.clone();
            move |file, progress| context.progress(file, progress)
        })
        .on_done({
            let (context, closed) = (context.clone(), Arc::clone(&closed));
            move |item| {
                context.finished(&item.path);
                let told = match &item.outcome {
                    Outcome::Uploaded(image) => {
                        context.result(&Report::uploaded(&item.path, image))
                    }
                    Outcome::Failed(Error::Cancelled) => Ok(()),
                    Outcome::Failed(error) => {
                        context.fail(&Failure::of(error).about(&item.path));
                        Ok(())
                    }
                    _ => Ok(()),
                };
                if let Err(failure) = told {
                    // Nobody reads the ids any more, so no more pictures are uploaded.
                    context.cancel_token().cancel();
                    let mut closed = closed.lock().unwrap_or_else(PoisonError::into_inner);
                    *closed = Some(failure);
                }
            }
        });
    let items = match dataset {
        Some(dataset) => client.upload_dataset(dataset, files, &batch),
        None => client.upload_init_images(files, &batch),
    };
    if let Some(failure) = closed.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(failure);
    }
    let uploaded = |item: &&_| {
        let item: &imgpost::leonardo::BatchItem = item;
        matches!(item.outcome, Outcome::Uploaded(_))
    };
    let done = items.iter().filter(uploaded).count();
    match context.cancel_token().is_cancelled() {
        true => Err(Failure::cancelled(done, files.len())),
        false => Failure::of_some(files.len() - done, files.len()),
    }
}

fn upload_one(
    context: &Context,
    client: &Client,
    file: &Path,
    dataset: Option<&str>,
    prepare: &PrepareArgs,
) -> Result<(), Failure> {
    let image = input::image(file, prepare, None)?;
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
    client.with_progress(move |progress: Progress| context.progress(&file, progress))
}

pub fn canvas(
    context: &Context,
    client: &Client,
    files: [&Path; 2],
    threshold: u8,
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

/// Prepares a picture and its mask alike, and uploads both.
pub fn upload_canvas(
    context: &Context,
    client: &Client,
    [init, mask]: [&Path; 2],
    threshold: u8,
    prepare: &PrepareArgs,
) -> Result<CanvasImages, Failure> {
    let image = input::image(init, prepare, None)?;
    input::check_name(mask)?;
    let mask = image.mask().threshold(threshold).open(mask);
    let mask = mask.map_err(Error::from)?;
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
