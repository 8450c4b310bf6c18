//! The orientation in an EXIF block, which is a small TIFF (revision 6.0, section 2; the tag is that of EXIF 2.32, 4.6.5).

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
