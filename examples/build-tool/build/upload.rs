//! Uploads what has no id yet.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use imgpost::leonardo::{BatchItem, BatchOptions, BatchOutcome, Client, Error, UploadedImage};

use super::manifest::{Entry, Manifest};
use super::plan::Upload;
use super::recipe::Recipe;
use super::{Problems, folder, not_written};

/// The manifest while it grows.
pub struct Ledger {
    /// Where it is written.
    pub path: PathBuf,
    /// What it has so far.
    pub manifest: Manifest,
    /// The time the file is given.
    pub modified: Option<SystemTime>,
}

/// Uploads each content once, some at a time, and gives what the manifest then has.
///
/// # Errors
///
/// When not all of them are there in the end. Those that are, are in the manifest.
pub fn upload(
    client: &Client,
    folder: &Path,
    recipe: Recipe,
    uploads: &[Upload],
    ledger: Ledger,
) -> Result<BTreeMap<String, Entry>, Problems> {
    let manifest = ledger.path.clone();
    // Nothing is uploaded whose id could not be kept.
    Manifest::check_place(&manifest).map_err(|error| not_written(&manifest, &error))?;
    let path_of = |upload: &Upload| folder.join(&upload.names[0]);
    let pairs = uploads
        .iter()
        .map(|upload| (path_of(upload), upload.clone()));
    let work = Arc::new(Work {
        recipe,
        uploads: pairs.collect(),
        is_hopeless: AtomicBool::new(false),
        state: Mutex::new((ledger, vec![])),
    });
    let (asked, told) = (Arc::clone(&work), Arc::clone(&work));
    let batch = BatchOptions::new(recipe.prepare())
        .skip(move |_| asked.is_hopeless.load(Ordering::Relaxed))
        .on_done(move |item| told.note(item));
    let items = client.upload_init_images(uploads.iter().map(path_of), &batch);

    let uploaded = |item: &&BatchItem| matches!(item.outcome, BatchOutcome::Uploaded(_));
    let uploaded = items.iter().filter(uploaded).count();
    let (ledger, problems) = &mut *work.state();
    if problems.is_empty() {
        return Ok(std::mem::take(&mut ledger.manifest.assets));
    }
    problems.sort_unstable();
    problems.push(format!(
        "{uploaded} of {} pictures were uploaded and are kept in {}; settle the above and build again for the rest",
        items.len(),
        manifest.display()
    ));
    Err(std::mem::take(problems))
}

/// What the threads share.
struct Work {
    recipe: Recipe,
    uploads: HashMap<PathBuf, Upload>,
    /// Whether something failed that has nothing to do with the image: the next one would fare no better.
    is_hopeless: AtomicBool,
    state: Mutex<(Ledger, Problems)>,
}

impl Work {
    /// Both are only added to, so a thread that panicked has done them no harm.
    fn state(&self) -> MutexGuard<'_, (Ledger, Problems)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, item: &BatchItem) {
        match &item.outcome {
            BatchOutcome::Uploaded(image) => self.keep(&item.path, image),
            BatchOutcome::Failed(error) => {
                let (is_hopeless, words) = match error {
                    Error::Core(imgpost::Error::Prepare(error)) => {
                        (false, error.kind().to_string())
                    }
                    Error::Core(imgpost::Error::Storage(error)) => (false, error.to_string()),
                    error => (true, format!("{error:#}")),
                };
                self.is_hopeless.fetch_or(is_hopeless, Ordering::Relaxed);
                self.add_problem(&item.path, &words);
            }
            // Not begun, because of a problem that was told.
            _ => {}
        }
    }

    fn keep(&self, path: &Path, image: &UploadedImage) {
        let upload = &self.uploads[path];
        // It was read for its hash, and again for the upload.
        if folder::hash(path, self.recipe).ok().as_ref() != Some(&upload.hash) {
            return self.add_problem(path, "was changed while it was uploaded; build again");
        }
        let entry = Entry {
            hash: upload.hash.clone(),
            id: image.id.clone(),
            width: image.size.width,
            height: image.size.height,
            extension: image.extension.to_string(),
        };
        let (ledger, problems) = &mut *self.state();
        for name in &upload.names {
            ledger.manifest.assets.insert(name.clone(), entry.clone());
        }
        if let Err(error) = ledger.manifest.write(&ledger.path, ledger.modified) {
            self.is_hopeless.store(true, Ordering::Relaxed);
            problems.extend(not_written(&ledger.path, &error));
        }
    }

    fn add_problem(&self, path: &Path, words: &str) {
        let problem = format!("{}: {words}", path.display());
        self.state().1.push(problem);
    }
}
