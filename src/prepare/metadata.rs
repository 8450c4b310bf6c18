//! Detects files that hold an image and nothing else.

use super::format::Format;
use super::webp::WebpChunks;

/// Whether a file holds only what is needed to show an upright sRGB image of eight bits per sample: no EXIF, XMP,
/// profile, thumbnail, comment, animation or anything after the image.
///
/// The data of the image itself is not checked. Unknown parts count as metadata.
pub(super) fn is_bare(format: Format, bytes: &[u8]) -> bool {
    match format {
        Format::Jpeg => is_bare_jpeg(bytes),
        Format::Png => is_bare_png(bytes),
        Format::WebP => is_bare_webp(bytes).unwrap_or(false),
        _ => false,
    }
}

fn is_bare_jpeg(bytes: &[u8]) -> bool {
    for segment in JpegSegments::new(bytes) {
        let bare = match segment.marker {
            // The end, which must be that of the file as well.
            0xD9 => return segment.end == bytes.len(),
            // JFIF, with the size of its thumbnail in the last two bytes.
            0xE0 => segment.content.len() == 14 && segment.content.ends_with(&[0, 0]),
            // Adobe's color transform, and nothing else that an APP14 may hold.
            0xEE => segment.content.len() == 12 && segment.content.starts_with(b"Adobe"),
            // Baseline and progressive frames of one or three components of eight bits.
            0xC0..=0xC2 => {
                matches!(segment.content, [8, _, _, _, _, components, ..] if matches!(components, 1 | 3))
            }
            // Tables, restarts and scans: ITU-T T.81, table B.1.
            0xC4 | 0xDA | 0xDB | 0xDD => true,
            _ => false,
        };
        if !bare {
            return false;
        }
    }
    false
}

/// One marker of a JPEG with its segment (ITU-T T.81, B.1.1).
pub(super) struct JpegSegment<'a> {
    pub marker: u8,
    /// The bytes after the length, without coded image data.
    pub content: &'a [u8],
    /// Where the next segment begins.
    pub end: usize,
}

/// The segments of a JPEG, up to and including its end-of-image marker or up to the first malformed one.
pub(super) struct JpegSegments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> JpegSegments<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        // After the start-of-image marker.
        Self { bytes, at: 2 }
    }

    /// Skips coded data up to the next marker other than a restart marker.
    fn skip_coded_data(&mut self) -> Option<()> {
        loop {
            self.at += memchr::memchr(0xFF, self.bytes.get(self.at..)?)?;
            match self.bytes.get(self.at + 1)? {
                // A stuffed byte or a restart marker.
                0x00 | 0xD0..=0xD7 => self.at += 2,
                _ => return Some(()),
            }
        }
    }
}

impl<'a> Iterator for JpegSegments<'a> {
    type Item = JpegSegment<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        // Any number of fill bytes may stand before a marker.
        while self.bytes.get(self.at..self.at + 2)? == [0xFF, 0xFF] {
            self.at += 1;
        }
        let &[0xFF, marker] = self.bytes.get(self.at..self.at + 2)? else {
            return None;
        };
        self.at += 2;
        if matches!(marker, 0xD8 | 0xD9) {
            let end = self.at;
            // Nothing after the end is read.
            self.at = self.bytes.len();
            return Some(JpegSegment {
                marker,
                content: &[],
                end,
            });
        }
        let length = self.bytes.get(self.at..self.at + 2)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let content = self.bytes.get(self.at + 2..self.at + length)?;
        self.at += length;
        let end = self.at;
        if marker == 0xDA {
            // Truncated data ends the iteration after this segment.
            self.skip_coded_data()
                .unwrap_or_else(|| self.at = self.bytes.len());
        }
        Some(JpegSegment {
            marker,
            content,
            end,
        })
    }
}

/// One chunk of a PNG.
pub(super) struct PngChunk<'a> {
    pub kind: &'a [u8; 4],
    pub data: &'a [u8],
    /// Where the next chunk begins.
    pub end: usize,
}

/// The chunks of a PNG, up to the first malformed one. Checksums are not verified.
pub(super) struct PngChunks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> PngChunks<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        // After the signature.
        Self { bytes, at: 8 }
    }
}

impl<'a> Iterator for PngChunks<'a> {
    type Item = PngChunk<'a>;

    /// A chunk consists of a length, a type, data and a checksum.
    fn next(&mut self) -> Option<Self::Item> {
        let (length, rest) = self.bytes.get(self.at..)?.split_first_chunk()?;
        let (kind, rest) = rest.split_first_chunk()?;
        let length = u32::from_be_bytes(*length) as usize;
        let (data, _checksum) = rest.get(..length.checked_add(4)?)?.split_at(length);
        self.at += 12 + length;
        Some(PngChunk {
            kind,
            data,
            end: self.at,
        })
    }
}

fn is_bare_png(bytes: &[u8]) -> bool {
    for chunk in PngChunks::new(bytes) {
        let bare = match chunk.kind {
            // The bit depth follows width and height.
            b"IHDR" => chunk.data.get(8).is_some_and(|depth| *depth <= 8),
            b"PLTE" | b"IDAT" | b"tRNS" | b"sRGB" | b"sBIT" => true,
            // The gamma of sRGB.
            b"gAMA" => chunk.data == 45_455_u32.to_be_bytes(),
            b"IEND" => return chunk.end == bytes.len(),
            _ => false,
        };
        if !bare {
            return false;
        }
    }
    false
}

