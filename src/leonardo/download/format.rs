//! Recognizes the format of a downloaded file, and whether the file is complete.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// The formats of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    Webp,
    Gif,
    Mp4,
}

impl Format {
    /// The number of bytes that [`recognize`](Self::recognize) looks at.
    pub const HEAD: usize = 12;

    /// Recognizes the format by the first bytes of a file.
    pub fn recognize(head: &[u8]) -> Option<Self> {
        let at = |start: usize, magic: &[u8]| head.get(start..start + magic.len()) == Some(magic);
        if at(0, b"\xFF\xD8\xFF") {
            Some(Self::Jpeg)
        } else if at(0, b"\x89PNG\r\n\x1A\n") {
            Some(Self::Png)
        } else if at(0, b"RIFF") && at(8, b"WEBP") {
            Some(Self::Webp)
        } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
            Some(Self::Gif)
        } else if at(4, b"ftyp") {
            Some(Self::Mp4)
        } else {
            None
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Mp4 => "video/mp4",
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Gif => "gif",
            Self::Mp4 => "mp4",
        }
    }

    /// Whether `file`, which has `length` bytes, contains the end that its format defines. Bytes after it are allowed,
    /// because cameras and converters append to JPEG and PNG files.
    ///
    /// This detects truncation, not damage. It does not detect an MP4 file that is truncated in a last box without a length
    /// or between two fragments.
    pub fn is_complete(self, file: impl Read + Seek, length: u64) -> io::Result<bool> {
        let mut walker = Walker {
            reader: BufReader::new(file),
            left: length,
        };
        walker.reader.seek(SeekFrom::Start(0))?;
        let complete = match self {
            Self::Jpeg => walker.jpeg(),
            Self::Png => walker.png(),
            Self::Webp => walker.webp(),
            Self::Gif => walker.gif(),
            Self::Mp4 => walker.mp4(),
        };
        match complete {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            complete => complete,
        }
    }
}

/// Reads a file from start to end. Reading or skipping past the end is an error.
struct Walker<R> {
    reader: BufReader<R>,
    left: u64,
}

impl<R: Read + Seek> Walker<R> {
    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        self.left = self.left.saturating_sub(N as u64);
        Ok(bytes)
    }

    fn byte(&mut self) -> io::Result<u8> {
        self.array().map(|[byte]| byte)
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or(io::ErrorKind::UnexpectedEof)?;
        let bytes = i64::try_from(bytes).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        self.reader.seek_relative(bytes)
    }

    /// ITU-T T.81, annex B. A thumbnail, which has an end of its own, lies in a segment and is skipped.
    fn jpeg(&mut self) -> io::Result<bool> {
        loop {
            // Entropy-coded data lies between two markers.
            let skipped = self.reader.skip_until(0xFF)?;
            self.left = self.left.saturating_sub(skipped as u64);
            let mut marker = self.byte()?;
            while marker == 0xFF {
                marker = self.byte()?;
            }
            match marker {
                // Stuffing, TEM, RST0 to RST7, SOI.
                0x00 | 0x01 | 0xD0..=0xD8 => {}
                // EOI.
                0xD9 => return Ok(true),
                _ => {
                    let length = u16::from_be_bytes(self.array()?);
                    self.skip(u64::from(length.saturating_sub(2)))?;
                }
            }
        }
    }

    /// PNG, 5.3.
    fn png(&mut self) -> io::Result<bool> {
        self.skip(8)?;
        loop {
            let length = u32::from_be_bytes(self.array()?);
            let kind: [u8; 4] = self.array()?;
            // The checksum comes last.
            self.skip(u64::from(length) + 4)?;
            if &kind == b"IEND" {
                return Ok(true);
            }
        }
    }

    /// RFC 9649, 2.4.
    fn webp(&mut self) -> io::Result<bool> {
        self.skip(4)?;
        let length = u32::from_le_bytes(self.array()?);
        Ok(self.left >= u64::from(length))
    }

    /// GIF89a, appendix B.
    fn gif(&mut self) -> io::Result<bool> {
        self.skip(10)?;
        let [flags, _, _] = self.array()?;
        self.skip(color_table(flags))?;
        loop {
            match self.byte()? {
                // An extension starts with its label, an image with its position, color table and code size.
                b'!' => self.skip(1)?,
                b',' => {
                    self.skip(8)?;
                    let flags = self.byte()?;
                    self.skip(color_table(flags) + 1)?;
                }
                trailer => return Ok(trailer == b';'),
            }
            loop {
                match self.byte()? {
                    0 => break,
                    length => self.skip(length.into())?,
                }
            }
        }
    }

    /// ISO/IEC 14496-12, 4.2. The index may come before the media or after it; a video needs both.
    fn mp4(&mut self) -> io::Result<bool> {
        let (mut has_index, mut has_media) = (false, false);
        while self.left > 0 {
            let length = u32::from_be_bytes(self.array()?);
            let kind: [u8; 4] = self.array()?;
            has_index |= &kind == b"moov";
            has_media |= &kind == b"mdat";
            match length {
                // The box extends to the end of the file.
                0 => self.left = 0,
                1 => {
                    let length = u64::from_be_bytes(self.array()?);
                    self.skip(length.saturating_sub(16))?;
                }
                length => self.skip(u64::from(length.saturating_sub(8)))?,
            }
        }
        Ok(has_index && has_media)
    }
}

