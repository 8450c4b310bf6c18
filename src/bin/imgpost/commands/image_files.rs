//! Recognizes image files by their names and first bytes.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The extensions of image files, including formats that cannot be read.
const IMAGES: &[&str] = &[
    "apng", "avif", "avifs", "bmp", "dib", "exr", "gif", "hdr", "heic", "heics", "heif", "heifs",
    "hif", "ico", "j2k", "jfif", "jp2", "jpe", "jpeg", "jpg", "jpx", "jxl", "jxr", "pbm", "pgm",
    "png", "pnm", "ppm", "psb", "psd", "qoi", "svg", "svgz", "tga", "tif", "tiff", "webp", "xcf",
];

/// The extensions of cameras' raw files. Most are TIFF files whose first image is a thumbnail.
const CAMERA_RAW: &[&str] = &[
    "3fr", "arw", "cr2", "cr3", "crw", "dcr", "dng", "erf", "fff", "gpr", "iiq", "k25", "kdc",
    "mef", "mos", "mrw", "nef", "nrw", "orf", "pef", "raf", "raw", "rw2", "rwl", "sr2", "srf",
    "srw", "x3f",
];

/// Whether a file is an image by its extension, or else by its first bytes.
pub fn looks_like_image(path: &Path) -> bool {
    has_image_extension(path) || has_image_content(path)
}

pub fn has_image_extension(path: &Path) -> bool {
    is_one_of(path, IMAGES) || is_camera_raw(path)
}

pub fn is_camera_raw(path: &Path) -> bool {
    is_one_of(path, CAMERA_RAW)
}

fn is_one_of(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    extensions.contains(&extension.to_ascii_lowercase().as_str())
}

fn has_image_content(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_ok() && is_image(&head)
}

const HEAD: u64 = 16;

/// Recognizes formats whose signature is too long for a coincidence.
fn is_image(head: &[u8]) -> bool {
    let at = |start: usize, magic: &[u8]| head.get(start..start + magic.len()) == Some(magic);
    let heif: [&[u8]; 8] = [
        b"avif", b"avis", b"heic", b"heix", b"hevc", b"hevx", b"mif1", b"msf1",
    ];
    at(0, b"\xFF\xD8\xFF")
        || at(0, b"\x89PNG\r\n\x1A\n")
        || at(0, b"GIF8")
        || (at(0, b"RIFF") && at(8, b"WEBP"))
        || at(0, b"II*\0")
        || at(0, b"MM\0*")
        // Checks the reserved bytes as well, because a text may begin with BM.
        || (at(0, b"BM") && at(6, &[0; 4]))
        || (at(4, b"ftyp") && heif.iter().any(|brand| at(8, brand)))
        || at(0, b"\0\0\0\x0CJXL \r\n\x87\n")
        || at(0, b"\0\0\0\x0CjP  \r\n\x87\n")
        || at(0, b"8BPS\0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_recognized_in_any_case() {
        for name in ["a.jpg", "IMG_2.HEIC", "a.b.Tiff", "a.JXL", "a.svg", "a.Cr2"] {
            assert!(has_image_extension(Path::new(name)), "{name}");
        }
        for name in ["jpg", ".jpg", "a.txt", "a.mp4", "a.jpg.part", ""] {
            assert!(!has_image_extension(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn images_are_recognized_by_their_first_bytes() {
        for head in [
            &b"\xFF\xD8\xFF\xE0"[..],
            b"RIFF\x10\0\0\0WEBPVP8 ",
            b"\0\0\0\x18ftypheic",
            b"BM\x10\0\0\0\0\0\0\0\x36",
        ] {
            assert!(is_image(head), "{head:?}");
        }
        for head in [
            &b""[..],
            b"BMW is a make of cars",
            b"RIFF\x10\0\0\0WAVEfmt ",
            b"\0\0\0\x18ftypisom",
            b"<?xml version=",
        ] {
            assert!(!is_image(head), "{head:?}");
        }
    }
}
