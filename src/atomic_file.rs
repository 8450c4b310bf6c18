//! Files that appear under their name only when they are complete.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::cancel::{CancelHook, CancelToken};
use crate::random;

/// The number of symbolic links that are followed, as on Linux.
const MAX_LINKS: usize = 40;

/// A file being written. The bytes go to a temporary file in the folder of the target, which [`commit`](Self::commit)
/// renames: a reader sees the old content or the new content, never a part of it. Several writers do not disturb each
/// other.
///
/// A target that exists is treated as `cp` treats it: a symbolic link is followed, also to a file that does not exist
/// yet; the mode and, if permitted, the owner stay the same; a file without write permission is refused; a device or a
/// FIFO is written to directly.
///
/// Dropping the value, or cancelling the token, removes the temporary file. Cancelling removes it at once, on the thread
/// that cancels: a program may exit right after that.
#[derive(Debug)]
pub(crate) struct AtomicFile<'a> {
    file: File,
    temporary: Option<Temporary<'a>>,
    cancel_token: Option<&'a CancelToken>,
}

#[derive(Debug)]
struct Temporary<'a> {
    path: PathBuf,
    target: PathBuf,
    _remove_on_cancel: Option<CancelHook<'a>>,
}

/// The file that a cancellation removes.
#[derive(Debug, Default)]
struct Removal {
    is_cancelled: bool,
    path: Option<PathBuf>,
}

impl Removal {
    fn remove(&mut self) {
        self.is_cancelled = true;
        if let Some(path) = self.path.take() {
            // After a commit, nothing has this name.
            let _ = fs::remove_file(path);
        }
    }
}

/// Nothing is left half changed under this lock.
fn lock(removal: &Mutex<Removal>) -> MutexGuard<'_, Removal> {
    removal.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> AtomicFile<'a> {
    pub fn create(path: &Path, cancel_token: Option<&'a CancelToken>) -> io::Result<Self> {
        check(cancel_token)?;
        let target = resolve_links(path)?;
        let existing = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(_) if is_descriptor(&target) => {
                // What others wrote to the same descriptor stays.
                return Self::direct(OpenOptions::new().append(true), path, cancel_token);
            }
            Ok(metadata) if !metadata.is_file() => {
                return Self::direct(OpenOptions::new().write(true), path, cancel_token);
            }
            // Opening the file shows whether it may be written, and changes nothing.
            Ok(_) => Some(OpenOptions::new().write(true).open(path)?.metadata()?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let removal = Arc::new(Mutex::new(Removal::default()));
        let hook = cancel_token.map(|token| {
            let removal = Arc::clone(&removal);
            token.on_cancel(move || lock(&removal).remove())
        });
        let (file, temporary) = {
            // Held while the file is created: a thread that cancels meanwhile waits, and then removes the file.
            let mut removal = lock(&removal);
            if removal.is_cancelled {
                return Err(cancelled());
            }
            let created = create_beside(&target, existing.as_ref())?;
            removal.path = Some(created.1.clone());
            created
        };
        let created = Self {
            file,
            temporary: Some(Temporary {
                path: temporary,
                target,
                _remove_on_cancel: hook,
            }),
            cancel_token,
        };
        #[cfg(unix)]
        if let Some(existing) = existing {
            keep_owner_and_mode(&created.file, &existing)?;
        }
        Ok(created)
    }

    fn direct(
        options: &OpenOptions,
        path: &Path,
        cancel_token: Option<&'a CancelToken>,
    ) -> io::Result<Self> {
        Ok(Self {
            file: options.open(path)?,
            temporary: None,
            cancel_token,
        })
    }

    /// Whether the bytes go to a device or a FIFO, from which they cannot be taken back.
    pub fn is_direct(&self) -> bool {
        self.temporary.is_none()
    }

    /// The temporary file, open for reading too; or the device.
    pub fn as_file(&self) -> &File {
        &self.file
    }

    /// Gives the file its name.
    pub fn commit(self) -> io::Result<()> {
        check(self.cancel_token)?;
        match &self.temporary {
            None => Ok(()),
            Some(temporary) => fs::rename(&temporary.path, &temporary.target),
        }
    }
}

