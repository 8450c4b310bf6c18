//! Converts the colors of a file to sRGB. A file that declares no color space is assumed to be in sRGB.

use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, DataColorSpace,
    Layout, MatrixCoefficients, ToneReprCurve, TransferCharacteristics, TransformOptions, XyY,
};

use super::cmyk;
use super::codec;
use super::raster::{Color, Raster};

/// The color space that a file declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum ColorSpace {
    /// None, or sRGB.
    #[default]
    Srgb,
    /// An ICC profile.
    Icc(Vec<u8>),
    /// Primaries, transfer, matrix and full range by their numbers in ITU-T H.273: the cICP chunk of a PNG, the nclx
    /// color of a HEIC.
    Cicp([u8; 4]),
    /// The gAMA and cHRM chunks of a PNG.
    Calibrated(Calibration),
}

/// What the gAMA and cHRM chunks of a PNG hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Calibration {
    /// The exponent, times 100,000.
    pub gamma: u32,
    /// x and y of white, red, green and blue, times 100,000.
    pub chromaticities: Option<[[u32; 2]; 4]>,
}

impl ColorSpace {
    pub fn of_profile(icc: Option<Vec<u8>>) -> Self {
        icc.map_or(Self::Srgb, Self::Icc)
    }

    /// Whether nothing has to be converted.
    pub fn is_srgb(&self) -> bool {
        matches!(codec::catch(|| self.profile()), Ok(Ok(None)))
    }

    /// `None` for sRGB.
    fn profile(&self) -> Result<Option<ColorProfile>, String> {
        let profile = match self {
            Self::Srgb => return Ok(None),
            Self::Icc(icc) => {
                ColorProfile::new_from_slice(icc).map_err(|error| error.to_string())?
            }
            Self::Cicp(numbers) => cicp_profile(*numbers)?,
            Self::Calibrated(calibration) => calibrated_profile(calibration)?,
        };
        Ok((!is_srgb(&profile)).then_some(profile))
    }
}

fn cicp_profile([primaries, transfer, ..]: [u8; 4]) -> Result<ColorProfile, String> {
    let unknown = |error: moxcms::CmsError| error.to_string();
    let transfer_characteristics = TransferCharacteristics::try_from(transfer).map_err(unknown)?;
    // Mapping these to a screen of ordinary brightness is a matter of taste, not of color.
    if matches!(
        transfer_characteristics,
        TransferCharacteristics::Smpte2084 | TransferCharacteristics::Hlg
    ) {
        return Err(String::from("high dynamic range is not mapped"));
    }
    Ok(ColorProfile::new_from_cicp(CicpProfile {
        color_primaries: CicpColorPrimaries::try_from(primaries).map_err(unknown)?,
        transfer_characteristics,
        // The pixels are red, green and blue of the full range, whatever the file declares.
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    }))
}

/// A power function with the given primaries, or those of sRGB (PNG, third edition, 13.13).
fn calibrated_profile(calibration: &Calibration) -> Result<ColorProfile, String> {
    let &Calibration {
        gamma,
        chromaticities,
    } = calibration;
    // A gamma out of this range is a mistake: display gammas lie between 1 and 3.
    if !(20_000..=200_000).contains(&gamma) {
        return Err(format!("a gamma of {gamma}/100000 is out of range"));
    }
    let mut profile = ColorProfile::new_srgb();
    // A gamma near 1/2.2 stands for the curve of sRGB, which is no power function.
    if gamma.abs_diff(45_455) > 1000 {
        let curve = Some(ToneReprCurve::Parametric(vec![100_000.0 / gamma as f32]));
        profile.red_trc.clone_from(&curve);
        profile.green_trc.clone_from(&curve);
        profile.blue_trc = curve;
        profile.cicp = None;
    }
    if let Some(chromaticities) = chromaticities {
        let [white, red, green, blue] = chromaticities.map(|xy| xy.map(|n| n as f32 / 100_000.0));
        let spans_colors = [white, red, green, blue]
            .iter()
            .all(|[x, y]| *x >= 0.0 && *y > 0.0 && x + y <= 1.0)
            && triangle_area(red, green, blue) > 0.001;
        if !spans_colors {
            return Err(String::from("its chromaticities are out of range"));
        }
        let primary = |[x, y]: [f32; 2]| Chromaticity::new(x, y);
        let primaries = ColorPrimaries {
            red: primary(red),
            green: primary(green),
            blue: primary(blue),
        };
        let white = XyY {
            x: white[0].into(),
            y: white[1].into(),
            yb: 1.0,
        };
        profile.update_rgb_colorimetry(white, primaries);
        profile.cicp = None;
    }
    Ok(profile)
}

