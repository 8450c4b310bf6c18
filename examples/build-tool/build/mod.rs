//! What a build does about its assets: only what is not in the manifest is prepared and uploaded.

mod code;
mod folder;
mod manifest;
mod plan;
mod recipe;
mod upload;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use imgpost::leonardo::{Client, Error};
use imgpost::sandbox::Sandbox;

use folder::Found;
use manifest::{Entry, Manifest, api_of};
use plan::Plan;
pub use recipe::Recipe;
use upload::Ledger;

/// What stands for the address of the API where the ids are those of a sandbox.
const SANDBOX: &str = "sandbox";

/// What a build is given.
pub struct Build<'a> {
    /// The folder with the images, and folders of them.
    pub folder: PathBuf,
    /// The committed file with the ids. It may be missing.
    pub manifest: PathBuf,
    /// Where what is not committed goes.
    pub out_dir: PathBuf,
    /// What the images are prepared as.
    pub recipe: Recipe,
    /// The address of the API, as it is given to a client. The manifest has the ids of this one.
    pub base_url: String,
    /// Makes the client of that API, and is called only when there is something to upload; none without a key.
    pub connect: Option<&'a dyn Fn() -> Result<Client, Error>>,
    /// Whether ids of a sandbox will not do.
    pub is_release: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Built {
    /// What has to change before there is anything to do again.
    pub watched: Vec<PathBuf>,
    /// What is not as it should be, and what to do.
    pub warning: Option<String>,
    /// What was done.
    pub summary: String,
}

/// What is wrong and what to do, a line for each thing.
type Problems = Vec<String>;

impl Build<'_> {
    /// Brings the manifest up to date, and writes `assets.rs` into the folder for what is not committed.
    ///
    /// # Errors
    ///
    /// When the folder or the manifest cannot be used, or when not every image has an id in the end. What was
    /// uploaded is in the manifest all the same.
    pub fn run(&self) -> Result<Built, Problems> {
        let found = Found::scan(&self.folder, self.recipe)?;
        let committed = Manifest::read(&self.manifest, api_of(&self.base_url))?;
        let plan = Plan::new(&found.assets, &committed.assets);
        let summary = plan.to_string();
        let mut warning = None;
        let entries = match self.connect {
            _ if plan.uploads.is_empty() => self.tidy(&found, &committed, plan)?,
            Some(connect) => {
                let client = connect().map_err(|error| vec![format!("{error:#}")])?;
                let uploaded = self.upload(&client, &self.manifest, &found, &committed, &plan)?;
                self.tidy(&found, &committed, Plan::new(&found.assets, &uploaded))?
            }
            None if self.is_release => return Err(vec![self.not_for_release(&plan)]),
            None => {
                warning = Some(self.only_a_sandbox(&plan));
                self.pretend(&found, plan)?
            }
        };
        let code = self.out_dir.join("assets.rs");
        std::fs::write(&code, code::table(&entries)).map_err(|error| not_written(&code, &error))?;
        let mut watched = vec![self.folder.clone()];
        watched.extend(
            found
                .assets
                .iter()
                .map(|asset| self.folder.join(&asset.name)),
        );
        // Cargo takes a file that is not there for one that changed.
        watched.extend(self.manifest.exists().then(|| self.manifest.clone()));
        Ok(Built {
            watched,
            warning,
            summary,
        })
    }

    /// Uploads what is missing. Each is written to the manifest at `path` as soon as it is there, and what that had
    /// stays in it: whatever happens, no id is lost.
    fn upload(
        &self,
        client: &Client,
        path: &Path,
        found: &Found,
        known: &Manifest,
        plan: &Plan,
    ) -> Result<BTreeMap<String, Entry>, Problems> {
        let mut manifest = known.clone();
        manifest.assets.extend(plan.entries.clone());
        let ledger = Ledger {
            path: path.into(),
            manifest,
            modified: found.modified,
        };
        upload::upload(client, &self.folder, self.recipe, &plan.uploads, ledger)
    }

    /// Lets the manifest be what is in the folder, no more and no less, now that all of it is known.
    fn tidy(
        &self,
        found: &Found,
        committed: &Manifest,
        plan: Plan,
    ) -> Result<BTreeMap<String, Entry>, Problems> {
        let manifest = Manifest {
            assets: plan.entries,
            ..committed.clone()
        };
        if *committed != manifest {
            manifest
                .write(&self.manifest, found.modified)
                .map_err(|error| not_written(&self.manifest, &error))?;
        }
        Ok(manifest.assets)
    }

    /// The ids of a sandbox for what is missing. They go where nobody commits them, and the manifest stays as it is.
    fn pretend(&self, found: &Found, plan: Plan) -> Result<BTreeMap<String, Entry>, Problems> {
        let path = self.out_dir.join("sandbox.json");
        let earlier = Manifest::read(&path, SANDBOX)?;
        let is_missing = |name: &str| !plan.entries.contains_key(name);
        let assets = found.assets.iter().cloned();
        let missing: Vec<_> = assets.filter(|asset| is_missing(&asset.name)).collect();
        let pretended = Plan::new(&missing, &earlier.assets);
        let mut entries = pretended.entries.clone();
        if !pretended.uploads.is_empty() {
            let sandbox = Sandbox::start()
                .map_err(|error| vec![format!("a sandbox cannot be started: {error}")])?;
            let client = sandbox
                .client()
                .map_err(|error| vec![format!("{error:#}")])?;
            let uploaded = self.upload(&client, &path, found, &earlier, &pretended)?;
            entries = Plan::new(&missing, &uploaded).entries;
        }
        entries.extend(plan.entries);
        Ok(entries)
    }

    fn only_a_sandbox(&self, plan: &Plan) -> String {
        let (missing, manifest) = (plan.missing(), self.manifest.display());
        format!(
            "no LEONARDO_API_KEY: {missing} not in {manifest} and got ids of a sandbox, which the API does not know; \
             set the key, build, and commit {manifest}"
        )
    }

    fn not_for_release(&self, plan: &Plan) -> String {
        let (missing, manifest) = (plan.missing(), self.manifest.display());
        format!(
            "no LEONARDO_API_KEY: {missing} not in {manifest}, and a release is not made with ids of a sandbox; \
             set the key, build, and commit {manifest}"
        )
    }
}

fn not_written(path: &Path, error: &std::io::Error) -> Problems {
    vec![format!("{}: cannot be written: {error}", path.display())]
}
