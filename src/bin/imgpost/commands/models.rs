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
    /// For people: long lists are shortened unless the model was named.
    #[serde(skip)]
    short_sizes: Option<String>,
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
            sizes: model.sizes.as_ref().map(|sizes| format!("{sizes:#}")),
            short_sizes: model.sizes.as_ref().map(ToString::to_string),
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
        let sizes = self.short_sizes.as_ref().or(self.sizes.as_ref());
        let mut lines = vec![
            format!("{}: {} ({})", self.id, self.title, self.kind),
            format!("  sizes: {}", sizes.map_or("none", String::as_str)),
        ];
        if !guidances.is_empty() {
            lines.push(format!("  references: {}", guidances.join(", ")));
        }
        if let Some(day) = &self.retired_on {
            lines.push(format!("  retired on {day}"));
        }
        if self.known == Some(false) {
            lines.push("  not in the documentation".into());
        }
        let differences = self.differences.iter();
        lines.extend(differences.map(|difference| format!("  {difference}")));
        lines
    }

    fn to_bare(&self) -> Option<String> {
        Some(escape::line(&self.id))
    }
}

impl Row {
    /// The names that `--format` knows.
    pub const NAMES: &[&str] = &["id", "title", "kind", "sizes", "retired_on"];
}

/// The model of `--model`. One that the documentation lacks is read from the API if there is a client; otherwise its sizes
/// are unknown. A name that is like a known one is then taken for a mistake, unless the size is given.
pub fn find(
    context: &Context,
    client: Option<&Client>,
    prepare: &PrepareArgs,
) -> Result<Option<Model>, Failure> {
    let Some(id) = prepare.model.as_deref() else {
        return Ok(None);
    };
    if let Some(known) = Model::find(id) {
        return Ok(Some(known.clone()));
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
        if prepare.size.is_none() && !similar.is_empty() {
            let message = unknown(id, &similar) + " Give --size if it is new";
            return Err(Failure::usage(message));
        }
        context.note(&format!("the sizes of the model {id} are unknown"));
    }
    Ok(listed)
}

fn unknown(id: &str, similar: &[&str]) -> String {
    let advice = if similar.is_empty() {
        "`imgpost models` lists those that are known".into()
    } else {
        format!("did you mean {}?", similar.join(", "))
    };
    format!("the model {id} is unknown; {advice}")
}

/// The options to prepare an image for the model of `--model`, otherwise `default`.
pub fn base(model: Option<&Model>, default: PrepareOptions) -> PrepareOptions {
    model.map_or(default, prepare_for)
}

pub fn models(context: &Context, args: &ModelsArgs) -> Result<(), Failure> {
    if !args.online {
        return known(context, &args.ids);
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

fn known(context: &Context, ids: &[String]) -> Result<(), Failure> {
    if ids.is_empty() {
        let mut all = Model::all().iter().map(Row::new);
        return all.try_for_each(|row| context.result(&row));
    }
    let find = |id: &String| {
        Model::find(id).ok_or_else(|| Failure::usage(unknown(id, &Model::similar(id))))
    };
    let named = ids.iter().map(find);
    for model in named.collect::<Result<Vec<_>, _>>()? {
        context.result(&Row {
            short_sizes: None,
            ..Row::new(model)
        })?;
    }
    Ok(())
}