impl Write for AtomicFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        check(self.cancel_token)?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        // After a commit, nothing has this name.
        let _ = fs::remove_file(&self.path);
    }
}

fn check(cancel_token: Option<&CancelToken>) -> io::Result<()> {
    if cancel_token.is_some_and(CancelToken::is_cancelled) {
        return Err(cancelled());
    }
    Ok(())
}

fn cancelled() -> io::Error {
    io::Error::other("cancelled")
}

/// The path that the symbolic links at `path` lead to. It need not exist.
fn resolve_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        // These links lead to open files, which may have no name.
        if is_descriptor(&path) {
            return Ok(path);
        }
        match fs::read_link(&path) {
            Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
            // Not a link, or does not exist.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

/// Whether the path names an open file of this process, for example `/dev/stdout`.
fn is_descriptor(path: &Path) -> bool {
    let standard = ["/dev/stdin", "/dev/stdout", "/dev/stderr"];
    cfg!(unix)
        && (path.starts_with("/proc")
            || path.starts_with("/dev/fd")
            || standard.iter().any(|name| path == Path::new(name)))
}

/// Creates a file in the folder of `target`, because a rename cannot cross file systems. Its name is short, because the
/// name of the target may be as long as the file system allows.
fn create_beside(target: &Path, existing: Option<&Metadata>) -> io::Result<(File, PathBuf)> {
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    if let Some(existing) = existing {
        use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
        // Whoever may not read the old content may not read the new content.
        options.mode(existing.mode() & 0o777);
    }
    #[cfg(not(unix))]
    let _ = existing;
    loop {
        let name = format!(".imgpost-{:016x}.tmp", random::draw() as u64);
        let path = folder.join(name);
        match options.open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                let folder = folder.display();
                let text = format!("cannot create a temporary file in {folder}: {error}");
                return Err(io::Error::new(error.kind(), text));
            }
        }
    }
}

