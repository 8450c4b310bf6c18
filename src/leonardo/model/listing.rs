//! The models that the API offers now: `GET /v2/models`.

use serde::Deserialize;
use serde_json::Value;

use super::schema::Schema;
use super::{Model, ModelKind};
use crate::leonardo::Error;
use crate::leonardo::call::{Call, CallRequest};
use crate::leonardo::client::Client;
use crate::leonardo::response::wrapped;

/// `GET /v2/models`: the models that the API offers now, with the schemas of their parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListModels;

/// A model as the API lists it.
///
/// The API's own id of an entry (`GPT_IMAGE_1_5`) is not what a request has to name (`gpt-image-1.5`), and no mapping is
/// published. The entry is therefore compared by name with [`Model::all`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ListedModel {
    /// The id of the entry, for example `GPT_IMAGE_1_5`.
    pub id: String,
    /// The name of the model, for example `GPT Image 1.5`.
    pub name: String,
    /// What the schema of its parameters states. `model.id` is what a request has to name, if [`Model::all`] has a model
    /// of this name, otherwise the id of the entry in lower case with hyphens, which is a guess.
    pub model: Model,
    /// Whether [`Model::all`] has a model of this name.
    pub is_known: bool,
}

impl ListedModel {
    fn new(entry: Entry) -> Self {
        let schema = Schema::read(&entry.parameters);
        let named = [entry.name.as_str(), entry.id.as_str()];
        // A model of version 1 may have the same name.
        let mut offered = Model::all().iter().filter(|model| model.version == 2);
        let known = offered.find(|model| {
            let known = [model.title.as_str(), model.id.as_str()];
            known
                .iter()
                .any(|known| named.iter().any(|name| same_name(known, name)))
        });
        let guess = || entry.id.to_lowercase().replace('_', "-");
        let model = Model {
            id: known.map_or_else(guess, |known| known.id.clone()),
            title: entry.name.clone(),
            kind: known.map_or(ModelKind::Image, |known| known.kind),
            sizes: schema.sizes,
            default_size: schema.default_size,
            zero_size: known.and_then(|known| known.zero_size),
            guidances: schema.guidances,
            durations: schema.durations,
            max_quantity: schema.max_quantity,
            max_prompt_chars: schema.max_prompt_chars,
            upscale_factors: schema.upscale_factors,
            max_input_bytes: known.and_then(|known| known.max_input_bytes),
            retired_on: None,
            version: 2,
            source: None,
        };
        Self {
            is_known: known.is_some(),
            id: entry.id,
            name: entry.name,
            model,
        }
    }

    /// Whether this is the model that a request names `id`.
    pub fn is_named(&self, id: &str) -> bool {
        [&self.model.id, &self.id, &self.name]
            .iter()
            .any(|name| same_name(name, id))
    }
}

/// Whether two names differ only in case, punctuation and a vendor's name in front (`openai/gpt-image-2.5-flare`).
fn same_name(a: &str, b: &str) -> bool {
    let plain = |name: &str| -> String {
        let name = name.rsplit('/').next().unwrap_or(name);
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|letter| letter.to_ascii_lowercase()).collect()
    };
    plain(a) == plain(b)
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    name: String,
    #[serde(default)]
    parameters: Value,
}

impl Call for ListModels {
    type Response = Vec<ListedModel>;

    fn request(&self) -> Result<CallRequest, Error> {
        Ok(CallRequest::get("/v2/models".into()))
    }

    fn parse(&self, body: &[u8]) -> Result<Vec<ListedModel>, Error> {
        let entries: Vec<Entry> = wrapped(body, "productionApiAvailableModels")?;
        Ok(entries.into_iter().map(ListedModel::new).collect())
    }
}

/// Models.
impl Client {
    /// The models that the API offers now: `GET /v2/models`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn models(&self) -> Result<Vec<ListedModel>, Error> {
        self.call(&ListModels)
    }

    /// The model that a request names `id`: one of [`Model::all`], otherwise a newer one that the API lists now, which is
    /// asked only then. `None` if neither has it; the API may still take it.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn model(&self, id: &str) -> Result<Option<Model>, Error> {
        if let Some(known) = Model::find(id) {
            return Ok(Some(known.clone()));
        }
        // A known one has another id, and a request that names this one fails.
        let listed = self
            .models()?
            .into_iter()
            .find(|listed| !listed.is_known && listed.is_named(id));
        Ok(listed.map(|listed| Model {
            id: id.into(),
            ..listed.model
        }))
    }
}
