//! Renders the results of generations from the posted images, so that a wrong size or mask is visible.

use image::{DynamicImage, ImageFormat, RgbImage};

use super::sigv4::sha256;
use super::storage::StoredObject;
use crate::extension::Extension;
use crate::geometry::{Bounds, Fit, Size};
use crate::prepare::{Limits, PrepareOptions, PreparedImage};

pub(super) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Side of the squares that cover the masked part of a canvas, in pixels.
const SQUARE: usize = 8;

/// Limits that fit into the memory of a small machine.
const LIMITS: Limits = Limits::DEFAULT
    .with_max_pixels(64 << 20)
    .with_max_input_bytes(64 << 20)
    .with_max_alloc(512 << 20);

/// Stretches the image to `size`, ignoring its ratio.
pub(super) fn stretched(object: &StoredObject, size: Size) -> Result<StoredObject, Error> {
    check_declared(object)?;
    let prepare = stretch_to(size).extension(Extension::Jpg);
    Ok(stored(prepare.prepare_bytes(&object.bytes)?))
}

/// Enlarges the image by `factor` in both dimensions.
pub(super) fn enlarged(object: &StoredObject, factor: f64) -> Result<StoredObject, Error> {
    let image = pixels(object)?;
    let enlarge = |side: u32| (f64::from(side) * factor).round() as u32;
    let size = Size::new(enlarge(image.width()), enlarge(image.height()));
    let prepare = stretch_to(size).extension(Extension::Jpg);
    Ok(stored(
        prepare.prepare_image(DynamicImage::ImageRgb8(image))?,
    ))
}

/// Covers the image with squares of two colors, derived from the prompt, where the mask is lighter than mid-gray. The
/// result is a PNG, so that the other pixels stay unchanged.
pub(super) fn filled(
    image: &StoredObject,
    mask: &StoredObject,
    prompt: &str,
    size: Size,
) -> Result<StoredObject, Error> {
    let (mut image, mask) = (pixels(image)?, pixels(mask)?);
    if image.dimensions() != mask.dimensions() {
        let size = |image: &RgbImage| Size::new(image.width(), image.height());
        let (image, mask) = (size(&image), size(&mask));
        return Err(format!("the image is {image}, but its mask is {mask}").into());
    }
    let hash = sha256(prompt.as_bytes());
    let color = [hash[0], hash[1], hash[2]].map(|byte| {
        if byte & 1 == 0 {
            byte & 0x3F
        } else {
            byte | 0xC0
        }
    });
    // At least one of two opposite colors contrasts with any background.
    let colors = [color, color.map(|byte| !byte)];
    let width = image.width() as usize;
    let pixels = image.as_chunks_mut::<3>().0.iter_mut();
    for (i, (pixel, mask)) in pixels.zip(mask.as_chunks::<3>().0).enumerate() {
        if mask.iter().map(|byte| u32::from(*byte)).sum::<u32>() >= 3 * 128 {
            *pixel = colors[(i % width / SQUARE + i / width / SQUARE) % 2];
        }
    }
    let prepare = stretch_to(size).extension(Extension::Png);
    Ok(stored(
        prepare.prepare_image(DynamicImage::ImageRgb8(image))?,
    ))
}

/// What is put behind the subject of an image.
pub(super) enum Behind<'a> {
    Nothing,
    White,
    /// This image, stretched.
    Image(&'a StoredObject),
}

/// The largest difference of a channel from the background's color.
const TOLERANCE: u8 = 24;

