//! A file with the ids of uploaded images, made to be kept between runs, committed and merged.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::atomic_file::AtomicFile;
use crate::leonardo::UploadedImage;
use crate::leonardo::builder::{DEFAULT_BASE_URL, without_version};

/// A file with the ids of uploaded images, so that no image is uploaded twice.
///
/// The file has a JSON object per line, a [`ManifestEntry`]. An image is identified by its content: a file that was renamed
/// or copied is found. New entries are appended, so that an interrupted run loses none.
///
/// ```no_run
/// use std::sync::Arc;
/// use imgpost::leonardo::{self, BatchOptions, BatchOutcome, Client, assets::Manifest};
///
/// let client = Client::from_env()?;
/// let options = leonardo::prepare();
/// let manifest = Arc::new(Manifest::open("uploaded.jsonl", "", &options.fingerprint())?);
/// manifest.ensure_writable()?;
/// let (known, uploaded) = (Arc::clone(&manifest), Arc::clone(&manifest));
/// let batch = BatchOptions::new(options)
///     .skip(move |path| known.find(path).is_some())
///     .on_done(move |item| {
///         if let BatchOutcome::Uploaded(image) = &item.outcome {
///             if let Err(error) = uploaded.add(&item.path, image) {
///                 eprintln!("{} is not in the manifest: {error}", image.id);
///             }
///         }
///     });
/// client.upload_init_images(["1.jpg", "2.jpg"], &batch);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Manifest {
    path: PathBuf,
    api: String,
    recipe: String,
    state: Mutex<State>,
}

/// An image that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ManifestEntry {
    /// The name of its file.
    pub file: String,
    /// Its id.
    pub id: String,
    /// The width it was uploaded with, in pixels.
    pub width: u32,
    /// The height it was uploaded with, in pixels.
    pub height: u32,
    /// The extension it was uploaded with.
    pub extension: String,
    /// SHA-256 of the recipe and of the content of the file, in hexadecimal digits.
    pub hash: String,
    /// The base URL of the API that knows the id.
    pub api: String,
}

struct State {
    entries: Vec<ManifestEntry>,
    /// The first entry of each hash that belongs to this API.
    by_hash: HashMap<String, usize>,
    /// The hashes of files that were not found and may be added.
    pending: HashMap<PathBuf, String>,
    /// Open once something was appended.
    file: Option<File>,
    /// How the file has to be repaired before something is appended.
    tail: Option<Tail>,
}

/// A last line without a line break.
struct Tail {
    /// The length of the lines before, if the last one is not a whole entry.
    complete: Option<u64>,
    /// The length of the file.
    whole: u64,
}

/// What every entry starts with.
const START: &str = "{\"file\":\"";

