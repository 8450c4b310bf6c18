//! The file extensions the API accepts and the MIME types that belong to them.

use std::fmt;
use std::str::FromStr;

/// The extension declared for an image, which decides the format it is encoded in.
///
/// These four are what `POST /v1/init-image` accepts
/// ([API reference](https://docs.leonardo.ai/reference/uploadinitimage)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extension {
    /// PNG, lossless, with transparency where the image has it.
    Png,
    /// JPEG; transparency is flattened onto the background.
    Jpg,
    /// JPEG under its other spelling. The API keeps the two apart, so they are kept apart here.
    Jpeg,
    /// WebP, lossless, with transparency where the image has it.
    Webp,
}

impl Extension {
    /// Every extension there is.
    pub const ALL: [Self; 4] = [Self::Png, Self::Jpg, Self::Jpeg, Self::Webp];

    /// The extension as it is declared to the API: lower case, without a dot.
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

    /// Whether the format can hold transparency.
    pub(crate) const fn has_alpha(self) -> bool {
        matches!(self, Self::Png | Self::Webp)
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Extension {
    type Err = ParseExtensionError;

    /// Reads `png`, `jpg`, `jpeg` or `webp` in any capitalisation.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|extension| extension.as_str().eq_ignore_ascii_case(text))
            .ok_or(ParseExtensionError)
    }
}

/// An extension other than `png`, `jpg`, `jpeg` and `webp`.
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
            assert_eq!(extension.to_string().parse(), Ok(extension));
            assert_eq!(extension.as_str().to_uppercase().parse(), Ok(extension));
        }
        assert_eq!("gif".parse::<Extension>(), Err(ParseExtensionError));
        assert_eq!(".png".parse::<Extension>(), Err(ParseExtensionError));
    }
}
