//! Datasets: the images a model is trained on.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::{
    Call, CallKind, CallRequest, Deleted, answered_with_a_form, calls_by_id, id, path_segment,
    wrapped,
};
use super::client::Client;
use super::error::{Error, ParameterError};
use super::init_image::UploadedImage;
use crate::extension::Extension;
use crate::prepare::PreparedImage;
use crate::presigned::PresignedPost;

/// A dataset, and the images in it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Dataset {
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// What it is said to be.
    pub description: Option<String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// When it was last changed.
    pub updated_at: Option<String>,
    /// The images whose forms were asked for, also those that were never posted.
    #[serde(rename = "dataset_images", default)]
    pub images: Vec<DatasetImage>,
    /// What else the API says.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// An image in a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DatasetImage {
    /// Its id.
    pub id: Option<String>,
    /// Where it can be fetched.
    pub url: Option<String>,
    /// When its form was asked for.
    pub created_at: Option<String>,
    /// What else the API says.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What is answered with the id of something that was made.
#[derive(Deserialize)]
struct Made {
    id: Option<String>,
}

/// `POST /v1/datasets`.
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

    /// Says what the dataset is.
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
        Ok(CallRequest::post("/v1/datasets", json, CallKind::Once))
    }

    fn parse(&self, body: &[u8]) -> Result<String, Error> {
        let made: Made = wrapped(body, "insert_datasets_one")?;
        id(made.id, "the dataset")
    }
}

calls_by_id! {
    /// `GET /v1/datasets/{id}`.
    GetDataset: get "/v1/datasets", "datasets_by_pk" => Dataset;
    /// `DELETE /v1/datasets/{id}`.
    DeleteDataset: delete "/v1/datasets", "delete_datasets_by_pk" => Deleted;
}

/// `POST /v1/datasets/{datasetId}/upload`: the form that uploads an image of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateDatasetImage {
    dataset_id: String,
    extension: Extension,
}

impl CreateDatasetImage {
    /// The form for an image of this dataset that is encoded with this extension.
    pub fn new(dataset_id: impl Into<String>, extension: Extension) -> Self {
        Self {
            dataset_id: dataset_id.into(),
            extension,
        }
    }
}

impl Call for CreateDatasetImage {
    answered_with_a_form!();

    fn request(&self) -> Result<CallRequest, Error> {
        let path = format!("/v1/datasets/{}/upload", path_segment(&self.dataset_id)?);
        let json = json!({"extension": self.extension.as_str()});
        Ok(CallRequest::post(path, json, CallKind::Repeatable))
    }
}

/// `POST /v1/datasets/{datasetId}/upload/gen`: takes a generated image into a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddGeneratedImage {
    dataset_id: String,
    generated_image_id: String,
}

impl AddGeneratedImage {
    /// Takes this generated image into this dataset.
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
        Ok(CallRequest::post(path, json, CallKind::Once))
    }

    fn parse(&self, body: &[u8]) -> Result<String, Error> {
        let made: Made = wrapped(body, "uploadDatasetImageFromGen")?;
        id(made.id, "the image")
    }
}

/// Datasets. Many files at once: [`upload_dataset`](Client::upload_dataset).
impl Client {
    /// Makes a dataset, and gives its id: `POST /v1/datasets`.
    ///
    /// ```no_run
    /// # let client = imgpost::leonardo::Client::from_env()?;
    /// let dataset = client.create_dataset("lighthouses", None)?;
    /// let prepare = imgpost::PrepareOptions::default().bounds(imgpost::Bounds::LEONARDO_DATASET);
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

    /// A dataset and its images: `GET /v1/datasets/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call); [`ApiError::is_not_found`](super::ApiError::is_not_found) when there is none.
    pub fn dataset(&self, id: impl AsRef<str>) -> Result<Dataset, Error> {
        self.call(&GetDataset::new(id.as_ref()))
    }

    /// Deletes a dataset: `DELETE /v1/datasets/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call); [`ApiError::is_not_found`](super::ApiError::is_not_found) when there is none.
    pub fn delete_dataset(&self, id: impl AsRef<str>) -> Result<(), Error> {
        self.call(&DeleteDataset::new(id.as_ref())).map(drop)
    }

    /// Asks for the form that uploads an image of a dataset: `POST /v1/datasets/{datasetId}/upload`. It expires
    /// after two minutes.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call), and [`Error::PresignedPost`] when the API's form cannot be posted.
    pub fn create_dataset_image(
        &self,
        dataset_id: &str,
        extension: Extension,
    ) -> Result<PresignedPost, Error> {
        self.call(&CreateDatasetImage::new(dataset_id, extension))
    }

    /// Uploads an image of a dataset: asks for a form and posts `image` with it. Should the form expire while there is
    /// work to do, another one is asked for, once.
    ///
    /// # Errors
    ///
    /// As [`create_dataset_image`](Self::create_dataset_image) and [`upload`](crate::upload).
    pub fn upload_dataset_image(
        &self,
        dataset_id: &str,
        image: &PreparedImage,
    ) -> Result<UploadedImage, Error> {
        let call = CreateDatasetImage::new(dataset_id, image.extension());
        Ok(UploadedImage::new(image, self.upload_with(&call, image)?))
    }

    /// Takes a generated image into a dataset, and gives its id there: `POST /v1/datasets/{datasetId}/upload/gen`.
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
