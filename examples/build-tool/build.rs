//! Uploads the images in `assets/` that changed, keeps their ids in `assets.json`, and makes a table of them for
//! `src/assets.rs`.
//!
//! `cargo run --manifest-path examples/build-tool/Cargo.toml` — on a sandbox, or on the real API when
//! LEONARDO_API_KEY is set. Where `assets.json` has every image, it needs neither the key nor a network.
//!
//! What is done is in the folder `build`, which knows nothing of cargo; here is what cargo gives and is told.

#![forbid(unsafe_code)]

#[path = "build/mod.rs"]
mod assets;

use std::env;

use assets::{Build, Recipe};
use imgpost::Size;
use imgpost::leonardo::{Client, ClientBuilder, Error, sizes};

const KEY: &str = "LEONARDO_API_KEY";
const BASE_URL: &str = "LEONARDO_BASE_URL";
/// The address that imgpost calls where the variable says no other.
const DEFAULT_BASE_URL: &str = "https://cloud.leonardo.ai/api/rest";

const RECIPE: Recipe = Recipe {
    within: Size::new(512, 512),
    bounds: sizes::V1,
    extension: None,
};

fn main() {
    let variable = |name| env::var(name).ok().filter(|text| !text.trim().is_empty());
    let is_key_set = variable(KEY).is_some();
    let connect: &dyn Fn() -> Result<Client, Error> =
        &|| ClientBuilder::from_env()?.retries(2).build();
    let build = Build {
        // Cargo runs this in the folder of the package.
        folder: "assets".into(),
        manifest: "assets.json".into(),
        out_dir: variable("OUT_DIR").expect("cargo says where").into(),
        recipe: RECIPE,
        base_url: variable(BASE_URL).unwrap_or(DEFAULT_BASE_URL.into()),
        connect: is_key_set.then_some(connect),
        is_release: variable("PROFILE").as_deref() == Some("release"),
    };

    println!("cargo::rerun-if-env-changed={BASE_URL}");
    // Cargo writes the value of such a variable into the target folder, which caches of CI hold. A key that is set is
    // kept out of there: a build that had it has uploaded everything, and needs no other when the key goes.
    if !is_key_set {
        println!("cargo::rerun-if-env-changed={KEY}");
    }
    match build.run() {
        Ok(built) => {
            for path in built.watched {
                println!("cargo::rerun-if-changed={}", path.display());
            }
            if let Some(warning) = built.warning {
                println!("cargo::warning={warning}");
            }
            // Shown by `cargo build -vv`.
            println!("{}", built.summary);
        }
        // Each fails the build, and cargo runs this again next time.
        Err(problems) => {
            for problem in problems {
                println!("cargo::error={}", problem.replace(['\r', '\n'], " "));
            }
        }
    }
}
