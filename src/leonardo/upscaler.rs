//! Enlargements by the universal upscaler.

use serde_json::Value;

use super::call::{Call, CallKind, CallRequest};
use super::error::{Error, ParameterError};
use super::init_image::UploadedImage;
use super::job::{Job, Variables, started};
use super::variation::Variation;
use crate::open_enum::open_enum;

open_enum! {
    /// What the universal upscaler takes an image for.
    UpscalerStyle {
        /// Anything, the API's default.
        General = "GENERAL",
        /// A film.
        Cinematic = "CINEMATIC",
        /// A drawing.
        Art2d = "2D ART & ILLUSTRATION",
        /// Computer graphics.
        CgArt = "CG ART & GAME ASSETS",
    }
}

open_enum! {
    /// How the universal upscaler works in its ultra mode.
    UltraUpscaleStyle {
        /// With more freedom.
        Artistic = "ARTISTIC",
        /// With less.
        Realistic = "REALISTIC",
    }
}

/// What is asked of the universal upscaler: `POST /v1/variations/universal-upscaler`. Only what is set here is sent.
///
/// ```no_run
/// use imgpost::leonardo::{Client, CreateUniversalUpscale, UpscalerStyle};
///
/// # let client = Client::from_env()?;
/// let init = client.upload_init_image(&imgpost::PrepareOptions::default().open("photo.jpg")?)?;
/// let upscaler = CreateUniversalUpscale::new(&init).multiplier(2.0).style(UpscalerStyle::Cinematic);
/// let job = client.generate(&upscaler)?;
/// if let Some(url) = client.wait(&job)?.url {
///     client.download(&url, "large.jpg")?;
/// }
/// # Ok::<(), imgpost::leonardo::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CreateUniversalUpscale {
    variables: Variables,
}

impl CreateUniversalUpscale {
    /// Enlarges an uploaded image.
    pub fn new(init: &UploadedImage) -> Self {
        Self::init_image(&init.id)
    }

    /// Enlarges the uploaded image with this id.
    pub fn init_image(id: &str) -> Self {
        Self::of("initImageId", id)
    }

    /// Enlarges the generated image with this id.
    pub fn generated_image(id: &str) -> Self {
        Self::of("generatedImageId", id)
    }

    /// Enlarges the variation with this id.
    pub fn variation(id: &str) -> Self {
        Self::of("variationId", id)
    }

    fn of(name: &str, id: &str) -> Self {
        let mut variables = Variables::default();
        variables.set(name, id);
        Self { variables }
    }

    /// How many times as wide and as high the image becomes, 1 to 2. Default: the API's, 1.5.
    #[must_use]
    pub fn multiplier(self, multiplier: f64) -> Self {
        self.extra("upscaleMultiplier", multiplier)
    }

    /// How much is invented, 1 to 10. Default: the API's, 5.
    #[must_use]
    pub fn creativity_strength(self, strength: u32) -> Self {
        self.extra("creativityStrength", strength)
    }

    /// What the image is taken for. Not in ultra mode.
    #[must_use]
    pub fn style(self, style: UpscalerStyle) -> Self {
        self.extra("upscalerStyle", style.as_str())
    }

    /// Turns the ultra mode on. Not together with a [`style`](Self::style).
    #[must_use]
    pub fn ultra_style(self, style: UltraUpscaleStyle) -> Self {
        self.extra("ultraUpscaleStyle", style.as_str())
    }

    /// How strong details are, 1 to 10. Ultra mode only.
    #[must_use]
    pub fn detail_contrast(self, contrast: u32) -> Self {
        self.extra("detailContrast", contrast)
    }

    /// How near to the image the result is, 1 to 10. Ultra mode only.
    #[must_use]
    pub fn similarity(self, similarity: u32) -> Self {
        self.extra("similarity", similarity)
    }

    /// What is to be seen.
    #[must_use]
    pub fn prompt(self, prompt: &str) -> Self {
        self.extra("prompt", prompt)
    }

    /// Sets any other variable by the API's own name.
    #[must_use]
    pub fn extra(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.variables.set(name, value);
        self
    }

    fn check(&self) -> Result<(), Error> {
        self.variables.check_range("upscaleMultiplier", 1.0, 2.0)?;
        for name in ["creativityStrength", "detailContrast", "similarity"] {
            self.variables.check_range(name, 1.0, 10.0)?;
        }
        let has = |name: &str| self.variables.0.contains_key(name);
        let is_ultra = has("ultraUpscaleStyle");
        if is_ultra && has("upscalerStyle") {
            let (name, with) = ("upscalerStyle", "ultraUpscaleStyle");
            return Err(ParameterError::Conflict { name, with }.into());
        }
        for name in ["detailContrast", "similarity"] {
            if !is_ultra && has(name) {
                let requires = "ultraUpscaleStyle";
                return Err(ParameterError::Requires { name, requires }.into());
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
        let json = Value::Object(self.variables.0.clone());
        Ok(CallRequest::post(path, json, CallKind::Generation))
    }

    fn parse(&self, body: &[u8]) -> Result<Job<Variation>, Error> {
        started(body, "universalUpscaler")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_modes_are_kept_apart() {
        let new = || CreateUniversalUpscale::init_image("i");
        let ultra = || new().ultra_style(UltraUpscaleStyle::Realistic);
        assert!(new().style(UpscalerStyle::Art2d).request().is_ok());
        assert!(ultra().detail_contrast(10).similarity(1).request().is_ok());
        for refused in [
            ultra().style(UpscalerStyle::General),
            new().similarity(3),
            new().detail_contrast(3),
            ultra().similarity(11),
            new().multiplier(2.5),
            new().multiplier(f64::INFINITY),
            new().creativity_strength(0),
        ] {
            assert!(refused.request().is_err(), "{refused:?}");
        }
    }
}
