//! The uploaded images, from the table that the build script made.

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// An uploaded image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The path of its file in `assets/`, with slashes.
    pub name: &'static str,
    /// What `init_image_id` of a generation refers to.
    pub id: &'static str,
    /// The width it was uploaded with, in pixels.
    pub width: u32,
    /// The height it was uploaded with, in pixels.
    pub height: u32,
    /// What it was uploaded as.
    pub extension: &'static str,
}

/// The image of this name. In a constant, a name that there is not is an error of the compiler.
pub const fn asset(name: &str) -> Asset {
    let mut index = 0;
    while index < ASSETS.len() {
        if is_same(ASSETS[index].name, name) {
            return ASSETS[index];
        }
        index += 1;
    }
    panic!("no picture in assets/ has this name")
}

/// `==`, which cannot be used in a constant yet.
const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut index = 0;
    while index < a.len() && index < b.len() && a[index] == b[index] {
        index += 1;
    }
    index == a.len() && index == b.len()
}
