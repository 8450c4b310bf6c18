//! The file extensions of the formats that are encoded, and their MIME types.

use std::fmt;
use std::str::FromStr;

/// The extension of an encoded image. It determines the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Extension {
    /// PNG: lossless, with transparency if the image has any.
    Png,
    /// JPEG: lossy; transparency is flattened onto the background.
    Jpg,
    /// JPEG under its other extension. Services that are sent an extension may distinguish the two.
    Jpeg,
    /// WebP: lossless, with transparency if the image has any. With the feature `webp-lossy` it is lossy below quality
    /// 100.
    Webp,
}

impl Extension {
    /// Every extension.
    pub const ALL: &[Self] = &[Self::Png, Self::Jpg, Self::Jpeg, Self::Webp];

    /// The extension in lower case, without a dot.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpg => "jpg",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
        }
    }

    /// The MIME type of the format, for example `image/jpeg`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpg | Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// Whether the format supports transparency.
    pub(crate) const fn has_alpha(self) -> bool {
        matches!(self, Self::Png | Self::Webp)
    }

    /// Whether a lower quality makes the file smaller.
    pub(crate) const fn is_jpeg(self) -> bool {
        matches!(self, Self::Jpg | Self::Jpeg)
    }

    pub(crate) const fn is_lossy(self) -> bool {
        match self {
            Self::Jpg | Self::Jpeg => true,
            Self::Png => false,
            Self::Webp => cfg!(feature = "webp-lossy"),
        }
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Extension {
    type Err = ParseExtensionError;

    /// Reads `png`, `jpg`, `jpeg` or `webp` in lower or upper case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|extension| extension.as_str().eq_ignore_ascii_case(text))
            .ok_or(ParseExtensionError)
    }
}

/// The text is no [`Extension`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseExtensionError;

impl fmt::Display for ParseExtensionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected png, jpg, jpeg or webp")
    }
}

impl std::error::Error for ParseExtensionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_extension_reads_back() {
        for extension in Extension::ALL {
            assert_eq!(extension.to_string().parse(), Ok(*extension));
            assert_eq!(extension.as_str().to_uppercase().parse(), Ok(*extension));
        }
        assert_eq!("gif".parse::<Extension>(), Err(ParseExtensionError));
        assert_eq!(".png".parse::<Extension>(), Err(ParseExtensionError));
    }
}
