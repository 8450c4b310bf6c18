//! The manifest of `--skip-known`: the images that were uploaded, by their content.
//!
//! A line for each: a hash, the id and the file's name, separated by tabs. The hash covers the file, the options it is
//! prepared with and where it is uploaded to, because each of them makes another upload.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::escape;
use crate::failure::Failure;

pub struct Manifest {
    path: PathBuf,
    /// What every hash starts with.
    context: String,
    state: Mutex<State>,
}

struct State {
    file: File,
    ids: HashMap<String, String>,
    /// The hashes of files that are being uploaded.
    pending: HashMap<PathBuf, String>,
}

impl Manifest {
    /// Opens a manifest; creates it if it does not exist. `context` is what distinguishes uploads of the same file.
    pub fn open(path: &Path, context: String) -> Result<Self, Failure> {
        let failure = |error| Failure::file(path, error);
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failure(error)),
        };
        let mut ids = HashMap::new();
        for (number, line) in text.lines().enumerate() {
            let mut fields = line.split('\t');
            match (fields.next(), fields.next()) {
                (Some(hash), Some(id)) if is_hash(hash) && !id.is_empty() => {
                    ids.insert(hash.to_owned(), id.to_owned());
                }
                // The last line may be incomplete, if the machine stopped while it was written.
                _ if number + 1 == text.lines().count() && !text.ends_with('\n') => {}
                _ => {
                    return Err(Failure::usage(format!(
                        "{}: line {} is not a line of a manifest; give a file that --skip-known wrote, or a new name",
                        path.display(),
                        number + 1
                    )));
                }
            }
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(failure)?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").map_err(failure)?;
        }
        Ok(Self {
            path: path.into(),
            context,
            state: Mutex::new(State {
                file,
                ids,
                pending: HashMap::new(),
            }),
        })
    }

    /// The id of a file that was uploaded before. Remembers the hash of one that was not, for [`add`](Self::add). A file
    /// that cannot be read is not known: the upload reports why.
    pub fn id(&self, file: &Path) -> Option<String> {
        let hash = self.hash(file).ok()?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let id = state.ids.get(&hash).cloned();
        if id.is_none() {
            state.pending.insert(file.into(), hash);
        }
        id
    }

    /// Adds a file that was uploaded.
    pub fn add(&self, file: &Path, id: &str) -> Result<(), Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(hash) = state.pending.remove(file) else {
            return Ok(());
        };
        let name = escape::line(&file.to_string_lossy());
        let line = format!("{hash}\t{}\t{name}\n", escape::line(id));
        state.ids.insert(hash, id.into());
        let written = state.file.write_all(line.as_bytes());
        written.map_err(|error| Failure::file(&self.path, error))
    }

    fn hash(&self, file: &Path) -> io::Result<String> {
        if !file.is_file() {
            return Err(ErrorKind::InvalidInput.into());
        }
        let mut hasher = Sha256::new();
        hasher.update(self.context.as_bytes());
        hasher.update([0]);
        let mut file = File::open(file)?;
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
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
