//! Records of the API: datasets, init images, the account. With `--json`, they are printed as the API writes them.

use imgpost::leonardo::{Dataset, InitImage, UserDetails};
use serde::Serialize;

use crate::args::{ApiArgs, DatasetCommand, InitImageCommand, RecordArgs};
use crate::context::{Context, Outcome};
use crate::escape;
use crate::failure::Failure;

/// The API's own JSON, or lines for people.
struct Record<T> {
    record: T,
    lines: Vec<String>,
}

impl<T: Serialize> Serialize for Record<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.record.serialize(serializer)
    }
}

impl<T: Serialize> Outcome for Record<T> {
    fn to_lines(&self) -> Vec<String> {
        self.lines.clone()
    }
}

#[derive(Serialize)]
struct Id {
    id: String,
}

impl Outcome for Id {
    fn to_lines(&self) -> Vec<String> {
        vec![self.id.clone()]
    }

    fn to_bare(&self) -> Option<String> {
        Some(escape::line(&self.id))
    }
}

pub fn dataset(context: &Context, command: DatasetCommand) -> Result<(), Failure> {
    match command {
        DatasetCommand::Create {
            name,
            description,
            api,
        } => {
            let id = api
                .client(context)?
                .create_dataset(&name, description.as_deref())?;
            context.result(&Id { id })
        }
        DatasetCommand::Show(RecordArgs { id, api }) => {
            let record = api.client(context)?.dataset(&id)?;
            let lines = dataset_lines(&record);
            context.result(&Record { record, lines })
        }
        DatasetCommand::Delete(RecordArgs { id, api }) => {
            api.client(context)?.delete_dataset(&id)?;
            context.result(&Id { id })
        }
        DatasetCommand::AddGenerated {
            dataset,
            image,
            api,
        } => {
            let id = api.client(context)?.add_generated_image(&dataset, &image)?;
            context.result(&Id { id })
        }
    }
}

pub fn init_image(context: &Context, command: InitImageCommand) -> Result<(), Failure> {
    match command {
        InitImageCommand::Show(RecordArgs { id, api }) => {
            let record = api.client(context)?.init_image(&id)?;
            let lines = init_image_lines(&record);
            context.result(&Record { record, lines })
        }
        InitImageCommand::Delete(RecordArgs { id, api }) => {
            api.client(context)?.delete_init_image(&id)?;
            context.result(&Id { id })
        }
    }
}

pub fn me(context: &Context, api: &ApiArgs) -> Result<(), Failure> {
    let record = api.client(context)?.me()?;
    let lines = account_lines(&record);
    context.result(&Record { record, lines })
}

fn or_unknown(text: Option<&str>) -> &str {
    text.unwrap_or("?")
}

fn init_image_lines(record: &InitImage) -> Vec<String> {
    vec![format!(
        "{} {} {}",
        or_unknown(record.id.as_deref()),
        or_unknown(record.created_at.as_deref()),
        or_unknown(record.url.as_deref())
    )]
}

fn dataset_lines(record: &Dataset) -> Vec<String> {
    let mut lines = vec![format!(
        "{} {}, images: {}",
        or_unknown(record.id.as_deref()),
        or_unknown(record.name.as_deref()),
        record.images.len()
    )];
    lines.extend(record.images.iter().map(|image| {
        let (id, url) = (image.id.as_deref(), image.url.as_deref());
        format!("{} {}", or_unknown(id), or_unknown(url))
    }));
    lines
}

fn account_lines(record: &UserDetails) -> Vec<String> {
    let user = record.user.as_ref();
    let mut lines = vec![format!(
        "user                    {}",
        or_unknown(user.and_then(|user| user.username.as_deref().or(user.id.as_deref())))
    )];
    for (name, left) in [
        ("API subscription tokens", record.api_subscription_tokens),
        ("API paid tokens", record.api_paid_tokens),
        ("API jobs at once", record.api_concurrency_slots),
        ("subscription tokens", record.subscription_tokens),
        ("paid tokens", record.paid_tokens),
    ] {
        lines.extend(left.map(|left| format!("{name:<23} {left}")));
    }
    for (name, date) in [
        ("API tokens renewed", &record.api_plan_token_renewal_date),
        ("tokens renewed", &record.token_renewal_date),
    ] {
        let date = date.as_ref();
        lines.extend(date.map(|date| format!("{name:<23} {date}")));
    }
    lines
}