/// Replaces everything that has the color of the upper left corner, and reduces the image to `max_pixels`.
pub(super) fn cut_out(
    object: &StoredObject,
    behind: &Behind<'_>,
    max_pixels: u64,
    extension: Extension,
) -> Result<StoredObject, Error> {
    let image = pixels(object)?;
    let size = Size::new(image.width(), image.height());
    let behind_pixels = match behind {
        Behind::Image(image) => Some(pixels(&stretched(image, size)?)?),
        _ => None,
    };
    let corner = *image.get_pixel(0, 0);
    let mut cut = Vec::with_capacity(size.area() as usize * 4);
    for (x, y, pixel) in image.enumerate_pixels() {
        let mut differences = pixel.0.iter().zip(corner.0);
        let is_background = differences.all(|(a, b)| a.abs_diff(b) <= TOLERANCE);
        let [red, green, blue] = match (&behind_pixels, behind) {
            (Some(other), _) if is_background => other.get_pixel(x, y).0,
            (None, Behind::White) if is_background => [255; 3],
            _ => pixel.0,
        };
        let is_transparent = is_background && matches!(behind, Behind::Nothing);
        cut.extend([red, green, blue, if is_transparent { 0 } else { 255 }]);
    }
    let prepare = PrepareOptions::default()
        .bounds(Bounds::ANY.with_max_pixels(max_pixels))
        .limits(LIMITS)
        .extension(extension);
    Ok(stored(prepare.prepare_rgba8(
        size.width,
        size.height,
        &cut,
    )?))
}

/// A gradient between four corner colors that are derived from `seed`.
pub(super) fn painted(seed: &str, size: Size) -> Result<StoredObject, Error> {
    let mut corners = sha256(seed.as_bytes());
    corners.truncate(16);
    for pixel in corners.as_chunks_mut::<4>().0 {
        pixel[3] = 255;
    }
    let prepare = stretch_to(size).extension(Extension::Jpg);
    Ok(stored(prepare.prepare_rgba8(2, 2, &corners)?))
}

/// The boxes at the start of every MP4 and an empty data box: enough to be recognized as an MP4, but without frames.
pub(super) fn video() -> StoredObject {
    let boxes: [(&[u8; 4], &[u8]); 3] = [
        (b"ftyp", b"isom\0\0\x02\0isommp42"),
        (b"free", b""),
        (b"mdat", b""),
    ];
    let mut bytes = Vec::new();
    for (kind, content) in boxes {
        bytes.extend((8 + content.len() as u32).to_be_bytes());
        bytes.extend(kind);
        bytes.extend(content);
    }
    StoredObject {
        bytes,
        content_type: Some("video/mp4".into()),
    }
}

/// The size of an image, if it can be decoded.
pub(super) fn size(object: &StoredObject) -> Option<Size> {
    let plan = PrepareOptions::default().limits(LIMITS);
    let image = plan
        .extension(Extension::Png)
        .prepare_bytes(&object.bytes)
        .ok()?;
    Some(image.source_size())
}

/// The extension for the key of a result.
pub(super) fn extension(object: &StoredObject) -> Extension {
    let declared = object.content_type.as_deref();
    let mut all = Extension::ALL.iter().copied();
    let known = all.find(|extension| Some(extension.content_type()) == declared);
    known.unwrap_or(Extension::Jpg)
}

fn stretch_to(size: Size) -> PrepareOptions {
    PrepareOptions::default()
        .size(size.width, size.height)
        .fit(Fit::Fill)
        .limits(LIMITS)
}

/// Decodes the image without transparency.
fn pixels(object: &StoredObject) -> Result<RgbImage, Error> {
    check_declared(object)?;
    let prepare = PrepareOptions::default()
        .extension(Extension::Png)
        .limits(LIMITS);
    let png = prepare.prepare_bytes(&object.bytes)?;
    let decoded = image::load_from_memory_with_format(png.bytes(), ImageFormat::Png)?;
    Ok(decoded.into_rgb8())
}

/// Checks that the bytes are in the format that the form was created for.
fn check_declared(object: &StoredObject) -> Result<(), Error> {
    let declared = object.content_type.as_deref().unwrap_or_default();
    let found =
        image::guess_format(&object.bytes).map_err(|_| "the posted bytes are not an image")?;
    let found = found.to_mime_type();
    if found == declared {
        Ok(())
    } else {
        Err(format!("the form was for {declared}, but {found} was posted").into())
    }
}

fn stored(image: PreparedImage) -> StoredObject {
    StoredObject {
        content_type: Some(image.extension().content_type().into()),
        bytes: image.into_bytes(),
    }
}
