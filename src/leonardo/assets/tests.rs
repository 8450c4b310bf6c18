//! Promise: only images without an id are prepared and uploaded, no id is lost, and no placeholder is committed.

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
fn full_manifest_needs_neither_key_nor_network_and_prepares_nothing() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "b.png"]);
    project.on(&sandbox).unwrap();
    let api = sandbox.base_url();
    drop(sandbox);
    // Preparing it would fail.
    fs::write(project.asset("b.png"), "not an image").unwrap();
    let fingerprint = project.options.fingerprint();
    let manifest = Manifest::open(project.path("assets.jsonl"), &api, &fingerprint).unwrap();
    let mut entries = manifest.entries();
    entries[1].hash = manifest.hash(&project.asset("b.png")).unwrap();
    manifest.replace(&entries, None).unwrap();
    let code = project.code();
    fs::remove_file(project.path("out/assets.rs")).unwrap();
    let is_connected = Cell::new(false);
    let connect = || {
        is_connected.set(true);
        Err(Error::Cancelled)
    };
    for connect in [None, Some(&connect as &dyn Fn() -> Result<Client, Error>)] {
        for is_release in [false, true] {
            let environment = Environment {
                connect,
                is_release,
                ..project.environment(&api)
            };
            assert_eq!(project.run(&environment).unwrap().warning, None);
        }
    }
    assert!(!is_connected.get());
    assert_eq!(project.code(), code);
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
fn broken_image_is_named_and_the_others_are_kept() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "b.png", "gone.png"]);
    project.on(&sandbox).unwrap();
    project.draw("b.png", 200);
    project.draw("new.png", 201);
    fs::remove_file(project.asset("gone.png")).unwrap();
    fs::write(project.asset("broken.png"), "not an image").unwrap();
    fs::write(project.asset("drawing.svg"), "<svg/>").unwrap();
    let problems = project.on(&sandbox).unwrap_err();
    let [broken, drawing, rest] = &problems[..] else {
        panic!("{problems:?}")
    };
    let name = project.asset("broken.png");
    let name = format!("{}: the file is not an image; ", name.display());
    assert!(broken.starts_with(&name), "{broken}");
    assert!(drawing.contains("drawing.svg: "), "{drawing}");
    assert!(
        rest.starts_with("2 of 4 images were uploaded and are kept in "),
        "{rest}"
    );
    // Until all images have ids, no entry is removed.
    let has = |name: &str| project.names().iter().any(|own| own == name);
    assert!(
        ["a.png", "b.png", "gone.png", "new.png"]
            .into_iter()
            .all(has)
    );
    assert_eq!(stored(&sandbox), 5);

    for name in ["broken.png", "drawing.svg"] {
        fs::remove_file(project.asset(name)).unwrap();
    }
    let built = project.run(&project.environment(&sandbox.base_url()));
    assert_eq!(built.unwrap().summary, "3 known, 0 to upload, 1 gone");
    assert_eq!(project.names(), ["a.png", "b.png", "new.png"]);
}

#[test]
fn rejection_by_the_api_is_quoted_and_loses_no_id() {
    let sandbox = Sandbox::start().unwrap();
    let key = sandbox.api_key().to_owned();
    let message = format!("{key} has none left");
    let sandbox = sandbox.with_api_fault(Fault::api_error(402, "no-credits", &message));
    let project = Project::new(&["a.png", "b.png", "c.png"]);
    let problems = project.on(&sandbox).unwrap_err().join("\n");
    assert!(
        problems.contains(".png: the API responded with 402 no-credits: "),
        "{problems}"
    );
    assert!(problems.contains(" has none left"), "{problems}");
    assert!(!problems.contains(&key), "{problems}");
    // The number of uploads in progress at the rejection varies; all of them are kept.
    let kept = project.names().len();
    assert_eq!(kept, stored(&sandbox));
    assert!(kept < 3);
    project.on(&sandbox).unwrap();
    assert_eq!(stored(&sandbox), 3);
    assert_eq!(project.names().len(), 3);
}

