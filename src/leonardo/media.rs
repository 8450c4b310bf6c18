//! Files other than images: 3D models, videos and sounds. They are uploaded unchanged.

use std::path::Path;

use serde_json::{Value, json};

use super::call::{Call, CallKind, CallRequest};
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

/// A file other than an image that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedFile {
    /// Its id.
    pub id: String,
    /// The receipt of the storage.
    pub receipt: Receipt,
}

/// `POST /v1/media`: requests the form for a video or a sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateMedia {
    extension: MediaExtension,
}

impl CreateMedia {
    /// Requests the form for a file with this extension.
    pub fn new(extension: MediaExtension) -> Self {
        Self { extension }
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
        let json = json!({"extension": self.extension});
        Ok(CallRequest::post("/v1/media", json, CallKind::Idempotent))
    }
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
    /// be one of [`MediaExtension`]. The length of the file is not limited.
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
        let (id, receipt) = self.upload_file_with(&CreateMedia::new(extension), path)?;
        Ok(UploadedFile { id, receipt })
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
