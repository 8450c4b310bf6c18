//! Reads WebP ([container](https://developers.google.com/speed/webp/docs/riff_container)): the chunks here, the pixels
//! by image-webp.

use std::borrow::Cow;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;

use super::codec::damaged;
use super::color::ColorSpace;
use super::decode::{Decode, decode_by_image, image_error};
use super::error::PrepareErrorKind;
use super::exif;
use super::format::Format;
use super::limits::Limits;
use super::raster::Raster;
use crate::geometry::Size;

/// As much of an EXIF block as is read; the orientation comes early in it.
const MAX_EXIF: u64 = 64 << 10;

/// The flags of a VP8X chunk.
const ANIMATION: u8 = 0x02;
const XMP: u8 = 0x04;
const EXIF: u8 = 0x08;
const ALPHA: u8 = 0x10;
const PROFILE: u8 = 0x20;

/// The flags that a file may have after its metadata was removed.
pub(super) fn flags_without_metadata(keep_profile: bool) -> u8 {
    let removed = if keep_profile {
        XMP | EXIF
    } else {
        XMP | EXIF | PROFILE
    };
    !removed
}

/// One chunk of a WebP.
pub(super) struct WebpChunk<'a> {
    pub kind: &'a [u8; 4],
    /// Shorter than announced if the file is truncated.
    pub data: &'a [u8],
    /// Where the next chunk begins; after the end of a truncated file.
    pub end: usize,
}

/// The chunks of a WebP, or of a frame of an animation.
pub(super) struct WebpChunks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> WebpChunks<'a> {
    /// The chunks of the file `bytes`, after its RIFF header.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 12 }
    }

    /// The chunks in the data of an `ANMF`, after the position and size of the frame.
    fn of_frame(data: &'a [u8]) -> Self {
        Self {
            bytes: data,
            at: 16,
        }
    }
}

impl<'a> Iterator for WebpChunks<'a> {
    type Item = WebpChunk<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, rest) = self.bytes.get(self.at..)?.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        // Padded to an even length.
        self.at = self.at.checked_add(8 + length + length % 2)?;
        Some(WebpChunk {
            kind,
            data: &rest[..length.min(rest.len())],
            end: self.at,
        })
    }
}

/// A WebP whose header has been read.
pub(super) struct WebP {
    size: Size,
    orientation: Orientation,
    bytes_per_pixel: u64,
}

impl WebP {
    /// Reads the headers of the chunks, and the EXIF block.
    pub fn read_header(
        file: &mut (impl Read + Seek),
        _: &Limits,
    ) -> Result<Self, PrepareErrorKind> {
        let headers = Headers::read(file).map_err(PrepareErrorKind::Read)?;
        let no_image = || damaged("WebP", "it does not begin with an image");
        let (kind, start) = headers.first.ok_or_else(no_image)?;
        let flags = start.first().copied().unwrap_or_default();
        let (size, bytes_per_pixel) = match &kind {
            // The canvas, the frame and what is returned, each with alpha.
            b"VP8X" if flags & ANIMATION != 0 => (size_at(&start, 4), 12),
            // In one of the ways below; lossless takes more.
            b"VP8X" => (size_at(&start, 4), if flags & ALPHA == 0 { 7 } else { 6 }),
            // Luma, a quarter of two chromas, and red, green and blue.
            b"VP8 " => (lossy_size(&start), 5),
            // Decoded with alpha, which is dropped if it is unused.
            b"VP8L" => (lossless_size(&start), 7),
            _ => (None, 0),
        };
        let size = size.filter(|size| size.area() > 0).ok_or_else(no_image)?;
        Ok(Self {
            size,
            orientation: headers
                .exif
                .and_then(|exif| exif::orientation(&exif))
                .unwrap_or(Orientation::NoTransforms),
            bytes_per_pixel,
        })
    }
}

impl Decode for WebP {
    fn size(&self) -> Size {
        self.size
    }

    fn orientation(&self) -> Orientation {
        self.orientation
    }

    fn memory(&self) -> u64 {
        self.size.area() * self.bytes_per_pixel
    }

    fn decode(
        &self,
        file: &[u8],
        limits: &Limits,
    ) -> Result<(Raster, ColorSpace), PrepareErrorKind> {
        check_sizes(file)?;
        let flagged = without_false_flags(file);
        let decoder = WebPDecoder::new(Cursor::new(&*flagged))
            .map_err(|error| image_error(Format::WebP, error, limits))?;
        let raster = decode_by_image(Format::WebP, decoder, limits)?;
        let profile = WebpChunks::new(file).find(|chunk| chunk.kind == b"ICCP");
        let color_space = ColorSpace::of_profile(profile.map(|chunk| chunk.data.to_vec()));
        Ok((raster, color_space))
    }
}

/// What the headers of the chunks give.
struct Headers {
    /// The first chunk, up to its tenth byte.
    first: Option<([u8; 4], Vec<u8>)>,
    /// The beginning of the first EXIF block that holds an orientation.
    exif: Option<Vec<u8>>,
}

