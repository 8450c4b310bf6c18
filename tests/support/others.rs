//! The forms of `fixtures/forms.json`, which other programs read and write for comparison.

use std::path::Path;
use std::time::Duration;

use imgpost::multipart::{Form, FormError};
use imgpost::transport::{Method, Request, Transport, UreqTransport};
use imgpost::{Error, PresignedPost, Uploader};
use serde::Deserialize;

use super::{Captured, capture_one, fixture};

pub const GOOD: &str = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";

/// Forms whose posts use a file name other than the file's own: form, name, reason.
const POSTED_AS: [(&str, &str, &str); 6] = [
    ("key-without-file-name", "file", PRIVATE),
    ("file-name-with-spaces", "_my_photo__1_.webp", ASCII),
    ("file-name-with-quotes", "a__good___one_.webp", ASCII),
    ("file-name-in-utf-8", "gr__e__.webp", ASCII),
    ("file-name-with-backslash", "back_slash__22_.webp", ASCII),
    ("file-name-with-line-break", "a_b.webp", ASCII),
];
const PRIVATE: &str =
    "a file name can reveal private information, and only ${filename} requires it";
const ASCII: &str = "storages interpret file names other than plain ASCII differently";

/// A form of `fixtures/forms.json`.
#[derive(Clone, Deserialize)]
pub struct Case {
    pub name: String,
    pub fields: Vec<(String, String)>,
    pub file: CaseFile,
}

#[derive(Clone, Deserialize)]
pub struct CaseFile {
    pub name: String,
    pub r#type: String,
    path: Option<String>,
}

/// All forms of `fixtures/forms.json`.
pub fn cases() -> Vec<Case> {
    let cases = std::fs::read(fixture("forms.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_slice(&cases).unwrap();
    for (form, name, why) in POSTED_AS {
        let mut named = cases.iter().filter(|case| case.name == form);
        let renamed = named.next().is_some_and(|case| case.file.name != name);
        assert!(renamed, "the file of {form} is no longer renamed ({why})");
    }
    cases
}

impl Case {
    pub fn content(&self) -> Vec<u8> {
        let path = self.file.path.as_ref();
        path.map_or(Vec::new(), |path| std::fs::read(fixture(path)).unwrap())
    }

    /// The content type of the file's part.
    pub fn content_type(&self) -> &str {
        match self.file.r#type.as_str() {
            "" => "application/octet-stream",
            given => given,
        }
    }

    /// The file name in a post.
    pub fn posted_as(&self) -> &str {
        let mut renamed = POSTED_AS.iter().filter(|(form, ..)| *form == self.name);
        renamed.next().map_or(&self.file.name, |(_, name, _)| name)
    }

    /// The request of Chromium for this form, captured by `fixtures/capture_chromium.py`.
    pub fn captured_from_chromium(&self) -> Captured {
        let path = fixture("chromium").join(format!("{}.http", self.name));
        let mut head = std::fs::read(path).unwrap();
        let end = head.windows(4).position(|four| four == b"\r\n\r\n");
        let body = head.split_off(end.unwrap() + 4);
        let head = String::from_utf8(head).unwrap();
        Captured { head, body }
    }

    /// Sends the form with this file name.
    pub fn send(&self, file_name: &str) -> Result<Captured, FormError> {
        let mut form = Form::new();
        for (name, value) in &self.fields {
            form = form.field(name, value);
        }
        let body = form.file("file", file_name, self.content_type(), self.content())?;
        let (url, server) = capture_one(GOOD);
        let mut reader = body.reader();
        let mut request = Request::new(Method::Post, &url);
        request.headers = vec![("content-type", body.content_type())];
        request.body = Some((&mut reader, body.content_length()));
        request.idle_timeout = Duration::from_secs(60);
        UreqTransport::new().send(request).unwrap();
        Ok(server.join().unwrap())
    }

    /// Posts the file with the public API.
    pub fn post(&self) -> Result<Captured, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(&self.file.name);
        std::fs::write(&path, self.content()).unwrap();
        post_file(&self.fields, &path, Some(self.content_type()))
    }
}

/// Posts the file at `path` with `fields`.
pub fn post_file(
    fields: &[(String, String)],
    path: &Path,
    content_type: Option<&str>,
) -> Result<Captured, Error> {
    // Reject invalid fields before starting the server, which would wait for a request forever.
    PresignedPost::new("http://127.0.0.1:1/", fields.to_vec())?;
    let (url, server) = capture_one(GOOD);
    let form = PresignedPost::new(url, fields.to_vec())?;
    Uploader::default().upload_file(&form, path, content_type)?;
    Ok(server.join().unwrap())
}
