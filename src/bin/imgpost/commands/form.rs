//! Forms that were obtained elsewhere.

use std::path::Path;
use std::time::SystemTime;

use imgpost::{PrepareOptions, PresignedPost, Uploader, leonardo};
use serde::Serialize;

use super::input::{self, GivenForm};
use crate::args::{FormSource, Half, PrepareArgs};
use crate::context::{Context, Text};
use crate::failure::Failure;
use crate::report::Report;

pub fn post(
    context: &Context,
    file: &Path,
    given: &GivenForm,
    uploader: Uploader,
    prepare: &PrepareArgs,
) -> Result<(), Failure> {
    let base = if given.is_leonardo() {
        leonardo::prepare()
    } else {
        PrepareOptions::default()
    };
    let image = input::image(file, &prepare.options(base, given.form.extension()))?;
    let uploaded = with_progress(context, file, uploader).upload(&given.form, &image);
    context.finished(file);
    context.result(&Report::posted(
        file,
        &image,
        given.id.as_deref(),
        &uploaded?,
    ))
}

pub fn post_raw(
    context: &Context,
    file: &Path,
    given: &GivenForm,
    uploader: Uploader,
) -> Result<(), Failure> {
    if input::is_standard(file) {
        return Err(Failure::usage(
            "a file to be posted as it is has to have a name",
        ));
    }
    let uploaded = with_progress(context, file, uploader).upload_file(&given.form, file, None);
    context.finished(file);
    context.result(&Report::raw(file, given.id.as_deref(), &uploaded?))
}

fn with_progress(context: &Context, file: &Path, uploader: Uploader) -> Uploader {
    let (context, file) = (context.clone(), file.to_owned());
    uploader.on_progress(move |progress| context.progress(&file, progress))
}

/// Explains a form; fails as a post of the file would before it is sent.
pub fn check(
    context: &Context,
    form: FormSource,
    file: Option<&Path>,
    half: Option<Half>,
) -> Result<(), Failure> {
    let GivenForm { form, id } = input::form(form, half, file.unwrap_or(Path::new("")))?;
    context.result(&Explained::new(&form, id))?;
    let (bytes, content_type) = match file {
        None => (None, String::new()),
        Some(file) => {
            let metadata = std::fs::metadata(file).map_err(|error| Failure::file(file, error))?;
            let extension = file.extension().unwrap_or_default().to_string_lossy();
            let extension: Option<imgpost::Extension> = extension.parse().ok();
            let content_type = extension.map(|extension| extension.content_type().to_owned());
            (Some(metadata.len()), content_type.unwrap_or_default())
        }
    };
    let checked = match bytes {
        Some(bytes) => form.validate(bytes, &content_type, SystemTime::now()),
        None => form.validate_fields(SystemTime::now()),
    };
    Ok(checked?)
}

/// A form, without its secrets.
#[derive(Serialize)]
struct Explained {
    host: String,
    key: Option<String>,
    id: Option<String>,
    extension: Option<&'static str>,
    fields: Vec<String>,
    expires_in: Option<i64>,
    conditions: Option<Vec<String>>,
}

impl Explained {
    fn new(form: &PresignedPost, id: Option<String>) -> Self {
        let seconds = |at: SystemTime| match at.duration_since(SystemTime::now()) {
            Ok(left) => left.as_secs() as i64,
            Err(ago) => -(ago.duration().as_secs() as i64),
        };
        Self {
            host: form.host(),
            key: form.key().map(str::to_owned),
            id,
            extension: form.extension().map(imgpost::Extension::as_str),
            fields: form.fields().map(|(name, _)| name.to_owned()).collect(),
            expires_in: form.expires_at().map(seconds),
            conditions: form.conditions(),
        }
    }
}

impl Text for Explained {
    fn to_lines(&self) -> Vec<String> {
        let mut lines = vec![format!("host        {}", self.host)];
        for (name, value) in [("key", &self.key), ("id", &self.id)] {
            lines.extend(value.as_ref().map(|value| format!("{name:<11} {value}")));
        }
        if let Some(extension) = self.extension {
            lines.push(format!("extension   {extension}"));
        }
        lines.push(match self.expires_in {
            None => "expires     unknown".into(),
            Some(left @ 0..) => format!("expires     in {left} s"),
            Some(ago) => format!("expired     {} s ago", -ago),
        });
        lines.push(format!("fields      {}", self.fields.join(", ")));
        match &self.conditions {
            None => lines.push("conditions  unknown: the form has no readable policy".into()),
            Some(conditions) => {
                for (number, condition) in conditions.iter().enumerate() {
                    let title = if number == 0 { "conditions" } else { "" };
                    lines.push(format!("{title:<11} {condition}"));
                }
            }
        }
        lines
    }
}
