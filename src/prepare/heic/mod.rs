//! Reads HEIC: the image of an iPhone, HEVC in a HEIF container (ISO/IEC 23008-12), by heifer.
//!
//! The transformations of the container are the only orientation. The EXIF orientation beside them must not be applied
//! as well (ISO/IEC 23008-12, 6.5.10).

mod cost;

use std::io::{self, Read, Seek, SeekFrom};

use heifer::heifer_isobmff::boxes::{ColorInfo, Property};
use heifer::heifer_isobmff::{HeifFile, ItemId};

use super::codec::{damaged, unsupported};
use super::color::ColorSpace;
use super::decode::Decode;
use super::error::PrepareErrorKind;
use super::limits::Limits;
use super::raster::{Color, Raster};
use crate::geometry::Size;

use cost::{Cost, THREADS, cost};

/// The largest description of a file that is read; that of a photo has some 5 KB. The time for reading it grows with the
/// square of the number of images.
const MAX_META: u64 = 1 << 20;

/// How many levels of derived images are searched for colors.
const MAX_DEPTH: u32 = 4;

/// A HEIC whose header has been read.
pub(super) struct Heic {
    /// The size of the upright image.
    size: Size,
    cost: Cost,
}

impl Heic {
    /// Reads the boxes that describe the images, which usually come first.
    pub fn read_header(
        file: &mut (impl Read + Seek),
        limits: &Limits,
    ) -> Result<Self, PrepareErrorKind> {
        let boxes = read_description(file)?;
        let file = HeifFile::parse(&boxes).map_err(|error| heic_error(error.into()))?;
        let item = file
            .primary_item()
            .map_err(|error| heic_error(error.into()))?;
        match &item.item_type.0 {
            b"hvc1" | b"grid" | b"iovl" | b"iden" => {}
            b"av01" => return Err(unsupported("AVIF")),
            other => {
                let kind = String::from_utf8_lossy(other).into_owned();
                return Err(unsupported(format!("HEIC with an image of type {kind}")));
            }
        }
        let coded = file.image_size(file.primary_id).ok().flatten();
        let (width, height) = coded.ok_or_else(|| unsupported("HEIC without a size"))?;
        let stored = Size::new(width, height);
        let size = upright_size(&file, stored)
            .filter(|size| size.area() > 0)
            .ok_or_else(|| damaged("HEIC", "its crop is empty"))?;
        // The cost of a large image exceeds its limits too, which says less.
        limits.check_pixels(size)?;
        let cost = cost(&file, limits)?;
        Ok(Self { size, cost })
    }
}

impl Decode for Heic {
    fn size(&self) -> Size {
        self.size
    }

    fn memory(&self) -> u64 {
        self.cost.memory
    }

    fn decode(
        &self,
        file: &[u8],
        limits: &Limits,
    ) -> Result<(Raster, ColorSpace), PrepareErrorKind> {
        let options = heifer::Options {
            max_threads: THREADS,
            max_pixels: self.cost.largest.min(limits.max_pixels).max(1),
        };
        let image = heifer::decode_rgba8(file, &options).map_err(heic_error)?;
        let size = Size::new(image.width, image.height);
        if size != self.size {
            return Err(damaged("HEIC", "its image has another size than announced"));
        }
        let container = HeifFile::parse(file).map_err(|error| heic_error(error.into()))?;
        let id = container.primary_id;
        let mut raster = Raster::new(size, image.data, Color::Rgba);
        if image.has_alpha {
            if !container.referenced_items(id, b"prem").is_empty() {
                raster.unpremultiply();
            }
            raster = raster.without_useless_alpha();
        } else {
            raster = raster.without_alpha();
        }
        Ok((raster, color_space(&container, id, 0)))
    }
}

/// The boxes `ftyp` and `meta`, without the data of the images.
fn read_description(file: &mut (impl Read + Seek)) -> Result<Vec<u8>, PrepareErrorKind> {
    let mut description = Vec::new();
    let end = file
        .seek(SeekFrom::End(0))
        .and_then(|end| file.rewind().map(|()| end))
        .map_err(PrepareErrorKind::Read)?;
    let mut at = 0;
    let mut is_movie = false;
    loop {
        let (kind, header, length) =
            box_header(file, end - at).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof if is_movie => unsupported("HEIC image sequence"),
                io::ErrorKind::UnexpectedEof => {
                    damaged("HEIC", "it has no description of its images")
                }
                _ => PrepareErrorKind::Read(error),
            })?;
        is_movie |= &kind == b"moov";
        if length < header.len() as u64 || length > end - at {
            return Err(damaged("HEIC", "a box of it is truncated"));
        }
        let content = length - header.len() as u64;
        if matches!(&kind, b"ftyp" | b"meta") {
            if length > MAX_META {
                return Err(unsupported("HEIC with more than 1 MiB of metadata"));
            }
            description.extend(header);
            let read = file.by_ref().take(content).read_to_end(&mut description);
            read.map_err(PrepareErrorKind::Read)?;
            if &kind == b"meta" {
                return Ok(description);
            }
        } else {
            file.seek(SeekFrom::Current(content as i64))
                .map_err(PrepareErrorKind::Read)?;
        }
        at += length;
    }
}

