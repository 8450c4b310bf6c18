//! The result for one image, in the stable names of `--json`.

use std::path::Path;

use imgpost::leonardo::UploadedImage;
use imgpost::leonardo::assets::ManifestEntry;
use imgpost::{Extension, PreparedImage, Receipt};
use serde::Serialize;

use crate::context::Outcome;
use crate::escape;
use crate::read::name;

/// The result for one image. Unknown values are null.
#[derive(Serialize)]
pub struct Report {
    file: String,
    id: Option<String>,
    key: Option<String>,
    extension: Option<&'static str>,
    width: Option<u32>,
    height: Option<u32>,
    bytes: Option<u64>,
    etag: Option<String>,
    location: Option<String>,
    url: Option<String>,
    status: Option<u16>,
    attempts: Option<u32>,
    /// A manifest lists the image, so it was not uploaded again.
    #[serde(skip_serializing_if = "is_false")]
    known: bool,
    /// Nothing was written or uploaded.
    #[serde(skip_serializing_if = "is_false")]
    dry_run: bool,
    /// The file that this one was made of.
    #[serde(skip)]
    source: Option<String>,
    /// Whether scripts need the name of the file, because there are several.
    #[serde(skip)]
    several: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Report {
    /// The names for `--format`.
    pub const NAMES: &[&str] = &[
        "file",
        "id",
        "key",
        "extension",
        "width",
        "height",
        "bytes",
        "etag",
        "location",
        "url",
        "status",
        "attempts",
        "known",
        "dry_run",
    ];

    fn new(file: &Path) -> Self {
        Self {
            file: file.display().to_string(),
            id: None,
            key: None,
            extension: None,
            width: None,
            height: None,
            bytes: None,
            etag: None,
            location: None,
            url: None,
            status: None,
            attempts: None,
            known: false,
            dry_run: false,
            source: None,
            several: false,
        }
    }

    /// An image that was prepared.
    pub fn prepared(file: &Path, image: &PreparedImage) -> Self {
        Self {
            extension: Some(image.extension().as_str()),
            width: Some(image.size().width),
            height: Some(image.size().height),
            bytes: Some(image.bytes().len() as u64),
            ..Self::new(file)
        }
    }

    /// A file that was uploaded unchanged.
    pub fn raw(file: &Path, id: Option<&str>, receipt: &Receipt) -> Self {
        Self {
            id: id.map(str::to_owned),
            key: receipt.key.clone(),
            bytes: Some(receipt.bytes),
            etag: receipt.etag.clone(),
            location: receipt.location.clone(),
            url: Some(receipt.url.clone()),
            status: Some(receipt.status),
            attempts: Some(receipt.attempts),
            ..Self::new(file)
        }
    }

    /// A file that would be uploaded unchanged.
    pub fn unsent(file: &Path, bytes: u64) -> Self {
        Self {
            bytes: Some(bytes),
            ..Self::new(file)
        }
    }

    /// A prepared image that was uploaded with a form.
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

    /// An image that was uploaded earlier.
    pub fn known(file: &Path, entry: &ManifestEntry) -> Self {
        let extension: Option<Extension> = entry.extension.parse().ok();
        Self {
            id: Some(entry.id.clone()),
            extension: extension.map(Extension::as_str),
            width: Some(entry.width),
            height: Some(entry.height),
            known: true,
            ..Self::new(file)
        }
    }

    /// Marks the result of a dry run.
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Names the file that this one was made of.
    pub fn made_of(mut self, source: &Path) -> Self {
        self.source = Some(name(source).into_owned());
        self
    }

    /// Whether there are several files.
    pub fn several(mut self, several: bool) -> Self {
        self.several = several;
        self
    }
}

impl Outcome for Report {
    fn to_lines(&self) -> Vec<String> {
        let mut line = String::new();
        if let Some(source) = &self.source {
            line += &format!("{source} -> ");
        }
        line += &format!("{}:", name(Path::new(&self.file)));
        if let Some(stored) = self.id.as_ref().or(self.key.as_ref()) {
            line += &format!(" {stored}");
        }
        if let (Some(width), Some(height), Some(extension)) =
            (self.width, self.height, self.extension)
        {
            line += &format!(" {width}x{height} {extension}");
            if self.bytes.is_some() || self.known {
                line.push(',');
            }
        }
        if let Some(bytes) = self.bytes {
            line += &format!(" {bytes} bytes");
        }
        if self.known {
            line += " uploaded earlier";
        }
        if self.dry_run {
            line += " (dry run)";
        }
        vec![line]
    }

    fn to_bare(&self) -> Option<String> {
        let stored = self.id.as_ref().or(self.key.as_ref())?;
        let stored = escape::line(stored);
        if self.several {
            Some(format!("{}\t{stored}", escape::line(&self.file)))
        } else {
            Some(stored)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_json() {
        let report = Report {
            known: true,
            ..Report::new(Path::new("a")).dry_run(true)
        };
        let json = serde_json::to_value(report).unwrap();
        let names: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        let mut expected = Report::NAMES.to_vec();
        expected.sort_unstable();
        let mut names: Vec<_> = names.iter().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, expected);
    }
}
