//! Promise: cargo runs the build script when something changed and at no other time, fails with what it says, and
//! writes the key nowhere.
//!
//! Each test builds a copy of this package with the cargo that runs the tests, and in the same target folder, where the
//! dependencies have been built.

#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use imgpost::sandbox::{Fault, Sandbox};
use imgpost::{Extension, PrepareOptions};
use serde_json::Value;

const KEY: &str = "LEONARDO_API_KEY";
const URL: &str = "LEONARDO_BASE_URL";
const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

/// A copy of this package.
struct Copy {
    name: String,
    folder: PathBuf,
    target: PathBuf,
}

/// What cargo and the program printed.
struct Printed {
    is_success: bool,
    /// The output of the program.
    table: String,
    /// The messages of cargo.
    messages: String,
}

impl Printed {
    /// Whether anything was run or compiled.
    fn is_rebuilt(&self) -> bool {
        self.messages.contains("Compiling copy-")
    }

    #[track_caller]
    fn succeeded(self) -> Self {
        assert!(self.is_success, "{}", self.messages);
        self
    }

    #[track_caller]
    fn failed(self) -> String {
        assert!(!self.is_success, "{}", self.messages);
        self.messages
    }
}

impl Copy {
    fn new(test: &str) -> Self {
        let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let copy = Self {
            name: format!("copy-{test}"),
            folder: tmp.join(format!("build-tool-{test}")),
            target: tmp.parent().unwrap().into(),
        };
        if copy.folder.exists() {
            fs::remove_dir_all(&copy.folder).unwrap();
        }
        fs::create_dir_all(&copy.folder).unwrap();
        for name in ["assets", "assets.jsonl", "build.rs", "src"] {
            copy_all(&Path::new(PACKAGE).join(name), &copy.path(name));
        }
        let root = Path::new(PACKAGE).join("../..").canonicalize().unwrap();
        let replacements = [
            ("\"imgpost-build-tool\"", format!("{:?}", copy.name)),
            ("path = \"../..\"", format!("path = {root:?}")),
        ];
        for (name, count) in [("Cargo.toml", 3), ("Cargo.lock", 1)] {
            let mut text = fs::read_to_string(Path::new(PACKAGE).join(name)).unwrap();
            let found = replacements
                .iter()
                .map(|(from, _)| text.matches(from).count());
            assert_eq!(found.sum::<usize>(), count, "{name}");
            for (from, to) in &replacements {
                text = text.replace(from, to);
            }
            fs::write(copy.path(name), text).unwrap();
        }
        // What an earlier run of this test left in the target folder.
        let printed = copy.run(&["clean", "--package", &copy.name], None);
        assert!(printed.is_success, "{}", printed.messages);
        copy
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Cargo in the folder of the copy, with the key and the address of a sandbox.
    fn run(&self, arguments: &[&str], sandbox: Option<(&str, &str)>) -> Printed {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(arguments)
            .args(["--offline", "--locked", "--color", "never"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .env_remove(KEY)
            .env_remove(URL);
        // What the cargo that runs the tests says of this package: build scripts of dependencies watch it, and all would be
        // built anew, here and then again there.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let prefixes = ["CARGO_MANIFEST_", "CARGO_PKG_", "OUT_DIR"];
            if prefixes.iter().any(|prefix| text.starts_with(prefix)) {
                cargo.env_remove(name);
            }
        }
        if let Some((key, url)) = sandbox {
            cargo.env(URL, url);
            if !key.is_empty() {
                cargo.env(KEY, key);
            }
        }
        let output = cargo.output().unwrap();
        let printed = Printed {
            is_success: output.status.success(),
            table: String::from_utf8(output.stdout).unwrap(),
            messages: String::from_utf8(output.stderr).unwrap(),
        };
        if let Some((key, _)) = sandbox.filter(|(key, _)| !key.is_empty()) {
            assert!(!printed.table.contains(key) && !printed.messages.contains(key));
        }
        printed
    }

    /// Builds and runs the program on a sandbox.
    fn on(&self, sandbox: &Sandbox) -> Printed {
        self.run(&["run"], Some((sandbox.api_key(), &sandbox.base_url())))
    }

    fn draw(&self, name: &str, red: u8) {
        let pixels = [red, 0, 0, 255].repeat(64 * 64);
        let image = PrepareOptions::default()
            .within(64, 64)
            .extension(Extension::Png);
        let image = image.prepare_rgba8(64, 64, &pixels).unwrap();
        fs::write(self.path("assets").join(name), image.bytes()).unwrap();
    }

    fn manifest(&self) -> Vec<u8> {
        fs::read(self.path("assets.jsonl")).unwrap()
    }

    /// The names and the ids in the manifest.
    fn ids(&self) -> Vec<(String, String)> {
        let manifest = String::from_utf8(self.manifest()).unwrap();
        let entries = manifest.lines().map(|line| {
            let entry: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| entry[name].as_str().unwrap().to_owned();
            (text("file"), text("id"))
        });
        entries.collect()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.ids().into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }

    /// Whether the key is in no file of the copy, and in none that cargo made for it.
    #[track_caller]
    fn lacks(&self, key: &str) {
        let mut files = all_files(&self.folder);
        let debug = self.target.join("debug");
        for folder in ["", ".fingerprint", "build", "deps"] {
            for entry in fs::read_dir(debug.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap();
                if name.replace('_', "-").starts_with(&self.name) {
                    files.extend(all_files(&path));
                }
            }
        }
        assert!(files.len() > 20, "{files:?}");
        for file in files {
            let bytes = fs::read(&file).unwrap();
            let is_there = bytes.windows(key.len()).any(|part| part == key.as_bytes());
            assert!(!is_there, "the key is in {}", file.display());
        }
    }
}

fn copy_all(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        copy_all(&from.join(&name), &to.join(&name));
    }
}

/// Those in a folder and in the folders in it, or the one file.
fn all_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.into()];
    }
    let entries = fs::read_dir(path).unwrap();
    entries
        .flat_map(|entry| all_files(&entry.unwrap().path()))
        .collect()
}

