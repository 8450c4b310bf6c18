//! The application segments that the color of an image depends on, and EXIF.

use super::header::{ColorModel, Component};

/// Bytes of the largest ICC profile that is collected. Profiles of printers have up to some 3 MB.
const MAX_ICC_PROFILE: usize = 8 << 20;

/// Maximum number of EXIF blocks to collect. A block has at most 64 KiB.
const MAX_EXIF_BLOCKS: usize = 8;

/// What was found in the application segments.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    is_jfif: bool,
    pub adobe_transform: Option<u8>,
    pub exif: Vec<Vec<u8>>,
    icc: IccChunks,
}

impl Metadata {
    /// Takes what is needed from a segment. Fails with a reason to refuse the file.
    pub fn segment(&mut self, marker: u8, payload: &[u8]) -> Result<(), &'static str> {
        match marker {
            // Lengths are libjpeg's: a shorter segment is not taken for what its name says.
            0xE0 if payload.len() >= 14 && payload.starts_with(b"JFIF\0") => self.is_jfif = true,
            0xE1 if self.exif.len() < MAX_EXIF_BLOCKS => {
                let exif = payload.strip_prefix(b"Exif\0\0");
                self.exif.extend(exif.map(<[u8]>::to_vec));
            }
            0xE2 => {
                if let Some([number, count, chunk @ ..]) = payload.strip_prefix(b"ICC_PROFILE\0") {
                    self.icc.push(*number, *count, chunk)?;
                }
            }
            0xEE if payload.starts_with(b"Adobe") => {
                self.adobe_transform = payload.get(11).copied().or(self.adobe_transform);
            }
            _ => {}
        }
        Ok(())
    }

    /// The ICC profile. If a chunk is missing or there twice there is none, as in libjpeg.
    pub fn take_icc_profile(&mut self) -> Option<Vec<u8>> {
        std::mem::take(&mut self.icc).join()
    }

    /// What the components mean, by libjpeg's rules: JFIF is YCbCr, the Adobe segment decides without JFIF, and
    /// component identifiers decide without either. An unknown transform of Adobe is YCbCr or YCCK.
    pub fn color(&self, components: &[Component]) -> ColorModel {
        let is_inverted = self.adobe_transform.is_some();
        match components {
            [_] => ColorModel::Gray,
            [r, g, b] => match self.adobe_transform {
                _ if self.is_jfif => ColorModel::YCbCr,
                Some(0) => ColorModel::Rgb,
                None if [r.id, g.id, b.id] == *b"RGB" => ColorModel::Rgb,
                _ => ColorModel::YCbCr,
            },
            _ => match self.adobe_transform {
                None | Some(0) => ColorModel::Cmyk { is_inverted },
                Some(_) => ColorModel::Ycck { is_inverted },
            },
        }
    }
}

/// Chunks of a profile by number.
#[derive(Debug, Default)]
struct IccChunks {
    chunks: Vec<(u8, Vec<u8>)>,
    size: usize,
    count: u8,
    is_inconsistent: bool,
}

impl IccChunks {
    fn push(&mut self, number: u8, count: u8, chunk: &[u8]) -> Result<(), &'static str> {
        self.size += chunk.len();
        if self.size > MAX_ICC_PROFILE {
            return Err("an ICC profile of more than 8 MiB");
        }
        let is_first = self.chunks.is_empty();
        let is_known = self.chunks.iter().any(|(other, _)| *other == number);
        self.is_inconsistent |=
            number == 0 || number > count || is_known || (!is_first && count != self.count);
        self.count = count;
        if !self.is_inconsistent {
            self.chunks.push((number, chunk.to_vec()));
        }
        Ok(())
    }

    fn join(mut self) -> Option<Vec<u8>> {
        if self.is_inconsistent || self.size == 0 || self.chunks.len() != usize::from(self.count) {
            return None;
        }
        self.chunks.sort_unstable_by_key(|(number, _)| *number);
        Some(
            self.chunks
                .into_iter()
                .flat_map(|(_, chunk)| chunk)
                .collect(),
        )
    }
}
