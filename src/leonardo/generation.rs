//! Generations: images and videos.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::call::{Call, Deleted, calls_by_id};
use super::client::Client;
use super::error::Error;
use super::job::{Job, JobResource, JobStatus, sealed};
use super::response::{list_or_empty, text_or_empty};
use super::variation::Variation;

/// A generation and its images.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Generation {
    /// Its id.
    pub id: Option<String>,
    /// Its status.
    pub status: JobStatus,
    /// Its images. The list is empty until the generation is complete.
    #[serde(
        rename = "generated_images",
        default,
        deserialize_with = "list_or_empty"
    )]
    pub images: Vec<GeneratedImage>,
    /// The prompt.
    pub prompt: Option<String>,
    /// The id of the model.
    pub model_id: Option<String>,
    /// The requested width in pixels. The images may be up to twice as wide.
    pub image_width: Option<u32>,
    /// The requested height in pixels. The images may be up to twice as high.
    pub image_height: Option<u32>,
    /// How much of the init image is kept, 0.1 to 0.9.
    pub init_strength: Option<f64>,
    /// The seed of the random numbers.
    pub seed: Option<i64>,
    /// When it was started: a date and time in ISO 8601.
    pub created_at: Option<String>,
    /// Other members of the response.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A generated image.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GeneratedImage {
    /// Its id. Empty if the API does not report it.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub id: String,
    /// Its URL, for [`Client::download`]. Empty if the API does not report it.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub url: String,
    /// The URL of the video, if it is one.
    #[serde(rename = "motionMP4URL")]
    pub motion_mp4_url: Option<String>,
    /// Whether the API rates the image as not safe for work.
    pub nsfw: Option<bool>,
    /// The number of likes.
    pub like_count: Option<i64>,
    /// Its variations.
    #[serde(
        rename = "generated_image_variation_generics",
        default,
        deserialize_with = "list_or_empty"
    )]
    pub variations: Vec<Variation>,
    /// Other members of the response.
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
    /// Starts a job: a generation of version 1 ([`CreateGeneration`](super::CreateGeneration)) or 2
    /// ([`CreateGenerationV2`](super::CreateGenerationV2)), a video ([`CreateImageToVideo`](super::CreateImageToVideo)) or
    /// an upscale ([`CreateUniversalUpscale`](super::CreateUniversalUpscale)). It costs credits, so the call is sent again
    /// only if nothing was sent before.
    ///
    /// ```no_run
    /// use imgpost::leonardo::{Client, CreateGeneration};
    ///
    /// # let client = Client::from_env()?;
    /// let image = imgpost::leonardo::prepare().open("photo.jpg")?;
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
    /// [`Error::InvalidParameter`] if a parameter is missing or out of range, and nothing was sent;
    /// [`Error::Unconfirmed`] if the call was sent and may have been charged, but no usable response came; otherwise as
    /// [`call`](Self::call).
    pub fn generate<R: JobResource>(
        &self,
        generation: &impl Call<Response = Job<R>>,
    ) -> Result<Job<R>, Error> {
        self.call(generation)
    }

    /// The JSON that [`call`](Self::call) and [`generate`](Self::generate) would send. It is null if the call has none.
    /// Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if a parameter is missing or out of range.
    pub fn dry_run(&self, call: &impl Call) -> Result<Value, Error> {
        Ok(call.request()?.json.unwrap_or_default())
    }

    /// Reads a generation: `GET /v1/generations/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call). [`Error::is_not_found`] is true if there is no generation with this id.
    pub fn generation(&self, id: &str) -> Result<Generation, Error> {
        self.call(&GetGeneration::new(id))
    }

    /// Deletes a generation and its images: `DELETE /v1/generations/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call). [`Error::is_not_found`] is true if there is no generation with this id.
    pub fn delete_generation(&self, id: &str) -> Result<(), Error> {
        self.call(&DeleteGeneration::new(id)).map(drop)
    }
}
