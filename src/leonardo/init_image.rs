//! Init images: pictures a generation starts from.

use serde::Serialize;

use super::client::Client;
use crate::error::Error;
use crate::extension::Extension;
use crate::geometry::Size;
use crate::prepare::PreparedImage;
use crate::presigned::PresignedPost;
use crate::upload::Receipt;

/// An uploaded init image: what `init_image_id` of a generation refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InitImage {
    /// Its id.
    pub id: String,
    /// The extension it was declared and encoded with.
    pub extension: Extension,
    /// Its size in pixels: the width and height a generation is asked for, unless others are given.
    pub size: Size,
    /// What the storage answered.
    pub receipt: Receipt,
}

#[derive(Serialize)]
pub(super) struct FormRequest {
    pub extension: &'static str,
}

impl Client {
    /// Asks for the form that uploads an init image: `POST /v1/init-image`. It expires after two minutes.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] when the API refuses, [`Error::PresignedPost`] when its form cannot be posted.
    pub fn create_init_image(&self, extension: Extension) -> Result<PresignedPost, Error> {
        let extension = extension.as_str();
        self.post_for_form("/v1/init-image", &FormRequest { extension })
    }

    /// Uploads an init image: asks for a form and posts `image` with it. Should the form expire while
    /// there is work to do, another one is asked for, once.
    ///
    /// # Errors
    ///
    /// As [`create_init_image`](Self::create_init_image) and [`upload`](crate::upload).
    pub fn upload_init_image(&self, image: &PreparedImage) -> Result<InitImage, Error> {
        let ask = || self.create_init_image(image.extension());
        let (id, receipt) = self.upload_with(image, ask)?;
        log::info!("init image {id}: {} {}", image.size(), image.extension());
        Ok(InitImage {
            id,
            extension: image.extension(),
            size: image.size(),
            receipt,
        })
    }
}
