//! Converts what a file says of its colors to sRGB, which is what a file that says nothing is taken for.

use moxcms::{
    CicpColorPrimaries, CicpProfile, ColorProfile, DataColorSpace, Layout, MatrixCoefficients,
    ToneReprCurve, TransferCharacteristics, TransformOptions,
};

use super::codec;
use super::raster::{Color, Raster};

/// What a file says of its colors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum ColorSpace {
    /// Nothing, or that they are sRGB.
    #[default]
    Srgb,
    /// An ICC profile.
    Icc(Vec<u8>),
    /// The four numbers of a PNG's cICP chunk (ITU-T H.273): primaries, transfer, matrix, full range.
    Cicp([u8; 4]),
    /// The exponent of a PNG's gAMA chunk, times 100,000.
    Gamma(u32),
}

impl ColorSpace {
    pub fn of_profile(icc: Option<Vec<u8>>) -> Self {
        icc.map_or(Self::Srgb, Self::Icc)
    }

    /// `None` for sRGB.
    fn profile(&self) -> Result<Option<ColorProfile>, String> {
        let profile = match self {
            Self::Srgb => return Ok(None),
            Self::Icc(icc) => {
                ColorProfile::new_from_slice(icc).map_err(|error| error.to_string())?
            }
            Self::Cicp(numbers) => cicp_profile(*numbers)?,
            Self::Gamma(scaled) => gamma_profile(*scaled)?,
        };
        Ok((!is_srgb(&profile)).then_some(profile))
    }
}

fn cicp_profile([primaries, transfer, ..]: [u8; 4]) -> Result<ColorProfile, String> {
    let unknown = |error: moxcms::CmsError| error.to_string();
    let transfer_characteristics = TransferCharacteristics::try_from(transfer).map_err(unknown)?;
    // What a screen of ordinary brightness shows of these is a matter of taste, not of color.
    if matches!(
        transfer_characteristics,
        TransferCharacteristics::Smpte2084 | TransferCharacteristics::Hlg
    ) {
        return Err(String::from("high dynamic range is not mapped"));
    }
    Ok(ColorProfile::new_from_cicp(CicpProfile {
        color_primaries: CicpColorPrimaries::try_from(primaries).map_err(unknown)?,
        transfer_characteristics,
        // A PNG holds red, green and blue of the full range, whatever is written there.
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    }))
}

/// The primaries of sRGB with another curve (PNG, third edition, 13.13).
fn gamma_profile(scaled: u32) -> Result<ColorProfile, String> {
    // Beyond these, a gamma is a mistake: display gammas lie between 1 and 3.
    if !(20_000..=200_000).contains(&scaled) {
        return Err(format!("a gamma of {scaled}/100000 is out of range"));
    }
    let mut profile = ColorProfile::new_srgb();
    // Near 1/2.2 the curve of sRGB is meant, which has no exponent of its own.
    if scaled.abs_diff(45_455) > 1000 {
        let curve = Some(ToneReprCurve::Parametric(vec![100_000.0 / scaled as f32]));
        profile.red_trc.clone_from(&curve);
        profile.green_trc.clone_from(&curve);
        profile.blue_trc = curve;
        profile.cicp = None;
    }
    Ok(profile)
}

/// Converts `raster` to sRGB in three channels, or four where it has transparency.
///
/// A profile that cannot be used is no reason to refuse an image: its colors are then left as they are, as
/// browsers do.
pub(super) fn to_srgb(raster: Raster, space: &ColorSpace) -> Raster {
    let raster = match space {
        // These speak of red, green and blue, whatever the image stores.
        ColorSpace::Cicp(_) | ColorSpace::Gamma(_) => raster.into_rgb(),
        ColorSpace::Icc(_) | ColorSpace::Srgb => raster,
    };
    let convert = || {
        let profile = space.profile()?;
        let converted = profile.map(|profile| convert(&raster, &profile));
        converted.transpose()
    };
    let converted = codec::catch(convert).unwrap_or_else(Err);
    match converted {
        Ok(Some(converted)) => converted,
        Ok(None) => raster.into_rgb(),
        Err(why) => {
            log::warn!("what the file says of its colours is left out of account: {why}");
            raster.into_rgb()
        }
    }
}

fn convert(raster: &Raster, profile: &ColorProfile) -> Result<Raster, String> {
    let (source, target) = match (profile.color_space, raster.color) {
        (DataColorSpace::Rgb, Color::Rgb) => (Layout::Rgb, Color::Rgb),
        (DataColorSpace::Rgb, Color::Rgba) => (Layout::Rgba, Color::Rgba),
        (DataColorSpace::Gray, Color::Gray) => (Layout::Gray, Color::Rgb),
        (DataColorSpace::Gray, Color::GrayAlpha) => (Layout::GrayAlpha, Color::Rgba),
        // Four channels of ink have the layout of three colors and alpha.
        (DataColorSpace::Cmyk, Color::Cmyk) => (Layout::Rgba, Color::Rgb),
        (space, _) => return Err(format!("a profile for {space:?} does not fit the picture")),
    };
    let layout = match target {
        Color::Rgba => Layout::Rgba,
        _ => Layout::Rgb,
    };
    let srgb = ColorProfile::new_srgb();
    let transform = profile
        .create_transform_8bit(source, &srgb, layout, TransformOptions::default())
        .map_err(|error| error.to_string())?;
    let mut pixels = vec![0; raster.size.area() as usize * target.channels()];
    transform
        .transform(&raster.pixels, &mut pixels)
        .map_err(|error| error.to_string())?;
    Ok(Raster::new(raster.size, pixels, target))
}

