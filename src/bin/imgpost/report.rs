//! What is printed for an image that was done.

use std::io::{self, Write};

use imgpost::{PreparedImage, Receipt};
use serde::Serialize;

use crate::failure::Failure;

/// One image, in the stable names of `--json`. What is not known is null.
#[derive(Serialize)]
pub struct Report {
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
    pub fn prepared(image: &PreparedImage) -> Self {
        Self {
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
    pub fn raw(id: Option<&str>, receipt: &Receipt) -> Self {
        Self {
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
    pub fn posted(image: &PreparedImage, id: Option<&str>, receipt: &Receipt) -> Self {
        Self {
            id: id.map(str::to_owned),
            key: receipt.key.clone(),
            etag: receipt.etag.clone(),
            attempts: Some(receipt.attempts),
            ..Self::prepared(image)
        }
    }

    /// Prints the report to standard output: JSON, or `subject` with the figures a person looks for.
    pub fn print(&self, json: bool, subject: &str) -> Result<(), Failure> {
        let line = match json {
            true => serde_json::to_string(self).expect("texts and numbers can be written"),
            false => {
                let stored = self.id.as_ref().or(self.key.as_ref());
                let stored = stored.map(|name| format!(" {name}")).unwrap_or_default();
                let picture = match (self.width, self.height, self.extension) {
                    (Some(width), Some(height), Some(extension)) => {
                        format!(" {width}x{height} {extension},")
                    }
                    _ => String::new(),
                };
                format!("{subject}:{stored}{picture} {} bytes", self.bytes)
            }
        };
        let mut output = io::stdout().lock();
        writeln!(output, "{line}").map_err(|_| Failure::closed_output())
    }
}
