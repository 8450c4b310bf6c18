//! Parameters that the API would reject, found before anything is sent.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;

use crate::geometry::{Bounds, Size};
use crate::leonardo::model::ModelError;
use crate::text::one_line;

/// A parameter that is missing or outside the API's limits. Nothing was sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ParameterError {
    /// A text that must not be empty is empty.
    Missing {
        /// The name of the parameter.
        name: &'static str,
    },
    /// A text is too long.
    TooLong {
        /// The name of the parameter.
        name: &'static str,
        /// The length of the text in characters.
        characters: usize,
        /// The maximum length in characters.
        max: usize,
    },
    /// A number is out of range, or is not a number.
    OutOfRange {
        /// The name of the parameter.
        name: &'static str,
        /// The value, in JSON.
        value: String,
        /// The smallest value that the API accepts.
        min: f64,
        /// The largest value that the API accepts.
        max: f64,
    },
    /// The model does not generate this size.
    Size {
        /// The requested size.
        size: Size,
        /// The sizes that the model accepts.
        bounds: Bounds,
    },
    /// The API does not accept an image of this size. Prepare it with [`prepare`](crate::leonardo::prepare).
    ImageSize {
        /// The size of the image.
        image: Size,
        /// The sizes that the API accepts.
        bounds: Bounds,
    },
    /// The model does not accept the parameters, or would distort the image.
    Model(Box<ModelError>),
    /// A parameter cannot be combined with another one.
    Conflict {
        /// The name of the parameter.
        name: &'static str,
        /// The name of the parameter that excludes it.
        with: &'static str,
    },
    /// A parameter has an effect only together with another one.
    Requires {
        /// The name of the parameter.
        name: &'static str,
        /// The name of the parameter that is missing.
        requires: &'static str,
    },
    /// An id is empty, or contains a character that no id of the API contains.
    Id {
        /// The id.
        id: String,
    },
    /// An image and its mask differ in size. Make the mask with
    /// [`PreparedImage::mask_options`](crate::PreparedImage::mask_options).
    MaskSize {
        /// The size of the image.
        image: Size,
        /// The size of the mask.
        mask: Size,
    },
    /// The extension of a file is not that of a video or a sound that the API accepts.
    MediaExtension {
        /// The file.
        path: PathBuf,
    },
    /// A name is empty, starts with a dot, or contains a character that separates folders.
    FileName {
        /// The name.
        name: String,
    },
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name } => write!(f, "the {name} is empty; give one"),
            Self::TooLong {
                name,
                characters,
                max,
            } => write!(
                f,
                "the {name} has {characters} characters; the API accepts at most {max}"
            ),
            Self::OutOfRange {
                name,
                value,
                min,
                max,
            } => write!(
                f,
                "{name} is {}; the API accepts {min} to {max}",
                one_line(value)
            ),
            Self::Size { size, bounds } => write!(
                f,
                "a generation of {size} is not accepted; the allowed sizes are {bounds}; request one of them, and prepare the \
                 image for it"
            ),
            Self::ImageSize { image, bounds } => write!(
                f,
                "the image has {image} pixels; the API accepts {bounds}; prepare it with leonardo::prepare()"
            ),
            Self::Model(error) => error.fmt(f),
            Self::Conflict { name, with } => {
                write!(f, "{name} cannot be combined with {with}; give one of them")
            }
            Self::Requires { name, requires } => write!(f, "{name} requires {requires}; give both"),
            Self::Id { id } => write!(
                f,
                "{:?} is not an id of the API; give an id that it returned",
                one_line(id)
            ),
            Self::MaskSize { image, mask } => write!(
                f,
                "the image has {image} pixels and its mask {mask}; make the mask with PreparedImage::mask_options"
            ),
            Self::MediaExtension { path } => write!(
                f,
                "{} is not a media file that the API accepts; give an mp4, mov, mp3 or wav file",
                path.display()
            ),
            Self::FileName { name } => write!(
                f,
                "{:?} is not the name of a file; give one without a folder",
                one_line(name)
            ),
        }
    }
}

impl StdError for ParameterError {}
