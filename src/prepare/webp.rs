//! The chunks of a WebP ([container](https://developers.google.com/speed/webp/docs/riff_container)), as far as
//! image-webp does not look at them in time.

use std::io::{self, Read, Seek, SeekFrom};

use super::error::PrepareErrorKind;
use crate::geometry::Size;

/// One chunk of a WebP.
pub(super) struct WebpChunk<'a> {
    pub kind: &'a [u8; 4],
    /// As much of it as there is.
    pub data: &'a [u8],
    /// Where the next one begins, which is behind the end of a file that breaks off.
    pub end: usize,
}

/// The chunks of a WebP, or of a frame of an animation.
pub(super) struct WebpChunks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> WebpChunks<'a> {
    /// The chunks of the file `bytes`, behind its RIFF header.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 12 }
    }

    /// The chunks in the data of an `ANMF`, behind the place and size of the frame.
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

/// Refuses a file whose metadata breaks off. image-webp 0.2.4 allocates what the metadata announces, up to 4 GiB and
/// before it reads a byte, and a failed allocation ends the process.
pub(super) fn check_metadata(file: &mut (impl Read + Seek)) -> Result<(), PrepareErrorKind> {
    let whole = metadata_is_whole(file).and_then(|whole| {
        file.rewind()?;
        Ok(whole)
    });
    if whole.map_err(PrepareErrorKind::Read)? {
        Ok(())
    } else {
        Err(PrepareErrorKind::Damaged {
            format: "WebP",
            source: "its metadata breaks off".into(),
        })
    }
}

fn metadata_is_whole(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let end = file.seek(SeekFrom::End(0))?;
    // Behind the RIFF header.
    let mut at = file.seek(SeekFrom::Start(12))?;
    while at + 8 <= end {
        let mut header = [0; 8];
        file.read_exact(&mut header)?;
        let [kind @ .., a, b, c, d] = header;
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        at += 8;
        if matches!(&kind, b"EXIF" | b"ICCP" | b"XMP ") && at + length > end {
            return Ok(false);
        }
        // Padded to an even length. A seek from where the reader is stays within what it has read.
        let padded = length + length % 2;
        file.seek(SeekFrom::Current(padded as i64))?;
        at += padded;
    }
    Ok(true)
}

/// Refuses a file whose image says another size than the canvas or the frame it is on. The limits were held against
/// that one, while image-webp allocates for the other, and panics on a frame with alpha that is larger than announced.
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
            return Err(PrepareErrorKind::Damaged {
                format: "WebP",
                source: "its picture is of another size than its frame".into(),
            });
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

    #[test]
    fn metadata_that_breaks_off_is_refused() {
        let whole = |bytes: &[u8]| {
            let mut reader = std::io::Cursor::new(bytes);
            let checked = check_metadata(&mut reader);
            assert!(checked.is_err() || reader.position() == 0);
            checked.is_ok()
        };
        for kind in [b"EXIF", b"ICCP", b"XMP "] {
            let file = [
                b"RIFF\0\0\0\0WEBP".to_vec(),
                chunk(b"VP8X", b"0123456789"),
                chunk(kind, b"12345"),
                chunk(b"VP8L", LOSSLESS),
            ]
            .concat();
            assert!(whole(&file));
            // The last byte of the metadata, without the one that pads it.
            let end = 12 + 18 + 8 + 5;
            for cut in 0..file.len() {
                assert_eq!(whole(&file[..cut]), !(38..end).contains(&cut), "{cut}");
            }
            let mut announced = file.clone();
            announced[34..38].copy_from_slice(&u32::MAX.to_le_bytes());
            assert!(!whole(&announced));
        }
        // What is not metadata is decoded as it is read, without an allocation for it.
        let mut picture = chunk(b"VP8L", LOSSLESS);
        picture[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(whole(&[b"RIFF\0\0\0\0WEBP".as_slice(), &picture].concat()));
    }

    const LOSSY: &[u8] = b"\0\0\0\x9D\x01\x2A\x12\0\x18\0";
    const LOSSLESS: &[u8] = b"\x2F\x11\xC0\x05\0";

    #[test]
    fn a_picture_is_as_large_as_its_canvas_and_its_frame() {
        let canvas = |width| chunk(b"VP8X", &[0, 0, 0, 0, width - 1, 0, 0, 23, 0, 0]);
        let frame = |width: u8, chunks: &[Vec<u8>]| {
            let head = [0, 0, 0, 0, 0, 0, width - 1, 0, 0, 23, 0, 0, 0, 0, 0, 0];
            chunk(b"ANMF", &[head.as_slice(), &chunks.concat()].concat())
        };
        let (lossy, lossless) = (chunk(b"VP8 ", LOSSY), chunk(b"VP8L", LOSSLESS));
        let alpha = chunk(b"ALPH", b"\0");
        for width in [17, 18, 19] {
            for picture in [&lossy, &lossless] {
                assert_eq!(fits(&[canvas(width), picture.clone()]), width == 18);
                let frame = frame(width, std::slice::from_ref(picture));
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
