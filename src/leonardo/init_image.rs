//! Init images: uploaded images that a generation starts from.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::{Call, CallKind, CallRequest, Deleted, calls_by_id};
use super::client::Client;
use super::error::Error;
use super::sizes;
use super::upload_form::{self, UploadForm, responds_with_a_form};
use crate::extension::Extension;
use crate::geometry::Size;
use crate::prepare::PreparedImage;
use crate::upload::Receipt;

/// An image that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedImage {
    /// Its id, for example for `init_image_id` of a generation.
    pub id: String,
    /// The extension that was declared, and that the image is encoded as.
    pub extension: Extension,
    /// Its size in pixels. A generation requests it unless another one is set.
    pub size: Size,
    /// The receipt of the storage.
    pub receipt: Receipt,
    /// What is wrong with its size, and what to do: no model generates this size, or the API recommends another one for
    /// datasets. It is also in the log.
    pub warning: Option<String>,
}

impl UploadedImage {
    pub(super) fn new(image: &PreparedImage, (id, receipt): (String, Receipt)) -> Self {
        log::info!(
            "uploaded image {id}: {} {}",
            image.size(),
            image.extension()
        );
        Self {
            id,
            extension: image.extension(),
            size: image.size(),
            receipt,
            warning: None,
        }
    }

    pub(super) fn with_warning(self, warning: Option<String>) -> Self {
        if let Some(warning) = &warning {
            log::info!("{}: {warning}", self.id);
        }
        Self { warning, ..self }
    }
}

/// An init image, as the API stores it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InitImage {
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

/// `POST /v1/init-image`: requests the form for an init image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateInitImage {
    extension: Extension,
}

impl CreateInitImage {
    /// Requests the form for an image that is encoded as this extension.
    pub fn new(extension: Extension) -> Self {
        Self { extension }
    }
}

impl Call for CreateInitImage {
    responds_with_a_form!(upload_form::INIT_IMAGE);

    fn request(&self) -> Result<CallRequest, Error> {
        let json = json!({"extension": self.extension.as_str()});
        Ok(CallRequest::post(
            "/v1/init-image",
            json,
            CallKind::Idempotent,
        ))
    }
}

calls_by_id! {
    /// `GET /v1/init-image/{id}`.
    GetInitImage: get "/v1/init-image", "init_images_by_pk" => InitImage;
    /// `DELETE /v1/init-image/{id}`.
    DeleteInitImage: delete "/v1/init-image", "delete_init_images_by_pk" => Deleted;
}

/// Init images.
impl Client {
    /// Requests the form for an init image: `POST /v1/init-image`. It expires after two minutes.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn create_init_image(&self, extension: Extension) -> Result<UploadForm, Error> {
        self.call(&CreateInitImage::new(extension))
    }

    /// Uploads an init image: requests a form and posts `image` with it. If the form expires before the image is stored,
    /// requests another one, once.
    ///
    /// The API limits the sizes of generations, not those of images, so that any size is uploaded. If no model generates
    /// the size of the image, [`UploadedImage::warning`] reports it; a generation by a model that does not generate it is
    /// rejected before it is sent.
    ///
    /// ```no_run
    /// # let client = imgpost::leonardo::Client::from_env()?;
    /// let image = imgpost::leonardo::prepare().open("photo.jpg")?;
    /// let init = client.upload_init_image(&image)?;
    /// println!("uploaded {} as {}", init.size, init.id);
    /// client.delete_init_image(&init.id)?;
    /// # Ok::<(), imgpost::leonardo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`create_init_image`](Self::create_init_image), and [`Error::Core`] with the errors of
    /// [`upload`](crate::upload).
    pub fn upload_init_image(&self, image: &PreparedImage) -> Result<UploadedImage, Error> {
        let call = CreateInitImage::new(image.extension());
        let uploaded = UploadedImage::new(image, self.upload_with(&call, image)?);
        Ok(uploaded.with_warning(sizes::init_image_warning(image.size())))
    }

    /// Reads an init image: `GET /v1/init-image/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call). [`Error::is_not_found`] is true if there is no init image with this id.
    pub fn init_image(&self, id: &str) -> Result<InitImage, Error> {
        self.call(&GetInitImage::new(id))
    }

    /// Deletes an init image: `DELETE /v1/init-image/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call). [`Error::is_not_found`] is true if there is no init image with this id.
    pub fn delete_init_image(&self, id: &str) -> Result<(), Error> {
        self.call(&DeleteInitImage::new(id)).map(drop)
    }
}
