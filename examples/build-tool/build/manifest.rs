//! The file that has the ids: made to be committed, read in a diff and merged.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::Problems;

/// What was uploaded, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Manifest {
    /// The address of the API: no other knows the ids.
    pub api: String,
    /// By name of the file.
    pub assets: BTreeMap<String, Entry>,
}

/// An uploaded image.
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

    /// Whether [`write`](Self::write) can create its file at `path`, as far as that is known without leaving a trace.
    pub fn check_place(path: &Path) -> io::Result<()> {
        create_beside(&resolve_links(path)).map(drop)
    }

    /// Writes a temporary file in the folder of `path` and renames it: a reader sees the old content or the new one. A
    /// symbolic link is followed, and the mode of a file that exists stays the same.
    ///
    /// It is given the time of the newest thing it was made from. Otherwise cargo, which watches it, would find it newer
    /// than the start of the build script that wrote it, and run that again.
    pub fn write(&self, path: &Path, modified: Option<SystemTime>) -> io::Result<()> {
        let path = resolve_links(path);
        let mut file = create_beside(&path)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        let written = file.as_file();
        if let Ok(existing) = fs::metadata(&path) {
            written.set_permissions(existing.permissions())?;
        }
        if let Some(modified) = modified {
            written.set_modified(modified)?;
        }
        written.sync_all()?;
        file.persist(&path)?;
        Ok(())
    }
}

/// A file that is removed unless it is kept. Two builds in two target folders do not disturb each other.
fn create_beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The mode of any new file; without this, nobody else could read it.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Where the symbolic links at `path` lead. Nothing needs to exist there.
fn resolve_links(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many as Linux follows.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => break,
        }
    }
    path
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
    fn files_beside_it_are_left_alone_and_many_writers_succeed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("assets.json");
        // The temporary name was foreseeable.
        let beside = format!("assets.json.{}.tmp", std::process::id());
        let beside = folder.path().join(beside);
        fs::write(&beside, "mine").unwrap();
        let manifest = Manifest {
            api: "x".into(),
            assets: [("a.png".into(), entry("01", "2", "png"))].into(),
        };
        Manifest::check_place(&path).unwrap();
        std::thread::scope(|scope| {
            let write = || (0..20).try_for_each(|_| manifest.write(&path, None));
            let writers: Vec<_> = (0..8).map(|_| scope.spawn(write)).collect();
            for writer in writers {
                writer.join().unwrap().unwrap();
            }
        });
        assert_eq!(Manifest::read(&path, "x").unwrap(), manifest);
        assert_eq!(fs::read(&beside).unwrap(), b"mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn link_and_mode_stay() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let [file, link, usual] = ["file", "link", "usual"].map(|name| folder.path().join(name));
        symlink("file", &link).unwrap();
        fs::write(&usual, "").unwrap();
        let manifest = Manifest {
            api: "x".into(),
            assets: BTreeMap::new(),
        };
        let mode = |path| fs::metadata(path).unwrap().mode();
        manifest.write(&link, None).unwrap();
        assert_eq!(mode(&file), mode(&usual));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        manifest.write(&link, None).unwrap();
        assert!(link.is_symlink() && mode(&file) & 0o777 == 0o640);
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
