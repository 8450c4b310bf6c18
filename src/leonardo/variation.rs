//! Variations: what was made of an image, for example an enlargement.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::call::{Call, CallRequest, path_segment, wrapped};
use super::client::Client;
use super::error::{ApiError, Error};
use super::job::{JobResource, JobStatus, sealed};
use crate::open_enum::open_enum;

open_enum! {
    /// What was done to an image.
    TransformType {
        /// What is around it was made.
        Outpaint = "OUTPAINT",
        /// A part of it was made anew.
        Inpaint = "INPAINT",
        /// It was enlarged.
        Upscale = "UPSCALE",
        /// It was made a part of a larger one.
        Unzoom = "UNZOOM",
        /// Its background was taken away.
        Nobg = "NOBG",
    }
}

/// What was made of an image.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Variation {
    /// Its id.
    pub id: Option<String>,
    /// How far it is.
    pub status: Option<JobStatus>,
    /// Where it can be fetched, once it is complete.
    pub url: Option<String>,
    /// What was done.
    pub transform_type: Option<TransformType>,
    /// When it was asked for.
    pub created_at: Option<String>,
    /// What else the API says.
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
        first.ok_or_else(|| ApiError::none(name).into())
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
    /// A variation as it is now: `GET /v1/variations/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call); [`ApiError::is_not_found`] when there is none.
    pub fn variation(&self, id: impl AsRef<str>) -> Result<Variation, Error> {
        self.call(&GetVariation::new(id.as_ref()))
    }
}
