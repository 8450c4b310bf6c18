//! From a JPEG to a JPEG without a detour over RGB: each component is resampled for itself, the color straight to the
//! fewer samples that the result has of it.

use image::metadata::Orientation;

use super::super::encode::ChromaSubsampling;
use super::super::error::PrepareErrorKind;
use super::super::raster::Color;
use super::super::render::as_stored;
use super::super::resample::{Kernel, Resampler};
use super::upright::UprightRows;
use super::writer::{JpegSettings, JpegWriter};
use super::{Jpeg, error, log_missing_end, reduction};
use crate::geometry::{Crop, Placement, Size};
use crate::jpeg::{ColorModel, Reduction};

impl Jpeg<'_> {
    /// Whether [`encode_planes`](Self::encode_planes) is possible, for colors that need no conversion.
    pub fn has_planes(&self) -> bool {
        self.decoder.header().color == ColorModel::YCbCr
    }

    /// Carries out `placement`, which adds no background, and encodes the upright image.
    pub fn encode_planes(
        self,
        placement: &Placement,
        settings: &JpegSettings,
    ) -> Result<Vec<u8>, PrepareErrorKind> {
        let (stored, orientation) = (self.size(), self.orientation());
        let header = self.decoder.header();
        let most = header.largest_sampling().map(f64::from);
        let mut reductions = [Reduction::NONE; 4];
        let mut parts = Vec::new();
        for (index, component) in header.components.iter().enumerate() {
            let placement = component_placement(placement, index, settings.chroma_subsampling);
            let (crop, size) = as_stored(&placement, stored, orientation);
            let [_, _, width, height] = crop;
            let samples = [
                width * f64::from(component.horizontal) / most[0],
                height * f64::from(component.vertical) / most[1],
            ];
            reductions[index] = Reduction {
                horizontal: reduction::of_samples(samples[0], size.width),
                vertical: reduction::of_samples(samples[1], size.height),
            };
            parts.push((crop, size));
        }
        let mut bands = self.decoder.start(&reductions).map_err(error)?;
        let planes = bands.planes().zip(&parts);
        let mut resamplers: Vec<Resampler> = planes
            .map(|(plane, ([x, y, width, height], size))| {
                let across = plane.horizontal_scale;
                let down = plane.vertical_scale;
                let crop = [x * across, y * down, width * across, height * down];
                let source = Size::new(plane.width as u32, plane.height as u32);
                Resampler::new(source, crop, *size, Color::Gray, Kernel::Lanczos3)
            })
            .collect();
        let mut writer = JpegWriter::new(placement.canvas, settings)?;
        let is_upright = orientation == Orientation::NoTransforms;
        // An image that has to be turned upright is collected first; in most cases it is small by now.
        let collected = |(_, size): &(_, Size)| if is_upright { 0 } else { size.area() as usize };
        let mut turned: Vec<Vec<u8>> = parts
            .iter()
            .map(|part| Vec::with_capacity(collected(part)))
            .collect();
        while let Some(band) = bands.next_band().map_err(error)? {
            for (index, strip) in band.strips().enumerate() {
                for row in 0..strip.rows {
                    resamplers[index].push(strip.row(row), |row| {
                        if is_upright {
                            writer.push_row(index, row)
                        } else {
                            turned[index].extend_from_slice(row);
                            Ok(())
                        }
                    })?;
                }
            }
        }
        log_missing_end(bands.is_eoi_missing());
        if !is_upright {
            let planes = turned.into_iter().zip(parts);
            let mut planes: Vec<UprightRows> = planes
                .map(|(samples, (_, size))| UprightRows::new(samples, size, orientation))
                .collect();
            // In turn, because rows wait in memory for those of the other components.
            let luma_rows = settings.chroma_subsampling.pixels();
            for _ in 0..placement.canvas.height.div_ceil(luma_rows) {
                for (index, plane) in planes.iter_mut().enumerate() {
                    for _ in 0..if index == 0 { luma_rows } else { 1 } {
                        if let Some(row) = plane.next_row() {
                            writer.push_row(index, row)?;
                        }
                    }
                }
            }
        }
        writer.finish()
    }
}

/// The placement of the samples of a component. The samples of color lie in the middle of the pixels that share them;
/// where the last ones have pixels beyond the image, so has the crop.
fn component_placement(
    placement: &Placement,
    index: usize,
    chroma_subsampling: ChromaSubsampling,
) -> Placement {
    let pixels = if index == 0 {
        1
    } else {
        chroma_subsampling.pixels()
    };
    let Size { width, height } = placement.canvas;
    let size = Size::new(width.div_ceil(pixels), height.div_ceil(pixels));
    let beyond = |samples: u32, side: u32| f64::from(samples * pixels) / f64::from(side);
    let crop = Crop {
        width: placement.crop.width * beyond(size.width, width),
        height: placement.crop.height * beyond(size.height, height),
        ..placement.crop
    };
    Placement::filling(crop, size)
}
