//! Promise: every dependency has a documented reason, the README is short, and every example is short and says how it runs.

use std::path::Path;

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn every_dependency_has_its_reason() {
    let table = read("src/dependencies.md");
    let manifest = read("Cargo.toml");
    let (_, rest) = manifest.split_once("[dependencies]\n").unwrap();
    let (dependencies, _) = rest.split_once("\n# Only with `sandbox`;").unwrap();
    let always = dependencies
        .lines()
        .filter(|line| line.contains(" = ") && !line.contains("optional"))
        .map(|line| line.split_once(" = ").unwrap().0);
    let always: Vec<_> = always.collect();
    assert!(always.len() > 10, "{always:?}");
    for name in always {
        assert!(table.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn readme_is_read_in_five_minutes() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 180, "{lines}");
}

#[test]
fn example_is_short_and_documents_its_command() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut examples = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = read(&path);
        assert!(text.lines().count() < 60, "{name}");
        assert!(
            text.contains(&format!("`cargo run --example {name}")),
            "{name}"
        );
        let run = read(".ci/run");
        assert!(run.contains(&name), "{name} is not run by .ci/run");
        examples += 1;
    }
    assert_eq!(examples, 7);
}