fn stored(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    let posts = requests
        .iter()
        .filter(|request| request.method == "POST" && request.status == Some(204));
    posts.count()
}

#[test]
fn build_uploads_what_changed_and_nothing_else() {
    let sandbox = Sandbox::start().unwrap();
    let copy = Copy::new("changes");
    let printed = copy.on(&sandbox).succeeded();
    assert!(
        !printed.messages.contains("warning: copy-"),
        "{}",
        printed.messages
    );
    assert_eq!(stored(&sandbox), 3);
    assert_eq!(copy.names(), ["buoy.png", "flags/papa.png", "harbor.png"]);
    for (name, id) in copy.ids() {
        let is_listed = |line: &str| line.starts_with(&name) && line.contains(&id);
        assert!(printed.table.lines().any(is_listed), "{}", printed.table);
    }

    // Before a later build writes over it.
    copy.lacks(sandbox.api_key());

    // Writing the manifest is no reason to run again.
    let again = copy.on(&sandbox).succeeded();
    assert!(!again.is_rebuilt(), "{}", again.messages);
    assert_eq!(again.table, printed.table);

    // Nor, for long, is a new time.
    let written = copy.manifest();
    let requests = sandbox.requests().len();
    let harbor = File::options()
        .write(true)
        .open(copy.path("assets/harbor.png"))
        .unwrap();
    harbor.set_modified(SystemTime::now()).unwrap();
    assert!(copy.on(&sandbox).succeeded().is_rebuilt());
    assert!(!copy.on(&sandbox).succeeded().is_rebuilt());
    assert_eq!(sandbox.requests().len(), requests);
    assert_eq!(copy.manifest(), written);

    let before = copy.ids();
    copy.draw("buoy.png", 200);
    let changed = copy.on(&sandbox).succeeded();
    assert_eq!(stored(&sandbox), 4);
    let after = copy.ids();
    assert_ne!(after[0].1, before[0].1);
    assert_eq!(after[1..], before[1..]);
    assert!(changed.table.contains(&after[0].1), "{}", changed.table);

    // One gone, one under another name, one in two places.
    let requests = sandbox.requests().len();
    let assets = copy.path("assets");
    fs::rename(assets.join("flags/papa.png"), assets.join("papa.png")).unwrap();
    fs::copy(assets.join("harbor.png"), assets.join("flags/harbor.png")).unwrap();
    fs::remove_file(assets.join("buoy.png")).unwrap();
    copy.on(&sandbox).succeeded();
    assert_eq!(copy.names(), ["flags/harbor.png", "harbor.png", "papa.png"]);
    assert_eq!(sandbox.requests().len(), requests);
    assert!(!copy.on(&sandbox).succeeded().is_rebuilt());

    // All is known: neither the key nor the API is needed. That the key went is no reason to run.
    let (key, url) = (sandbox.api_key().to_owned(), sandbox.base_url());
    drop(sandbox);
    let keyless = copy.run(&["run"], Some(("", &url))).succeeded();
    assert!(!keyless.is_rebuilt(), "{}", keyless.messages);
    File::options()
        .write(true)
        .open(copy.path("assets/harbor.png"))
        .unwrap()
        .set_modified(SystemTime::now())
        .unwrap();
    let keyless = copy.run(&["run"], Some(("", &url))).succeeded();
    assert!(keyless.is_rebuilt() && keyless.table.contains("papa.png"));

    // A manifest that somebody else committed is seen.
    let manifest = String::from_utf8(copy.manifest()).unwrap();
    let id = &copy.ids()[2].1;
    fs::write(copy.path("assets.jsonl"), manifest.replace(id, "pulled")).unwrap();
    let pulled = copy.run(&["run"], Some(("", &url))).succeeded();
    assert!(pulled.table.contains("pulled"), "{}", pulled.table);

    copy.lacks(&key);
}

