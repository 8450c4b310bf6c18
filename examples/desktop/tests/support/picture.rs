//! Pictures: those that are given to the program, and what of them is seen on the screen.

use std::path::{Path, PathBuf};

use image::{ImageBuffer, ImageFormat, Rgb, RgbImage, Rgba};
use imgpost::{Extension, Fit, Prepare};

/// A photo that lies on its side: upright, it has 1200x1600 pixels.
pub fn lighthouse() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/images/lighthouse.jpg")
}

/// A picture that no buffer swallows: 19 MB that a PNG cannot make smaller, of a size that is allowed as it is. It is
/// nearly transparent, so that it does not disturb who reads the screen.
pub fn noise(folder: &Path) -> PathBuf {
    let mut state = 1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let [red, green, blue, alpha] = [0, 16, 32, 48].map(|bits| (state >> bits) as u16);
        Rgba([red, green, blue, alpha % 4096])
    };
    let pixels = ImageBuffer::from_fn(1536, 1536, |_, _| next());
    let path = folder.join("noise.png");
    pixels.save_with_format(&path, ImageFormat::Png).unwrap();
    path
}

/// Where the picture is on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

/// The side of the window that has the picture, and nothing else on it.
pub const PANE: u32 = 578;

/// What differs from the ground of the pane, if anything does.
pub fn place(shot: &RgbImage) -> Option<Place> {
    let ground = shot.get_pixel(2, 2);
    let is_drawn = |x, y| shot.get_pixel(x, y) != ground;
    let columns: Vec<u32> = (0..PANE)
        .filter(|x| (0..shot.height()).any(|y| is_drawn(*x, y)))
        .collect();
    let rows: Vec<u32> = (0..shot.height())
        .filter(|y| (0..PANE).any(|x| is_drawn(x, *y)))
        .collect();
    let (left, top) = (*columns.first()?, *rows.first()?);
    Some(Place {
        left,
        top,
        width: columns.last()? - left + 1,
        height: rows.last()? - top + 1,
    })
}

fn difference(a: &Rgb<u8>, b: &Rgb<u8>) -> u32 {
    a.0.iter()
        .zip(b.0)
        .map(|(a, b)| u32::from(a.abs_diff(b)))
        .sum()
}

/// The mean difference of two pictures of one size, of 255.
pub fn mean_difference(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let all: u32 = a
        .pixels()
        .zip(b.pixels())
        .map(|(a, b)| difference(a, b))
        .sum();
    f64::from(all) / f64::from(a.width() * a.height() * 3)
}

/// The photo as a picture of this size, upright and whole.
pub fn upright(photo: &Path, width: u32, height: u32) -> RgbImage {
    let image = Prepare::default()
        .size(width, height)
        .fit(Fit::Fill)
        .extension(Extension::Png)
        .open(photo)
        .unwrap();
    image::load_from_memory(image.bytes()).unwrap().into_rgb8()
}

/// The rows of the picture that are as bright as they were in `whole`: those that are kept.
pub fn kept_rows(shot: &RgbImage, whole: &RgbImage, place: Place) -> Option<(u32, u32)> {
    let is_kept = |row: &u32| {
        let changed = |column: &u32| {
            let (x, y) = (place.left + column, place.top + row);
            difference(shot.get_pixel(x, y), whole.get_pixel(x, y)) > 12
        };
        // The frame and the mark are drawn over what is kept.
        (0..place.width).filter(changed).count() < place.width as usize / 4
    };
    let rows: Vec<u32> = (0..place.height).filter(is_kept).collect();
    Some((*rows.first()?, *rows.last()?))
}

/// How much of the bar is full, in pixels; nothing else on that side is of its colour while it is there.
pub fn bar(shot: &RgbImage) -> usize {
    let is_full = |(x, _, pixel): &(u32, u32, &Rgb<u8>)| *x > PANE && pixel.0 == [64, 132, 246];
    shot.enumerate_pixels().filter(is_full).count()
}