/// The type, the header and the length of a box, of which `left` bytes are left at most (ISO/IEC 14496-12, 4.2).
fn box_header(file: &mut impl Read, left: u64) -> io::Result<([u8; 4], Vec<u8>, u64)> {
    let mut header = [0; 8];
    file.read_exact(&mut header)?;
    let [a, b, c, d, kind @ ..] = header;
    let mut header = header.to_vec();
    let length = match u32::from_be_bytes([a, b, c, d]) {
        0 => left,
        1 => {
            let mut long = [0; 8];
            file.read_exact(&mut long)?;
            header.extend(long);
            u64::from_be_bytes(long)
        }
        length => length.into(),
    };
    Ok((kind, header, length))
}

/// The size after the transformations, in the order in which they apply. `None` if a crop is invalid.
fn upright_size(file: &HeifFile<'_>, stored: Size) -> Option<Size> {
    let properties = file.item_properties(file.primary_id).ok()?;
    properties.into_iter().try_fold(stored, |size, property| {
        Some(match *property {
            Property::CleanAperture {
                width,
                height,
                horiz_offset,
                vert_offset,
            } => Size::new(
                cropped(size.width, width, horiz_offset)?,
                cropped(size.height, height, vert_offset)?,
            ),
            Property::Rotation(quarters) if quarters % 2 == 1 => size.transposed(),
            _ => size,
        })
    })
}

/// The pixels that a crop leaves of a side. Length and offset are fractions; the offset is that of the center (ISO/IEC
/// 14496-12, 12.1.4), and rounding is that of heifer.
fn cropped(side: u32, length: (u32, u32), offset: (i32, u32)) -> Option<u32> {
    if length.1 == 0 || offset.1 == 0 {
        return None;
    }
    let length = f64::from(length.0) / f64::from(length.1);
    let center = f64::from(offset.0) / f64::from(offset.1) + (f64::from(side) - 1.0) / 2.0;
    let start = (center - (length - 1.0) / 2.0).round().max(0.0) as u32;
    Some((length.round() as u32).min(side.saturating_sub(start)))
}

/// The colors of an image, or of the first one that it is made of. A profile counts more than numbers.
fn color_space(file: &HeifFile<'_>, id: ItemId, depth: u32) -> ColorSpace {
    let Ok(properties) = file.item_properties(id) else {
        return ColorSpace::Srgb;
    };
    let mut numbers = None;
    for property in properties {
        match property {
            Property::Color(ColorInfo::Icc(profile)) if !profile.is_empty() => {
                return ColorSpace::Icc(profile.clone());
            }
            Property::Color(ColorInfo::Nclx {
                primaries,
                transfer,
                ..
            }) => numbers = Some((*primaries, *transfer)),
            _ => {}
        }
    }
    match (numbers, file.referenced_items(id, b"dimg").first()) {
        (Some((primaries, transfer)), _) => declared(primaries, transfer),
        (None, Some(&part)) if depth < MAX_DEPTH => color_space(file, part, depth + 1),
        _ => ColorSpace::Srgb,
    }
}

/// The colors by their numbers in ITU-T H.273.
fn declared(primaries: u16, transfer: u16) -> ColorSpace {
    const UNSPECIFIED: u16 = 2;
    const BT_709: u16 = 1;
    const SRGB: u8 = 13;
    let transfer = match transfer {
        // The curves of cameras for video: such an image is shown with the curve of a display.
        BT_709 | UNSPECIFIED | 6 | 14 | 15 => SRGB,
        other => u8::try_from(other).unwrap_or(SRGB),
    };
    match u8::try_from(primaries) {
        Ok(primaries) if u16::from(primaries) != UNSPECIFIED => {
            ColorSpace::Cicp([primaries, transfer, 0, 1])
        }
        _ => ColorSpace::Srgb,
    }
}

