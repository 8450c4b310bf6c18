//! From decompressed rows to 8-bit pixels.

use super::layout::{Layout, Photometric, Predictor, Sample};
use crate::prepare::raster::Raster;

impl Layout {
    /// Turns differences into values (TIFF, section 14; Adobe Photoshop TIFF Technical Note 3).
    pub(super) fn undo_predictor(&self, row: &mut [u8]) {
        let samples = self.samples_in_chunk();
        match (self.predictor, self.sample) {
            (Predictor::None, _) => {}
            (Predictor::Horizontal, Sample::Unsigned(16)) => {
                self.add_up(row, 2 * samples, |bytes: [u8; 2]| {
                    u16_of(bytes, self.little_endian).into()
                });
            }
            (Predictor::Horizontal, Sample::Float) => {
                self.add_up(row, 4 * samples, |bytes: [u8; 4]| {
                    u32_of(bytes, self.little_endian)
                });
            }
            (Predictor::Horizontal, _) => {
                for at in samples..row.len() {
                    row[at] = row[at].wrapping_add(row[at - samples]);
                }
            }
            (Predictor::FloatingPoint, _) => {
                for at in samples..row.len() {
                    row[at] = row[at].wrapping_add(row[at - samples]);
                }
                // All first bytes, then all second ones, from the most significant on.
                let planes = row.to_vec();
                let count = row.len() / 4;
                for (at, sample) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                    let bytes = [0, 1, 2, 3].map(|byte| planes[byte * count + at]);
                    let bits = u32::from_be_bytes(bytes);
                    *sample = if self.little_endian {
                        bits.to_le_bytes()
                    } else {
                        bits.to_be_bytes()
                    };
                }
            }
        }
    }

    /// Adds to each sample of `N` bytes the one `distance` bytes before it.
    fn add_up<const N: usize>(
        &self,
        row: &mut [u8],
        distance: usize,
        number: impl Fn([u8; N]) -> u32,
    ) {
        for at in (distance..row.len().saturating_sub(N - 1)).step_by(N) {
            let sample = |at: usize| row[at..].first_chunk().copied().unwrap_or([0; N]);
            let sum = number(sample(at)).wrapping_add(number(sample(at - distance)));
            let bytes = sum.to_le_bytes();
            for byte in 0..N {
                let significance = if self.little_endian {
                    byte
                } else {
                    N - 1 - byte
                };
                row[at + byte] = bytes[significance];
            }
        }
    }

    /// Takes the samples of a row to eight bits, in `line`. Indices of a palette stay indices.
    pub(super) fn unpack(&self, row: &[u8], line: &mut Vec<u8>) {
        line.clear();
        match self.sample {
            Sample::Unsigned(8) => line.extend(row),
            Sample::Unsigned(16) => {
                let samples = row.as_chunks().0.iter();
                line.extend(samples.map(|bytes| {
                    let deep = u32::from(u16_of(*bytes, self.little_endian));
                    ((deep + 128) / 257) as u8
                }));
            }
            Sample::Float => {
                let samples = row.as_chunks().0.iter();
                line.extend(samples.map(|bytes| {
                    let value = f32::from_bits(u32_of(*bytes, self.little_endian));
                    // What is no number becomes 0.
                    (value.clamp(0.0, 1.0) * 255.0).round() as u8
                }));
            }
            Sample::Unsigned(bits) => {
                let max = (1_u8 << bits) - 1;
                let scale = match self.photometric {
                    Photometric::Palette(_) => 1,
                    _ => 255 / max,
                };
                let in_byte = 8 / bits;
                line.extend(row.iter().flat_map(|byte| {
                    (1..=in_byte).map(move |at| ((byte >> (8 - at * bits)) & max) * scale)
                }));
            }
        }
    }

    /// The channel of the decoded pixels that plane `plane` fills. `None` for an unused one.
    pub(super) fn channel_of_plane(&self, plane: usize) -> Option<usize> {
        match (plane, self.alpha) {
            (_, Some(alpha)) if alpha.sample == plane => Some(self.color().channels() - 1),
            _ => (plane < self.colors()).then_some(plane),
        }
    }

    /// Writes the samples of a row of a chunk to where they belong, and omits those beyond the right edge. `channel` is
    /// that of [`channel_of_plane`](Self::channel_of_plane) if the samples are stored in planes.
    pub(super) fn place(
        &self,
        line: &[u8],
        channel: Option<usize>,
        raster: &mut Raster,
        left: usize,
        y: usize,
    ) {
        let channels = raster.color.channels();
        let width = raster.size.width as usize;
        let start = (y * width + left) * channels;
        let count = (self.chunk.width as usize).min(width - left);
        let target = &mut raster.pixels[start..start + count * channels];
        let pixels = target
            .chunks_exact_mut(channels)
            .zip(line.chunks_exact(self.samples_in_chunk()));
        match (channel, self.alpha) {
            (Some(0), _) => pixels.for_each(|(pixel, sample)| self.place_color(pixel, sample, 1)),
            (Some(channel), _) => pixels.for_each(|(pixel, sample)| pixel[channel] = sample[0]),
            (None, None) => {
                pixels.for_each(|(pixel, sample)| self.place_color(pixel, sample, self.colors()));
            }
            (None, Some(alpha)) => pixels.for_each(|(pixel, sample)| {
                self.place_color(pixel, sample, self.colors());
                pixel[channels - 1] = sample[alpha.sample];
            }),
        }
    }

    /// Writes the first `colors` samples of a color.
    fn place_color(&self, pixel: &mut [u8], sample: &[u8], colors: usize) {
        match &self.photometric {
            Photometric::Palette(palette) => {
                pixel[..3].copy_from_slice(&palette[usize::from(sample[0])]);
            }
            Photometric::WhiteIsZero => pixel[0] = 255 - sample[0],
            _ => pixel[..colors].copy_from_slice(&sample[..colors]),
        }
    }
}

fn u16_of(bytes: [u8; 2], little_endian: bool) -> u16 {
    if little_endian {
        u16::from_le_bytes(bytes)
    } else {
        u16::from_be_bytes(bytes)
    }
}

fn u32_of(bytes: [u8; 4], little_endian: bool) -> u32 {
    if little_endian {
        u32::from_le_bytes(bytes)
    } else {
        u32::from_be_bytes(bytes)
    }
}
