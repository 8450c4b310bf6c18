//! A presigned form, its storage, and the verification of posts.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::RgbImage;
use multipart::server::Multipart;
use serde_json::json;

use super::sink;

const WIDTH: u32 = 1024;
const HEIGHT: u32 = 768;

/// The input of every contender, and the posts that the storage received.
pub struct Job {
    pub folder: tempfile::TempDir,
    pub url: String,
    pub fields: Vec<(&'static str, String)>,
    posts: Receiver<Post>,
}

struct Post {
    head: String,
    body: Vec<u8>,
}

impl Job {
    pub fn new() -> Self {
        let (url, posts) = serve();
        let fields = fields();
        // Formatted by hand, because a map would not keep the order.
        let pairs: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{}: {}", json!(name), json!(value)))
            .collect();
        let form = format!(
            "{{\"url\": {}, \"fields\": {{{}}}}}",
            json!(url),
            pairs.join(", ")
        );
        let job = Self {
            folder: tempfile::tempdir().expect("a folder"),
            url,
            fields,
            posts,
        };
        std::fs::write(job.form(), form).expect("a file");
        job
    }

    pub fn form(&self) -> PathBuf {
        self.folder.path().join("form.json")
    }

    /// Verifies the post of the contender that has just run, and returns its image.
    pub fn check(&self, name: &str) -> RgbImage {
        let post = self.posts.try_recv();
        let post = post.unwrap_or_else(|_| panic!("{name} posted nothing"));
        assert!(self.posts.try_recv().is_err(), "{name} posted twice");
        let content_type = sink::header(&post.head, "content-type").expect("a content type");
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=");
        let boundary = boundary.unwrap_or_else(|| panic!("{name} posted {content_type}"));
        let mut form = Multipart::with_body(post.body.as_slice(), boundary);
        for (field, value) in &self.fields {
            assert_eq!(
                part(&mut form),
                (field.to_string(), value.clone().into_bytes()),
                "{name}"
            );
        }
        let (field, jpeg) = part(&mut form);
        assert_eq!(field, "file", "{name}");
        assert!(
            form.read_entry().expect("a form").is_none(),
            "{name} posted more than a file"
        );
        let decoded = image::load_from_memory_with_format(&jpeg, image::ImageFormat::Jpeg);
        let image = decoded
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .to_rgb8();
        assert_eq!(image.dimensions(), (WIDTH, HEIGHT), "{name}");
        image
    }
}

/// Fields with the names and the order of the API's forms.
fn fields() -> Vec<(&'static str, String)> {
    let mut fields: Vec<_> = [
        ("Content-Type", "image/jpeg"),
        ("bucket", "images"),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        (
            "X-Amz-Credential",
            "AKIAEXAMPLE/21000101/us-east-1/s3/aws4_request",
        ),
        ("X-Amz-Date", "21000101T000000Z"),
        ("key", "users/1/primary.jpg"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into();
    let conditions = fields.iter().map(|(name, value)| json!({ *name: value }));
    let policy = json!({
        "expiration": "2100-01-01T00:02:00Z",
        "conditions": conditions.collect::<Vec<_>>(),
    });
    fields.push(("Policy", STANDARD.encode(policy.to_string())));
    fields.push(("X-Amz-Signature", "5".repeat(64)));
    fields
}

fn part(form: &mut Multipart<&[u8]>) -> (String, Vec<u8>) {
    let entry = form.read_entry().expect("a form").expect("another part");
    let mut content = Vec::new();
    let mut data = entry.data;
    std::io::copy(&mut data, &mut content).expect("a whole part");
    (entry.headers.name.to_string(), content)
}

/// Starts a sink in this process. Returns its address and the posts; a post arrives before its sender exits.
fn serve() -> (String, Receiver<Post>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let (sender, posts) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            let mut body = Vec::new();
            let head = sink::read(&stream, &mut body).expect("a post");
            if sender.send(Post { head, body }).is_err() {
                return;
            }
            sink::respond(&stream).expect("an open connection");
        }
    });
    (url, posts)
}
