//! Promise: only what has no id is prepared and uploaded, whatever happens no id is lost, and none of a sandbox is
//! committed.

#![forbid(unsafe_code)]

#[path = "../build/mod.rs"]
mod build;

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;

use build::{Build, Built, Recipe};
use imgpost::leonardo::{Client, Error, sizes};
use imgpost::sandbox::{Fault, Sandbox};
use imgpost::{Extension, PrepareOptions, Size};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const RECIPE: Recipe = Recipe {
    within: Size::new(64, 64),
    bounds: sizes::V1,
    extension: None,
};

/// A project with a folder of images.
struct Project {
    folder: TempDir,
    recipe: Recipe,
}

impl Project {
    /// With one image of each name, no two alike.
    fn new(names: &[&str]) -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            recipe: RECIPE,
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
        let image = PrepareOptions::default()
            .within(48, 32)
            .extension(Extension::Png);
        let image = image.prepare_rgba8(48, 32, &pixels).unwrap();
        fs::write(self.asset(name), image.bytes()).unwrap();
    }

    fn build(&self, base_url: &str) -> Build<'static> {
        Build {
            folder: self.path("assets"),
            manifest: self.path("assets.json"),
            out_dir: self.path("out"),
            recipe: self.recipe,
            base_url: base_url.into(),
            connect: None,
            is_release: false,
        }
    }

    fn on(&self, sandbox: &Sandbox) -> Result<Built, Vec<String>> {
        Build {
            connect: Some(&|| sandbox.client()),
            ..self.build(&sandbox.base_url())
        }
        .run()
    }

    fn manifest(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path("assets.json")).unwrap()).unwrap()
    }

    /// What the manifest has of an image.
    fn entry(&self, name: &str) -> Value {
        self.manifest()["assets"][name].clone()
    }

    fn names(&self) -> Vec<String> {
        let manifest = self.manifest();
        manifest["assets"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    }

    fn code(&self) -> String {
        fs::read_to_string(self.path("out/assets.rs")).unwrap()
    }
}

/// How many files the storage took.
fn stored(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    let posts = requests
        .iter()
        .filter(|request| request.method == "POST" && request.status == Some(204));
    posts.count()
}

#[test]
fn everything_is_uploaded_once_and_nothing_twice() {
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
    assert_eq!(
        (&entry["width"], &entry["height"], &entry["extension"]),
        (&48.into(), &32.into(), &"jpg".into())
    );
    let line = format!(
        r#"Asset {{ name: "more/c.png", id: "{id}", width: 48, height: 32, extension: "jpg" }},"#
    );
    assert!(project.code().contains(&line), "{}", project.code());

    let written = fs::read(project.path("assets.json")).unwrap();
    let asked = sandbox.requests().len();
    let built = project.on(&sandbox).unwrap();
    assert_eq!(built.summary, "3 known, 0 to upload, 0 gone");
    assert_eq!(sandbox.requests().len(), asked);
    assert_eq!(fs::read(project.path("assets.json")).unwrap(), written);
}

#[test]
fn a_full_manifest_needs_neither_key_nor_network_and_prepares_nothing() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "b.png"]);
    project.on(&sandbox).unwrap();
    let api = sandbox.base_url();
    drop(sandbox);
    // Were it prepared, it would be refused.
    fs::write(project.asset("b.png"), "no picture").unwrap();
    let mut manifest = project.manifest();
    let hash = Sha256::digest(RECIPE.text() + "no picture");
    manifest["assets"]["b.png"]["hash"] = format!("{hash:x}").into();
    fs::write(project.path("assets.json"), manifest.to_string()).unwrap();
    let code = project.code();
    fs::remove_file(project.path("out/assets.rs")).unwrap();
    let is_asked = Cell::new(false);
    let connect = || {
        is_asked.set(true);
        Err(Error::Cancelled)
    };
    for connect in [None, Some(&connect as &dyn Fn() -> Result<Client, Error>)] {
        for is_release in [false, true] {
            let build = Build {
                connect,
                is_release,
                ..project.build(&api)
            };
            assert_eq!(build.run().unwrap().warning, None);
        }
    }
    assert!(!is_asked.get());
    assert_eq!(project.code(), code);
}

