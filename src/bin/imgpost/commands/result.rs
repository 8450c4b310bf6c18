//! Waiting for jobs, and fetching what they made.

use std::path::{Path, PathBuf};
use std::time::Duration;

use imgpost::leonardo::{Client, Cost, Job, Wait};
use serde::Serialize;

use crate::args::ResultArgs;
use crate::context::{Context, Text};
use crate::failure::Failure;

/// A job, in the stable names of `--json`.
#[derive(Default, Serialize)]
pub struct JobReport {
    id: String,
    status: Option<String>,
    cost: Option<Cost>,
    api_credit_cost: Option<i64>,
    images: Vec<ImageReport>,
}

/// A picture or a video that a job made.
#[derive(Serialize)]
struct ImageReport {
    id: String,
    url: String,
    file: Option<String>,
}

impl JobReport {
    /// The id of the job and what it costs.
    fn line(&self) -> String {
        let id = &self.id;
        match (&self.cost, self.api_credit_cost) {
            (Some(Cost { amount, unit, .. }), _) => {
                format!("{id} ({amount} {})", unit.as_str().to_lowercase())
            }
            (None, Some(cost)) => format!("{id} ({cost} credits)"),
            (None, None) => id.clone(),
        }
    }
}

impl Text for JobReport {
    fn to_lines(&self) -> Vec<String> {
        if self.images.is_empty() {
            return vec![self.line()];
        }
        let line = |image: &ImageReport| image.file.as_ref().unwrap_or(&image.url).clone();
        self.images.iter().map(line).collect()
    }
}

/// Prints a job that was started, or what it made when that is to be waited for.
pub fn started(
    context: &Context,
    client: &Client,
    job: Job,
    args: &ResultArgs,
    finish: impl Fn(&Context, &Client, JobReport, &ResultArgs) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let report = JobReport {
        id: job.id,
        cost: job.cost,
        api_credit_cost: job.api_credit_cost,
        ..JobReport::default()
    };
    match args.wait || args.download.is_some() {
        true => {
            // Whoever cancels can wait for it later.
            context.tell(&format!("started {}", report.line()));
            finish(context, client, report, args)
        }
        false => context.result(&report),
    }
}

pub fn generation(
    context: &Context,
    client: &Client,
    id: &str,
    args: &ResultArgs,
) -> Result<(), Failure> {
    make_folder(args)?;
    finish_generation(context, client, JobReport::of(id), args)
}

pub fn variation(
    context: &Context,
    client: &Client,
    id: &str,
    args: &ResultArgs,
) -> Result<(), Failure> {
    make_folder(args)?;
    finish_variation(context, client, JobReport::of(id), args)
}

impl JobReport {
    fn of(id: &str) -> Self {
        Self {
            id: id.into(),
            ..Self::default()
        }
    }
}

pub fn finish_generation(
    context: &Context,
    client: &Client,
    mut report: JobReport,
    args: &ResultArgs,
) -> Result<(), Failure> {
    let spinner = context.spinner(format!("generation {}", report.id));
    let state = client.wait_with(&report.id, &wait(args))?;
    drop(spinner);
    report.status = Some(state.status.to_string());
    for image in state.images {
        let url = image.motion_mp4_url.unwrap_or(image.url);
        report
            .images
            .push(fetched(context, client, image.id, url, args)?);
    }
    context.result(&report)
}

pub fn finish_variation(
    context: &Context,
    client: &Client,
    mut report: JobReport,
    args: &ResultArgs,
) -> Result<(), Failure> {
    let spinner = context.spinner(format!("variation {}", report.id));
    let variation = client.wait_variation_with(&report.id, &wait(args))?;
    drop(spinner);
    report.status = variation.status.map(|status| status.to_string());
    let id = variation.id.unwrap_or_else(|| report.id.clone());
    let url = variation.url.unwrap_or_default();
    report.images.push(fetched(context, client, id, url, args)?);
    context.result(&report)
}

/// Makes the folder that results are fetched into.
pub fn make_folder(args: &ResultArgs) -> Result<(), Failure> {
    match &args.download {
        None => Ok(()),
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, error))
        }
    }
}

fn wait(args: &ResultArgs) -> Wait {
    Wait::default().timeout(Duration::from_secs(args.wait_timeout))
}

/// Fetches a picture where that is asked for, under its id.
fn fetched(
    context: &Context,
    client: &Client,
    id: String,
    url: String,
    args: &ResultArgs,
) -> Result<ImageReport, Failure> {
    let file = match &args.download {
        None => None,
        Some(folder) => {
            let _spinner = context.spinner(format!("fetching {id}"));
            Some(download(client, &id, &url, folder)?)
        }
    };
    Ok(ImageReport {
        id,
        url,
        file: file.map(|file| file.display().to_string()),
    })
}

/// The name tells what it is, which its bytes decide.
fn download(client: &Client, id: &str, url: &str, folder: &Path) -> Result<PathBuf, Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let name: String = id.chars().filter(|c| plain(*c)).collect();
    let name = if name.is_empty() { "picture" } else { &name };
    let path = folder.join(name);
    let downloaded = client.download(url, &path)?;
    let extension = match downloaded.content_type {
        "image/jpeg" => "jpg",
        "video/mp4" => "mp4",
        other => other.rsplit('/').next().unwrap_or(other),
    };
    let named = path.with_extension(extension);
    std::fs::rename(&path, &named).map_err(|error| Failure::file(&named, error))?;
    Ok(named)
}
