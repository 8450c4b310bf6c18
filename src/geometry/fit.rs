//! How an image fills a size of another ratio.

use std::fmt;
use std::str::FromStr;

/// How an image fills a size of another aspect ratio. The names are those of sharp and CSS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fit {
    /// Keep the ratio and fill the size; [`Gravity`](crate::Gravity) chooses the part that is kept.
    #[default]
    Cover,
    /// Keep the ratio and show the whole image; the rest of the size is background. [`Gravity`](crate::Gravity) chooses
    /// where the image lies.
    Contain,
    /// Stretch the image to the size, which distorts it.
    Fill,
    /// Keep the ratio and shrink the size to the image.
    Inside,
}

impl Fit {
    /// Every fit.
    pub const ALL: &[Self] = &[Self::Cover, Self::Contain, Self::Fill, Self::Inside];

    /// The name, for example `cover`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cover => "cover",
            Self::Contain => "contain",
            Self::Fill => "fill",
            Self::Inside => "inside",
        }
    }
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Fit {
    type Err = ParseFitError;

    /// Reads `cover`, `contain`, `fill` or `inside`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.iter().copied();
        all.find(|fit| fit.as_str() == text).ok_or(ParseFitError)
    }
}

/// The text is no [`Fit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseFitError;

impl fmt::Display for ParseFitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected cover, contain, fill or inside")
    }
}

impl std::error::Error for ParseFitError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fit_reads_back() {
        for fit in Fit::ALL {
            assert_eq!(fit.to_string().parse(), Ok(*fit));
        }
        assert_eq!("stretch".parse::<Fit>(), Err(ParseFitError));
    }
}
