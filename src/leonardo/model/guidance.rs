//! Which images, videos and sounds may guide a generation, and how many of each.

use serde::Deserialize;

use crate::open_enum::open_enum;

open_enum! {
    /// How an uploaded or generated image, video or sound guides a generation of `POST /v2/generations`.
    ///
    /// The names are the keys of `parameters.guidances`
    /// ([API reference](https://docs.leonardo.ai/reference/creategeneration)).
    GuidanceKind {
        /// An image the model refers to.
        ImageReference = "image_reference",
        /// The first frame of a video.
        StartFrame = "start_frame",
        /// The last frame of a video.
        EndFrame = "end_frame",
        /// The style of an image.
        Style = "style",
        /// The content of an image.
        Content = "content",
        /// A character.
        Character = "character",
        /// An image to begin with.
        ImageToImage = "image_to_image",
        /// The edges of an image.
        Edge = "edge",
        /// The pose of a person.
        Pose = "pose",
        /// The depth of a scene.
        Depth = "depth",
        /// Text in an image.
        TextImage = "text_image",
        /// The background behind the subject, for `remove-bg`.
        BackgroundImageReference = "background_image_reference",
        /// A video the model refers to.
        VideoReference = "video_reference_base",
        /// A sound the model refers to.
        AudioReference = "audio_reference",
        /// A web page the model refers to.
        WebpageReference = "webpage_reference",
    }
}

impl<'de> GuidanceKind {
    pub(super) fn list<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Self>, D::Error> {
        Vec::deserialize(deserializer)
    }
}

/// Whether a guidance takes a strength.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum StrengthRule {
    /// The API rejects or ignores a strength.
    #[default]
    None,
    /// A strength may be given.
    Optional,
    /// A strength has to be given.
    Required,
}

/// What a model accepts for one [`GuidanceKind`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct GuidanceRule {
    /// Minimum number; 0 if the guidance may be left out.
    #[serde(default)]
    pub min: u32,
    /// Maximum number.
    pub max: u32,
    /// Whether each takes a strength.
    #[serde(default)]
    pub strength: StrengthRule,
    /// The strengths, from weak to strong. Empty if there are none or they are not documented.
    #[serde(default)]
    pub levels: Vec<String>,
    /// Whether each takes an order, a number from 0.
    #[serde(default, rename = "order")]
    pub has_order: bool,
    /// At least one of these guidances has to be there as well. Empty: none has to.
    #[serde(default, deserialize_with = "GuidanceKind::list")]
    pub needs_one_of: Vec<GuidanceKind>,
    /// None of these guidances may be there as well.
    #[serde(default, deserialize_with = "GuidanceKind::list")]
    pub excludes: Vec<GuidanceKind>,
}
