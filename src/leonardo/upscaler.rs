//! Starts the universal upscaler.

use serde_json::Value;

use super::call::{Call, CallKind, CallRequest};
use super::error::{Error, ParameterError};
use super::init_image::UploadedImage;
use super::job::{Job, started};
use super::parameters::Parameters;
use super::pricing::CalculatePrice;
use super::variation::Variation;
use crate::geometry::Size;
use crate::open_enum::open_enum;

/// The API's default factor.
const DEFAULT_MULTIPLIER: f64 = 1.5;

/// The largest result, in megapixels.
const MAX_MEGAPIXELS: u64 = 20;

open_enum! {
    /// The kind of image that the universal upscaler works on.
    UpscalerStyle {
        /// Any image: the API's default.
        General = "GENERAL",
        /// A still of a film.
        Cinematic = "CINEMATIC",
        /// A drawing.
        Art2d = "2D ART & ILLUSTRATION",
        /// Computer graphics.
        CgArt = "CG ART & GAME ASSETS",
    }
}

open_enum! {
    /// The style of the universal upscaler in ultra mode.
    UltraUpscaleStyle {
        /// Adds more details.
        Artistic = "ARTISTIC",
        /// Stays closer to the image.
        Realistic = "REALISTIC",
    }
}

/// Enlarges an image: `POST /v1/variations/universal-upscaler`. Only parameters that are set are sent.
///
/// ```no_run
/// use imgpost::leonardo::{Client, CreateUniversalUpscale, UpscalerStyle};
///
/// # let client = Client::from_env()?;
/// let init = client.upload_init_image(&imgpost::leonardo::prepare().open("photo.jpg")?)?;
/// let upscaler = CreateUniversalUpscale::new(&init).multiplier(2.0).style(UpscalerStyle::Cinematic);
/// let job = client.generate(&upscaler)?;
/// if let Some(url) = client.wait(&job)?.url {
///     client.download(&url, "large.jpg")?;
/// }
/// # Ok::<(), imgpost::leonardo::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CreateUniversalUpscale {
    parameters: Parameters,
    /// The size of the image, if it is known.
    image_size: Option<Size>,
}

impl CreateUniversalUpscale {
    /// Enlarges an uploaded image.
    pub fn new(init: &UploadedImage) -> Self {
        Self::init_image(&init.id).image_size(init.size.width, init.size.height)
    }

    /// Enlarges the uploaded image with this id.
    pub fn init_image(id: impl Into<String>) -> Self {
        Self::with_source("initImageId", id)
    }

    /// Enlarges the generated image with this id.
    pub fn generated_image(id: impl Into<String>) -> Self {
        Self::with_source("generatedImageId", id)
    }

    /// Enlarges the variation with this id.
    pub fn variation(id: impl Into<String>) -> Self {
        Self::with_source("variationId", id)
    }

    fn with_source(name: &str, id: impl Into<String>) -> Self {
        let mut parameters = Parameters::default();
        parameters.set(name, id.into());
        Self {
            parameters,
            image_size: None,
        }
    }

    /// States the size of the image in pixels, so that the size of the result is validated and its price can be
    /// calculated. It is not sent. Default: unknown, but for an [`UploadedImage`].
    #[must_use]
    pub fn image_size(mut self, width: u32, height: u32) -> Self {
        self.image_size = Some(Size::new(width, height));
        self
    }

    /// The factor that is set, otherwise the API's default.
    fn factor(&self) -> Option<f64> {
        match self.parameters.0.get("upscaleMultiplier") {
            None => Some(DEFAULT_MULTIPLIER),
            Some(value) => value.as_f64(),
        }
    }

    /// The size of the result in megapixels, rounded up.
    fn megapixels(&self) -> Option<u64> {
        let pixels = self.image_size?.area() as f64 * self.factor()?.powi(2);
        Some((pixels / 1e6).ceil() as u64)
    }

    /// The factor by which width and height grow, 1 to 2. Default: the API's, 1.5.
    #[must_use]
    pub fn multiplier(self, multiplier: f64) -> Self {
        self.extra("upscaleMultiplier", multiplier)
    }

    /// How many details the upscaler invents, 1 to 10. Default: the API's, 5.
    #[must_use]
    pub fn creativity_strength(self, strength: u32) -> Self {
        self.extra("creativityStrength", strength)
    }

    /// The kind of image. Excludes the [ultra mode](Self::ultra_style). Default: the API's, `GENERAL`.
    #[must_use]
    pub fn style(self, style: UpscalerStyle) -> Self {
        self.extra("upscalerStyle", style.as_str())
    }

