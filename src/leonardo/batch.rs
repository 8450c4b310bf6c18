//! Uploads many files at once.

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::client::Client;
use super::error::Error;
use super::init_image::UploadedImage;
use crate::prepare::{PrepareOptions, PreparedImage};
use crate::upload::Progress;

type Skip = Arc<dyn Fn(&Path) -> bool + Send + Sync>;
type OnProgress = Arc<dyn Fn(&Path, Progress) -> ControlFlow<()> + Send + Sync>;
type OnDone = Arc<dyn Fn(&BatchItem) + Send + Sync>;

/// Options for uploading many files.
///
/// ```no_run
/// use imgpost::leonardo::{BatchOptions, Client, BatchOutcome};
/// use imgpost::leonardo::{self, sizes};
///
/// # let client = Client::from_env()?;
/// let dataset = client.create_dataset("lighthouses", None)?;
/// let done: Vec<String> = vec![/* of an earlier run */];
/// let batch = BatchOptions::new(leonardo::prepare().bounds(sizes::DATASET))
///     .skip(move |path| done.iter().any(|done| path.ends_with(done)))
///     .on_done(|item| println!("{}: {:?}", item.path.display(), item.outcome));
/// for item in client.upload_dataset(&dataset, ["1.jpg", "2.jpg", "3.jpg"], &batch) {
///     if let BatchOutcome::Failed(error) = item.outcome {
///         eprintln!("{}: {error}", item.path.display());
///     }
/// }
/// # Ok::<(), imgpost::leonardo::Error>(())
/// ```
#[derive(Clone)]
pub struct BatchOptions {
    prepare: PrepareOptions,
    jobs: usize,
    skip: Option<Skip>,
    on_progress: Option<OnProgress>,
    on_done: Option<OnDone>,
}

/// The result for one of many files.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchItem {
    /// The path of the file, as it was given.
    pub path: PathBuf,
    /// What happened to it.
    pub outcome: BatchOutcome,
}

/// What happened to a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum BatchOutcome {
    /// It was uploaded.
    Uploaded(UploadedImage),
    /// It was skipped: see [`BatchOptions::skip`].
    Skipped,
    /// It was not uploaded. After a cancellation, the files that were not started fail with [`Error::Cancelled`].
    Failed(Error),
}

impl BatchOptions {
    /// Prepares the files with these options.
    pub fn new(prepare: PrepareOptions) -> Self {
        Self {
            prepare,
            jobs: 4,
            skip: None,
            on_progress: None,
            on_done: None,
        }
    }

    /// The number of files that are processed at once, at least 1. Each takes up to as much memory as
    /// [`Limits`](crate::Limits) permit. Default: 4.
    #[must_use]
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// Skips the files for which `skip` returns true, for example those that an earlier run uploaded. Default: none.
    #[must_use]
    pub fn skip(mut self, skip: impl Fn(&Path) -> bool + Send + Sync + 'static) -> Self {
        self.skip = Some(Arc::new(skip));
        self
    }

    /// Calls `on_progress` during the upload of each file, like [`Uploader::on_progress`](crate::Uploader::on_progress).
    /// `ControlFlow::Break` cancels the upload of this file only. Default: none.
    #[must_use]
    pub fn on_progress(
        mut self,
        on_progress: impl Fn(&Path, Progress) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.on_progress = Some(Arc::new(on_progress));
        self
    }

    /// Calls `on_done` as soon as a file is uploaded, skipped or has failed, on the thread that processed it. Default:
    /// none.
    #[must_use]
    pub fn on_done(mut self, on_done: impl Fn(&BatchItem) + Send + Sync + 'static) -> Self {
        self.on_done = Some(Arc::new(on_done));
        self
    }
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self::new(super::prepare())
    }
}

impl fmt::Debug for BatchOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchOptions")
            .field("prepare", &self.prepare)
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}

/// Many files at once.
impl Client {
    /// Uploads many images of a dataset, several at a time. Returns a result for each file, in the order given. The
    /// failure of one file does not affect the others.
    pub fn upload_dataset(
        &self,
        dataset_id: &str,
        files: impl IntoIterator<Item = impl Into<PathBuf>>,
        options: &BatchOptions,
    ) -> Vec<BatchItem> {
        self.upload_batch(files, options, |client, image| {
            client.upload_dataset_image(dataset_id, image)
        })
    }

    /// Uploads many init images, several at a time. Returns a result for each file, in the order given. The failure of one
    /// file does not affect the others.
    pub fn upload_init_images(
        &self,
        files: impl IntoIterator<Item = impl Into<PathBuf>>,
        options: &BatchOptions,
    ) -> Vec<BatchItem> {
        self.upload_batch(files, options, Self::upload_init_image)
    }

    fn upload_batch(
        &self,
        files: impl IntoIterator<Item = impl Into<PathBuf>>,
        options: &BatchOptions,
        upload: impl Fn(&Self, &PreparedImage) -> Result<UploadedImage, Error> + Sync,
    ) -> Vec<BatchItem> {
        let files: Vec<PathBuf> = files.into_iter().map(Into::into).collect();
        let done = Mutex::new(Vec::with_capacity(files.len()));
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(path) = files.get(index) else {
                    return;
                };
                let item = BatchItem {
                    path: path.clone(),
                    outcome: self.upload_one(path, options, &upload),
                };
                if let Some(on_done) = &options.on_done {
                    on_done(&item);
                }
                // A panic cannot leave the list inconsistent: threads only add to it.
                done.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((index, item));
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..options.jobs.min(files.len()) {
                scope.spawn(work);
            }
            work();
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, item)| item).collect()
    }

    fn upload_one(
        &self,
        path: &Path,
        options: &BatchOptions,
        upload: impl Fn(&Self, &PreparedImage) -> Result<UploadedImage, Error>,
    ) -> BatchOutcome {
        if self.cancel_token.is_cancelled() {
            return BatchOutcome::Failed(Error::Cancelled);
        }
        if options.skip.as_ref().is_some_and(|skip| skip(path)) {
            return BatchOutcome::Skipped;
        }
        let client = match &options.on_progress {
            Some(on_progress) => {
                let (on_progress, path) = (Arc::clone(on_progress), path.to_owned());
                &self
                    .clone()
                    .on_progress(move |progress| on_progress(&path, progress))
            }
            None => self,
        };
        let image = options.prepare.open(path).map_err(Error::from);
        if let Ok(image) = &image {
            let (from, to) = (image.source_size(), image.size());
            log::info!(
                "prepared {}: {from} to {to} {}",
                path.display(),
                image.extension()
            );
        }
        match image.and_then(|image| upload(client, &image)) {
            Ok(uploaded) => BatchOutcome::Uploaded(uploaded),
            Err(error) => BatchOutcome::Failed(error),
        }
    }
}
