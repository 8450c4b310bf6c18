//! The whole workflow: prepare a photo, upload it, verify the stored bytes, and generate an image from it.
//!
//! `cargo run --example upload [PHOTO]` uses the API if LEONARDO_API_KEY is set (which costs credits), and a sandbox
//! otherwise.

use imgpost::leonardo::{self, Client, CreateGeneration};
use imgpost::sandbox::Sandbox;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fixture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/images/lighthouse.jpg"
    );
    let photo = std::env::args().nth(1).unwrap_or(fixture.into());
    let sandbox = if std::env::var_os("LEONARDO_API_KEY").is_some() {
        None
    } else {
        Some(Sandbox::start()?)
    };
    let client = match &sandbox {
        Some(sandbox) => {
            let url = sandbox.base_url();
            println!("no LEONARDO_API_KEY: using a sandbox at {url}");
            sandbox.client()?
        }
        None => Client::from_env()?,
    };

    let image = leonardo::prepare().open(&photo)?;
    let (from, to, extension) = (image.source_size(), image.size(), image.extension());
    let bytes = image.bytes().len();
    println!("prepared   {from} -> {to} {extension}, {bytes} bytes");

    let init = client.upload_init_image(&image)?;
    println!("uploaded   id {}, size {}", init.id, init.size);

    if let Some(sandbox) = &sandbox {
        let key = init.receipt.key.as_deref().unwrap_or_default();
        let stored = sandbox.stored(key).ok_or("the image is not stored")?;
        if stored.bytes != image.bytes() {
            return Err("the stored bytes differ from the prepared image".into());
        }
        println!("stored and verified: {bytes} bytes under {key}");
    }

    let generation = CreateGeneration::new("a lighthouse at dusk")
        .init_image(&init)
        .strength(0.4);
    let job = client.generate(&generation.num_images(1))?;
    println!("generating {}", job.id);
    for image in client.wait(&job)?.images {
        println!("generated  {}", image.url);
    }
    Ok(())
}