    /// Uses the ultra mode. Excludes a [`style`](Self::style). Default: no ultra mode.
    #[must_use]
    pub fn ultra_style(self, style: UltraUpscaleStyle) -> Self {
        self.extra("ultraUpscaleStyle", style.as_str())
    }

    /// How strongly details stand out, 1 to 10. Requires the [ultra mode](Self::ultra_style). Default: the API's.
    #[must_use]
    pub fn detail_contrast(self, contrast: u32) -> Self {
        self.extra("detailContrast", contrast)
    }

    /// How similar the result is to the image, 1 to 10. Requires the [ultra mode](Self::ultra_style). Default: the API's.
    #[must_use]
    pub fn similarity(self, similarity: u32) -> Self {
        self.extra("similarity", similarity)
    }

    /// What the image shows. Default: none.
    #[must_use]
    pub fn prompt(self, prompt: impl Into<String>) -> Self {
        self.extra("prompt", prompt.into())
    }

    /// Sets any other parameter by the API's name.
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        if matches!(&*name, "initImageId" | "generatedImageId" | "variationId") {
            self.image_size = None;
        }
        self.parameters.set(name, value);
        self
    }

    fn check(&self) -> Result<(), ParameterError> {
        self.parameters.check_range("upscaleMultiplier", 1.0, 2.0)?;
        for name in ["creativityStrength", "detailContrast", "similarity"] {
            self.parameters.check_range(name, 1.0, 10.0)?;
        }
        if let Some(value) = self
            .megapixels()
            .filter(|megapixels| *megapixels > MAX_MEGAPIXELS)
        {
            return Err(ParameterError::OutOfRange {
                name: "the number of megapixels of the result",
                value: value.to_string(),
                min: 1.0,
                max: MAX_MEGAPIXELS as f64,
            });
        }
        let has = |name| self.parameters.contains(name);
        let is_ultra = has("ultraUpscaleStyle");
        if is_ultra && has("upscalerStyle") {
            let (name, with) = ("upscalerStyle", "ultraUpscaleStyle");
            return Err(ParameterError::Conflict { name, with });
        }
        for name in ["detailContrast", "similarity"] {
            if !is_ultra && has(name) {
                let requires = "ultraUpscaleStyle";
                return Err(ParameterError::Requires { name, requires });
            }
        }
        Ok(())
    }
}

impl Call for CreateUniversalUpscale {
    type Response = Job<Variation>;

    fn request(&self) -> Result<CallRequest, Error> {
        self.check()?;
        let path = "/v1/variations/universal-upscaler";
        let json = Value::Object(self.parameters.0.clone());
        Ok(CallRequest::post(path, json, CallKind::Job))
    }

    fn parse(&self, body: &[u8]) -> Result<Job<Variation>, Error> {
        started(body, "universalUpscaler")
    }

    fn price(&self) -> Option<CalculatePrice> {
        let size = self.image_size?;
        if !self.parameters.contains("ultraUpscaleStyle") {
            let megapixels = self.megapixels()?;
            let price = CalculatePrice::new("UNIVERSAL_UPSCALER");
            return Some(price.parameter("megapixel", megapixels));
        }
        let price = CalculatePrice::new("UNIVERSAL_UPSCALER_ULTRA")
            .parameter("inputWidth", size.width)
            .parameter("inputHeight", size.height)
            .parameter("upscaleMultiplier", self.factor()?);
        Some(price)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_the_other_mode_are_rejected() {
        let new = || CreateUniversalUpscale::init_image("i");
        let ultra = || new().ultra_style(UltraUpscaleStyle::Realistic);
        assert!(new().style(UpscalerStyle::Art2d).request().is_ok());
        // 20 megapixels are accepted.
        let large = new().image_size(2500, 2000).multiplier(2.0);
        assert!(large.request().is_ok());
        // The size is that of the image that is replaced.
        let replaced = new().image_size(4000, 3000).extra("initImageId", "j");
        assert!(replaced.request().is_ok());
        assert!(ultra().detail_contrast(10).similarity(1).request().is_ok());
        for rejected in [
            ultra().style(UpscalerStyle::General),
            new().similarity(3),
            new().detail_contrast(3),
            ultra().similarity(11),
            new().multiplier(2.5),
            new().multiplier(f64::INFINITY),
            new().creativity_strength(0),
            new().image_size(4000, 3000),
        ] {
            assert!(rejected.request().is_err(), "{rejected:?}");
        }
    }
}
