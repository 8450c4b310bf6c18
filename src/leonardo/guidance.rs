//! An image, video or sound that guides a generation of version 2.

use serde_json::{Value, json};

use super::image_reference::ImageReference;
use super::model::GuidanceKind;
use crate::open_enum::open_enum;

open_enum! {
    /// How strongly a generation follows a reference.
    GuidanceStrength {
        /// Weakly.
        Low = "LOW",
        /// The API's default.
        Mid = "MID",
        /// Strongly.
        High = "HIGH",
        /// Very strongly; for `style` and `content` of some models.
        Ultra = "ULTRA",
        /// As strongly as possible; for `style` of some models.
        Max = "MAX",
    }
}

/// An image, video or sound that guides a generation of version 2.
///
/// It refers to something that was uploaded or generated. The API also takes a URL or base64 text, which
/// [`CreateGenerationV2::extra`](super::CreateGenerationV2::extra) can set; there is no type for them because this crate
/// uploads.
///
/// ```
/// use imgpost::leonardo::{Guidance, GuidanceKind, GuidanceStrength, ImageReference};
///
/// let image = ImageReference::uploaded("7f3c0e5e-0000-4000-8000-000000000000");
/// let style = Guidance::new(GuidanceKind::Style, image).strength(GuidanceStrength::High);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guidance {
    pub(super) kind: GuidanceKind,
    pub(super) reference: ImageReference,
    pub(super) strength: Option<GuidanceStrength>,
    pub(super) order: Option<u32>,
}

impl Guidance {
    /// A guidance of this kind.
    pub fn new(kind: GuidanceKind, reference: impl Into<ImageReference>) -> Self {
        Self {
            kind,
            reference: reference.into(),
            strength: None,
            order: None,
        }
    }

    /// How strongly the generation follows it. Default: the API's. Some kinds require a strength, see
    /// [`GuidanceRule::strength`](super::GuidanceRule::strength).
    #[must_use]
    pub fn strength(mut self, strength: GuidanceStrength) -> Self {
        self.strength = Some(strength);
        self
    }

    /// Its place among the references of its kind, from 0. Default: the order in which they are added.
    #[must_use]
    pub fn order(mut self, order: u32) -> Self {
        self.order = Some(order);
        self
    }

    pub(super) fn json(&self) -> Value {
        let medium = match self.kind {
            GuidanceKind::VideoReference => "video",
            GuidanceKind::AudioReference => "audio",
            _ => "image",
        };
        let mut json = json!({medium: self.reference.json()});
        if let Some(strength) = &self.strength {
            json["strength"] = json!(strength);
        }
        if let Some(order) = self.order {
            json["order"] = json!(order);
        }
        json
    }
}
