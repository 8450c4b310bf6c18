//! The canvas: forms for an image and its mask, and generations from the two.

use serde_json::{Value, json};

use super::job::Work;
use super::refusal::Refusal;
use super::variables::{IMAGE_EXTENSION, Variable, check, required};
use super::{Api, Call};

const EXTENSIONS: &[Variable] = &[
    required("initExtension", IMAGE_EXTENSION),
    required("maskExtension", IMAGE_EXTENSION),
];

impl Api {
    pub(super) fn create_canvas_init_image(&self, call: &Call) -> Result<Value, Refusal> {
        check(&call.body, EXTENSIONS)?;
        let init = self.init_image_form(call, "initExtension");
        let mask = self.init_image_form(call, "maskExtension");
        Ok(json!({"uploadCanvasInitImage": {
            "initImageId": init.upload.id,
            "initFields": init.fields,
            "initKey": init.upload.key,
            "initUrl": init.url,
            "maskImageId": mask.upload.id,
            "maskFields": mask.fields,
            "maskKey": mask.upload.key,
            "maskUrl": mask.url,
        }}))
    }

    /// The work of a generation on the canvas; `None` without `canvasRequest`. If the two images differ in size, the job
    /// fails later, as in the real API.
    pub(super) fn canvas_work(&self, call: &Call) -> Result<Option<Work>, Refusal> {
        if call.body["canvasRequest"] != json!(true) {
            let variables = ["canvasRequestType", "canvasInitId", "canvasMaskId"];
            return match variables.iter().find(|name| !call.body[**name].is_null()) {
                None => Ok(None),
                Some(name) => {
                    let message = format!("{name} requires canvasRequest: true");
                    Err(Refusal::invalid(message))
                }
            };
        }
        let given = |name: &str| {
            call.body[name]
                .as_str()
                .ok_or_else(|| Refusal::invalid(format!("{name} is required on the canvas")))
        };
        let request_type = given("canvasRequestType")?;
        let image = self.uploaded(given("canvasInitId")?)?;
        let needs_mask = matches!(request_type, "INPAINT" | "OUTPAINT");
        let mask = if needs_mask || call.body["canvasMaskId"].is_string() {
            Some(self.uploaded(given("canvasMaskId")?)?)
        } else {
            None
        };
        Ok(Some(match mask {
            Some(mask) => Work::Fill {
                image,
                mask,
                prompt: call.text("prompt").into(),
            },
            None => Work::Stretch(image),
        }))
    }
}
