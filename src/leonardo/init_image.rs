//! Init images: images a generation starts from.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::{Call, CallKind, CallRequest, Deleted, answered_with_a_form, calls_by_id};
use super::client::Client;
use super::error::Error;
use crate::extension::Extension;
use crate::geometry::Size;
use crate::prepare::PreparedImage;
use crate::presigned::PresignedPost;
use crate::upload::Receipt;

/// An uploaded image: what `init_image_id` of a generation refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedImage {
    /// Its id.
    pub id: String,
    /// The extension it was declared and encoded with.
    pub extension: Extension,
    /// Its size in pixels: the width and height a generation is asked for, unless others are given.
    pub size: Size,
    /// What the storage answered.
    pub receipt: Receipt,
}

impl UploadedImage {
    pub(super) fn new(image: &PreparedImage, (id, receipt): (String, Receipt)) -> Self {
        log::info!("image {id}: {} {}", image.size(), image.extension());
        Self {
            id,
            extension: image.extension(),
            size: image.size(),
            receipt,
        }
    }
}

/// What the API has under the id of an init image.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InitImage {
    /// Its id.
    pub id: Option<String>,
    /// Where it can be fetched.
    pub url: Option<String>,
    /// When the form was asked for.
    pub created_at: Option<String>,
    /// What else the API says.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// `POST /v1/init-image`: the form that uploads an init image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateInitImage {
    extension: Extension,
}

impl CreateInitImage {
    /// The form for an image that is encoded with this extension.
    pub fn new(extension: Extension) -> Self {
        Self { extension }
    }
}

impl Call for CreateInitImage {
    answered_with_a_form!();

    fn request(&self) -> Result<CallRequest, Error> {
        let json = json!({"extension": self.extension.as_str()});
        Ok(CallRequest::post(
            "/v1/init-image",
            json,
            CallKind::Repeatable,
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
    /// Asks for the form that uploads an init image: `POST /v1/init-image`. It expires after two minutes.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call), and [`Error::PresignedPost`] when the API's form cannot be posted.
    pub fn create_init_image(&self, extension: Extension) -> Result<PresignedPost, Error> {
        self.call(&CreateInitImage::new(extension))
    }

    /// Uploads an init image: asks for a form and posts `image` with it. Should the form expire while there is work to
    /// do, another one is asked for, once.
    ///
    /// ```no_run
    /// # let client = imgpost::leonardo::Client::from_env()?;
    /// let image = imgpost::PrepareOptions::default().open("photo.jpg")?;
    /// let init = client.upload_init_image(&image)?;
    /// println!("{} is there as {}", init.size, init.id);
    /// client.delete_init_image(&init.id)?;
    /// # Ok::<(), imgpost::leonardo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`create_init_image`](Self::create_init_image) and [`upload`](crate::upload).
    pub fn upload_init_image(&self, image: &PreparedImage) -> Result<UploadedImage, Error> {
        let call = CreateInitImage::new(image.extension());
        Ok(UploadedImage::new(image, self.upload_with(&call, image)?))
    }

    /// What the API has under the id of an init image: `GET /v1/init-image/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call); [`ApiError::is_not_found`](super::ApiError::is_not_found) when there is none.
    pub fn init_image(&self, id: impl AsRef<str>) -> Result<InitImage, Error> {
        self.call(&GetInitImage::new(id.as_ref()))
    }

    /// Deletes an init image: `DELETE /v1/init-image/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call); [`ApiError::is_not_found`](super::ApiError::is_not_found) when there is none.
    pub fn delete_init_image(&self, id: impl AsRef<str>) -> Result<(), Error> {
        self.call(&DeleteInitImage::new(id.as_ref())).map(drop)
    }
}
