//! The images in a folder, and their hashes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Problems;
use super::manifest::Manifest;
use super::plan::Image;

/// The extensions of images. Some of the formats cannot be read: such a file fails the build, because ignoring it would
/// leave its author waiting.
const EXTENSIONS: [&str; 14] = [
    "avif", "bmp", "gif", "heic", "heif", "jpeg", "jpg", "jxl", "png", "psd", "svg", "tif", "tiff",
    "webp",
];

pub(super) struct Folder {
    pub path: PathBuf,
    /// The images, sorted by name.
    pub images: Vec<Image>,
    /// The latest modification of an image or a folder.
    pub modified: Option<SystemTime>,
}

impl Folder {
    /// Finds and hashes the images in a folder and its subfolders, but no hidden ones.
    pub fn scan(path: &Path, manifest: &Manifest) -> Result<Self, Problems> {
        let mut folder = Self {
            path: path.into(),
            images: vec![],
            modified: None,
        };
        folder
            .add(path, "", manifest)
            .map_err(|problem| vec![problem])?;
        folder.images.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(folder)
    }

    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn add(&mut self, folder: &Path, prefix: &str, manifest: &Manifest) -> Result<(), String> {
        let not_read = |path: &Path, error| format!("cannot read {}: {error}", path.display());
        self.note_time_of(folder);
        for entry in fs::read_dir(folder).map_err(|e| not_read(folder, e))? {
            let entry = entry.map_err(|e| not_read(folder, e))?;
            let path = entry.path();
            let name = entry.file_name();
            // Cargo reads instructions line by line.
            let plain = name
                .to_str()
                .filter(|name| !name.contains(char::is_control));
            let Some(name) = plain else {
                return Err(format!(
                    "the name {path:?} has control characters or is not Unicode; rename the file"
                ));
            };
            if name.starts_with('.') {
                continue;
            }
            let name = format!("{prefix}{name}");
            // A link is not followed to a folder, which might contain the link.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.add(&path, &format!("{name}/"), manifest)?;
            } else if is_image(&path) {
                self.note_time_of(&path);
                let hash = manifest.hash(&path).map_err(|e| not_read(&path, e))?;
                self.images.push(Image { name, hash });
            }
        }
        Ok(())
    }

    fn note_time_of(&mut self, path: &Path) {
        let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
        self.modified = self.modified.max(modified.ok());
    }
}

fn is_image(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        EXTENSIONS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(extension))
    })
}