/// Whether a profile means sRGB, the most common one there is, in any of the many files that define it: whether it
/// leaves colors where they are, to one step of 255.
fn is_srgb(profile: &ColorProfile) -> bool {
    if !profile.is_matrix_shaper() {
        return false;
    }
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let Ok(transform) = profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, options)
    else {
        return false;
    };
    let steps = [0, 13, 51, 102, 153, 204, 255];
    let colors = steps.iter().flat_map(|r| {
        let pairs = steps.iter().flat_map(|g| steps.iter().map(move |b| (g, b)));
        pairs.flat_map(|(g, b)| [*r, *g, *b])
    });
    let colors: Vec<u8> = colors.collect();
    let mut converted = vec![0; colors.len()];
    transform.transform(&colors, &mut converted).is_ok()
        && colors
            .iter()
            .zip(&converted)
            .all(|(a, b)| a.abs_diff(*b) <= 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    fn pixel(samples: &[u8], color: Color, space: &ColorSpace) -> Vec<u8> {
        let raster = Raster::new(Size::new(1, 1), samples.to_vec(), color);
        to_srgb(raster, space).pixels
    }

    fn icc(profile: &ColorProfile) -> ColorSpace {
        ColorSpace::Icc(profile.encode().unwrap())
    }

    fn near(found: &[u8], expected: &[u8], tolerance: u8) -> bool {
        found.len() == expected.len()
            && found
                .iter()
                .zip(expected)
                .all(|(a, b)| a.abs_diff(*b) <= tolerance)
    }

    #[test]
    fn wide_colours_become_srgb() {
        let p3 = icc(&ColorProfile::new_display_p3());
        // By the matrices of CSS Color 4.
        let converted = pixel(&[200, 100, 50], Color::Rgb, &p3);
        assert!(near(&converted, &[215, 93, 31], 3), "{converted:?}");
        let with_alpha = pixel(&[200, 100, 50, 77], Color::Rgba, &p3);
        assert_eq!(with_alpha[3], 77);
        assert_eq!(with_alpha[..3], converted);
        // The same by its numbers, as in a PNG.
        let numbers = ColorSpace::Cicp([12, 13, 0, 1]);
        assert_eq!(pixel(&[200, 100, 50], Color::Rgb, &numbers), converted);
        let srgb = ColorSpace::Cicp([1, 13, 0, 1]);
        assert_eq!(pixel(&[200, 100, 50], Color::Rgb, &srgb), [200, 100, 50]);
        let high_dynamic_range = ColorSpace::Cicp([9, 16, 0, 1]);
        let left = pixel(&[200, 100, 50], Color::Rgb, &high_dynamic_range);
        assert_eq!(left, [200, 100, 50]);
    }

    #[test]
    fn gray_follows_its_own_curve() {
        let linear = icc(&ColorProfile::new_gray_with_gamma(1.0));
        let converted = pixel(&[55], Color::Gray, &linear);
        assert!(near(&converted, &[128; 3], 2), "{converted:?}");
        let with_alpha = pixel(&[55, 9], Color::GrayAlpha, &linear);
        assert!(near(&with_alpha, &[128, 128, 128, 9], 2), "{with_alpha:?}");
    }

    #[test]
    fn srgb_stays_and_what_is_no_profile_changes_nothing() {
        let srgb = ColorProfile::new_srgb();
        assert!(is_srgb(&srgb));
        assert!(!is_srgb(&ColorProfile::new_display_p3()));
        assert!(!is_srgb(&ColorProfile::new_adobe_rgb()));
        let stays = [200, 100, 50];
        assert_eq!(pixel(&stays, Color::Rgb, &icc(&srgb)), stays);
        let none = ColorSpace::Icc(b"not a profile".to_vec());
        assert_eq!(pixel(&stays, Color::Rgb, &none), stays);
        // A profile for three colors on an image of four inks.
        let inks = pixel(
            &[0, 255, 255, 0],
            Color::Cmyk,
            &icc(&ColorProfile::new_display_p3()),
        );
        assert_eq!(inks, [255, 0, 0]);
    }

    #[test]
    fn gamma_is_honoured_where_it_is_not_that_of_srgb() {
        let gray = |value, scaled| pixel(&[value], Color::Gray, &ColorSpace::Gamma(scaled));
        assert_eq!(gray(100, 45_455), [100; 3]);
        // Linear light: a fifth of it is 124 in sRGB (IEC 61966-2-1).
        assert!(
            near(&gray(51, 100_000), &[124; 3], 1),
            "{:?}",
            gray(51, 100_000)
        );
        assert_eq!((gray(0, 100_000)[0], gray(255, 100_000)[0]), (0, 255));
        assert_eq!(gray(51, 0), [51; 3]);
        assert_eq!(gray(51, u32::MAX), [51; 3]);
    }
}
