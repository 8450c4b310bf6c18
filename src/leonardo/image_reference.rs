//! References to images that a job uses.

use serde_json::Value;

use super::generation::GeneratedImage;
use super::init_image::UploadedImage;

/// An image that a job uses: its id, and whether it was uploaded or generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReference {
    pub(super) id: String,
    /// The API's name of the origin.
    pub(super) origin: &'static str,
}

impl ImageReference {
    /// The uploaded image with this id.
    pub fn uploaded(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            origin: "UPLOADED",
        }
    }

    /// The generated image with this id.
    pub fn generated(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            origin: "GENERATED",
        }
    }

    /// The notation that most calls use.
    pub(super) fn json(&self) -> Value {
        serde_json::json!({"id": self.id, "type": self.origin})
    }
}

impl From<&UploadedImage> for ImageReference {
    fn from(image: &UploadedImage) -> Self {
        Self::uploaded(&image.id)
    }
}

impl From<&GeneratedImage> for ImageReference {
    fn from(image: &GeneratedImage) -> Self {
        Self::generated(&image.id)
    }
}
