//! Jobs: a status, and an id to wait for.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::call::Call;
use super::cost::Cost;
use super::error::Error;
use super::response::{created_id, wrapped};
use crate::open_enum::open_enum;

open_enum! {
    /// The status of a job.
    JobStatus {
        /// The job is waiting or running.
        Pending = "PENDING",
        /// The results are available.
        Complete = "COMPLETE",
        /// The job ended without a result.
        Failed = "FAILED",
    }
}

/// The resource that a [`Job`] creates: a [`Generation`](super::Generation) or a [`Variation`](super::Variation).
///
/// It determines the endpoint that [`Client::wait`](super::Client::wait) polls. The trait is sealed, because the calls of
/// this crate start no other jobs.
pub trait JobResource: Clone + fmt::Debug + PartialEq + sealed::Sealed {
    /// The call that reads the resource.
    type Get: Call<Response = Self>;

    /// The call that reads the resource with this id.
    fn get(id: &str) -> Self::Get;

    /// The status of the job, if the API reports one.
    fn job_status(&self) -> Option<&JobStatus>;
}

pub(super) mod sealed {
    pub trait Sealed {}
}

/// A job that was started, and its cost. `R` is the resource that it creates, which [`Client::wait`](super::Client::wait)
/// returns.
///
/// | started with | job | polled at |
/// |---|---|---|
/// | [`CreateGeneration`](super::CreateGeneration), [`CreateGenerationV2`](super::CreateGenerationV2), [`CreateImageToVideo`](super::CreateImageToVideo) | `Job<Generation>` | `GET /v1/generations/{id}` |
/// | [`CreateUniversalUpscale`](super::CreateUniversalUpscale) | `Job<Variation>` | `GET /v1/variations/{id}` |
///
/// To wait in another process, store the [`id`](Self::id):
///
/// ```no_run
/// use imgpost::leonardo::{Client, Job, CreateUniversalUpscale, Variation};
///
/// # let client = Client::from_env()?;
/// # let image_id = "";
/// let job: Job<Variation> = client.generate(&CreateUniversalUpscale::init_image(image_id))?;
/// let id = job.id;
/// // Later:
/// let upscaled = client.wait(&Job::<Variation>::from_id(id))?;
/// println!("{:?}", upscaled.url);
/// # Ok::<(), imgpost::leonardo::Error>(())
/// ```
///
/// An upscale is not a generation, so this does not compile:
///
/// ```compile_fail
/// use imgpost::leonardo::{Client, Generation, Job, CreateUniversalUpscale};
///
/// # let client = Client::from_env()?;
/// # let image_id = "";
/// let job: Job<Generation> = client.generate(&CreateUniversalUpscale::init_image(image_id))?;
/// # Ok::<(), imgpost::leonardo::Error>(())
/// ```
///
/// Nor does this, because a job is not an id:
///
/// ```compile_fail
/// # use imgpost::leonardo::{Client, CreateUniversalUpscale};
/// # let client = Client::from_env()?;
/// # let image_id = "";
/// let job = client.generate(&CreateUniversalUpscale::init_image(image_id))?;
/// let generation = client.generation(&job)?;
/// # Ok::<(), imgpost::leonardo::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Job<R> {
    /// The id of the job, and of the resource that it creates.
    pub id: String,
    /// The cost, if the API reports it.
    pub cost: Option<Cost>,
    /// The cost in API credits, if the API reports it. The API will remove it in favor of `cost`.
    pub api_credit_cost: Option<i64>,
    /// Other members of the response.
    pub extra: Map<String, Value>,
    /// Whether this is from the response that started the job: the API may not know the id yet.
    pub(super) is_new: bool,
    resource: PhantomData<fn() -> R>,
}

// A job contains no `R`, so it does not matter that a generation contains floating-point numbers.
impl<R: PartialEq> Eq for Job<R> {}

impl<R: JobResource> Job<R> {
    /// A job that was started earlier. Its cost is unknown.
    pub fn from_id(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            cost: None,
            api_credit_cost: None,
            extra: Map::new(),
            is_new: false,
            resource: PhantomData,
        }
    }
}

/// The job in a response.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawJob {
    #[serde(alias = "generationId")]
    id: Option<String>,
    cost: Option<Cost>,
    api_credit_cost: Option<i64>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

impl RawJob {
    pub fn check<R: JobResource>(self) -> Result<Job<R>, Error> {
        let id = created_id(self.id, "the job")?;
        log::info!("started job {id}");
        Ok(Job {
            cost: self.cost,
            api_credit_cost: self.api_credit_cost,
            extra: self.extra,
            is_new: true,
            ..Job::from_id(id)
        })
    }
}

/// Reads the job in the member `wrapper` of a response.
pub(super) fn started<R: JobResource>(body: &[u8], wrapper: &str) -> Result<Job<R>, Error> {
    wrapped::<RawJob>(body, wrapper)?.check()
}
