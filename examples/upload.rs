//! The whole job: prepare a photo, upload it, generate from it, and prove that what is stored is what was prepared.
//!
//! `cargo run --example upload [PHOTO]` — on a sandbox of its own, or on the real API when LEONARDO_API_KEY is set
//! (that costs credits).

use imgpost::leonardo::{self, Client, CreateGeneration};
use imgpost::sandbox::Sandbox;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fixture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/images/lighthouse.jpg"
    );
    let photo = std::env::args().nth(1).unwrap_or(fixture.into());
    let sandbox = match std::env::var_os("LEONARDO_API_KEY") {
        Some(_) => None,
        None => Some(Sandbox::start()?),
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
        let stored = sandbox.stored(key).ok_or("nothing is stored")?;
        if stored.bytes != image.bytes() {
            return Err("what is stored is not what was prepared".into());
        }
        println!("stored and verified: {bytes} bytes under {key}");
    }

    let generation = CreateGeneration::new("a lighthouse at dusk")
        .init_image(&init)
        .strength(0.4);
    let job = client.generate(&generation.num_images(1))?;
    println!("generating {}", job.id);
    for picture in client.wait(&job)?.images {
        println!("generated  {}", picture.url);
    }
    Ok(())
}
