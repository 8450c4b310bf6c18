//! Promise: the encoded file has the requested quality and chroma subsampling and at most the requested bytes. A file that
//! already meets the request is returned unchanged.

use imgpost::{
    ChromaSubsampling, Extension, Fit, PrepareErrorKind, PrepareOptions, PreparedImage, Size,
};

use crate::support::{files, fixture};

fn lighthouse(prepare: &PrepareOptions) -> PreparedImage {
    prepare.open(fixture("images/lighthouse.jpg")).unwrap()
}

#[test]
fn quality_chroma_and_tables_change_the_length() {
    let size = PrepareOptions::default()
        .size(600, 800)
        .extension(Extension::Jpg);
    let bytes = |prepare: &PrepareOptions| lighthouse(prepare).bytes().len();
    let default = bytes(&size);
    let optimized = bytes(&size.clone().optimize_coding(true));
    let full_chroma = size.clone().chroma_subsampling(ChromaSubsampling::Cs444);
    assert_eq!(default, bytes(&size.clone().quality(90)));
    assert!(bytes(&size.clone().quality(50)) < default / 2);
    assert!(bytes(&size.clone().quality(100)) > default);
    assert!(optimized < default, "{optimized} {default}");
    assert!(bytes(&full_chroma) > default);
    // The sampling factors of the first component: ITU-T T.81, B.2.2.
    for (prepare, factors) in [(&size, 0x22), (&full_chroma, 0x11)] {
        let image = lighthouse(prepare);
        let frame = memchr::memmem::find(image.bytes(), b"\xFF\xC0").unwrap();
        assert_eq!(image.bytes()[frame + 11], factors);
    }
}

#[test]
fn max_bytes_selects_the_best_quality_that_fits() {
    for optimize in [false, true] {
        // From planes, and from pixels because of the background.
        for size in [Size::new(112, 144), Size::new(112, 112)] {
            let options = PrepareOptions::default()
                .size(size.width, size.height)
                .fit(Fit::Contain)
                .optimize_coding(optimize);
            let prepare = |options: &PrepareOptions| {
                let image = options.open(fixture("images/restart.jpg")).unwrap();
                assert_eq!(image.size(), size);
                image.into_bytes()
            };
            let qualities: Vec<Vec<u8>> = (1..=90)
                .map(|quality| prepare(&options.clone().quality(quality)))
                .collect();
            for max_bytes in [4000, 2500, 1500] {
                let bytes = prepare(&options.clone().max_bytes(max_bytes as u64));
                // The next better quality does not fit, or is better than requested.
                let quality = qualities.iter().rposition(|same| *same == bytes).unwrap();
                assert!(bytes.len() <= max_bytes);
                assert!(quality == 89 || qualities[quality + 1].len() > max_bytes);
            }
            let enough = prepare(&options.max_bytes(10_000_000));
            assert_eq!(enough, qualities[89]);
        }
    }
}

#[test]
fn limit_that_cannot_be_met_is_an_error_unless_the_image_may_shrink() {
    let photo = fixture("images/lighthouse.jpg");
    for extension in Extension::ALL.iter().copied() {
        // A smaller one of a lossy format would fit at its lowest quality.
        let size = match extension {
            Extension::Png => Size::new(300, 400),
            _ => Size::new(600, 800),
        };
        let small = imgpost::leonardo::prepare().within(size.width, size.height);
        let prepare = small.extension(extension).max_bytes(3000);
        let error = prepare.open(&photo).unwrap_err();
        let PrepareErrorKind::DoesNotFit {
            bytes,
            max_bytes: 3000,
            ..
        } = error.kind()
        else {
            panic!("{error:?}");
        };
        assert!(*bytes > 3000);
        let image = prepare.allow_shrinking(true).open(&photo).unwrap();
        let Size { width, height } = image.size();
        assert!(
            image.bytes().len() <= 3000,
            "{extension}: {}",
            image.bytes().len()
        );
        assert!(
            width % 8 == 0 && height % 8 == 0 && width >= 32,
            "{width}x{height}"
        );
        let ratio = f64::from(width) / f64::from(height);
        assert!(
            (0.6..0.9).contains(&ratio),
            "{width}x{height} is another image"
        );
        assert_eq!(image.size(), image.plan().size());
    }
    for (impossible, path) in [(10, photo), (0, fixture("tiny/rgb.png"))] {
        let prepare = PrepareOptions::default().max_bytes(impossible);
        let error = prepare.allow_shrinking(true).open(path).unwrap_err();
        assert!(matches!(
            error.kind(),
            PrepareErrorKind::DoesNotFit { max_bytes, .. } if *max_bytes == impossible
        ));
    }
}

#[test]
fn file_that_meets_the_request_is_unchanged() {
    let mut unchanged = Vec::new();
    for path in files("images") {
        let bytes = std::fs::read(&path).unwrap();
        let upright = PrepareOptions::default().plan(&path).unwrap().source_size();
        for extension in Extension::ALL.iter().copied() {
            let prepare = PrepareOptions::default()
                .size(upright.width, upright.height)
                .extension(extension);
            let image = prepare.open(&path).unwrap();
            assert_eq!(image.is_unchanged(), image.bytes() == bytes, "{path:?}");
            if image.is_unchanged() && extension != Extension::Jpeg {
                unchanged.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    unchanged.sort();
    assert_eq!(
        unchanged,
        [
            "alpha.png",
            "alpha.webp",
            "chroma-422.jpg",
            "chroma-444.jpg",
            "gray-1-bit.png",
            "gray-2-bit.png",
            "gray-4-bit.png",
            "gray-alpha.png",
            "gray-progressive.jpg",
            "gray-transparent.png",
            "gray.jpg",
            "interlaced-alpha.png",
            "interlaced.png",
            "lossy-alpha.webp",
            "lossy.webp",
            "opaque-alpha.png",
            "palette-2-bit.png",
            "palette-transparent.png",
            "palette.png",
            "progressive.jpg",
            "restart.jpg",
            "rgb-transparent-color.png",
        ]
    );
}

#[test]
fn unchanged_file_is_complete_within_the_limit_and_has_its_own_extension() {
    let bytes = std::fs::read(fixture("images/restart.jpg")).unwrap();
    let prepare = PrepareOptions::default().size(120, 160);
    let image = prepare.prepare_bytes(&bytes).unwrap();
    assert!(image.is_unchanged());
    assert_eq!(image.extension(), Extension::Jpg);
    assert!(
        !prepare
            .clone()
            .size(112, 160)
            .prepare_bytes(&bytes)
            .unwrap()
            .is_unchanged()
    );
    let fewer = prepare
        .clone()
        .max_bytes(bytes.len() as u64 - 1)
        .prepare_bytes(&bytes)
        .unwrap();
    assert!(!fewer.is_unchanged() && fewer.bytes().len() < bytes.len());
    // The end is there and the middle is not.
    let torn = [&bytes[..bytes.len() / 2], &bytes[bytes.len() - 2..]].concat();
    assert!(prepare.prepare_bytes(&torn).is_err());
    // Nobody asked for a PNG, and the image is opaque.
    let png = prepare.open(fixture("images/interlaced.png")).unwrap();
    assert_eq!(png.extension(), Extension::Jpg);
}
