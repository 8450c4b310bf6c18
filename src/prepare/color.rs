//! Converts the colours of an embedded profile to sRGB, which is what a file without a profile is taken for.

use std::borrow::Cow;

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::raster::Raster;

/// Converts `raster` from the colours of the ICC profile `icc` to sRGB.
///
/// A profile that cannot be used is no reason to refuse a picture: its colours are then left as they are, as
/// browsers do.
pub(super) fn to_srgb(raster: Raster, icc: Option<&[u8]>) -> Raster {
    let Some(icc) = icc else { return raster };
    match ColorProfile::new_from_slice(icc) {
        Ok(profile) => convert(raster, &profile),
        Err(error) => {
            log::warn!("the colour profile is left out of account: {error}");
            raster
        }
    }
}

fn convert(raster: Raster, profile: &ColorProfile) -> Raster {
    let layout = match raster.has_alpha() {
        true => Layout::Rgba,
        false => Layout::Rgb,
    };
    // A gray picture has three equal channels here, and its profile knows one.
    let (source, source_layout) = match profile.color_space {
        DataColorSpace::Rgb => (Cow::from(&raster.pixels), layout),
        DataColorSpace::Gray => {
            let pixels = raster.pixels.chunks_exact(raster.channels);
            match layout {
                Layout::Rgba => (
                    pixels.flat_map(|p| [p[0], p[3]]).collect(),
                    Layout::GrayAlpha,
                ),
                _ => (pixels.map(|p| p[0]).collect(), Layout::Gray),
            }
        }
        other => {
            log::warn!(
                "a colour profile for {other:?} does not fit the picture and is left out of account"
            );
            return raster;
        }
    };
    let srgb = ColorProfile::new_srgb();
    let mut converted = vec![0; raster.pixels.len()];
    let transformed = profile
        .create_transform_8bit(source_layout, &srgb, layout, TransformOptions::default())
        .and_then(|transform| transform.transform(&source, &mut converted));
    match transformed {
        Ok(()) => Raster::new(raster.size, converted, raster.channels),
        Err(error) => {
            log::warn!("the colour profile is left out of account: {error}");
            raster
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    fn pixel(rgb: &[u8], icc: Option<&[u8]>) -> Vec<u8> {
        let channels = rgb.len();
        to_srgb(Raster::new(Size::new(1, 1), rgb.to_vec(), channels), icc).pixels
    }

    #[test]
    fn wide_colours_become_srgb() {
        let p3 = ColorProfile::new_display_p3().encode().unwrap();
        // By the matrices of CSS Color 4.
        let converted = pixel(&[200, 100, 50], Some(&p3));
        for (found, expected) in converted.iter().zip([215_u8, 93, 31]) {
            assert!(found.abs_diff(expected) <= 3, "{converted:?}");
        }
        let with_alpha = pixel(&[200, 100, 50, 77], Some(&p3));
        assert_eq!(with_alpha[3], 77);
        assert_eq!(with_alpha[..3], converted);
    }

    #[test]
    fn gray_follows_its_own_curve() {
        let linear = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        let converted = pixel(&[55, 55, 55], Some(&linear));
        assert!(
            converted.iter().all(|value| value.abs_diff(128) <= 2),
            "{converted:?}"
        );
    }

    #[test]
    fn srgb_stays_and_what_is_no_profile_changes_nothing() {
        let srgb = ColorProfile::new_srgb().encode().unwrap();
        let stayed = pixel(&[200, 100, 50], Some(&srgb));
        assert!(
            stayed
                .iter()
                .zip([200_u8, 100, 50])
                .all(|(a, b)| a.abs_diff(b) <= 1),
            "{stayed:?}"
        );
        assert_eq!(
            pixel(&[200, 100, 50], Some(b"not a profile")),
            [200, 100, 50]
        );
        assert_eq!(pixel(&[200, 100, 50], None), [200, 100, 50]);
    }
}