impl Manifest {
    /// Reads a manifest. A file that does not exist is an empty one.
    ///
    /// `base_url` is that of the API that the images are uploaded to; empty for the default. Ids of other APIs stay in the
    /// file and are not used. `recipe` is whatever makes another upload of the same file:
    /// [`PrepareOptions::fingerprint`](crate::PrepareOptions::fingerprint), and for example the id of a dataset.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not a manifest. An incomplete last line is not an error: it is what a machine
    /// leaves that stopped while it wrote.
    pub fn open(path: impl Into<PathBuf>, base_url: &str, recipe: &str) -> io::Result<Self> {
        let path = path.into();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let (lines, last) = text.split_at(text.rfind('\n').map_or(0, |end| end + 1));
        let mut entries = Vec::new();
        let invalid = |number: usize, error| {
            io::Error::new(
                ErrorKind::InvalidData,
                format!(
                    "line {number} is not an entry of a manifest ({error}); restore the file, or choose a new name to upload \
                     all images again"
                ),
            )
        };
        for (number, line) in (1..).zip(lines.lines()) {
            if !line.trim().is_empty() {
                entries.push(serde_json::from_str(line).map_err(|error| invalid(number, error))?);
            }
        }
        let whole = text.len() as u64;
        let tail = match serde_json::from_str(last) {
            _ if last.trim().is_empty() => None,
            Ok(entry) => {
                entries.push(entry);
                Some(Tail {
                    complete: None,
                    whole,
                })
            }
            // Any other text is not ours to remove.
            Err(_) if last.starts_with(START) || START.starts_with(last) => Some(Tail {
                complete: Some(lines.len() as u64),
                whole,
            }),
            Err(error) => return Err(invalid(lines.lines().count() + 1, error)),
        };
        let base_url = without_version(base_url.trim());
        let api = if base_url.is_empty() {
            DEFAULT_BASE_URL
        } else {
            base_url
        };
        let mut manifest = Self {
            path,
            api: api.into(),
            recipe: recipe.into(),
            state: Mutex::new(State {
                entries: Vec::new(),
                by_hash: HashMap::new(),
                pending: HashMap::new(),
                file: None,
                tail,
            }),
        };
        let state = manifest
            .state
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        for entry in entries {
            state.push(entry, api);
        }
        Ok(manifest)
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes sure that entries can be added, and creates the file if it does not exist. Call it before the first upload, so
    /// that no id is lost.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened for writing.
    pub fn ensure_writable(&self) -> io::Result<()> {
        self.state().file(&self.path).map(drop)
    }

    /// The entry of an image with the content of `file`, if one was uploaded. A file that cannot be read is not found: the
    /// upload reports why.
    pub fn find(&self, file: &Path) -> Option<ManifestEntry> {
        let hash = self.hash(file).ok()?;
        let mut state = self.state();
        let found = state.by_hash.get(&hash);
        let entry = found.map(|index| state.entries[*index].clone());
        if entry.is_none() {
            state.pending.insert(file.into(), hash);
        }
        entry
    }

    /// Adds an image that was uploaded after [`find`](Self::find) did not find its file. Returns false, and adds nothing, if
    /// the content of the file is another one by now, because nobody knows which one was uploaded.
    ///
    /// # Errors
    ///
    /// If the file of the manifest cannot be written.
    pub fn add(&self, file: &Path, image: &UploadedImage) -> io::Result<bool> {
        let Some(hash) = self.state().pending.remove(file) else {
            return Ok(false);
        };
        if self.hash(file).ok().as_ref() != Some(&hash) {
            return Ok(false);
        }
        let entry = self.entry(file.to_string_lossy().into_owned(), hash, image);
        self.append(entry)?;
        Ok(true)
    }

    pub(super) fn entry(&self, file: String, hash: String, image: &UploadedImage) -> ManifestEntry {
        ManifestEntry {
            file,
            id: image.id.clone(),
            width: image.size.width,
            height: image.size.height,
            extension: image.extension.to_string(),
            hash,
            api: self.api.clone(),
        }
    }

    /// The base URL of the API.
    pub(super) fn api(&self) -> &str {
        &self.api
    }

    /// All entries, in the order of the file.
    pub(super) fn entries(&self) -> Vec<ManifestEntry> {
        self.state().entries.clone()
    }

    /// SHA-256 of the recipe and of the content of a file.
    pub(super) fn hash(&self, path: &Path) -> io::Result<String> {
        // Reading a pipe would consume it.
        if !path.is_file() {
            fs::metadata(path)?;
            return Err(io::Error::new(ErrorKind::InvalidInput, "not a file"));
        }
        let mut hasher = Sha256::new();
        hasher.update(self.recipe.as_bytes());
        hasher.update([0]);
        let mut file = File::open(path)?;
        let mut block = vec![0; 64 << 10];
        loop {
            match file.read(&mut block) {
                Ok(0) => break,
                Ok(count) => hasher.update(&block[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let digest = hasher.finalize();
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub(super) fn append(&self, entry: ManifestEntry) -> io::Result<()> {
        let mut state = self.state();
        let line = line(&entry);
        // Kept even if it cannot be written, because it is known in this run.
        state.push(entry, &self.api);
        state.file(&self.path)?.write_all(line.as_bytes())
    }

    /// Makes these the only entries, in this order. A file that was written to, here or earlier in this run, is given the time
    /// `modified`.
    pub(super) fn replace(
        &self,
        entries: &[ManifestEntry],
        modified: Option<SystemTime>,
    ) -> io::Result<()> {
        let text: String = entries.iter().map(line).collect();
        let existing = match fs::read(&self.path) {
            Ok(existing) => existing,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        // Git may have checked it out with the line ends of Windows.
        let is_same = existing
            .split(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .eq(text.as_bytes().split(|byte| *byte == b'\n'));
        let mut state = self.state();
        let is_written = state.file.take().is_some() || !is_same;
        if !is_same {
            let mut file = AtomicFile::create(&self.path, None)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.commit()?;
            state.entries.clear();
            state.by_hash.clear();
            for entry in entries {
                state.push(entry.clone(), &self.api);
            }
            state.tail = None;
        }
        if let Some(modified) = modified.filter(|_| is_written) {
            let file = OpenOptions::new().append(true).open(&self.path)?;
            file.set_modified(modified)?;
        }
        Ok(())
    }

    /// Every change is complete in itself, so a thread that panicked has done no harm.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, entry: ManifestEntry, api: &str) {
        if entry.api == api {
            let index = self.entries.len();
            self.by_hash.entry(entry.hash.clone()).or_insert(index);
        }
        self.entries.push(entry);
    }

    fn file(&mut self, path: &Path) -> io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                let mut file = OpenOptions::new().create(true).append(true).open(path)?;
                // Unless another process has completed the line meanwhile.
                let length = file.metadata()?.len();
                match self.tail.take().filter(|tail| tail.whole == length) {
                    Some(Tail {
                        complete: Some(complete),
                        ..
                    }) => file.set_len(complete)?,
                    Some(_) => file.write_all(b"\n")?,
                    None => {}
                }
                file
            }
        };
        Ok(self.file.insert(file))
    }
}

fn line(entry: &ManifestEntry) -> String {
    let json = serde_json::to_string(entry).expect("texts and numbers are valid JSON");
    json + "\n"
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manifest")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
