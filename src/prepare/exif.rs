//! The orientation in an EXIF block, which is a small TIFF (revision 6.0, section 2; the tag is that of EXIF 2.32, 4.6.5).

use std::io::{self, Read, Seek, SeekFrom};

use image::metadata::Orientation;

const ORIENTATION: u16 = 0x0112;

/// Begins the block in a JPEG. Many programs write it in WebP and PNG too, where it does not belong
/// (drewnoakes/metadata-extractor#473).
const PREFIX: &[u8] = b"Exif\0\0";

/// The orientation that the EXIF block `exif` gives. Entries are read one by one, so a broken entry, or a directory that
/// breaks off, costs no other.
///
/// The standard stores the orientation as a SHORT; BYTE and LONG are common too.
pub(super) fn orientation(exif: &[u8]) -> Option<Orientation> {
    let tiff = Tiff::new(exif.strip_prefix(PREFIX).unwrap_or(exif))?;
    let directory = tiff.long(4)? as usize;
    let entries = usize::from(tiff.short(directory)?);
    (0..entries)
        .map_while(|entry| directory.checked_add(2 + 12 * entry))
        .take_while(|at| *at < exif.len())
        .find_map(|at| tiff.orientation_in(at))
}

/// The orientation of a JPEG: that of the first EXIF block which holds one. Programs that copy metadata leave several
/// (python-pillow/Pillow#2946).
pub(super) fn orientation_of_jpeg(
    file: &mut (impl Read + Seek),
) -> io::Result<Option<Orientation>> {
    match find_in_segments(file) {
        // A truncated file is for the decoder to reject.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        found => found,
    }
}

fn find_in_segments(file: &mut (impl Read + Seek)) -> io::Result<Option<Orientation>> {
    const APP1: u8 = 0xE1;
    // After the start-of-image marker.
    file.seek(SeekFrom::Start(2))?;
    loop {
        let mut marker = [0; 2];
        file.read_exact(&mut marker)?;
        // Any number of fill bytes may precede a marker.
        while marker == [0xFF, 0xFF] {
            file.read_exact(&mut marker[1..])?;
        }
        let [0xFF, marker] = marker else {
            return Ok(None);
        };
        // The end, or the beginning of the pixels.
        if matches!(marker, 0xD9 | 0xDA) {
            return Ok(None);
        }
        let mut length = [0; 2];
        file.read_exact(&mut length)?;
        let length = u16::from_be_bytes(length).saturating_sub(2);
        if marker == APP1 {
            let mut content = vec![0; length.into()];
            file.read_exact(&mut content)?;
            let found = content
                .starts_with(PREFIX)
                .then(|| orientation(&content))
                .flatten();
            if found.is_some() {
                return Ok(found);
            }
        } else {
            file.seek(SeekFrom::Current(length.into()))?;
        }
    }
}

struct Tiff<'a> {
    bytes: &'a [u8],
    little_endian: bool,
}

