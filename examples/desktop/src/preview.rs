//! The picture for the screen: upright, in sRGB and small, as imgpost makes it.

use std::path::{Path, PathBuf};

use eframe::egui::ColorImage;
use image::ImageFormat;
use imgpost::{Bounds, Extension, Fit, Prepare, PrepareError, Size};

/// Sharp on a window of twice the usual size, and quickly in the memory of the graphics card.
const LONGEST_SIDE: u32 = 1280;

/// A picture that was opened.
pub struct Preview {
    pub path: PathBuf,
    /// Of the upright picture itself.
    pub size: Size,
    /// Whether the file has it lying on its side, upside down or mirrored.
    pub is_turned: bool,
    /// What it will be uploaded as: a JPEG cannot be transparent.
    pub extension: Extension,
    pub pixels: ColorImage,
}

/// Reads the picture as it will be seen. A large photo is never in memory as a whole: imgpost decodes a JPEG at a
/// fraction of its size. The PNG between here and there costs a few milliseconds, and loses nothing.
pub fn open(path: PathBuf) -> Result<Preview, PrepareError> {
    let any_size = Bounds::new(Size::new(1, 1), Size::new(LONGEST_SIDE, LONGEST_SIDE), 1);
    let small = Prepare::default()
        .bounds(any_size)
        .within(LONGEST_SIDE, LONGEST_SIDE)
        // Not a pixel is cropped; no side is off by more than half of one.
        .fit(Fit::Fill)
        .extension(Extension::Png)
        .open(&path)?;
    let (size, orientation) = (small.source_size(), small.plan().orientation());
    let decoded = image::load_from_memory_with_format(small.bytes(), ImageFormat::Png);
    let rgba = decoded
        .expect("imgpost writes PNG that can be read")
        .into_rgba8();
    let is_transparent = rgba.pixels().any(|pixel| pixel.0[3] < u8::MAX);
    let [width, height] = [rgba.width(), rgba.height()].map(|side| side as usize);
    Ok(Preview {
        path,
        size,
        is_turned: orientation != 1,
        extension: match is_transparent {
            true => Extension::Png,
            false => Extension::Jpg,
        },
        pixels: ColorImage::from_rgba_unmultiplied([width, height], rgba.as_raw()),
    })
}

/// The name of a file without its folder, for the screen.
pub fn name(path: &Path) -> String {
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
    fn a_photo_on_its_side_stands_upright_and_whole() {
        let preview = open(fixture("lighthouse.jpg")).unwrap();
        assert_eq!(preview.size, Size::new(1200, 1600));
        assert!(preview.is_turned);
        assert_eq!(preview.pixels.size, [960, 1280]);
        assert_eq!(preview.extension, Extension::Jpg);
    }

    #[test]
    fn what_is_transparent_is_found_by_its_pixels() {
        let extension = |name| open(fixture(name)).unwrap().extension;
        assert_eq!(extension("alpha.png"), Extension::Png);
        assert_eq!(extension("opaque-alpha.png"), Extension::Jpg);
    }
}
