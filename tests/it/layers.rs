//! Promise: the core knows no vendor. Only its client, the sandbox and the command do.

use std::path::{Path, PathBuf};

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn core_does_not_mention_the_vendor() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let may_mention = |path: &Path| {
        let folders = ["leonardo", "sandbox", "bin"];
        folders
            .iter()
            .any(|folder| path.starts_with(src.join(folder)))
    };
    files.retain(|path| !may_mention(path));
    assert!(files.len() > 50, "{files:?}");
    let mut lines = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let mentions = text
            .lines()
            .filter(|line| line.to_lowercase().contains("leonardo"));
        lines.extend(mentions.map(|line| format!("{}: {line}", path.display())));
    }
    let module = format!("{}: pub mod leonardo;", src.join("lib.rs").display());
    assert_eq!(lines, [module]);
}
