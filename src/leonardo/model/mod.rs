//! The models of `POST /v2/generations`: their sizes, and what may guide them.

mod error;
mod guidance;
mod listing;
mod rule;
mod schema;
mod validate;

use std::sync::LazyLock;

use serde::Deserialize;

use crate::geometry::{AllowedSizes, Size};
use crate::prepare::PrepareOptions;

pub use error::ModelError;
pub use guidance::{GuidanceKind, GuidanceRule, StrengthRule};
pub use listing::{ListModels, ListedModel};
use rule::SizeRule;
pub(super) use validate::ModelRequest;

/// What a model makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ModelKind {
    /// Images from a prompt and references.
    Image,
    /// Videos.
    Video,
    /// A larger version of one image.
    Upscaler,
    /// One image without its background.
    Background,
    /// A three-dimensional object.
    #[serde(rename = "3d")]
    ThreeD,
}

/// What a generation of 0×0 pixels means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ZeroSize {
    /// The ratio of the reference image or of the start frame.
    Source,
    /// The model chooses the size.
    Auto,
    /// The API rejects it.
    Refused,
}

/// A model: the sizes it can be asked for, and what may guide it.
///
/// Some models take listed pairs of width and height only. Nano Banana 2 checks width and height each for itself, so that
/// it accepts a pair that is not listed, and the result is then a square without an error
/// ([documentation](https://docs.leonardo.ai/docs/nano-banana-2)). [`prepare_for`] gives an image one of the listed
/// sizes.
///
/// ```
/// use imgpost::leonardo::{Model, prepare_for};
///
/// let model = Model::find("nano-banana-2").expect("the model is known");
/// let plan = prepare_for(model).plan_size(4640, 3480)?;
/// assert_eq!(plan.size().to_string(), "1200x896");
/// # Ok::<(), imgpost::PrepareError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Model {
    /// The value of `model` in a request, for example `nano-banana-2`.
    pub id: String,
    /// Its name, for example `Nano Banana 2`.
    pub title: String,
    /// What it makes.
    pub kind: ModelKind,
    /// The sizes that a request may have. None if it has no width and height.
    pub sizes: Option<AllowedSizes>,
    /// The size of a request without width and height, where it is documented.
    pub default_size: Option<Size>,
    /// What 0×0 means, where it is documented.
    pub zero_size: Option<ZeroSize>,
    /// What may guide it.
    pub guidances: Vec<(GuidanceKind, GuidanceRule)>,
    /// The durations of a video, in seconds. Empty if there are none or they are not documented.
    pub durations: Vec<u32>,
    /// Maximum number of images of one request.
    pub max_quantity: Option<u32>,
    /// Maximum length of the prompt, in characters.
    pub max_prompt_chars: Option<u32>,
    /// The factors of an upscaler. Empty for other models.
    pub upscale_factors: Vec<u32>,
    /// Maximum size of the file of an input image in bytes, where it is documented.
    pub max_input_bytes: Option<u64>,
    /// The day on which the API stopped to offer it, for example `2026-09-15`.
    pub retired_on: Option<String>,
    /// Which part of the API takes it: 1 for `POST /v1/generations-image-to-video`, 2 for `POST /v2/generations`.
    pub version: u8,
    /// The page of the documentation, and its date. None for a model that was read from the API.
    pub source: Option<ModelSource>,
}

/// Where the facts about a model come from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ModelSource {
    /// The name of the page below `https://docs.leonardo.ai/docs/`.
    pub page: String,
    /// The date of the page, for example `2026-03-09`.
    pub date: String,
}

impl Model {
    /// The models of the documentation, as of [`CAPTURED`](Self::captured).
    pub fn all() -> &'static [Self] {
        &TABLE.models
    }

    /// The day on which the documentation was read, for example `2026-10-08`.
    pub fn captured() -> &'static str {
        &TABLE.captured
    }

    /// The model with this id. An unknown id may belong to a newer model: ask
    /// [`Client::model`](super::Client::model).
    pub fn find(id: &str) -> Option<&'static Self> {
        Self::all().iter().find(|model| model.id == id)
    }

    /// The ids that are most similar to `id`, at most three, the best first.
    pub fn similar(id: &str) -> Vec<&'static str> {
        let mut ids: Vec<_> = Self::all().iter().map(|model| model.id.as_str()).collect();
        // As in the names that the API lists: GPT_IMAGE_2, GPT Image 2.
        let id = &id.to_lowercase().replace(['_', ' '], "-");
        let distance = |candidate: &str| {
            // The part behind a vendor's name is what people remember.
            let short = candidate.rsplit('/').next().unwrap_or(candidate);
            edit_distance(id, candidate).min(edit_distance(id, short))
        };
        ids.sort_by_key(|candidate| distance(candidate));
        ids.retain(|candidate| {
            distance(candidate) <= (id.len() / 3).max(2) || candidate.contains(id.as_str())
        });
        ids.truncate(3);
        ids
    }

    /// What the model accepts for a kind of guidance; none if it does not take it.
    pub fn guidance(&self, kind: &GuidanceKind) -> Option<&GuidanceRule> {
        let found = self.guidances.iter().find(|(found, _)| found == kind);
        found.map(|(_, rule)| rule)
    }

    /// The ways in which `other` differs from this model, one sentence each: sizes, guidances and limits.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.sizes != other.sizes {
            found.push(format!(
                "sizes: {} here, {} there",
                shown(self.sizes.as_ref()),
                shown(other.sizes.as_ref())
            ));
        }
        for (kind, rule) in &self.guidances {
            match other.guidance(kind) {
                None => found.push(format!(
                    "{kind}: at most {} here, not accepted there",
                    rule.max
                )),
                Some(there) if there.max != rule.max => {
                    found.push(format!(
                        "{kind}: at most {} here, {} there",
                        rule.max, there.max
                    ));
                }
                Some(_) => {}
            }
        }
        for (kind, rule) in &other.guidances {
            if self.guidance(kind).is_none() {
                found.push(format!(
                    "{kind}: not accepted here, at most {} there",
                    rule.max
                ));
            }
        }
        found
    }
}

