//! The responses of one API, with the id beside the form.

use super::shapes::{self, Value};
use super::{PresignedPost, PresignedPostError};

/// The members that hold one form.
const WRAPPERS: [&str; 4] = [
    "uploadInitImage",
    "uploadDatasetImage",
    "uploadModelAsset",
    "uploadMedia",
];

/// The member that holds two.
const CANVAS: &str = "uploadCanvasInitImage";

/// Reads a response that holds one form; none if it is not one of these.
pub(super) fn read_one(json: &[u8]) -> Option<Result<PresignedPost, PresignedPostError>> {
    let members = shapes::members(json).ok()?;
    let member = |name: &str| {
        members
            .iter()
            .find_map(|(n, value)| (n == name).then_some(value))
    };
    if let Some(canvas) = member(CANVAS) {
        return Some(Err(match canvas {
            Value::Null => PresignedPostError::Null(CANVAS),
            _ => PresignedPostError::TwoForms,
        }));
    }
    let (name, form) = WRAPPERS
        .iter()
        .find_map(|name| Some((*name, member(name)?)))?;
    Some(match form {
        Value::Null => Err(PresignedPostError::Null(name)),
        form => read_form(
            form,
            [
                &["id", "modelId", "uploadId"],
                &["url", "modelUrl"],
                &["fields", "modelFields"],
            ],
        ),
    })
}

/// Reads both forms of a canvas: the API reference spells the second half `mask…`, the official recipe `masks…`.
pub(super) fn read_canvas(
    json: &[u8],
) -> Result<(PresignedPost, PresignedPost), PresignedPostError> {
    let members = shapes::members(json)?;
    let canvas = members
        .iter()
        .find_map(|(name, value)| (name == CANVAS).then_some(value));
    match canvas {
        None => Err(PresignedPostError::NoForm { found: Vec::new() }),
        Some(Value::Null) => Err(PresignedPostError::Null(CANVAS)),
        Some(canvas) => Ok((
            read_form(canvas, [&["initImageId"], &["initUrl"], &["initFields"]])?,
            read_form(
                canvas,
                [
                    &["maskImageId", "masksImageId"],
                    &["maskUrl", "masksUrl"],
                    &["maskFields", "masksFields"],
                ],
            )?,
        )),
    }
}

/// Reads a form by the names of its id, its address and its fields.
fn read_form(
    json: &Value,
    [ids, urls, fields]: [&[&str]; 3],
) -> Result<PresignedPost, PresignedPostError> {
    let member = |names: &[&str]| names.iter().find_map(|name| json.member(name));
    let url = member(urls).and_then(Value::as_text);
    let url = url.ok_or(PresignedPostError::Missing("url"))?;
    let fields = member(fields).ok_or(PresignedPostError::Missing("fields"))?;
    let fields = shapes::read_fields(fields).ok_or(PresignedPostError::Fields {
        name: "fields".into(),
    })?;
    Ok(PresignedPost {
        id: member(ids).and_then(Value::as_text).map(str::to_owned),
        ..PresignedPost::new(url, fields)?
    })
}
