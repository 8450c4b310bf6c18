//! The commands for presigned forms from any service: `post` and `check`.

use std::path::Path;
use std::time::SystemTime;

use imgpost::{Extension, Limits, PrepareOptions, PresignedPost, Uploader, leonardo};
use serde::Serialize;
use serde_json::Value;

use super::input::{self, GivenForm, is_standard};
use crate::args::{FormSource, PrepareArgs, SelectArgs};
use crate::context::{Context, Outcome};
use crate::failure::Failure;
use crate::read;
use crate::report::Report;

/// How `post` uploads a file.
pub struct PostMode {
    pub raw: bool,
    pub dry_run: bool,
    /// Whether to validate the upload before anything is sent.
    pub validate: bool,
}

pub fn post(
    context: &Context,
    file: &Path,
    given: &GivenForm,
    uploader: Uploader,
    mode: &PostMode,
    prepare: &PrepareArgs,
) -> Result<(), Failure> {
    let uploader = uploader.validate_policy(mode.validate);
    if mode.raw {
        return post_raw(context, file, given, uploader, mode);
    }
    let base = if given.is_leonardo() {
        leonardo::prepare()
    } else {
        PrepareOptions::default()
    };
    let image = input::image(file, &prepare.options(base, given.form.extension()))?;
    if mode.dry_run {
        let content_type = image.extension().content_type();
        validate(given, image.bytes().len() as u64, content_type, mode)?;
        return context.result(&Report::prepared(file, &image).dry_run(true));
    }
    let uploaded = with_progress(context, file, uploader).upload(&given.form, &image);
    context.finished(file);
    context.result(&Report::posted(
        file,
        &image,
        given.id.as_deref(),
        &uploaded?,
    ))
}

fn post_raw(
    context: &Context,
    file: &Path,
    given: &GivenForm,
    uploader: Uploader,
    mode: &PostMode,
) -> Result<(), Failure> {
    if is_standard(file) {
        return Err(Failure::usage(
            "standard input cannot be uploaded unchanged; omit --raw, or give a file",
        ));
    }
    if mode.dry_run {
        let bytes = length(file)?;
        validate(given, bytes, declared_content_type(&given.form), mode)?;
        return context.result(&Report::unsent(file, bytes).dry_run(true));
    }
    let uploaded = with_progress(context, file, uploader).upload_file(&given.form, file, None);
    context.finished(file);
    context.result(&Report::raw(file, given.id.as_deref(), &uploaded?))
}

fn validate(
    given: &GivenForm,
    bytes: u64,
    content_type: &str,
    mode: &PostMode,
) -> Result<(), Failure> {
    if mode.validate {
        given
            .form
            .validate(bytes, content_type, SystemTime::now())?;
    }
    Ok(())
}

/// The content type of a file that is uploaded unchanged.
fn declared_content_type(form: &PresignedPost) -> &str {
    let mut fields = form.fields();
    let declared = fields.find(|(name, _)| name.eq_ignore_ascii_case("Content-Type"));
    declared.map_or("application/octet-stream", |(_, value)| value)
}

fn with_progress(context: &Context, file: &Path, uploader: Uploader) -> Uploader {
    let (context, file) = (context.clone(), file.to_owned());
    uploader.on_progress(move |progress| context.progress(&file, progress))
}

/// The number of bytes of a file or of standard input.
fn length(file: &Path) -> Result<u64, Failure> {
    if is_standard(file) {
        let max_bytes = Limits::default().max_input_bytes;
        let bytes = read::standard_input(max_bytes)?;
        let bytes =
            bytes.ok_or_else(|| Failure::image_too_large(read::STANDARD_INPUT, max_bytes))?;
        return Ok(bytes.len() as u64);
    }
    let metadata = std::fs::metadata(file).map_err(|error| Failure::file(file, error))?;
    if metadata.is_dir() {
        return Err(Failure::usage(format!(
            "{} is a folder; give a file",
            file.display()
        )));
    }
    Ok(metadata.len())
}