#[cfg(unix)]
fn keep_owner_and_mode(file: &File, existing: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (existing.uid(), existing.gid()) {
        // If this is not permitted, the file belongs to whoever wrote it, like a new file.
        let _ = fchown(file, Some(existing.uid()), Some(existing.gid()));
    }
    // Some file systems refuse to set a mode, even the one that the file has.
    if file.metadata()?.mode() != existing.mode() {
        file.set_permissions(existing.permissions())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = AtomicFile::create(path, None)?;
        file.write_all(bytes)?;
        file.commit()
    }

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn target_keeps_its_content_until_the_commit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path, None).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(
            (fs::read(&path).unwrap(), count(folder.path())),
            (b"old".to_vec(), 2)
        );
        drop(file);
        assert_eq!(
            (fs::read(&path).unwrap(), count(folder.path())),
            (b"old".to_vec(), 1)
        );
        write(&path, b"new").unwrap();
        assert_eq!(
            (fs::read(&path).unwrap(), count(folder.path())),
            (b"new".to_vec(), 1)
        );
    }

    #[test]
    fn cancelling_removes_the_temporary_file_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let token = CancelToken::new();
        let mut file = AtomicFile::create(&path, Some(&token)).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(count(folder.path()), 1);
        token.cancel();
        assert_eq!(count(folder.path()), 0);
        assert!(file.write_all(b"more").is_err() && file.commit().is_err());
        assert!(AtomicFile::create(&path, Some(&token)).is_err());
        assert_eq!(count(folder.path()), 0);
    }

    #[test]
    fn name_may_be_as_long_as_the_file_system_allows() {
        let folder = tempfile::tempdir().unwrap();
        for length in [250, 251, 255] {
            let path = folder.path().join("n".repeat(length));
            write(&path, b"new").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new");
        }
        let too_long = folder.path().join("n".repeat(256));
        assert!(write(&too_long, b"new").is_err());
        assert_eq!(count(folder.path()), 3);
    }

    #[test]
    fn folder_is_not_a_target() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(folder.path(), b"new").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
        let error = write(&folder.path().join("missing/a"), b"new").unwrap_err();
        assert!(error.to_string().contains("missing: "), "{error}");
    }

    #[test]
    fn concurrent_writers_all_succeed_and_readers_see_whole_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let content = |writer: u8| vec![writer; 300_000];
        write(&path, &content(0)).unwrap();
        let is_done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut reads = 0;
                while !is_done.load(Ordering::Relaxed) || reads == 0 {
                    let bytes = fs::read(&path).unwrap();
                    assert_eq!(bytes.len(), 300_000);
                    assert!(bytes.iter().all(|byte| *byte == bytes[0]));
                    reads += 1;
                }
            });
            let write = |writer| (0..20).try_for_each(|_| write(&path, &content(writer)));
            let writers: Vec<_> = (1..=12)
                .map(|writer| scope.spawn(move || write(writer)))
                .collect();
            for writer in writers {
                writer.join().unwrap().unwrap();
            }
            is_done.store(true, Ordering::Relaxed);
            reader.join().unwrap();
        });
        assert_eq!(count(folder.path()), 1);
    }

    #[cfg(unix)]
    mod unix {
        use super::*;
        use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().mode() & 0o7777
        }

        #[test]
        fn mode_of_the_target_is_kept_and_a_new_file_gets_the_usual_one() {
            let folder = tempfile::tempdir().unwrap();
            let [usual, path] = ["usual", "a"].map(|name| folder.path().join(name));
            File::create(&usual).unwrap();
            write(&path, b"new").unwrap();
            assert_eq!(mode(&path), mode(&usual));
            for wanted in [0o600, 0o640, 0o666, 0o755] {
                fs::set_permissions(&path, fs::Permissions::from_mode(wanted)).unwrap();
                write(&path, b"newer").unwrap();
                assert_eq!(mode(&path), wanted);
            }
        }

        /// Root may write to any file.
        #[test]
        fn file_without_write_permission_is_refused() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a");
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
            let may_write = OpenOptions::new().write(true).open(&path).is_ok();
            assert_eq!(write(&path, b"new").is_ok(), may_write);
            assert_eq!(count(folder.path()), 1);
        }

        #[test]
        fn links_are_followed_and_stay_links() {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name);
            fs::create_dir(at("elsewhere")).unwrap();
            fs::write(at("elsewhere/file"), "old").unwrap();
            symlink("elsewhere/file", at("first")).unwrap();
            symlink(at("first"), at("second")).unwrap();
            // Relative to the folder that a link in the path leads to.
            symlink("elsewhere", at("folder")).unwrap();
            symlink("../dangling", at("elsewhere/up")).unwrap();
            for (path, file) in [("second", "elsewhere/file"), ("folder/up", "dangling")] {
                write(&at(path), b"new").unwrap();
                assert!(at(path).is_symlink(), "{path}");
                assert!(fs::symlink_metadata(at(file)).unwrap().is_file(), "{file}");
                assert_eq!(fs::read(at(file)).unwrap(), b"new");
            }
            symlink("loop", at("loop")).unwrap();
            assert!(write(&at("loop"), b"new").is_err());
            assert_eq!((count(folder.path()), count(&at("elsewhere"))), (6, 2));
        }

        #[test]
        fn fifo_is_written_to_and_stays() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("fifo");
            let made = std::process::Command::new("mkfifo").arg(&path).status();
            assert!(made.unwrap().success());
            let inode = fs::metadata(&path).unwrap().ino();
            let from = path.clone();
            let reader = std::thread::spawn(move || fs::read(from).unwrap());
            write(&path, b"new").unwrap();
            assert_eq!(reader.join().unwrap(), b"new");
            assert_eq!(fs::metadata(&path).unwrap().ino(), inode);
        }

        #[test]
        fn open_descriptor_is_appended_to() {
            use std::os::fd::AsRawFd;
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a");
            let mut file = File::create(&path).unwrap();
            file.write_all(b"first, ").unwrap();
            let descriptor = format!("/dev/fd/{}", file.as_raw_fd());
            symlink(descriptor, folder.path().join("link")).unwrap();
            write(&folder.path().join("link"), b"second").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"first, second");
        }
    }
}
