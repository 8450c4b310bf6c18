//! Finds what a model would reject, or silently distort, before a generation is sent and paid for.

use std::fmt;

use super::guidance::{GuidanceKind, StrengthRule};
use super::{Model, ZeroSize};
use crate::geometry::{AllowedSizes, Size};
use crate::leonardo::guidance::Guidance;
use crate::prepare::PrepareOptions;
use crate::text::one_line;

/// Two ratios that differ by less than this are one: listed sizes of one ratio differ by as much, because their sides
/// are multiples of 16.
const SAME_RATIO: f64 = 0.02;

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
    /// The model belongs to another call of the API: `POST /v1/generations-image-to-video`.
    OtherCall {
        /// The id of the model.
        model: String,
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
        /// The kinds of which one has to be there.
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

/// The parts of a request that a model restricts.
pub(in crate::leonardo) struct ModelRequest<'a> {
    pub size: Option<Size>,
    /// The sizes to validate against, in place of the model's.
    pub sizes: Option<&'a AllowedSizes>,
    pub guidances: &'a [Guidance],
    pub validates_guidances: bool,
    pub quantity: Option<u64>,
    pub duration: Option<u64>,
    pub upscale_factor: Option<u64>,
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

impl Model {
    pub(in crate::leonardo) fn validate(
        &self,
        request: &ModelRequest<'_>,
    ) -> Result<(), Box<ModelError>> {
        let model = || self.id.clone();
        if let Some(day) = &self.retired_on {
            let day = day.clone();
            return Err(ModelError::Retired {
                model: model(),
                day,
            }
            .into());
        }
        if self.version != 2 {
            return Err(ModelError::OtherCall { model: model() }.into());
        }
        if let Some(size) = request.size {
            self.validate_size(size, request.sizes.or(self.sizes.as_ref()))?;
        }
        if request.validates_guidances {
            self.validate_guidances(request.guidances)?;
        }
        validate_ratios(request)?;
        let max = self.max_quantity.map(u64::from);
        if let (Some(value), Some(max)) = (request.quantity, max)
            && !(1..=max).contains(&value)
        {
            let accepted = format!("1 to {max}");
            return Err(self.number("quantity", value, accepted));
        }
        for (name, value, accepted) in [
            ("duration", request.duration, &self.durations),
            (
                "upscale_factor",
                request.upscale_factor,
                &self.upscale_factors,
            ),
        ] {
            if let Some(value) = value
                && !accepted.is_empty()
                && !accepted
                    .iter()
                    .any(|accepted| u64::from(*accepted) == value)
            {
                let accepted: Vec<_> = accepted.iter().map(u32::to_string).collect();
                return Err(self.number(name, value, accepted.join(", ")));
            }
        }
        Ok(())
    }

    fn number(&self, name: &'static str, value: u64, accepted: String) -> Box<ModelError> {
        ModelError::Number {
            model: self.id.clone(),
            name,
            value,
            accepted,
        }
        .into()
    }

    fn validate_size(
        &self,
        size: Size,
        sizes: Option<&AllowedSizes>,
    ) -> Result<(), Box<ModelError>> {
        let Some(sizes) = sizes else {
            let model = self.id.clone();
            return Err(ModelError::NoSize { model }.into());
        };
        let is_zero = size == Size::new(0, 0);
        let zero_is_accepted = matches!(self.zero_size, Some(ZeroSize::Source | ZeroSize::Auto));
        if sizes.contains(size) || is_zero && zero_is_accepted {
            return Ok(());
        }
        Err(ModelError::size(&self.id, size, sizes).into())
    }

    fn validate_guidances(&self, guidances: &[Guidance]) -> Result<(), Box<ModelError>> {
        let model = || self.id.clone();
        let count = |kind: &GuidanceKind| guidances.iter().filter(|g| g.kind == *kind).count();
        for (kind, rule) in &self.guidances {
            let (count, kind) = (count(kind), || kind.clone());
            if count < rule.min as usize || count > rule.max as usize {
                return Err(ModelError::Count {
                    model: model(),
                    kind: kind(),
                    count,
                    min: rule.min,
                    max: rule.max,
                }
                .into());
            }
        }
        for guidance in guidances {
            let kind = || guidance.kind.clone();
            let Some(rule) = self.guidance(&guidance.kind) else {
                return Err(ModelError::Guidance {
                    model: model(),
                    kind: kind(),
                    accepted: self
                        .guidances
                        .iter()
                        .map(|(kind, _)| kind.clone())
                        .collect(),
                }
                .into());
            };
            if !rule.needs_one_of.is_empty()
                && rule.needs_one_of.iter().all(|kind| count(kind) == 0)
            {
                return Err(ModelError::Needs {
                    kind: kind(),
                    one_of: rule.needs_one_of.clone(),
                }
                .into());
            }
            if let Some(other) = rule.excludes.iter().find(|kind| count(kind) > 0) {
                return Err(ModelError::Excludes {
                    model: model(),
                    kind: kind(),
                    other: other.clone(),
                }
                .into());
            }
            let is_level = |strength: &str| {
                rule.levels.is_empty() || rule.levels.iter().any(|l| l == strength)
            };
            let is_accepted = match &guidance.strength {
                Some(strength) => {
                    rule.strength != StrengthRule::None && is_level(strength.as_str())
                }
                None => rule.strength != StrengthRule::Required,
            };
            if !is_accepted {
                let has_strength = rule.strength != StrengthRule::None;
                return Err(ModelError::Strength {
                    kind: kind(),
                    levels: if has_strength {
                        rule.levels.clone()
                    } else {
                        Vec::new()
                    },
                }
                .into());
            }
        }
        Ok(())
    }
}

/// Checks the images that are stretched to the requested size: the frames of a video, the image to begin with, and a
/// reference that is alone. Several references are combined, so that they may differ.
fn validate_ratios(request: &ModelRequest<'_>) -> Result<(), Box<ModelError>> {
    let frame = |kind: GuidanceKind| {
        let mut guidances = request.guidances.iter();
        guidances
            .find(|g| g.kind == kind)
            .and_then(|g| g.reference.size)
    };
    if let (Some(start), Some(end)) = (
        frame(GuidanceKind::StartFrame),
        frame(GuidanceKind::EndFrame),
    ) && !is_same_ratio(start, end)
    {
        return Err(ModelError::Frames { start, end }.into());
    }
    let Some(size) = request
        .size
        .filter(|size| size.width > 0 && size.height > 0)
    else {
        return Ok(());
    };
    for guidance in request.guidances {
        let Some(image) = guidance.reference.size else {
            continue;
        };
        let is_stretched = match guidance.kind {
            GuidanceKind::StartFrame | GuidanceKind::EndFrame | GuidanceKind::ImageToImage => true,
            GuidanceKind::ImageReference => request.guidances.len() == 1,
            _ => false,
        };
        if is_stretched && !is_same_ratio(image, size) {
            let kind = guidance.kind.clone();
            return Err(ModelError::Distorted { kind, image, size }.into());
        }
    }
    Ok(())
}

fn is_same_ratio(a: Size, b: Size) -> bool {
    let ratio = |size: Size| f64::from(size.width) / f64::from(size.height);
    let (a, b) = (ratio(a), ratio(b));
    (a - b).abs() <= SAME_RATIO * a.max(b)
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
            Self::OtherCall { model } => write!(
                f,
                "the model {model} belongs to version 1 of the API; use CreateImageToVideo, or `imgpost video`"
            ),
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
