//! Builds without an API key.

use super::*;

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
