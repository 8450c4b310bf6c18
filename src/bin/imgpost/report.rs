//! What is printed of an image that was done, in the stable names of `--json`.

use std::fmt;
use std::path::Path;

use imgpost::leonardo::UploadedImage;
use imgpost::{PreparedImage, Receipt};
use serde::Serialize;

/// One image. What is not known is null.
#[derive(Serialize)]
pub struct Report {
    file: String,
    id: Option<String>,
    key: Option<String>,
    extension: Option<&'static str>,
    width: Option<u32>,
    height: Option<u32>,
    bytes: u64,
    etag: Option<String>,
    attempts: Option<u32>,
}

impl Report {
    /// An image that was prepared and went nowhere.
    pub fn prepared(file: &Path, image: &PreparedImage) -> Self {
        Self {
            file: file.display().to_string(),
            id: None,
            key: None,
            extension: Some(image.extension().as_str()),
            width: Some(image.size().width),
            height: Some(image.size().height),
            bytes: image.bytes().len() as u64,
            etag: None,
            attempts: None,
        }
    }

    /// A file that was stored as it is.
    pub fn raw(file: &Path, id: Option<&str>, receipt: &Receipt) -> Self {
        Self {
            file: file.display().to_string(),
            id: id.map(str::to_owned),
            key: receipt.key.clone(),
            extension: None,
            width: None,
            height: None,
            bytes: receipt.bytes,
            etag: receipt.etag.clone(),
            attempts: Some(receipt.attempts),
        }
    }

    /// An image that was stored.
    pub fn posted(file: &Path, image: &PreparedImage, id: Option<&str>, receipt: &Receipt) -> Self {
        Self {
            extension: Some(image.extension().as_str()),
            width: Some(image.size().width),
            height: Some(image.size().height),
            ..Self::raw(file, id, receipt)
        }
    }

    /// An image that was uploaded through the API.
    pub fn uploaded(file: &Path, image: &UploadedImage) -> Self {
        Self {
            extension: Some(image.extension.as_str()),
            width: Some(image.size.width),
            height: Some(image.size.height),
            ..Self::raw(file, Some(&image.id), &image.receipt)
        }
    }
}

/// The figures a person looks for.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if let Some(stored) = self.id.as_ref().or(self.key.as_ref()) {
            write!(f, " {stored}")?;
        }
        if let (Some(width), Some(height), Some(extension)) =
            (self.width, self.height, self.extension)
        {
            write!(f, " {width}x{height} {extension},")?;
        }
        write!(f, " {} bytes", self.bytes)
    }
}
