//! The first directory of a TIFF (revision 6.0, section 2).

use std::io::{self, Read, Seek, SeekFrom};

use crate::prepare::codec::damaged;
use crate::prepare::error::PrepareErrorKind;
use crate::prepare::limits::Limits;

/// The entries of a directory. Their values stay in the file until they are asked for, so an entry that nobody needs may
/// be broken.
pub(super) struct Directory {
    pub little_endian: bool,
    entries: Vec<Entry>,
    file_length: u64,
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    /// The values if they take four bytes or less, otherwise their offset.
    value: [u8; 4],
}

impl Directory {
    pub fn read(file: &mut (impl Read + Seek)) -> Result<Self, PrepareErrorKind> {
        Self::try_read(file).map_err(|error| read_error(error, "its directory is truncated"))
    }

    fn try_read(file: &mut (impl Read + Seek)) -> io::Result<Self> {
        let file_length = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        let mut head = [0; 8];
        file.read_exact(&mut head)?;
        let mut directory = Self {
            little_endian: head.starts_with(b"II"),
            entries: Vec::new(),
            file_length,
        };
        let [.., a, b, c, d] = head;
        file.seek(SeekFrom::Start(directory.long([a, b, c, d]).into()))?;
        let mut number = [0; 2];
        file.read_exact(&mut number)?;
        for _ in 0..directory.short(number) {
            let mut entry = [0; 12];
            file.read_exact(&mut entry)?;
            let [a, b, c, d, e, f, g, h, value @ ..] = entry;
            directory.entries.push(Entry {
                tag: directory.short([a, b]),
                kind: directory.short([c, d]),
                count: directory.long([e, f, g, h]),
                value,
            });
        }
        Ok(directory)
    }

    pub fn short(&self, bytes: [u8; 2]) -> u16 {
        if self.little_endian {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        }
    }

    pub fn long(&self, bytes: [u8; 4]) -> u32 {
        if self.little_endian {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        }
    }

    /// The bytes of the values of `tag`. `None` without such an entry.
    pub fn bytes(
        &self,
        file: &mut (impl Read + Seek),
        tag: u16,
        limits: &Limits,
    ) -> Result<Option<Vec<u8>>, PrepareErrorKind> {
        let Some(entry) = self.entries.iter().find(|entry| entry.tag == tag) else {
            return Ok(None);
        };
        let length = u64::from(entry.count) * size_of(entry.kind);
        if length <= 4 {
            return Ok(Some(entry.value[..length as usize].to_vec()));
        }
        let offset = u64::from(self.long(entry.value));
        // Checked before anything is allocated.
        if offset + length > self.file_length {
            let count = entry.count;
            return Err(damaged(
                "TIFF",
                format!("tag {tag} has {count} values, more than the file holds"),
            ));
        }
        limits.check_alloc(length)?;
        let mut bytes = vec![0; length as usize];
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|error| read_error(error, "a value is truncated"))?;
        Ok(Some(bytes))
    }

    /// The values of `tag`, which must be whole numbers. Empty without such an entry.
    pub fn numbers(
        &self,
        file: &mut (impl Read + Seek),
        tag: u16,
        limits: &Limits,
    ) -> Result<Vec<u32>, PrepareErrorKind> {
        let Some(bytes) = self.bytes(file, tag, limits)? else {
            return Ok(Vec::new());
        };
        let entry = self.entries.iter().find(|entry| entry.tag == tag);
        match entry.map_or(0, |entry| entry.kind) {
            1 | 6 | 7 => Ok(bytes.iter().map(|byte| (*byte).into()).collect()),
            3 | 8 => {
                let shorts = bytes.as_chunks().0.iter();
                Ok(shorts.map(|bytes| self.short(*bytes).into()).collect())
            }
            4 | 9 | 13 => {
                let longs = bytes.as_chunks().0.iter();
                Ok(longs.map(|bytes| self.long(*bytes)).collect())
            }
            kind => Err(damaged("TIFF", format!("tag {tag} has type {kind}"))),
        }
    }
}

fn read_error(error: io::Error, truncated: &str) -> PrepareErrorKind {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        damaged("TIFF", truncated)
    } else {
        PrepareErrorKind::Read(error)
    }
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

    fn numbers(file: &[u8], tag: u16, limits: Limits) -> Result<Vec<u32>, PrepareErrorKind> {
        let mut file = Cursor::new(file);
        Directory::read(&mut file)?.numbers(&mut file, tag, &limits)
    }

    #[test]
    fn entry_that_announces_more_than_the_file_holds_is_refused() {
        let limits = Limits::default();
        for little in [true, false] {
            let count = |kind, count| {
                let file = file(little, 258, kind, count, 1026);
                numbers(&file, 258, limits).map(|numbers| numbers.len())
            };
            assert_eq!(count(3, 500).unwrap(), 500);
            assert_eq!(count(4, 250).unwrap(), 250);
            for (kind, too_many) in [(3, 501), (4, 251), (4, u32::MAX), (7, u32::MAX)] {
                let error = count(kind, too_many).unwrap_err();
                assert!(
                    matches!(error, PrepareErrorKind::Damaged { .. }),
                    "{error:?}"
                );
            }
            // Nobody asks for this one.
            let file = file(little, 37_724, 7, u32::MAX, 1026);
            assert!(numbers(&file, 258, limits).unwrap().is_empty());
        }
    }

    #[test]
    fn memory_for_the_values_is_limited() {
        let file = file(true, 324, 4, 1000, 5000);
        let with = |max_alloc| {
            let limits = Limits {
                max_alloc,
                ..Limits::default()
            };
            numbers(&file, 324, limits)
        };
        assert!(with(4000).is_ok());
        let error = with(3999).unwrap_err();
        let needed = |needed| PrepareErrorKind::TooMuchMemory {
            needed,
            max_alloc: 3999,
        };
        assert_eq!(error.to_string(), needed(4000).to_string());
    }

    #[test]
    fn values_of_four_bytes_are_in_the_entry() {
        let file = file(true, 258, 3, 2, 26);
        assert_eq!(numbers(&file, 258, Limits::default()).unwrap(), [26, 0]);
        for cut in 0..file.len() - 4 {
            assert!(
                numbers(&file[..cut], 258, Limits::default()).is_err(),
                "{cut}"
            );
        }
    }
}
