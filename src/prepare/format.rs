//! Image formats and how they are recognized: by content, never by the name of a file.

use image::ImageFormat;

use super::codec::unsupported;
use super::error::PrepareErrorKind;

/// As many bytes as recognizing a format takes; a HEIF file lists its brands in them.
pub(super) const HEAD: u64 = 256;

/// A format that this crate can read, given the Cargo feature it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    WebP,
    Gif,
    Bmp,
    Tiff,
    Heic,
}

impl Format {
    /// Recognizes the format of a file that begins with `head`.
    pub fn recognize(head: &[u8]) -> Result<Self, PrepareErrorKind> {
        if head.is_empty() {
            return Err(PrepareErrorKind::Empty);
        }
        match heif_brand(head) {
            Some(Brand::Hevc) => return Ok(Self::Heic),
            Some(Brand::Av1) => return Err(unsupported("AVIF")),
            None => {}
        }
        if is_big_tiff(head) {
            return Err(unsupported("BigTIFF"));
        }
        Ok(match image::guess_format(head) {
            Ok(ImageFormat::Jpeg) => Self::Jpeg,
            Ok(ImageFormat::Png) => Self::Png,
            Ok(ImageFormat::WebP) => Self::WebP,
            Ok(ImageFormat::Gif) => Self::Gif,
            Ok(ImageFormat::Bmp) => Self::Bmp,
            Ok(ImageFormat::Tiff) => Self::Tiff,
            Ok(ImageFormat::Ico) => return Err(unsupported("ICO")),
            Ok(ImageFormat::OpenExr) => return Err(unsupported("OpenEXR")),
            Ok(_) => return Err(unsupported("this image format")),
            Err(_) => return Err(PrepareErrorKind::NotAnImage),
        })
    }

    /// The common name of the format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::Heic => "HEIC",
        }
    }
}

/// Version 43 instead of 42, followed by the size of an offset, which is 8.
fn is_big_tiff(head: &[u8]) -> bool {
    head.starts_with(b"II\x2B\0\x08\0") || head.starts_with(b"MM\0\x2B\0\x08")
}

enum Brand {
    Hevc,
    Av1,
}

/// The codec that the first box of a HEIF file announces. The box lists the brands of the file: the major one, a
/// version, then the compatible ones (ISO/IEC 14496-12, 4.3; the brands are those of ISO/IEC 23008-12, annex B, and
/// AVIF, section 6).
fn heif_brand(head: &[u8]) -> Option<Brand> {
    if head.get(4..8)? != b"ftyp" {
        return None;
    }
    let length = u32::from_be_bytes(head.get(..4)?.try_into().ok()?) as usize;
    let brands = head.get(8..length.min(head.len()))?.as_chunks::<4>().0;
    let has = |names: &[&[u8; 4]]| brands.iter().any(|brand| names.contains(&brand));
    if has(&[b"avif", b"avis"]) {
        Some(Brand::Av1)
    } else if has(&[
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1",
    ]) {
        Some(Brand::Hevc)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(head: &[u8]) -> String {
        Format::recognize(head).unwrap_err().to_string()
    }

    #[test]
    fn codec_of_a_heif_file_follows_from_its_brands() {
        for head in [
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".as_slice(),
            b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic",
        ] {
            assert_eq!(Format::recognize(head).ok(), Some(Format::Heic));
        }
        for head in [
            b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf".as_slice(),
            b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf",
        ] {
            assert_eq!(
                refused(head),
                "AVIF is not supported; export it as JPEG or PNG"
            );
        }
        // A movie uses the same container.
        assert!(refused(b"\0\0\0\x18ftypisom\0\0\0\0isomiso2").contains("is not an image"));
    }

    #[test]
    fn big_tiff_is_refused_by_name() {
        for head in [
            b"II\x2B\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
            b"MM\0\x2B\0\x08\0\0\0\0\0\0\0\0\0\x10",
        ] {
            assert_eq!(
                refused(head),
                "BigTIFF is not supported; export it as JPEG or PNG"
            );
        }
    }
}
