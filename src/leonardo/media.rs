//! Files other than images: 3D models, videos and sounds. They are uploaded unchanged.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::{Call, CallKind, CallRequest, Deleted, calls_by_id};
use super::client::Client;
use super::error::{Error, ParameterError};
use super::parameters::Parameters;
use super::upload_form::{self, responds_with_a_form};
use crate::open_enum::open_enum;
use crate::upload::Receipt;

open_enum! {
    /// The extension of a media file.
    MediaExtension {
        /// MPEG-4 video.
        Mp4 = "mp4",
        /// QuickTime video.
        Mov = "mov",
        /// MP3 sound.
        Mp3 = "mp3",
        /// Wave sound.
        Wav = "wav",
    }
}

impl MediaExtension {
    /// Whether this is the extension of a sound.
    fn is_audio(&self) -> bool {
        matches!(self, Self::Mp3 | Self::Wav)
    }
}

/// A file other than an image that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedFile {
    /// Its id.
    pub id: String,
    /// The receipt of the storage.
    pub receipt: Receipt,
}

/// A video or a sound, as the API stores it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Media {
    /// Its id.
    pub id: Option<String>,
    /// Its URL, for [`Client::download`].
    pub url: Option<String>,
    /// The URL of a small image of a video.
    pub thumbnail_url: Option<String>,
    /// Its status. The documentation does not list the values.
    pub status: Option<String>,
    /// Why it has this status.
    pub status_reason: Option<String>,
    /// Whether it is a video or a sound. The documentation does not list the values.
    pub media_type: Option<String>,
    /// Its duration in seconds.
    pub duration: Option<f64>,
    /// The width of a video in pixels.
    pub width: Option<u32>,
    /// The height of a video in pixels.
    pub height: Option<u32>,
    /// The frames of a video per second.
    #[serde(rename = "video_fps")]
    pub video_fps: Option<f64>,
    /// When its form was requested: a date and time in ISO 8601.
    pub created_at: Option<String>,
    /// Other members of the response.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// `POST /v1/media`: requests the form for a video or a sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateMedia {
    extension: MediaExtension,
    original_filename: Option<String>,
    team_id: Option<String>,
}

impl CreateMedia {
    /// Requests the form for a file with this extension.
    pub fn new(extension: MediaExtension) -> Self {
        Self {
            extension,
            original_filename: None,
            team_id: None,
        }
    }

    /// The name of the file, which the API shows. It requires one for sounds. Default: none.
    #[must_use]
    pub fn original_filename(mut self, name: impl Into<String>) -> Self {
        self.original_filename = Some(name.into());
        self
    }

    /// The id of the team that the file belongs to. Default: none, it belongs to the owner of the API key.
    #[must_use]
    pub fn team_id(mut self, id: impl Into<String>) -> Self {
        self.team_id = Some(id.into());
        self
    }
}

/// `POST /v1/models-3d/upload`: requests the form for a 3D model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateModelAsset {
    name: Option<String>,
    extension: Option<String>,
}

impl CreateModelAsset {
    /// Requests the form for a model in the API's default format.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name of the model. Default: the API's.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The extension of the file, for example `obj`. Default: the API's.
    #[must_use]
    pub fn extension(mut self, extension: impl Into<String>) -> Self {
        self.extension = Some(extension.into());
        self
    }
}

impl Call for CreateMedia {
    responds_with_a_form!(upload_form::MEDIA);

    fn request(&self) -> Result<CallRequest, Error> {
        let name = self.original_filename.as_deref().unwrap_or_default();
        if self.extension.is_audio() && name.trim().is_empty() {
            let name = "originalFilename";
            return Err(ParameterError::Missing { name }.into());
        }
        let mut json = json!({"extension": self.extension});
        for (name, value) in [
            ("originalFilename", &self.original_filename),
            ("teamId", &self.team_id),
        ] {
            if let Some(value) = value {
                json[name] = json!(value);
            }
        }
        Ok(CallRequest::post("/v1/media", json, CallKind::Idempotent))
    }
}

calls_by_id! {
    /// `GET /v1/media/{id}`.
    GetMedia: get "/v1/media", "uploaded_media_by_pk" => Media;
    /// `DELETE /v1/media/{id}`.
    DeleteMedia: delete "/v1/media", "delete_uploaded_media_by_pk" => Deleted;
}

impl Call for CreateModelAsset {
    responds_with_a_form!(upload_form::MODEL_ASSET);

