//! Datasets: the pictures a model is trained on.

use serde::{Deserialize, Serialize};

use super::client::{Client, path_segment, present};
use super::init_image::FormRequest;
use crate::error::Error;
use crate::extension::Extension;
use crate::geometry::Size;
use crate::prepare::PreparedImage;
use crate::presigned::PresignedPost;
use crate::upload::Receipt;

/// A dataset.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Dataset {
    /// Its id.
    pub id: String,
}

/// An uploaded image of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatasetImage {
    /// Its id.
    pub id: String,
    /// The extension it was declared and encoded with.
    pub extension: Extension,
    /// Its size in pixels.
    pub size: Size,
    /// What the storage answered.
    pub receipt: Receipt,
}

#[derive(Serialize)]
struct DatasetRequest<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

#[derive(Deserialize)]
struct DatasetAnswer {
    insert_datasets_one: Option<Dataset>,
}

impl Client {
    /// Creates a dataset: `POST /v1/datasets`.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] when the API refuses.
    pub fn create_dataset(&self, name: &str, description: Option<&str>) -> Result<Dataset, Error> {
        let request = DatasetRequest { name, description };
        let answer: DatasetAnswer = self.post("/v1/datasets", &request)?;
        present(answer.insert_datasets_one, "insert_datasets_one")
    }

    /// Asks for the form that uploads an image of a dataset: `POST /v1/datasets/{datasetId}/upload`. It expires
    /// after two minutes.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] when the API refuses, [`Error::PresignedPost`] when its form cannot be posted.
    pub fn create_dataset_image(
        &self,
        dataset_id: &str,
        extension: Extension,
    ) -> Result<PresignedPost, Error> {
        let path = format!("/v1/datasets/{}/upload", path_segment(dataset_id)?);
        let extension = extension.as_str();
        self.post_for_form(&path, &FormRequest { extension })
    }

    /// Uploads an image of a dataset: asks for a form and posts `image` with it. Should the form expire while
    /// there is work to do, another one is asked for, once.
    ///
    /// # Errors
    ///
    /// As [`create_dataset_image`](Self::create_dataset_image) and [`upload`](crate::upload).
    pub fn upload_dataset_image(
        &self,
        dataset_id: &str,
        image: &PreparedImage,
    ) -> Result<DatasetImage, Error> {
        let ask = || self.create_dataset_image(dataset_id, image.extension());
        let (id, receipt) = self.upload_with(image, ask)?;
        log::info!("dataset image {id}: {} {}", image.size(), image.extension());
        Ok(DatasetImage {
            id,
            extension: image.extension(),
            size: image.size(),
            receipt,
        })
    }
}
