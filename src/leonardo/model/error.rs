//! Why a model would reject a generation.

use std::fmt;

use super::guidance::GuidanceKind;
use crate::geometry::{AllowedSizes, Size};
use crate::prepare::PrepareOptions;
use crate::text::one_line;

/// Why a model would reject a generation, or distort its image. Nothing was sent.
/// [`CreateGenerationV2::extra`](crate::leonardo::CreateGenerationV2::extra) sets a parameter without this check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelError {
    /// The API does not offer the model any more.
    Retired {
        /// The id of the model.
        model: String,
        /// The day on which it was retired.
        day: String,
    },
    /// The model belongs to another call of the API: to `POST /v1/generations-image-to-video` in version 1, to
    /// `POST /v2/generations` in version 2.
    OtherCall {
        /// The id of the model.
        model: String,
        /// The version of the API that the model belongs to.
        version: u8,
    },
    /// The model does not list this size. Some models silently make a square instead.
    Size {
        /// The id of the model.
        model: String,
        /// The requested size.
        size: Size,
        /// The allowed size that is nearest, if there is one.
        nearest: Option<Size>,
        /// The sizes that the model accepts.
        allowed: AllowedSizes,
    },
    /// The model has no width and height.
    NoSize {
        /// The id of the model.
        model: String,
    },
    /// The model requires the width and height of its input, and they are unknown.
    NeedsSize {
        /// The id of the model.
        model: String,
    },
    /// The file of an image is larger than the model accepts.
    Bytes {
        /// The id of the model.
        model: String,
        /// The size of the file in bytes.
        bytes: u64,
        /// The maximum size in bytes.
        max: u64,
    },
    /// An image has another aspect ratio than the requested size, so that the result would be distorted.
    Distorted {
        /// The kind of the guidance.
        kind: GuidanceKind,
        /// The size of the image.
        image: Size,
        /// The requested size.
        size: Size,
    },
    /// The frames of a video have different aspect ratios.
    Frames {
        /// The size of the start frame.
        start: Size,
        /// The size of the end frame.
        end: Size,
    },
    /// The model does not take this kind of guidance.
    Guidance {
        /// The id of the model.
        model: String,
        /// The kind.
        kind: GuidanceKind,
        /// The kinds that it takes.
        accepted: Vec<GuidanceKind>,
    },
    /// There are too few or too many guidances of a kind.
    Count {
        /// The id of the model.
        model: String,
        /// The kind.
        kind: GuidanceKind,
        /// How many there are.
        count: usize,
        /// Minimum number.
        min: u32,
        /// Maximum number.
        max: u32,
    },
    /// A guidance needs one of others.
    Needs {
        /// The kind.
        kind: GuidanceKind,
        /// The kinds, one of which is required.
        one_of: Vec<GuidanceKind>,
    },
    /// Two kinds of guidances exclude each other.
    Excludes {
        /// The id of the model.
        model: String,
        /// One kind.
        kind: GuidanceKind,
        /// The other kind.
        other: GuidanceKind,
    },
    /// A strength is missing, is not accepted, or is none of the levels.
    Strength {
        /// The kind.
        kind: GuidanceKind,
        /// The levels that are accepted. Empty if the kind has no strength.
        levels: Vec<String>,
    },
    /// The number of images, the duration or another number is not among those that the model accepts.
    Number {
        /// The id of the model.
        model: String,
        /// The name of the parameter.
        name: &'static str,
        /// Its value.
        value: u64,
        /// What the model accepts.
        accepted: String,
    },
}

impl ModelError {
    pub(in crate::leonardo) fn size(model: &str, size: Size, allowed: &AllowedSizes) -> Self {
        let options = PrepareOptions::default().bounds(allowed.clone());
        let plan = options.plan_size(size.width, size.height);
        Self::Size {
            model: model.into(),
            size,
            nearest: plan.ok().map(|plan| plan.size()),
            allowed: allowed.clone(),
        }
    }
}

/// What takes the models of a version.
fn other_call(version: u8) -> &'static str {
    if version == 1 {
        "CreateImageToVideo, or `imgpost video`"
    } else {
        "CreateGenerationV2"
    }
}

fn list(kinds: &[GuidanceKind], last: &str) -> String {
    let names: Vec<_> = kinds.iter().map(GuidanceKind::as_str).collect();
    match names.as_slice() {
        [] => String::from("none"),
        [one] => (*one).into(),
        [rest @ .., end] => format!("{} {last} {end}", rest.join(", ")),
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retired { model, day } => {
                write!(
                    f,
                    "the API retired the model {model} on {day}; choose another one"
                )
            }
            Self::OtherCall { model, version } => {
                let (model, call) = (one_line(model), other_call(*version));
                write!(
                    f,
                    "the model {model} belongs to version {version} of the API; use {call}"
                )
            }
            Self::Size {
                model,
                size,
                nearest,
                allowed,
            } => {
                let model = one_line(model);
                write!(f, "the model {model} does not generate {size}")?;
                if matches!(allowed, AllowedSizes::Pairs(_)) {
                    f.write_str(", and may make a square of it without an error")?;
                }
                match nearest {
                    Some(nearest) => write!(
                        f,
                        "; prepare the image for this model, which gives {nearest}"
                    ),
                    None => write!(f, "; it generates {allowed}"),
                }
            }
            Self::NoSize { model } => {
                write!(
                    f,
                    "the model {} takes no width and height; leave them out",
                    one_line(model)
                )
            }
            Self::NeedsSize { model } => write!(
                f,
                "the model {} requires the width and height of its image; state them",
                one_line(model)
            ),
            Self::Bytes { model, bytes, max } => write!(
                f,
                "the image has {bytes} bytes, and the model {} accepts at most {max}; prepare the image for this model",
                one_line(model)
            ),
            Self::Distorted { kind, image, size } => write!(
                f,
                "the {kind} has {image} pixels and would be distorted in a generation of {size}; request {image}, or \
                 prepare the image for {size}"
            ),
            Self::Frames { start, end } => write!(
                f,
                "the start frame has {start} pixels and the end frame {end}, so that one would be distorted; prepare \
                 both for the same size"
            ),
            Self::Guidance {
                model,
                kind,
                accepted,
            } => write!(
                f,
                "the model {} does not take {}; it takes {}",
                one_line(model),
                one_line(kind.as_str()),
                list(accepted, "and")
            ),
            Self::Count {
                model,
                kind,
                count,
                min,
                max,
            } => {
                let model = one_line(model);
                if count < &(*min as usize) {
                    write!(
                        f,
                        "the model {model} requires {min} {kind}, and there are {count}; add one"
                    )
                } else {
                    write!(
                        f,
                        "the model {model} takes at most {max} {kind}, and there are {count}; leave some out"
                    )
                }
            }
            Self::Needs { kind, one_of } => {
                write!(f, "{kind} requires {}; add it", list(one_of, "or"))
            }
            Self::Excludes { model, kind, other } => write!(
                f,
                "the model {} takes either {kind} or {other}; leave one of them out",
                one_line(model)
            ),
            Self::Strength { kind, levels } if levels.is_empty() => {
                write!(f, "{kind} of this model has no strength; leave it out")
            }
            Self::Strength { kind, levels } => {
                write!(
                    f,
                    "{kind} of this model needs a strength of {}",
                    levels.join(", ")
                )
            }
            Self::Number {
                model,
                name,
                value,
                accepted,
            } => write!(
                f,
                "{name} is {value}, and the model {} accepts {accepted}",
                one_line(model)
            ),
        }
    }
}

impl std::error::Error for ModelError {}
