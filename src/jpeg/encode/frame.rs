//! What is encoded: the size of an image, its components and the blocks they consist of.

use std::fmt;

/// The components of a file and how many samples of color it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sampling {
    /// One component.
    Gray,
    /// YCbCr with one sample of color for two by two pixels.
    Cs420,
    /// YCbCr with one sample of color for two pixels of a row.
    #[cfg_attr(not(test), allow(dead_code, reason = "the options have no 4:2:2"))]
    Cs422,
    /// YCbCr with one sample of color for every pixel.
    Cs444,
}

impl Sampling {
    /// The number of components: 1 or 3.
    pub fn components(self) -> usize {
        if self == Self::Gray { 1 } else { 3 }
    }

    /// How many samples `component` has in an MCU, horizontally and vertically, in blocks.
    pub(super) fn factors(self, component: usize) -> (usize, usize) {
        match (self, component) {
            (Self::Cs420, 0) => (2, 2),
            (Self::Cs422, 0) => (2, 1),
            _ => (1, 1),
        }
    }
}

/// The size of an image in pixels and its sampling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    width: u16,
    height: u16,
    sampling: Sampling,
}

/// The format cannot express such a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidSize {
    width: u32,
    height: u32,
}

impl fmt::Display for InvalidSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { width, height } = self;
        write!(
            f,
            "a JPEG is 1 to 65535 pixels wide and high, not {width}x{height}; choose a smaller size or another format"
        )
    }
}

impl std::error::Error for InvalidSize {}

impl Frame {
    /// # Errors
    ///
    /// A side is 0 or more than 65535.
    pub fn new(width: u32, height: u32, sampling: Sampling) -> Result<Self, InvalidSize> {
        let side = |n| u16::try_from(n).ok().filter(|n| *n > 0);
        let (Some(w), Some(h)) = (side(width), side(height)) else {
            return Err(InvalidSize { width, height });
        };
        Ok(Self {
            width: w,
            height: h,
            sampling,
        })
    }

    /// In pixels.
    pub fn width(&self) -> usize {
        self.width.into()
    }

    /// In pixels.
    pub fn height(&self) -> usize {
        self.height.into()
    }

    pub fn sampling(&self) -> Sampling {
        self.sampling
    }

    /// The width and height of a component in samples: rounded up where it has fewer than the image has pixels.
    pub fn plane_size(&self, component: usize) -> (usize, usize) {
        let (most_across, most_down) = self.sampling.factors(0);
        let (across, down) = self.sampling.factors(component);
        (
            self.width().div_ceil(most_across / across),
            self.height().div_ceil(most_down / down),
        )
    }

    /// How many MCUs lie beside and above one another.
    pub(super) fn mcus(&self) -> (usize, usize) {
        let (across, down) = self.sampling.factors(0);
        (
            self.width().div_ceil(8 * across),
            self.height().div_ceil(8 * down),
        )
    }

    /// The blocks of `component` in a row of MCUs: how many lie beside and above one another.
    pub(super) fn blocks(&self, component: usize) -> (usize, usize) {
        let (across, down) = self.sampling.factors(component);
        (self.mcus().0 * across, down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_rounded_up_and_mcus_cover_them() {
        let frame = Frame::new(33, 17, Sampling::Cs420).unwrap();
        assert_eq!(
            [0, 1, 2].map(|n| frame.plane_size(n)),
            [(33, 17), (17, 9), (17, 9)]
        );
        assert_eq!(frame.mcus(), (3, 2));
        assert_eq!([0, 1].map(|n| frame.blocks(n)), [(6, 2), (3, 1)]);
        let frame = Frame::new(33, 17, Sampling::Cs422).unwrap();
        assert_eq!([0, 1].map(|n| frame.plane_size(n)), [(33, 17), (17, 17)]);
        assert_eq!(frame.mcus(), (3, 3));
    }

    #[test]
    fn sizes_the_format_cannot_express_are_refused() {
        for (width, height) in [(0, 1), (1, 0), (65536, 1), (1, 65536)] {
            let error = Frame::new(width, height, Sampling::Gray).unwrap_err();
            assert!(
                error.to_string().contains(&format!("{width}x{height}")),
                "{error}"
            );
        }
        assert!(Frame::new(65535, 65535, Sampling::Cs420).is_ok());
    }
}
