//! Finds what a model would reject, or silently distort, before a generation is sent and paid for.

use super::guidance::{GuidanceKind, StrengthRule};
use super::{Model, ModelError, ModelKind, ZeroSize};
use crate::geometry::{AllowedSizes, Size};
use crate::leonardo::guidance::Guidance;

/// Two ratios that differ by less than this are one: listed sizes of one ratio differ by as much, because their sides
/// are multiples of 16.
const SAME_RATIO: f64 = 0.02;

/// The parts of a request that a model restricts.
pub(in crate::leonardo) struct ModelRequest<'a> {
    /// The version of the call: 1 or 2.
    pub version: u8,
    pub size: Option<Size>,
    /// Whether the width or the height is set by its name, and is not validated.
    pub has_own_size: bool,
    /// The sizes to validate against, in place of the model's.
    pub sizes: Option<&'a AllowedSizes>,
    pub guidances: &'a [Guidance],
    /// Whether the guidances are set by their name, and are not validated.
    pub has_own_guidances: bool,
    pub quantity: Option<u64>,
    pub duration: Option<u64>,
    pub upscale_factor: Option<u64>,
}

impl ModelRequest<'_> {
    /// A request without parameters for this version.
    pub fn new(version: u8) -> Self {
        Self {
            version,
            size: None,
            has_own_size: false,
            sizes: None,
            guidances: &[],
            has_own_guidances: false,
            quantity: None,
            duration: None,
            upscale_factor: None,
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
        if self.version != request.version {
            let (model, version) = (model(), self.version);
            return Err(ModelError::OtherCall { model, version }.into());
        }
        if let Some(size) = request.size {
            self.validate_size(size, request.sizes.or(self.sizes.as_ref()))?;
        }
        if !request.has_own_guidances {
            self.validate_guidances(request.guidances)?;
        }
        let has_size = request.size.is_some() || request.has_own_size;
        if self.kind == ModelKind::Upscaler && !has_size {
            return Err(ModelError::NeedsSize { model: model() }.into());
        }
        self.validate_bytes(request.guidances)?;
        self.validate_ratios(request)?;
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

    fn validate_bytes(&self, guidances: &[Guidance]) -> Result<(), Box<ModelError>> {
        let Some(max) = self.max_input_bytes else {
            return Ok(());
        };
        let mut sizes = guidances.iter().filter_map(|g| g.reference.bytes);
        match sizes.find(|bytes| *bytes > max) {
            Some(bytes) => {
                let model = self.id.clone();
                Err(ModelError::Bytes { model, bytes, max }.into())
            }
            None => Ok(()),
        }
    }

    /// Checks the images that are stretched to the requested size: the frames of a video, the image to begin with, and a
    /// reference that is alone. Several references are combined, so that they may differ. An upscaler has to be given the
    /// size of its input.
    fn validate_ratios(&self, request: &ModelRequest<'_>) -> Result<(), Box<ModelError>> {
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
                GuidanceKind::StartFrame | GuidanceKind::EndFrame | GuidanceKind::ImageToImage => {
                    true
                }
                GuidanceKind::ImageReference => request.guidances.len() == 1,
                _ => false,
            };
            let fits = if self.kind == ModelKind::Upscaler {
                image == size
            } else {
                is_same_ratio(image, size)
            };
            if is_stretched && !fits {
                let kind = guidance.kind.clone();
                return Err(ModelError::Distorted { kind, image, size }.into());
            }
        }
        Ok(())
    }
}

fn is_same_ratio(a: Size, b: Size) -> bool {
    let ratio = |size: Size| f64::from(size.width) / f64::from(size.height);
    let (a, b) = (ratio(a), ratio(b));
    (a - b).abs() <= SAME_RATIO * a.max(b)
}
