//! Promise: only images without an id are prepared and uploaded, no id is lost, and no placeholder is committed.

mod failures;
mod without_key;

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::extension::Extension;
use crate::leonardo::sizes;
use crate::sandbox::{Fault, Sandbox};

/// A project with a folder of images.
struct Project {
    folder: TempDir,
    options: PrepareOptions,
}

impl Project {
    /// With one image of each name, all different.
    fn new(names: &[&str]) -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            options: sizes::prepare().within(64, 64),
        };
        for folder in ["assets/more", "out"] {
            fs::create_dir_all(project.path(folder)).unwrap();
        }
        for (index, name) in (1..).zip(names) {
            project.draw(name, index);
        }
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn asset(&self, name: &str) -> PathBuf {
        self.path("assets").join(name)
    }

    fn draw(&self, name: &str, red: u8) {
        let pixels = [red, 0, 0, 255].repeat(48 * 32);
        let image = PrepareOptions::default().extension(Extension::Png);
        let image = image.prepare_rgba8(48, 32, &pixels).unwrap();
        fs::write(self.asset(name), image.bytes()).unwrap();
    }

    fn run(&self, environment: &Environment<'_>) -> Result<Built, Problems> {
        AssetOptions::new(self.options.clone()).run(&self.path("assets"), environment)
    }

    /// Without a key.
    fn environment(&self, base_url: &str) -> Environment<'static> {
        Environment {
            out_dir: self.path("out"),
            base_url: base_url.into(),
            connect: None,
            is_release: false,
        }
    }

    fn on(&self, sandbox: &Sandbox) -> Result<Built, Problems> {
        self.run(&Environment {
            connect: Some(&|| sandbox.client()),
            ..self.environment(&sandbox.base_url())
        })
    }

    fn manifest(&self) -> Vec<u8> {
        fs::read(self.path("assets.jsonl")).unwrap()
    }

    fn entries(&self) -> Vec<Value> {
        let text = String::from_utf8(self.manifest()).unwrap();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The entry of an image, without its name.
    fn entry(&self, name: &str) -> Value {
        let mut entries = self.entries().into_iter();
        let mut entry = entries.find(|entry| entry["file"] == name).unwrap();
        entry.as_object_mut().unwrap().remove("file");
        entry
    }

    fn names(&self) -> Vec<String> {
        let entries = self.entries().into_iter();
        entries
            .map(|entry| entry["file"].as_str().unwrap().to_owned())
            .collect()
    }

    fn code(&self) -> String {
        fs::read_to_string(self.path("out/assets.rs")).unwrap()
    }
}

/// The number of files that the storage accepted.
fn stored(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    let posts = requests
        .iter()
        .filter(|request| request.method == "POST" && request.status == Some(204));
    posts.count()
}

#[test]
fn every_image_is_uploaded_once() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "b.png", "more/c.png"]);
    let built = project.on(&sandbox).unwrap();
    assert_eq!(built.summary, "0 known, 3 to upload, 0 gone");
    assert_eq!(built.warning, None);
    assert_eq!(stored(&sandbox), 3);
    assert_eq!(project.names(), ["a.png", "b.png", "more/c.png"]);
    let entry = project.entry("more/c.png");
    let id = entry["id"].as_str().unwrap();
    assert_eq!(entry["hash"].as_str().unwrap().len(), 64);
    assert_eq!(entry["api"], sandbox.base_url());
    assert_eq!(
        (&entry["width"], &entry["height"], &entry["extension"]),
        (&48.into(), &32.into(), &"jpg".into())
    );
    let line = format!(
        r#"Asset {{ name: "more/c.png", id: "{id}", width: 48, height: 32, extension: "jpg" }},"#
    );
    assert!(project.code().contains(&line), "{}", project.code());

    let written = project.manifest();
    let requests = sandbox.requests().len();
    let built = project.on(&sandbox).unwrap();
    assert_eq!(built.summary, "3 known, 0 to upload, 0 gone");
    assert_eq!(sandbox.requests().len(), requests);
    assert_eq!(project.manifest(), written);
}

