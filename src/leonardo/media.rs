//! Files that are no images: 3D models, videos, sounds. They are posted as they are.

use std::path::Path;
use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::call::{Call, CallKind, CallRequest, learn_time};
use super::client::Client;
use crate::error::Error;
use crate::open_enum::open_enum;
use crate::presigned::PresignedPost;
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

macro_rules! form_call {
    ($name:ident: $path:literal, $json:expr) => {
        impl Call for $name {
            type Answer = PresignedPost;

            fn request(&self) -> Result<CallRequest, Error> {
                let json: fn(&Self) -> Value = $json;
                Ok(CallRequest::post($path, json(self), CallKind::Repeatable))
            }

            fn parse(&self, body: &[u8]) -> Result<PresignedPost, Error> {
                Ok(PresignedPost::from_json(body)?)
            }

            fn received(&self, form: &mut PresignedPost, api: SystemTime, local: SystemTime) {
                learn_time(form, api, local);
            }
        }
    };
}

form_call!(CreateMedia: "/v1/media", |call| json!({"extension": call.extension}));
form_call!(CreateModelAsset: "/v1/models-3d/upload", |call| {
    let given = [("modelExtension", &call.extension), ("name", &call.name)];
    let given = given.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    Value::Object(given.map(|(name, value)| (name.into(), json!(value))).collect::<Map<_, _>>())
});

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
    /// # Ok::<(), imgpost::Error>(())
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
                let path = path.display();
                let why = format!("{path}: the API takes mp4, mov, mp3 and wav files as media");
                return Err(Error::Invalid(why));
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
