//! Files that are no images: 3D models, videos, sounds. They are posted as they are.

use std::path::Path;

use serde_json::{Value, json};

use super::call::{Call, CallKind, CallRequest, answered_with_a_form};
use super::client::Client;
use super::error::{Error, ParameterError};
use super::job::Variables;
use crate::open_enum::open_enum;
use crate::upload::Receipt;

open_enum! {
    /// The extension of a video or a sound.
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

/// An uploaded file that is no image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedFile {
    /// Its id.
    pub id: String,
    /// What the storage answered.
    pub receipt: Receipt,
}

/// `POST /v1/media`: the form that uploads a video or a sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateMedia {
    extension: MediaExtension,
}

impl CreateMedia {
    /// The form for a file with this extension.
    pub fn new(extension: MediaExtension) -> Self {
        Self { extension }
    }
}

/// `POST /v1/models-3d/upload`: the form that uploads a 3D model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateModelAsset {
    name: Option<String>,
    extension: Option<String>,
}

impl CreateModelAsset {
    /// The form for a model in the API's default format.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name the model gets.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The extension of the model's file, for example `obj`.
    #[must_use]
    pub fn extension(mut self, extension: impl Into<String>) -> Self {
        self.extension = Some(extension.into());
        self
    }
}

impl Call for CreateMedia {
    answered_with_a_form!();

    fn request(&self) -> Result<CallRequest, Error> {
        let json = json!({"extension": self.extension});
        Ok(CallRequest::post("/v1/media", json, CallKind::Repeatable))
    }
}

impl Call for CreateModelAsset {
    answered_with_a_form!();

    fn request(&self) -> Result<CallRequest, Error> {
        let mut variables = Variables::default();
        if let Some(extension) = &self.extension {
            variables.set("modelExtension", extension.as_str());
        }
        if let Some(name) = &self.name {
            variables.set("name", name.as_str());
        }
        let json = Value::Object(variables.0);
        Ok(CallRequest::post(
            "/v1/models-3d/upload",
            json,
            CallKind::Repeatable,
        ))
    }
}

/// Files that are no images.
impl Client {
    /// Uploads a video or a sound as it is, of any size: asks for a form and posts the file with it. Its extension has
    /// to be one of [`MediaExtension`]'s.
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
    /// [`Error::Invalid`] when the file has another extension; else as [`call`](Self::call) and
    /// [`Uploader::upload_file`](crate::Uploader::upload_file).
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

    /// Uploads a 3D model as it is: asks for a form and posts the file with it.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call) and [`Uploader::upload_file`](crate::Uploader::upload_file).
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