/// Explains a form, and validates it and the file as `post --raw` would.
pub fn check(
    context: &Context,
    form: FormSource,
    file: Option<&Path>,
    select: &SelectArgs,
) -> Result<(), Failure> {
    let GivenForm { form, id } = input::form(form, select, file.unwrap_or(Path::new("")))?;
    let now = SystemTime::now();
    let mut explained = Explained::new(&form, id);
    let validated = if let Some(file) = file {
        let bytes = length(file)?;
        let extension = file.extension().unwrap_or_default().to_string_lossy();
        let content_type = match extension.parse::<Extension>() {
            Ok(extension) => extension.content_type(),
            Err(_) => declared_content_type(&form),
        };
        let validated = form.validate(bytes, content_type, now);
        explained.fits = Some(validated.is_ok());
        explained.file = Some(format!(
            "{} ({bytes} bytes, {content_type})",
            read::name(file)
        ));
        validated
    } else {
        form.validate_fields(now)
    };
    context.result(&explained)?;
    Ok(validated?)
}

/// Fields whose values are not secret, in small letters.
const PUBLIC: &[&str] = &[
    "acl",
    "bucket",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-type",
    "success_action_status",
    "x-amz-algorithm",
    "x-amz-date",
    "x-amz-server-side-encryption",
    "x-amz-storage-class",
];

/// A form without its secrets.
#[derive(Serialize)]
pub struct Explained {
    host: String,
    key: Option<String>,
    id: Option<String>,
    extension: Option<&'static str>,
    fields: Vec<String>,
    /// The names and values of the fields that are not secret.
    public: Vec<(String, String)>,
    expires_in: Option<i64>,
    conditions: Option<Vec<Value>>,
    fits: Option<bool>,
    /// The file, with its size and content type.
    #[serde(skip)]
    file: Option<String>,
}

impl Explained {
    /// The names for `--format`.
    pub const NAMES: &[&str] = &["host", "key", "id", "extension", "expires_in", "fits"];

    fn new(form: &PresignedPost, id: Option<String>) -> Self {
        let seconds = |at: SystemTime| match at.duration_since(SystemTime::now()) {
            Ok(left) => left.as_secs() as i64,
            Err(ago) => -(ago.duration().as_secs() as i64),
        };
        let public = form
            .fields()
            .filter(|(name, _)| PUBLIC.contains(&name.to_ascii_lowercase().as_str()));
        let conditions = form.conditions().map(|conditions| {
            let value = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
            conditions.into_iter().map(value).collect()
        });
        Self {
            host: form.host(),
            key: form.key().map(str::to_owned),
            id,
            extension: form.extension().map(Extension::as_str),
            fields: form.fields().map(|(name, _)| name.to_owned()).collect(),
            public: public
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            expires_in: form.expires_at().map(seconds),
            conditions,
            fits: None,
            file: None,
        }
    }
}

impl Outcome for Explained {
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
        for (number, (name, value)) in self.public.iter().enumerate() {
            let title = if number == 0 { "public" } else { "" };
            let everyone = if name.eq_ignore_ascii_case("acl") && value.starts_with("public-read") {
                " (everyone can read the file)"
            } else {
                ""
            };
            lines.push(format!("{title:<11} {name}: {value}{everyone}"));
        }
        match &self.conditions {
            None => lines.push("conditions  unknown: the form has no readable policy".into()),
            Some(conditions) => {
                for (number, condition) in conditions.iter().enumerate() {
                    let title = if number == 0 { "conditions" } else { "" };
                    let condition = match condition {
                        Value::String(text) => text.clone(),
                        value => value.to_string(),
                    };
                    lines.push(format!("{title:<11} {condition}"));
                }
            }
        }
        if let (Some(file), Some(true)) = (&self.file, self.fits) {
            lines.push(format!("fits        {file}"));
        }
        lines
    }
}
