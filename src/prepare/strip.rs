//! Removes the metadata of a file and keeps its encoded pixels.

use std::path::Path;

use image::metadata::Orientation;

use super::PrepareOptions;
use super::decode::Source;
use super::error::{PrepareError, PrepareErrorKind};
use super::format::Format;
use super::input::{Content, Input};
use super::metadata::{JpegSegments, PngChunks};
use super::prepared::PreparedImage;
use super::webp::{self, WebpChunks};
use crate::extension::Extension;

impl PrepareOptions {
    /// Removes the metadata of the file at `path`. Unlike [`open`](Self::open), it does not encode the image again if its
    /// pixels can stay as they are: if it is upright, is a JPEG, PNG or WebP, and matches the options. Its encoded pixels, and
    /// a color profile other than sRGB, then stay byte for byte. Every other image is prepared as by `open`.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn strip(&self, path: impl AsRef<Path>) -> Result<PreparedImage, PrepareError> {
        let path = path.as_ref();
        let input = Input::open(path, self.limits)?;
        let stripped = match &input.content {
            Content::File(file) => file.read_all().and_then(|bytes| self.strip_bytes(&bytes)),
            Content::Bytes(bytes) => self.strip_bytes(bytes),
            Content::Pixels(_) => Ok(None),
        };
        match stripped {
            Ok(Some(mut image)) => {
                image.stem = input.origin.stem();
                Ok(image)
            }
            Ok(None) => self.prepare(input),
            Err(kind) => Err(input.origin.error(kind)),
        }
    }

    /// `None` if the image has to be encoded again.
    fn strip_bytes(&self, bytes: &[u8]) -> Result<Option<PreparedImage>, PrepareErrorKind> {
        let source = Source::from_bytes(bytes, self.limits)?;
        let format = source.format();
        let plan = self.plan_for(source.upright_size(), source.orientation())?;
        let extension = match (format, self.extension) {
            (Format::Jpeg, Some(jpeg @ (Extension::Jpg | Extension::Jpeg))) => jpeg,
            (Format::Jpeg, None) => Extension::Jpg,
            (Format::Png, None | Some(Extension::Png)) => Extension::Png,
            (Format::WebP, None | Some(Extension::Webp)) => Extension::Webp,
            _ => return Ok(None),
        };
        if source.orientation() != Orientation::NoTransforms
            || !plan.placement.is_identity(source.upright_size())
        {
            return Ok(None);
        }
        let stripped = match format {
            Format::Jpeg => {
                let keep_profile = !source.color_space().is_some_and(|space| space.is_srgb());
                source.verify()?;
                strip_jpeg(bytes, keep_profile)
            }
            _ => {
                let decoded = source.decode(&plan.placement)?;
                let keep_profile = !decoded.color_space.is_srgb();
                if format == Format::Png {
                    strip_png(bytes, keep_profile)
                } else {
                    strip_webp(bytes, keep_profile)
                }
            }
        };
        let Some(stripped) = stripped else {
            return Ok(None);
        };
        if self
            .max_bytes
            .is_some_and(|max| stripped.len() as u64 > max)
        {
            return Ok(None);
        }
        let mut image = PreparedImage::unchanged(stripped.into(), extension, plan);
        image.unchanged = image.bytes == bytes;
        Ok(Some(image))
    }
}

/// `None` if the segments are not those of an ordinary file.
fn strip_jpeg(bytes: &[u8], keep_profile: bool) -> Option<Vec<u8>> {
    let mut stripped = bytes.get(..2)?.to_vec();
    let mut copied = 2;
    for segment in JpegSegments::new(bytes) {
        let content = segment.content;
        let has_length = !matches!(segment.marker, 0xD8 | 0xD9);
        let start = segment.end - content.len() - if has_length { 4 } else { 2 };
        // The coded data of a scan.
        stripped.extend(&bytes[copied..start]);
        copied = segment.end;
        let kept = match segment.marker {
            0xD9 => {
                stripped.extend(b"\xFF\xD9");
                return Some(stripped);
            }
            0xD8 => return None,
            // JFIF, without its thumbnail.
            0xE0 if content.starts_with(b"JFIF\0") && content.len() >= 14 => {
                stripped.extend(b"\xFF\xE0\0\x10");
                stripped.extend(&content[..12]);
                stripped.extend(b"\0\0");
                false
            }
            0xE2 => keep_profile && content.starts_with(b"ICC_PROFILE\0"),
            // Adobe's color transform. Whatever follows it is not part of it.
            0xEE if content.starts_with(b"Adobe") && content.len() >= 12 => {
                stripped.extend(b"\xFF\xEE\0\x0E");
                stripped.extend(&content[..12]);
                false
            }
            0xE0..=0xEF | 0xFE => false,
            _ => true,
        };
        if kept {
            stripped.extend(&bytes[start..segment.end]);
        }
    }
    // The end is missing, or something unknown is between the segments.
    None
}

fn strip_png(bytes: &[u8], keep_profile: bool) -> Option<Vec<u8>> {
    let mut stripped = bytes.get(..8)?.to_vec();
    for chunk in PngChunks::new(bytes) {
        let kept = match chunk.kind {
            b"iCCP" => keep_profile,
            // The image, how to show it, and its animation.
            b"IHDR" | b"PLTE" | b"IDAT" | b"IEND" | b"tRNS" | b"sRGB" | b"gAMA" | b"cHRM"
            | b"cICP" | b"mDCV" | b"cLLI" | b"sBIT" | b"bKGD" | b"pHYs" | b"acTL" | b"fcTL"
            | b"fdAT" => true,
            _ => false,
        };
        if kept {
            let start = chunk.end - chunk.data.len() - 12;
            stripped.extend(&bytes[start..chunk.end]);
        }
        if chunk.kind == b"IEND" {
            return Some(stripped);
        }
    }
    None
}

fn strip_webp(bytes: &[u8], keep_profile: bool) -> Option<Vec<u8>> {
    let mut stripped = bytes.get(..12)?.to_vec();
    let announced = u32::from_le_bytes(bytes[4..8].try_into().ok()?);
    let end = (announced as usize).checked_add(8)?;
    let bytes = bytes.get(..end)?;
    let mut images = 0;
    for chunk in WebpChunks::new(bytes) {
        let start = chunk.end - (8 + chunk.data.len().next_multiple_of(2));
        let kept = match chunk.kind {
            b"ICCP" => keep_profile,
            b"VP8X" | b"ALPH" | b"ANIM" => true,
            b"VP8 " | b"VP8L" | b"ANMF" => {
                images += 1;
                true
            }
            _ => false,
        };
        if kept {
            let at = stripped.len();
            stripped.extend(bytes.get(start..chunk.end)?);
            if chunk.kind == b"VP8X" {
                *stripped.get_mut(at + 8)? &= webp::flags_without_metadata(keep_profile);
            }
        }
    }
    let length = u32::try_from(stripped.len() - 8).ok()?;
    stripped[4..8].copy_from_slice(&length.to_le_bytes());
    (images > 0).then_some(stripped)
}
