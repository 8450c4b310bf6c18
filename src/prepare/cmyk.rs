//! Converts CMYK to sRGB by an ICC profile, relative colorimetric and with black-point compensation, as LittleCMS does.
//!
//! moxcms 0.8 has no black-point compensation: the darkest ink would become a dark gray (lovell/sharp#321). So it only
//! evaluates the profile at the nodes of a grid; compensation, the way to sRGB and interpolation are done here.

use moxcms::{
    ColorProfile, DataColorSpace, Layout, LutStore, LutWarehouse, ProfileVersion, RenderingIntent,
    ToneReprCurve, TransformOptions, Xyzd,
};

use super::raster::{Color, Raster};

/// Nodes in each direction of the grid, as in LittleCMS. moxcms has the same, so that none of its values is interpolated.
const NODES: usize = 17;

/// The white of the profile connection space, D50.
const WHITE: [f32; 3] = [0.9642, 1.0, 0.8249];

/// How much more than white the values that moxcms computes may be. It cuts off what is more than the whole.
const HEADROOM: f32 = 2.0;

/// The exponent under which moxcms computes: with 32,768 linear steps, dark tones would become indistinguishable.
const EXPONENT: i32 = 3;

/// The lightest black that is compensated, as a lightness L*: a profile with a lighter one is not for printing.
const LIGHTEST_BLACK: f32 = 50.0;

/// Colors in sRGB at the nodes, from 0 to 255; black changes fastest.
struct Grid(Vec<[f32; 3]>);

/// Converts `raster`, which must be in CMYK, to red, green and blue.
pub(super) fn to_rgb(raster: &Raster, profile: &ColorProfile) -> Result<Raster, String> {
    let grid = Grid::new(profile)?;
    let mut pixels = Vec::with_capacity(raster.size.area() as usize * 3);
    let (mut last, mut color) = ([0; 4], grid.color([0; 4]));
    for inks in raster.pixels.as_chunks().0 {
        if *inks != last {
            (last, color) = (*inks, grid.color(*inks));
        }
        pixels.extend(color);
    }
    Ok(Raster::new(raster.size, pixels, Color::Rgb))
}

impl Grid {
    fn new(profile: &ColorProfile) -> Result<Self, String> {
        let mut inks = Vec::with_capacity(4 * NODES.pow(4));
        let steps = || (0..NODES).map(|node| node as f32 / (NODES - 1) as f32);
        for cyan in steps() {
            for magenta in steps() {
                for yellow in steps() {
                    for black in steps() {
                        inks.extend([cyan, magenta, yellow, black]);
                    }
                }
            }
        }
        let mut colors = to_xyz(profile, &inks)?;
        let black = black_luminance(profile)?;
        // From the black of the profile to that of sRGB, which is none, with white where it is.
        for color in &mut colors {
            for (value, white) in color.iter_mut().zip(WHITE) {
                *value = (*value - black * white) / (1.0 - black);
            }
        }
        Ok(Self(colors.into_iter().map(srgb_of_xyz).collect()))
    }

    /// Interpolates between the nodes: within a tetrahedron of cyan, magenta and yellow, and linearly in black.
    fn color(&self, inks: [u8; 4]) -> [u8; 3] {
        const STRIDES: [usize; 4] = [NODES * NODES * NODES, NODES * NODES, NODES, 1];
        let mut base = 0;
        let mut fractions = [0.0; 4];
        let mut steps = [0; 4];
        for (axis, ink) in inks.into_iter().enumerate() {
            let position = f32::from(ink) * (NODES - 1) as f32 / 255.0;
            let node = (position as usize).min(NODES - 2);
            base += node * STRIDES[axis];
            fractions[axis] = position - node as f32;
            steps[axis] = STRIDES[axis];
        }
        // Along the axes in the order of their fractions.
        let mut order = [0, 1, 2];
        order.sort_by(|a, b| fractions[*b].total_cmp(&fractions[*a]));
        let tetrahedron = |start: usize| {
            let mut node = start;
            let mut color = self.0[node];
            for axis in order {
                let next = node + steps[axis];
                let ends = self.0[next].into_iter().zip(self.0[node]);
                for (value, (end, start)) in color.iter_mut().zip(ends) {
                    *value += fractions[axis] * (end - start);
                }
                node = next;
            }
            color
        };
        let (light, dark) = (tetrahedron(base), tetrahedron(base + steps[3]));
        [0, 1, 2].map(|channel| {
            let value = light[channel] + fractions[3] * (dark[channel] - light[channel]);
            (value + 0.5) as u8
        })
    }
}

