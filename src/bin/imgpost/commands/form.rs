//! The commands for presigned forms and URLs of any service: `post` and `check`.

use std::path::Path;
use std::time::{Duration, SystemTime};

use imgpost::{
    Extension, Limits, PrepareOptions, PresignedPostError, PresignedPutError, PresignedUpload,
    Uploader, Validated, leonardo,
};
use indicatif::HumanDuration;
use serde::Serialize;
use serde_json::Value;

use super::input::{self, Given, is_standard};
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
    given: &Given,
    uploader: Uploader,
    mode: &PostMode,
    prepare: &PrepareArgs,
) -> Result<(), Failure> {
    let uploader = uploader.validate_policy(mode.validate);
    let posted = if mode.raw {
        post_raw(context, file, given, uploader, mode)
    } else {
        post_image(context, file, given, uploader, mode, prepare)
    };
    posted.map_err(|failure| explain(failure, given))
}

fn explain(failure: Failure, given: &Given) -> Failure {
    if given.is_leonardo() {
        failure.with_hint_if_expired(" (`imgpost upload` requests another form by itself)")
    } else {
        failure
    }
}

fn post_image(
    context: &Context,
    file: &Path,
    given: &Given,
    uploader: Uploader,
    mode: &PostMode,
    prepare: &PrepareArgs,
) -> Result<(), Failure> {
    let base = if given.is_leonardo() {
        leonardo::prepare()
    } else {
        PrepareOptions::default()
    };
    let image = input::image(file, &prepare.options(base, given.extension()))?;
    if mode.dry_run {
        uploader.validate(&given.presigned, &image)?;
        return context.result(&Report::prepared(file, &image).dry_run(true));
    }
    let uploaded = with_progress(context, file, uploader).upload(&given.presigned, &image);
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
    given: &Given,
    uploader: Uploader,
    mode: &PostMode,
) -> Result<(), Failure> {
    if is_standard(file) {
        return Err(Failure::usage(
            "standard input cannot be uploaded unchanged; omit --raw, or give a file",
        ));
    }
    if mode.dry_run {
        let validated = uploader.validate_file(&given.presigned, file, None)?;
        return context.result(&Report::unsent(file, validated.bytes).dry_run(true));
    }
    let uploaded = with_progress(context, file, uploader).upload_file(&given.presigned, file, None);
    context.finished(file);
    context.result(&Report::raw(file, given.id.as_deref(), &uploaded?))
}

fn with_progress(context: &Context, file: &Path, uploader: Uploader) -> Uploader {
    let (context, file) = (context.clone(), file.to_owned());
    uploader.on_progress(move |progress| context.progress(&file, progress))
}

/// Validates a file or standard input as `post --raw` would.
fn validate_raw(given: &Given, file: &Path) -> Result<Validated, Failure> {
    // `check` says itself that plain http has to be allowed.
    let uploader = Uploader::default().allow_http(true);
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    // By its extension, so that an image which does not match the form is reported.
    let content_type = extension.parse().ok().map(Extension::content_type);
    if !is_standard(file) {
        return Ok(uploader.validate_file(&given.presigned, file, content_type)?);
    }
    let max_bytes = Limits::default().max_input_bytes;
    let bytes = read::standard_input(max_bytes)?;
    let bytes = bytes.ok_or_else(|| Failure::image_too_large(read::STANDARD_INPUT, max_bytes))?;
    Ok(uploader.validate_bytes(&given.presigned, &bytes, "", None)?)
}

/// Explains a form or a URL, and validates it and the file as `post --raw` would.
pub fn check(
    context: &Context,
    form: FormSource,
    file: Option<&Path>,
    select: &SelectArgs,
) -> Result<(), Failure> {
    let given = input::presigned(form, select, file.unwrap_or(Path::new("")))?;
    let mut explained = Explained::new(&given);
    let validated = if let Some(file) = file {
        let validated = validate_raw(&given, file);
        explained.fits = Some(validated.is_ok());
        explained.file = validated.as_ref().ok().map(|validated| {
            let (bytes, content_type) = (validated.bytes, &validated.content_type);
            format!("{} ({bytes} bytes, {content_type})", read::name(file))
        });
        validated.map(drop)
    } else {
        given.validate_without_file()
    };
    context.result(&explained)?;
    validated.map_err(|failure| explain(failure, &given))
}

