//! Recognizes the content type of a file.

use std::path::Path;

use crate::extension::Extension;

/// As many bytes as recognizing a format takes.
pub(super) const HEAD: u64 = 16;

/// The content type of a file that begins with `head`: by its first bytes if these are unmistakable, otherwise by the
/// extension of `name`. `None` if both are unknown.
pub(super) fn content_type(head: &[u8], name: &Path) -> Option<&'static str> {
    by_content(head).or_else(|| by_extension(name.extension()?.to_str()?))
}

fn by_content(head: &[u8]) -> Option<&'static str> {
    let at = |start: usize, magic: &[u8]| head.get(start..start + magic.len()) == Some(magic);
    Some(if at(0, b"\xFF\xD8\xFF") {
        "image/jpeg"
    } else if at(0, b"\x89PNG\r\n\x1A\n") {
        "image/png"
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        "image/webp"
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        "image/gif"
    } else if at(0, b"II\x2A\0") || at(0, b"MM\0\x2A") {
        "image/tiff"
    } else if at(0, b"%PDF-") {
        "application/pdf"
    } else if at(0, b"glTF") {
        "model/gltf-binary"
    } else if at(4, b"ftyp") {
        // The major brand of a file in ISO's container (ISO/IEC 14496-12, 4.3).
        match head.get(8..12).unwrap_or_default() {
            b"avif" | b"avis" => "image/avif",
            b"heic" | b"heix" | b"heim" | b"heis" => "image/heic",
            b"mif1" => "image/heif",
            b"qt  " => "video/quicktime",
            b"M4A " => "audio/mp4",
            _ => "video/mp4",
        }
    } else {
        return None;
    })
}

fn by_extension(extension: &str) -> Option<&'static str> {
    if let Ok(extension) = extension.parse::<Extension>() {
        return Some(extension.content_type());
    }
    Some(match extension.to_ascii_lowercase().as_str() {
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "heif" => "image/heif",
        "ico" => "image/x-icon",
        "jxl" => "image/jxl",
        "svg" => "image/svg+xml",
        "tif" | "tiff" => "image/tiff",
        "m4v" | "mp4" => "video/mp4",
        "mkv" => "video/x-matroska",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "flac" => "audio/flac",
        "m4a" => "audio/mp4",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "glb" => "model/gltf-binary",
        "gltf" => "model/gltf+json",
        "obj" => "model/obj",
        "stl" => "model/stl",
        "csv" => "text/csv",
        "htm" | "html" => "text/html",
        "json" => "application/json",
        "md" => "text/markdown",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "xml" => "application/xml",
        "zip" => "application/zip",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_before_the_extension() {
        for (head, name, expected) in [
            (b"\xFF\xD8\xFF\xE0".as_slice(), "a.png", Some("image/jpeg")),
            (b"\x89PNG\r\n\x1A\n", "a", Some("image/png")),
            (b"RIFF\0\0\0\0WEBP", "a", Some("image/webp")),
            (b"RIFF\0\0\0\0WAVE", "a.wav", Some("audio/wav")),
            (b"GIF89a", "a", Some("image/gif")),
            (b"II\x2A\0", "a", Some("image/tiff")),
            (b"%PDF-1.7", "a", Some("application/pdf")),
            (b"\0\0\0\x18ftypheic", "a", Some("image/heic")),
            (b"\0\0\0\x18ftypavif", "a", Some("image/avif")),
            (b"\0\0\0\x18ftypisom", "a", Some("video/mp4")),
            (b"\0\0\0\x18ftyp", "a", Some("video/mp4")),
            (b"glTF\x02\0\0\0", "a", Some("model/gltf-binary")),
            (b"a,b\n", "a.CSV", Some("text/csv")),
            (b"BMW makes cars", "cars.txt", Some("text/plain")),
            (b"", "photo.JPG", Some("image/jpeg")),
            (b"", "a.unknown", None),
            (b"", "", None),
        ] {
            assert_eq!(content_type(head, Path::new(name)), expected, "{name}");
        }
    }
}
