//! Promise: any bytes are rejected in a line or become an image of the size and format that were promised, which another
//! decoder reads; the same from a file as from memory; within the limits.

#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use image::ImageFormat;
use imgpost::{
    Bounds, ChromaSubsampling, Extension, Fit, Gravity, Limits, PrepareError, PrepareOptions,
    PreparedImage, Size,
};
use imgpost_fuzz::assert_printable;
use libfuzzer_sys::fuzz_target;

/// Small, so that many images are tried in a second.
const LIMITS: Limits = Limits::DEFAULT
    .with_max_pixels(64 * 64)
    .with_max_input_bytes(1 << 20)
    .with_max_alloc(1 << 18);

// The file, then the options in four bytes: a seed is an image that any program shows.
fuzz_target!(|data: &[u8]| {
    let Some((file, asked)) = data.split_last_chunk() else {
        return;
    };
    let asked = Asked::read(asked);
    let prepare = asked.prepare();
    let prepared = prepare.prepare_bytes(file);
    match &prepared {
        Ok(image) => check(image, &asked, file),
        Err(error) => assert_printable(error),
    }
    if asked.from_file {
        std::fs::write(path(), file).unwrap();
        assert_same(&prepared, &prepare.open(path()));
        let plan = prepare.plan(path());
        if let (Ok(plan), Ok(image), None) = (plan, &prepared, asked.max_bytes) {
            assert_eq!(plan, *image.plan());
        }
    }
    if let Ok(image) = &prepared
        && asked.with_mask
    {
        let mask = image.mask_options().limits(LIMITS).prepare_bytes(file);
        assert_eq!(mask.unwrap().size(), image.size());
    }
});

/// Options, each out of a few bits.
struct Asked {
    size: Size,
    target: u8,
    fit: Fit,
    gravity: Gravity,
    extension: Option<Extension>,
    quality: u8,
    max_bytes: Option<u64>,
    from_file: bool,
    with_mask: bool,
}

impl Asked {
    fn read(&[a, b, c, d]: &[u8; 4]) -> Self {
        Self {
            size: Size::new(1 + u32::from(c % 64), 1 + u32::from(d % 64)),
            target: a % 4,
            fit: [Fit::Cover, Fit::Contain, Fit::Fill, Fit::Inside][usize::from(a >> 2) % 4],
            gravity: match a & 0x10 {
                0 => Gravity::Center,
                _ => Gravity::Southeast,
            },
            extension: [
                None,
                Some(Extension::Png),
                Some(Extension::Jpeg),
                Some(Extension::Webp),
            ][usize::from(b % 4)],
            quality: [1, 50, 90, 100][usize::from(b >> 2) % 4],
            max_bytes: (b & 0x10 != 0).then_some(600),
            from_file: a & 0x20 != 0,
            with_mask: a & 0x40 != 0,
        }
    }

    fn prepare(&self) -> PrepareOptions {
        let Size { width, height } = self.size;
        let bounds = Bounds::square(1, 64, 1);
        let mut prepare = PrepareOptions::default().limits(LIMITS).bounds(bounds);
        prepare = match self.target {
            0 => prepare,
            1 => prepare.size(width, height),
            2 => prepare.within(width, height),
            _ => prepare.aspect(width, height),
        };
        prepare = prepare
            .fit(self.fit)
            .gravity(self.gravity)
            .quality(self.quality);
        if self.quality == 100 {
            prepare = prepare
                .chroma_subsampling(ChromaSubsampling::Cs444)
                .optimize_coding(true);
        }
        if let Some(extension) = self.extension {
            prepare = prepare.extension(extension);
        }
        match self.max_bytes {
            Some(max_bytes) => prepare.max_bytes(max_bytes).allow_shrinking(true),
            None => prepare,
        }
    }
}

fn check(image: &PreparedImage, asked: &Asked, file: &[u8]) {
    let size = image.size();
    assert_eq!(size, image.plan().size());
    assert!(image.source_size().area() <= LIMITS.max_pixels && size.area() <= LIMITS.max_pixels);
    let format = match image.extension() {
        Extension::Png => ImageFormat::Png,
        Extension::Jpg | Extension::Jpeg => ImageFormat::Jpeg,
        Extension::Webp => ImageFormat::WebP,
        other => panic!("{other} is a new format"),
    };
    assert_eq!(image::guess_format(image.bytes()).unwrap(), format);
    match (image.is_unchanged(), format) {
        // Decoders differ in what damage they bear, so this goes by the crate's own.
        (true, ImageFormat::Jpeg) => {
            let again = PrepareOptions::default()
                .limits(LIMITS)
                .extension(Extension::Png);
            again
                .size(size.width, size.height)
                .prepare_bytes(file)
                .unwrap();
        }
        _ => {
            let decoded = image::load_from_memory_with_format(image.bytes(), format).unwrap();
            assert_eq!(decoded.width(), size.width);
            assert_eq!(decoded.height(), size.height);
        }
    }
    assert!(
        asked
            .extension
            .is_none_or(|extension| extension == image.extension())
    );
    if image.is_unchanged() {
        assert_eq!(image.bytes(), file);
    }
    let Size { width, height } = asked.size;
    match (asked.target, asked.max_bytes) {
        (_, Some(max_bytes)) => assert!(image.bytes().len() as u64 <= max_bytes),
        (1, None) if !matches!(asked.fit, Fit::Inside) => assert_eq!(size, asked.size),
        (1 | 2, None) => assert!(size.width <= width && size.height <= height),
        _ => assert!(size.width <= 64 && size.height <= 64),
    }
    let plan = image.plan();
    let (crop, region, source) = (plan.crop(), plan.image_region(), image.source_size());
    assert!(crop.left + crop.width <= source.width && crop.top + crop.height <= source.height);
    assert!(region.left + region.width <= size.width && region.top + region.height <= size.height);
}

fn assert_same(
    one: &Result<PreparedImage, PrepareError>,
    other: &Result<PreparedImage, PrepareError>,
) {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            assert!(one.bytes() == other.bytes() && one.plan() == other.plan());
            assert_eq!(one.extension(), other.extension());
        }
        (Err(_), Err(error)) => assert_printable(error),
        _ => panic!("from memory {one:?}, from a file {other:?}"),
    }
}

/// A file of this process.
fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| std::env::temp_dir().join(format!("imgpost-fuzz-{}", std::process::id())))
}
