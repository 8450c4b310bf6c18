//! The images in a folder, and what is in them.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::Problems;
use super::plan::Asset;
use super::recipe::Recipe;

/// What the name of an image ends in. Some are not read by imgpost: it says so, where leaving them out would leave
/// somebody waiting.
const ENDINGS: [&str; 14] = [
    "avif", "bmp", "gif", "heic", "heif", "jpeg", "jpg", "jxl", "png", "psd", "svg", "tif", "tiff",
    "webp",
];

/// What was found in the folder.
pub struct Found {
    /// The images, by name.
    pub assets: Vec<Asset>,
    /// When the newest of them or the folder was changed.
    pub modified: Option<SystemTime>,
}

impl Found {
    /// Everything in the folder and in the folders in it that is named as an image. What is hidden is left out.
    pub fn scan(folder: &Path, recipe: Recipe) -> Result<Self, Problems> {
        let mut found = Self {
            assets: vec![],
            modified: None,
        };
        found
            .add_folder(folder, "", recipe)
            .map_err(|problem| vec![problem])?;
        found.assets.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    fn add_folder(&mut self, folder: &Path, prefix: &str, recipe: Recipe) -> Result<(), String> {
        self.note_time_of(folder);
        for entry in fs::read_dir(folder).map_err(|e| not_read(folder, &e))? {
            let entry = entry.map_err(|e| not_read(folder, &e))?;
            let path = entry.path();
            let name = entry.file_name();
            let plain = name
                .to_str()
                .filter(|name| !name.contains(char::is_control));
            let Some(name) = plain else {
                return Err(format!(
                    "{path:?}: the name is no plain text; give it another"
                ));
            };
            if name.starts_with('.') {
                continue;
            }
            let name = format!("{prefix}{name}");
            // What a link leads to is an image or nothing: a folder behind it might hold the link.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.add_folder(&path, &format!("{name}/"), recipe)?;
            } else if is_picture(&path) {
                self.note_time_of(&path);
                let hash = hash(&path, recipe)?;
                self.assets.push(Asset { name, hash });
            }
        }
        Ok(())
    }

    fn note_time_of(&mut self, path: &Path) {
        let modified = fs::metadata(path).and_then(|about| about.modified());
        self.modified = self.modified.max(modified.ok());
    }
}

fn is_picture(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

/// What is in a file and what it is prepared as, as one SHA-256.
pub fn hash(path: &Path, recipe: Recipe) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| not_read(path, &error))?;
    let hash = Sha256::new()
        .chain_update(recipe.text())
        .chain_update(bytes)
        .finalize();
    Ok(format!("{hash:x}"))
}

fn not_read(path: &Path, error: &std::io::Error) -> String {
    format!("{}: cannot be read: {error}", path.display())
}
