//! Canvases: an image and the mask that selects the part to generate again.

use std::time::SystemTime;

use serde_json::json;

use super::call::{Call, CallKind, CallRequest};
use super::client::Client;
use super::error::{Error, ParameterError};
use super::init_image::UploadedImage;
use super::sizes;
use super::upload_form::CanvasForms;
use crate::extension::Extension;
use crate::prepare::PreparedImage;

/// An uploaded image and its mask, of the same size.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CanvasImages {
    /// The image: `canvasInitId` of a generation.
    pub init: UploadedImage,
    /// The mask: `canvasMaskId` of a generation. The white part is generated again.
    pub mask: UploadedImage,
}

/// `POST /v1/canvas-init-image`: requests the forms for an image and its mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateCanvasInitImage {
    init: Extension,
    mask: Extension,
}

impl CreateCanvasInitImage {
    /// Requests the forms for an image and a mask that are encoded as these extensions.
    pub fn new(init: Extension, mask: Extension) -> Self {
        Self { init, mask }
    }
}

impl Call for CreateCanvasInitImage {
    type Response = CanvasForms;

    fn request(&self) -> Result<CallRequest, Error> {
        let json = json!({
            "initExtension": self.init.as_str(),
            "maskExtension": self.mask.as_str(),
        });
        let kind = CallKind::Idempotent;
        Ok(CallRequest::post("/v1/canvas-init-image", json, kind))
    }

    fn parse(&self, body: &[u8]) -> Result<CanvasForms, Error> {
        CanvasForms::parse(body)
    }

    fn correct_clock_skew(&self, forms: &mut CanvasForms, server: SystemTime, local: SystemTime) {
        forms.init.correct_clock_skew(server, local);
        forms.mask.correct_clock_skew(server, local);
    }
}

/// Canvases.
impl Client {
    /// Requests the forms for an image and its mask: `POST /v1/canvas-init-image`. They expire after two minutes.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn create_canvas_init_image(
        &self,
        init: Extension,
        mask: Extension,
    ) -> Result<CanvasForms, Error> {
        self.call(&CreateCanvasInitImage::new(init, mask))
    }

    /// Uploads an image and its mask. It succeeds only if both are stored, because the API needs both.
    ///
    /// ```no_run
    /// use imgpost::leonardo::{CanvasRequestType, Client, CreateGeneration};
    ///
    /// # let client = Client::from_env()?;
    /// let image = imgpost::leonardo::prepare().open("photo.jpg")?;
    /// let mask = image.mask_options().open("mask.png")?;
    /// let canvas = client.upload_canvas(&image, &mask)?;
    /// let generation = CreateGeneration::new("a red door").canvas(&canvas, CanvasRequestType::Inpaint);
    /// let job = client.generate(&generation)?;
    /// # Ok::<(), imgpost::leonardo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if the two differ in size, or the size is not one of [`sizes::CANVAS`], and nothing was
    /// sent; otherwise as [`create_canvas_init_image`](Self::create_canvas_init_image), and [`Error::Core`] with the errors
    /// of [`upload`](crate::upload).
    pub fn upload_canvas(
        &self,
        init: &PreparedImage,
        mask: &PreparedImage,
    ) -> Result<CanvasImages, Error> {
        if init.size() != mask.size() {
            let (image, mask) = (init.size(), mask.size());
            return Err(ParameterError::MaskSize { image, mask }.into());
        }
        if !sizes::CANVAS.contains(init.size()) {
            let (image, bounds) = (init.size(), sizes::CANVAS);
            return Err(ParameterError::ImageSize { image, bounds }.into());
        }
        let call = CreateCanvasInitImage::new(init.extension(), mask.extension());
        let images = [init, mask];
        let [uploaded_init, uploaded_mask] = self.upload_all_with(
            || {
                let forms = self.call(&call)?;
                Ok([forms.init, forms.mask])
            },
            |index, form| self.uploader.try_upload(form, images[index]),
        )?;
        Ok(CanvasImages {
            init: UploadedImage::new(init, uploaded_init),
            mask: UploadedImage::new(mask, uploaded_mask),
        })
    }
}
