//! The size that is asked for.

use std::fmt;
use std::str::FromStr;

use super::size::{AspectRatio, Size};

/// The size to prepare.
///
/// As text: `undistorted`, `within:1024x768`, `16:9` or `1024x768`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// The allowed size that suits the ratio of the image.
    #[default]
    Undistorted,
    /// As `Undistorted`, and no larger than this in either direction.
    Within(Size),
    /// The allowed size that suits this ratio.
    Aspect(AspectRatio),
    /// Exactly this size, whether it is allowed or not and even if the image has to be enlarged.
    Exact(Size),
}

const UNDISTORTED: &str = "undistorted";
const WITHIN: &str = "within:";

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undistorted => f.write_str(UNDISTORTED),
            Self::Within(size) => write!(f, "{WITHIN}{size}"),
            Self::Aspect(ratio) => ratio.fmt(f),
            Self::Exact(size) => size.fmt(f),
        }
    }
}

impl FromStr for Target {
    type Err = ParseTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == UNDISTORTED {
            return Ok(Self::Undistorted);
        }
        let target = if let Some(size) = text.strip_prefix(WITHIN) {
            size.parse().map(Self::Within)
        } else if text.contains(':') {
            text.parse().map(Self::Aspect)
        } else {
            text.parse().map(Self::Exact)
        };
        target.map_err(|_| ParseTargetError)
    }
}

/// The text is no [`Target`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseTargetError;

impl fmt::Display for ParseTargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected undistorted, within:1024x768, 16:9 or 1024x768")
    }
}

impl std::error::Error for ParseTargetError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_reads_back() {
        let size = Size::new(1024, 768);
        for target in [
            Target::Undistorted,
            Target::Within(size),
            Target::Aspect(AspectRatio::new(16, 9)),
            Target::Exact(size),
        ] {
            assert_eq!(target.to_string().parse(), Ok(target));
        }
        for bad in [
            "",
            "within",
            "within:",
            "within:16:9",
            "0x1",
            "16:0",
            "undistorted ",
        ] {
            assert_eq!(bad.parse::<Target>(), Err(ParseTargetError), "{bad}");
        }
    }
}
