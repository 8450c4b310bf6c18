//! `imgpost models`: what is known of the models of the API.

use imgpost::PrepareOptions;
use imgpost::leonardo::{Client, GuidanceKind, GuidanceRule, Model, ModelKind, prepare_for};
use serde::Serialize;

use crate::args::{ModelsArgs, PrepareArgs};
use crate::context::{Context, Outcome};
use crate::escape;
use crate::failure::Failure;

/// A model, as it is printed.
#[derive(Serialize)]
pub struct Row {
    id: String,
    title: String,
    kind: &'static str,
    sizes: Option<String>,
    default_width: Option<u32>,
    default_height: Option<u32>,
    guidances: Vec<Guidance>,
    durations: Vec<u32>,
    retired_on: Option<String>,
    /// With `--online`: whether the documentation has the model, and where the API differs from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<String>,
}

#[derive(Serialize)]
struct Guidance {
    kind: String,
    min: u32,
    max: u32,
    strengths: Vec<String>,
}

impl Row {
    fn new(model: &Model) -> Self {
        Self {
            id: model.id.clone(),
            title: model.title.clone(),
            kind: kind(model.kind),
            sizes: model.sizes.as_ref().map(ToString::to_string),
            default_width: model.default_size.map(|size| size.width),
            default_height: model.default_size.map(|size| size.height),
            guidances: model.guidances.iter().map(guidance).collect(),
            durations: model.durations.clone(),
            retired_on: model.retired_on.clone(),
            known: None,
            differences: Vec::new(),
        }
    }
}

fn kind(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::Video => "video",
        ModelKind::Upscaler => "upscaler",
        ModelKind::Background => "background",
        ModelKind::ThreeD => "3d",
        _ => "image",
    }
}

fn guidance((kind, rule): &(GuidanceKind, GuidanceRule)) -> Guidance {
    Guidance {
        kind: kind.to_string(),
        min: rule.min,
        max: rule.max,
        strengths: rule.levels.clone(),
    }
}

impl Outcome for Row {
    fn to_lines(&self) -> Vec<String> {
        let guidances = self.guidances.iter();
        let guidances: Vec<_> = guidances
            .map(|guidance| format!("{} {}", guidance.kind, guidance.max))
            .collect();
        let sizes = self.sizes.as_deref().unwrap_or("no size");
        let guidances = if guidances.is_empty() {
            "no references".into()
        } else {
            guidances.join(", ")
        };
        let mut line = format!(
            "{}: {} ({}); {sizes}; {guidances}",
            self.id, self.title, self.kind
        );
        if let Some(day) = &self.retired_on {
            line += &format!("; retired on {day}");
        }
        if self.known == Some(false) {
            line += "; not in the documentation";
        }
        let differences = self
            .differences
            .iter()
            .map(|difference| format!("  {difference}"));
        [line].into_iter().chain(differences).collect()
    }

    fn to_bare(&self) -> Option<String> {
        Some(escape::line(&self.id))
    }
}

impl Row {
    /// The names that `--format` knows.
    pub const NAMES: &[&str] = &["id", "title", "kind", "sizes", "retired_on"];
}

/// The model of `--model`. One that the documentation lacks is read from the API if there is a client, and is otherwise
/// reported: its sizes are unknown.
pub fn find(context: &Context, client: Option<&Client>, prepare: &PrepareArgs) -> Option<Model> {
    let id = prepare.model.as_deref()?;
    if let Some(known) = Model::find(id) {
        return Some(known.clone());
    }
    let listed = client.and_then(|client| match client.model(id) {
        Ok(listed) => listed,
        Err(error) => {
            log::info!("the models of the API cannot be read: {error:#}");
            None
        }
    });
    if listed.is_none() {
        let similar = Model::similar(id);
        let advice = if similar.is_empty() {
            String::from("`imgpost models` lists those that are known")
        } else {
            format!("did you mean {}?", similar.join(", "))
        };
        context.note(&format!(
            "the sizes of the model {id} are unknown; {advice}"
        ));
    }
    listed
}

/// The options to prepare an image for the model of `--model`, otherwise `default`.
pub fn base(model: Option<&Model>, default: PrepareOptions) -> PrepareOptions {
    model.map_or(default, prepare_for)
}

pub fn models(context: &Context, args: &ModelsArgs) -> Result<(), Failure> {
    if !args.online {
        for model in Model::all() {
            context.result(&Row::new(model))?;
        }
        return Ok(());
    }
    let client = args.api.client(context)?;
    for listed in client.models()? {
        let known = Model::find(&listed.model.id).filter(|_| listed.is_known);
        let mut row = Row::new(&listed.model);
        row.known = Some(known.is_some());
        row.differences = known
            .map(|known| known.differences(&listed.model))
            .unwrap_or_default();
        context.result(&row)?;
    }
    Ok(())
}
