//! Forms for files other than images: videos, audio and 3D models. The sandbox does not inspect their content.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::variables::{ANY_TEXT, Kind, Variable, check, optional, required};
use super::{Api, Call};

const MEDIA: &[Variable] = &[required(
    "extension",
    Kind::OneOf(&["mp4", "mov", "mp3", "wav"]),
)];
const MODEL: &[Variable] = &[
    optional(
        "modelExtension",
        Kind::OneOf(&["obj", "glb", "gltf", "fbx", "stl"]),
    ),
    optional("name", ANY_TEXT),
];

impl Api {
    pub(super) fn create_media(&self, call: &Call) -> Result<Value, Refusal> {
        check(&call.body, MEDIA)?;
        let extension = call.text("extension");
        let form = self.form("media", extension, content_type(extension), call.now);
        Ok(json!({"uploadMedia": {
            "uploadId": form.upload.id,
            "url": form.url,
            "fields": form.fields,
        }}))
    }

    pub(super) fn create_model_asset(&self, call: &Call) -> Result<Value, Refusal> {
        check(&call.body, MODEL)?;
        let extension = call.body["modelExtension"].as_str().unwrap_or("obj");
        let form = self.form("models", extension, content_type(extension), call.now);
        Ok(json!({"uploadModelAsset": {
            "modelId": form.upload.id,
            "modelFields": form.fields,
            "modelKey": form.upload.key,
            "modelUrl": form.url,
        }}))
    }
}

/// The media types registered with IANA; there is none for FBX.
fn content_type(extension: &str) -> &'static str {
    match extension {
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "obj" => "model/obj",
        "glb" => "model/gltf-binary",
        "gltf" => "model/gltf+json",
        "stl" => "model/stl",
        _ => "application/octet-stream",
    }
}