fn shown(sizes: Option<&AllowedSizes>) -> String {
    sizes.map_or_else(|| String::from("none"), ToString::to_string)
}

/// The options that prepare an image for a generation by `model`: one of its sizes, the one whose ratio is nearest to
/// the image's. [`PreparedImage::size`](crate::PreparedImage::size) is then the width and height to ask for.
///
/// For a model without sizes (`remove-bg`, `rodin-v2`) the image keeps its size. Where the documentation limits the bytes
/// of an input, the image is encoded, and reduced if it has to be, so that its file fits.
///
/// ```no_run
/// use imgpost::leonardo::{Client, CreateGenerationV2, Model, prepare_for};
///
/// # let client = Client::from_env()?;
/// let model = client.model("nano-banana-2")?.expect("the API has the model");
/// let image = prepare_for(&model).open("photo.jpg")?;
/// let uploaded = client.upload_init_image(&image)?;
/// let generation = CreateGenerationV2::for_model(&model, "as an engraving").image_reference(&uploaded, None);
/// let job = client.generate(&generation)?;
/// # Ok::<(), imgpost::leonardo::Error>(())
/// ```
pub fn prepare_for(model: &Model) -> PrepareOptions {
    let options = match &model.sizes {
        Some(sizes) => PrepareOptions::default().bounds(sizes.clone()),
        None => PrepareOptions::default(),
    };
    match model.max_input_bytes {
        Some(max_bytes) => options.max_bytes(max_bytes).allow_shrinking(true),
        None => options,
    }
}

struct Table {
    captured: String,
    models: Vec<Model>,
}

/// `models.json` is part of the program, so a mistake in it is one of the program, which a test finds.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let raw: RawTable =
        serde_json::from_str(include_str!("models.json")).expect("models.json is valid");
    Table {
        captured: raw.captured,
        models: raw.models.into_iter().map(Model::from).collect(),
    }
});

#[derive(Deserialize)]
struct RawTable {
    captured: String,
    models: Vec<RawModel>,
}

#[derive(Deserialize)]
struct RawModel {
    id: String,
    title: String,
    kind: ModelKind,
    sizes: Option<SizeRule>,
    default: Option<(u32, u32)>,
    zero: Option<ZeroSize>,
    guidances: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    durations: Vec<u32>,
    quantity_max: Option<u32>,
    prompt_max: Option<u32>,
    #[serde(default)]
    upscale_factors: Vec<u32>,
    input_max_bytes: Option<u64>,
    retired: Option<String>,
    api: Option<String>,
    source: ModelSource,
}

impl From<RawModel> for Model {
    fn from(raw: RawModel) -> Self {
        let guidances = raw.guidances.into_iter().map(|(kind, rule)| {
            let rule = serde_json::from_value(rule).expect("models.json has valid rules");
            (GuidanceKind::from(kind.as_str()), rule)
        });
        Self {
            id: raw.id,
            title: raw.title,
            kind: raw.kind,
            sizes: raw.sizes.map(AllowedSizes::from),
            default_size: raw.default.map(|(width, height)| Size::new(width, height)),
            zero_size: raw.zero,
            guidances: guidances.collect(),
            durations: raw.durations,
            max_quantity: raw.quantity_max,
            max_prompt_chars: raw.prompt_max,
            upscale_factors: raw.upscale_factors,
            max_input_bytes: raw.input_max_bytes,
            retired_on: raw.retired,
            version: if raw.api.as_deref() == Some("v1") {
                1
            } else {
                2
            },
            source: Some(raw.source),
        }
    }
}

/// The number of characters to insert, delete or replace, in any case of letters (Levenshtein).
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests;
