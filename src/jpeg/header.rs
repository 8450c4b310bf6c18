//! What a file says about its image before the entropy-coded data.

use super::window::MAX_BLOCKS;

/// The header of a JPEG.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// Width and height in pixels, each 1 to 65535.
    pub width: u16,
    pub height: u16,
    pub process: Process,
    pub color: ColorModel,
    /// One, three or four.
    pub components: Vec<Component>,
    /// The ICC profile, if all of its chunks are there.
    pub icc_profile: Option<Vec<u8>>,
    /// The EXIF blocks, at most eight: TIFF structures, without the "Exif" that precedes them. Programs that copy metadata
    /// leave several.
    pub exif: Vec<Vec<u8>>,
}

/// How the coefficients are coded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Process {
    /// Baseline or extended sequential.
    Sequential,
    Progressive,
}

/// What the components mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ColorModel {
    Gray,
    YCbCr,
    Rgb,
    /// `is_inverted`: 255 is no ink, as Adobe's programs write it.
    Cmyk {
        is_inverted: bool,
    },
    /// YCbCr of the complements of C, M and Y, and K.
    Ycck {
        is_inverted: bool,
    },
}

/// One component of the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Component {
    /// Identifier that scans refer to.
    pub id: u8,
    /// Sampling factors, each 1 to 4.
    pub horizontal: u8,
    pub vertical: u8,
    /// Index of the quantization table, 0 to 3.
    pub(super) quantization: u8,
}

/// The frame header, a Start Of Frame segment.
#[derive(Debug)]
pub(super) struct Frame {
    pub width: u16,
    pub height: u16,
    pub components: Vec<Component>,
}

/// Why a segment is refused.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    Damaged(&'static str),
    Unsupported(&'static str),
}

impl Frame {
    pub fn parse(payload: &[u8]) -> Result<Self, Refusal> {
        let [precision, height @ .., _, _, _] = payload.first_chunk::<6>().ok_or(SHORT_FRAME)?;
        let height = u16::from_be_bytes(*height);
        let width = u16::from_be_bytes([payload[3], payload[4]]);
        let count = usize::from(payload[5]);
        let (components, rest) = payload[6..].as_chunks::<3>();
        if components.len() != count || !rest.is_empty() {
            return Err(SHORT_FRAME);
        }
        if *precision != 8 {
            return Err(Refusal::Unsupported(
                "a JPEG of more than 8 bits per sample",
            ));
        }
        if height == 0 {
            return Err(Refusal::Unsupported(
                "a JPEG that defines its height behind the image",
            ));
        }
        if width == 0 {
            return Err(Refusal::Damaged("the image has no width"));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(Refusal::Unsupported(
                "a JPEG of two or more than four components",
            ));
        }
        let mut components = components
            .iter()
            .map(Component::parse)
            .collect::<Result<Vec<_>, _>>()?;
        if let [only] = &mut components[..] {
            // Its blocks are not interleaved with any others.
            (only.horizontal, only.vertical) = (1, 1);
        }
        Ok(Self {
            width,
            height,
            components,
        })
    }
}

const SHORT_FRAME: Refusal = Refusal::Damaged("the frame header has the wrong length");

impl Component {
    fn parse([id, sampling, quantization]: &[u8; 3]) -> Result<Self, Refusal> {
        let (horizontal, vertical) = (sampling >> 4, sampling & 15);
        if !(1..=4).contains(&horizontal) || !(1..=4).contains(&vertical) {
            return Err(Refusal::Damaged("a sampling factor is not in 1 to 4"));
        }
        if *quantization > 3 {
            return Err(Refusal::Damaged(
                "a component refers to a fifth quantization table",
            ));
        }
        Ok(Self {
            id: *id,
            horizontal,
            vertical,
            quantization: *quantization,
        })
    }
}

/// One component of a scan, and the Huffman tables of its coefficients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ScanComponent {
    /// Index in the frame.
    pub index: usize,
    pub dc: usize,
    pub ac: usize,
}

/// The scan header, a Start Of Scan segment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scan {
    pub components: Vec<ScanComponent>,
    /// First and last coefficient in zigzag order, and the high and low bit of successive approximation.
    pub spectrum: [u8; 2],
    pub high: u8,
    pub low: u8,
}

impl Scan {
    pub fn parse(payload: &[u8], frame: &[Component]) -> Result<Self, Refusal> {
        const SHORT: Refusal = Refusal::Damaged("the scan header has the wrong length");
        let (count, rest) = payload.split_first().ok_or(SHORT)?;
        let (list, [first, last, approximation]) = rest.split_last_chunk().ok_or(SHORT)?;
        let (list, odd) = list.as_chunks::<2>();
        if list.len() != usize::from(*count) || !odd.is_empty() || !(1..=4).contains(&list.len()) {
            return Err(SHORT);
        }
        let mut components: Vec<ScanComponent> = Vec::with_capacity(list.len());
        for [id, tables] in list {
            // Files exist whose components share an identifier: they are meant in order.
            let is_free = |index: &usize| components.iter().all(|other| other.index != *index);
            let index = (0..frame.len())
                .filter(is_free)
                .find(|index| frame[*index].id == *id)
                .ok_or(Refusal::Damaged(
                    "a scan names a component that the frame does not have",
                ))?;
            let (dc, ac) = (usize::from(tables >> 4), usize::from(tables & 15));
            if dc > 3 || ac > 3 {
                return Err(Refusal::Damaged("a scan refers to a fifth Huffman table"));
            }
            components.push(ScanComponent { index, dc, ac });
        }
        let blocks = |scan: &ScanComponent| {
            let Component {
                horizontal,
                vertical,
                ..
            } = frame[scan.index];
            usize::from(horizontal) * usize::from(vertical)
        };
        if components.len() > 1 && components.iter().map(blocks).sum::<usize>() > MAX_BLOCKS {
            return Err(Refusal::Damaged("an MCU has more than ten blocks"));
        }
        Ok(Self {
            components,
            spectrum: [*first, *last],
            high: approximation >> 4,
            low: approximation & 15,
        })
    }
}

impl Header {
    /// The largest sampling factors of any component, across and down.
    pub fn largest_sampling(&self) -> [u8; 2] {
        let most = |factor: fn(&Component) -> u8| self.components.iter().map(factor).max();
        [
            most(|component| component.horizontal).unwrap_or(1),
            most(|component| component.vertical).unwrap_or(1),
        ]
    }

    /// MCUs in a row, if the components are interleaved.
    pub(super) fn mcus_across(&self) -> usize {
        usize::from(self.width).div_ceil(8 * usize::from(self.largest_sampling()[0]))
    }

    /// Rows of MCUs.
    pub(super) fn bands(&self) -> usize {
        usize::from(self.height).div_ceil(8 * usize::from(self.largest_sampling()[1]))
    }
}
