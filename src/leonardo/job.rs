//! What jobs of every kind have in common: a status, a cost, an id to wait for.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::call::{Call, id, wrapped};
use super::error::{Error, ParameterError};
use crate::open_enum::open_enum;

open_enum! {
    /// How far a job is.
    JobStatus {
        /// It goes on.
        Pending = "PENDING",
        /// Its results are there.
        Complete = "COMPLETE",
        /// It ended without results.
        Failed = "FAILED",
    }
}

open_enum! {
    /// What a cost is counted in.
    CostUnit {
        /// Credits of the plan.
        Credits = "CREDITS",
        /// US dollars, with accounts that pay as they go.
        Dollars = "DOLLARS",
    }
}

/// What a job costs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Cost {
    /// How much, as the API writes it: a decimal number.
    pub amount: String,
    /// Of what.
    pub unit: CostUnit,
}

/// What a [`Job`] makes: a [`Generation`](super::Generation) or a [`Variation`](super::Variation).
///
/// It decides which endpoint [`Client::wait`](super::Client::wait) polls. The API has no other kinds of job that this
/// crate starts, so the trait is sealed.
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

/// A job that was started, and what it costs. `R` is the resource that it makes, which
/// [`Client::wait`](super::Client::wait) returns.
///
/// | started with | job | polled at |
/// |---|---|---|
/// | [`CreateGeneration`](super::CreateGeneration), [`CreateGenerationV2`](super::CreateGenerationV2), [`CreateImageToVideo`](super::CreateImageToVideo) | `Job<Generation>` | `GET /v1/generations/{id}` |
/// | [`CreateUniversalUpscale`](super::CreateUniversalUpscale) | `Job<Variation>` | `GET /v1/variations/{id}` |
///
/// To wait in another process, store [`id`](Self::id) and make the job from it again:
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
    /// The id of the job, and of the resource that it makes.
    pub id: String,
    /// What it costs, where the API says so.
    pub cost: Option<Cost>,
    /// What it costs in API credits, where the API says so. The API is about to drop it for `cost`.
    pub api_credit_cost: Option<i64>,
    /// What else the API says.
    pub extra: Map<String, Value>,
    /// Whether it comes from the response that started it: the API may not know the id yet.
    pub(super) is_new: bool,
    resource: PhantomData<fn() -> R>,
}

// It holds no `R`, so it does not matter that a generation has floating-point numbers.
impl<R: PartialEq> Eq for Job<R> {}

impl<R: JobResource> Job<R> {
    /// The job with this id, which was started earlier. Its cost is not known.
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
        let id = id(self.id, "the job")?;
        log::info!("job {id} started");
        Ok(Job {
            cost: self.cost,
            api_credit_cost: self.api_credit_cost,
            extra: self.extra,
            is_new: true,
            ..Job::from_id(id)
        })
    }
}

/// The job in an answer.
pub(super) fn started<R: JobResource>(body: &[u8], wrapper: &str) -> Result<Job<R>, Error> {
    wrapped::<RawJob>(body, wrapper)?.check()
}

/// A text that is missing or null is empty.
pub(super) fn or_empty<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A list that is missing or null is empty.
pub(super) fn or_none<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The variables of a request, of which only those that were set are sent: the API refuses what it does not know.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Variables(pub Map<String, Value>);

impl Variables {
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    pub fn push(&mut self, name: &str, value: impl Into<Value>) {
        let list = self.0.entry(name).or_insert_with(|| Value::Array(vec![]));
        match list {
            Value::Array(list) => list.push(value.into()),
            // Whoever set it to something else by its name meant that.
            _ => *list = Value::Array(vec![value.into()]),
        }
    }

    /// Checks that a number that was set lies within these bounds.
    pub fn check_range(&self, name: &'static str, min: f64, max: f64) -> Result<(), Error> {
        match self.0.get(name) {
            None => Ok(()),
            Some(value) if value.as_f64().is_some_and(|n| (min..=max).contains(&n)) => Ok(()),
            Some(value) => Err(ParameterError::OutOfRange {
                name,
                value: value.to_string(),
                min,
                max,
            }
            .into()),
        }
    }

    /// Checks that there is a prompt, and that it has no more characters than this.
    pub fn check_prompt(&self, max: usize) -> Result<(), Error> {
        let name = "prompt";
        let prompt = self.0.get(name).and_then(Value::as_str);
        match prompt.unwrap_or_default().chars().count() {
            0 => Err(ParameterError::Missing { name }.into()),
            characters if characters > max => Err(ParameterError::TooLong {
                name,
                characters,
                max,
            }
            .into()),
            _ => Ok(()),
        }
    }
}

/// An image by its id, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReference {
    pub(super) id: String,
    pub(super) origin: &'static str,
}

impl ImageReference {
    /// An image that was uploaded.
    pub fn uploaded(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            origin: "UPLOADED",
        }
    }

    /// An image that was generated.
    pub fn generated(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            origin: "GENERATED",
        }
    }

    /// As most calls write it.
    pub(super) fn json(&self) -> Value {
        serde_json::json!({"id": self.id, "type": self.origin})
    }
}

impl From<&super::init_image::UploadedImage> for ImageReference {
    fn from(image: &super::init_image::UploadedImage) -> Self {
        Self::uploaded(&image.id)
    }
}

impl From<&super::generation::GeneratedImage> for ImageReference {
    fn from(image: &super::generation::GeneratedImage) -> Self {
        Self::generated(&image.id)
    }
}