#[test]
fn wrong_key_is_not_tried_on_every_image() {
    let sandbox = Sandbox::start().unwrap();
    let names: Vec<_> = (0..20).map(|n| format!("{n}.png")).collect();
    let project = Project::new(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let connect = || {
        let builder = Client::builder("11111111-2222-3333-4444-555555555555");
        builder.base_url(sandbox.base_url()).build()
    };
    let environment = Environment {
        connect: Some(&connect),
        ..project.environment(&sandbox.base_url())
    };
    let problems = project.run(&environment).unwrap_err();
    // Four images are processed at once.
    assert!((1..=4).contains(&sandbox.requests().len()));
    assert!(
        problems[0].contains("check the API key (LEONARDO_API_KEY)"),
        "{problems:?}"
    );
    let rest = problems.last().unwrap();
    assert!(rest.starts_with("0 of 20 images were uploaded"), "{rest}");
    assert!(!problems.join("\n").contains("55555"), "{problems:?}");
}

#[test]
fn without_a_network_the_image_and_the_host_are_named_and_nothing_is_added() {
    let sandbox = Sandbox::start().unwrap();
    let (key, url) = (sandbox.api_key().to_owned(), sandbox.base_url());
    let connect = || Client::builder(&key).base_url(&url).retries(0).build();
    let project = Project::new(&["a.png"]);
    project.on(&sandbox).unwrap();
    drop(sandbox);
    project.draw("new.png", 200);
    let written = project.manifest();
    let environment = Environment {
        connect: Some(&connect),
        ..project.environment(&url)
    };
    let problems = project.run(&environment).unwrap_err().join("\n");
    assert!(
        problems.contains("new.png: cannot connect to 127.0.0.1"),
        "{problems}"
    );
    assert_eq!(project.manifest(), written);
}

#[test]
fn image_that_changes_during_the_upload_gets_no_id() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "b.png"]);
    // Called when the hashes are known, and before an image is prepared.
    let connect = || {
        project.draw("a.png", 200);
        sandbox.client()
    };
    let environment = Environment {
        connect: Some(&connect),
        ..project.environment(&sandbox.base_url())
    };
    let problems = project.run(&environment).unwrap_err();
    assert!(
        problems[0].ends_with("a.png: the file changed while it was uploaded; build again"),
        "{problems:?}"
    );
    assert_eq!(project.names(), ["b.png"]);
    project.on(&sandbox).unwrap();
    assert_eq!(stored(&sandbox), 3);
}

#[test]
fn nothing_is_uploaded_whose_id_cannot_be_kept() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png"]);
    let environment = Environment {
        connect: Some(&|| sandbox.client()),
        ..project.environment(&sandbox.base_url())
    };
    let options = AssetOptions::new(project.options.clone());
    let options = options.manifest(project.path("missing/assets.jsonl"));
    let problems = options.run(&project.path("assets"), &environment);
    let problems = problems.unwrap_err();
    assert!(
        problems[0].starts_with("cannot write ") && problems[0].contains("missing"),
        "{problems:?}"
    );
    assert!(sandbox.requests().is_empty());
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
fn without_a_key_missing_images_get_placeholders_that_are_not_committed() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "b.png"]);
    project.on(&sandbox).unwrap();
    let written = project.manifest();
    project.draw("new.png", 200);
    fs::rename(project.asset("b.png"), project.asset("c.png")).unwrap();
    let keyless = project.environment(&sandbox.base_url());
    let warning = project.run(&keyless).unwrap().warning.unwrap();
    assert!(
        warning.starts_with("no LEONARDO_API_KEY: 1 image (new.png) is not in "),
        "{warning}"
    );
    assert_eq!(project.manifest(), written);
    // The others keep their ids, under whatever name.
    let code = project.code();
    for name in ["a.png", "b.png"] {
        assert!(
            code.contains(project.entry(name)["id"].as_str().unwrap()),
            "{code}"
        );
    }
    assert_eq!(code.matches("    Asset {").count(), 3, "{code}");
    assert_eq!(code.matches("placeholder-").count(), 1, "{code}");

    // They stay the same from build to build.
    project.run(&keyless).unwrap();
    assert_eq!(project.code(), code);

    let built = project.on(&sandbox).unwrap();
    assert_eq!(built.warning, None);
    assert_eq!(stored(&sandbox), 3);
    assert_eq!(project.names(), ["a.png", "c.png", "new.png"]);
    assert!(!project.code().contains("placeholder-"));
}

#[test]
fn release_is_not_built_with_placeholders() {
    let project = Project::new(&["a.png"]);
    let debug = project.environment("https://api.example");
    project.run(&debug).unwrap();
    let release = Environment {
        is_release: true,
        ..debug
    };
    let problems = project.run(&release).unwrap_err();
    assert!(
        problems[0].starts_with("no LEONARDO_API_KEY: 1 image (a.png) is not in "),
        "{problems:?}"
    );
    assert!(!project.path("assets.jsonl").exists());
}

#[test]
fn broken_image_fails_also_without_a_key() {
    let project = Project::new(&["a.png"]);
    fs::write(project.asset("broken.png"), "not an image").unwrap();
    let problems = project.run(&project.environment("")).unwrap_err();
    assert!(
        problems.len() == 1 && problems[0].contains("broken.png: the file is not an image"),
        "{problems:?}"
    );
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
fn empty_folder_is_fine_and_a_missing_one_is_named() {
    let project = Project::new(&[]);
    let environment = project.environment("https://api.example");
    let built = project.run(&environment).unwrap();
    assert_eq!(built.watched, [project.path("assets")]);
    assert!(!project.path("assets.jsonl").exists());
    fs::remove_dir_all(project.path("assets")).unwrap();
    let problems = project.run(&environment).unwrap_err();
    assert!(
        problems[0].starts_with("cannot read ") && problems[0].contains("assets: "),
        "{problems:?}"
    );
}

#[cfg(unix)]
#[test]
fn name_that_cargo_would_misread_is_refused() {
    let project = Project::new(&[]);
    project.draw("a\nb.png", 1);
    let problems = project.run(&project.environment("")).unwrap_err();
    assert!(
        problems[0].contains(r#"a\nb.png" has control characters"#),
        "{problems:?}"
    );
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
