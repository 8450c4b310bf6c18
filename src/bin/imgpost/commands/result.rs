//! Waiting for jobs, and fetching what they made.

use std::time::Duration;

use imgpost::leonardo::{
    Client, Cost, Error, Generation, Job, JobResource, Variation, WaitOptions,
};
use serde::Serialize;

use super::download::download;
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

/// An image or a video that a job made.
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

/// What a job made, as far as the command prints it.
pub trait Results: JobResource {
    /// What the job is called while it is waited for.
    const NAME: &'static str;

    /// The ids and URLs of the results of the job with this id. A URL is empty where the API gives none.
    fn results(self, job_id: &str) -> Vec<(String, String)>;
}

impl Results for Generation {
    const NAME: &'static str = "generation";

    fn results(self, _job_id: &str) -> Vec<(String, String)> {
        let images = self.images.into_iter();
        images
            .map(|image| (image.id, image.motion_mp4_url.unwrap_or(image.url)))
            .collect()
    }
}

impl Results for Variation {
    const NAME: &'static str = "variation";

    fn results(self, job_id: &str) -> Vec<(String, String)> {
        let id = self.id.unwrap_or_else(|| job_id.into());
        vec![(id, self.url.unwrap_or_default())]
    }
}

/// Prints a job that was started, or its results if it is to be waited for.
pub fn started<R: Results>(
    context: &Context,
    client: &Client,
    job: Job<R>,
    args: &ResultArgs,
) -> Result<(), Failure> {
    let report = JobReport {
        id: job.id.clone(),
        cost: job.cost.clone(),
        api_credit_cost: job.api_credit_cost,
        ..JobReport::default()
    };
    let printed = if args.wait || args.download.is_some() {
        // Whoever cancels can wait for it later.
        context.tell(&format!("started {}", report.line()));
        waited(context, client, &job, args)
            .map_err(Failure::from)
            .and_then(|resource| finish(context, client, resource, report, args))
    } else {
        context.result(&report)
    };
    printed.map_err(|failure| failure.after_start_of(&job.id))
}

/// Waits for a job of whichever kind has this id, and prints its results.
pub fn wait(
    context: &Context,
    client: &Client,
    id: &str,
    args: &ResultArgs,
) -> Result<(), Failure> {
    make_folder(args)?;
    let report = JobReport {
        id: id.into(),
        ..JobReport::default()
    };
    let generation = Job::<Generation>::from_id(id);
    match waited(context, client, &generation, args) {
        Err(error) if error.is_not_found() => {}
        generation => return finish(context, client, generation?, report, args),
    }
    let variation = Job::<Variation>::from_id(id);
    match waited(context, client, &variation, args) {
        Err(error) if error.is_not_found() => Err(Failure::no_such_job(id)),
        variation => finish(context, client, variation?, report, args),
    }
}

fn waited<R: Results>(
    context: &Context,
    client: &Client,
    job: &Job<R>,
    args: &ResultArgs,
) -> Result<R, Error> {
    let _spinner = context.spinner(format!("{} {}", R::NAME, job.id));
    let wait = WaitOptions::default().timeout(Duration::from_secs(args.wait_timeout));
    client.wait_with(job, &wait)
}

/// Downloads the results where that is asked for, and prints where each is: a file, or the URL it is still at.
fn finish(
    context: &Context,
    client: &Client,
    resource: impl Results,
    mut report: JobReport,
    args: &ResultArgs,
) -> Result<(), Failure> {
    report.status = resource.job_status().map(ToString::to_string);
    let results = resource.results(&report.id);
    let all = results.len();
    let results: Vec<_> = results
        .into_iter()
        .filter(|(_, url)| !url.is_empty())
        .collect();
    let listed = results.len();
    let (files, downloaded) = match &args.download {
        None => (vec![None; listed], Ok(())),
        Some(folder) => download(context, client, folder, &results),
    };
    report.images = results
        .into_iter()
        .zip(files)
        .map(|((id, url), file)| ImageReport {
            id,
            url,
            file: file.map(|file| file.display().to_string()),
        })
        .collect();
    context.result(&report)?;
    downloaded?;
    if listed == all && listed > 0 {
        Ok(())
    } else {
        Err(Failure::missing_results(&report.id, listed, all))
    }
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