/// The colors of `inks` relative to the white of the paper.
fn to_xyz(profile: &ColorProfile, inks: &[f32]) -> Result<Vec<[f32; 3]>, String> {
    let intent = if profile.lut_a_to_b_colorimetric.is_some() {
        RenderingIntent::RelativeColorimetric
    } else {
        RenderingIntent::Perceptual
    };
    let options = TransformOptions {
        rendering_intent: intent,
        ..TransformOptions::default()
    };
    let transform = profile
        .create_transform_f32(Layout::Rgba, &xyz_profile(), Layout::Rgb, options)
        .map_err(|error| error.to_string())?;
    let mut colors = vec![0.0; inks.len() / 4 * 3];
    let transformed = transform.transform(inks, &mut colors);
    transformed.map_err(|error| error.to_string())?;
    let scale = lab_correction(profile, intent);
    let colors = colors.as_chunks().0.iter();
    let relative_to_white =
        colors.map(|color| corrected(color.map(|value| HEADROOM * value.powi(EXPONENT)), scale));
    Ok(relative_to_white
        .map(|[x, y, z]| [x * WHITE[0], y * WHITE[1], z * WHITE[2]])
        .collect())
}

/// What the encoded L*a*b* of a profile must be multiplied by after moxcms 0.8 has read it. White is 0xFF00 in tables of
/// 16 bits, in all others the greatest number (ICC.1:2022, 10.10, 10.11), while moxcms goes by the version of the
/// profile.
fn lab_correction(profile: &ColorProfile, intent: RenderingIntent) -> f32 {
    const OF_16_BITS: f32 = 65_535.0 / 65_280.0;
    let lut = match intent {
        RenderingIntent::RelativeColorimetric => &profile.lut_a_to_b_colorimetric,
        _ => &profile.lut_a_to_b_perceptual,
    };
    let right = match lut {
        Some(LutWarehouse::Lut(lut)) if matches!(lut.clut_table, LutStore::Store16(_)) => {
            OF_16_BITS
        }
        _ => 1.0,
    };
    let applied = if profile.version() < ProfileVersion::V4_0 {
        OF_16_BITS
    } else {
        1.0
    };
    if profile.pcs == DataColorSpace::Lab {
        right / applied
    } else {
        1.0
    }
}

/// Multiplies the encoded L*a*b* of a color by `scale`. The color is X, Y and Z, each relative to white (CIE 15).
fn corrected(color: [f32; 3], scale: f32) -> [f32; 3] {
    if scale == 1.0 {
        return color;
    }
    const STEP: f32 = 6.0 / 29.0;
    let [x, y, z] = color.map(|value| {
        if value > STEP.powi(3) {
            value.cbrt()
        } else {
            value / (3.0 * STEP * STEP) + 4.0 / 29.0
        }
    });
    let lightness = (116.0 * y - 16.0) * scale;
    let [a, b] = [500.0 * (x - y), 200.0 * (y - z)].map(|value| (value + 128.0) * scale - 128.0);
    let y = (lightness + 16.0) / 116.0;
    [y + a / 500.0, y, y - b / 200.0].map(|value| {
        if value > STEP {
            value.powi(3)
        } else {
            3.0 * STEP * STEP * (value - 4.0 / 29.0)
        }
    })
}

/// A profile whose red, green and blue are X, Y and Z, each relative to white, divided by [`HEADROOM`] and under
/// [`EXPONENT`].
fn xyz_profile() -> ColorProfile {
    let mut profile = ColorProfile::new_srgb();
    let axis = |x: f32, y: f32, z: f32| Xyzd {
        x: x.into(),
        y: y.into(),
        z: z.into(),
    };
    profile.red_colorant = axis(HEADROOM * WHITE[0], 0.0, 0.0);
    profile.green_colorant = axis(0.0, HEADROOM * WHITE[1], 0.0);
    profile.blue_colorant = axis(0.0, 0.0, HEADROOM * WHITE[2]);
    let curve = Some(ToneReprCurve::Parametric(vec![EXPONENT as f32]));
    profile.red_trc.clone_from(&curve);
    profile.green_trc.clone_from(&curve);
    profile.blue_trc = curve;
    profile.cicp = None;
    profile
}

/// The luminance of the darkest color: of the inks that the profile has for black, or of all inks if it has no way back
/// from colors to inks.
fn black_luminance(profile: &ColorProfile) -> Result<f32, String> {
    let inks = inks_of_black(profile).unwrap_or([1.0; 4]);
    let black = to_xyz(profile, &inks)?[0];
    Ok(black[1].clamp(0.0, luminance(LIGHTEST_BLACK)))
}

