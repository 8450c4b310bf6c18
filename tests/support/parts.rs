//! Reads forms with the `multipart` crate instead of our own reader. The fuzz targets use this too.

use std::io::Read;

use multipart::server::Multipart;

/// A part of a form: name, file name, content type, content.
pub type Part = (String, Option<String>, Option<String>, Vec<u8>);

/// Reads a body with the `multipart` crate.
pub fn read(content_type: &str, body: &[u8]) -> Vec<Part> {
    let boundary = content_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    let mut parts = Vec::new();
    Multipart::with_body(body, boundary)
        .foreach_entry(|mut entry| {
            let mut content = Vec::new();
            entry.data.read_to_end(&mut content).unwrap();
            let headers = entry.headers;
            let content_type = headers.content_type.map(|mime| mime.to_string());
            parts.push((
                headers.name.to_string(),
                headers.filename,
                content_type,
                content,
            ));
        })
        .unwrap();
    parts
}
