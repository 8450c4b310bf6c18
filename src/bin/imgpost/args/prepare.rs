//! The options to prepare an image.

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use imgpost::leonardo::Model;
use imgpost::leonardo::sizes::PRESETS;
use imgpost::{
    AspectRatio, Bounds, Effort, Extension, Fit, Gravity, PrepareOptions, Resolution, Size, Target,
};

use super::values;

#[derive(clap::Args)]
#[command(next_help_heading = "Image options")]
pub struct PrepareArgs {
    /// Make exactly this size
    #[arg(long, value_name = "WxH", group = "target", value_parser = values::size)]
    pub size: Option<Size>,
    /// Crop to this aspect ratio
    #[arg(long, value_name = "W:H", group = "target")]
    aspect: Option<AspectRatio>,
    /// Keep the aspect ratio and reduce the image to fit into this size
    #[arg(long, value_name = "WxH", group = "target", value_parser = values::size)]
    within: Option<Size>,
    /// Make a size that this family of models allows [default: v1 for Leonardo.Ai, otherwise any size]
    #[arg(long, value_name = "PRESET", value_parser = preset())]
    bounds: Option<Bounds>,
    /// Make a size of this model, for example nano-banana-2, and use the model; `imgpost models` lists them
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub model: Option<String>,
    /// Which of the listed sizes of a model to make [default: the smallest that keeps a megapixel]
    #[arg(long, value_name = "1k|2k|4k")]
    resolution: Option<Resolution>,
    /// Enlarge a small image to the largest size that --bounds, --aspect and --within allow
    #[arg(long)]
    allow_enlargement: bool,
    /// How to fill a size of another aspect ratio: cover crops, contain pads, fill stretches, inside reduces the size
    #[arg(long, value_name = "FIT", default_value_t = Fit::Cover, value_parser = fit())]
    fit: Fit,
    /// Which part to keep when cropping: center, north or top, northeast or top-right, …, or a point such as 33%,20%
    #[arg(long, value_name = "GRAVITY", default_value = "center", value_parser = values::gravity)]
    gravity: Gravity,
    /// The extension to declare and encode: png, jpg, jpeg or webp [default: the form's or the output file's;
    /// otherwise jpg, or png with transparency]
    #[arg(long = "ext", value_name = "EXT", value_parser = values::extension)]
    pub extension: Option<Extension>,
    /// JPEG quality
    #[arg(long, value_name = "1-100", default_value_t = 90, value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: u8,
    /// Time to spend on making a PNG smaller
    #[arg(long, value_name = "EFFORT", default_value = "fast", value_parser = effort())]
    effort: Effort,
    /// Maximum size of the file, for example 500k, 2MB or 2MiB: lowers the quality of a JPEG until it fits
    #[arg(long, value_name = "BYTES", value_parser = values::bytes)]
    max_bytes: Option<u64>,
    /// With --max-bytes, reduce the size of the image before the quality falls below 50
    #[arg(long, requires = "max_bytes")]
    shrink: bool,
    /// The color behind transparent pixels and around a contained image: ff0000, f00 or red
    #[arg(long, value_name = "COLOR", default_value = "white", value_parser = values::color)]
    background: [u8; 3],
}

impl PrepareArgs {
    /// The allowed sizes, if `--bounds` names them.
    pub fn bounds(&self) -> Option<Bounds> {
        self.bounds
    }

    /// Adds the arguments to `base`, the defaults of the command. `declared` is the extension unless `--ext` names one.
    pub fn options(&self, base: PrepareOptions, declared: Option<Extension>) -> PrepareOptions {
        let target = match (self.size, self.aspect, self.within) {
            (Some(size), ..) => Target::Exact(size),
            (_, Some(aspect), _) => Target::Aspect(aspect),
            (.., Some(within)) => Target::Within(within),
            _ => Target::Undistorted,
        };
        let mut options = base
            .target(target)
            .allow_enlargement(self.allow_enlargement)
            .fit(self.fit)
            .gravity(self.gravity)
            .quality(self.quality)
            .effort(self.effort)
            .background(self.background);
        if let Some(model) = self.model.as_deref().and_then(Model::find) {
            options = for_model(options, model);
        }
        if let Some(bounds) = self.bounds {
            options = options.bounds(bounds);
        }
        if let Some(resolution) = self.resolution {
            options = options.resolution(resolution);
        }
        if let Some(max_bytes) = self.max_bytes {
            options = options.max_bytes(max_bytes).allow_shrinking(self.shrink);
        }
        if let Some(extension) = self.extension.or(declared) {
            options = options.extension(extension);
        }
        options
    }
}

/// As `prepare_for`, but keeps the other options.
fn for_model(mut options: PrepareOptions, model: &Model) -> PrepareOptions {
    if let Some(sizes) = &model.sizes {
        options = options.bounds(sizes.clone());
    }
    if let Some(max_bytes) = model.max_input_bytes {
        options = options.max_bytes(max_bytes).allow_shrinking(true);
    }
    options
}

fn preset() -> impl TypedValueParser<Value = Bounds> {
    let names = PRESETS.iter().map(|(name, _)| *name);
    PossibleValuesParser::new(names).map(|name| {
        let preset = PRESETS.iter().find(|(known, _)| *known == name);
        preset.expect("clap accepts only these names").1
    })
}

fn effort() -> impl TypedValueParser<Value = Effort> {
    PossibleValuesParser::new(["fast", "medium", "best"]).map(|name| match name.as_str() {
        "medium" => Effort::Medium,
        "best" => Effort::Best,
        _ => Effort::Fast,
    })
}

fn fit() -> impl TypedValueParser<Value = Fit> {
    let names = Fit::ALL.iter().map(|fit| fit.as_str());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Fit>())
}