#[test]
fn failed_build_says_why_and_keeps_what_it_has() {
    let sandbox = Sandbox::start().unwrap();
    let (key, url) = (sandbox.api_key().to_owned(), sandbox.base_url());
    let copy = Copy::new("failures");
    fs::write(copy.path("assets/broken.png"), "not an image").unwrap();
    let messages = copy.on(&sandbox).failed();
    for words in [
        "assets/broken.png: the file is not an image; give a JPEG, PNG or WebP file",
        "3 of 4 images were uploaded and are kept in assets.jsonl; fix the above and build again for the rest",
    ] {
        let line = format!("error: {}@0.0.0: {words}", copy.name);
        assert!(messages.contains(&line), "{messages}");
    }
    assert_eq!(copy.names(), ["buoy.png", "flags/papa.png", "harbor.png"]);

    // Nothing changed, so it fails again, and uploads nothing again.
    let messages = copy.on(&sandbox).failed();
    assert!(
        messages.contains("broken.png: the file is not an image"),
        "{messages}"
    );
    assert_eq!(stored(&sandbox), 3);

    fs::remove_file(copy.path("assets/broken.png")).unwrap();
    copy.on(&sandbox).succeeded();
    assert_eq!(stored(&sandbox), 3);

    let message = format!("{key} has no credits");
    let sandbox = sandbox.with_api_fault(Fault::api_error(402, "payment", &message));
    copy.draw("new.png", 200);
    let messages = copy.run(&["run"], Some((&key, &url))).failed();
    let words = "assets/new.png: the API responded with 402 payment: ";
    assert!(
        messages.contains(words) && messages.contains(" has no credits"),
        "{messages}"
    );
    assert!(!messages.contains(&key), "{messages}");
    assert_eq!(copy.names().len(), 3);
    copy.on(&sandbox).succeeded();
    assert_eq!(copy.names().len(), 4);
}

#[test]
fn without_a_key_a_build_warns_and_a_release_fails() {
    let copy = Copy::new("keyless");
    let committed = copy.manifest();
    let printed = copy.run(&["run"], None).succeeded();
    let warning = format!(
        "warning: {}@0.0.0: no LEONARDO_API_KEY: 3 images (buoy.png, flags/papa.png, harbor.png) are not in \
         assets.jsonl, and got placeholders",
        copy.name
    );
    assert!(printed.messages.contains(&warning), "{}", printed.messages);
    assert_eq!(printed.table.lines().count(), 4, "{}", printed.table);
    assert_eq!(copy.manifest(), committed);

    // It does so every time, without doing anything for it.
    let again = copy.run(&["run"], None).succeeded();
    assert!(
        !again.is_rebuilt() && again.messages.contains(&warning),
        "{}",
        again.messages
    );
    assert_eq!(again.table, printed.table);

    // The build script itself, messages that it is a release: to build all the dependencies for one takes minutes.
    let built = copy
        .run(&["build", "--message-format", "json"], None)
        .succeeded();
    let messages = built.table.lines();
    let mut messages = messages.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let script = messages.find(|message| {
        let is_ours = message["package_id"]
            .as_str()
            .is_some_and(|id| id.contains(&copy.name));
        is_ours && message["target"]["kind"][0] == "custom-build"
    });
    let out_dir = tempfile::tempdir().unwrap();
    let release = Command::new(script.unwrap()["filenames"][0].as_str().unwrap())
        .current_dir(&copy.folder)
        .env("OUT_DIR", out_dir.path())
        .env("PROFILE", "release")
        .env_remove(KEY)
        .env_remove(URL)
        .output()
        .unwrap();
    let messages = String::from_utf8(release.stdout).unwrap();
    let error = "cargo::error=no LEONARDO_API_KEY: 3 images (buoy.png, flags/papa.png, harbor.png) are not in \
                 assets.jsonl, and a release needs them; ";
    assert!(messages.contains(error), "{messages}");
    assert!(!out_dir.path().join("assets.rs").exists());
    assert_eq!(copy.manifest(), committed);

    // The key comes, and cargo sees it.
    let sandbox = Sandbox::start().unwrap();
    let printed = copy.on(&sandbox).succeeded();
    assert!(
        !printed.messages.contains("no LEONARDO_API_KEY"),
        "{}",
        printed.messages
    );
    assert_eq!(stored(&sandbox), 3);
    assert_eq!(copy.names().len(), 3);
}
