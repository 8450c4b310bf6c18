//! Datasets: images to train a model with.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::{Call, CallKind, CallRequest, Deleted, calls_by_id, path_segment};
use super::client::Client;
use super::error::{Error, ParameterError};
use super::init_image::UploadedImage;
use super::response::{created_id, wrapped};
use super::sizes;
use super::upload_form::{self, UploadForm, responds_with_a_form};
use crate::extension::Extension;
use crate::prepare::PreparedImage;

/// A dataset and its images.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Dataset {
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// When it was created: a date and time in ISO 8601.
    pub created_at: Option<String>,
    /// When it was last changed: a date and time in ISO 8601.
    pub updated_at: Option<String>,
    /// Its images, including those whose form was requested but that were never uploaded.
    #[serde(rename = "dataset_images", default)]
    pub images: Vec<DatasetImage>,
    /// Other members of the response.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// An image of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DatasetImage {
    /// Its id.
    pub id: Option<String>,
    /// Its URL, for [`Client::download`].
    pub url: Option<String>,
    /// When its form was requested: a date and time in ISO 8601.
    pub created_at: Option<String>,
    /// Other members of the response.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The id of what a call created.
#[derive(Deserialize)]
struct Created {
    id: Option<String>,
}

/// `POST /v1/datasets`: creates a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateDataset {
    name: String,
    description: Option<String>,
}

impl CreateDataset {
    /// A dataset with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: None,
        }
    }

    /// The description of the dataset. Default: none.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

impl Call for CreateDataset {
    type Response = String;

    fn request(&self) -> Result<CallRequest, Error> {
        if self.name.trim().is_empty() {
            return Err(ParameterError::Missing { name: "name" }.into());
        }
        let mut json = json!({"name": self.name});
        if let Some(description) = &self.description {
            json["description"] = json!(description);
        }
        Ok(CallRequest::post(
            "/v1/datasets",
            json,
            CallKind::NonIdempotent,
        ))
    }

    fn parse(&self, body: &[u8]) -> Result<String, Error> {
        let created: Created = wrapped(body, "insert_datasets_one")?;
        created_id(created.id, "the dataset")
    }
}

calls_by_id! {
    /// `GET /v1/datasets/{id}`.
    GetDataset: get "/v1/datasets", "datasets_by_pk" => Dataset;
    /// `DELETE /v1/datasets/{id}`.
    DeleteDataset: delete "/v1/datasets", "delete_datasets_by_pk" => Deleted;
}

/// `POST /v1/datasets/{datasetId}/upload`: requests the form for an image of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateDatasetImage {
    dataset_id: String,
    extension: Extension,
}

impl CreateDatasetImage {
    /// Requests the form for an image of this dataset that is encoded as this extension.
    pub fn new(dataset_id: impl Into<String>, extension: Extension) -> Self {
        Self {
            dataset_id: dataset_id.into(),
            extension,
        }
    }
}

impl Call for CreateDatasetImage {
    responds_with_a_form!(upload_form::DATASET_IMAGE);

    fn request(&self) -> Result<CallRequest, Error> {
        let path = format!("/v1/datasets/{}/upload", path_segment(&self.dataset_id)?);
        let json = json!({"extension": self.extension.as_str()});
        Ok(CallRequest::post(path, json, CallKind::Idempotent))
    }
}

/// `POST /v1/datasets/{datasetId}/upload/gen`: adds a generated image to a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddGeneratedImage {
    dataset_id: String,
    generated_image_id: String,
}

impl AddGeneratedImage {
    /// Adds this generated image to this dataset.
    pub fn new(dataset_id: impl Into<String>, generated_image_id: impl Into<String>) -> Self {
        Self {
            dataset_id: dataset_id.into(),
            generated_image_id: generated_image_id.into(),
        }
    }
}

impl Call for AddGeneratedImage {
    type Response = String;

    fn request(&self) -> Result<CallRequest, Error> {
        let path = format!(
            "/v1/datasets/{}/upload/gen",
            path_segment(&self.dataset_id)?
        );
        let json = json!({"generatedImageId": self.generated_image_id});
        Ok(CallRequest::post(path, json, CallKind::NonIdempotent))
    }

    fn parse(&self, body: &[u8]) -> Result<String, Error> {
        let created: Created = wrapped(body, "uploadDatasetImageFromGen")?;
        created_id(created.id, "the image")
    }
}

/// Datasets. [`upload_dataset`](Client::upload_dataset) uploads many files at once.
impl Client {
    /// Creates a dataset and returns its id: `POST /v1/datasets`.
    ///
    /// ```no_run
    /// # let client = imgpost::leonardo::Client::from_env()?;
    /// let dataset = client.create_dataset("lighthouses", None)?;
    /// let prepare = imgpost::leonardo::prepare().bounds(imgpost::leonardo::sizes::DATASET);
    /// let image = prepare.open("photo.jpg")?;
    /// client.upload_dataset_image(&dataset, &image)?;
    /// # Ok::<(), imgpost::leonardo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn create_dataset(&self, name: &str, description: Option<&str>) -> Result<String, Error> {
        let call = CreateDataset::new(name);
        self.call(&match description {
            Some(description) => call.description(description),
            None => call,
        })
    }

    /// Reads a dataset and its images: `GET /v1/datasets/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call). [`Error::is_not_found`] is true if there is no dataset with this id.
    pub fn dataset(&self, id: &str) -> Result<Dataset, Error> {
        self.call(&GetDataset::new(id))
    }

    /// Deletes a dataset: `DELETE /v1/datasets/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call). [`Error::is_not_found`] is true if there is no dataset with this id.
    pub fn delete_dataset(&self, id: &str) -> Result<(), Error> {
        self.call(&DeleteDataset::new(id)).map(drop)
    }

    /// Requests the form for an image of a dataset: `POST /v1/datasets/{datasetId}/upload`. It expires after two minutes.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn create_dataset_image(
        &self,
        dataset_id: &str,
        extension: Extension,
    ) -> Result<UploadForm, Error> {
        self.call(&CreateDatasetImage::new(dataset_id, extension))
    }

    /// Uploads an image of a dataset: requests a form and posts `image` with it. If the form expires before the image is
    /// stored, requests another one, once. [`UploadedImage::warning`] reports a size other than [`sizes::DATASET`].
    ///
    /// # Errors
    ///
    /// As [`create_dataset_image`](Self::create_dataset_image), and [`Error::Core`] with the errors of
    /// [`upload`](crate::upload).
    pub fn upload_dataset_image(
        &self,
        dataset_id: &str,
        image: &PreparedImage,
    ) -> Result<UploadedImage, Error> {
        let call = CreateDatasetImage::new(dataset_id, image.extension());
        let uploaded = UploadedImage::new(image, self.upload_with(&call, image)?);
        Ok(uploaded.with_warning(sizes::dataset_warning(image.size())))
    }

    /// Adds a generated image to a dataset and returns its id there: `POST /v1/datasets/{datasetId}/upload/gen`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn add_generated_image(
        &self,
        dataset_id: &str,
        generated_image_id: &str,
    ) -> Result<String, Error> {
        self.call(&AddGeneratedImage::new(dataset_id, generated_image_id))
    }
}
