//! Gives ids to the images that have none: uploads them, or invents placeholders.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::folder::Folder;
use super::manifest::{Manifest, ManifestEntry};
use super::plan::{Plan, Upload};
use super::{Problems, not_written};
use crate::leonardo::{BatchItem, BatchOptions, BatchOutcome, Client, Error, UploadedImage};
use crate::prepare::PrepareOptions;

/// Uploads each content once, several at a time, and adds it to the manifest as soon as it has an id.
pub(super) fn upload(
    client: &Client,
    folder: &Folder,
    options: &PrepareOptions,
    uploads: &[Upload],
    manifest: &Arc<Manifest>,
) -> Result<(), Problems> {
    // Nothing is uploaded whose id could not be kept.
    manifest
        .ensure_writable()
        .map_err(|error| not_written(manifest.path(), &error))?;
    let path_of = |upload: &Upload| folder.path_of(&upload.names[0]);
    let work = Arc::new(Work {
        manifest: Arc::clone(manifest),
        uploads: uploads
            .iter()
            .map(|upload| (path_of(upload), upload.clone()))
            .collect(),
        is_hopeless: AtomicBool::new(false),
        problems: Mutex::default(),
    });
    let (skipping, done) = (Arc::clone(&work), Arc::clone(&work));
    let batch = BatchOptions::new(options.clone())
        .skip(move |_| skipping.is_hopeless.load(Ordering::Relaxed))
        .on_done(move |item| done.note(item));
    let items = client.upload_init_images(uploads.iter().map(path_of), &batch);

    let mut problems = std::mem::take(&mut *work.problems());
    if problems.is_empty() {
        return Ok(());
    }
    let is_uploaded = |item: &&BatchItem| matches!(item.outcome, BatchOutcome::Uploaded(_));
    let uploaded = items.iter().filter(is_uploaded).count();
    problems.sort_unstable();
    problems.push(format!(
        "{uploaded} of {} images were uploaded and are kept in {}; fix the above and build again for the rest",
        items.len(),
        manifest.path().display()
    ));
    Err(problems)
}

/// What the threads share.
struct Work {
    manifest: Arc<Manifest>,
    uploads: HashMap<PathBuf, Upload>,
    /// Whether a failure was not about an image, so that the next image would fail too.
    is_hopeless: AtomicBool,
    problems: Mutex<Problems>,
}

impl Work {
    fn problems(&self) -> MutexGuard<'_, Problems> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, item: &BatchItem) {
        match &item.outcome {
            BatchOutcome::Uploaded(image) => self.keep(&item.path, image),
            BatchOutcome::Failed(error) => {
                let (is_hopeless, text) = match error {
                    Error::Core(crate::Error::Prepare(error)) => (false, error.kind().to_string()),
                    Error::Core(crate::Error::Storage(error)) => (false, error.to_string()),
                    error => (true, format!("{error:#}")),
                };
                self.is_hopeless.fetch_or(is_hopeless, Ordering::Relaxed);
                self.add_problem(&item.path, &text);
            }
            // Skipped because of a problem that is in the list.
            _ => {}
        }
    }

    fn keep(&self, path: &Path, image: &UploadedImage) {
        let upload = &self.uploads[path];
        // The file was read once for its hash and once for the upload.
        if self.manifest.hash(path).ok().as_ref() != Some(&upload.hash) {
            return self.add_problem(path, "the file changed while it was uploaded; build again");
        }
        for name in &upload.names {
            let entry = self
                .manifest
                .entry(name.clone(), upload.hash.clone(), image);
            if let Err(error) = self.manifest.append(entry) {
                self.is_hopeless.store(true, Ordering::Relaxed);
                let problem = not_written(self.manifest.path(), &error);
                self.problems().extend(problem);
                return;
            }
        }
    }

    fn add_problem(&self, path: &Path, text: &str) {
        let problem = format!("{}: {text}", path.display());
        self.problems().push(problem);
    }
}

/// Invents ids for the images that are not uploaded. `placeholders` keeps the sizes, so that an image is prepared once.
/// It is not the committed manifest, which stays as it is.
pub(super) fn pretend(
    folder: &Folder,
    options: &PrepareOptions,
    plan: Plan,
    placeholders: &Manifest,
) -> Result<Vec<ManifestEntry>, Problems> {
    let mut problems = Problems::new();
    let earlier = placeholders.entries();
    let mut entries = plan.entries;
    for Upload { hash, names } in plan.uploads {
        let path = folder.path_of(&names[0]);
        let known = earlier.iter().find(|entry| entry.hash == hash).cloned();
        let entry = match known {
            Some(entry) => entry,
            None => match options.open(&path) {
                Ok(image) => {
                    let entry = ManifestEntry {
                        file: names[0].clone(),
                        id: format!("placeholder-{}", &hash[..16]),
                        width: image.size().width,
                        height: image.size().height,
                        extension: image.extension().to_string(),
                        hash,
                        api: placeholders.api().into(),
                    };
                    placeholders
                        .append(entry.clone())
                        .map_err(|error| not_written(placeholders.path(), &error))?;
                    entry
                }
                Err(error) => {
                    problems.push(format!("{}: {}", path.display(), error.kind()));
                    continue;
                }
            },
        };
        entries.extend(names.into_iter().map(|file| ManifestEntry {
            file,
            ..entry.clone()
        }));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    entries.sort_unstable_by(|a, b| a.file.cmp(&b.file));
    Ok(entries)
}