impl Headers {
    fn read(file: &mut (impl Read + Seek)) -> io::Result<Self> {
        let mut found = Self {
            first: None,
            exif: None,
        };
        let end = file.seek(SeekFrom::End(0))?;
        // After the RIFF header.
        let mut at = file.seek(SeekFrom::Start(12))?;
        while at + 8 <= end {
            let mut header = [0; 8];
            file.read_exact(&mut header)?;
            let [kind @ .., a, b, c, d] = header;
            let length = u64::from(u32::from_le_bytes([a, b, c, d]));
            let mut data = Vec::new();
            let wanted = match &kind {
                b"EXIF" if found.exif.is_none() => length.min(MAX_EXIF),
                _ if found.first.is_none() => length.min(10),
                _ => 0,
            };
            let read = file.by_ref().take(wanted).read_to_end(&mut data)? as u64;
            if &kind == b"EXIF" && exif::orientation(&data).is_some() {
                found.exif = Some(data);
            } else if found.first.is_none() {
                found.first = Some((kind, data));
            }
            // Padded to an even length. A relative seek keeps what the reader has buffered.
            let padded = length + length % 2;
            at += 8 + padded;
            file.seek(SeekFrom::Current((padded - read) as i64))?;
        }
        if at > end {
            log::debug!("the last chunk of the WebP is truncated");
        }
        Ok(found)
    }
}

/// The file, with the flags for EXIF and XMP cleared if there is no such chunk. image-webp 0.2.4 rejects such a file,
/// which browsers and libwebp read (image-rs/image-webp#143).
fn without_false_flags(file: &[u8]) -> Cow<'_, [u8]> {
    let Some((&[b'V', b'P', b'8', b'X', _, _, _, _, flags], _)) =
        file.get(12..).and_then(<[u8]>::split_first_chunk)
    else {
        return file.into();
    };
    let missing = |flag: u8, kind: &[u8; 4]| {
        flags & flag != 0 && !WebpChunks::new(file).any(|chunk| chunk.kind == kind)
    };
    if !missing(EXIF, b"EXIF") && !missing(XMP, b"XMP ") {
        return file.into();
    }
    let mut file = file.to_vec();
    file[20] &= !(EXIF | XMP);
    file.into()
}

/// Rejects a file whose image declares another size than its canvas or frame. The limits were checked against that
/// size, while image-webp allocates for the other one, and panics on a frame with alpha that is larger than announced.
pub(super) fn check_sizes(bytes: &[u8]) -> Result<(), PrepareErrorKind> {
    let mut canvas = None;
    for chunk in WebpChunks::new(bytes) {
        let fits = match (chunk.kind, canvas) {
            (b"VP8X", _) => {
                canvas = size_at(chunk.data, 4);
                canvas.is_some()
            }
            // Without a canvas, its own size is the only one.
            (b"VP8 ", Some(canvas)) => lossy_size(chunk.data) == Some(canvas),
            (b"VP8L", Some(canvas)) => lossless_size(chunk.data) == Some(canvas),
            (b"ANMF", _) => frame_fits(chunk.data),
            _ => true,
        };
        if !fits {
            return Err(damaged("WebP", "its image has another size than its frame"));
        }
    }
    Ok(())
}

fn frame_fits(data: &[u8]) -> bool {
    let mut chunks = WebpChunks::of_frame(data);
    let found = chunks.next().and_then(|first| match first.kind {
        b"VP8L" => lossless_size(first.data),
        // Whatever follows on the alpha is taken for a lossy image.
        b"ALPH" => lossy_size(chunks.next()?.data),
        _ => lossy_size(first.data),
    });
    found.is_some() && found == size_at(data, 6)
}

/// Width and height less one, in three bytes each.
fn size_at(data: &[u8], at: usize) -> Option<Size> {
    let &[a, b, c, d, e, f] = data.get(at..)?.first_chunk()?;
    let side = |low, middle, high| 1 + u32::from_le_bytes([low, middle, high, 0]);
    Some(Size::new(side(a, b, c), side(d, e, f)))
}

/// The size in a key frame of VP8, which an image is (RFC 6386, 9.1).
fn lossy_size(data: &[u8]) -> Option<Size> {
    let &[tag, _, _, 0x9D, 0x01, 0x2A, a, b, c, d] = data.first_chunk()? else {
        return None;
    };
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
    (tag & 1 == 0).then(|| Size::new(side(a, b), side(c, d)))
}

