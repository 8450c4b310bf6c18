//! References to images that a job uses.

use serde_json::Value;

use super::generation::GeneratedImage;
use super::init_image::UploadedImage;
use crate::geometry::Size;

/// An image, video or sound that a job uses: its id, and whether it was uploaded or generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReference {
    pub(super) id: String,
    /// The API's name of the origin.
    pub(super) origin: &'static str,
    /// Its size in pixels, if it is known.
    pub(super) size: Option<Size>,
    /// The size of its file in bytes, if it is known.
    pub(super) bytes: Option<u64>,
}

impl ImageReference {
    /// The uploaded image with this id.
    pub fn uploaded(id: impl Into<String>) -> Self {
        Self::new(id, "UPLOADED")
    }

    /// The generated image with this id.
    pub fn generated(id: impl Into<String>) -> Self {
        Self::new(id, "GENERATED")
    }

    /// The variation with this id.
    pub fn variation(id: impl Into<String>) -> Self {
        Self::new(id, "VARIATION")
    }

    /// States the size of the image in pixels. A generation of version 2 requests it unless another one is set, and is
    /// rejected before it is sent if it would distort the image. Default: unknown, but for an [`UploadedImage`].
    #[must_use]
    pub fn with_size(mut self, width: u32, height: u32) -> Self {
        self.size = Some(Size::new(width, height));
        self
    }

    fn new(id: impl Into<String>, origin: &'static str) -> Self {
        Self {
            id: id.into(),
            origin,
            size: None,
            bytes: None,
        }
    }

    /// The notation that most calls use.
    pub(super) fn json(&self) -> Value {
        serde_json::json!({"id": self.id, "type": self.origin})
    }
}

impl From<&UploadedImage> for ImageReference {
    fn from(image: &UploadedImage) -> Self {
        let Size { width, height } = image.size;
        Self {
            bytes: Some(image.receipt.bytes),
            ..Self::uploaded(&image.id).with_size(width, height)
        }
    }
}

impl From<&GeneratedImage> for ImageReference {
    fn from(image: &GeneratedImage) -> Self {
        Self::generated(&image.id)
    }
}
