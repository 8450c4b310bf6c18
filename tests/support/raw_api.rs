//! Calls the sandbox's API without the client: JSON over HTTP.

#![allow(dead_code, reason = "each program uses a part of these helpers")]

use std::io::{Cursor, Read};
use std::time::Duration;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use imgpost::multipart::Form;
use imgpost::sandbox::Sandbox;
use imgpost::transport::{Method, Request, Transport, UreqTransport};
use serde_json::{Value, json};

/// A valid id that does not exist.
pub const NO_SUCH_ID: &str = "00000000-0000-4000-8000-000000000000";

pub const RED: [u8; 3] = [220, 30, 30];
pub const GREEN: [u8; 3] = [30, 200, 30];
pub const BLUE: [u8; 3] = [30, 30, 220];
pub const YELLOW: [u8; 3] = [230, 220, 30];
pub const WHITE: [u8; 3] = [255; 3];
pub const BLACK: [u8; 3] = [0; 3];

fn exchange(
    method: Method,
    url: &str,
    headers: Vec<(&'static str, String)>,
    body: Option<&[u8]>,
) -> (u16, Vec<u8>) {
    let mut reader = body.unwrap_or_default();
    let mut request = Request::new(method, url);
    request.headers = headers;
    request.body = body.map(|body| (&mut reader as _, body.len() as u64));
    request.timeout = Duration::from_secs(120);
    request.idle_timeout = Duration::from_secs(120);
    request.max_response_bytes = 1 << 26;
    let response = UreqTransport::new().send(request).unwrap();
    (response.status, response.body)
}

/// Downloads `url`; `None` if it responds 404.
pub fn fetch(url: &Value) -> Option<Vec<u8>> {
    let (status, body) = exchange(Method::Get, url.as_str().unwrap(), vec![], None);
    match status {
        200 => Some(body),
        404 => None,
        _ => panic!("{url}: {status}"),
    }
}

/// Downloads and decodes an image.
pub fn image_at(url: &Value) -> RgbImage {
    let bytes = fetch(url).unwrap();
    image::load_from_memory(&bytes).unwrap().into_rgb8()
}

/// Posts `bytes` with a form whose fields are a JSON string. Returns the status.
pub fn post_form(url: &Value, fields: &Value, bytes: &[u8]) -> u16 {
    let fields: Value = serde_json::from_str(fields.as_str().unwrap()).unwrap();
    let mut form = Form::new();
    for (name, value) in fields.as_object().unwrap() {
        form = form.field(name, value.as_str().unwrap());
    }
    let body = form.file("file", "file", "application/octet-stream", bytes.to_vec());
    let body = body.unwrap();
    let mut content = Vec::new();
    body.reader().read_to_end(&mut content).unwrap();
    let headers = vec![("content-type", body.content_type())];
    exchange(Method::Post, url.as_str().unwrap(), headers, Some(&content)).0
}

/// A sandbox and its key.
pub struct RawApi(pub Sandbox);

impl RawApi {
    pub fn start() -> Self {
        Self(Sandbox::start().unwrap())
    }

    pub fn call(&self, method: Method, path: &str, body: Option<&[u8]>) -> (u16, Value) {
        let url = format!("{}{path}", self.0.base_url());
        let key = format!("Bearer {}", self.0.api_key());
        let (status, body) = exchange(method, &url, vec![("authorization", key)], body);
        (status, serde_json::from_slice(&body).unwrap())
    }

    pub fn get(&self, path: &str) -> Value {
        success(self.call(Method::Get, path, None))
    }

    pub fn delete(&self, path: &str) -> Value {
        success(self.call(Method::Delete, path, None))
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        success(self.call(Method::Post, path, Some(body.to_string().as_bytes())))
    }

    /// Posts `body`, which must be rejected in the format of version 1. Returns the message.
    pub fn rejected(&self, path: &str, body: &Value) -> String {
        let (status, reply) = self.call(Method::Post, path, Some(body.to_string().as_bytes()));
        assert_eq!(status, 400, "{path} {body}: {reply}");
        assert_eq!(reply["code"], "validation-failed", "{reply}");
        assert!(reply["path"].as_str().unwrap().starts_with('$'), "{reply}");
        reply["error"].as_str().unwrap().to_owned()
    }

    /// Uploads an init image and returns its id.
    pub fn init_image(&self, extension: &str, bytes: &[u8]) -> String {
        let reply = self.post("/v1/init-image", &json!({"extension": extension}));
        let form = &reply["uploadInitImage"];
        assert_eq!(post_form(&form["url"], &form["fields"], bytes), 204);
        form["id"].as_str().unwrap().to_owned()
    }

    /// Uploads an image and its mask for the canvas and returns their ids.
    pub fn canvas(&self, image: &[u8], mask: &[u8]) -> (String, String) {
        let body = json!({"initExtension": "png", "maskExtension": "png"});
        let reply = self.post("/v1/canvas-init-image", &body);
        let form = &reply["uploadCanvasInitImage"];
        assert_eq!(post_form(&form["initUrl"], &form["initFields"], image), 204);
        assert_eq!(post_form(&form["maskUrl"], &form["maskFields"], mask), 204);
        let id = |name: &str| form[name].as_str().unwrap().to_owned();
        (id("initImageId"), id("maskImageId"))
    }

    /// Starts a generation and returns its id.
    pub fn begin(&self, body: &Value) -> String {
        let reply = self.post("/v1/generations", body);
        let id = &reply["sdGenerationJob"]["generationId"];
        id.as_str().unwrap().to_owned()
    }

    /// Polls a generation twice: the first poll must report it as pending. Returns the second reply.
    pub fn finish(&self, id: &str) -> Value {
        let path = format!("/v1/generations/{id}");
        let first = &self.get(&path)["generations_by_pk"];
        assert_eq!(first["status"], "PENDING");
        assert_eq!(first["generated_images"], json!([]));
        self.get(&path)["generations_by_pk"].clone()
    }

    /// Starts a generation and returns its first image.
    pub fn generate(&self, body: &Value) -> RgbImage {
        let done = self.finish(&self.begin(body));
        assert_eq!(done["status"], "COMPLETE", "{done}");
        image_at(&done["generated_images"][0]["url"])
    }

    pub fn credits(&self) -> u64 {
        let me = self.get("/v1/me");
        let credits = &me["user_details"][0]["apiSubscriptionTokens"];
        credits.as_u64().unwrap()
    }
}

fn success((status, reply): (u16, Value)) -> Value {
    assert_eq!(status, 200, "{reply}");
    assert!(reply.get("errors").is_none(), "{reply}");
    reply
}

/// Adds or replaces variables of `body`.
pub fn with(mut body: Value, more: Value) -> Value {
    let Value::Object(more) = more else {
        panic!("{more} is not an object");
    };
    body.as_object_mut().unwrap().extend(more);
    body
}

/// A request for one small image, with these variables added or replaced.
pub fn small(more: Value) -> Value {
    let body = json!({"prompt": "x", "num_images": 1, "width": 96, "height": 48});
    with(body, more)
}

/// A PNG with one color per quarter, from the top left, row by row.
pub fn quarters(width: u32, height: u32, colors: [[u8; 3]; 4]) -> Vec<u8> {
    let image = RgbImage::from_fn(width, height, |x, y| {
        let (right, low) = (x >= width / 2, y >= height / 2);
        Rgb(colors[usize::from(right) + 2 * usize::from(low)])
    });
    encode(image, ImageFormat::Png)
}

pub fn encode(image: RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let image = DynamicImage::ImageRgb8(image);
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Whether the centers of the quarters have these colors.
pub fn has_quarters(image: &RgbImage, colors: [[u8; 3]; 4]) -> bool {
    let (width, height) = image.dimensions();
    let middles = [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| (x * width / 4, y * height / 4));
    let pixels = middles.map(|(x, y)| image.get_pixel(x, y).0);
    let near = |(a, b): ([u8; 3], [u8; 3])| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 25);
    pixels.into_iter().zip(colors).all(near)
}
