//! The image for the screen: upright, in sRGB and small. imgpost makes it.

use std::path::{Path, PathBuf};

use eframe::egui::ColorImage;
use image::ImageFormat;
use imgpost::{Extension, Fit, PrepareError, PrepareOptions, Size};

/// Sharp on a screen with two pixels per point, and small enough for any graphics card.
const LONGEST_SIDE: u32 = 1280;

/// An opened image.
pub struct Preview {
    pub path: PathBuf,
    /// The size of the image itself after its rotation.
    pub size: Size,
    /// Whether the file stores the image rotated or mirrored.
    pub is_rotated: bool,
    /// The format of the upload: PNG for transparent images, otherwise JPEG.
    pub extension: Extension,
    pub pixels: ColorImage,
}

/// Decodes an image at the size of the preview. A large photo is never in memory as a whole: imgpost decodes a JPEG at
/// a fraction of its size. Encoding it as PNG and decoding that takes a few milliseconds.
pub fn open(path: PathBuf) -> Result<Preview, PrepareError> {
    let small = PrepareOptions::default()
        .within(LONGEST_SIDE, LONGEST_SIDE)
        // Rounds the sides instead of cropping a fraction of a pixel.
        .fit(Fit::Fill)
        .extension(Extension::Png)
        .open(&path)?;
    let (size, orientation) = (small.source_size(), small.plan().orientation());
    let rgba = image::load_from_memory_with_format(small.bytes(), ImageFormat::Png)
        .expect("imgpost writes valid PNG files")
        .into_rgba8();
    let is_transparent = rgba.pixels().any(|pixel| pixel.0[3] < u8::MAX);
    let [width, height] = [rgba.width(), rgba.height()].map(|side| side as usize);
    Ok(Preview {
        path,
        size,
        is_rotated: orientation != 1,
        extension: if is_transparent {
            Extension::Png
        } else {
            Extension::Jpg
        },
        pixels: ColorImage::from_rgba_unmultiplied([width, height], rgba.as_raw()),
    })
}

/// The file name without its folder.
pub fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../fixtures/images")
            .join(name)
    }

    #[test]
    fn rotated_photo_is_upright_and_whole() {
        let preview = open(fixture("lighthouse.jpg")).unwrap();
        assert_eq!(preview.size, Size::new(1200, 1600));
        assert!(preview.is_rotated);
        assert_eq!(preview.pixels.size, [960, 1280]);
        assert_eq!(preview.extension, Extension::Jpg);
    }

    #[test]
    fn only_transparent_pixels_make_a_png() {
        let extension = |name| open(fixture(name)).unwrap().extension;
        assert_eq!(extension("alpha.png"), Extension::Png);
        assert_eq!(extension("opaque-alpha.png"), Extension::Jpg);
    }
}
