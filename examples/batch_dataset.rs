//! A folder of photos becomes a dataset: some at a time, with progress, and one that is broken loses no other.
//!
//! `cargo run --example batch_dataset [FOLDER]` — on a sandbox, or on the real API when LEONARDO_API_KEY is set.

use std::path::PathBuf;

use imgpost::leonardo::{self, BatchOptions, BatchOutcome, Client};
use imgpost::sandbox::Sandbox;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).unwrap_or("fixtures/tiny".into());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        files.push(entry?.path());
    }
    files.sort();

    let sandbox = Sandbox::start()?;
    let client = match std::env::var_os("LEONARDO_API_KEY") {
        Some(_) => Client::from_env()?,
        None => sandbox.client()?,
    };
    let dataset = client.create_dataset("from a folder", None)?;
    let prepare = leonardo::prepare().bounds(leonardo::sizes::DATASET);
    let batch = BatchOptions::new(prepare)
        .jobs(4)
        .on_done(|item| match &item.outcome {
            BatchOutcome::Uploaded(image) => println!("{}: {}", item.path.display(), image.id),
            BatchOutcome::Failed(error) => println!("{}: {error}", item.path.display()),
            other => println!("{}: {other:?}", item.path.display()),
        });
    let items = client.upload_dataset(&dataset, files, &batch);

    // To go on later: give these again.
    let failed = items
        .into_iter()
        .filter(|item| matches!(item.outcome, BatchOutcome::Failed(_)));
    let again: Vec<PathBuf> = failed.map(|item| item.path).collect();
    let there = client.dataset(&dataset)?.images.len();
    println!(
        "{there} images are in dataset {dataset}, {} are not",
        again.len()
    );
    Ok(())
}
