//! Images that guide a generation of version 1.

use serde_json::{Value, json};

use super::image_reference::ImageReference;
use crate::open_enum::open_enum;

open_enum! {
    /// How strongly a generation follows a reference image.
    StrengthType {
        /// Weakly.
        Low = "Low",
        /// The API's default.
        Mid = "Mid",
        /// Strongly.
        High = "High",
        /// Very strongly. Only for style references.
        Ultra = "Ultra",
        /// As strongly as possible. Only for style references.
        Max = "Max",
    }
}

/// What a generation takes from a reference image: the API's `preprocessorId`. The constants are those in the API's
/// [documentation](https://docs.leonardo.ai/docs), named by model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Preprocessor(pub u32);

impl Preprocessor {
    /// The style of the image, for SDXL models.
    pub const SDXL_STYLE: Self = Self(67);
    /// The person in the image, for SDXL models.
    pub const SDXL_CHARACTER: Self = Self(133);
    /// The content of the image, for SDXL models.
    pub const SDXL_CONTENT: Self = Self(100);
    /// The style of the image, for Phoenix.
    pub const PHOENIX_STYLE: Self = Self(166);
    /// The person in the image, for Phoenix.
    pub const PHOENIX_CHARACTER: Self = Self(397);
    /// The content of the image, for Phoenix.
    pub const PHOENIX_CONTENT: Self = Self(364);
    /// The whole image, for Flux Dev.
    pub const FLUX_DEV: Self = Self(233);
    /// The whole image, for Lucid.
    pub const LUCID: Self = Self(430);
}

/// An image that guides a generation: an element of its `controlnets`.
#[derive(Clone, Debug, PartialEq)]
pub struct Controlnet {
    preprocessor: Preprocessor,
    image: ImageReference,
    strength: Option<(&'static str, Value)>,
}

impl Controlnet {
    /// The largest [`weight`](Self::weight).
    pub(super) const MAX_WEIGHT: f64 = 2.0;

    /// Guides a generation by what `preprocessor` takes from `image`.
    pub fn new(preprocessor: Preprocessor, image: impl Into<ImageReference>) -> Self {
        Self {
            preprocessor,
            image: image.into(),
            strength: None,
        }
    }

    /// How strongly the generation follows the image, 0 to 2. Replaces a [`strength_type`](Self::strength_type).
    /// Default: the API's.
    #[must_use]
    pub fn weight(mut self, weight: f64) -> Self {
        self.strength = Some(("weight", json!(weight)));
        self
    }

    /// How strongly the generation follows the image, for style, character and content references. Replaces a
    /// [`weight`](Self::weight). Default: the API's.
    #[must_use]
    pub fn strength_type(mut self, strength: StrengthType) -> Self {
        self.strength = Some(("strengthType", json!(strength)));
        self
    }

    pub(super) fn json(self) -> Value {
        let mut json = json!({
            "initImageId": self.image.id,
            "initImageType": self.image.origin,
            "preprocessorId": self.preprocessor.0,
        });
        if let Some((name, value)) = self.strength {
            json[name] = value;
        }
        json
    }
}