#[test]
fn a_changed_file_is_uploaded_alone() {
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
fn a_new_time_a_new_name_and_a_copy_upload_nothing() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "b.png"]);
    project.on(&sandbox).unwrap();
    let (a, b) = (project.entry("a.png"), project.entry("b.png"));
    let asked = sandbox.requests().len();

    fs::write(
        project.asset("a.png"),
        fs::read(project.asset("a.png")).unwrap(),
    )
    .unwrap();
    project.on(&sandbox).unwrap();
    assert_eq!(
        (project.entry("a.png"), project.entry("b.png")),
        (a.clone(), b.clone())
    );

    fs::rename(project.asset("a.png"), project.asset("more/z.png")).unwrap();
    fs::copy(project.asset("b.png"), project.asset("copy.png")).unwrap();
    // Nothing of this needs the API, so nothing of it needs a key.
    project.build(&sandbox.base_url()).run().unwrap();
    assert_eq!(project.names(), ["b.png", "copy.png", "more/z.png"]);
    assert_eq!(project.entry("more/z.png"), a);
    assert_eq!(
        (project.entry("copy.png"), project.entry("b.png")),
        (b.clone(), b)
    );
    assert_eq!(sandbox.requests().len(), asked);
}

#[test]
fn what_was_renamed_keeps_its_id_though_another_takes_its_name() {
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
fn what_was_deleted_leaves_the_manifest_and_the_table() {
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
fn another_recipe_uploads_everything_anew() {
    let sandbox = Sandbox::start().unwrap();
    let mut project = Project::new(&["a.png", "b.png"]);
    project.on(&sandbox).unwrap();
    project.recipe.extension = Some(Extension::Webp);
    project.on(&sandbox).unwrap();
    assert_eq!(stored(&sandbox), 4);
    assert_eq!(project.entry("a.png")["extension"], "webp");
}

#[test]
fn a_broken_picture_is_named_and_the_others_are_kept() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "b.png", "gone.png"]);
    project.on(&sandbox).unwrap();
    project.draw("b.png", 200);
    project.draw("new.png", 201);
    fs::remove_file(project.asset("gone.png")).unwrap();
    fs::write(project.asset("broken.png"), "no picture").unwrap();
    fs::write(project.asset("drawing.svg"), "<svg/>").unwrap();
    let problems = project.on(&sandbox).unwrap_err();
    let [broken, drawing, rest] = &problems[..] else {
        panic!("{problems:?}")
    };
    let name = project.asset("broken.png");
    let words = "the file is not an image; give a JPEG, PNG or WebP file";
    assert_eq!(*broken, format!("{}: {words}", name.display()));
    assert!(drawing.contains("drawing.svg: "), "{drawing}");
    assert!(
        rest.starts_with("2 of 4 pictures were uploaded and are kept in "),
        "{rest}"
    );
    // Until everything is there, nothing is forgotten.
    assert_eq!(project.names(), ["a.png", "b.png", "gone.png", "new.png"]);
    assert_eq!(stored(&sandbox), 5);

    for name in ["broken.png", "drawing.svg"] {
        fs::remove_file(project.asset(name)).unwrap();
    }
    let built = project.build(&sandbox.base_url()).run().unwrap();
    assert_eq!(built.summary, "3 known, 0 to upload, 1 gone");
    assert_eq!(project.names(), ["a.png", "b.png", "new.png"]);
}

