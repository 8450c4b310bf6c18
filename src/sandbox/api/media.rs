//! Forms for files other than images: videos, audio and 3D models. The sandbox does not inspect their content.

use serde_json::{Value, json};

use super::form::Upload;
use super::refusal::Refusal;
use super::variables::{ANY_TEXT, ID, Kind, Variable, check, optional, required};
use super::{Api, Call, is_uuid, timestamp};

const MEDIA: &[Variable] = &[
    required("extension", Kind::OneOf(&["mp4", "mov", "mp3", "wav"])),
    optional("originalFilename", ID),
    optional("teamId", ID),
];
const MODEL: &[Variable] = &[
    optional(
        "modelExtension",
        Kind::OneOf(&["obj", "glb", "gltf", "fbx", "stl"]),
    ),
    optional("name", ANY_TEXT),
];

/// A video or a sound that may not have been posted yet.
pub(super) struct Media {
    upload: Upload,
    is_audio: bool,
}

impl Api {
    pub(super) fn create_media(&self, call: &Call) -> Result<Value, Refusal> {
        check(&call.body, MEDIA)?;
        let extension = call.text("extension");
        let is_audio = matches!(extension, "mp3" | "wav");
        if is_audio && call.text("originalFilename").is_empty() {
            let message = format!("originalFilename is required for {extension}");
            return Err(Refusal::invalid(message).at("$.originalFilename"));
        }
        let team = &call.body["teamId"];
        if team.as_str().is_some_and(|team| !is_uuid(team)) {
            return Err(Refusal::invalid("teamId must be a UUID").at("$.teamId"));
        }
        let form = self.form("media", extension, content_type(extension), call.now);
        let upload = form.upload.clone();
        let media = Media { upload, is_audio };
        let id = form.upload.id.clone();
        self.records().media.insert(id, media, call.bytes);
        Ok(json!({"uploadMedia": {
            "uploadId": form.upload.id,
            "url": form.url,
            "fields": form.fields,
        }}))
    }

    pub(super) fn media(&self, id: &str) -> Value {
        let records = self.records();
        let media = records.media.get(id);
        json!({"uploaded_media_by_pk": media.map(|media| {
            let is_stored = media.upload.stored(&self.storage).is_some();
            json!({
                "id": media.upload.id,
                "createdAt": timestamp(media.upload.created_at),
                "url": is_stored.then(|| self.storage.object_url(&media.upload.key)),
                "thumbnailUrl": null,
                "status": if is_stored { "COMPLETE" } else { "PENDING" },
                "statusReason": null,
                "mediaType": if media.is_audio { "AUDIO" } else { "VIDEO" },
                "duration": null,
                "width": null,
                "height": null,
                "video_fps": null,
            })
        })})
    }

    /// Checks that a request refers to a generated video, or to a video or a sound that was posted.
    pub(super) fn check_media(&self, reference: &Value, medium: &str) -> Result<(), Refusal> {
        let id = reference["id"].as_str().unwrap_or_default();
        if reference["type"] == "GENERATED" {
            return self.generated(id).map(drop);
        }
        let records = self.records();
        let found = records.media.get(id);
        let is_posted = found.is_some_and(|media| {
            media.is_audio == (medium == "audio") && media.upload.stored(&self.storage).is_some()
        });
        if is_posted {
            Ok(())
        } else {
            let message = format!("there is no {medium} {id}, or it was not posted yet");
            Err(Refusal::invalid(message))
        }
    }

    pub(super) fn delete_media(&self, id: &str) -> Value {
        let deleted = self.records().media.remove(id);
        if let Some(media) = &deleted {
            self.storage.remove(&media.upload.key);
        }
        json!({"delete_uploaded_media_by_pk": deleted.map(|_| json!({"id": id}))})
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
