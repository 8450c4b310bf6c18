//! What decoding a HEIC takes, summed up before a pixel is decoded.
//!
//! An image may be made of others, those again of others, and each may be used many times: a file of a kilobyte can ask
//! for millions of images. heifer 0.3 limits the pixels of each image and the depth, but neither their number nor the
//! memory for all of them.

use heifer::heifer_hevc_dec::nal::NalUnit;
use heifer::heifer_hevc_dec::params::ParameterSets;
use heifer::heifer_isobmff::{HeifFile, ItemId};

use crate::prepare::codec::{damaged, unsupported};
use crate::prepare::error::PrepareErrorKind;
use crate::prepare::limits::Limits;

/// How many levels of derived images are followed; heifer decodes no more either.
const MAX_DEPTH: u32 = 4;

/// The threads that decode tiles. Each has a tile in memory.
pub(super) const THREADS: usize = 4;

/// How many times the largest image the parts of one may add up to. Tiles and their canvas are twice as large as the
/// image.
const MAX_PARTS: u64 = 4;

/// Bytes for a pixel of red, green, blue and alpha, and for the copy of it that a transformation makes.
const PIXEL: u64 = 4 + 4;

/// Bytes for a pixel of a coded image: three planes of 16 bits, and what the decoder notes of them.
const CODED: u64 = 3 * 2 + 4;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    /// The most bytes that are allocated at the same time.
    pub memory: u64,
    /// The pixels of the largest image.
    pub largest: u64,
}

/// The cost of the primary image with all that it is made of.
pub(super) fn cost(file: &HeifFile<'_>, limits: &Limits) -> Result<Cost, PrepareErrorKind> {
    cost_of(file, file.primary_id, 0, limits, &mut 0)
}

fn cost_of(
    file: &HeifFile<'_>,
    id: ItemId,
    depth: u32,
    limits: &Limits,
    pixels: &mut u64,
) -> Result<Cost, PrepareErrorKind> {
    if depth > MAX_DEPTH {
        return Err(damaged("HEIC", "its images are nested too deeply"));
    }
    let Ok(item) = file.item(id) else {
        return Err(damaged("HEIC", "an image in it is missing"));
    };
    let kind = &item.item_type.0;
    let area = area(file, id);
    // An empty image counts too, so that their number is limited as well.
    *pixels = pixels.saturating_add(area.max(1));
    let max_pixels = limits.max_pixels.saturating_mul(MAX_PARTS);
    if *pixels > max_pixels {
        return Err(unsupported(format!(
            "HEIC made of images with more than {max_pixels} pixels in all ({MAX_PARTS} times the limit)"
        )));
    }
    let mut parts = Vec::new();
    if matches!(kind, b"grid" | b"iovl" | b"iden") {
        for &part in file.referenced_items(id, b"dimg") {
            parts.push(cost_of(file, part, depth + 1, limits, pixels)?);
        }
    }
    let mut auxiliary = Cost::default();
    for id in file.referencing_items(id, b"auxl") {
        let cost = cost_of(file, id, depth + 1, limits, pixels)?;
        auxiliary.memory = auxiliary.memory.max(cost.memory);
        auxiliary.largest = auxiliary.largest.max(cost.largest);
    }
    let of_parts = match kind {
        // One for each thread at a time.
        b"grid" => {
            let tile = parts.iter().map(|part| part.memory).max().unwrap_or(0);
            tile.saturating_mul(THREADS.min(parts.len()) as u64)
        }
        // All of them at once.
        b"iovl" | b"iden" => parts
            .iter()
            .fold(0, |sum: u64, part| sum.saturating_add(part.memory)),
        _ => area.saturating_mul(CODED),
    };
    Ok(Cost {
        memory: area
            .saturating_mul(PIXEL)
            .saturating_add(of_parts)
            .saturating_add(auxiliary.memory),
        largest: parts
            .iter()
            .map(|part| part.largest)
            .fold(area.max(auxiliary.largest), u64::max),
    })
}

/// The pixels of one image: as the container gives them, or as the video in it does if that is more.
fn area(file: &HeifFile<'_>, id: ItemId) -> u64 {
    let (width, height) = file.image_size(id).ok().flatten().unwrap_or_default();
    let announced = u64::from(width).saturating_mul(height.into());
    let mut sets = ParameterSets::default();
    if let Ok(Some(config)) = file.hevc_config(id) {
        for unit in &config.nal_units {
            // A broken one is for the decoder to reject.
            let _ = NalUnit::parse(unit).map(|unit| sets.add(&unit));
        }
    }
    let coded = sets.sps.iter().flatten().map(|set| {
        u64::from(set.pic_width_in_luma_samples)
            .saturating_mul(set.pic_height_in_luma_samples.into())
    });
    coded.fold(announced, u64::max)
}
