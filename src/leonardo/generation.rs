//! Generations as the API has them, and how they are asked for and deleted.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::call::{Call, Deleted, calls_by_id};
use super::client::Client;
use super::error::Error;
use super::job::{Job, JobResource, JobStatus, or_empty, or_none, sealed};
use super::variation::Variation;

/// A generation as the API has it now.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Generation {
    /// Its id.
    pub id: Option<String>,
    /// How far it is.
    pub status: JobStatus,
    /// Its images, once it is complete.
    #[serde(rename = "generated_images", default, deserialize_with = "or_none")]
    pub images: Vec<GeneratedImage>,
    /// What was asked for.
    pub prompt: Option<String>,
    /// The model that was used.
    pub model_id: Option<String>,
    /// The width that was asked for, in pixels. The images may be up to twice as wide.
    pub image_width: Option<u32>,
    /// The height that was asked for, in pixels. The images may be up to twice as high.
    pub image_height: Option<u32>,
    /// How much of the init image was to be kept, 0.1 to 0.9.
    pub init_strength: Option<f64>,
    /// The seed.
    pub seed: Option<i64>,
    /// When it was asked for.
    pub created_at: Option<String>,
    /// What else the API says.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A generated image.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GeneratedImage {
    /// Its id; empty where the API does not say.
    #[serde(default, deserialize_with = "or_empty")]
    pub id: String,
    /// Where it can be fetched; empty where the API does not say.
    #[serde(default, deserialize_with = "or_empty")]
    pub url: String,
    /// Where its video can be fetched, if it is one.
    #[serde(rename = "motionMP4URL")]
    pub motion_mp4_url: Option<String>,
    /// Whether the API holds it for unfit to be shown everywhere.
    pub nsfw: Option<bool>,
    /// How many people like it.
    pub like_count: Option<i64>,
    /// What was made of it.
    #[serde(
        rename = "generated_image_variation_generics",
        default,
        deserialize_with = "or_none"
    )]
    pub variations: Vec<Variation>,
    /// What else the API says.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

calls_by_id! {
    /// `GET /v1/generations/{id}`.
    GetGeneration: get "/v1/generations", "generations_by_pk" => Generation;
    /// `DELETE /v1/generations/{id}`.
    DeleteGeneration: delete "/v1/generations", "delete_generations_by_pk" => Deleted;
}

impl sealed::Sealed for Generation {}

impl JobResource for Generation {
    type Get = GetGeneration;

    fn get(id: &str) -> GetGeneration {
        GetGeneration::new(id)
    }

    fn job_status(&self) -> Option<&JobStatus> {
        Some(&self.status)
    }
}

/// Generations.
impl Client {
    /// Starts a generation, of version 1 ([`CreateGeneration`](super::CreateGeneration)) or 2
    /// ([`CreateGenerationV2`](super::CreateGenerationV2)), of a video ([`CreateImageToVideo`](super::CreateImageToVideo)) or an enlargement
    /// ([`CreateUniversalUpscale`](super::CreateUniversalUpscale)). It costs credits, so it is sent once, and again only if
    /// nothing was sent.
    ///
    /// ```no_run
    /// use imgpost::leonardo::{Client, CreateGeneration};
    ///
    /// # let client = Client::from_env()?;
    /// let image = imgpost::PrepareOptions::default().open("photo.jpg")?;
    /// let init = client.upload_init_image(&image)?;
    /// let generation = CreateGeneration::new("a lighthouse at dusk").init_image(&init).strength(0.4);
    /// println!("would send {}", client.dry_run(&generation)?);
    /// let job = client.generate(&generation)?;
    /// for image in client.wait(&job)?.images {
    ///     client.download(&image.url, format!("{}.jpg", image.id))?;
    /// }
    /// # Ok::<(), imgpost::leonardo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when something is out of range and nothing was sent; [`Error::Unconfirmed`] when it was sent
    /// and may have been charged, but no usable response came; else as [`call`](Self::call).
    pub fn generate<R: JobResource>(
        &self,
        generation: &impl Call<Response = Job<R>>,
    ) -> Result<Job<R>, Error> {
        self.call(generation)
    }

    /// The JSON that [`call`](Self::call) and [`generate`](Self::generate) would send, without sending it; null where
    /// there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when something is out of range.
    pub fn dry_run(&self, call: &impl Call) -> Result<Value, Error> {
        Ok(call.request()?.json.unwrap_or_default())
    }

    /// A generation as it is now: `GET /v1/generations/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call); [`ApiError::is_not_found`](super::ApiError::is_not_found) when there is none.
    pub fn generation(&self, id: impl AsRef<str>) -> Result<Generation, Error> {
        self.call(&GetGeneration::new(id.as_ref()))
    }

    /// Deletes a generation and its images: `DELETE /v1/generations/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call); [`ApiError::is_not_found`](super::ApiError::is_not_found) when there is none.
    pub fn delete_generation(&self, id: impl AsRef<str>) -> Result<(), Error> {
        self.call(&DeleteGeneration::new(id.as_ref())).map(drop)
    }
}
