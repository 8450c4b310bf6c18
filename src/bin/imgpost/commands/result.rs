//! Waits for jobs, and downloads and opens their results.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use imgpost::leonardo::{
    Client, Cost, Error, Generation, Job, JobResource, JobStatus, Variation, WaitOptions,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::download::download;
use super::open::open;
use crate::args::ResultArgs;
use crate::context::{Context, Outcome};
use crate::escape;
use crate::failure::Failure;
use crate::read;

/// A job in the stable names of `--json`.
#[derive(Default, Serialize)]
pub struct JobReport {
    id: String,
    status: Option<String>,
    cost: Option<Cost>,
    api_credit_cost: Option<i64>,
    images: Vec<ImageReport>,
}

/// An image or a video: the result of a job.
#[derive(Serialize)]
struct ImageReport {
    id: String,
    url: String,
    file: Option<String>,
}

impl JobReport {
    /// A job that is complete with the response that started it.
    pub fn complete(id: String, cost: Option<Cost>) -> Self {
        Self {
            id,
            status: Some(JobStatus::Complete.to_string()),
            cost,
            ..Self::default()
        }
    }

    /// The id and the cost of the job.
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

impl JobReport {
    /// The names for `--format`.
    pub const NAMES: &[&str] = &[
        "job",
        "id",
        "url",
        "file",
        "status",
        "cost",
        "api_credit_cost",
    ];

    /// The file or the URL of each result.
    fn places(&self) -> impl Iterator<Item = &String> {
        let images = self.images.iter();
        images.map(|image| image.file.as_ref().unwrap_or(&image.url))
    }
}

impl Outcome for JobReport {
    fn to_lines(&self) -> Vec<String> {
        if self.images.is_empty() {
            return vec![self.line()];
        }
        self.places().cloned().collect()
    }

    fn to_bare(&self) -> Option<String> {
        if self.images.is_empty() {
            return Some(escape::line(&self.id));
        }
        let places: Vec<_> = self.places().map(|place| escape::line(place)).collect();
        Some(places.join("\n"))
    }

    /// A record for each result, or one for a job without results.
    fn to_records(&self) -> Vec<Value> {
        let job = json!({
            "job": self.id,
            "id": self.id,
            "status": self.status,
            "cost": self.cost.as_ref().map(|cost| &cost.amount),
            "api_credit_cost": self.api_credit_cost,
        });
        if self.images.is_empty() {
            return vec![job];
        }
        let record = |image: &ImageReport| {
            let mut record = job.clone();
            record["id"] = json!(image.id);
            record["url"] = json!(image.url);
            record["file"] = json!(image.file);
            record
        };
        self.images.iter().map(record).collect()
    }
}

/// A job's resource that lists results.
pub trait Results: JobResource {
    /// The name of the job in messages.
    const NAME: &'static str;

    /// The ids and URLs of the results of the job with this id. A URL is empty if the API returns none.
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

/// Prints a job that was started, or waits and prints its results.
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
    let printed = if args.wait || args.open || args.download.is_some() {
        // After a cancellation, the user can wait for it later.
        context.note(&format!("started {}", report.line()));
        waited(context, client, &job, args)
            .map_err(Failure::from)
            .and_then(|resource| finish(context, client, resource, report, args))
    } else {
        context.result(&report)
    };
    printed.map_err(|failure| failure.after_start_of(&job.id))
}

/// Waits for the generation, video or upscale with this id, and prints its results.
pub fn wait(
    context: &Context,
    client: &Client,
    id: &str,
    args: &ResultArgs,
) -> Result<(), Failure> {
    let id = &job_id(id)?;
    create_folder(args.download.as_deref())?;
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

/// Downloads and opens the results of a job as the arguments ask, and prints the file or the URL of each.
fn finish(
    context: &Context,
    client: &Client,
    resource: impl Results,
    mut report: JobReport,
    args: &ResultArgs,
) -> Result<(), Failure> {
    report.status = resource.job_status().map(ToString::to_string);
    let results = resource.results(&report.id);
    save(
        context,
        client,
        results,
        report,
        args.download.as_deref(),
        args.open,
    )
}

/// Downloads the results with these ids and URLs into a folder, if there is one, opens them if `opens`, and prints the file
/// or the URL of each.
pub fn save(
    context: &Context,
    client: &Client,
    results: Vec<(String, String)>,
    mut report: JobReport,
    folder: Option<&Path>,
    opens: bool,
) -> Result<(), Failure> {
    let all = results.len();
    let results: Vec<_> = results
        .into_iter()
        .filter(|(_, url)| !url.is_empty())
        .collect();
    let listed = results.len();
    let (files, downloaded) = match folder {
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
    // The id of a complete job is not one of its results.
    if context.json() || !report.images.is_empty() {
        context.result(&report)?;
    }
    if opens {
        for place in report.places() {
            open(context, OsStr::new(place));
        }
    }
    downloaded?;
    if listed == all && listed > 0 {
        Ok(())
    } else {
        Err(Failure::missing_results(&report.id, listed, all))
    }
}

/// Creates the folder for downloads, if there is one.
pub fn create_folder(folder: Option<&Path>) -> Result<(), Failure> {
    let created = folder.map(|folder| (folder, std::fs::create_dir_all(folder)));
    match created {
        Some((folder, Err(error))) => Err(Failure::file(folder, error)),
        _ => Ok(()),
    }
}

/// The longest output of another command that is read for an id.
const MAX_ID_BYTES: u64 = 64 << 10;

/// The id in what `generate`, `upscale` and `video` print: the id, a line with the cost, or JSON. `-` is standard input.
fn job_id(given: &str) -> Result<String, Failure> {
    let read;
    let text = if given == "-" {
        let bytes = read::standard_input(MAX_ID_BYTES)?.unwrap_or_default();
        read = String::from_utf8(bytes).unwrap_or_default();
        read.as_str()
    } else {
        given
    };
    let text = text.trim();
    let id = match serde_json::from_str(text) {
        Ok(Value::Object(report)) => report.get("id").and_then(Value::as_str).map(str::to_owned),
        _ => text.split_whitespace().next().map(str::to_owned),
    };
    id.ok_or_else(|| {
        Failure::usage("there is no job id; give the id, or what `imgpost generate` printed")
    })
}
