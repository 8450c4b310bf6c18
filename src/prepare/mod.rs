//! From a file a user has to the image a presigned form is waiting for.

mod color;
mod decode;
mod encode;
mod error;
mod raster;
mod render;

use std::fmt;
use std::path::Path;
use std::time::Instant;

use crate::extension::Extension;
use crate::geometry::{AspectRatio, Bounds, Fit, Resize, Size, Target};

pub use error::{PrepareError, PrepareErrorKind};

/// How an image is prepared: which size, which format.
///
/// The defaults give the upright, undistorted picture, both sides a multiple of 8 between 32 and 1536 pixels, as a
/// JPEG of quality 90, or as a PNG where it has transparency.
///
/// ```no_run
/// use imgpost::{Extension, Prepare};
///
/// let image = Prepare::default()
///     .size(1024, 768)
///     .extension(Extension::Jpg)
///     .open("photo.jpg")?;
/// println!("{} {}: {} bytes", image.size(), image.extension(), image.bytes().len());
/// # Ok::<(), imgpost::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Prepare {
    resize: Resize,
    extension: Option<Extension>,
    quality: u8,
    background: [u8; 3],
}

impl Default for Prepare {
    fn default() -> Self {
        Self {
            resize: Resize {
                target: Target::default(),
                bounds: Bounds::LEONARDO_V1,
                fit: Fit::default(),
                without_enlargement: false,
            },
            extension: None,
            quality: 90,
            background: [255; 3],
        }
    }
}

impl Prepare {
    /// What size to make. Default: [`Target::Undistorted`].
    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        self.resize.target = target;
        self
    }

    /// Exactly this size in pixels: short for [`Target::Exact`].
    #[must_use]
    pub fn size(self, width: u32, height: u32) -> Self {
        self.target(Target::Exact(Size::new(width, height)))
    }

    /// The largest allowed size of this ratio: short for [`Target::Aspect`].
    #[must_use]
    pub fn aspect(self, width: u32, height: u32) -> Self {
        self.target(Target::Aspect(AspectRatio::new(width, height)))
    }

    /// At most this size in pixels, never enlarged: short for [`Target::Within`].
    #[must_use]
    pub fn within(self, width: u32, height: u32) -> Self {
        self.target(Target::Within(Size::new(width, height)))
    }

    /// The sizes that are allowed, unless the target is exact. Default: [`Bounds::LEONARDO_V1`].
    #[must_use]
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.resize.bounds = bounds;
        self
    }

    /// What happens to a picture of another ratio. Default: [`Fit::Cover`].
    #[must_use]
    pub fn fit(mut self, fit: Fit) -> Self {
        self.resize.fit = fit;
        self
    }

    /// Whether a picture smaller than the target keeps its size. Default: false.
    #[must_use]
    pub fn without_enlargement(mut self, without: bool) -> Self {
        self.resize.without_enlargement = without;
        self
    }

    /// The format to encode. Default: `jpg`, or `png` where the picture has transparency.
    #[must_use]
    pub fn extension(mut self, extension: Extension) -> Self {
        self.extension = Some(extension);
        self
    }

    /// The quality of a JPEG, 1 (smallest) to 100 (best). Default: 90. Values outside are moved to the nearer end.
    #[must_use]
    pub fn quality(mut self, quality: u8) -> Self {
        self.quality = quality.clamp(1, 100);
        self
    }

    /// The colour under transparency in a JPEG, and around the picture with [`Fit::Contain`]: red, green, blue.
    /// Default: white.
    #[must_use]
    pub fn background(mut self, rgb: [u8; 3]) -> Self {
        self.background = rgb;
        self
    }

    /// Prepares the image in the file at `path`. The format is told by content, never by the name.
    ///
    /// # Errors
    ///
    /// [`PrepareError`] when the file cannot be read, is no JPEG, PNG or WebP, is damaged or truncated, or when no
    /// size can be given for what was asked.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<PreparedImage, PrepareError> {
        let path = path.as_ref();
        let prepare = || {
            let bytes = std::fs::read(path).map_err(PrepareErrorKind::Read)?;
            let mut image = self.run(&bytes)?;
            if let Some(stem) = path.file_stem() {
                image.stem = ascii_stem(&stem.to_string_lossy());
            }
            Ok(image)
        };
        prepare().map_err(|kind| PrepareError::new(kind, Some(path)))
    }

    /// Prepares the image in `bytes`, the content of a JPEG, PNG or WebP file.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn bytes(&self, bytes: impl AsRef<[u8]>) -> Result<PreparedImage, PrepareError> {
        self.run(bytes.as_ref())
            .map_err(|kind| PrepareError::new(kind, None))
    }

    fn run(&self, bytes: &[u8]) -> Result<PreparedImage, PrepareErrorKind> {
        let started = Instant::now();
        let source = decode::Source::read_header(bytes)?;
        let placement = self.resize.plan(source.upright_size())?;
        decode::check_pixels(placement.canvas)?;
        let (source_size, orientation) = (source.upright_size(), source.orientation());
        let decoded = source.decode(&placement)?;
        let mut raster = render::render(decoded, &placement, self.background)?;
        let extension = self.extension.unwrap_or(match raster.has_alpha() {
            true => Extension::Png,
            false => Extension::Jpg,
        });
        if !extension.has_alpha() {
            raster = render::flatten(raster, self.background);
        }
        let bytes = encode::encode(&raster, extension, self.quality)?;
        log::debug!(
            "prepared {source_size} (orientation {}) as {} {extension}, {} bytes, in {:?}",
            orientation.to_exif(),
            raster.size,
            bytes.len(),
            started.elapsed(),
        );
        Ok(PreparedImage {
            bytes,
            extension,
            size: raster.size,
            source_size,
            stem: String::from("image"),
        })
    }
}

/// An image ready to be posted: encoded bytes that are what their extension says.
#[derive(Clone, PartialEq, Eq)]
pub struct PreparedImage {
    bytes: Vec<u8>,
    extension: Extension,
    size: Size,
    source_size: Size,
    stem: String,
}

impl PreparedImage {
    /// The encoded file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The encoded file, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The extension to declare for it.
    pub fn extension(&self) -> Extension {
        self.extension
    }

    /// Its size in pixels: the `width` and `height` to ask of a generation.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The size in pixels the picture had when held upright, before anything was done to it.
    pub fn source_size(&self) -> Size {
        self.source_size
    }

    /// A name for it: the name of the file it came from, or `image`, in plain ASCII and with the right extension.
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.stem, self.extension)
    }
}

impl fmt::Debug for PreparedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedImage")
            .field("extension", &self.extension)
            .field("size", &self.size)
            .field("source_size", &self.source_size)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Storage servers disagree about file names beyond plain ASCII, so anything else becomes an underscore.
fn ascii_stem(stem: &str) -> String {
    let plain = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => c,
        _ => '_',
    };
    stem.chars().take(100).map(plain).collect()
}