/// The length of a GIF's color table in bytes, which flags determine.
fn color_table(flags: u8) -> u64 {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use std::path::Path;

    const FILES: [(Format, &str); 8] = [
        (Format::Jpeg, "baseline.jpg"),
        (Format::Jpeg, "progressive.jpg"),
        (Format::Jpeg, "restart.jpg"),
        (Format::Png, "rgb.png"),
        (Format::Png, "interlaced.png"),
        (Format::Webp, "lossy.webp"),
        (Format::Webp, "lossy-alpha.webp"),
        (Format::Gif, "palette.gif"),
    ];

    fn fixture(name: &str) -> Vec<u8> {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tiny");
        std::fs::read(fixtures.join(name)).unwrap()
    }

    fn is_complete(format: Format, bytes: &[u8]) -> bool {
        let length = bytes.len() as u64;
        format.is_complete(Cursor::new(bytes), length).unwrap()
    }

    fn mp4(boxes: &[(&[u8; 4], u32)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, length) in boxes {
            bytes.extend(length.to_be_bytes());
            bytes.extend(*kind);
            bytes.resize(bytes.len() + length.saturating_sub(8) as usize, 0);
        }
        bytes
    }

    #[test]
    fn first_bytes_tell_the_format() {
        for (head, expected) in [
            (&b"\xFF\xD8\xFF\xE0"[..], Some(Format::Jpeg)),
            (b"\x89PNG\r\n\x1A\n", Some(Format::Png)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(Format::Webp)),
            (b"RIFF\0\0\0\0WAVE", None),
            (b"GIF87a", Some(Format::Gif)),
            (b"GIF89a", Some(Format::Gif)),
            (b"GIF88a", None),
            (b"\0\0\0\x20ftypisom", Some(Format::Mp4)),
            (b"<html>", None),
            (b"", None),
        ] {
            assert_eq!(Format::recognize(head), expected, "{head:?}");
        }
    }

    /// Wherever a file is cut off, down to its last byte.
    #[test]
    fn truncated_file_is_incomplete() {
        let video = mp4(&[(b"ftyp", 16), (b"moov", 100), (b"mdat", 5000)]);
        for (format, bytes) in FILES
            .map(|(format, name)| (format, fixture(name)))
            .into_iter()
            .chain([(Format::Mp4, video)])
        {
            assert!(is_complete(format, &bytes), "{format:?}");
            for length in 0..bytes.len() {
                let is_complete = is_complete(format, &bytes[..length]);
                assert!(!is_complete, "{format:?}, {length} of {}", bytes.len());
            }
        }
    }

    #[test]
    fn bytes_behind_the_end_are_allowed() {
        for (format, name) in FILES {
            for padding in [vec![0; 7], b"\r\n".to_vec(), vec![0xFF; 3000]] {
                let bytes = [fixture(name), padding].concat();
                assert!(is_complete(format, &bytes), "{name}");
            }
        }
    }

    #[test]
    fn thumbnail_of_a_jpeg_is_not_its_end() {
        let thumbnail = fixture("baseline.jpg");
        let segment = (thumbnail.len() as u16 + 2).to_be_bytes();
        let head = [&b"\xFF\xD8\xFF\xE1"[..], &segment, &thumbnail].concat();
        assert!(!is_complete(Format::Jpeg, &head));
        let whole = [&head, &thumbnail[2..]].concat();
        assert!(is_complete(Format::Jpeg, &whole));
    }

    #[test]
    fn video_needs_its_index_and_its_media() {
        for (boxes, expected) in [
            (&[(b"ftyp", 16), (b"mdat", 50), (b"moov", 50)][..], true),
            (&[(b"ftyp", 16), (b"moov", 50), (b"mdat", 0)], true),
            (&[(b"ftyp", 16), (b"mdat", 50)], false),
            (&[(b"ftyp", 16), (b"moov", 50)], false),
            (&[(b"ftyp", 16)], false),
        ] {
            assert_eq!(is_complete(Format::Mp4, &mp4(boxes)), expected, "{boxes:?}");
        }
        let mut large = mp4(&[(b"ftyp", 16), (b"moov", 50), (b"mdat", 1)]);
        large.extend(30_u64.to_be_bytes());
        assert!(!is_complete(Format::Mp4, &large));
        large.extend([0; 14]);
        assert!(is_complete(Format::Mp4, &large));
    }
}
