//! Sizes, rectangles and ratios, and their text forms.

use std::fmt;
use std::str::FromStr;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Size {
    /// A size of `width` × `height` pixels.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Number of pixels.
    pub const fn area(self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// The size with width and height exchanged.
    pub(crate) const fn transposed(self) -> Self {
        Self::new(self.height, self.width)
    }

    /// Both sides limited to those of `max`.
    pub(super) fn at_most(self, max: Self) -> Self {
        Self::new(self.width.min(max.width), self.height.min(max.height))
    }

    /// Both sides raised to those of `min`.
    pub(super) fn at_least(self, min: Self) -> Self {
        Self::new(self.width.max(min.width), self.height.max(min.height))
    }

    pub(super) const fn fits_in(self, outer: Self) -> bool {
        self.width <= outer.width && self.height <= outer.height
    }

    pub(super) const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Size {
    type Err = ParsePairError;

    /// Reads `WxH`, for example `1024x768`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (width, height) = parse_pair(text, 'x', "1024x768")?;
        Ok(Self { width, height })
    }
}

/// A rectangle of pixels within an image, measured from its top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    /// Distance in pixels from the left edge of the image.
    pub left: u32,
    /// Distance in pixels from the top edge of the image.
    pub top: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Region {
    pub(crate) const fn new(left: u32, top: u32, size: Size) -> Self {
        let Size { width, height } = size;
        Self {
            left,
            top,
            width,
            height,
        }
    }

    /// Width and height.
    pub const fn size(self) -> Size {
        Size::new(self.width, self.height)
    }
}

/// A ratio of width to height, such as 16:9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AspectRatio {
    /// The part of the width.
    pub width: u32,
    /// The part of the height.
    pub height: u32,
}

impl AspectRatio {
    /// The ratio `width` : `height`.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }
}

impl From<Size> for AspectRatio {
    fn from(size: Size) -> Self {
        Self::new(size.width, size.height)
    }
}

impl fmt::Display for AspectRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.width, self.height)
    }
}

impl FromStr for AspectRatio {
    type Err = ParsePairError;

    /// Reads `W:H`, for example `16:9`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (width, height) = parse_pair(text, ':', "16:9")?;
        Ok(Self { width, height })
    }
}

fn parse_pair(
    text: &str,
    separator: char,
    example: &'static str,
) -> Result<(u32, u32), ParsePairError> {
    let error = ParsePairError { example };
    let (first, second) = text.split_once(separator).ok_or(error)?;
    let number = |part: &str| part.parse().ok().filter(|n| *n > 0).ok_or(error);
    Ok((number(first)?, number(second)?))
}

/// The text is not two whole numbers above zero with the expected separator between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsePairError {
    example: &'static str,
}

impl fmt::Display for ParsePairError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected two whole numbers above zero, for example {}",
            self.example
        )
    }
}

impl std::error::Error for ParsePairError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ratios_are_parsed() {
        assert_eq!("1024x768".parse(), Ok(Size::new(1024, 768)));
        assert_eq!("16:9".parse(), Ok(AspectRatio::new(16, 9)));
        for bad in [
            "", "1024", "1024x", "x768", "0x768", "-1x768", "1024*768", "1e3x768",
        ] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }
}
