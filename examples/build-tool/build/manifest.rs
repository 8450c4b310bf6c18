//! The file that has the ids: made to be committed, read in a diff and merged.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
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

/// What an address of the API is known by: imgpost takes it with its version too, as the documentation gives it.
pub fn api_of(base_url: &str) -> &str {
    let base_url = base_url.trim_end_matches('/');
    base_url.strip_suffix("/v1").unwrap_or(base_url)
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

    /// Whether [`write`](Self::write) is going to find room at `path`, as far as can be told without a trace.
    pub fn check_place(path: &Path) -> io::Result<()> {
        let beside = beside(path);
        File::create(&beside)?;
        fs::remove_file(beside)
    }

    /// Writes it beside `path` and moves it there: whoever looks sees the old one or the new one.
    ///
    /// It is given the time of the newest thing it was made from. Otherwise cargo, which watches it, would find it newer
    /// than the start of the build script that wrote it, and run that again.
    pub fn write(&self, path: &Path, modified: Option<SystemTime>) -> io::Result<()> {
        let beside = beside(path);
        let write = || {
            let mut file = File::create(&beside)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")?;
            if let Some(modified) = modified {
                file.set_modified(modified)?;
            }
            file.sync_all()?;
            drop(file);
            fs::rename(&beside, path)
        };
        write().inspect_err(|_| {
            // The first error is the one to tell.
            let _ = fs::remove_file(&beside);
        })
    }
}

/// Where it is while it is written. Two builds in two target folders are in nobody's way.
fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    beside.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{
  "api": "https://api.example",
  "assets": {
    "a/é.png": {
      "hash": "01",
      "id": "2",
      "width": 16,
      "height": 8,
      "extension": "png"
    },
    "b.png": {
      "hash": "03",
      "id": "4",
      "width": 16,
      "height": 8,
      "extension": "jpg"
    }
  }
}
"#;

    fn entry(hash: &str, id: &str, extension: &str) -> Entry {
        Entry {
            hash: hash.into(),
            id: id.into(),
            width: 16,
            height: 8,
            extension: extension.into(),
        }
    }

    #[test]
    fn an_api_is_the_same_with_its_version() {
        for base_url in ["", "/", "/v1", "/v1/"] {
            let base_url = format!("https://api.example/rest{base_url}");
            assert_eq!(api_of(&base_url), "https://api.example/rest");
        }
    }

    #[test]
    fn it_is_written_in_order_a_line_a_value_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("assets.json");
        let assets = [
            ("b.png", entry("03", "4", "jpg")),
            ("a/é.png", entry("01", "2", "png")),
        ];
        let manifest = Manifest {
            api: "https://api.example".into(),
            assets: assets.map(|(name, entry)| (name.into(), entry)).into(),
        };
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        for _ in 0..2 {
            manifest.write(&path, Some(time)).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), TEXT);
        }
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), time);
        assert_eq!(
            Manifest::read(&path, "https://api.example").unwrap(),
            manifest
        );
        // Nothing is left beside it.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn where_it_cannot_be_moved_nothing_is_left_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("assets.json");
        fs::create_dir_all(path.join("in the way")).unwrap();
        let manifest = Manifest {
            api: String::new(),
            assets: BTreeMap::new(),
        };
        manifest.write(&path, None).unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn line_ends_of_another_system_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let [here, there] = ["here.json", "there.json"].map(|name| folder.path().join(name));
        fs::write(&here, TEXT).unwrap();
        fs::write(&there, TEXT.replace('\n', "\r\n")).unwrap();
        let read = |path| Manifest::read(path, "https://api.example").unwrap();
        assert_eq!(read(&here), read(&there));
    }

    #[test]
    fn an_empty_one_is_of_any_api_and_a_full_one_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("assets.json");
        assert_eq!(Manifest::read(&path, "x").unwrap().api, "x");
        fs::write(&path, r#"{"api": "https://api.example", "assets": {}}"#).unwrap();
        assert_eq!(Manifest::read(&path, "x").unwrap().api, "x");
        fs::write(&path, TEXT).unwrap();
        let problem = Manifest::read(&path, "x").unwrap_err().remove(0);
        assert!(
            problem.contains("assets.json: has ids of https://api.example, not of x; set "),
            "{problem}"
        );
    }

    #[test]
    fn what_is_no_manifest_is_told_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("assets.json");
        let conflict = format!("<<<<<<< ours\n{TEXT}=======\n{TEXT}>>>>>>> theirs\n");
        for text in ["", "{}", "[]", &TEXT[..TEXT.len() / 2], &conflict] {
            fs::write(&path, text).unwrap();
            let problem = Manifest::read(&path, "https://api.example")
                .unwrap_err()
                .remove(0);
            assert!(
                problem.contains("assets.json: is no manifest: "),
                "{problem}"
            );
        }
    }
}