#[test]
fn only_the_changed_file_is_uploaded() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "b.png", "c.png"]);
    project.on(&sandbox).unwrap();
    let before = ["a.png", "b.png", "c.png"].map(|name| project.entry(name));
    project.draw("b.png", 200);
    project.on(&sandbox).unwrap();
    assert_eq!(stored(&sandbox), 4);
    let after = ["a.png", "b.png", "c.png"].map(|name| project.entry(name));
    assert_eq!((&after[0], &after[2]), (&before[0], &before[2]));
    assert_ne!(after[1]["id"], before[1]["id"]);
    assert_ne!(after[1]["hash"], before[1]["hash"]);
}

#[test]
fn new_time_new_name_and_copy_upload_nothing() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "b.png"]);
    project.on(&sandbox).unwrap();
    let (a, b) = (project.entry("a.png"), project.entry("b.png"));
    let requests = sandbox.requests().len();

    let content = fs::read(project.asset("a.png")).unwrap();
    fs::write(project.asset("a.png"), content).unwrap();
    project.on(&sandbox).unwrap();
    assert_eq!(
        (project.entry("a.png"), project.entry("b.png")),
        (a.clone(), b.clone())
    );

    fs::rename(project.asset("a.png"), project.asset("more/z.png")).unwrap();
    fs::copy(project.asset("b.png"), project.asset("copy.png")).unwrap();
    // None of this needs the API, so none needs a key.
    project
        .run(&project.environment(&sandbox.base_url()))
        .unwrap();
    assert_eq!(project.names(), ["b.png", "copy.png", "more/z.png"]);
    assert_eq!(project.entry("more/z.png"), a);
    assert_eq!(
        (project.entry("copy.png"), project.entry("b.png")),
        (b.clone(), b)
    );
    assert_eq!(sandbox.requests().len(), requests);
}

#[test]
fn renamed_file_keeps_its_id_if_another_takes_its_name() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png"]);
    project.on(&sandbox).unwrap();
    let a = project.entry("a.png");
    fs::rename(project.asset("a.png"), project.asset("b.png")).unwrap();
    project.draw("a.png", 200);
    project.on(&sandbox).unwrap();
    assert_eq!(project.names(), ["a.png", "b.png"]);
    assert_eq!(project.entry("b.png"), a);
    assert_ne!(project.entry("a.png"), a);
    assert_eq!(stored(&sandbox), 2);
}

#[test]
fn new_copies_are_uploaded_once() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png"]);
    fs::copy(project.asset("a.png"), project.asset("b.png")).unwrap();
    project.on(&sandbox).unwrap();
    assert_eq!(stored(&sandbox), 1);
    assert_eq!(project.entry("a.png"), project.entry("b.png"));
}

#[test]
fn deleted_file_leaves_the_manifest_and_the_table() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "b.png"]);
    project.on(&sandbox).unwrap();
    fs::remove_file(project.asset("a.png")).unwrap();
    let built = project.on(&sandbox).unwrap();
    assert_eq!(built.summary, "1 known, 0 to upload, 1 gone");
    assert_eq!(project.names(), ["b.png"]);
    assert!(!project.code().contains("a.png"));
    assert_eq!(stored(&sandbox), 2);
}

#[test]
fn other_options_upload_all_images_again() {
    let sandbox = Sandbox::start().unwrap();
    let mut project = Project::new(&["a.png", "b.png"]);
    project.on(&sandbox).unwrap();
    project.options = project.options.extension(Extension::Webp);
    project.on(&sandbox).unwrap();
    assert_eq!(stored(&sandbox), 4);
    assert_eq!(project.entry("a.png")["extension"], "webp");
}

