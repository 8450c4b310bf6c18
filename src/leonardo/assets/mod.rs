//! Uploads images once: those of a folder, from a build script, and those of any program that keeps a [`Manifest`].
//!
//! A program that refers to images by their ids keeps the images in its repository, and calls this from `build.rs`:
//!
//! ```no_run
//! use imgpost::leonardo::{self, assets::AssetOptions};
//!
//! fn main() {
//!     AssetOptions::new(leonardo::prepare().within(512, 512)).build("assets");
//! }
//! ```
//!
//! The program includes the table of ids. `asset` is evaluated when the program is compiled, which fails if there is no
//! such image:
//!
//! ```ignore
//! mod assets {
//!     include!(concat!(env!("OUT_DIR"), "/assets.rs"));
//! }
//!
//! const HARBOR: assets::Asset = assets::asset("harbor.png");
//! ```
//!
//! New and changed images are uploaded; their ids are kept in `assets.jsonl`, next to the folder, to be committed. If no
//! image has changed, a build needs neither a key nor a network, and prepares nothing. `examples/build-tool` is such a
//! program.

mod code;
mod folder;
mod manifest;
mod plan;
#[cfg(all(test, feature = "sandbox"))]
mod tests;
mod upload;

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::builder::ClientBuilder;
use super::client::Client;
use super::error::Error;
use crate::prepare::PrepareOptions;

pub use manifest::{Manifest, ManifestEntry};

use folder::Folder;
use plan::Plan;

const KEY: &str = "LEONARDO_API_KEY";
const BASE_URL: &str = "LEONARDO_BASE_URL";
/// The API of placeholders.
const NO_API: &str = "none";

/// Options for uploading the images of a folder from a build script.
#[derive(Clone, Debug)]
pub struct AssetOptions {
    prepare: PrepareOptions,
    manifest: Option<PathBuf>,
}

/// What cargo and the environment define.
struct Environment<'a> {
    /// The folder for files that are not committed.
    out_dir: PathBuf,
    /// The base URL of the API; empty for the default.
    base_url: String,
    /// Creates the client. Called only if there is something to upload; `None` without a key.
    connect: Option<&'a dyn Fn() -> Result<Client, Error>>,
    /// Whether placeholders are not acceptable.
    is_release: bool,
}

#[derive(Debug)]
struct Built {
    /// The files whose change requires another run.
    watched: Vec<PathBuf>,
    warning: Option<String>,
    summary: String,
}

/// Messages, each about one problem and what to do about it.
type Problems = Vec<String>;

impl AssetOptions {
    /// Prepares the images with these options. Other options upload all images again.
    pub fn new(prepare: PrepareOptions) -> Self {
        Self {
            prepare,
            manifest: None,
        }
    }

    /// The file that keeps the ids, to be committed. Default: the name of the folder with `.jsonl` appended.
    #[must_use]
    pub fn manifest(mut self, path: impl Into<PathBuf>) -> Self {
        self.manifest = Some(path.into());
        self
    }

    /// Uploads the images in `folder` and its subfolders that are not in the manifest, and generates `assets.rs` in
    /// `OUT_DIR`: the struct `Asset`, the constant `ASSETS` with all images, and the `const fn asset(name: &str)`. A name is
    /// the path in the folder, with slashes.
    ///
    /// Hidden files and files whose extension is not that of an image are ignored. An image is identified by the SHA-256 of
    /// its content and of the options: one that was renamed or copied is not uploaded again. Entries of deleted images are
    /// removed once every other image is uploaded.
    ///
    /// The key is that in `LEONARDO_API_KEY`. Without it, an image that is not in the manifest fails a release build; in
    /// other builds it gets a placeholder as its id, and cargo prints a warning.
    ///
    /// Call this from a build script. It prints the instructions for cargo: the warnings and errors, and what the script has
    /// to be run again for. An error fails the build; what was uploaded is in the manifest all the same.
    pub fn build(&self, folder: impl AsRef<Path>) {
        let variable = |name| env::var(name).ok().filter(|text| !text.trim().is_empty());
        let is_key_set = variable(KEY).is_some();
        let connect: &dyn Fn() -> Result<Client, Error> =
            &|| ClientBuilder::from_env()?.retries(2).build();
        println!("cargo::rerun-if-env-changed={BASE_URL}");
        // Cargo stores the value of such a variable in the target folder, which caches of CI keep. A key that is set is
        // therefore not watched: a build with a key has uploaded everything.
        if !is_key_set {
            println!("cargo::rerun-if-env-changed={KEY}");
        }
        let Some(out_dir) = variable("OUT_DIR") else {
            return print_problems(&["OUT_DIR is not set; call this from a build script".into()]);
        };
        let environment = Environment {
            out_dir: out_dir.into(),
            base_url: variable(BASE_URL).unwrap_or_default(),
            connect: is_key_set.then_some(connect),
            is_release: variable("PROFILE").as_deref() == Some("release"),
        };
        match self.run(folder.as_ref(), &environment) {
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
            Err(problems) => print_problems(&problems),
        }
    }