#[test]
fn a_refusal_is_told_in_the_words_of_the_api_and_loses_no_id() {
    let sandbox = Sandbox::start().unwrap();
    let key = sandbox.api_key().to_owned();
    let sandbox = sandbox.with_api_fault(Fault::api_error(
        402,
        "no-credits",
        &format!("{key} has none left"),
    ));
    let project = Project::new(&["a.png", "b.png", "c.png"]);
    let problems = project.on(&sandbox).unwrap_err().join("\n");
    assert!(
        problems.contains(".png: the API responded with 402 no-credits: "),
        "{problems}"
    );
    assert!(problems.contains(" has none left"), "{problems}");
    assert!(!problems.contains(&key), "{problems}");
    // How many were under way when it was refused is left to chance; that they are kept is not.
    let kept = project.names().len();
    assert_eq!(kept, stored(&sandbox));
    assert!(kept < 3);
    project.on(&sandbox).unwrap();
    assert_eq!(stored(&sandbox), 3);
    assert_eq!(project.names().len(), 3);
}

#[test]
fn a_wrong_key_is_not_tried_on_every_picture() {
    let sandbox = Sandbox::start().unwrap();
    let names: Vec<_> = (0..20).map(|n| format!("{n}.png")).collect();
    let project = Project::new(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let connect = || {
        let builder = Client::builder("11111111-2222-3333-4444-555555555555");
        builder.base_url(sandbox.base_url()).build()
    };
    let build = Build {
        connect: Some(&connect),
        ..project.build(&sandbox.base_url())
    };
    let problems = build.run().unwrap_err();
    // Four are worked on at once.
    assert!((1..=4).contains(&sandbox.requests().len()));
    assert!(
        problems[0].contains("check the API key (LEONARDO_API_KEY)"),
        "{problems:?}"
    );
    let rest = problems.last().unwrap();
    assert!(rest.starts_with("0 of 20 pictures were uploaded"), "{rest}");
    assert!(!problems.join("\n").contains("55555"), "{problems:?}");
}

#[test]
fn without_a_network_the_picture_and_the_host_are_named_and_nothing_is_written() {
    let sandbox = Sandbox::start().unwrap();
    let (key, url) = (sandbox.api_key().to_owned(), sandbox.base_url());
    let connect = || Client::builder(&key).base_url(&url).retries(0).build();
    let [empty, full] = [(); 2].map(|()| Project::new(&["a.png"]));
    let nothing = r#"{"api": "https://api.example", "assets": {}}"#;
    fs::write(empty.path("assets.json"), nothing).unwrap();
    full.on(&sandbox).unwrap();
    drop(sandbox);
    for project in [empty, full] {
        project.draw("new.png", 200);
        let written = fs::read(project.path("assets.json")).unwrap();
        let build = Build {
            connect: Some(&connect),
            ..project.build(&url)
        };
        let problems = build.run().unwrap_err().join("\n");
        assert!(
            problems.contains("new.png: cannot connect to 127.0.0.1"),
            "{problems}"
        );
        assert_eq!(fs::read(project.path("assets.json")).unwrap(), written);
    }
}

#[test]
fn a_picture_that_changes_meanwhile_gets_no_id() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "b.png"]);
    // Called when the hashes are known, and before anything is read to be prepared.
    let connect = || {
        project.draw("a.png", 200);
        sandbox.client()
    };
    let build = Build {
        connect: Some(&connect),
        ..project.build(&sandbox.base_url())
    };
    let problems = build.run().unwrap_err();
    assert!(
        problems[0].ends_with("a.png: was changed while it was uploaded; build again"),
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
    let build = Build {
        manifest: project.path("no such folder/assets.json"),
        connect: Some(&|| sandbox.client()),
        ..project.build(&sandbox.base_url())
    };
    let problems = build.run().unwrap_err();
    assert!(
        problems[0].contains("assets.json: cannot be written: "),
        "{problems:?}"
    );
    assert!(sandbox.requests().is_empty());
}

