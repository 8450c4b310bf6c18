//! A part of a photo is made anew: the photo and a mask, white where it is to change, go up as a pair of the same size.
//!
//! `cargo run --example canvas_inpaint [PHOTO MASK]` — on a sandbox, or on the real API when LEONARDO_API_KEY is set
//! (that costs credits). Without a mask, one is drawn: the middle of the photo.

use imgpost::leonardo::{self, CanvasRequestType, Client, CreateGeneration};
use imgpost::sandbox::Sandbox;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let photo = arguments
        .next()
        .unwrap_or("fixtures/images/lighthouse.jpg".into());
    let image = leonardo::prepare().open(photo)?;

    // The mask follows the image: the same part of it, the same size.
    let mask = match arguments.next() {
        Some(path) => image.mask_options().threshold(128).open(path)?,
        None => {
            let (width, height) = (image.source_size().width, image.source_size().height);
            let is_middle = |n: u32, of: u32| (of / 4..of * 3 / 4).contains(&n);
            let pixels = (0..height).flat_map(|y| {
                let row = move |x| {
                    if is_middle(x, width) && is_middle(y, height) {
                        255
                    } else {
                        0
                    }
                };
                (0..width).flat_map(move |x| [row(x), row(x), row(x), 255])
            });
            image
                .mask_options()
                .prepare_rgba8(width, height, &pixels.collect::<Vec<u8>>())?
        }
    };

    let sandbox = Sandbox::start()?;
    let client = match std::env::var_os("LEONARDO_API_KEY") {
        Some(_) => Client::from_env()?,
        None => sandbox.client()?,
    };
    let canvas = client.upload_canvas(&image, &mask)?;
    println!(
        "picture {} and mask {}, {}",
        canvas.init.id, canvas.mask.id, canvas.init.size
    );
    let generation =
        CreateGeneration::new("a red door").canvas(&canvas, CanvasRequestType::Inpaint);
    let job = client.generate(&generation.num_images(1))?;
    for picture in client.wait(&job)?.images {
        let fetched = client.download(&picture.url, std::env::temp_dir().join("inpainted.png"))?;
        println!("made {} ({} bytes)", fetched.path.display(), fetched.bytes);
    }
    Ok(())
}