    fn run(&self, folder: &Path, environment: &Environment<'_>) -> Result<Built, Problems> {
        let path = self.manifest_of(folder);
        let recipe = self.prepare.fingerprint();
        let manifest = Arc::new(open_manifest(&path, &environment.base_url, &recipe)?);
        reject_other_apis(&manifest)?;
        let folder = Folder::scan(folder, &manifest)?;
        let plan = Plan::new(&folder.images, &manifest.entries());
        let summary = plan.to_string();
        let mut warning = None;
        let entries = match environment.connect {
            _ if plan.uploads.is_empty() => tidy(&manifest, &folder, plan)?,
            Some(connect) => {
                let client = connect().map_err(|error| vec![format!("{error:#}")])?;
                upload::upload(&client, &folder, &self.prepare, &plan.uploads, &manifest)?;
                let plan = Plan::new(&folder.images, &manifest.entries());
                tidy(&manifest, &folder, plan)?
            }
            None if environment.is_release => {
                return Err(vec![missing(&plan, &path, "and a release needs them; ")]);
            }
            None => {
                warning = Some(missing(
                    &plan,
                    &path,
                    "and got placeholders, which the API does not know; ",
                ));
                let placeholders = environment.out_dir.join("placeholders.jsonl");
                let placeholders = open_manifest(&placeholders, NO_API, &recipe)?;
                upload::pretend(&folder, &self.prepare, plan, &placeholders)?
            }
        };
        let code = environment.out_dir.join("assets.rs");
        fs::write(&code, code::table(&entries)).map_err(|error| not_written(&code, &error))?;
        let mut watched = vec![folder.path.clone()];
        watched.extend(
            folder
                .images
                .iter()
                .map(|image| folder.path_of(&image.name)),
        );
        // Cargo considers a file that does not exist as changed.
        watched.extend(path.exists().then_some(path));
        Ok(Built {
            watched,
            warning,
            summary,
        })
    }

    fn manifest_of(&self, folder: &Path) -> PathBuf {
        match &self.manifest {
            Some(path) => path.clone(),
            None => {
                let mut name = folder.file_name().unwrap_or("assets".as_ref()).to_owned();
                name.push(".jsonl");
                folder.with_file_name(name)
            }
        }
    }
}

/// Makes the manifest contain exactly the images in the folder, now that all of them have ids.
fn tidy(manifest: &Manifest, folder: &Folder, plan: Plan) -> Result<Vec<ManifestEntry>, Problems> {
    manifest
        .replace(&plan.entries, folder.modified)
        .map_err(|error| not_written(manifest.path(), &error))?;
    Ok(plan.entries)
}

fn open_manifest(path: &Path, base_url: &str, recipe: &str) -> Result<Manifest, Problems> {
    Manifest::open(path, base_url, recipe)
        .map_err(|error| vec![format!("cannot read {}: {error}", path.display())])
}

/// Ids of another API are of no use here, and must not be removed for that reason.
fn reject_other_apis(manifest: &Manifest) -> Result<(), Problems> {
    let api = manifest.api();
    let entries = manifest.entries();
    let Some(other) = entries.iter().find(|entry| entry.api != api) else {
        return Ok(());
    };
    Err(vec![format!(
        "{} has ids of {}, not of {api}; set {BASE_URL} to the former, or delete the file to upload all images to the \
         latter",
        manifest.path().display(),
        other.api
    )])
}

fn missing(plan: &Plan, manifest: &Path, consequence: &str) -> String {
    let (missing, manifest) = (plan.missing(), manifest.display());
    format!(
        "no {KEY}: {missing} not in {manifest}, {consequence}set the key, build, and commit {manifest}"
    )
}

fn not_written(path: &Path, error: &io::Error) -> Problems {
    vec![format!("cannot write {}: {error}", path.display())]
}

/// Each fails the build, and cargo runs the script again next time.
fn print_problems(problems: &[String]) {
    for problem in problems {
        println!("cargo::error={}", problem.replace(['\r', '\n'], " "));
    }
}