/// A form or a URL without its secrets.
#[derive(Serialize)]
pub struct Explained {
    host: String,
    /// Whether the address is one that `post` needs `--allow-http` for.
    #[serde(skip)]
    is_plain_http: bool,
    method: &'static str,
    key: Option<String>,
    id: Option<String>,
    extension: Option<&'static str>,
    /// The names of the fields; of a presigned PUT, those of the headers.
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
    pub const NAMES: &[&str] = &[
        "host",
        "method",
        "key",
        "id",
        "extension",
        "expires_in",
        "fits",
    ];

    fn new(given: &Given) -> Self {
        let mut explained = Self {
            host: String::new(),
            is_plain_http: is_plain_http(given),
            method: "POST",
            key: None,
            id: given.id.clone(),
            extension: given.extension().map(Extension::as_str),
            fields: Vec::new(),
            public: Vec::new(),
            expires_in: None,
            conditions: None,
            fits: None,
            file: None,
        };
        match &given.presigned {
            PresignedUpload::Post(form) => {
                let value =
                    |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
                let conditions = form.conditions();
                explained.host = form.host();
                explained.key = form.key().map(str::to_owned);
                explained.fields = form.fields().map(|(name, _)| name.to_owned()).collect();
                explained.public = form
                    .public_fields()
                    .filter(|(name, _)| !name.eq_ignore_ascii_case("key"))
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect();
                explained.expires_in = form.expires_at().map(seconds_until);
                explained.conditions =
                    conditions.map(|conditions| conditions.into_iter().map(value).collect());
            }
            PresignedUpload::Put(put) => {
                explained.host = put.host();
                explained.method = "PUT";
                explained.key = Some(put.path());
                explained.fields = put.headers().map(|(name, _)| name.to_owned()).collect();
                explained.expires_in = put.expires_at().map(seconds_until);
            }
            _ => {}
        }
        explained
    }
}

/// Whether `post` would refuse the address without `--allow-http`.
fn is_plain_http(given: &Given) -> bool {
    let uploader = Uploader::default().validate_policy(false);
    let refused = uploader.validate_bytes(&given.presigned, &[], "", None);
    matches!(
        refused,
        Err(imgpost::Error::PresignedPost(
            PresignedPostError::Url { .. } | PresignedPostError::Put(PresignedPutError::Url { .. })
        ))
    )
}

fn seconds_until(at: SystemTime) -> i64 {
    match at.duration_since(SystemTime::now()) {
        Ok(left) => left.as_secs() as i64,
        Err(ago) => -(ago.duration().as_secs() as i64),
    }
}

/// In seconds while these matter: a form of Leonardo.Ai is valid for 120 of them.
fn rounded(seconds: i64) -> String {
    if seconds <= 120 {
        return format!("{seconds} s");
    }
    HumanDuration(Duration::from_secs(seconds.unsigned_abs())).to_string()
}

impl Outcome for Explained {
    fn to_lines(&self) -> Vec<String> {
        let scheme = if self.is_plain_http {
            " (plain http, which --allow-http allows)"
        } else {
            ""
        };
        let mut lines = vec![format!("host        {}{scheme}", self.host)];
        for (name, value) in [("key", &self.key), ("id", &self.id)] {
            lines.extend(value.as_ref().map(|value| format!("{name:<11} {value}")));
        }
        if let Some(extension) = self.extension {
            lines.push(format!("extension   {extension}"));
        }
        lines.push(match self.expires_in {
            None => "expires     unknown".into(),
            Some(left @ 0..) => format!("expires     in {}", rounded(left)),
            Some(ago) => format!("expired     {} ago", rounded(-ago)),
        });
        let is_form = self.method == "POST";
        if is_form {
            lines.push(format!("fields      {}", self.fields.join(", ")));
        } else {
            lines.push("method      PUT".into());
            if !self.fields.is_empty() {
                lines.push(format!("headers     {}", self.fields.join(", ")));
            }
        }
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
            None if !is_form => {}
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