    fn request(&self) -> Result<CallRequest, Error> {
        let mut parameters = Parameters::default();
        if let Some(extension) = &self.extension {
            parameters.set("modelExtension", extension.as_str());
        }
        if let Some(name) = &self.name {
            parameters.set("name", name.as_str());
        }
        let json = Value::Object(parameters.0);
        Ok(CallRequest::post(
            "/v1/models-3d/upload",
            json,
            CallKind::Idempotent,
        ))
    }
}

/// Files other than images.
impl Client {
    /// Uploads a video or a sound unchanged: requests a form and posts the file with it. The extension of the file has to
    /// be one of [`MediaExtension`]. The API learns the name of a sound, which it requires, and not that of a video. The
    /// length of the file is not limited.
    ///
    /// ```no_run
    /// # let client = imgpost::leonardo::Client::from_env()?;
    /// let film = client.upload_media("film.mp4")?;
    /// let model = client.upload_model_asset("chair.obj", Some("chair"))?;
    /// println!("{} {}", film.id, model.id);
    /// # Ok::<(), imgpost::leonardo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if the file has another extension; otherwise as [`call`](Self::call), and
    /// [`Error::Core`] with the errors of [`Uploader::upload_file`](crate::Uploader::upload_file).
    pub fn upload_media(&self, path: impl AsRef<Path>) -> Result<UploadedFile, Error> {
        let path = path.as_ref();
        let extension = extension_of(path).unwrap_or_default();
        let extension = match MediaExtension::from(extension.as_str()) {
            MediaExtension::Other(_) => {
                return Err(ParameterError::MediaExtension { path: path.into() }.into());
            }
            known => known,
        };
        let mut call = CreateMedia::new(extension);
        if call.extension.is_audio() {
            call.original_filename = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
        }
        self.upload_media_with(&call, path)
    }

    /// Uploads a video or a sound unchanged, with the parameters of `call`.
    ///
    /// # Errors
    ///
    /// As [`upload_media`](Self::upload_media); [`Error::InvalidParameter`] if `call` lacks the name of a sound.
    pub fn upload_media_with(
        &self,
        call: &CreateMedia,
        path: impl AsRef<Path>,
    ) -> Result<UploadedFile, Error> {
        let (id, receipt) = self.upload_file_with(call, path.as_ref())?;
        Ok(UploadedFile { id, receipt })
    }

    /// Reads a video or a sound that was uploaded: `GET /v1/media/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call). [`Error::is_not_found`] is true if there is none with this id.
    pub fn media(&self, id: &str) -> Result<Media, Error> {
        self.call(&GetMedia::new(id))
    }

    /// Deletes a video or a sound that was uploaded, and its file: `DELETE /v1/media/{id}`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call). [`Error::is_not_found`] is true if there is none with this id.
    pub fn delete_media(&self, id: &str) -> Result<(), Error> {
        self.call(&DeleteMedia::new(id)).map(drop)
    }

    /// Uploads a 3D model unchanged: requests a form and posts the file with it.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call), and [`Error::Core`] with the errors of
    /// [`Uploader::upload_file`](crate::Uploader::upload_file).
    pub fn upload_model_asset(
        &self,
        path: impl AsRef<Path>,
        name: Option<&str>,
    ) -> Result<UploadedFile, Error> {
        let path = path.as_ref();
        let call = CreateModelAsset {
            name: name.map(str::to_owned),
            extension: extension_of(path),
        };
        let (id, receipt) = self.upload_file_with(&call, path)?;
        Ok(UploadedFile { id, receipt })
    }
}

fn extension_of(path: &Path) -> Option<String> {
    let extension = path.extension()?.to_str()?;
    Some(extension.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_needs_its_name_and_a_video_does_not() {
        let request = |call: &CreateMedia| call.request().map(|request| request.json.unwrap());
        for extension in [MediaExtension::Mp3, MediaExtension::Wav] {
            let call = CreateMedia::new(extension.clone());
            for unnamed in [call.clone(), call.clone().original_filename(" ")] {
                let error = request(&unnamed).unwrap_err().to_string();
                assert_eq!(error, "the originalFilename is empty; give one");
            }
            let named = request(&call.original_filename("waves.mp3").team_id("t")).unwrap();
            let expected =
                json!({"extension": extension, "originalFilename": "waves.mp3", "teamId": "t"});
            assert_eq!(named, expected);
        }
        let video = request(&CreateMedia::new(MediaExtension::Mov)).unwrap();
        assert_eq!(video, json!({"extension": "mov"}));
    }
}
