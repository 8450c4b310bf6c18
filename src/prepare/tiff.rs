//! The first directory of a TIFF (revision 6.0, section 2), for what the decoder does not check in time.

use std::io::{self, Read, Seek, SeekFrom};

use super::error::PrepareErrorKind;
use super::limits::Limits;

/// The memory that `tiff` 0.11 takes for each value of an entry, whatever its type.
const BYTES_PER_VALUE: u64 = 32;

/// The tag of an ICC profile.
const ICC_PROFILE: u16 = 34_675;

/// Refuses a file whose directory announces more values than the file has room for, or than there may be memory for.
/// `tiff` 0.11 allocates what is announced, up to 256 MiB and before `image` can set its limits, and a failed
/// allocation ends the process.
pub(super) fn check_directory(
    file: &mut (impl Read + Seek),
    limits: Limits,
) -> Result<(), PrepareErrorKind> {
    let length = file
        .seek(SeekFrom::End(0))
        .map_err(PrepareErrorKind::Read)?;
    // A directory that breaks off is for the decoder to refuse.
    for Entry { tag, kind, count } in entries(file).unwrap_or_default() {
        // Values of the other tags, such as the layers of an editor, are not read.
        if tag >= 700 && tag != ICC_PROFILE {
            continue;
        }
        let count = u64::from(count);
        if count * size_of(kind) > length {
            return Err(PrepareErrorKind::Damaged {
                format: "TIFF",
                source: format!("tag {tag} has {count} values, more than the file holds").into(),
            });
        }
        limits.check_alloc(count * BYTES_PER_VALUE)?;
    }
    file.rewind().map_err(PrepareErrorKind::Read)
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
}

fn entries(file: &mut (impl Read + Seek)) -> io::Result<Vec<Entry>> {
    file.rewind()?;
    let mut head = [0; 8];
    file.read_exact(&mut head)?;
    let little = head.starts_with(b"II");
    let short = |bytes: [u8; 2]| {
        if little {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        }
    };
    let long = |bytes: [u8; 4]| {
        if little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        }
    };
    let [.., a, b, c, d] = head;
    file.seek(SeekFrom::Start(long([a, b, c, d]).into()))?;
    let mut number = [0; 2];
    file.read_exact(&mut number)?;
    let mut entries = Vec::new();
    for _ in 0..short(number) {
        let mut entry = [0; 12];
        file.read_exact(&mut entry)?;
        let [a, b, c, d, e, f, g, h, ..] = entry;
        entries.push(Entry {
            tag: short([a, b]),
            kind: short([c, d]),
            count: long([e, f, g, h]),
        });
    }
    Ok(entries)
}

/// The bytes of a value of this type.
fn size_of(kind: u16) -> u64 {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn file(little: bool, tag: u16, kind: u16, count: u32, length: usize) -> Vec<u8> {
        let short = |n: u16| {
            if little {
                n.to_le_bytes()
            } else {
                n.to_be_bytes()
            }
        };
        let long = |n: u32| {
            if little {
                n.to_le_bytes()
            } else {
                n.to_be_bytes()
            }
        };
        let mut file = if little { b"II" } else { b"MM" }.to_vec();
        file.extend(short(42));
        file.extend(long(8));
        file.extend(short(1));
        file.extend([short(tag), short(kind)].concat());
        file.extend([long(count), long(26), long(0)].concat());
        file.resize(length, 0);
        file
    }

    fn checked(file: &[u8], limits: Limits) -> Result<(), PrepareErrorKind> {
        let mut reader = Cursor::new(file);
        let checked = check_directory(&mut reader, limits);
        assert!(checked.is_err() || reader.position() == 0);
        checked
    }

    #[test]
    fn entry_that_announces_more_than_the_file_holds_is_refused() {
        for little in [true, false] {
            let check = |tag, kind, count| {
                checked(&file(little, tag, kind, count, 1000), Limits::default())
            };
            assert!(check(258, 3, 500).is_ok());
            let refused = check(258, 3, 501);
            assert!(
                matches!(refused, Err(PrepareErrorKind::Damaged { .. })),
                "{refused:?}"
            );
            assert!(check(ICC_PROFILE, 7, 1000).is_ok());
            assert!(check(ICC_PROFILE, 7, 1001).is_err());
            assert!(check(324, 4, u32::MAX).is_err());
            // Not read by the decoder.
            assert!(check(37_724, 7, u32::MAX).is_ok());
        }
    }

    #[test]
    fn memory_for_the_values_is_limited() {
        let file = file(true, 324, 4, 1000, 5000);
        let with = |max_alloc| {
            checked(
                &file,
                Limits {
                    max_alloc,
                    ..Limits::default()
                },
            )
        };
        assert!(with(32_000).is_ok());
        let refused = with(31_999);
        assert!(
            matches!(
                refused,
                Err(PrepareErrorKind::TooMuchMemory { needed: 32_000, .. })
            ),
            "{refused:?}"
        );
    }

    #[test]
    fn directory_that_breaks_off_is_left_to_the_decoder() {
        let file = file(true, 258, 3, 1, 26);
        for cut in 0..file.len() {
            assert!(checked(&file[..cut], Limits::default()).is_ok(), "{cut}");
        }
    }
}