fn triangle_area([ax, ay]: [f32; 2], [bx, by]: [f32; 2], [cx, cy]: [f32; 2]) -> f32 {
    ((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)).abs() / 2.0
}

/// Converts `raster` to sRGB in three channels, or four where it has transparency.
///
/// If a profile cannot be used, the colors are not converted, as in browsers.
pub(super) fn to_srgb(raster: Raster, space: &ColorSpace) -> Raster {
    let raster = match space {
        // These describe red, green and blue, even if the image is gray.
        ColorSpace::Cicp(_) | ColorSpace::Calibrated(_) => raster.into_rgb(),
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
            log::warn!("the color space of the file is ignored: {why}");
            raster.into_rgb()
        }
    }
}

fn convert(raster: &Raster, profile: &ColorProfile) -> Result<Raster, String> {
    if raster.color == Color::Cmyk && profile.color_space == DataColorSpace::Cmyk {
        return cmyk::to_rgb(raster, profile);
    }
    let (source, target) = match (profile.color_space, raster.color) {
        (DataColorSpace::Rgb, Color::Rgb) => (Layout::Rgb, Color::Rgb),
        (DataColorSpace::Rgb, Color::Rgba) => (Layout::Rgba, Color::Rgba),
        (DataColorSpace::Gray, Color::Gray) => (Layout::Gray, Color::Rgb),
        (DataColorSpace::Gray, Color::GrayAlpha) => (Layout::GrayAlpha, Color::Rgba),
        (space, _) => return Err(format!("a profile for {space:?} does not fit the image")),
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

/// Whether a profile describes sRGB, of which there are many versions: whether it changes no color by more than one
/// step of 255.
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
    fn wide_colors_become_srgb() {
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
    fn srgb_and_invalid_profiles_change_nothing() {
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
    fn gamma_is_used_unless_it_is_that_of_srgb() {
        let gray = |value, gamma| {
            let calibration = Calibration {
                gamma,
                chromaticities: None,
            };
            pixel(&[value], Color::Gray, &ColorSpace::Calibrated(calibration))
        };
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

    #[test]
    fn chromaticities_are_used_with_the_gamma() {
        let with = |gamma, chromaticities| {
            let calibration = Calibration {
                gamma,
                chromaticities: Some(chromaticities),
            };
            pixel(
                &[200, 100, 50],
                Color::Rgb,
                &ColorSpace::Calibrated(calibration),
            )
        };
        let adobe = [
            [31_270, 32_900],
            [64_000, 33_000],
            [21_000, 71_000],
            [15_000, 6000],
        ];
        let profile = icc(&ColorProfile::new_adobe_rgb());
        let expected = pixel(&[200, 100, 50], Color::Rgb, &profile);
        let found = with(45_470, adobe);
        // The gamma of Adobe RGB is 2.2, near which the curve of sRGB is used.
        assert!(near(&found, &expected, 6), "{found:?} {expected:?}");
        let srgb = [
            [31_270, 32_900],
            [64_000, 33_000],
            [30_000, 60_000],
            [15_000, 6000],
        ];
        assert_eq!(with(45_455, srgb), [200, 100, 50]);
        for broken in [[[0; 2]; 4], [[31_270, 32_900]; 4], [[u32::MAX; 2]; 4]] {
            assert_eq!(with(45_455, broken), [200, 100, 50]);
        }
    }
}
