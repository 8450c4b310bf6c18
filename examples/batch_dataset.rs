//! Upload a folder of photos to a dataset, four at a time. A broken photo does not stop the others.
//!
//! `cargo run --example batch_dataset [FOLDER]` uses the API if LEONARDO_API_KEY is set, and a sandbox otherwise.

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
    let client = if std::env::var_os("LEONARDO_API_KEY").is_some() {
        Client::from_env()?
    } else {
        sandbox.client()?
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

    // Pass the failed files to `upload_dataset` again to retry them.
    let failed = items
        .into_iter()
        .filter(|item| matches!(item.outcome, BatchOutcome::Failed(_)));
    let failed: Vec<PathBuf> = failed.map(|item| item.path).collect();
    let uploaded = client.dataset(&dataset)?.images.len();
    println!(
        "dataset {dataset} has {uploaded} images; {} files failed",
        failed.len()
    );
    Ok(())
}
