//! What a call would cost.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, CallKind, CallRequest};
use super::client::Client;
use super::error::Error;
use super::parameters::Parameters;
use super::response::wrapped;

/// `POST /v1/pricing-calculator`: calculates the price of a call, in credits. It costs nothing.
///
/// [`Call::price`] makes it from a call. The service knows the images and videos of version 1 and the universal upscaler,
/// and no model of version 2.
///
/// ```
/// use imgpost::leonardo::CreateGeneration;
/// use imgpost::leonardo::call::Call;
///
/// let generation = CreateGeneration::new("a lighthouse").size(1024, 768);
/// assert!(generation.price().is_some());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CalculatePrice {
    service: String,
    parameters: Parameters,
}

impl CalculatePrice {
    /// Calculates the price of a service by the API's name, for example `IMAGE_GENERATION`.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            parameters: Parameters::default(),
        }
    }

    /// Sets a parameter of the service by the API's name.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.set(name, value);
        self
    }

    /// Sets a parameter to what another call has, if it has one.
    pub(super) fn copy(self, name: &str, from: &Parameters, as_name: &str) -> Self {
        match from.0.get(as_name) {
            Some(value) => self.parameter(name, value.clone()),
            None => self,
        }
    }
}

impl Call for CalculatePrice {
    type Response = u64;

    fn request(&self) -> Result<CallRequest, Error> {
        let parameters = json!({self.service.as_str(): self.parameters.0});
        let json = json!({"service": self.service, "serviceParams": parameters});
        let path = "/v1/pricing-calculator";
        Ok(CallRequest::post(path, json, CallKind::Idempotent))
    }

    fn parse(&self, body: &[u8]) -> Result<u64, Error> {
        #[derive(Deserialize)]
        struct Price {
            cost: u64,
        }
        let price: Price = wrapped(body, "calculateProductionApiServiceCost")?;
        Ok(price.cost)
    }
}

/// Prices.
impl Client {
    /// What `call` would cost in credits: `POST /v1/pricing-calculator`, which costs nothing. `None` if this service does
    /// not know the model or the parameters.
    ///
    /// ```no_run
    /// # let client = imgpost::leonardo::Client::from_env()?;
    /// let generation = imgpost::leonardo::CreateGeneration::new("a lighthouse").size(1024, 768);
    /// println!("{:?} credits", client.price(&generation)?);
    /// # Ok::<(), imgpost::leonardo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn price(&self, call: &impl Call) -> Result<Option<u64>, Error> {
        match call.price() {
            Some(price) => self.call(&price).map(Some),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leonardo::{
        Controlnet, CreateGeneration, CreateGenerationV2, CreateImageToVideo,
        CreateUniversalUpscale, ImageReference, Preprocessor, UltraUpscaleStyle, VideoModel,
        VideoResolution,
    };

    fn json(call: &impl Call) -> Option<Value> {
        let price = call.price()?;
        let json = price.request().unwrap().json.unwrap();
        let service = json["service"].as_str().unwrap().to_owned();
        Some(json!([service, json["serviceParams"][&service]]))
    }

    #[test]
    fn price_of_a_generation_has_its_parameters() {
        let default = json(&CreateGeneration::new("p"));
        let expected = json!(["IMAGE_GENERATION", {
            "imageWidth": 1024, "imageHeight": 768, "numImages": 4, "inferenceSteps": 15, "alchemyMode": true,
            "isSDXLLightning": true,
        }]);
        assert_eq!(default, Some(expected));
        let flux = CreateGeneration::new("p")
            .model_id("b2614463-296c-462a-9586-aafdb8f00e36")
            .size(512, 512)
            .num_images(1)
            .alchemy(false)
            .photo_real(true)
            .photo_real_version("v2")
            .num_inference_steps(30)
            .extra("elements", json!([{"akUUID": "a"}]));
        let expected = json!(["IMAGE_GENERATION", {
            "imageWidth": 512, "imageHeight": 512, "numImages": 1, "inferenceSteps": 30, "alchemyMode": false,
            "photoRealMode": true, "photoRealVersion": "v2", "loraCount": 1, "isFluxDev": true,
        }]);
        assert_eq!(json(&flux), Some(expected));
    }

    #[test]
    fn price_is_unknown_where_the_service_does_not_know_it() {
        let generation = || CreateGeneration::new("p");
        let controlnet = Controlnet::new(Preprocessor::SDXL_STYLE, ImageReference::uploaded("i"));
        for unknown in [
            generation().size(1536, 1024),
            generation().model_id("7b592283-e8a7-4c5a-9ba6-d18c31f258b9"),
            generation().controlnet(controlnet),
        ] {
            assert_eq!(json(&unknown), None, "{unknown:?}");
        }
        assert_eq!(json(&CreateGenerationV2::new("lucid-origin", "p")), None);
        assert_eq!(json(&CreateUniversalUpscale::init_image("i")), None);
    }

    #[test]
    fn price_of_a_video_needs_its_resolution() {
        let video = || CreateImageToVideo::new("p", ImageReference::uploaded("i"));
        let small = video().resolution(VideoResolution::Resolution480);
        let expected = json!(["MOTION_VIDEO_GENERATION", {"resolution": "RESOLUTION_480"}]);
        assert_eq!(json(&small), Some(expected));
        for unknown in [
            video(),
            video().resolution(VideoResolution::Resolution1080),
            small.model(VideoModel::Kling2_5),
        ] {
            assert_eq!(json(&unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn price_of_an_upscale_needs_the_size_of_its_image() {
        let expected = json!(["UNIVERSAL_UPSCALER", {"megapixel": 5}]);
        let known = CreateUniversalUpscale::init_image("i").image_size(1024, 1024);
        assert_eq!(json(&known.multiplier(2.0)), Some(expected));
        let ultra = CreateUniversalUpscale::init_image("i").image_size(640, 480);
        let expected = json!(["UNIVERSAL_UPSCALER_ULTRA", {
            "inputWidth": 640, "inputHeight": 480, "upscaleMultiplier": 1.5,
        }]);
        assert_eq!(
            json(&ultra.ultra_style(UltraUpscaleStyle::Artistic)),
            Some(expected)
        );
    }
}
