//! Finds the images in folders.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::image_files::{has_image_extension, looks_like_image};
use crate::failure::Failure;
use crate::file_id::FileId;

/// The images that the arguments lead to.
#[derive(Default)]
pub struct Found {
    /// Files that look like images.
    pub files: Vec<PathBuf>,
    /// Failures to open what looks like an image or may contain one.
    pub failed: Vec<Failure>,
    pub skipped: Skipped,
}

/// The number of skipped entries by reason.
#[derive(Default)]
pub struct Skipped {
    pub others: usize,
    pub hidden: usize,
    pub folders: usize,
    pub repeated: usize,
}

impl Found {
    /// The number of images, readable or not.
    pub fn count(&self) -> usize {
        self.files.len() + self.failed.len()
    }

    /// Adds the images in `folder`, sorted by name; if `recursive`, also those in the folders in it.
    pub fn scan(&mut self, folder: &Path, recursive: bool) -> Result<(), Failure> {
        let first = self.files.len();
        let mut folders = vec![folder.to_owned()];
        // Links may lead to a folder several times, or in circles.
        let mut seen = HashSet::new();
        while let Some(current) = folders.pop() {
            if let Ok(id) = FileId::of(&current)
                && !seen.insert(id)
            {
                continue;
            }
            let entries = fs::read_dir(&current).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            match entries {
                Ok(entries) => {
                    let mut paths: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
                    // `pop` takes the last one first.
                    paths.sort_by(|a, b| b.cmp(a));
                    for path in paths {
                        self.add_entry(path, recursive.then_some(&mut folders));
                    }
                }
                Err(error) if current == folder => return Err(Failure::file(folder, error)),
                Err(error) => self.failed.push(Failure::file(&current, error)),
            }
        }
        self.files[first..].sort();
        Ok(())
    }

    fn add_entry(&mut self, path: PathBuf, folders: Option<&mut Vec<PathBuf>>) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            self.skipped.hidden += 1;
            return;
        }
        match (fs::metadata(&path), folders) {
            (Ok(metadata), Some(folders)) if metadata.is_dir() => {
                if !leads_back(&path) {
                    folders.push(path);
                }
            }
            (Ok(metadata), None) if metadata.is_dir() => self.skipped.folders += 1,
            (Ok(metadata), _) if metadata.is_file() && looks_like_image(&path) => {
                self.files.push(path);
            }
            // Opening a FIFO would wait for its writer.
            (Ok(metadata), _) if !metadata.is_file() && has_image_extension(&path) => {
                let failure = Failure::image(&path, "is not a regular file");
                self.failed.push(failure);
            }
            // For example a broken link. Opening it reports the reason.
            (Err(_), _) if has_image_extension(&path) => self.files.push(path),
            _ => self.skipped.others += 1,
        }
    }

    /// Keeps only the first of several paths to the same file.
    pub fn drop_repeated(&mut self) {
        let mut seen = HashSet::new();
        let before = self.files.len();
        self.files.retain(|path| match FileId::of(path) {
            Ok(id) => seen.insert(id),
            Err(_) => true,
        });
        self.skipped.repeated += before - self.files.len();
    }
}

/// Whether a path is a link to a folder that contains it. The other contents of that folder were not asked for.
fn leads_back(path: &Path) -> bool {
    let folder = path.parent().map(Path::canonicalize);
    match (path.canonicalize(), folder) {
        (Ok(target), Some(Ok(folder))) => folder.starts_with(target),
        _ => false,
    }
}

impl Skipped {
    pub fn is_empty(&self) -> bool {
        self.others + self.hidden + self.folders + self.repeated == 0
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (
                self.others,
                "file that is not an image",
                "files that are not images",
            ),
            (self.hidden, "hidden entry", "hidden entries"),
            (
                self.folders,
                "folder (--recursive includes it)",
                "folders (--recursive includes them)",
            ),
            (self.repeated, "repeated file", "repeated files"),
        ];
        let found = kinds.into_iter().filter(|(count, ..)| *count > 0);
        let found = found.map(|(count, one, several)| {
            let kind = if count == 1 { one } else { several };
            format!("{count} {kind}")
        });
        let found: Vec<_> = found.collect();
        write!(f, "skipped {}", found.join(", "))
    }
}