/// The size in a lossless image: less one, in 14 bits each.
fn lossless_size(data: &[u8]) -> Option<Size> {
    let &[0x2F, a, b, c, d] = data.first_chunk()? else {
        return None;
    };
    let bits = u32::from_le_bytes([a, b, c, d]);
    Some(Size::new(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let length = (data.len() as u32).to_le_bytes();
        let padding = vec![0; data.len() % 2];
        [kind.as_slice(), &length, data, &padding].concat()
    }

    fn fits(chunks: &[Vec<u8>]) -> bool {
        check_sizes(&[b"RIFF\0\0\0\0WEBP".as_slice(), &chunks.concat()].concat()).is_ok()
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        [b"RIFF\0\0\0\0WEBP".as_slice(), &chunks.concat()].concat()
    }

    fn header(file: &[u8]) -> Result<WebP, PrepareErrorKind> {
        WebP::read_header(&mut Cursor::new(file), &Limits::default())
    }

    #[test]
    fn header_gives_the_size_in_every_variant() {
        let canvas = chunk(b"VP8X", &[ALPHA, 0, 0, 0, 17, 0, 0, 23, 0, 0]);
        for first in [canvas, chunk(b"VP8 ", LOSSY), chunk(b"VP8L", LOSSLESS)] {
            let file = file(&[first]);
            assert_eq!(header(&file).unwrap().size, Size::new(18, 24));
            for cut in 0..file.len() - 1 {
                header(&file[..cut]).err().unwrap();
            }
        }
        header(&file(&[chunk(b"VP8 ", &[0; 10])])).err().unwrap();
    }

    #[test]
    fn first_exif_block_with_an_orientation_counts() {
        let block = |value: u8| {
            let entry = [0x12, 1, 3, 0, 1, 0, 0, 0, value, 0, 0, 0];
            [b"II*\0\x08\0\0\0\x01\0".as_slice(), &entry].concat()
        };
        let orientation = |blocks: &[&[u8]]| {
            let mut chunks = vec![chunk(b"VP8L", LOSSLESS)];
            chunks.extend(blocks.iter().map(|block| chunk(b"EXIF", block)));
            header(&file(&chunks)).unwrap().orientation.to_exif()
        };
        assert_eq!(orientation(&[]), 1);
        assert_eq!(orientation(&[&block(6), &block(3)]), 6);
        assert_eq!(orientation(&[b"broken", &block(3)]), 3);
        let prefixed = [b"Exif\0\0".as_slice(), &block(8)].concat();
        assert_eq!(orientation(&[&prefixed]), 8);
        // Before the image, where it does not belong.
        let chunks = [chunk(b"EXIF", &block(5)), chunk(b"VP8L", LOSSLESS)];
        let early = header(&file(&chunks)).unwrap();
        assert_eq!((early.orientation.to_exif(), early.size.width), (5, 18));
    }

    #[test]
    fn flags_without_chunks_are_cleared() {
        let canvas = |flags| chunk(b"VP8X", &[flags, 0, 0, 0, 17, 0, 0, 23, 0, 0]);
        let flags = |flags, more: &[Vec<u8>]| {
            let chunks = [&[canvas(flags), chunk(b"VP8L", LOSSLESS)], more].concat();
            without_false_flags(&file(&chunks))[20]
        };
        assert_eq!(flags(EXIF | XMP | ALPHA, &[]), ALPHA);
        assert_eq!(flags(EXIF, &[chunk(b"XMP ", b"x")]), 0);
        let both = [chunk(b"EXIF", b"e"), chunk(b"XMP ", b"x")];
        assert_eq!(flags(EXIF | XMP, &both), EXIF | XMP);
        assert_eq!(flags(0x20, &[]), 0x20);
        let simple = file(&[chunk(b"VP8L", LOSSLESS)]);
        assert!(matches!(without_false_flags(&simple), Cow::Borrowed(_)));
    }

    const LOSSY: &[u8] = b"\0\0\0\x9D\x01\x2A\x12\0\x18\0";
    const LOSSLESS: &[u8] = b"\x2F\x11\xC0\x05\0";

    #[test]
    fn image_must_have_the_size_of_its_canvas_and_frame() {
        let canvas = |width| chunk(b"VP8X", &[0, 0, 0, 0, width - 1, 0, 0, 23, 0, 0]);
        let frame = |width: u8, chunks: &[Vec<u8>]| {
            let head = [0, 0, 0, 0, 0, 0, width - 1, 0, 0, 23, 0, 0, 0, 0, 0, 0];
            chunk(b"ANMF", &[head.as_slice(), &chunks.concat()].concat())
        };
        let (lossy, lossless) = (chunk(b"VP8 ", LOSSY), chunk(b"VP8L", LOSSLESS));
        let alpha = chunk(b"ALPH", b"\0");
        for width in [17, 18, 19] {
            for image in [&lossy, &lossless] {
                assert_eq!(fits(&[canvas(width), image.clone()]), width == 18);
                let frame = frame(width, std::slice::from_ref(image));
                assert_eq!(fits(&[canvas(40), frame]), width == 18);
            }
            let with_alpha = frame(width, &[alpha.clone(), lossy.clone()]);
            assert_eq!(fits(&[canvas(40), with_alpha]), width == 18);
        }
        assert!(fits(std::slice::from_ref(&lossy)) && fits(&[lossless]));
        assert!(!fits(&[canvas(18), chunk(b"VP8 ", &LOSSY[..9])]));
        assert!(!fits(&[canvas(18), frame(18, &[alpha])]));
        let delta = [b"\x01", &LOSSY[1..]].concat();
        assert!(!fits(&[canvas(18), chunk(b"VP8 ", &delta)]));
    }
}
