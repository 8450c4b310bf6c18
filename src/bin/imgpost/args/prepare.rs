//! How an image is to be prepared.

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use imgpost::{AspectRatio, Bounds, Extension, Fit, Gravity, PrepareOptions, Size, Target};

#[derive(clap::Args)]
#[command(next_help_heading = "The picture")]
pub struct PrepareArgs {
    /// Make exactly this size
    #[arg(long, value_name = "WxH", group = "target")]
    pub size: Option<Size>,
    /// Make the largest allowed size of this aspect ratio
    #[arg(long, value_name = "W:H", group = "target")]
    aspect: Option<AspectRatio>,
    /// Keep the image's aspect ratio and be no larger than this
    #[arg(long, value_name = "WxH", group = "target")]
    within: Option<Size>,
    /// Which sizes are allowed: those of a family of models, unless --size gives one
    #[arg(long, value_name = "PRESET", default_value = "v1", value_parser = PossibleValuesParser::new(presets()))]
    bounds: String,
    /// What to do with an image of another aspect ratio
    #[arg(long, value_enum, default_value_t = FitArg::Cover)]
    fit: FitArg,
    /// Which part to keep when cropping: center, north, northeast, …, or a point such as 33%,20%
    #[arg(long, value_name = "GRAVITY", default_value = "center")]
    gravity: Gravity,
    /// The extension to declare and encode: png, jpg, jpeg or webp [default: the form's or the output file's;
    /// else jpg, or png with transparency]
    #[arg(long = "ext", value_name = "EXT")]
    pub extension: Option<Extension>,
    /// The quality of a JPEG
    #[arg(long, value_name = "1-100", default_value_t = 90, value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: u8,
    /// The most bytes the file may have: lowers the quality of a JPEG as far as that takes
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<u64>,
    /// With --max-bytes: make the image smaller rather than the quality lower than 50
    #[arg(long, requires = "max_bytes")]
    shrink: bool,
    /// The color under transparency and around a contained image, as rrggbb
    #[arg(long, value_name = "RRGGBB", default_value = "ffffff", value_parser = parse_color)]
    background: [u8; 3],
}

#[derive(Clone, Copy, ValueEnum)]
enum FitArg {
    /// Fill the size, crop what sticks out
    Cover,
    /// Show the whole image, pad with the background
    Contain,
    /// Stretch
    Fill,
    /// Be no larger than the size
    Inside,
}

impl PrepareArgs {
    /// The sizes that are allowed.
    pub fn bounds(&self) -> Bounds {
        let preset = Bounds::PRESETS
            .iter()
            .find(|(name, _)| *name == self.bounds);
        preset.expect("clap lets only these names through").1
    }

    /// The options; `declared` is the extension where none is given here.
    pub fn prepare(&self, declared: Option<Extension>) -> PrepareOptions {
        let target = match (self.size, self.aspect, self.within) {
            (Some(size), ..) => Target::Exact(size),
            (_, Some(aspect), _) => Target::Aspect(aspect),
            (.., Some(within)) => Target::Within(within),
            _ => Target::Undistorted,
        };
        let prepare = PrepareOptions::default()
            .target(target)
            .bounds(self.bounds())
            .gravity(self.gravity)
            .quality(self.quality)
            .background(self.background)
            .fit(match self.fit {
                FitArg::Cover => Fit::Cover,
                FitArg::Contain => Fit::Contain,
                FitArg::Fill => Fit::Fill,
                FitArg::Inside => Fit::Inside,
            });
        let prepare = match self.max_bytes {
            Some(max_bytes) => prepare.max_bytes(max_bytes).allow_shrinking(self.shrink),
            None => prepare,
        };
        match self.extension.or(declared) {
            Some(extension) => prepare.extension(extension),
            None => prepare,
        }
    }
}

fn presets() -> impl IntoIterator<Item = &'static str> {
    Bounds::PRESETS.map(|(name, _)| name)
}

fn parse_color(text: &str) -> Result<[u8; 3], String> {
    let digits = text.trim_start_matches('#');
    let number = u32::from_str_radix(digits, 16)
        .ok()
        .filter(|_| digits.len() == 6);
    let [_, r, g, b] = number
        .ok_or("expected six hexadecimal digits")?
        .to_be_bytes();
    Ok([r, g, b])
}
