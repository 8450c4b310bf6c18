//! Variations of an image, for example an upscaled one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::call::{Call, CallRequest, path_segment};
use super::client::Client;
use super::error::{ApiError, Error};
use super::job::{JobResource, JobStatus, sealed};
use super::response::wrapped;
use crate::open_enum::open_enum;

open_enum! {
    /// How a variation was made.
    TransformType {
        /// The surroundings of the image were generated.
        Outpaint = "OUTPAINT",
        /// A part of the image was generated again.
        Inpaint = "INPAINT",
        /// The image was enlarged.
        Upscale = "UPSCALE",
        /// The image became a part of a larger one.
        Unzoom = "UNZOOM",
        /// The background was removed.
        Nobg = "NOBG",
    }
}

/// A variation of an image.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Variation {
    /// Its id.
    pub id: Option<String>,
    /// Its status, if the API reports it.
    pub status: Option<JobStatus>,
    /// Its URL, for [`Client::download`]. Missing until it is complete.
    pub url: Option<String>,
    /// How it was made.
    pub transform_type: Option<TransformType>,
    /// When it was started: a date and time in ISO 8601.
    pub created_at: Option<String>,
    /// Other members of the response.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// `GET /v1/variations/{id}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetVariation {
    id: String,
}

impl GetVariation {
    /// The call for the variation with this id.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into() }
    }
}

impl Call for GetVariation {
    type Response = Variation;

    fn request(&self) -> Result<CallRequest, Error> {
        let path = format!("/v1/variations/{}", path_segment(&self.id)?);
        Ok(CallRequest::get(path))
    }

    fn parse(&self, body: &[u8]) -> Result<Variation, Error> {
        let name = "generated_image_variation_generic";
        let variations: Vec<Variation> = wrapped(body, name)?;
        let first = variations.into_iter().next();
        first.ok_or_else(|| ApiError::empty(name).into())
    }
}

impl sealed::Sealed for Variation {}

impl JobResource for Variation {
    type Get = GetVariation;

    fn get(id: &str) -> GetVariation {
        GetVariation::new(id)
    }

    fn job_status(&self) -> Option<&JobStatus> {
        self.status.as_ref()
    }
}

/// Variations.
impl Client {
    /// Reads a variation: `GET /v1/variations/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call). [`Error::is_not_found`] is true if there is no variation with this id.
    pub fn variation(&self, id: &str) -> Result<Variation, Error> {
        self.call(&GetVariation::new(id))
    }
}
