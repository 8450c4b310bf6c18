//! The resolution to choose among listed sizes.

use std::fmt;
use std::str::FromStr;

/// How many pixels to choose where sizes of one ratio are listed at several resolutions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resolution {
    /// About 1024×1024 pixels in any ratio.
    OneK,
    /// About 2048×2048 pixels in any ratio.
    TwoK,
    /// About 4096×4096 pixels in any ratio.
    FourK,
}

impl Resolution {
    /// Every resolution, the smallest first.
    pub const ALL: &[Self] = &[Self::OneK, Self::TwoK, Self::FourK];

    /// The name: `1k`, `2k` or `4k`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneK => "1k",
            Self::TwoK => "2k",
            Self::FourK => "4k",
        }
    }

    /// The most pixels that count as this resolution. Published sizes exceed the square by up to a tenth.
    pub(super) const fn pixels(self) -> u64 {
        let side: u64 = match self {
            Self::OneK => 1024,
            Self::TwoK => 2048,
            Self::FourK => 4096,
        };
        side * side * 5 / 4
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Resolution {
    type Err = ParseResolutionError;

    /// Reads `1k`, `2k` or `4k` in lower or upper case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.iter().copied();
        all.find(|resolution| resolution.as_str().eq_ignore_ascii_case(text))
            .ok_or(ParseResolutionError)
    }
}

/// The text is no resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseResolutionError;

impl fmt::Display for ParseResolutionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected 1k, 2k or 4k")
    }
}

impl std::error::Error for ParseResolutionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resolution_reads_back() {
        for resolution in Resolution::ALL {
            assert_eq!(resolution.to_string().parse(), Ok(*resolution));
            assert_eq!(
                resolution.to_string().to_uppercase().parse(),
                Ok(*resolution)
            );
        }
        assert_eq!("8k".parse::<Resolution>(), Err(ParseResolutionError));
    }
}
