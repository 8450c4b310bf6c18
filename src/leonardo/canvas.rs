//! Canvas: an image and the mask that says which part of it is made anew.

use std::time::SystemTime;

use serde_json::json;

use super::call::{Call, CallKind, CallRequest, learn_time};
use super::client::Client;
use super::error::{Error, ParameterError};
use super::init_image::UploadedImage;
use crate::extension::Extension;
use crate::prepare::PreparedImage;
use crate::presigned::PresignedPost;

/// An uploaded image and its mask, of the same size.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CanvasImages {
    /// The image: `canvasInitId` of a generation.
    pub init: UploadedImage,
    /// The mask, white where the image is made anew: `canvasMaskId` of a generation.
    pub mask: UploadedImage,
}

/// `POST /v1/canvas-init-image`: the forms that upload an image and its mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateCanvasInitImage {
    init: Extension,
    mask: Extension,
}

impl CreateCanvasInitImage {
    /// The forms for an image and a mask that are encoded with these extensions.
    pub fn new(init: Extension, mask: Extension) -> Self {
        Self { init, mask }
    }
}

impl Call for CreateCanvasInitImage {
    type Response = [PresignedPost; 2];

    fn request(&self) -> Result<CallRequest, Error> {
        let json = json!({
            "initExtension": self.init.as_str(),
            "maskExtension": self.mask.as_str(),
        });
        let kind = CallKind::Repeatable;
        Ok(CallRequest::post("/v1/canvas-init-image", json, kind))
    }

    fn parse(&self, body: &[u8]) -> Result<[PresignedPost; 2], Error> {
        let (init, mask) = PresignedPost::canvas_from_json(body)?;
        Ok([init, mask])
    }

    fn received(&self, forms: &mut [PresignedPost; 2], api: SystemTime, local: SystemTime) {
        for form in forms {
            learn_time(form, api, local);
        }
    }
}

/// Canvas.
impl Client {
    /// Asks for the forms that upload an image and its mask, in this order: `POST /v1/canvas-init-image`. They expire
    /// after two minutes.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call), and [`Error::PresignedPost`] when one of the API's forms cannot be posted.
    pub fn create_canvas_init_image(
        &self,
        init: Extension,
        mask: Extension,
    ) -> Result<[PresignedPost; 2], Error> {
        self.call(&CreateCanvasInitImage::new(init, mask))
    }

    /// Uploads an image and its mask. Both are there, or it is an error: the ids of one half are of no use.
    ///
    /// ```no_run
    /// use imgpost::leonardo::{CanvasRequestType, Client, CreateGeneration};
    ///
    /// # let client = Client::from_env()?;
    /// let image = imgpost::PrepareOptions::default().open("photo.jpg")?;
    /// let mask = image.mask_options().open("mask.png")?;
    /// let canvas = client.upload_canvas(&image, &mask)?;
    /// let generation = CreateGeneration::new("a red door").canvas(&canvas, CanvasRequestType::Inpaint);
    /// let job = client.generate(&generation)?;
    /// # Ok::<(), imgpost::leonardo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the two differ in size, and nothing was sent; else as
    /// [`create_canvas_init_image`](Self::create_canvas_init_image) and [`upload`](crate::upload).
    pub fn upload_canvas(
        &self,
        init: &PreparedImage,
        mask: &PreparedImage,
    ) -> Result<CanvasImages, Error> {
        if init.size() != mask.size() {
            let (image, mask) = (init.size(), mask.size());
            return Err(ParameterError::MaskSize { image, mask }.into());
        }
        let call = CreateCanvasInitImage::new(init.extension(), mask.extension());
        let images = [init, mask];
        let [uploaded_init, uploaded_mask] = self.upload_all_with(
            || self.call(&call),
            |index, form| self.uploader.try_upload(form, images[index]),
        )?;
        Ok(CanvasImages {
            init: UploadedImage::new(init, uploaded_init),
            mask: UploadedImage::new(mask, uploaded_mask),
        })
    }
}