fn heic_error(error: heifer::Error) -> PrepareErrorKind {
    match error {
        heifer::Error::Unsupported(what) => unsupported(format!("HEIC with {what}")),
        other => damaged("HEIC", other),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn sample(width: u32, height: u32) -> Vec<u8> {
        let pixels: Vec<u8> = (0..width * height)
            .flat_map(|i| [(i % width * 8) as u8, (i / width * 8) as u8, 90])
            .collect();
        heifer::encode_rgb8(width, height, &pixels, &heifer::EncodeOptions::default()).unwrap()
    }

    fn header(file: &[u8]) -> Result<Heic, PrepareErrorKind> {
        Heic::read_header(&mut Cursor::new(file), &Limits::default())
    }

    #[test]
    fn cut_file_is_refused() {
        let file = sample(24, 16);
        let whole = header(&file).unwrap();
        assert_eq!(whole.size, Size::new(24, 16));
        let limits = Limits::default();
        assert!(whole.decode(&file, &limits).is_ok());
        for cut in 0..file.len() {
            let decoded =
                header(&file[..cut]).and_then(|header| header.decode(&file[..cut], &limits));
            assert!(decoded.is_err(), "cut at {cut} of {}", file.len());
        }
    }

    #[test]
    fn damaged_byte_never_panics() {
        let file = sample(16, 16);
        let limits = Limits {
            max_pixels: 10_000,
            ..Limits::default()
        };
        for at in 0..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 0x11;
            if let Ok(header) = header(&damaged)
                && header.size.area() <= limits.max_pixels
            {
                let _ = header.decode(&damaged, &limits);
            }
        }
    }

    #[test]
    fn memory_follows_from_the_size() {
        let memory = header(&sample(64, 64)).unwrap().memory();
        assert_eq!(memory, 64 * 64 * 18);
    }

    /// The images in `parts` are made of the one image in a file, and every other one of all before it.
    fn nested(levels: u16, copies: u16) -> Vec<u8> {
        let boxed = |kind: &[u8; 4], content: &[u8]| {
            let length = (content.len() as u32 + 8).to_be_bytes();
            [length.as_slice(), kind, content].concat()
        };
        let mut information = vec![0, 0, 0, 0];
        information.extend((levels + 1).to_be_bytes());
        let mut references = vec![0; 4];
        let mut associations = vec![0; 4];
        associations.extend(u32::from(levels + 1).to_be_bytes());
        for item in 1..=levels + 1 {
            let kind = if item == 1 { b"hvc1" } else { b"iovl" };
            let mut entry = vec![2, 0, 0, 0];
            entry.extend(item.to_be_bytes());
            entry.extend([0, 0]);
            entry.extend(kind);
            entry.push(0);
            information.extend(boxed(b"infe", &entry));
            associations.extend(item.to_be_bytes());
            associations.extend([1, 1]);
            if item > 1 {
                let mut reference = item.to_be_bytes().to_vec();
                reference.extend(copies.to_be_bytes());
                reference.extend((0..copies).flat_map(|_| (item - 1).to_be_bytes()));
                references.extend(boxed(b"dimg", &reference));
            }
        }
        let size = boxed(b"ispe", &[0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0]);
        let properties = [boxed(b"ipco", &size), boxed(b"ipma", &associations)].concat();
        let primary = [&[0; 4][..], &(levels + 1).to_be_bytes()].concat();
        let meta = [
            vec![0; 4],
            boxed(b"hdlr", b"\0\0\0\0\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0\0"),
            boxed(b"pitm", &primary),
            boxed(b"iinf", &information),
            boxed(b"iref", &references),
            boxed(b"iprp", &properties),
        ];
        [
            boxed(b"ftyp", b"heic\0\0\0\0heic"),
            boxed(b"meta", &meta.concat()),
        ]
        .concat()
    }

    #[test]
    fn images_made_of_many_images_are_refused_by_the_header() {
        let megapixel = 1 << 20;
        assert_eq!(header(&nested(0, 0)).unwrap().memory(), 18 * megapixel);
        assert_eq!(header(&nested(1, 3)).unwrap().memory(), 62 * megapixel);
        // A hundred images of a hundred images of a hundred.
        let error = header(&nested(3, 100)).err().unwrap().to_string();
        assert!(
            error.contains("1073610756 pixels in all (4 times the limit)"),
            "{error}"
        );
        let error = header(&nested(5, 1)).err().unwrap();
        assert!(matches!(error, PrepareErrorKind::Damaged { .. }), "{error}");
    }

    #[test]
    fn crop_is_centered_and_stays_inside() {
        assert_eq!(cropped(100, (50, 1), (0, 1)), Some(50));
        assert_eq!(cropped(100, (101, 2), (0, 1)), Some(51));
        assert_eq!(cropped(100, (200, 1), (0, 1)), Some(100));
        assert_eq!(cropped(100, (50, 1), (40, 1)), Some(35));
        assert_eq!(cropped(100, (50, 1), (1000, 1)), Some(0));
        assert_eq!(cropped(100, (50, 0), (0, 1)), None);
        assert_eq!(cropped(100, (50, 1), (0, 0)), None);
    }

    #[test]
    fn description_of_unreasonable_length_is_refused() {
        let mut file = b"\0\0\0\x10ftypheic\0\0\0\0".to_vec();
        file.extend(b"\0\0\0\x01meta\0\0\0\0\x7F\xFF\xFF\xFF");
        assert!(header(&file).is_err());
        let mut movie = b"\0\0\0\x10ftyphevc\0\0\0\0".to_vec();
        movie.extend(b"\0\0\0\x08moov");
        let error = header(&movie).err().unwrap().to_string();
        assert!(
            error.starts_with("HEIC image sequence is not supported"),
            "{error}"
        );
        // A box that is as long as the file, but no description.
        let file = b"\0\0\0\x10ftypheic\0\0\0\0\0\0\0\0free".to_vec();
        assert!(header(&file).is_err());
    }
}
