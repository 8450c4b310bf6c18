//! The chunks of a PNG, for what the decoder does not tell.

use super::color::ColorSpace;

/// One chunk: its type and its data.
pub(super) struct PngChunk<'a> {
    pub kind: &'a [u8; 4],
    pub data: &'a [u8],
    /// Where the next one begins.
    pub end: usize,
}

/// The chunks of a PNG up to where it makes no sense any more. Checksums are not looked at.
pub(super) struct PngChunks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> PngChunks<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        // Behind the signature, which tells that it is a PNG at all.
        Self { bytes, at: 8 }
    }
}

impl<'a> Iterator for PngChunks<'a> {
    type Item = PngChunk<'a>;

    /// A chunk is a length, a type, the data and a checksum.
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

/// What the chunks before the image say of its colors, apart from an ICC profile; the first of cICP, sRGB and
/// gAMA counts (PNG, third edition, 4.3).
///
/// `image` has a function for gAMA, which in 0.25.10 never finds one, and none for cICP.
pub(super) fn color_space(bytes: &[u8]) -> ColorSpace {
    let mut space = ColorSpace::Srgb;
    let mut is_srgb = false;
    for chunk in PngChunks::new(bytes) {
        match (chunk.kind, chunk.data) {
            (b"IDAT", _) => break,
            (b"cICP", &[primaries, transfer, matrix, full_range]) => {
                return ColorSpace::Cicp([primaries, transfer, matrix, full_range]);
            }
            (b"sRGB", _) => is_srgb = true,
            (b"gAMA", &[a, b, c, d]) => {
                space = ColorSpace::Gamma(u32::from_be_bytes([a, b, c, d]));
            }
            _ => {}
        }
    }
    if is_srgb { ColorSpace::Srgb } else { space }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        for (kind, data) in chunks {
            bytes.extend((data.len() as u32).to_be_bytes());
            bytes.extend(kind.iter().chain(*data).chain(b"sum!"));
        }
        bytes
    }

    #[test]
    fn the_more_exact_word_on_colours_counts() {
        let gamma: (&[u8; 4], &[u8]) = (b"gAMA", &[0, 1, 0x86, 0xA0]);
        let srgb: (&[u8; 4], &[u8]) = (b"sRGB", &[0]);
        let cicp: (&[u8; 4], &[u8]) = (b"cICP", &[12, 13, 0, 1]);
        let data: (&[u8; 4], &[u8]) = (b"IDAT", b"data");
        let space = |chunks: &[(&[u8; 4], &[u8])]| color_space(&png(chunks));
        assert_eq!(space(&[data]), ColorSpace::Srgb);
        assert_eq!(space(&[gamma, data]), ColorSpace::Gamma(100_000));
        assert_eq!(space(&[gamma, srgb, data]), ColorSpace::Srgb);
        assert_eq!(
            space(&[srgb, gamma, cicp]),
            ColorSpace::Cicp([12, 13, 0, 1])
        );
        assert_eq!(space(&[data, gamma]), ColorSpace::Srgb);
        assert_eq!(space(&[(b"gAMA", &[1])]), ColorSpace::Srgb);
    }

    #[test]
    fn chunks_that_break_off_are_the_end() {
        let bytes = png(&[(b"gAMA", &[0, 1, 0x86, 0xA0]), (b"IDAT", b"data")]);
        for cut in 0..bytes.len() {
            assert!(PngChunks::new(&bytes[..cut]).count() < 2);
        }
        assert_eq!(
            PngChunks::new(&bytes).last().map(|c| c.end),
            Some(bytes.len())
        );
        assert_eq!(
            PngChunks::new(b"\x89PNG\r\n\x1a\n\xFF\xFF\xFF\xFFIDAT").count(),
            0
        );
    }
}
