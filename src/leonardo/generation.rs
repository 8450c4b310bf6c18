//! Generations: new pictures from a prompt and an uploaded one.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::client::{Client, path_segment, present};
use super::init_image::InitImage;
use crate::error::Error;

/// The longest prompt the API takes, in characters.
const MAX_PROMPT: usize = 1500;

/// What is asked of a generation. Only what is set here is sent.
#[derive(Clone, Debug, Serialize)]
pub struct Generation {
    prompt: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    init_image_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    init_strength: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_images: Option<u32>,
    #[serde(rename = "modelId", skip_serializing_if = "Option::is_none")]
    model_id: Option<String>,
}

impl Generation {
    /// A generation from a prompt of at most 1500 characters.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self {
            prompt: prompt.into(),
            init_image_id: None,
            init_strength: None,
            width: None,
            height: None,
            num_images: None,
            model_id: None,
        }
    }

    /// Starts from this picture, and asks for its size, so that the result is not deformed.
    #[must_use]
    pub fn init_image(mut self, init: &InitImage) -> Self {
        self.init_image_id = Some(init.id.clone());
        self.size(init.size.width, init.size.height)
    }

    /// How much of the init image is kept, 0.1 to 0.9. Default: the API's.
    #[must_use]
    pub fn strength(mut self, strength: f32) -> Self {
        self.init_strength = Some(strength);
        self
    }

    /// The size to generate in pixels. Default: the init image's, and the API's without one.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.width = Some(width);
        self.height = Some(height);
        self
    }

    /// How many pictures to make, 1 to 8. Default: the API's, 4.
    #[must_use]
    pub fn num_images(mut self, num_images: u32) -> Self {
        self.num_images = Some(num_images);
        self
    }

    /// The model to use. Default: the API's.
    #[must_use]
    pub fn model_id(mut self, model_id: impl Into<String>) -> Self {
        self.model_id = Some(model_id.into());
        self
    }

    fn check(&self) -> Result<(), Error> {
        let length = self.prompt.chars().count();
        if length == 0 || length > MAX_PROMPT {
            return Err(Error::Invalid(format!(
                "the prompt has {length} characters; the API takes 1 to {MAX_PROMPT}"
            )));
        }
        if let Some(strength) = self.init_strength.filter(|s| !(0.1..=0.9).contains(s)) {
            return Err(Error::Invalid(format!(
                "the strength is {strength}; the API takes 0.1 to 0.9"
            )));
        }
        Ok(())
    }
}

/// A generation that was started.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct GenerationJob {
    /// The id to wait for.
    #[serde(rename = "generationId")]
    pub id: String,
    /// What it costs in API credits, where the API says so.
    #[serde(rename = "apiCreditCost")]
    pub api_credit_cost: Option<i64>,
}

impl AsRef<str> for GenerationJob {
    fn as_ref(&self) -> &str {
        &self.id
    }
}

/// How far a generation is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GenerationStatus {
    /// It goes on.
    Pending,
    /// Its pictures are there.
    Complete,
    /// It ended without pictures.
    Failed,
    /// A status this version does not know.
    Other(String),
}

impl<'de> Deserialize<'de> for GenerationStatus {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match String::deserialize(deserializer)?.as_str() {
            "PENDING" => Self::Pending,
            "COMPLETE" => Self::Complete,
            "FAILED" => Self::Failed,
            other => Self::Other(other.into()),
        })
    }
}

/// A generation as the API has it now.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct GenerationState {
    /// Its id.
    pub id: String,
    /// How far it is.
    pub status: GenerationStatus,
    /// Its pictures, once it is complete.
    #[serde(rename = "generated_images", default)]
    pub images: Vec<GeneratedImage>,
}

/// A generated picture.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct GeneratedImage {
    /// Its id.
    pub id: String,
    /// Where it can be fetched.
    pub url: String,
}

#[derive(Deserialize)]
struct JobAnswer {
    #[serde(rename = "sdGenerationJob")]
    job: Option<GenerationJob>,
}

#[derive(Deserialize)]
struct StateAnswer {
    generations_by_pk: Option<GenerationState>,
}

impl Client {
    /// Starts a generation: `POST /v1/generations`. It costs credits, so it is sent once and never again by itself.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the prompt or the strength is out of range, [`Error::Api`] when the API refuses.
    pub fn generate(&self, generation: &Generation) -> Result<GenerationJob, Error> {
        generation.check()?;
        let answer: JobAnswer = self.post("/v1/generations", generation)?;
        let job = present(answer.job, "sdGenerationJob")?;
        log::info!("generation {} started", job.id);
        Ok(job)
    }

    /// A generation as it is now: `GET /v1/generations/{id}`.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] when the API refuses or does not know the id.
    pub fn generation(&self, id: impl AsRef<str>) -> Result<GenerationState, Error> {
        let path = format!("/v1/generations/{}", path_segment(id.as_ref())?);
        let answer: StateAnswer = self.get(&path)?;
        present(answer.generations_by_pk, "generations_by_pk")
    }

    /// Waits until a generation is complete; asks every second at first, every five seconds later.
    ///
    /// # Errors
    ///
    /// [`Error::GenerationFailed`] when it ends without pictures, [`Error::WaitTimeout`] when it is not done in
    /// time, and as [`generation`](Self::generation).
    pub fn wait(&self, job: impl AsRef<str>) -> Result<GenerationState, Error> {
        let id = job.as_ref();
        let deadline = Instant::now() + self.wait_timeout();
        let mut pause = Duration::from_secs(1);
        loop {
            let state = self.generation(id)?;
            match state.status {
                GenerationStatus::Complete => return Ok(state),
                GenerationStatus::Failed => return Err(Error::GenerationFailed { id: id.into() }),
                GenerationStatus::Pending | GenerationStatus::Other(_) => {}
            }
            if Instant::now() + pause > deadline {
                return Err(Error::WaitTimeout { id: id.into() });
            }
            std::thread::sleep(pause);
            pause = (pause * 3 / 2).min(Duration::from_secs(5));
        }
    }
}
