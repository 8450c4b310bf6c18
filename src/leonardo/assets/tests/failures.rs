//! What fails a build, and what is kept of it.

use super::*;

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
