//! `imgpost models`: what is known of the models of the API.

use imgpost::leonardo::{GuidanceKind, GuidanceRule, Model, ModelKind};
use serde::Serialize;

use crate::args::ModelsArgs;
use crate::context::{Context, Text};
use crate::failure::Failure;

/// A model, as it is printed.
#[derive(Serialize)]
struct Row {
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

impl Text for Row {
    fn text(&self) -> String {
        let guidances: Vec<_> = self
            .guidances
            .iter()
            .map(|guidance| format!("{} {}", guidance.kind, guidance.max))
            .collect();
        let sizes = self.sizes.as_deref().unwrap_or("no size");
        let mut line = format!("{}\t{}\t{}\t{sizes}\t{}", self.id, self.title, self.kind, guidances.join(", "));
        if let Some(day) = &self.retired_on {
            line += &format!("\tretired on {day}");
        }
        if self.known == Some(false) {
            line += "\tnot in the documentation";
        }
        for difference in &self.differences {
            line += &format!("\t{difference}");
        }
        line
    }
}

pub fn models(context: &Context, args: &ModelsArgs) -> Result<(), Failure> {
    if !args.online {
        for model in Model::all() {
            context.print(&Row::new(model))?;
        }
        return Ok(());
    }
    let client = context.client(&args.api)?;
    for listed in client.models()? {
        let known = Model::find(&listed.model.id).filter(|_| listed.is_known);
        let mut row = Row::new(&listed.model);
        row.known = Some(known.is_some());
        row.differences = known.map(|known| known.differences(&listed.model)).unwrap_or_default();
        context.print(&row)?;
    }
    Ok(())
}
