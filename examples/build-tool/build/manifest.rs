//! The file that has the ids: made to be committed, read in a diff and merged.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::Problems;

/// What was uploaded, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Manifest {
    /// The address of the API: no other knows the ids.
    pub api: String,
    /// By name of the file.
    pub assets: BTreeMap<String, Entry>,
}

/// An uploaded picture.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Entry {
    /// SHA-256 of what is in the file and of what it was prepared as.
    pub hash: String,
    pub id: String,
    pub width: u32,
    pub height: u32,
    pub extension: String,
}

impl Manifest {
    /// What is in the file at `path`; nothing where there is no file.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or has ids of another API: they mean nothing here, and are not thrown away for that.
    pub fn read(path: &Path, api: &str) -> Result<Self, Problems> {
        let problem = |what: String| vec![format!("{}: {what}", path.display())];
        let empty = Self {
            api: api.into(),
            assets: BTreeMap::new(),
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(empty),
            Err(error) => return Err(problem(format!("cannot be read: {error}"))),
        };
        let manifest: Self = serde_json::from_str(&text).map_err(|error| {
            problem(format!(
                "is no manifest: {error}; take it out of version control again, or delete it to upload everything anew"
            ))
        })?;
        match () {
            () if manifest.assets.is_empty() => Ok(empty),
            () if manifest.api == api => Ok(manifest),
            () => Err(problem(format!(
                "has ids of {}, not of {api}; set LEONARDO_BASE_URL to the former, or delete the file to upload \
                 everything to the latter",
                manifest.api
            ))),
        }
    }

    /// Writes it beside `path` and moves it there: whoever looks sees the old one or the new one.
    ///
    /// It is given the time of the newest thing it was made from. Otherwise cargo, which watches it, would find it newer
    /// than the start of the build script that wrote it, and run that again.
    pub fn write(&self, path: &Path, modified: Option<SystemTime>) -> io::Result<()> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.tmp", std::process::id()));
        let write = || {
            let mut file = File::create(&beside)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")?;
            if let Some(modified) = modified {
                file.set_modified(modified)?;
            }
            file.sync_all()?;
            fs::rename(&beside, path)
        };
        write().inspect_err(|_| {
            // The first error is the one to tell.
            let _ = fs::remove_file(&beside);
        })
    }
}
