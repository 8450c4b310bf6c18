//! Waiting for jobs, and fetching what they made.

use std::fmt;
use std::time::Duration;

use imgpost::leonardo::{Client, Cost, Job, Wait};
use serde::Serialize;

use super::download::download;
use crate::args::ResultArgs;
use crate::context::Context;
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

impl fmt::Display for JobReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.images.is_empty() {
            f.write_str(&self.id)?;
            if let Some(Cost { amount, unit, .. }) = &self.cost {
                return write!(f, " ({amount} {})", unit.as_str().to_lowercase());
            }
            return match self.api_credit_cost {
                Some(cost) => write!(f, " ({cost} credits)"),
                None => Ok(()),
            };
        }
        for (number, image) in self.images.iter().enumerate() {
            let line = image.file.as_ref().unwrap_or(&image.url);
            let end = if number == 0 { "" } else { "\n" };
            write!(f, "{end}{line}")?;
        }
        Ok(())
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
            context.tell(&format!("started {report}"));
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
    let images = state.images.into_iter();
    let results = images.map(|image| (image.id, image.motion_mp4_url.unwrap_or(image.url)));
    finish(context, client, report, results.collect(), args)
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
    finish(context, client, report, vec![(id, url)], args)
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

/// Downloads the results where that is asked for, and prints where each is: a file, or the URL it is still at.
fn finish(
    context: &Context,
    client: &Client,
    mut report: JobReport,
    results: Vec<(String, String)>,
    args: &ResultArgs,
) -> Result<(), Failure> {
    let (files, downloaded) = match &args.download {
        None => (vec![None; results.len()], Ok(())),
        Some(folder) => download(context, client, folder, &results),
    };
    let results = results.into_iter().zip(files);
    report.images = results
        .map(|((id, url), file)| ImageReport {
            id,
            url,
            file: file.map(|file| file.display().to_string()),
        })
        .collect();
    context.result(&report)?;
    downloaded
}