impl<'a> Tiff<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let little_endian = match bytes.get(..4)? {
            b"II*\0" => true,
            b"MM\0*" => false,
            _ => return None,
        };
        Some(Self {
            bytes,
            little_endian,
        })
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.little_endian {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.little_endian {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }

    /// The orientation, if the entry at `at` holds a valid one: a tag, a type, a count and the value.
    fn orientation_in(&self, at: usize) -> Option<Orientation> {
        if self.short(at)? != ORIENTATION || self.long(at + 4)? == 0 {
            return None;
        }
        let value = at + 8;
        let number = match self.short(at + 2)? {
            // BYTE, SBYTE and UNDEFINED
            1 | 6 | 7 => (*self.bytes.get(value)?).into(),
            // SHORT and SSHORT
            3 | 8 => self.short(value)?.into(),
            // LONG and SLONG
            4 | 9 => self.long(value)?,
            _ => return None,
        };
        Orientation::from_exif(u8::try_from(number).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block in either byte order. An entry is a tag, a type, a count and the four bytes of the value.
    fn block(little_endian: bool, entries: &[(u16, u16, u32, [u8; 4])]) -> Vec<u8> {
        let short = |n: u16| {
            if little_endian {
                n.to_le_bytes()
            } else {
                n.to_be_bytes()
            }
        };
        let long = |n: u32| {
            if little_endian {
                n.to_le_bytes()
            } else {
                n.to_be_bytes()
            }
        };
        let mut block = if little_endian { b"II" } else { b"MM" }.to_vec();
        block.extend(short(42));
        block.extend(long(8));
        block.extend(short(entries.len() as u16));
        for (tag, kind, count, value) in entries {
            block.extend([short(*tag), short(*kind)].concat());
            block.extend(long(*count));
            block.extend(value);
        }
        block.extend(long(0));
        block
    }

    fn found(block: &[u8]) -> Option<u8> {
        orientation(block).map(Orientation::to_exif)
    }

    #[test]
    fn orientation_is_read_in_every_integer_type_and_byte_order() {
        for value in 1..=8 {
            let little = |kind| block(true, &[(ORIENTATION, kind, 1, [value, 0, 0, 0])]);
            for kind in [1, 3, 4, 6, 7, 8, 9] {
                assert_eq!(found(&little(kind)), Some(value), "type {kind}");
            }
            for (kind, bytes) in [
                (1, [value, 0, 0, 0]),
                (3, [0, value, 0, 0]),
                (4, [0, 0, 0, value]),
            ] {
                let big = block(false, &[(ORIENTATION, kind, 1, bytes)]);
                assert_eq!(found(&big), Some(value), "type {kind}");
            }
        }
    }

    #[test]
    fn prefix_of_a_jpeg_is_skipped() {
        let block = block(true, &[(ORIENTATION, 3, 1, [6, 0, 0, 0])]);
        assert_eq!(found(&[PREFIX, &block].concat()), Some(6));
    }

    #[test]
    fn broken_neighbors_do_not_hide_the_orientation() {
        let good = (ORIENTATION, 3, 1, [6, 0, 0, 0]);
        // An unknown type, a count beyond the file, an invalid orientation, a text.
        for bad in [
            (0x010F, 99, 1, [0; 4]),
            (0x010F, 2, u32::MAX, [0xFF; 4]),
            (ORIENTATION, 3, 1, [9, 0, 0, 0]),
            (ORIENTATION, 2, 2, *b"6\0\0\0"),
            (ORIENTATION, 3, 0, [3, 0, 0, 0]),
        ] {
            assert_eq!(found(&block(true, &[bad, good])), Some(6), "{bad:?}");
            assert_eq!(found(&block(true, &[good, bad])), Some(6), "{bad:?}");
            assert_eq!(found(&block(true, &[bad])), None, "{bad:?}");
        }
        // More entries are announced than there are.
        let mut short = block(true, &[good]);
        short[8] = 200;
        assert_eq!(found(&short), Some(6));
    }

    #[test]
    fn first_block_of_a_jpeg_with_an_orientation_counts() {
        let with = |value| block(true, &[(ORIENTATION, 3, 1, [value, 0, 0, 0])]);
        let none = block(true, &[]);
        let jpeg = |contents: &[Vec<u8>]| {
            let mut file = b"\xFF\xD8\xFF\xE0\0\x04ab".to_vec();
            for content in contents {
                file.extend(b"\xFF\xFF\xE1");
                file.extend((content.len() as u16 + 2).to_be_bytes());
                file.extend(content);
            }
            file.extend(b"\xFF\xDA\0\x02\xFF\xD9");
            let found = orientation_of_jpeg(&mut io::Cursor::new(file));
            found.unwrap().map(Orientation::to_exif)
        };
        let exif = |block: &[u8]| [PREFIX, block].concat();
        assert_eq!(jpeg(&[exif(&with(6)), exif(&with(3))]), Some(6));
        assert_eq!(jpeg(&[exif(b"broken"), exif(&with(3))]), Some(3));
        assert_eq!(jpeg(&[exif(&none), exif(&with(3))]), Some(3));
        assert_eq!(
            jpeg(&[b"http://ns.adobe.com/xap/1.0/".to_vec(), exif(&with(8))]),
            Some(8)
        );
        assert_eq!(jpeg(&[with(6)]), None);
        assert_eq!(jpeg(&[]), None);
    }

    #[test]
    fn every_cut_gives_the_orientation_or_none() {
        let block = block(false, &[(ORIENTATION, 3, 1, [0, 6, 0, 0])]);
        for cut in 0..block.len() {
            let found = found(&block[..cut]);
            assert!(matches!(found, None | Some(6)), "{cut}: {found:?}");
        }
        assert_eq!(found(b""), None);
        assert_eq!(found(b"II*\0\xFF\xFF\xFF\xFF"), None);
    }
}
