//! Promise: what is told in more than one place is told alike, and every example is short and says how it is run.

use std::path::Path;

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_readme_has_the_table_of_dependencies_that_the_crates_page_has() {
    let table = read("src/dependencies.md");
    assert!(read("README.md").contains(&table), "wanted:\n{table}");
    let manifest = read("Cargo.toml");
    let (_, rest) = manifest.split_once("[dependencies]\n").unwrap();
    let (dependencies, _) = rest.split_once("\n# Only with `sandbox`.").unwrap();
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
fn every_example_is_short_and_begins_with_its_command() {
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
