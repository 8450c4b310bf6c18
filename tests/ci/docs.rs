//! Promise: repeated parts of the documentation are identical, and every example is short and documents its command.

use std::path::Path;

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn readme_and_crate_documentation_have_the_same_table_of_dependencies() {
    let table = read("src/dependencies.md");
    assert!(
        read("README.md").contains(&table),
        "the README lacks this table:\n{table}"
    );
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