#[test]
fn ids_of_another_api_are_neither_used_nor_thrown_away() {
    let [sandbox, other] = [(); 2].map(|()| Sandbox::start().unwrap());
    let project = Project::new(&["a.png"]);
    project.on(&sandbox).unwrap();
    let written = fs::read(project.path("assets.json")).unwrap();
    let problems = project.on(&other).unwrap_err();
    assert!(
        problems[0].contains("assets.json: has ids of http://127.0.0.1"),
        "{problems:?}"
    );
    assert!(other.requests().is_empty());
    assert_eq!(fs::read(project.path("assets.json")).unwrap(), written);
}

#[test]
fn without_a_key_what_is_missing_gets_ids_of_a_sandbox_that_nobody_commits() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "b.png"]);
    project.on(&sandbox).unwrap();
    let written = fs::read(project.path("assets.json")).unwrap();
    project.draw("new.png", 200);
    fs::rename(project.asset("b.png"), project.asset("c.png")).unwrap();
    let keyless = project.build(&sandbox.base_url());
    let warning = keyless.run().unwrap().warning.unwrap();
    assert!(
        warning.starts_with("no LEONARDO_API_KEY: 1 picture (new.png) is not in "),
        "{warning}"
    );
    assert_eq!(fs::read(project.path("assets.json")).unwrap(), written);
    // The others keep the ids they have, under whatever name.
    let code = project.code();
    for name in ["a.png", "b.png"] {
        assert!(
            code.contains(project.entry(name)["id"].as_str().unwrap()),
            "{code}"
        );
    }
    assert_eq!(code.matches("Asset {").count(), 3, "{code}");

    // They stay the same from build to build, or every build would make another program.
    keyless.run().unwrap();
    assert_eq!(project.code(), code);

    let built = project.on(&sandbox).unwrap();
    assert_eq!(built.warning, None);
    assert_eq!(stored(&sandbox), 3);
    assert_eq!(project.names(), ["a.png", "c.png", "new.png"]);
    let id = project.entry("new.png")["id"].as_str().unwrap().to_owned();
    assert!(!code.contains(&id) && project.code().contains(&id));
}

#[test]
fn a_release_is_not_made_with_ids_of_a_sandbox() {
    let project = Project::new(&["a.png"]);
    let debug = project.build("https://api.example");
    debug.run().unwrap();
    let release = Build {
        is_release: true,
        ..debug
    };
    let problems = release.run().unwrap_err();
    assert!(
        problems[0].starts_with("no LEONARDO_API_KEY: 1 picture (a.png) is not in "),
        "{problems:?}"
    );
    assert!(!project.path("assets.json").exists());
}

#[test]
fn what_is_no_picture_by_name_is_left_alone() {
    let sandbox = Sandbox::start().unwrap();
    let project = Project::new(&["a.png", "UPPER.PNG", ".hidden.png"]);
    fs::write(project.asset("README.md"), "about them").unwrap();
    fs::write(project.asset("png"), "no ending").unwrap();
    let built = project.on(&sandbox).unwrap();
    assert_eq!(project.names(), ["UPPER.PNG", "a.png"]);
    let watched = ["assets", "assets/UPPER.PNG", "assets/a.png", "assets.json"];
    assert_eq!(built.watched, watched.map(|name| project.path(name)));
}

#[test]
fn an_empty_folder_is_no_problem_and_a_missing_one_is_named() {
    let project = Project::new(&[]);
    let build = project.build("https://api.example");
    let built = build.run().unwrap();
    assert_eq!(built.watched, [project.path("assets")]);
    assert!(!project.path("assets.json").exists());
    fs::remove_dir_all(project.path("assets")).unwrap();
    let problems = build.run().unwrap_err();
    assert!(
        problems[0].contains("assets: cannot be read: "),
        "{problems:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_name_that_cargo_could_not_be_told_is_refused() {
    let project = Project::new(&[]);
    project.draw("a\nb.png", 1);
    let problems = project.build("https://api.example").run().unwrap_err();
    assert!(
        problems[0].contains(r#"a\nb.png": the name is no plain text; give it another"#),
        "{problems:?}"
    );
}
