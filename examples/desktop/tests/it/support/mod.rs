//! Helpers for all tests.

pub mod app;
pub mod painted;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use image::RgbaImage;
use imgpost::sandbox::{Fault, Sandbox};
use imgpost_desktop::Service;

/// A photo that is stored rotated. Upright, it has 1200x1600 pixels.
pub fn lighthouse() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/images/lighthouse.jpg")
}

/// Writes an image whose upload no socket buffer can hold: 9.4 MB that PNG cannot compress. It is transparent, because
/// an opaque image would become a small JPEG, and its size is within the API's limits.
pub fn noise(folder: &Path) -> PathBuf {
    let mut pixels = RgbaImage::new(1536, 1536);
    let mut state = 1_u64;
    for bytes in pixels.chunks_exact_mut(8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.copy_from_slice(&state.to_le_bytes());
    }
    let path = folder.join("noise.png");
    pixels.save(&path).unwrap();
    path
}

/// Makes one upload of [`noise`] take more than a minute, so that a test has to end it.
pub fn slow_upload() -> Fault {
    Fault::ReadSlowly(Duration::from_secs(1))
}

/// Uploads to a sandbox that the test inspects.
pub fn service(sandbox: &Sandbox) -> Service {
    Service::new(Ok(sandbox.client().unwrap()), "Sandbox of the test")
}

/// The number of uploads that the storage accepted.
pub fn stored_count(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    let stored = requests.iter().filter(|request| {
        let is_storage = !request.path.starts_with("/api/");
        request.method == "POST" && is_storage && request.status == Some(204)
    });
    stored.count()
}

/// The bytes of the image with this id.
pub fn stored_bytes(id: &str, sandbox: &Sandbox) -> Vec<u8> {
    let image = sandbox.client().unwrap().init_image(id).unwrap();
    let url = image.url.unwrap();
    let (_, key) = url.split_once("/imgpost-sandbox/").unwrap();
    sandbox.stored(key).unwrap().bytes
}

/// Not an expected duration: only keeps a failing test from hanging.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Calls `poll` until it returns something.
pub fn wait_until<T>(description: &str, poll: impl FnMut() -> Option<T>) -> T {
    poll_until_timeout(poll).unwrap_or_else(|| panic!("timed out: {description}"))
}

/// Calls `poll` until it returns something, or returns `None` after a long time.
pub fn poll_until_timeout<T>(mut poll: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    while start.elapsed() < TIMEOUT {
        let value = poll();
        if value.is_some() {
            return value;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}