fn is_bare_webp(bytes: &[u8]) -> Option<bool> {
    // The RIFF header holds the length of the file; chunks are padded to an even length.
    let length = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?);
    let mut end = 12;
    let mut images = 0;
    for chunk in WebpChunks::new(bytes) {
        end = chunk.end;
        match chunk.kind {
            b"VP8 " | b"VP8L" => images += 1,
            b"ALPH" => {}
            // Only the flag for alpha is allowed: no profile, EXIF, XMP or animation.
            b"VP8X" => {
                if chunk.data.first()? & !0x10 != 0 {
                    return Some(false);
                }
            }
            _ => return Some(false),
        }
    }
    Some(images == 1 && end == bytes.len() && length as usize + 8 == bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const JFIF: &[u8] = b"\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0";
    const FRAME: &[u8] = b"\xFF\xC0\0\x0B\x08\0\x01\0\x01\x01\x01\x11\0";
    const SCAN: &[u8] = b"\xFF\xDA\0\x08\x01\x01\0\0\x3F\0abc\xFF\0def\xFF\xD0ghi";
    const END: &[u8] = b"\xFF\xD9";

    fn jpeg(parts: &[&[u8]]) -> bool {
        let bytes = [b"\xFF\xD8".as_slice(), &parts.concat()].concat();
        is_bare(Format::Jpeg, &bytes)
    }

    #[test]
    fn a_jpeg_is_bare_with_tables_and_scans_alone() {
        assert!(jpeg(&[JFIF, FRAME, SCAN, END]));
        assert!(jpeg(&[FRAME, b"\xFF\xFF", SCAN, SCAN, END]));
        assert!(!jpeg(&[FRAME, SCAN]));
        assert!(!jpeg(&[FRAME, SCAN, END, b"more"]));
        assert!(!jpeg(&[FRAME, b"garbage", SCAN, END]));
        for metadata in [
            b"\xFF\xE1\0\x08Exif\0\0".as_slice(),
            b"\xFF\xE2\0\x03i",
            b"\xFF\xFE\0\x03c",
            b"\xFF\xE0\0\x13JFIF\0\x01\x01\0\0\x01\0\x01\x01\x01rgb",
            b"\xFF\xEE\0\x03p",
        ] {
            assert!(!jpeg(&[metadata, FRAME, SCAN, END]), "{metadata:?}");
        }
        let cmyk = [&FRAME[..9], b"\x04", &FRAME[10..]].concat();
        assert!(!jpeg(&[&cmyk, SCAN, END]));
    }

    #[test]
    fn every_cut_of_a_bare_file_is_not_bare() {
        let jpeg = [b"\xFF\xD8", JFIF, FRAME, SCAN, END].concat();
        let png = png(&[(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0])]);
        let webp = webp(&[(b"VP8L", b"12345")]);
        for (format, bytes) in [
            (Format::Jpeg, jpeg),
            (Format::Png, png),
            (Format::WebP, webp),
        ] {
            assert!(is_bare(format, &bytes), "{format:?}");
            for cut in 0..bytes.len() {
                assert!(!is_bare(format, &bytes[..cut]), "{format:?} {cut}");
            }
        }
    }

    fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        for (kind, data) in chunks.iter().chain(&[(b"IEND", b"".as_slice())]) {
            bytes.extend((data.len() as u32).to_be_bytes());
            bytes.extend(kind.iter().chain(*data).chain(b"sum!"));
        }
        bytes
    }

    #[test]
    fn a_png_is_bare_without_text_profile_and_animation() {
        let header: (&[u8; 4], &[u8]) = (b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0]);
        let bare = |chunk| is_bare(Format::Png, &png(&[header, chunk]));
        assert!(bare((b"sRGB", &[0])));
        assert!(bare((b"gAMA", &[0, 0, 0xB1, 0x8F])));
        assert!(!bare((b"gAMA", &[0, 1, 0x86, 0xA0])));
        for kind in [
            b"eXIf", b"tEXt", b"iTXt", b"iCCP", b"acTL", b"cICP", b"tIME",
        ] {
            assert!(!bare((kind, b"data")));
        }
        let deep = (b"IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 16, 6, 0, 0, 0].as_slice());
        assert!(!is_bare(Format::Png, &png(&[deep])));
    }

    fn webp(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WEBP".to_vec();
        for (kind, data) in chunks {
            bytes.extend(*kind);
            bytes.extend((data.len() as u32).to_le_bytes());
            bytes.extend(*data);
            bytes.resize(bytes.len().next_multiple_of(2), 0);
        }
        let length = bytes.len() as u32 - 8;
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        bytes
    }

    #[test]
    fn truncated_chunks_end_the_iteration() {
        let bytes = png(&[(b"gAMA", &[0, 1, 0x86, 0xA0])]);
        for cut in 0..bytes.len() {
            assert!(PngChunks::new(&bytes[..cut]).count() < 2);
        }
        let end = PngChunks::new(&bytes).last().map(|chunk| chunk.end);
        assert_eq!(end, Some(bytes.len()));
        let huge = b"\x89PNG\r\n\x1a\n\xFF\xFF\xFF\xFFIDAT";
        assert_eq!(PngChunks::new(huge).count(), 0);
    }

    #[test]
    fn a_webp_is_bare_without_flags_for_more() {
        let bare = |chunks: &[(&[u8; 4], &[u8])]| is_bare(Format::WebP, &webp(chunks));
        assert!(bare(&[(b"VP8 ", b"data")]));
        assert!(bare(&[
            (b"VP8X", &[0x10; 10]),
            (b"ALPH", b"a"),
            (b"VP8 ", b"data")
        ]));
        assert!(!bare(&[
            (b"VP8X", &[0x08; 10]),
            (b"VP8 ", b"data"),
            (b"EXIF", b"e")
        ]));
        assert!(!bare(&[(b"VP8 ", b"data"), (b"EXIF", b"e")]));
        assert!(!bare(&[(b"VP8X", &[0x02; 10]), (b"ANIM", b"123456")]));
    }
}
