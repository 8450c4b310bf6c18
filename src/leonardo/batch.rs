//! Many files at once.

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

/// How many files are prepared and uploaded.
///
/// ```no_run
/// use imgpost::leonardo::{BatchOptions, Client, BatchOutcome};
/// use imgpost::{Bounds, PrepareOptions};
///
/// # let client = Client::from_env()?;
/// let dataset = client.create_dataset("lighthouses", None)?;
/// let done: Vec<String> = vec![/* of an earlier run */];
/// let batch = BatchOptions::new(PrepareOptions::default().bounds(Bounds::LEONARDO_DATASET))
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

/// What became of one of many files.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchItem {
    /// The file, as it was given.
    pub path: PathBuf,
    /// What became of it.
    pub outcome: BatchOutcome,
}

/// What became of a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum BatchOutcome {
    /// It is there.
    Uploaded(UploadedImage),
    /// It was to be skipped.
    Skipped,
    /// It is not there. After a cancel, this is what becomes of those that were not begun.
    Failed(Error),
}

impl BatchOptions {
    /// Prepares the files so.
    pub fn new(prepare: PrepareOptions) -> Self {
        Self {
            prepare,
            jobs: 4,
            skip: None,
            on_progress: None,
            on_done: None,
        }
    }

    /// How many files are worked on at once, at least 1. Default: 4. Each takes as much memory as
    /// [`Limits`](crate::Limits) allow.
    #[must_use]
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// Leaves out the files for which `skip` is true: those that an earlier run uploaded, for example.
    #[must_use]
    pub fn skip(mut self, skip: impl Fn(&Path) -> bool + Send + Sync + 'static) -> Self {
        self.skip = Some(Arc::new(skip));
        self
    }

    /// Tells how far the upload of each file is, as [`Uploader::on_progress`](crate::Uploader::on_progress) does;
    /// `ControlFlow::Break` ends that of one file.
    #[must_use]
    pub fn on_progress(
        mut self,
        on_progress: impl Fn(&Path, Progress) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.on_progress = Some(Arc::new(on_progress));
        self
    }

    /// Calls `on_done` as soon as it is known what became of a file, from the thread that worked on it.
    #[must_use]
    pub fn on_done(mut self, on_done: impl Fn(&BatchItem) + Send + Sync + 'static) -> Self {
        self.on_done = Some(Arc::new(on_done));
        self
    }
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self::new(PrepareOptions::default())
    }
}

impl fmt::Debug for BatchOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("prepare", &self.prepare)
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}

/// Many files at once.
impl Client {
    /// Uploads many images of a dataset, some at a time, and says of each what became of it, in the order given. One
    /// that fails keeps no other from being uploaded.
    pub fn upload_dataset(
        &self,
        dataset_id: &str,
        files: impl IntoIterator<Item = impl Into<PathBuf>>,
        batch: &BatchOptions,
    ) -> Vec<BatchItem> {
        self.upload_batch(files, batch, |client, image| {
            client.upload_dataset_image(dataset_id, image)
        })
    }

    /// Uploads many init images, some at a time, and says of each what became of it, in the order given. One that fails
    /// keeps no other from being uploaded.
    pub fn upload_init_images(
        &self,
        files: impl IntoIterator<Item = impl Into<PathBuf>>,
        batch: &BatchOptions,
    ) -> Vec<BatchItem> {
        self.upload_batch(files, batch, Self::upload_init_image)
    }

    fn upload_batch(
        &self,
        files: impl IntoIterator<Item = impl Into<PathBuf>>,
        batch: &BatchOptions,
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
                    outcome: self.upload_one(path, batch, &upload),
                };
                if let Some(on_done) = &batch.on_done {
                    on_done(&item);
                }
                // Each thread only adds to the list, so one that panicked has done it no harm.
                done.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((index, item));
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..batch.jobs.min(files.len()) {
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
        batch: &BatchOptions,
        upload: impl Fn(&Self, &PreparedImage) -> Result<UploadedImage, Error>,
    ) -> BatchOutcome {
        if self.cancel_token.is_cancelled() {
            return BatchOutcome::Failed(Error::Cancelled);
        }
        if batch.skip.as_ref().is_some_and(|skip| skip(path)) {
            return BatchOutcome::Skipped;
        }
        let client = match &batch.on_progress {
            Some(on_progress) => {
                let (on_progress, path) = (Arc::clone(on_progress), path.to_owned());
                &self
                    .clone()
                    .on_progress(move |progress| on_progress(&path, progress))
            }
            None => self,
        };
        let image = batch.prepare.open(path).map_err(Error::from);
        if let Ok(image) = &image {
            let (from, to) = (image.source_size(), image.size());
            log::info!(
                "prepared {}: {from} -> {to} {}",
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