#[test]
fn ids_of_another_api_are_neither_used_nor_removed() {
    let [sandbox, other] = [(); 2].map(|()| Sandbox::start().unwrap());
    let project = Project::new(&["a.png"]);
    project.on(&sandbox).unwrap();
    let written = project.manifest();
    let problems = project.on(&other).unwrap_err();
    assert!(
        problems[0].contains("assets.jsonl has ids of http://127.0.0.1"),
        "{problems:?}"
    );
    assert!(other.requests().is_empty());
    assert_eq!(project.manifest(), written);
}

#[test]
fn only_images_are_uploaded_and_watched() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "UPPER.PNG", ".hidden.png"]);
    fs::write(project.asset("README.md"), "about them").unwrap();
    fs::write(project.asset("png"), "no extension").unwrap();
    let built = project.on(&sandbox).unwrap();
    assert_eq!(project.names(), ["UPPER.PNG", "a.png"]);
    let watched = ["assets", "assets/UPPER.PNG", "assets/a.png", "assets.jsonl"];
    assert_eq!(built.watched, watched.map(|name| project.path(name)));
}

#[test]
fn manifest_has_the_time_of_the_newest_image() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png"]);
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    let image = fs::File::options()
        .append(true)
        .open(project.asset("a.png"))
        .unwrap();
    image.set_modified(time).unwrap();
    project.on(&sandbox).unwrap();
    let manifest = fs::metadata(project.path("assets.jsonl")).unwrap();
    assert_eq!(manifest.modified().unwrap(), time);
}

#[test]
fn manifest_survives_an_interrupted_write_and_other_line_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known.jsonl");
    let open = || Manifest::open(&path, "", "");
    let entry = |file: &str| ManifestEntry {
        file: file.into(),
        id: "\"1\"\n".into(),
        width: 8,
        height: 16,
        extension: "png".into(),
        hash: "00".into(),
        api: "x".into(),
    };
    let manifest = open().unwrap();
    for name in ["a.png", "é\t.png"] {
        manifest.append(entry(name)).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert_eq!(
        open().unwrap().entries(),
        [entry("a.png"), entry("é\t.png")]
    );

    fs::write(&path, &text[..text.len() - 9]).unwrap();
    let manifest = open().unwrap();
    assert_eq!(manifest.entries(), [entry("a.png")]);
    manifest.append(entry("c.png")).unwrap();
    assert_eq!(open().unwrap().entries(), [entry("a.png"), entry("c.png")]);
    manifest.replace(&[entry("a.png")], None).unwrap();

    let windows = fs::read_to_string(&path).unwrap().replace('\n', "\r\n");
    fs::write(&path, &windows).unwrap();
    open().unwrap().replace(&[entry("a.png")], None).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), windows);

    // An editor may have removed the last line break.
    fs::write(&path, text.trim_end()).unwrap();
    let manifest = open().unwrap();
    manifest.append(entry("c.png")).unwrap();
    let names = ["a.png", "é\t.png", "c.png"].map(entry);
    assert_eq!(open().unwrap().entries(), names);

    let conflict = format!("<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n");
    for text in [
        "file,id\na.jpg,1\n",
        "[]\n",
        "{}\n",
        "{}",
        "notes",
        &conflict,
    ] {
        fs::write(&path, text).unwrap();
        let error = open().unwrap_err().to_string();
        assert!(
            error.starts_with("line 1 is not an entry of a manifest"),
            "{error}"
        );
    }
}

#[test]
fn literals_in_the_table_are_escaped() {
    let entry = ManifestEntry {
        file: r#"a\"{}.png"#.into(),
        id: "\"];\n".into(),
        width: 8,
        height: 16,
        extension: "png".into(),
        hash: "0".into(),
        api: "x".into(),
    };
    let line = "    Asset { name: \"a\\\\\\\"{}.png\", id: \"\\\"];\\n\", width: 8, height: 16, extension: \"png\" },\n";
    let table = code::table(&[entry]);
    assert!(
        table.contains("pub const ASSETS: [Asset; 1] = [\n"),
        "{table}"
    );
    assert!(table.contains(line), "{table}");
    assert!(code::table(&[]).contains("pub const ASSETS: [Asset; 0] = [\n];\n"));
}