fn inks_of_black(profile: &ColorProfile) -> Option<[f32; 4]> {
    profile.lut_b_to_a_perceptual.as_ref()?;
    let options = TransformOptions {
        rendering_intent: RenderingIntent::Perceptual,
        ..TransformOptions::default()
    };
    let transform = xyz_profile()
        .create_transform_f32(Layout::Rgb, profile, Layout::Rgba, options)
        .ok()?;
    let mut inks = [0.0; 4];
    transform.transform(&[0.0; 3], &mut inks).ok()?;
    inks.iter().all(|ink| ink.is_finite()).then_some(inks)
}

/// CIE 15.
fn luminance(lightness: f32) -> f32 {
    ((lightness + 16.0) / 116.0).powi(3)
}

/// From XYZ under D50 to sRGB (IEC 61966-2-1, with the Bradford adaptation from D65 of ICC.1).
fn srgb_of_xyz([x, y, z]: [f32; 3]) -> [f32; 3] {
    let linear = [
        3.133_856 * x - 1.616_867 * y - 0.490_615 * z,
        -0.978_768 * x + 1.916_142 * y + 0.033_454 * z,
        0.071_945 * x - 0.228_991 * y + 1.405_243 * z,
    ];
    linear.map(|linear| {
        let linear = linear.clamp(0.0, 1.0);
        let encoded = if linear <= 0.003_130_8 {
            12.92 * linear
        } else {
            1.055 * linear.powf(1.0 / 2.4) - 0.055
        };
        255.0 * encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_and_black_of_srgb_are_kept() {
        let white = srgb_of_xyz(WHITE);
        assert!(
            white.iter().all(|value| (value - 255.0).abs() < 0.5),
            "{white:?}"
        );
        assert_eq!(srgb_of_xyz([0.0; 3]), [0.0; 3]);
        assert_eq!(srgb_of_xyz([-1.0; 3]), [0.0; 3]);
    }

    /// A profile of version 2 whose tables have two nodes in each direction and eight bits: the lightness of paper is 100,
    /// that of black ink 20, and that of all inks 10, all of them neutral.
    fn press() -> ColorProfile {
        let mut lut = b"mft1\0\0\0\0\x04\x03\x02\0".to_vec();
        let identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
        lut.extend(identity.iter().flat_map(|n: &i32| (n << 16).to_be_bytes()));
        lut.extend((0..4).flat_map(|_| 0..=255));
        for node in 0..16 {
            let lightness = match node {
                0b0000 => 255,
                0b0001 => 51,
                0b1111 => 26,
                _ => 128,
            };
            lut.extend([lightness, 128, 128]);
        }
        lut.extend((0..3).flat_map(|_| 0..=255));
        let mut profile = vec![0; 128];
        profile[8..12].copy_from_slice(&0x0240_0000_u32.to_be_bytes());
        profile[12..24].copy_from_slice(b"prtrCMYKLab ");
        profile[36..40].copy_from_slice(b"acsp");
        profile.extend(1_u32.to_be_bytes());
        profile.extend(b"A2B0");
        profile.extend(144_u32.to_be_bytes());
        profile.extend((lut.len() as u32).to_be_bytes());
        profile.extend(lut);
        let length = profile.len() as u32;
        profile[..4].copy_from_slice(&length.to_be_bytes());
        ColorProfile::new_from_slice(&profile).unwrap()
    }

    #[test]
    fn all_inks_are_black_and_gray_stays_neutral() {
        let convert = |inks: [u8; 4]| {
            let raster = Raster::new(crate::geometry::Size::new(1, 1), inks.to_vec(), Color::Cmyk);
            to_rgb(&raster, &press()).unwrap().pixels
        };
        assert_eq!(convert([0; 4]), [255; 3]);
        assert_eq!(convert([255; 4]), [0; 3]);
        // Without compensation, a lightness of 20 is 48.
        let gray = convert([0, 0, 0, 255]);
        assert!(
            gray.iter().all(|value| (30..48).contains(value)),
            "{gray:?}"
        );
        assert!(
            gray.iter().all(|value| value.abs_diff(gray[0]) <= 1),
            "{gray:?}"
        );
    }

    #[test]
    fn interpolation_is_exact_at_nodes_and_linear_between() {
        let nodes = (0..NODES.pow(4)).map(|index| {
            let axis = |stride: usize| (index / stride % NODES) as f32 * 255.0 / (NODES - 1) as f32;
            [axis(NODES.pow(3)), axis(NODES.pow(2)), axis(1)]
        });
        let grid = Grid(nodes.collect());
        for inks in [[0; 4], [255; 4], [7, 99, 200, 31], [255, 0, 128, 254]] {
            let [cyan, magenta, _, black] = inks;
            assert_eq!(grid.color(inks), [cyan, magenta, black]);
        }
    }
}
