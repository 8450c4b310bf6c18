//! The options as a text that stays the same from version to version.

use std::fmt::Display;

use super::encode::{ChromaSubsampling, Effort, Encoding};
use super::{PrepareOptions, Resize};
use crate::geometry::{AllowedSizes, Bounds, Size};

impl PrepareOptions {
    /// A text that identifies what these options make of an image, for example as part of a key in a cache. It is the same
    /// for the same options in every version of this crate, unlike the output of `Debug`. [`Limits`](crate::Limits) are
    /// not part of it, because they do not change the image.
    pub fn fingerprint(&self) -> String {
        // Options with their default are left out, so that an option of a later version changes no text.
        let default = Self::default();
        let mut parts = Parts::default();
        let Self {
            resize,
            extension,
            encoding,
            background,
            max_bytes,
            allow_shrinking,
            limits: _,
        } = self;
        let Resize {
            target,
            sizes,
            resolution,
            fit,
            gravity,
            allow_enlargement,
        } = resize;
        if *target != default.resize.target {
            parts.add("target", target);
        }
        if *sizes != default.resize.sizes {
            parts.add("sizes", sizes_text(sizes));
        }
        if let Some(resolution) = resolution {
            parts.add("resolution", resolution);
        }
        if *fit != default.resize.fit {
            parts.add("fit", fit);
        }
        if *gravity != default.resize.gravity {
            parts.add("gravity", gravity);
        }
        if *allow_enlargement {
            parts.add("allow_enlargement", true);
        }
        if let Some(extension) = extension {
            parts.add("extension", extension);
        }
        let Encoding {
            quality,
            chroma_subsampling,
            optimize_coding,
            effort,
        } = encoding;
        if *quality != default.encoding.quality {
            parts.add("quality", quality);
        }
        match chroma_subsampling {
            ChromaSubsampling::Cs420 => {}
            ChromaSubsampling::Cs444 => parts.add("chroma", "4:4:4"),
        }
        if *optimize_coding {
            parts.add("optimize_coding", true);
        }
        match effort {
            Effort::Fast => {}
            Effort::Medium => parts.add("effort", "medium"),
            Effort::Best => parts.add("effort", "best"),
        }
        if *background != default.background {
            let [red, green, blue] = background;
            parts.add("background", format!("{red:02x}{green:02x}{blue:02x}"));
        }
        if let Some(max_bytes) = max_bytes {
            parts.add("max_bytes", max_bytes);
        }
        if *allow_shrinking {
            parts.add("allow_shrinking", true);
        }
        parts.0.join(" ")
    }
}

#[derive(Default)]
struct Parts(Vec<String>);

impl Parts {
    fn add(&mut self, name: &str, value: impl Display) {
        self.0.push(format!("{name}={value}"));
    }
}

fn sizes_text(sizes: &AllowedSizes) -> String {
    let sides = |sides: &[u32]| {
        let sides: Vec<_> = sides.iter().map(u32::to_string).collect();
        sides.join(",")
    };
    match sizes {
        AllowedSizes::Range(bounds) => bounds_text(bounds),
        AllowedSizes::Pairs(pairs) => {
            let pairs: Vec<_> = pairs.iter().map(Size::to_string).collect();
            pairs.join(",")
        }
        AllowedSizes::Sides {
            widths,
            heights,
            bounds,
        } => format!(
            "{};{};{}",
            sides(widths),
            sides(heights),
            bounds_text(bounds)
        ),
    }
}

fn bounds_text(bounds: &Bounds) -> String {
    let Bounds {
        min,
        max,
        multiple,
        min_pixels,
        max_pixels,
        max_ratio,
    } = bounds;
    let mut text = format!("{min}-{max}/{multiple}");
    let limits = [
        (">=", *min_pixels),
        ("<=", *max_pixels),
        ("ratio<=", max_ratio.map(u64::from)),
    ];
    for (name, limit) in limits {
        if let Some(limit) = limit {
            text += &format!(";{name}{limit}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extension::Extension;
    use crate::geometry::{Fit, Gravity, Resolution};
    use crate::prepare::Limits;

    #[test]
    fn text_stays_the_same() {
        let bounds = Bounds::square(32, 1536, 8)
            .with_max_pixels(9)
            .with_max_ratio(3);
        let cases = [
            (PrepareOptions::default(), ""),
            (
                PrepareOptions::default().limits(Limits::default().with_max_pixels(1)),
                "",
            ),
            (
                PrepareOptions::default().within(512, 384).bounds(bounds),
                "target=within:512x384 sizes=32x32-1536x1536/8;<=9;ratio<=3",
            ),
            (
                PrepareOptions::default()
                    .aspect(16, 9)
                    .fit(Fit::Contain)
                    .gravity(Gravity::North)
                    .extension(Extension::Jpg)
                    .background([255, 0, 1]),
                "target=16:9 fit=contain gravity=north extension=jpg background=ff0001",
            ),
        ];
        for (options, text) in cases {
            assert_eq!(options.fingerprint(), text);
        }
    }

    #[test]
    fn every_option_changes_the_text() {
        const PAIRS: &[Size] = &[Size::new(8, 8), Size::new(8, 16)];
        let options = PrepareOptions::default;
        let sides = |bounds| AllowedSizes::Sides {
            widths: vec![8].into(),
            heights: vec![8, 16].into(),
            bounds,
        };
        let mut texts: Vec<_> = [
            options(),
            options().size(8, 16),
            options().within(8, 16),
            options().aspect(8, 16),
            options().bounds(Bounds::square(8, 16, 1)),
            options().bounds(Bounds::square(8, 16, 8)),
            options().bounds(Bounds::square(8, 16, 8).with_min_pixels(1)),
            options().bounds(Bounds::square(8, 16, 8).with_max_pixels(1)),
            options().bounds(Bounds::square(8, 16, 8).with_max_ratio(1)),
            options().bounds(PAIRS),
            options().bounds(sides(Bounds::ANY)),
            options().bounds(sides(Bounds::ANY.with_max_ratio(3))),
            options().resolution(Resolution::TwoK),
            options().fit(Fit::Fill),
            options().gravity(Gravity::Focal { x: 1, y: 2 }),
            options().allow_enlargement(true),
            options().extension(Extension::Webp),
            options().quality(50),
            options().chroma_subsampling(ChromaSubsampling::Cs444),
            options().optimize_coding(true),
            options().effort(Effort::Medium),
            options().effort(Effort::Best),
            options().background([0; 3]),
            options().max_bytes(1000),
            options().allow_shrinking(true),
        ]
        .iter()
        .map(PrepareOptions::fingerprint)
        .collect();
        let all = texts.len();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all, "{texts:?}");
    }
}
